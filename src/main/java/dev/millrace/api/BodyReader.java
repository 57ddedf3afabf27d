package dev.millrace.api;

import dev.millrace.platform.Capacity;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's body: never more than the limit, never for longer than the time it may take, and only
 * while there is room for it: strangers must not fill the memory.
 */
final class BodyReader {
  private final Vertx vertx;
  private final int bytesMax;
  private final long timeoutMs;
  private final Capacity room;

  /** {@code room}: for the bytes of all bodies that are in hand. */
  BodyReader(Vertx vertx, int bytesMax, long timeoutMs, Capacity room) {
    this.vertx = vertx;
    this.bytesMax = bytesMax;
    this.timeoutMs = timeoutMs;
    this.room = room;
  }

  /**
   * The body; or a {@link ProblemException} with 413 (too large), 415 (not JSON), 408 (too slow), 503 (no
   * room).
   */
  Future<Buffer> read(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    if (type == null || !json(type)) {
      return refuse(Problem.of(415, "invalid_request_error", "content_type_unsupported",
          "Send the body as `Content-Type: application/json`."));
    }
    return hold(request, Future::succeededFuture);
  }

  /** The body of a call that may do without one: empty when none is announced. */
  Future<Buffer> readOptional(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    boolean none = request.getHeader("Transfer-Encoding") == null && (length == null || length.equals("0"));
    return none ? Future.succeededFuture(Buffer.buffer()) : read(request);
  }

  /**
   * The body, whatever it is, in the hands of {@code use}, for whom its room is kept; or a
   * {@link ProblemException} with 413 (too large), 408 (too slow) or 503 (no room).
   */
  <T> Future<T> hold(HttpServerRequest request, Function<Buffer, Future<T>> use) {
    String length = request.getHeader("Content-Length");
    if (length != null && (length.length() > 9 || Long.parseLong(length) > bytesMax))
      return Future.failedFuture(new ProblemException(tooLarge()));
    // One of unknown length may be the largest.
    int announced = length == null ? bytesMax : Integer.parseInt(length);
    if (!room.take(announced)) {
      return Future.failedFuture(new ProblemException(Problem.retry(503, "api_error", "queue_full",
          "Too many bodies are being read. Send it again after `Retry-After` seconds.", 1)));
    }
    return raw(request).compose(use).onComplete(done -> room.give(announced));
  }

  private Future<Buffer> raw(HttpServerRequest request) {
    var reading = new Reading();
    request.handler(reading::add).exceptionHandler(failure -> reading.refuse(unreadable()))
        .endHandler(v -> reading.end());
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

  private static Future<Buffer> refuse(Problem problem) {
    return Future.failedFuture(new ProblemException(problem));
  }

  private static Problem unreadable() {
    return Problem.invalid("request_malformed",
        "The body broke off, or is not in the chunks that its head announces.", null);
  }

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
      promise.tryFail(new ProblemException(problem));
    }
  }
}
