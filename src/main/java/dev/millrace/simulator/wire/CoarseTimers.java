package dev.millrace.simulator.wire;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Timers that go off in ticks: what falls due in the same tick is woken together, up to {@link #MS} late, and
 * so goes to the disk together. Owned by one event loop.
 */
public final class CoarseTimers {
  static final long MS = 4;

  private final Vertx vertx;
  private final Map<Long, Tick> due = new HashMap<>();

  private record Tick(long timer, List<Handler<Long>> together) {}

  public CoarseTimers(Vertx vertx) {
    this.vertx = vertx;
  }

  /** Calls the handler after {@code delayMs}, at least 1, and at most {@link #MS} more. */
  public void after(long delayMs, Handler<Long> handler) {
    long nowMs = System.nanoTime() / 1_000_000;
    due.computeIfAbsent(Math.ceilDiv(nowMs + delayMs, MS), tick -> {
      var together = new ArrayList<Handler<Long>>();
      return new Tick(vertx.setTimer(Math.max(1, tick * MS - nowMs), id -> {
        due.remove(tick);
        together.forEach(one -> one.handle(id));
      }), together);
    }).together().add(handler);
  }

  /** Forgets everything that has not fallen due. */
  public void cancel() {
    due.values().forEach(tick -> vertx.cancelTimer(tick.timer()));
    due.clear();
  }
}
