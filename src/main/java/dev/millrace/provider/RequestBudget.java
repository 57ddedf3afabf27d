package dev.millrace.provider;

import java.util.function.LongSupplier;

/**
 * A token bucket: so many calls a second in the long run, and at most one second's worth at once. Owned by one event
 * loop.
 */
final class RequestBudget {
  private static final long SECOND_NANOS = 1_000_000_000;

  private final long perCallNanos;
  private final LongSupplier clockNanos;
  /** When the bucket will be full again: a call takes its share of time from it. */
  private long fullAtNanos;

  /** {@code clockNanos} is monotonic. */
  RequestBudget(int callsPerSecond, LongSupplier clockNanos) {
    this.perCallNanos = SECOND_NANOS / callsPerSecond;
    this.clockNanos = clockNanos;
    this.fullAtNanos = clockNanos.getAsLong();
  }

  /** Takes one call out of the budget; false when there is none left. */
  boolean take() {
    if (waitNanos() > 0) return false;
    long now = clockNanos.getAsLong();
    fullAtNanos = (fullAtNanos - now < 0 ? now : fullAtNanos) + perCallNanos;
    return true;
  }

  /** How long until there is a call in it; 0 when there is one. */
  long waitNanos() {
    return Math.max(0, fullAtNanos + perCallNanos - clockNanos.getAsLong() - SECOND_NANOS);
  }
}
