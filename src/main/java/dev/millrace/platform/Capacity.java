package dev.millrace.platform;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * So many places, or bytes, for things in hand, shown as a queue. Whoever finds no room is counted and has to
 * be told so. May be used from any thread.
 */
public final class Capacity {
  private final AtomicInteger taken = new AtomicInteger();
  private final int limit;
  private final QueueMeter meter;

  /** {@code queue} and {@code instance} name it in the metrics. */
  public Capacity(MeterRegistry registry, String queue, String instance, int limit) {
    this.limit = limit;
    this.meter = new QueueMeter(registry, queue, instance, limit, taken, AtomicInteger::get);
  }

  /** Takes one place; false, and counted, when there is none. */
  public boolean take() { return take(1); }

  /** Takes so many places at once; false, and counted, when there are fewer. */
  public boolean take(int places) {
    for (int now = taken.get(); now <= limit - places; now = taken.get()) {
      if (taken.compareAndSet(now, now + places)) return true;
    }
    meter.reject();
    return false;
  }

  /** Gives one place back. */
  public void give() { give(1); }

  /** Gives so many back. */
  public void give(int places) { taken.addAndGet(-places); }
}
