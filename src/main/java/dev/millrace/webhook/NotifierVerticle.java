package dev.millrace.webhook;

import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.Milestones;
import dev.millrace.platform.Config;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Servers;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.VertxInternal;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The role {@code notifier}: wires the notifier to its lease, its connections and its HTTP client. */
public final class NotifierVerticle extends VerticleBase {
  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String holder;
  private @Nullable PgLink reading;
  private @Nullable PgLink writing;
  private @Nullable PgLink leasing;
  private @Nullable Lease lease;
  private @Nullable Notifier notifier;
  private @Nullable Milestones milestones;
  private @Nullable Retention retention;
  private @Nullable Sender sender;

  /** {@code holder} names this process in the lease, and must differ after a restart. */
  public NotifierVerticle(Config config, Servers servers, MeterRegistry registry, String holder) {
    this.config = config;
    this.servers = servers;
    this.registry = registry;
    this.holder = holder;
  }

  /** How deliveries are made, by the configuration. */
  static DeliveryPolicy policy(Config config) {
    return new DeliveryPolicy(config.durations("webhooks.retry-windows"),
        config.integer("webhooks.retry-jitter-percent"),
        config.positive("webhooks.in-flight-max"), config.positive("webhooks.in-memory-max"),
        config.positive("webhooks.breaker-failures"),
        config.duration("webhooks.breaker-cooldown"), config.duration("webhooks.probe-interval"),
        config.positive("webhooks.drain-per-second"), config.duration("webhooks.disable-after"));
  }

  @Override
  public Future<?> start() {
    PgLink rows = servers.readLink(vertx, "notifier-read", registry);
    PgLink writes = servers.batchLink(vertx, "notifier-write", registry);
    PgLink rights = servers.link(vertx, "notifier-lease", registry);
    reading = rows;
    writing = writes;
    leasing = rights;
    var right = new Lease(vertx, rights, "notifier", holder, config.millis("webhooks.lease"));
    lease = right;
    var names = ((VertxInternal) vertx).nameResolver();
    DeliveryPolicy policy = policy(config);
    var calls = new Sender(vertx, names::resolve, new AddressPolicy(servers.privateWebhooks()),
        InstantSource.system(), policy.inFlightMax(), config.millis("webhooks.timeout"));
    sender = calls;
    var marks = new Milestones(vertx, right, rows, config.duration("events.retention"),
        Retention.MARGIN.multipliedBy(2));
    milestones = marks;
    var forgetting = new Retention(vertx, right, rows, right,
        config.duration("events.retention"), config.duration("inbox.retention"),
        config.duration("processor.dead-letter-retention"));
    retention = forgetting;
    return rows.whenUp(10_000).compose(v -> writes.whenUp(10_000)).compose(v -> rights.whenUp(10_000))
        .compose(v -> EventId.load(rows)).onSuccess(ids -> {
          var store = new DeliveryStore(writes);
          var endpoints = new EndpointStore(rows);
          var scheduler = new Scheduler(vertx, store, endpoints, calls, ids, policy, right,
              RandomGenerator.getDefault(), "notifier", registry);
          var notifying = new Notifier(vertx, right, new EventReads(rows), store, endpoints,
              new ReplayOrders(rows), scheduler, ids, right,
              config.millis("webhooks.poll-interval"), registry);
          notifier = notifying;
          right.start();
          notifying.start();
          marks.start();
          forgetting.start();
        });
  }

  @Override
  public Future<?> stop() {
    if (milestones != null) milestones.close();
    if (retention != null) retention.close();
    Future<Void> finished = notifier == null ? Future.succeededFuture() : notifier.close();
    return finished.transform(done -> sender == null ? Future.succeededFuture() : sender.close())
        .transform(done -> lease == null ? Future.succeededFuture() : lease.close())
        .transform(done -> reading == null ? Future.succeededFuture() : reading.close())
        .transform(done -> writing == null ? Future.succeededFuture() : writing.close())
        .transform(done -> leasing == null ? Future.succeededFuture() : leasing.close());
  }
}
