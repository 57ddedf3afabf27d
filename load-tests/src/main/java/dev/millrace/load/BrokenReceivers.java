package dev.millrace.load;

import io.vertx.core.Vertx;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * Webhook receivers that do not work, each on a port of its own as different hosts would be: half of them
 * accept the connection, read and never answer; where the others should be, nobody listens.
 */
final class BrokenReceivers implements AutoCloseable {
  private static final int EACH = 5;

  private final Vertx vertx = EventLoops.vertx(1);
  private final List<URI> addresses = new ArrayList<>();

  /** On ten ports from `firstPort` up, which must be free. */
  BrokenReceivers(int firstPort) {
    for (int port = firstPort; port < firstPort + EACH; port++) {
      EventLoops.await("listening on port " + port,
          vertx.createNetServer().connectHandler(socket -> socket.handler(ignored -> {}))
              .listen(port, "127.0.0.1"));
      add(port);
    }
    for (int port = firstPort + EACH; port < firstPort + 2 * EACH; port++) {
      Installation.requireFree(port);
      add(port);
    }
  }

  private void add(int port) {
    addresses.add(URI.create("http://127.0.0.1:" + port + "/dead"));
  }

  List<URI> addresses() {
    return addresses;
  }

  @Override
  public void close() {
    EventLoops.close(vertx);
  }
}
