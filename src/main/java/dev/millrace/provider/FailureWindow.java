package dev.millrace.provider;

import java.util.function.LongSupplier;

/**
 * The share of failed calls over a rolling window, in ten slices. Vert.x's circuit breaker forgets all
 * failures at any success, so that 80 % failures can leave it closed; this is what it lacks. Owned by one
 * event loop.
 */
final class FailureWindow {
  private static final int SLICES = 10;

  private final long sliceMs;
  private final int callsMin;
  private final int failuresPercent;
  private final LongSupplier clockMs;
  private final int[] calls = new int[SLICES];
  private final int[] failures = new int[SLICES];
  private long slice;

  /** {@code clockMs} is monotonic. */
  FailureWindow(long windowMs, int callsMin, int failuresPercent, LongSupplier clockMs) {
    this.sliceMs = Math.max(1, windowMs / SLICES);
    this.callsMin = callsMin;
    this.failuresPercent = failuresPercent;
    this.clockMs = clockMs;
    this.slice = clockMs.getAsLong() / sliceMs;
  }

  void record(boolean failed) {
    advance();
    int i = (int) Math.floorMod(slice, (long) SLICES);
    calls[i]++;
    if (failed) failures[i]++;
  }

  /** Whether more than the permitted share of at least the required number of calls failed. */
  boolean tripped() {
    advance();
    int all = 0;
    int bad = 0;
    for (int i = 0; i < SLICES; i++) {
      all += calls[i];
      bad += failures[i];
    }
    return all >= callsMin && bad * 100L > (long) all * failuresPercent;
  }

  void clear() {
    java.util.Arrays.fill(calls, 0);
    java.util.Arrays.fill(failures, 0);
  }

  private void advance() {
    long now = clockMs.getAsLong() / sliceMs;
    for (long s = Math.max(slice + 1, now - SLICES + 1); s <= now; s++) {
      int i = (int) Math.floorMod(s, (long) SLICES);
      calls[i] = 0;
      failures[i] = 0;
    }
    slice = now;
  }
}
