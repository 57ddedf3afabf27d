package dev.millrace.simulator.wire;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/**
 * A status and a JSON body, ready to be sent.
 *
 * @param transientError
 *          whether Adyen's header says that the same may be tried again
 */
public record Answer(int status, String body, boolean transientError) {

  /** Half an answer: it was carried out, but who asked cannot read it. */
  static final Answer MALFORMED = new Answer(200, "<html><body>502 upstream sent half an ans");
  private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
  private static final CharSequence REPLAYED = HttpHeaders.createOptimized("Idempotent-Replayed");
  private static final CharSequence TRANSIENT = HttpHeaders.createOptimized("transient-error");
  /** Said with every 429. */
  private static final CharSequence RETRY_AFTER_SECONDS = HttpHeaders.createOptimized("1");
  private static final int TOO_MANY_REQUESTS = 429;
  private static final CharSequence TRUE = HttpHeaders.createOptimized("true");

  public Answer(int status, String body) {
    this(status, body, false);
  }

  /** Sends it; a client that has gone is not told. */
  public void sendTo(HttpServerResponse response) {
    if (!response.closed()) {
      if (transientError) {
        response.putHeader(TRANSIENT, TRUE);
      }
      if (status == TOO_MANY_REQUESTS) {
        response.putHeader(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
      }
      response.setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, JSON).end(body);
    }
  }

  /** Sends it as the saved answer to an earlier request with the same key. */
  void replayTo(HttpServerResponse response) {
    response.putHeader(REPLAYED, TRUE);
    sendTo(response);
  }
}
