package dev.millrace.api;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * What is HTTP to the decoder, and may be other requests to a server in front of this one: where one begins
 * and ends, and whom it is for, must not be a matter of opinion.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-6.1">RFC 9112, 6.1, Transfer-Encoding</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-3.2">RFC 9112, 3.2, Host</a>
 */
final class Framing {
  private Framing() {}

  /** What is ambiguous in a request's head; null when nothing is. */
  static @Nullable String problem(HttpServerRequest request) {
    // HTTP/2 frames its requests itself.
    if (request.version() == HttpVersion.HTTP_2) return null;
    var headers = request.headers();
    if (headers.contains("Transfer-Encoding")) {
      var codings = headers.getAll("Transfer-Encoding");
      // To the letter: a value that was folded over lines begins with a blank.
      if (codings.size() > 1 || !codings.getFirst().equalsIgnoreCase("chunked"))
        return "Its Transfer-Encoding is not `chunked` alone, on one line.";
    }
    int hosts = headers.getAll("Host").size();
    if (hosts > 1) return "It has " + hosts + " Host fields.";
    if (hosts == 0) return request.version() == HttpVersion.HTTP_1_1 ? "It has no Host field." : null;
    return request.authority() == null ? "Its Host field is no host and port." : null;
  }
}
