package dev.millrace.platform;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * Shows one group commit: its queue, how many items a commit takes ({@code millrace_commit_items}) and how
 * long it lasts ({@code millrace_commit_seconds}), label {@code queue}.
 */
public final class CommitMeter {
  private final QueueMeter queue;
  private final DistributionSummary items;
  private final Timer duration;
  private volatile IntSupplier depth = () -> 0;

  public CommitMeter(MeterRegistry registry, String queue, String instance, int limit) {
    this.queue = new QueueMeter(registry, queue, instance, limit, this, m -> m.depth.getAsInt());
    this.items = DistributionSummary.builder("millrace.commit.items").tag("queue", queue)
        .tag("instance", instance).register(registry);
    this.duration = Timer.builder("millrace.commit").tag("queue", queue).tag("instance", instance)
        .register(registry);
  }

  QueueMeter queue() { return queue; }

  /** Whose depth is shown. */
  void measures(IntSupplier shown) { depth = shown; }

  void committed(int count, long nanos) {
    items.record(count);
    duration.record(nanos, TimeUnit.NANOSECONDS);
  }
}
