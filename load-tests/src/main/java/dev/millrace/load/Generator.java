package dev.millrace.load;

import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Sends one kind of request to one address over a fixed number of connections, from one event loop of its
 * own, as cheaply as it can: it shares the cores with what it measures. Loopback addresses only. Every
 * request is counted in exactly one {@link Window}. Public methods are called from outside the event loop and
 * wait for it.
 */
final class Generator implements AutoCloseable {
  private static final int FAILURES_PRINTED_MAX = 3;

  private final ClientLoop clients = new ClientLoop();
  private final EventLoop loop = clients.loop();
  private final InetSocketAddress address;
  private final Request request;
  private final List<Connection> connections;

  // Only the event loop touches what follows.
  /** Connected before there was a pace. */
  private final List<Connection> early = new ArrayList<>();
  private Window window;
  private Pace pace;
  private long sent;
  private long ended;
  private int connected;
  private int failuresPrinted;
  private boolean closing;

  /** Of payments, to the gateway or what stands in its place. */
  static Generator payments(Options options) {
    var target = options.endpoints().api();
    var request = new PaymentRequest(target.getAuthority(), options.key(),
        Long.toString(System.currentTimeMillis(), 36));
    return new Generator(target, request, options.connections());
  }

  /** Of payments, over so many connections. */
  static Generator payments(Options options, int connections) {
    return payments(options.withConnections(connections));
  }

  /** Of a provider's signed webhooks, to the same. */
  static Generator webhooks(Options options) {
    var target = options.endpoints().api();
    var request = new WebhookRequest(target.getAuthority(), WebhookRequest.SECRET, InstantSource.system());
    return new Generator(target, request, options.connections());
  }

  private Generator(URI target, Request request, int connections) {
    address = loopback(target);
    this.request = request;
    this.connections = Stream.generate(() -> new Connection(this, request)).limit(connections).toList();
    window = newWindow();
    this.connections.forEach(this::connect);
  }

  /** The address of `target`, refused unless every address of its host is a loopback one. */
  static InetSocketAddress loopback(URI target) {
    try {
      for (var host : InetAddress.getAllByName(target.getHost())) {
        if (!host.isLoopbackAddress()) {
          throw new IllegalArgumentException("refusing to load " + target + ": " + host.getHostAddress()
              + " is not a loopback address; this generator only loads the machine it runs on");
        }
      }
      return new InetSocketAddress(target.getHost(), target.getPort());
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("no such host: " + target, e);
    }
  }

  /** Saturates. See {@link ClosedPace}. */
  void startClosed(int backoffMillis) {
    start(new ClosedPace(loop, backoffMillis));
  }

  /** Keeps a schedule. See {@link OpenPace}. */
  void startOpen(double ratePerSecond) {
    start(new OpenPace(loop, ratePerSecond, () -> window.overflow()));
  }

  private void start(Pace newPace) {
    clients.await("all connections up", () -> connected == connections.size());
    clients.onLoop(() -> {
      pace = newPace;
      window = newWindow();
      pace.start();
      early.forEach(connection -> pace.free(connection, 0));
      early.clear();
      return null;
    });
  }

  /** Ends the current window and begins the next; the load goes on. */
  Window cut() {
    return clients.onLoop(() -> {
      var past = window.end(0);
      window = newWindow();
      return past;
    });
  }

  /** Ends the load, waits at most 15 s for what is in flight, and gives the last window. */
  Window stop() {
    clients.onLoop(() -> {
      pace.stop();
      return null;
    });
    try {
      clients.await("answers to the last requests", () -> sent == ended && pace.waiting() == 0);
    } catch (IllegalStateException e) {
      System.err.println(e.getMessage());
    }
    return clients.onLoop(() -> {
      closing = true;
      return window.end(sent - ended + pace.waiting());
    });
  }

  @Override
  public void close() {
    clients.onLoop(() -> closing = true);
    clients.close();
    connections.forEach(Connection::release);
  }

  private Window newWindow() {
    return new Window(request.acceptedStatus());
  }

  private void connect(Connection connection) {
    clients.connect(connection, address).addListener(done -> {
      if (!done.isSuccess()) {
        failed(done.cause());
        reconnect(connection);
      }
    });
  }

  private void reconnect(Connection connection) {
    if (!closing) {
      loop.schedule(() -> connect(connection), 100, TimeUnit.MILLISECONDS);
    }
  }

  void connected(Connection connection) {
    connected++;
    if (pace != null) {
      pace.free(connection, 0);
    } else {
      early.add(connection);
    }
  }

  /** The number of a new request: 0, 1, 2… */
  long sent() {
    return sent++;
  }

  void answered(Connection connection, int status, long latencyNanos, int retryAfterSeconds) {
    ended++;
    window.answered(status, latencyNanos, retryAfterSeconds);
    pace.free(connection, status);
  }

  void lost(Connection connection, boolean inFlight) {
    connected--;
    if (pace != null) {
      pace.lost(connection);
    } else {
      early.remove(connection);
    }
    if (inFlight) {
      ended++;
      window.cut();
    }
    reconnect(connection);
  }

  void failed(Throwable cause) {
    if (failuresPrinted++ < FAILURES_PRINTED_MAX) {
      System.err.println("generator: " + address + ": " + cause);
    }
  }
}
