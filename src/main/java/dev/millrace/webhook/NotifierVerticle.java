package dev.millrace.webhook;

import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.Milestones;
import dev.millrace.platform.Config;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Resources;
import dev.millrace.platform.Servers;
import dev.millrace.platform.WakeUps;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.VertxInternal;
import java.time.InstantSource;
import java.util.Set;
import java.util.random.RandomGenerator;

/** The role {@code notifier}: wires the notifier to its lease, its connections and its HTTP client. */
public final class NotifierVerticle extends VerticleBase {
  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String holder;
  private final Resources open = new Resources();

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
    PgLink rights = open.add(servers.link(vertx, "notifier-lease", registry), PgLink::close);
    PgLink writes = open.add(servers.batchLink(vertx, "notifier-write", registry), PgLink::close);
    PgLink rows = open.add(servers.readLink(vertx, "notifier-read", registry), PgLink::close);
    var lease = open.add(new Lease(vertx, rights, "notifier", holder, config.millis("webhooks.lease")),
        Lease::close);
    var names = ((VertxInternal) vertx).nameResolver();
    DeliveryPolicy policy = policy(config);
    var sender = open.add(new Sender(vertx, names::resolve, new AddressPolicy(servers.privateWebhooks()),
        InstantSource.system(), policy.inFlightMax(), config.millis("webhooks.timeout")), Sender::close);
    return rows.whenUp(10_000).compose(v -> writes.whenUp(10_000)).compose(v -> rights.whenUp(10_000))
        .compose(v -> EventId.load(rows)).onSuccess(ids -> {
          var store = new DeliveryStore(writes);
          var endpoints = new EndpointStore(rows);
          // It writes how calls go, and that an endpoint is disabled, which is an event.
          var noted = new EndpointStore((sql, values) -> rows.query(sql, values)
              .onSuccess(v -> servers.wakeUps().say(WakeUps.Source.JOURNAL)));
          var scheduler = new Scheduler(vertx, store, noted, sender, ids, policy, lease,
              RandomGenerator.getDefault(), "notifier", registry);
          var notifier = open.add(new Notifier(vertx, lease, new EventReads(rows), store, endpoints,
              new ReplayOrders(rows), scheduler, ids, lease,
              servers.interval("webhooks.poll-interval"), registry), Notifier::close);
          servers.wakeUps().listen(Set.of(WakeUps.Source.JOURNAL), notifier::wake);
          lease.start();
          notifier.start();
          long noting = new Milestones(rows).start(vertx, lease, config.duration("events.retention"));
          open.onClose(() -> vertx.cancelTimer(noting));
        });
  }

  @Override
  public Future<?> stop() { return open.close(); }
}
