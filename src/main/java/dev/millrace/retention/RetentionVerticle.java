package dev.millrace.retention;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.inbox.InboxStore;
import dev.millrace.journal.Milestones;
import dev.millrace.platform.Config;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Resources;
import dev.millrace.platform.Servers;
import dev.millrace.webhook.DeliveryStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

/**
 * Wires the retention to its lease and its connections. It is no role: it runs on every node of the role
 * {@code settlement} or {@code notifier}, so that wherever one of them is, one node forgets what is too old.
 */
public final class RetentionVerticle extends VerticleBase {
  /** Nobody waits for what is deleted: another node may be slow to take over. */
  private static final long LEASE_MS = 10_000;

  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String holder;
  private final Resources open = new Resources();

  /** {@code holder} names this process in the lease, and must differ after a restart. */
  public RetentionVerticle(Config config, Servers servers, MeterRegistry registry, String holder) {
    this.config = config;
    this.servers = servers;
    this.registry = registry;
    this.holder = holder;
  }

  @Override
  public Future<?> start() {
    PgLink rows = open.add(servers.link(vertx, "retention", registry), PgLink::close);
    PgLink rights = open.add(servers.link(vertx, "retention-lease", registry), PgLink::close);
    var lease = open.add(new Lease(vertx, rights, "retention", holder, LEASE_MS), Lease::close);
    var stores = new Retention.Stores(new DeliveryStore(rows), new InboxStore(rows),
        new DeadLetterStore(vertx, rows, registry), new IdempotencyKeyStore(rows),
        new Milestones(rows));
    var periods = new Retention.Periods(config.duration("events.retention"),
        config.duration("inbox.retention"),
        config.duration("processor.dead-letter-retention"), config.duration("idempotency.retention"));
    var retention = new Retention(vertx, lease, stores, lease, periods);
    open.onClose(retention::close);
    return rows.whenUp(10_000).compose(v -> rights.whenUp(10_000)).onSuccess(v -> {
      lease.start();
      retention.start();
    });
  }

  @Override
  public Future<?> stop() { return open.close(); }
}
