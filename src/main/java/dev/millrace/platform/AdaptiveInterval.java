package dev.millrace.platform;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How long to wait between two looks at a place where work comes: the shortest interval while there is some
 * and for {@value #AWAKE_MS} ms after, then twice as long after each look that finds nothing, up to the
 * longest. {@link WakeUps} ends the long waits. Owned by one event loop.
 */
public final class AdaptiveInterval {
  /** Several times as long as {@link WakeUps} keeps silent after it has said something. */
  static final long AWAKE_MS = 5 * WakeUps.GAP_MS;

  private final long shortestMs;
  private final long longestMs;
  private final LongSupplier nanos;
  private long currentMs;
  private long awakeUntilNanos;

  /**
   * Both in milliseconds; a {@code longestMs} below {@code shortestMs} counts as that: the interval is fixed.
   */
  public AdaptiveInterval(long shortestMs, long longestMs) {
    this(shortestMs, longestMs, System::nanoTime);
  }

  AdaptiveInterval(long shortestMs, long longestMs, LongSupplier nanos) {
    this.shortestMs = Math.max(1, shortestMs);
    this.longestMs = Math.max(this.shortestMs, longestMs);
    this.nanos = nanos;
    quicken();
  }

  /** After a look that found something, or did not: milliseconds until the next. */
  public long next(boolean found) {
    if (found) quicken();
    else if (nanos.getAsLong() - awakeUntilNanos >= 0) currentMs = Math.min(longestMs, currentMs * 2);
    return currentMs;
  }

  /**
   * Work has come, or may have: looks are frequent again. True when they had become seldom, so that the next
   * should not be waited for.
   */
  public boolean quicken() {
    boolean wasSeldom = seldom();
    currentMs = shortestMs;
    awakeUntilNanos = nanos.getAsLong() + TimeUnit.MILLISECONDS.toNanos(AWAKE_MS);
    return wasSeldom;
  }

  /** Whether looks have become less frequent than they may be. */
  public boolean seldom() {
    return currentMs > shortestMs;
  }

  /** The shortest interval, in milliseconds. */
  public long shortestMs() { return shortestMs; }

  /** The longest interval, in milliseconds. */
  public long longestMs() { return longestMs; }
}
