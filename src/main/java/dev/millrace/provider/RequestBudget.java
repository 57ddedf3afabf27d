package dev.millrace.provider;

import java.util.function.LongSupplier;

/**
 * A token bucket that holds little: so many calls a second in the long run, and in any one second at most a
 * twentieth of that more, or one call. What gathered while nothing was called is not made up for. Owned by
 * one event loop.
 */
final class RequestBudget {
  private static final long SECOND_NANOS = 1_000_000_000;
  private static final int FULL_PERCENT = 100;
  private static final int HELD_PARTS = 20;

  private final long perCallNanos;
  /** The time's worth of calls that a full bucket holds. */
  private final long heldNanos;
  private final LongSupplier clockNanos;
  /** When the bucket will be full again: a call takes its share of time from it. */
  private long fullAtNanos;

  /** {@code clockNanos} is monotonic. */
  RequestBudget(int callsPerSecond, LongSupplier clockNanos) {
    this.perCallNanos = SECOND_NANOS / callsPerSecond;
    this.heldNanos = Math.max(perCallNanos, SECOND_NANOS / HELD_PARTS);
    this.clockNanos = clockNanos;
    this.fullAtNanos = clockNanos.getAsLong();
  }

  /**
   * Takes one call out of the budget, of which {@code percent} may be used now; false when there is none
   * left.
   */
  boolean take(int percent) {
    if (waitNanos(percent) > 0) return false;
    long now = clockNanos.getAsLong();
    fullAtNanos = (fullAtNanos - now < 0 ? now : fullAtNanos) + price(percent);
    return true;
  }

  /** How long until there is a call in it; 0 when there is one. */
  long waitNanos(int percent) {
    return Math.max(0, fullAtNanos - clockNanos.getAsLong() - Math.max(0, heldNanos - price(percent)));
  }

  private long price(int percent) {
    return perCallNanos * FULL_PERCENT / percent;
  }
}
