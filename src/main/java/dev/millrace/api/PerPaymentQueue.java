package dev.millrace.api;

import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Lets the changes of one payment go one after the other, in the order they came, so that many requests for
 * one payment do not each hold a connection while they wait for its row. Between nodes the row's lock
 * decides. Bounded over all payments; owned by one event loop.
 */
final class PerPaymentQueue {
  private static final Future<?> NOBODY = Future.succeededFuture();

  private final Map<UUID, Future<?>> last = new HashMap<>();
  private final int limit;
  private final QueueMeter meter;
  private volatile int depth;

  PerPaymentQueue(int limit, String instance, MeterRegistry registry) {
    this.limit = limit;
    this.meter = new QueueMeter(registry, "operations", instance, limit, this, t -> t.depth);
  }

  /**
   * Runs {@code work} after all that came before it for this payment; a {@link ProblemException} with 503
   * when it is full.
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  <T> Future<T> run(UUID payment, Supplier<Future<T>> work) {
    if (depth >= limit) {
      meter.reject();
      return Future.failedFuture(new ProblemException(Problem.retry(503, "api_error", "queue_full",
          "Too many captures, cancellations and refunds wait for their turn. Send it again after `Retry-After` seconds.",
          1)));
    }
    depth++;
    Future<T> mine = last.getOrDefault(payment, NOBODY).transform(done -> work.get());
    last.put(payment, mine);
    return mine.onComplete(done -> {
      depth--;
      last.remove(payment, mine);
    });
  }
}
