package dev.millrace.load;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Waiting, in one place. The harness's main thread may block; the generator's event loop never comes here.
 */
final class Clock {
  private Clock() {}

  static void sleepMillis(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  static void sleepSeconds(double seconds) {
    sleepMillis(Math.max(0, Math.round(seconds * 1000)));
  }

  /** Asks every `everyMillis` until `condition` holds; false once `secondsMax` have passed. */
  static boolean await(int secondsMax, int everyMillis, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(secondsMax);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      sleepMillis(everyMillis);
    }
    return true;
  }
}
