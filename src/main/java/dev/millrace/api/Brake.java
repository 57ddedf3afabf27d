package dev.millrace.api;

import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * Holds back, for a moment, the answers that say "not now": a client that comes again at once is slowed down by them,
 * instead of taking the time of payments that were accepted for being refused thousands of times a second. Holds no more
 * than there are connections. Owned by one event loop.
 */
final class Brake {
  private static final long TICK_MS = 10;

  private record Held(long dueNanos, Runnable answer) {}

  private final Vertx vertx;
  private final long pauseNanos;
  private final ArrayDeque<Held> held = new ArrayDeque<>();

  /** {@code pauseMs}: how long each is held; 0 for not at all. */
  Brake(Vertx vertx, long pauseMs) {
    this.vertx = vertx;
    this.pauseNanos = TimeUnit.MILLISECONDS.toNanos(pauseMs);
  }

  /** Runs {@code answer} when its time has come, a few milliseconds late at most. */
  void hold(Runnable answer) {
    if (pauseNanos == 0) {
      answer.run();
      return;
    }
    held.add(new Held(System.nanoTime() + pauseNanos, answer));
    if (held.size() == 1) tick();
  }

  private void tick() {
    vertx.setTimer(TICK_MS, id -> {
      long now = System.nanoTime();
      while (!held.isEmpty() && held.peek().dueNanos - now <= 0) held.poll().answer.run();
      if (!held.isEmpty()) tick();
    });
  }
}
