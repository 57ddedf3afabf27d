package dev.millrace.journal;

import dev.millrace.platform.Config;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Servers;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/** The role {@code relay}: wires the relay to its lease, its connections and Kafka. */
public final class RelayVerticle extends VerticleBase {
  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String holder;
  private final Supplier<Producer<String, byte[]>> producers;
  private @Nullable PgLink reading;
  private @Nullable PgLink leasing;
  private @Nullable Lease lease;
  private @Nullable Relay relay;

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
    PgLink rows = servers.batchLink(vertx, "relay", registry);
    PgLink rights = servers.link(vertx, "relay-lease", registry);
    var right = new Lease(vertx, rights, "relay", holder, config.millis("relay.lease"));
    var publishing = new Relay(vertx, rows, right, producers, config.text("kafka.topic"),
        config.positive("relay.batch-max"),
        config.millis("relay.poll-interval"), registry);
    reading = rows;
    leasing = rights;
    lease = right;
    relay = publishing;
    return rows.whenUp(10_000).compose(v -> rights.whenUp(10_000)).onSuccess(v -> {
      right.start();
      publishing.start();
    });
  }

  @Override
  public Future<?> stop() {
    Future<Void> finished = relay == null ? Future.succeededFuture() : relay.close();
    return finished.transform(done -> lease == null ? Future.succeededFuture() : lease.close())
        .transform(done -> reading == null ? Future.succeededFuture() : reading.close())
        .transform(done -> leasing == null ? Future.succeededFuture() : leasing.close());
  }
}
