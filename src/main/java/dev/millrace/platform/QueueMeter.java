package dev.millrace.platform;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Shows one bounded queue: {@code millrace_queue_depth}, {@code millrace_queue_limit} and
 * {@code millrace_queue_rejected_total}, all with the label {@code queue}. The label {@code instance} tells
 * apart the queues of several event loops.
 */
public final class QueueMeter {
  private static final String REJECTED = "millrace.queue.rejected";
  private final Counter rejected;

  /** {@code depth} is read from the metrics thread: it must be safe to call from any thread. */
  public <T> QueueMeter(MeterRegistry registry, String queue, String instance, int limit, T owner,
      ToDoubleFunction<T> depth) {
    this(registry, queue, instance, () -> limit, owner, depth);
  }

  /** The same with a limit that changes, from any thread too. */
  public <T> QueueMeter(MeterRegistry registry, String queue, String instance, IntSupplier limit, T owner,
      ToDoubleFunction<T> depth) {
    gauges(registry, queue, instance, limit, owner, depth);
    this.rejected = Counter.builder(REJECTED).tag("queue", queue).tag("instance", instance)
        .register(registry);
  }

  /** Shows a queue of a library that counts its refusals itself. */
  public static <T> void show(MeterRegistry registry, String queue, String instance, int limit,
      Supplier<Number> depth, T refusals, ToDoubleFunction<T> counted) {
    gauges(registry, queue, instance, () -> limit, depth, d -> d.get().doubleValue());
    FunctionCounter.builder(REJECTED, refusals, counted).tag("queue", queue).tag("instance", instance)
        .register(registry);
  }

  private static <T> void gauges(MeterRegistry registry, String queue, String instance, IntSupplier limit,
      T owner, ToDoubleFunction<T> depth) {
    Gauge.builder("millrace.queue.depth", owner, depth).tag("queue", queue).tag("instance", instance)
        .strongReference(true).register(registry);
    Gauge.builder("millrace.queue.limit", limit::getAsInt).tag("queue", queue).tag("instance", instance)
        .strongReference(true).register(registry);
  }

  /** Counts one refusal because the queue was full. */
  public void reject() { rejected.increment(); }
}
