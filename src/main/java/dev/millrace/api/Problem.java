package dev.millrace.api;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why a request was refused: an RFC 9457 problem with an error object as Stripe's SDKs expect it.
 *
 * @param param the first offending field, if one
 * @param errors all offending fields of a validation, else empty
 * @param retryAfterSeconds the value of {@code Retry-After}, 0 for none
 * @param extensions further members
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457, Problem Details for HTTP APIs</a>
 */
public record Problem(int status, String type, String code, String message, @Nullable String param,
    List<FieldError> errors, int retryAfterSeconds, Map<String, String> extensions) {

  /** One offending field: which, what is wrong with it, and what to do. */
  public record FieldError(String param, String code, String message) {}

  static Problem of(int status, String type, String code, String message) {
    return new Problem(status, type, code, message, null, List.of(), 0, Map.of());
  }

  static Problem invalid(String code, String message, @Nullable String param) {
    return new Problem(400, "invalid_request_error", code, message, param, List.of(), 0, Map.of());
  }

  static Problem invalid(List<FieldError> errors) {
    FieldError first = errors.getFirst();
    return new Problem(400, "invalid_request_error", first.code(), first.message(), first.param(), errors, 0,
        Map.of());
  }

  static Problem retry(int status, String type, String code, String message, int retryAfterSeconds) {
    return new Problem(status, type, code, message, null, List.of(), retryAfterSeconds, Map.of());
  }

  /** The same with one more member. */
  Problem with(String name, String value) {
    return new Problem(status, type, code, message, param, errors, retryAfterSeconds, Map.of(name, value));
  }

  static Problem notFound(String what) {
    return of(404, "invalid_request_error", "resource_missing", what);
  }

  private static String title(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 408 -> "Request Timeout";
      case 409 -> "Conflict";
      case 410 -> "Gone";
      case 413 -> "Content Too Large";
      case 414 -> "URI Too Long";
      case 415 -> "Unsupported Media Type";
      case 422 -> "Unprocessable Content";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 503 -> "Service Unavailable";
      default -> "Internal Server Error";
    };
  }

  JsonObject json(String docsUrl, String instance) {
    String url = docsUrl + "/" + code;
    var error = new JsonObject().put("type", type).put("code", code).put("message", message);
    if (param != null) error.put("param", param);
    error.put("doc_url", url);
    var json = new JsonObject().put("type", url).put("title", title(status)).put("status", status)
        .put("detail", message).put("instance", instance).put("error", error);
    if (!errors.isEmpty()) {
      var list = new JsonArray();
      errors.forEach(e -> list
          .add(new JsonObject().put("param", e.param).put("code", e.code).put("message", e.message)));
      json.put("errors", list);
    }
    extensions.forEach(json::put);
    return json;
  }
}
