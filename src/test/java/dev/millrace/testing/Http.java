package dev.millrace.testing;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A plain HTTP client for tests. */
public final class Http {
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(5)).build();

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private Http() {}

  /** What came back. {@code bytes} are the body's. */
  public record Answer(int status, HttpHeaders headers, byte[] bytes) {
    public String body() { return new String(bytes, StandardCharsets.UTF_8); }

    public JsonObject json() { return new JsonObject(body()); }

    public String header(String name) { return headers.firstValue(name).orElse(null); }

    /** The problem's {@code error.code}. */
    public String code() {
      return json().getJsonObject("error").getString("code");
    }
  }

  public static Answer get(String url) { return send("GET", url, Map.of(), null); }

  public static Answer get(String url, String key) {
    return send("GET", url, Map.of("Authorization", "Bearer " + key), null);
  }

  /** Fails with {@link UncheckedIOException} when no answer comes. */
  public static Answer send(String method, String url, Map<String, String> headers, String body) {
    return send(method, url, headers, body, PATIENCE);
  }

  /** Fails with {@link UncheckedIOException} also when it has not come after {@code patience}. */
  public static Answer send(String method, String url, Map<String, String> headers, String body,
      Duration patience) {
    try {
      return answer(
          CLIENT.send(request(method, url, headers, body, patience),
              HttpResponse.BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public static CompletableFuture<Answer> sendAsync(String method, String url, Map<String, String> headers,
      String body) {
    return CLIENT
        .sendAsync(request(method, url, headers, body, PATIENCE), HttpResponse.BodyHandlers.ofByteArray())
        .thenApply(Http::answer);
  }

  /** The headers of a create: key, idempotency key, JSON. */
  public static Map<String, String> create(String key, String idempotencyKey, String... more) {
    var headers = new HashMap<String, String>();
    headers.put("Authorization", "Bearer " + key);
    headers.put("Idempotency-Key", idempotencyKey);
    headers.put("Content-Type", "application/json");
    for (int i = 0; i < more.length; i += 2) headers.put(more[i], more[i + 1]);
    return headers;
  }

  private static HttpRequest request(String method, String url, Map<String, String> headers, String body,
      Duration patience) {
    var request = HttpRequest.newBuilder(URI.create(url)).timeout(patience)
        .method(method,
            body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return request.build();
  }

  private static Answer answer(HttpResponse<byte[]> response) {
    return new Answer(response.statusCode(), response.headers(), response.body());
  }
}
