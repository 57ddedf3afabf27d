package dev.millrace.simulator;

import io.vertx.core.http.HttpServerRequest;

/** The requests that will never be answered, up to a bound; each leaves when its client gives up. */
final class Parked {
  static final int REQUESTS_MAX = 10_000;

  private int count;

  boolean full() {
    return count >= REQUESTS_MAX;
  }

  /** Keeps a request open until its client gives up, then runs {@code gone} (at once if it has). */
  void park(HttpServerRequest request, Runnable gone) {
    if (request.response().closed()) {
      gone.run();
      return;
    }
    count++;
    request.response().closeHandler(closed -> {
      count--;
      gone.run();
    });
  }
}
