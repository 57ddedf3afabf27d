package dev.millrace.settlement;

import dev.millrace.platform.Config;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Resources;
import dev.millrace.platform.Servers;
import dev.millrace.platform.WakeUps;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.util.Set;
import java.util.function.UnaryOperator;

/** The role {@code settlement}: the settlement clock and the roll-up, under one lease. */
public final class SettlementVerticle extends VerticleBase {
  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String holder;
  private final UnaryOperator<String> railOf;
  private final Resources open = new Resources();

  /**
   * {@code holder} names this process in the lease, and must differ after a restart; {@code railOf} answers
   * the rail that a provider account settles over.
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
    Pool writing = open.add(servers.batchPool(vertx), Pool::close);
    PgLink rights = open.add(servers.link(vertx, "settlement-lease", registry), PgLink::close);
    var lease = open.add(new Lease(vertx, rights, "settlement", holder, config.millis("settlement.lease")),
        Lease::close);
    var intervals = new Settler.Intervals(servers.interval("settlement.interval"),
        config.millis("settlement.rollup-interval"));
    var settler = open.add(new Settler(vertx, writing, lease, "settlement",
        config.positive("settlement.batch-max"), intervals, railOf,
        () -> servers.wakeUps().say(WakeUps.Source.JOURNAL), registry), Settler::close);
    servers.wakeUps().listen(Set.of(WakeUps.Source.JOURNAL), settler::wake);
    return rights.whenUp(10_000).onSuccess(v -> {
      lease.start();
      settler.start();
    });
  }

  @Override
  public Future<?> stop() { return open.close(); }
}
