package dev.millrace.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sends payments to one address over a fixed number of connections, from one event loop of its own, as
 * cheaply as it can: it shares the cores with what it measures. Loopback addresses only. Every request is
 * counted in exactly one {@link Window}. Public methods are called from outside the event loop and wait for
 * it.
 */
final class Generator implements AutoCloseable {
  private static final int DRAIN_SECONDS_MAX = 15;
  private static final int FAILURES_PRINTED_MAX = 3;

  private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1,
      Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  private final EventLoop loop = group.next();
  private final InetSocketAddress address;
  private final Bootstrap bootstrap;
  private final int connections;

  // Only the event loop touches what follows.
  /** Connected before there was a pace. */
  private final List<Connection> early = new ArrayList<>();
  private Window window = new Window();
  private Pace pace;
  private long sent;
  private long ended;
  private int connected;
  private int failuresPrinted;
  private boolean closing;

  Generator(URI target, String apiKey, int connections) {
    address = loopback(target);
    this.connections = connections;
    bootstrap = new Bootstrap().group(loop)
        .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 5000);
    var host = address.getHostString() + ":" + address.getPort();
    var request = new PaymentRequest(host, apiKey, Long.toString(System.currentTimeMillis(), 36));
    for (int i = 0; i < connections; i++) {
      connect(new Connection(this, request));
    }
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
    await("all connections up", () -> connected == connections);
    onLoop(() -> {
      pace = newPace;
      window = new Window();
      pace.start();
      early.forEach(connection -> pace.free(connection, 0));
      early.clear();
      return null;
    });
  }

  /** Ends the current window and begins the next; the load goes on. */
  Window cut() {
    return onLoop(() -> {
      var past = window.end(0);
      window = new Window();
      return past;
    });
  }

  /** Ends the load, waits at most 15 s for what is in flight, and gives the last window. */
  Window stop() {
    onLoop(() -> {
      pace.stop();
      return null;
    });
    try {
      await("answers to the last requests", () -> sent == ended && pace.waiting() == 0);
    } catch (IllegalStateException e) {
      System.err.println(e.getMessage());
    }
    return onLoop(() -> {
      closing = true;
      return window.end(sent - ended + pace.waiting());
    });
  }

  @Override
  public void close() {
    onLoop(() -> closing = true);
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private void connect(Connection connection) {
    bootstrap.clone().handler(connection).connect(address).addListener(done -> {
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

  /** The number of a new payment: 0, 1, 2… */
  long sent() {
    return sent++;
  }

  void answered(Connection connection, int status, long latencyNanos) {
    ended++;
    window.answered(status, latencyNanos);
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

  private void await(String what, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS_MAX);
    while (!onLoop(condition)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("waited " + DRAIN_SECONDS_MAX + " s in vain for " + what);
      }
      Clock.sleepMillis(10);
    }
  }

  private <T> T onLoop(Callable<T> action) {
    try {
      return loop.submit(action).get(DRAIN_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the generator's event loop failed", e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
