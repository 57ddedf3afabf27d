package dev.millrace.api;

import dev.millrace.journal.PaymentReads;
import dev.millrace.journal.PaymentRow;
import dev.millrace.payment.Status;
import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that wait for the outcome of a payment or an operation ({@code Prefer: wait}). Any node may drive
 * it, so the watch asks Postgres for all that are waited for at once, every {@value #EVERY_MS} ms while there
 * are any. Bounded; owned by one event loop.
 */
final class OutcomeWatch<T> {
  private static final Logger LOG = LoggerFactory.getLogger(OutcomeWatch.class);
  private static final long EVERY_MS = 25;

  private record Waiter<T>(Promise<@Nullable T> promise, long untilNanos) {}

  private final Vertx vertx;
  private final Function<Set<UUID>, Future<Map<UUID, T>>> ended;
  private final int limit;
  private final QueueMeter meter;
  private final Map<UUID, Waiter<T>> waiters = new HashMap<>();
  private volatile int depth;
  private boolean asking;

  /**
   * {@code ended} answers those of some that have an outcome, or that wait for somebody else, by their ids;
   * {@code queue} names it in the metrics.
   */
  OutcomeWatch(Vertx vertx, Function<Set<UUID>, Future<Map<UUID, T>>> ended, int limit, String queue,
      String instance, MeterRegistry registry) {
    this.vertx = vertx;
    this.ended = ended;
    this.limit = limit;
    this.meter = new QueueMeter(registry, queue, instance, limit, this, w -> w.depth);
  }

  /** Payments whose outcome is known, or for which somebody else has to do something. */
  static Future<Map<UUID, PaymentRow>> decided(PaymentReads payments, Set<UUID> ids) {
    return payments.payments(ids).map(rows -> rows.stream().filter(row -> decided(row.status()))
        .collect(Collectors.toMap(PaymentRow::id, Function.identity())));
  }

  /**
   * What is waited for once its outcome is known, or null when {@code ms} have passed before (or the watch is
   * full).
   */
  Future<@Nullable T> await(UUID id, long ms) {
    if (full()) {
      meter.reject();
      return Future.succeededFuture(null);
    }
    Promise<@Nullable T> promise = Promise.promise();
    waiters.put(id, new Waiter<>(promise, System.nanoTime() + ms * 1_000_000));
    depth = waiters.size();
    if (!asking) askLater();
    return promise.future();
  }

  /** Whether one more would not be waited for. */
  boolean full() { return waiters.size() >= limit; }

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
    ended.apply(Set.copyOf(waiters.keySet())).onComplete(result -> {
      if (result.succeeded()) {
        result.result().forEach(this::finish);
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

  private void finish(UUID id, @Nullable T outcome) {
    Waiter<T> waiter = waiters.remove(id);
    depth = waiters.size();
    if (waiter != null) waiter.promise.tryComplete(outcome);
  }

  /** Whether the payment's next step is not ours or the provider's: waiting would bring nothing more. */
  static boolean decided(Status status) {
    return switch (status) {
      case INITIATED, PROVIDER_SUBMITTED, UNKNOWN -> false;
      case BLOCKED, IN_REVIEW, REQUIRES_ACTION, PROCESSING, AUTHORIZED, CONFIRMED, DECLINED, VOIDED, EXPIRED,
          SETTLED,
          PARTIALLY_REFUNDED,
          REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        true;
    };
  }
}
