package dev.millrace.api;

import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * How many of one merchant's payments wait for their commit, so that one cannot fill the queue for all. One
 * event loop's.
 */
final class MerchantShare {
  private final int limit;
  private final Map<UUID, Integer> waiting = new HashMap<>();
  private final QueueMeter meter;
  private volatile int largest;

  MerchantShare(int limit, String instance, MeterRegistry registry) {
    this.limit = limit;
    this.meter = new QueueMeter(registry, "merchant_share", instance, limit, this, s -> s.largest);
  }

  boolean full(UUID merchant) { return waiting.getOrDefault(merchant, 0) >= limit; }

  void reject() { meter.reject(); }

  void enter(UUID merchant) { largest = waiting.merge(merchant, 1, Integer::sum); }

  void leave(UUID merchant) {
    waiting.computeIfPresent(merchant, (m, n) -> n == 1 ? null : n - 1);
    largest = waiting.getOrDefault(merchant, 0);
  }
}
