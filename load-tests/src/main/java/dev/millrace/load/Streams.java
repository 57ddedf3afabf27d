package dev.millrace.load;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * So many streams of the same merchant's events at once, read on one event loop as fast as they come. One in
 * fifty is sampled for delay and for ids that come twice. One that ends is not opened again: that it ended is
 * the finding. Public methods are called from outside the event loop and wait for it.
 */
final class Streams implements AutoCloseable {
  private static final int SAMPLE_EVERY = 50;
  private static final int OPENING_MAX = 64;
  private static final int FAILURES_PRINTED_MAX = 3;

  private final ClientLoop clients = new ClientLoop();
  private final InetSocketAddress address;
  private final byte[] request;
  private final int count;

  // Only the event loop touches what follows.
  private final List<StreamConnection> connections = new ArrayList<>();
  private DeliveryCounts arrivals = new DeliveryCounts();
  private int begun;
  private int ended;
  private long untimed;
  private int failuresPrinted;
  private boolean closing;

  /** Opens `count` streams; returns once each has begun. Events that happen from then on come in all. */
  Streams(Options options, int count) {
    URI api = options.endpoints().api();
    this.count = count;
    address = Generator.loopback(api);
    request = ("GET /v1/events/stream HTTP/1.1\r\nHost: " + api.getAuthority() + "\r\nAuthorization: Bearer "
        + options.key() + "\r\nAccept: text/event-stream\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    try {
      for (int opened = OPENING_MAX; opened < count + OPENING_MAX; opened += OPENING_MAX) {
        int target = Math.min(count, opened);
        clients.onLoop(() -> open(target));
        clients.await(target + " streams open", () -> begun == target || ended > 0);
      }
      if (clients.onLoop(() -> ended) > 0) {
        throw new IllegalStateException("a stream ended before all were open");
      }
    } catch (IllegalStateException e) {
      close();
      throw e;
    }
  }

  private Void open(int target) {
    while (connections.size() < target) {
      var connection = new StreamConnection(this, request, connections.size() % SAMPLE_EVERY == 0);
      connections.add(connection);
      clients.connect(connection, address).addListener(done -> {
        if (!done.isSuccess()) {
          failed(done.cause());
          ended();
        }
      });
    }
    return null;
  }

  void begun() {
    begun++;
  }

  /** A frame on a stream that is not sampled. */
  void arrived() {
    arrivals.arrived();
  }

  /** A frame on a sampled stream. */
  void arrived(long timestampMillis) {
    arrivals.arrived();
    if (timestampMillis == EventTime.NONE) {
      untimed++;
    } else {
      arrivals.delayed(System.currentTimeMillis() - timestampMillis);
    }
  }

  void ended() {
    if (!closing) {
      ended++;
    }
  }

  void failed(Throwable cause) {
    if (!closing && failuresPrinted++ < FAILURES_PRINTED_MAX) {
      System.err.println("streams: " + address + ": " + cause);
    }
  }

  /** What has arrived since the last cut, on all streams; begins the next count. */
  DeliveryCounts cut() {
    return clients.onLoop(() -> {
      var past = arrivals.end();
      arrivals = new DeliveryCounts();
      return past;
    });
  }

  /** The frames of the stream that has had the fewest. */
  long framesMin() {
    return clients
        .onLoop(() -> connections.stream().mapToLong(StreamConnection::frames).min().orElse(0));
  }

  /** Each line something that the streams should not have done, given so many events since they opened. */
  List<String> problems(long events) {
    return clients.onLoop(() -> {
      var problems = new ArrayList<String>();
      var frames = connections.stream().mapToLong(StreamConnection::frames).summaryStatistics();
      if (frames.getMin() != events || frames.getMax() != events) {
        problems.add("UNEQUAL: " + events + " events happened, the streams have had between "
            + frames.getMin() + " and " + frames.getMax());
      }
      long idSets = connections.stream().mapToLong(StreamConnection::idSum).distinct().count();
      if (idSets > 1) {
        problems.add("UNEQUAL: the streams have had " + idSets + " different sets of ids");
      }
      add(problems, "REPEATED", connections.stream().mapToLong(StreamConnection::repeated).sum(),
          "frames had an id that their stream had had before");
      add(problems, "ENDED", ended, "of " + count + " streams ended before the harness ended them");
      add(problems, "UNTIMED", untimed, "frames on sampled streams without a `timestamp` that can be read");
      return problems;
    });
  }

  private static void add(List<String> problems, String name, long number, String text) {
    if (number > 0) {
      problems.add(name + ": " + number + " " + text);
    }
  }

  @Override
  public void close() {
    clients.onLoop(() -> closing = true);
    clients.close();
  }
}
