package dev.millrace.platform;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/**
 * Shows one bounded queue: {@code millrace_queue_depth}, {@code millrace_queue_limit} and
 * {@code millrace_queue_rejected_total}, all with the label {@code queue}. The label {@code instance} tells apart the
 * queues of several event loops.
 */
public final class QueueMeter {
  private final Counter rejected;

  /** {@code depth} is read from the metrics thread: it must be safe to call from any thread. */
  public <T> QueueMeter(MeterRegistry registry, String queue, String instance, int limit, T owner,
      ToDoubleFunction<T> depth) {
    Gauge.builder("millrace.queue.depth", owner, depth).tag("queue", queue).tag("instance", instance)
        .strongReference(true).register(registry);
    Gauge.builder("millrace.queue.limit", () -> limit).tag("queue", queue).tag("instance", instance)
        .strongReference(true).register(registry);
    this.rejected = Counter.builder("millrace.queue.rejected").tag("queue", queue).tag("instance", instance)
        .register(registry);
  }

  /** Counts one refusal because the queue was full. */
  public void reject() { rejected.increment(); }
}
