package dev.millrace.embedded;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Bounded waiting for a condition nothing announces. An interrupt does not end the wait, since half-stopped
 * servers help nobody; it is kept for the caller.
 */
final class BoundedWait {
  private static final long POLL_MS = 10;

  private BoundedWait() {}

  /** Whether the condition came true before the bound passed. */
  static boolean until(Duration bound, BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + bound.toNanos();
    boolean interrupted = false;
    try {
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          return false;
        }
        try {
          Thread.sleep(POLL_MS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      return true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
