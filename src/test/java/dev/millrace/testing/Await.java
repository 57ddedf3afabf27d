package dev.millrace.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition, with a bound. */
public final class Await {
  private Await() {}

  /** How much longer a machine may take that others use as well, or that runs two test classes at once. */
  private static final int SLACK = 3;

  /**
   * Fails, naming what was waited for, when the condition has not become true in time. {@code bound} is what
   * it takes at most on a machine of its own.
   */
  public static void until(Duration bound, String what, BooleanSupplier condition) {
    within(bound.multipliedBy(SLACK), what, condition);
  }

  /** The same, where it is the time that is tested. */
  public static void within(Duration bound, String what, BooleanSupplier condition) {
    long end = System.nanoTime() + bound.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0)
        throw new AssertionError("not within " + bound.toSeconds() + " s: " + what);
      LockSupport.parkNanos(20_000_000);
    }
  }
}
