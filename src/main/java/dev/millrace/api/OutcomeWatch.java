package dev.millrace.api;

import dev.millrace.journal.PaymentRow;
import dev.millrace.journal.Reads;
import dev.millrace.payment.Status;
import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that wait for their payment's outcome ({@code Prefer: wait}). Any node may drive the payment, so the watch
 * asks Postgres for all waiting payments at once, every {@value #EVERY_MS} ms while there are any. Bounded; owned by
 * one event loop.
 */
final class OutcomeWatch {
  private static final Logger LOG = LoggerFactory.getLogger(OutcomeWatch.class);
  private static final long EVERY_MS = 25;

  private record Waiter(Promise<@Nullable PaymentRow> promise, long untilNanos) {}

  private final Vertx vertx;
  private final Reads reads;
  private final int limit;
  private final QueueMeter meter;
  private final Map<UUID, Waiter> waiters = new HashMap<>();
  private volatile int depth;
  private boolean asking;

  OutcomeWatch(Vertx vertx, Reads reads, int limit, String instance, MeterRegistry registry) {
    this.vertx = vertx;
    this.reads = reads;
    this.limit = limit;
    this.meter = new QueueMeter(registry, "waiters", instance, limit, this, w -> w.depth);
  }

  /** The payment once its outcome is known, or null when {@code ms} have passed before (or the watch is full). */
  Future<@Nullable PaymentRow> await(UUID payment, long ms) {
    if (waiters.size() >= limit) {
      meter.reject();
      return Future.succeededFuture(null);
    }
    Promise<@Nullable PaymentRow> promise = Promise.promise();
    waiters.put(payment, new Waiter(promise, System.nanoTime() + ms * 1_000_000));
    depth = waiters.size();
    if (!asking) askLater();
    return promise.future();
  }

  /** Lets everybody go with what is known now, before a shutdown. */
  void release() {
    var all = Map.copyOf(waiters);
    waiters.clear();
    depth = 0;
    all.values().forEach(w -> w.promise.tryComplete(null));
  }

  private void askLater() {
    asking = true;
    vertx.setTimer(EVERY_MS, id -> ask());
  }

  private void ask() {
    if (waiters.isEmpty()) {
      asking = false;
      return;
    }
    reads.payments(waiters.keySet()).onComplete(result -> {
      if (result.succeeded()) {
        for (PaymentRow row : result.result()) if (decided(row.status())) finish(row.id(), row);
      } else {
        LOG.debug("outcome_watch error=\"{}\"", result.cause().getMessage());
      }
      long now = System.nanoTime();
      waiters.entrySet().stream().filter(e -> e.getValue().untilNanos - now <= 0).map(Map.Entry::getKey)
          .toList()
          .forEach(id -> finish(id, null));
      askLater();
    });
  }

  private void finish(UUID payment, @Nullable PaymentRow row) {
    Waiter waiter = waiters.remove(payment);
    depth = waiters.size();
    if (waiter != null) waiter.promise.tryComplete(row);
  }

  static boolean decided(Status status) {
    return switch (status) {
      case INITIATED, PROVIDER_SUBMITTED, UNKNOWN, IN_REVIEW -> false;
      case BLOCKED, REQUIRES_ACTION, AUTHORIZED, CONFIRMED, DECLINED, VOIDED, EXPIRED, SETTLED,
          PARTIALLY_REFUNDED,
          REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        true;
    };
  }
}
