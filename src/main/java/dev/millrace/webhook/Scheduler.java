package dev.millrace.webhook;

import dev.millrace.journal.EventId;
import dev.millrace.platform.CommitMeter;
import dev.millrace.platform.Drain;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.GroupCommit;
import dev.millrace.platform.QueueMeter;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which delivery goes out next, sends it and writes down what came of it. Endpoints take turns, one
 * delivery each, so a backlog of one delays no other; those that are slow or fail may have half of all calls,
 * together. At most {@code inFlightMax} calls are out, and {@value Lane#QUEUE_MAX} deliveries an endpoint in
 * memory; fewer when there are so many endpoints that this would be more than {@code inMemoryMax}, but one
 * each. Every attempt is in the log before its place is given to the next. At least once: a delivery whose
 * outcome was not written is sent again, under the same {@code webhook-id}. Owned by one event loop; the
 * clock decides what is due, so a test may turn it.
 */
final class Scheduler {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);
  private static final int LOAD_LANES_MAX = 200;
  private static final int RECORD_BATCH_MAX = 128;
  private static final long DRAIN_EVERY_MS = 1_000;
  private static final long EXPIRE_EVERY_MS = 60_000;
  private static final long RETRY_MS = 500;
  private static final String AGENT = "Millrace (+https://millrace.dev/webhooks)";

  private final Vertx vertx;
  private final DeliveryStore store;
  private final EndpointStore endpoints;
  private final Sender sender;
  private final EventId ids;
  private final DeliveryPolicy policy;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final String writer;
  private final GroupCommit<DeliveryStore.Outcome, Boolean> log;
  private final Map<UUID, EndpointQueue> lanes = new HashMap<>();
  /** Lanes that have something at hand, in turn. */
  private final ArrayDeque<EndpointQueue> turns = new ArrayDeque<>();
  private final QueueMeter calls;
  private final QueueMeter memory;
  private final Counter delivered;
  private final Counter failed;
  private final Counter dead;
  private final Counter opened;
  private volatile int inFlight;
  /** Deliveries at hand, over all lanes. */
  private volatile int inMemory;
  private int slowInFlight;
  private long epoch;
  private int generation;
  private boolean closed;

  Scheduler(Vertx vertx, DeliveryStore store, EndpointStore endpoints, Sender sender, EventId ids,
      DeliveryPolicy policy,
      InstantSource clock, RandomGenerator random, String writer, MeterRegistry registry) {
    this.vertx = vertx;
    this.store = store;
    this.endpoints = endpoints;
    this.sender = sender;
    this.ids = ids;
    this.policy = policy;
    this.clock = clock;
    this.random = random;
    this.writer = writer;
    int limit = policy.inFlightMax();
    this.log = new GroupCommit<>(vertx, limit, RECORD_BATCH_MAX, RECORD_BATCH_MAX / 4,
        new CommitMeter(registry, "webhook-log", writer, limit), this::record);
    this.calls = new QueueMeter(registry, "webhook-calls", writer, limit, this, s -> s.inFlight);
    this.memory = new QueueMeter(registry, "webhook-memory", writer, policy.inMemoryMax(), this,
        s -> s.inMemory);
    this.delivered = registry.counter("millrace.webhook.attempts", "outcome", "delivered");
    this.failed = registry.counter("millrace.webhook.attempts", "outcome", "failed");
    this.dead = registry.counter("millrace.webhook.dead.letters");
    this.opened = registry.counter("millrace.webhook.breaker.opened");
    Gauge.builder("millrace.webhook.endpoints.failing", this,
        s -> List.copyOf(s.lanes.values()).stream().filter(EndpointQueue::open).count()).register(registry);
  }

  private Future<List<Boolean>> record(List<DeliveryStore.Outcome> outcomes) {
    return store.record(epoch, outcomes).map(v -> outcomes.stream().map(o -> true).toList());
  }

  private long nowMs() { return clock.millis(); }

  private OffsetDateTime now() { return at(clock.instant()); }

  private static OffsetDateTime at(Instant instant) { return instant.atOffset(ZoneOffset.UTC); }

  /**
   * Begins under a new epoch, knowing nothing. What is still out of the one before is not written any more.
   */
  void begin(long newEpoch) {
    epoch = newEpoch;
    generation++;
    lanes.clear();
    turns.clear();
    inFlight = 0;
    inMemory = 0;
    slowInFlight = 0;
  }

  /** Endpoints that are new or have changed: their backlog is looked at anew. */
  void set(Collection<Endpoint> changed) {
    for (Endpoint endpoint : changed) {
      EndpointQueue lane = lanes.get(endpoint.id());
      if (endpoint.deleted()) {
        if (lane != null) drop(lane, endpoint);
        continue;
      }
      if (lane == null) {
        lanes.put(endpoint.id(), new EndpointQueue(endpoint, policy, nowMs()));
      } else if (!lane.endpoint.changed().isEqual(endpoint.changed())) {
        lane.set(endpoint);
        lane.loadAtMs = 0;
      }
    }
  }

  /** How many deliveries of one endpoint may be at hand. */
  private int share() {
    return Math.clamp(policy.inMemoryMax() / Math.max(1, lanes.size()), 1, EndpointQueue.QUEUE_MAX);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void drop(EndpointQueue lane, Endpoint deleted) {
    lane.noted(deleted);
    inMemory -= lane.queue.size();
    lane.queue.clear();
    lanes.remove(deleted.id());
  }

  @Nullable
  EndpointQueue lane(UUID endpoint) { return lanes.get(endpoint); }

  /** Deliveries that have just been planned and stand in Postgres: sent from memory while there is room. */
  void offer(List<DeliveryStore.Planned> planned) {
    long now = nowMs();
    int share = share();
    for (var p : planned) {
      EndpointQueue lane = lanes.get(p.delivery().endpoint());
      if (lane == null || p.held()) continue;
      boolean room = lane.queue.size() < share;
      if (!room) memory.reject();
      if (room && !p.ordered() && !lane.loading && lane.loadAtMs > now) enqueue(lane, p.delivery());
      else lane.loadAtMs = Math.min(lane.loadAtMs, now);
    }
    turn();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void enqueue(EndpointQueue lane, Delivery delivery) {
    if (!lane.known.add(delivery.id())) return;
    lane.queue.add(delivery);
    inMemory++;
    takeTurn(lane);
  }

  private void takeTurn(EndpointQueue lane) {
    if (lane.inTurn || lane.queue.isEmpty()) return;
    lane.inTurn = true;
    turns.add(lane);
  }

  /** What time brings: due retries, throttles and breakers, probes, drains. Called some times a second. */
  void tick() {
    long now = nowMs();
    int share = share();
    var hungry = new ArrayList<EndpointQueue>();
    for (EndpointQueue lane : lanes.values()) {
      if (lane.waitsForTime()) takeTurn(lane);
      if (lane.wantsLoad(now, share)) hungry.add(lane);
      else if (lane.wantsProbe(now)) revive(lane, at(clock.instant().plusSeconds(1)), 1);
      else if (lane.wantsDrain(now)) drain(lane, now);
      if (lane.open() && now >= lane.expireAtMs) expire(lane, now);
    }
    turn();
    load(hungry);
  }

  /** Whether nothing is out, at hand or will be due: until something is planned, ticks have nothing to do. */
  boolean still() {
    return inFlight == 0 && turns.isEmpty() && lanes.values().stream().allMatch(EndpointQueue::still);
  }

  /** The notifier is being closed: what is out may still be answered. */
  void sendNoMore() {
    closed = true;
  }

  /** Completes when nothing is out any more, at the latest after so many milliseconds. */
  Future<Void> drained(long ms) {
    return Drain.of(vertx, () -> inFlight, ms).mapEmpty();
  }

  /** One delivery of each lane in turn, until nobody may send or all calls are out. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void turn() {
    long now = nowMs();
    int share = share();
    int idle = 0;
    var hungry = new ArrayList<EndpointQueue>();
    while (!closed && idle < turns.size() && inFlight < policy.inFlightMax()) {
      EndpointQueue lane = turns.remove();
      boolean slow = lane.slow();
      if (slow && slowInFlight >= policy.inFlightMax() / 2) {
        turns.add(lane);
        idle++;
        continue;
      }
      if (!lane.maySend(now)) {
        lane.inTurn = false;
        continue;
      }
      inMemory--;
      send(lane, lane.take(), slow);
      idle = 0;
      if (lane.queue.isEmpty()) lane.inTurn = false;
      else turns.add(lane);
      if (lane.wantsLoad(now, share)) hungry.add(lane);
    }
    if (inFlight >= policy.inFlightMax() && turns.stream().anyMatch(lane -> lane.maySend(now)))
      calls.reject();
    load(hungry);
  }

  private void load(List<EndpointQueue> hungry) {
    if (hungry.isEmpty()) return;
    int share = share();
    var asked = new HashMap<UUID, Integer>();
    for (EndpointQueue lane : hungry) {
      if (asked.size() >= LOAD_LANES_MAX) break;
      if (lane.loading) continue;
      lane.loading = true;
      lane.loadAtMs = EndpointQueue.NEVER;
      asked.put(lane.endpoint.id(), share + lane.known.size());
    }
    if (asked.isEmpty()) return;
    int asking = generation;
    store.load(asked).onComplete(result -> {
      if (asking != generation) return;
      asked.forEach((id, number) -> {
        EndpointQueue lane = lanes.get(id);
        if (lane == null) return;
        if (result.succeeded()) loaded(lane, result.result().getOrDefault(id, List.of()), number);
        else lane.loadAtMs = nowMs() + RETRY_MS;
        lane.loading = false;
        lane.left.clear();
      });
      if (result.failed()) LOG.warn("webhook_load_failed error=\"{}\"", result.cause().getMessage());
      turn();
    });
  }

  private void loaded(EndpointQueue lane, List<DeliveryStore.Due> due, int asked) {
    long now = nowMs();
    boolean more = due.size() == asked;
    if (more) memory.reject();
    long next = more ? now : EndpointQueue.NEVER;
    for (var one : due) {
      long at = one.at().toInstant().toEpochMilli();
      if (at > now) {
        next = at;
        break;
      }
      if (!lane.left.contains(one.delivery().id())) enqueue(lane, one.delivery());
    }
    lane.loadAtMs = Math.min(lane.loadAtMs, next);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void send(EndpointQueue lane, Delivery delivery, boolean slow) {
    inFlight++;
    if (slow) slowInFlight++;
    int sending = generation;
    FaultPoint.reach("webhook", "before_send");
    sender.post(lane.endpoint.settings().url(), headers(lane, delivery), delivery.body())
        .onComplete(result -> {
          if (sending != generation) return;
          judge(lane, delivery, result.result()).onComplete(written -> {
            if (sending != generation) return;
            inFlight--;
            if (slow) slowInFlight--;
            lane.inFlight--;
            lane.known.remove(delivery.id());
            if (lane.loading) lane.left.add(delivery.id());
            // What waited for this one in order is in Postgres only.
            if (lane.endpoint.settings().ordered()) lane.loadAtMs = 0;
            takeTurn(lane);
            if (lane.wantsLoad(nowMs(), share())) load(List.of(lane));
            turn();
          });
        });
  }

  private Map<String, String> headers(EndpointQueue lane, Delivery delivery) {
    var headers = new HashMap<>(lane.endpoint.settings().headers());
    String id = ids.of(delivery.place());
    long timestamp = clock.millis() / 1_000;
    byte[] body = delivery.body().getBytes();
    Signer old = lane.oldSigner;
    OffsetDateTime until = lane.endpoint.secrets().oldUntil();
    if (old != null && until != null && !until.toInstant().isAfter(clock.instant())) old = null;
    headers.put("Content-Type", "application/json");
    headers.put("User-Agent", AGENT);
    headers.put("traceparent", Trace.continued(delivery.traceparent()));
    headers.put("webhook-id", id);
    headers.put("webhook-timestamp", Long.toString(timestamp));
    headers.put("webhook-signature", lane.signer.standard(id, timestamp, body)
        + (old == null ? "" : " " + old.standard(id, timestamp, body)));
    if (lane.endpoint.settings().stripeSignature()) {
      headers.put("Stripe-Signature", "t=" + timestamp + "," + lane.signer.stripe(timestamp, body)
          + (old == null ? "" : "," + old.stripe(timestamp, body)));
    }
    return headers;
  }

  /** Writes what came of an attempt; completes when that is durable, however long Postgres is away. */
  private Future<Void> judge(EndpointQueue lane, Delivery d, Sender.Reply reply) {
    FaultPoint.reach("webhook", "sent");
    long now = nowMs();
    int tries = d.tries() + 1;
    if (reply.succeeded()) {
      delivered.increment();
      boolean recovers = lane.open();
      lane.succeeded(reply.latencyMs());
      return write(new DeliveryStore.Outcome(d, "delivered", tries, now(), now(), reply))
          .compose(v -> healthy(lane, recovers));
    }
    failed.increment();
    boolean opens = lane.failed(reply.latencyMs(), now);
    if (opens) {
      opened.increment();
      LOG.warn("webhook_endpoint_broken endpoint={} last=\"{}\"", name(lane),
          reply.error() == null ? reply.status() : reply.error());
    }
    Duration asked = reply.retryAfter();
    if (asked != null) lane.pause(now + asked.toMillis());
    boolean gone = reply.status() != null && reply.status() == 410;
    boolean last = gone || tries > policy.windows().size();
    OffsetDateTime next = last ? now() : at(clock.instant().plusMillis(waitMs(tries, asked)));
    if (last) {
      dead.increment();
      LOG.error("alert=webhook_dead_letter endpoint={} delivery={} event={} trace={} tries={}", name(lane),
          TypeId.format(TypeId.WEBHOOK_DELIVERY, d.id()), ids.of(d.place()), Trace.id(d.traceparent()),
          tries);
    } else {
      lane.loadAtMs = Math.min(lane.loadAtMs, next.toInstant().toEpochMilli());
    }
    return write(new DeliveryStore.Outcome(d, last ? "dead" : "pending", tries, next, now(), reply))
        .compose(v -> unhealthy(lane, opens)).compose(v -> disableIfDue(lane, gone, d.traceparent()));
  }

  private static String name(EndpointQueue lane) {
    return TypeId.format(TypeId.WEBHOOK_ENDPOINT, lane.endpoint.id());
  }

  private long waitMs(int tries, @Nullable Duration asked) {
    long window = policy.windows().get(tries - 1).toMillis();
    long jitter = policy.jitterPercent() == 0
        ? 0
        : random.nextLong(window * policy.jitterPercent() / 100 + 1);
    return Math.max(window, asked == null ? 0 : asked.toMillis()) + jitter;
  }

  private Future<Void> write(DeliveryStore.Outcome outcome) {
    int writing = generation;
    return log.submit(outcome).result().<Void>mapEmpty().recover(failure -> {
      if (writing != generation) return Future.succeededFuture();
      LOG.warn("webhook_outcome_not_written delivery={} error=\"{}\"",
          TypeId.format(TypeId.WEBHOOK_DELIVERY, outcome.delivery().id()), failure.getMessage());
      return vertx.timer(RETRY_MS, TimeUnit.MILLISECONDS).compose(v -> write(outcome));
    });
  }

  private Future<Void> healthy(EndpointQueue lane, boolean recovers) {
    Endpoint e = lane.endpoint;
    if (e.failingSince() == null && !recovers) return Future.succeededFuture();
    if (recovers) {
      LOG.info("webhook_endpoint_recovered endpoint={}", name(lane));
      lane.draining = true;
      lane.loadAtMs = 0;
    }
    return health(lane, null, false, recovers ? now() : e.recovered());
  }

  private Future<Void> unhealthy(EndpointQueue lane, boolean opens) {
    Endpoint e = lane.endpoint;
    if (e.failingSince() != null && !opens) return Future.succeededFuture();
    return health(lane, e.failingSince() == null ? now() : e.failingSince(), e.broken() || opens,
        e.recovered());
  }

  private Future<Void> health(EndpointQueue lane, @Nullable OffsetDateTime failingSince, boolean broken,
      @Nullable OffsetDateTime recovered) {
    lane.noted(lane.endpoint.with(failingSince, broken, recovered));
    return endpoints.health(lane.endpoint.id(), failingSince, broken, recovered).otherwise(failure -> {
      LOG.warn("webhook_health_not_written endpoint={} error=\"{}\"", name(lane), failure.getMessage());
      return null;
    });
  }

  private Future<Void> disableIfDue(EndpointQueue lane, boolean gone, String traceparent) {
    OffsetDateTime since = lane.endpoint.failingSince();
    boolean tooLong = since != null
        && !since.toInstant().plus(policy.disableAfter()).isAfter(clock.instant());
    if (!(gone || tooLong) || !lane.endpoint.enabled()) return Future.succeededFuture();
    String reason = gone ? "gone" : "failing";
    return endpoints.disable(lane.endpoint, reason, Trace.continued(traceparent), writer)
        .<Void>map(disabled -> {
          if (disabled)
            LOG.error("alert=webhook_endpoint_disabled endpoint={} reason={}", name(lane), reason);
          lane.noted(lane.endpoint.disabledFor(reason));
          return null;
        }).otherwise(failure -> {
          LOG.warn("webhook_disable_failed endpoint={} error=\"{}\"", name(lane), failure.getMessage());
          return null;
        });
  }

  /** What had died when the endpoint came back goes out again, so many a second. */
  private void drain(EndpointQueue lane, long now) {
    OffsetDateTime recovered = lane.endpoint.recovered();
    lane.reviveAtMs = now + DRAIN_EVERY_MS;
    if (recovered == null) lane.draining = false;
    else revive(lane, recovered, policy.drainPerSecond());
  }

  private void revive(EndpointQueue lane, OffsetDateTime diedBefore, int count) {
    lane.reviving = true;
    store.revive(lane.endpoint.id(), diedBefore, now(), count, policy.windows().size() + 1)
        .onComplete(result -> {
          lane.reviving = false;
          if (result.failed()) {
            LOG.warn("webhook_drain_failed endpoint={} error=\"{}\"", name(lane),
                result.cause().getMessage());
          } else if (result.result() > 0) {
            lane.loadAtMs = 0;
          } else if (lane.open()) {
            lane.probeLater(nowMs());
          } else {
            lane.draining = false;
          }
        });
  }

  private void expire(EndpointQueue lane, long now) {
    lane.expireAtMs = now + EXPIRE_EVERY_MS;
    store.expire(lane.endpoint.id(), now(), at(clock.instant().minus(policy.lifetime())), lane.known,
        policy.windows().size())
        .onComplete(result -> {
          if (result.failed()) {
            LOG.warn("webhook_expiry_failed endpoint={} error=\"{}\"", name(lane),
                result.cause().getMessage());
          } else if (result.result() > 0) {
            dead.increment(result.result());
            LOG.error("alert=webhook_dead_letters endpoint={} deliveries={}", name(lane), result.result());
          }
        });
  }
}
