package dev.millrace.settlement;

import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.platform.Config;
import dev.millrace.platform.Database;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Servers;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The role {@code settlement}: the settlement clock, the roll-up and the expiry of idempotency keys, under one lease. */
public final class SettlementVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(SettlementVerticle.class);
  private static final long EXPIRE_EVERY_MS = 10_000;

  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String holder;
  private final UnaryOperator<String> railOf;
  private @Nullable Pool pool;
  private @Nullable PgLink leasing;
  private @Nullable Lease lease;
  private @Nullable Settler settler;

  /**
   * {@code holder} names this process in the lease, and must differ after a restart; {@code railOf} answers the rail that
   * a provider account settles over.
   */
  public SettlementVerticle(Config config, Servers servers, MeterRegistry registry, String holder,
      UnaryOperator<String> railOf) {
    this.railOf = railOf;
    this.config = config;
    this.servers = servers;
    this.registry = registry;
    this.holder = holder;
  }

  @Override
  public Future<?> start() {
    Pool writing = servers.batchPool(vertx);
    PgLink rights = servers.link(vertx, "settlement-lease", registry);
    var right = new Lease(vertx, rights, "settlement", holder, config.millis("settlement.lease"));
    var settling = new Settler(vertx, writing, right, "settlement", config.positive("settlement.batch-max"),
        railOf, registry);
    pool = writing;
    leasing = rights;
    lease = right;
    settler = settling;
    var keys = new IdempotencyKeyStore(new Database(writing, config.millis("postgres.statement-timeout"),
        servers.poolRoom("settlement", registry)));
    long retentionMs = config.millis("idempotency.retention");
    vertx.setPeriodic(EXPIRE_EVERY_MS, id -> {
      if (right.held())
        keys.expire(retentionMs)
            .onFailure(e -> LOG.warn("idempotency_expiry_failed error=\"{}\"", e.getMessage()));
    });
    return rights.whenUp(10_000).onSuccess(v -> {
      right.start();
      settling.every(config.millis("settlement.interval"));
      settling.rollUpEvery(config.millis("settlement.rollup-interval"));
    });
  }

  @Override
  public Future<?> stop() {
    Future<Void> finished = settler == null ? Future.succeededFuture() : settler.close();
    return finished.transform(done -> lease == null ? Future.succeededFuture() : lease.close())
        .transform(done -> leasing == null ? Future.succeededFuture() : leasing.close())
        .transform(done -> pool == null ? Future.succeededFuture() : pool.close());
  }
}
