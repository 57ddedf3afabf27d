package dev.millrace.retention;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.inbox.InboxStore;
import dev.millrace.journal.Milestones;
import dev.millrace.platform.Lease;
import dev.millrace.webhook.DeliveryStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forgets what is too old: deliveries with their attempts and bodies, providers' webhooks, dead letters that
 * were replayed or discarded, idempotency keys, and the journal's milestones. Some thousand rows at a time,
 * while the lease is held; each table's owner deletes. A body outlives its event's retention by more than a
 * delivery takes, and it is known longer still where the journal stood then; a dead letter that waits for a
 * decision or its replay is never forgotten.
 */
public final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final long EVERY_MS = 10_000;
  /** By how much a body outlives its event's retention. */
  private static final Duration MARGIN = Duration.ofDays(1);

  /**
   * How long events with their deliveries, providers' webhooks, dead letters after their last change, and
   * keys are kept.
   */
  public record Periods(Duration events, Duration inbox, Duration letters, Duration keys) {}

  /** The owners of what is forgotten. */
  public record Stores(DeliveryStore deliveries, InboxStore inbox, DeadLetterStore letters,
      IdempotencyKeyStore keys, Milestones milestones) {}

  private final Vertx vertx;
  private final Lease lease;
  private final Stores stores;
  private final InstantSource clock;
  private final Periods periods;
  private final List<Long> timers = new ArrayList<>();

  public Retention(Vertx vertx, Lease lease, Stores stores, InstantSource clock, Periods periods) {
    this.vertx = vertx;
    this.lease = lease;
    this.stores = stores;
    this.clock = clock;
    this.periods = periods;
  }

  public void start() {
    every(EVERY_MS, this::forget, "retention_failed");
    every(EVERY_MS, () -> stores.keys.expire(periods.keys.toMillis()), "idempotency_expiry_failed");
    every(Milestones.intervalMs(periods.events),
        () -> stores.milestones.forgetBefore(periods.events.plus(MARGIN.multipliedBy(2))),
        "milestone_failed");
  }

  private void every(long intervalMs, Supplier<Future<Integer>> forget, String failureEvent) {
    timers.add(vertx.setPeriodic(intervalMs, id -> {
      if (lease.held())
        forget.get().onFailure(e -> LOG.warn("{} error=\"{}\"", failureEvent, e.getMessage()));
    }));
  }

  /**
   * One round of what goes by events, webhooks and dead letters; completes with the number of rows deleted.
   */
  public Future<Integer> forget() {
    OffsetDateTime events = before(periods.events);
    return stores.deliveries.forgetBefore(events, events.minus(MARGIN))
        .compose(n -> stores.inbox.forgetBefore(before(periods.inbox)).map(more -> n + more))
        .compose(n -> stores.letters.forgetBefore(before(periods.letters)).map(more -> n + more));
  }

  private OffsetDateTime before(Duration period) {
    return clock.instant().minus(period).atOffset(ZoneOffset.UTC);
  }

  public void close() { timers.forEach(vertx::cancelTimer); }
}
