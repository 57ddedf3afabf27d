package dev.millrace.fraud;

import io.vertx.core.Future;
import java.util.List;

/** Counts recent payments, by merchant and by payment method, across all instances of the gateway. */
public interface VelocityCounters {

  /**
   * Adds one to each counter.
   *
   * @return the counts of the current windows with this payment in them, in the order asked; a failure when
   *     they cannot be had, and then some of the counters may have been incremented
   */
  Future<long[]> increment(List<Counter> counters);

  /**
   * One counter.
   *
   * @param key what is counted, for example {@code merchant_per_minute:live:acct_1}
   * @param windowSeconds the length of its window, in seconds
   */
  record Counter(String key, long windowSeconds) {}
}
