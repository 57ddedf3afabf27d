package dev.millrace.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition, with a bound. */
public final class Await {
  private Await() {}

  /** Fails, naming what was waited for, when the condition has not become true in time. */
  public static void until(Duration bound, String what, BooleanSupplier condition) {
    long end = System.nanoTime() + bound.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0)
        throw new AssertionError("not within " + bound.toSeconds() + " s: " + what);
      LockSupport.parkNanos(20_000_000);
    }
  }
}
