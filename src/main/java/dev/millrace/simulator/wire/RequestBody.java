package dev.millrace.simulator.wire;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** Gathers a request's body up to a bound; a larger one is answered 413 and its connection closed. */
public final class RequestBody implements Handler<Buffer> {
  static final int BYTES_MAX = 16 * 1024;
  private static final long LINGER_MS = 500;
  /** Every wire answers in Stripe's words here: this comes before a wire has read anything. */
  private static final String TOO_LARGE = "{\"error\":{\"message\":\"The request body is larger than "
      + BYTES_MAX
      + " bytes.\",\"type\":\"invalid_request_error\"}}";

  private final HttpServerRequest request;
  private Buffer gathered = Buffer.buffer(0);
  private boolean refused;

  private RequestBody(HttpServerRequest request) {
    this.request = request;
  }

  /** Calls {@code then} with the whole body, unless it is too large. */
  public static void read(HttpServerRequest request, Handler<Buffer> then) {
    var body = new RequestBody(request);
    if (announcesTooMuch(request.getHeader(HttpHeaders.CONTENT_LENGTH))) {
      body.refuse();
      return;
    }
    request.handler(body);
    request.endHandler(end -> {
      if (!body.refused) {
        then.handle(body.gathered);
      }
    });
  }

  @Override
  public void handle(Buffer part) {
    if (refused) {
      return;
    }
    if (gathered.length() + part.length() > BYTES_MAX) {
      refuse();
    } else {
      gathered = gathered.length() == 0 ? part : gathered.copy().appendBuffer(part);
    }
  }

  private static boolean announcesTooMuch(@Nullable String length) {
    return length != null && (length.length() > 6 || Integer.parseInt(length) > BYTES_MAX);
  }

  private void refuse() {
    refused = true;
    request.response().setStatusCode(413).putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CONNECTION, "close").end(TOO_LARGE)
        // Not at once: closing over unread bytes would reset the connection before the answer is read.
        .onComplete(
            sent -> Vertx.currentContext().owner().setTimer(LINGER_MS, id -> request.connection().close()));
  }
}
