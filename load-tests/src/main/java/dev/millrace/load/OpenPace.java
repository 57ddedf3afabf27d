package dev.millrace.load;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * The open model: request i is due i / rate seconds after the start, whatever became of the others, and its
 * latency counts from then. One that finds no free connection waits, and its wait counts (no coordinated
 * omission). At most two seconds' worth of requests wait; any more are dropped and reported as overflow.
 */
final class OpenPace implements Pace {
  /**
   * Waking up for every request would cost the generator more than sending it. So a request may leave half a
   * millisecond late; as latency counts from its due time, that shows against the gateway, never for it.
   */
  private static final long TICK_NANOS_MIN = 500_000;

  private final EventLoop loop;
  private final Runnable overflow;
  private final double intervalNanos;
  private final ArrayDeque<Connection> idle = new ArrayDeque<>();
  private final long[] waiting;
  private final Runnable tick = this::tick;
  private int waitingHead;
  private int waitingCount;
  private long start;
  private long next;
  private boolean running;

  OpenPace(EventLoop loop, double ratePerSecond, Runnable overflow) {
    this.loop = loop;
    this.overflow = overflow;
    intervalNanos = 1e9 / ratePerSecond;
    waiting = new long[(int) Math.max(1, 2 * ratePerSecond)];
  }

  @Override
  public void start() {
    running = true;
    start = System.nanoTime();
    tick();
  }

  private void tick() {
    if (!running) {
      return;
    }
    long now = System.nanoTime();
    long due = due(next);
    while (due - now <= 0) {
      send(due);
      due = due(++next);
    }
    loop.schedule(tick, Math.max(TICK_NANOS_MIN, due - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  private long due(long number) {
    return start + (long) (number * intervalNanos);
  }

  private void send(long due) {
    // The longest idle first, so that all connections, and the event loops behind them, are used alike.
    Connection connection = idle.poll();
    if (connection != null) {
      connection.send(due);
    } else if (waitingCount == waiting.length) {
      overflow.run();
    } else {
      waiting[(waitingHead + waitingCount) % waiting.length] = due;
      waitingCount++;
    }
  }

  @Override
  public void free(Connection connection, int status) {
    if (waitingCount == 0) {
      idle.add(connection);
      return;
    }
    long due = waiting[waitingHead];
    waitingHead = (waitingHead + 1) % waiting.length;
    waitingCount--;
    connection.send(due);
  }

  @Override
  public void lost(Connection connection) {
    idle.remove(connection);
  }

  @Override
  public void stop() {
    running = false;
  }

  @Override
  public int waiting() {
    return waitingCount;
  }
}
