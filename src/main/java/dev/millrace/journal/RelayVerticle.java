package dev.millrace.journal;

import dev.millrace.platform.Config;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Resources;
import dev.millrace.platform.Seal;
import dev.millrace.platform.Servers;
import dev.millrace.platform.WakeUps;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;

/** The role {@code relay}: wires the relay to its lease, its connections and Kafka. */
public final class RelayVerticle extends VerticleBase {
  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String holder;
  private final Supplier<Producer<String, byte[]>> producers;
  private final Resources open = new Resources();

  /** {@code holder} names this process in the lease, and must differ after a restart. */
  public RelayVerticle(Config config, Servers servers, MeterRegistry registry, String holder,
      Supplier<Producer<String, byte[]>> producers) {
    this.config = config;
    this.servers = servers;
    this.registry = registry;
    this.holder = holder;
    this.producers = producers;
  }

  @Override
  public Future<?> start() {
    PgLink rights = open.add(servers.link(vertx, "relay-lease", registry), PgLink::close);
    PgLink rows = open.add(servers.batchLink(vertx, "relay", registry), PgLink::close);
    var lease = open.add(new Lease(vertx, rights, "relay", holder, config.millis("relay.lease")),
        Lease::close);
    var seal = new Seal(rows);
    var relay = open.add(new Relay(vertx, rows, lease, producers, config.text("kafka.topic"),
        config.positive("relay.batch-max"), servers.interval("relay.poll-interval"),
        () -> servers.wakeUps().say(WakeUps.Source.KAFKA), seal, registry), Relay::close);
    servers.wakeUps().listen(Set.of(WakeUps.Source.JOURNAL), relay::wake);
    return rows.whenUp(10_000).compose(v -> rights.whenUp(10_000)).compose(v -> seal.load()).onSuccess(v -> {
      lease.start();
      relay.start();
    });
  }

  @Override
  public Future<?> stop() { return open.close(); }
}
