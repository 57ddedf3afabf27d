package dev.millrace.load;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * The closed model: every connection sends its next request as soon as the last one is answered. Finds the
 * rate at which the gateway saturates; its latencies are those of a queue as long as there are connections.
 */
final class ClosedPace implements Pace {
  private final EventLoop loop;
  private final int backoffMillis;
  private boolean running = true;

  /** After 429 or 503 a connection rests for `backoffMillis`; 0 is the rudest of clients. */
  ClosedPace(EventLoop loop, int backoffMillis) {
    this.loop = loop;
    this.backoffMillis = backoffMillis;
  }

  @Override
  public void start() {}

  @Override
  public void free(Connection connection, int status) {
    if (!running) {
      return;
    }
    if (backoffMillis > 0 && (status == 503 || status == 429)) {
      loop.schedule(() -> rested(connection), backoffMillis, TimeUnit.MILLISECONDS);
    } else {
      connection.send(System.nanoTime());
    }
  }

  private void rested(Connection connection) {
    // It may have broken, and been reconnected and used, while it rested.
    if (connection.ready()) {
      free(connection, 0);
    }
  }

  @Override
  public void lost(Connection connection) {}

  @Override
  public void stop() {
    running = false;
  }

  @Override
  public int waiting() {
    return 0;
  }
}
