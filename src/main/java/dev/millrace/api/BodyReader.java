package dev.millrace.api;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** Reads a request's body: never more than the limit, never for longer than the time it may take. */
final class BodyReader {
  private final Vertx vertx;
  private final int bytesMax;
  private final long timeoutMs;

  BodyReader(Vertx vertx, int bytesMax, long timeoutMs) {
    this.vertx = vertx;
    this.bytesMax = bytesMax;
    this.timeoutMs = timeoutMs;
  }

  /** The body; or a {@link Refusal} with 413 (too large), 415 (not JSON), 408 (too slow). */
  Future<Buffer> read(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    if (type == null || !json(type)) {
      return refuse(Problem.of(415, "invalid_request_error", "content_type_unsupported",
          "Send the body as `Content-Type: application/json`."));
    }
    return raw(request);
  }

  /** The body of a call that may do without one: empty when none is announced. */
  Future<Buffer> readOptional(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    boolean none = request.getHeader("Transfer-Encoding") == null && (length == null || length.equals("0"));
    return none ? Future.succeededFuture(Buffer.buffer()) : read(request);
  }

  /** The body, whatever it is; or a {@link Refusal} with 413 (too large) or 408 (too slow). */
  Future<Buffer> raw(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    if (length != null && (length.length() > 9 || Long.parseLong(length) > bytesMax))
      return refuse(tooLarge());
    var reading = new Reading();
    request.handler(reading::add).exceptionHandler(reading.promise::tryFail).endHandler(v -> reading.end());
    // A body that came with its head is already here: only a slow one needs the clock.
    if (!request.isEnded())
      reading.timer = vertx.setTimer(timeoutMs, id -> reading.refuse(
          Problem.of(408, "invalid_request_error", "request_timeout",
              "The body was not complete after " + timeoutMs + " ms.")));
    return reading.promise.future();
  }

  private static boolean json(String type) {
    int end = type.indexOf(';');
    String media = (end < 0 ? type : type.substring(0, end)).trim();
    return media.equalsIgnoreCase("application/json");
  }

  private static Future<Buffer> refuse(Problem problem) { return Future.failedFuture(new Refusal(problem)); }

  private Problem tooLarge() {
    return Problem.of(413, "invalid_request_error", "body_too_large",
        "The body has more than " + bytesMax + " bytes. Send less.");
  }

  private final class Reading {
    final Promise<Buffer> promise = Promise.promise();
    @Nullable
    Buffer body;
    long timer = -1;

    void add(Buffer chunk) {
      if (promise.future().isComplete()) return;
      int size = (body == null ? 0 : body.length()) + chunk.length();
      if (size > bytesMax) {
        refuse(tooLarge());
      } else {
        body = body == null ? chunk : body.appendBuffer(chunk);
      }
    }

    void end() {
      if (timer >= 0) vertx.cancelTimer(timer);
      promise.tryComplete(body == null ? Buffer.buffer() : body);
    }

    void refuse(Problem problem) {
      if (timer >= 0) vertx.cancelTimer(timer);
      promise.tryFail(new Refusal(problem));
    }
  }
}
