package dev.millrace.webhook;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.EventReads.Wanted;
import dev.millrace.journal.EventRow;
import dev.millrace.journal.Follower;
import dev.millrace.journal.Follower.Batch;
import dev.millrace.journal.PublicEvent;
import dev.millrace.payment.EventType;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PacedLoop;
import dev.millrace.platform.TypeId;
import dev.millrace.webhook.DeliveryStore.Planned;
import dev.millrace.webhook.ReplayOrders.Replay;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the journal for all webhook endpoints: below the snapshot horizon, in {@code (xid, position)}
 * order, each event that an endpoint listens to becomes a delivery in Postgres in the transaction that moves
 * the cursor, so once and without a gap whatever is killed. Then the {@link Scheduler} has them. One notifier
 * is active at a time, by a fenced lease; another takes over within the lease and a third of it.
 */
final class Notifier {
  private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);
  private static final int BATCH_MAX = 1_000;
  private static final int REPLAY_BATCH_MAX = 500;
  private static final long REFRESH_MS = 500;
  private static final long TICK_MS = 50;
  private static final long MARK_MS = 5_000;
  private static final long DRAIN_MS = 1_000;

  private final Lease lease;
  private final EventReads events;
  private final DeliveryStore store;
  private final EndpointStore endpoints;
  private final ReplayOrders replays;
  private final Scheduler scheduler;
  private final EventId ids;
  private final InstantSource clock;
  private final Follower<EventRow> follower;
  private final PacedLoop ticks;
  private final AdaptiveInterval interval;
  private final Map<UUID, Endpoint> known = new HashMap<>();
  private @Nullable OffsetDateTime changedUntil;
  private long epoch;
  private long refreshedAt;
  private long markedAt;
  /** Nothing is sent or waits: ticks pause until something is planned. */
  private boolean still;
  /** There may be orders to replay: whoever gives one changes its endpoint. */
  private boolean ordered;

  Notifier(Vertx vertx, Lease lease, EventReads events, DeliveryStore store, EndpointStore endpoints,
      ReplayOrders replays,
      Scheduler scheduler, EventId ids, InstantSource clock, AdaptiveInterval interval,
      MeterRegistry registry) {
    this.lease = lease;
    this.events = events;
    this.store = store;
    this.endpoints = endpoints;
    this.replays = replays;
    this.scheduler = scheduler;
    this.ids = ids;
    this.clock = clock;
    this.follower = new Follower<>(vertx, lease, "notifier", "millrace.notifier.lag.seconds", interval,
        new Planning(), registry);
    this.interval = interval;
    this.ticks = new PacedLoop(vertx, "webhook_tick_failed", TICK_MS, this::tick);
  }

  void start() {
    ticks.start(TICK_MS);
    follower.start();
  }

  /** There may be events to deliver, or endpoints have changed. On the notifier's event loop. */
  void wake() {
    follower.wake();
  }

  private Future<Long> tick() {
    if (active()) scheduler.tick();
    still = scheduler.still();
    return Future.succeededFuture(still ? interval.longestMs() : TICK_MS);
  }

  private void tickAgain() {
    if (!still || scheduler.still()) return;
    still = false;
    ticks.wake();
  }

  private boolean active() { return epoch > 0 && lease.held() && lease.epoch() == epoch; }

  private final class Planning implements Follower.Task<EventRow> {
    @Override
    public Future<Cursor> begin(long newEpoch) {
      known.clear();
      changedUntil = null;
      ordered = true;
      scheduler.begin(newEpoch);
      return store.cursor().compose(place -> refresh().map(place)).onSuccess(v -> {
        epoch = newEpoch;
        LOG.info("notifier_active epoch={} endpoints={}", epoch, known.size());
      });
    }

    @Override
    public Future<Batch<EventRow>> read(Cursor after) {
      return events.tailOfEndpoints(after, BATCH_MAX)
          .map(page -> new Batch<>(page.events(), page.next(), page.more()));
    }

    @Override
    public OffsetDateTime written(EventRow event) { return event.recorded(); }

    @Override
    public Future<Boolean> handle(Batch<EventRow> batch, long current) {
      return look(batch).onComplete(done -> tickAgain());
    }

    private Future<Boolean> look(Batch<EventRow> batch) {
      if (!batch.rows().isEmpty() || nowMs() - refreshedAt >= REFRESH_MS)
        return refresh().compose(v -> plan(batch)).compose(v -> replay());
      // Nobody's: an endpoint that is made from now on has a later transaction than all of it.
      return Future.succeededFuture(false);
    }

    /** Sends nothing any more, and begins anew from what Postgres has when it may. */
    @Override
    public void stand() {
      epoch = 0;
      scheduler.begin(0);
    }
  }

  private static long nowMs() { return System.nanoTime() / 1_000_000; }

  private OffsetDateTime now() { return clock.instant().atOffset(ZoneOffset.UTC); }

  private Future<Void> refresh() {
    return endpoints.changed(changedUntil).map(changed -> {
      for (Endpoint e : changed) {
        if (e.deleted()) known.remove(e.id());
        else known.put(e.id(), e);
        if (changedUntil == null || e.changed().isAfter(changedUntil)) changedUntil = e.changed();
      }
      scheduler.set(changed);
      ordered |= !changed.isEmpty();
      refreshedAt = nowMs();
      return null;
    });
  }

  private Future<Void> plan(Batch<EventRow> batch) {
    if (batch.rows().isEmpty()) {
      if (nowMs() - markedAt < MARK_MS) return Future.succeededFuture();
      markedAt = nowMs();
      return store.mark(epoch, batch.end());
    }
    var planned = new ArrayList<Planned>();
    var byMerchant = new HashMap<UUID, List<Endpoint>>();
    for (Endpoint e : known.values()) byMerchant.computeIfAbsent(e.merchant(), m -> new ArrayList<>()).add(e);
    for (EventRow event : batch.rows()) {
      for (Endpoint e : byMerchant.getOrDefault(event.merchant(), List.of())) {
        if (concerns(event, e)) planned.add(planned(event, e, planned));
      }
    }
    return store.plan(epoch, planned, batch.end(), now()).map(written -> {
      scheduler.offer(written.size() == planned.size()
          ? planned
          : planned.stream().filter(p -> written.contains(p.delivery().id())).toList());
      return null;
    });
  }

  private static boolean concerns(EventRow event, Endpoint e) {
    EventType type = Objects.requireNonNull(EventType.ofWire(event.type()), event.type());
    return e.livemode() == event.livemode() && e.wants(type, event.subject())
        && Long.compareUnsigned(event.place().xid(), Long.parseUnsignedLong(e.xid())) >= 0;
  }

  /** The bytes are those of the one before, when it is the same event in the same version. */
  private Planned planned(EventRow event, Endpoint e, List<Planned> before) {
    String version = e.settings().apiVersion();
    Planned last = before.isEmpty() ? null : before.getLast();
    Buffer body = last != null && last.delivery().place().equals(event.place())
        && last.apiVersion().equals(version)
            ? last.delivery().body()
            : Buffer.buffer(PublicEvent.json(event, ids, version));
    return new Planned(new Delivery(TypeId.next(), e.id(), event.place(), event.subject(), event.type(),
        event.traceparent(), 0, 0, body), version, e.settings().ordered(), !e.enabled());
  }

  /** One part of each order to replay; true when there is more. */
  private Future<Boolean> replay() {
    if (!ordered) return Future.succeededFuture(false);
    return replays.open().compose(open -> {
      Future<Boolean> all = Future.succeededFuture(false);
      for (Replay one : open) all = all.compose(more -> replay(one).map(unfinished -> more || unfinished));
      return all.onSuccess(more -> ordered = !open.isEmpty());
    });
  }

  private Future<Boolean> replay(Replay r) {
    Endpoint e = known.get(r.endpoint());
    if (e == null) return replays.advance(r.id(), r.from(), 0, true).map(false);
    if (!e.enabled()) return Future.succeededFuture(false);
    List<String> types = r.types() == null ? Endpoint.types(e.settings().enabledEvents()) : r.types();
    return events
        .page(new Wanted(e.merchant(), e.livemode(), r.from(), r.until(), null, types), REPLAY_BATCH_MAX)
        .compose(page -> {
          var planned = new ArrayList<Planned>();
          for (EventRow event : page.events()) {
            if (r.covers(event.recorded())) planned.add(planned(event, e, planned));
          }
          return replayed(r, planned).compose(count -> {
            EndpointQueue lane = scheduler.lane(e.id());
            if (lane != null) lane.loadAtMs = 0;
            return replays.advance(r.id(), page.next(), count, !page.more());
          }).map(page.more());
        });
  }

  /** With statuses only what is there already is meant. */
  private Future<Integer> replayed(Replay r, List<Planned> planned) {
    if (planned.isEmpty()) return Future.succeededFuture(0);
    return (r.statuses() == null
        ? Future.succeededFuture(planned)
        : store.existing(r.endpoint(), planned).map(there -> planned.stream()
            .filter(p -> there.contains(p.delivery().place())).toList()))
        .compose(meant -> store.planAgain(epoch, meant, r.statuses(), now()).map(ids -> ids.size()));
  }

  /**
   * Finishes the step in hand, waits a moment for what is out, and stops; what is not answered by then is
   * sent again by whoever goes on.
   */
  Future<Void> close() {
    ticks.stop();
    scheduler.sendNoMore();
    return follower.close().compose(v -> scheduler.drained(DRAIN_MS)).onComplete(v -> scheduler.begin(0));
  }
}
