package dev.millrace.simulator.wire;

import io.vertx.core.http.HttpServerRequest;

/** The requests that will never be answered, up to a bound; each leaves when its client gives up. */
public final class UnansweredRequests {
  public static final int REQUESTS_MAX = 10_000;

  private int count;

  public boolean full() {
    return count >= REQUESTS_MAX;
  }

  /** Keeps a request open until its client gives up, then runs {@code gone} (at once if it has). */
  public void park(HttpServerRequest request, Runnable gone) {
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
