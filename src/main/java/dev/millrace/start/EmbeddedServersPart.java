package dev.millrace.start;

import dev.millrace.embedded.EmbeddedServerException;
import dev.millrace.embedded.EmbeddedServers;
import dev.millrace.embedded.EmbeddedServers.Kind;
import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.Servers;
import java.nio.file.Path;
import java.util.EnumSet;

/** Starts the embedded servers as configured. Not in the production build. */
final class EmbeddedServersPart implements OptionalParts.ServerStarter {
  @Override
  public Runnable start(Config config, boolean onlyPostgres) {
    var servers = new Servers(config);
    var kinds = EnumSet.noneOf(Kind.class);
    if (servers.embeddedPostgres()) kinds.add(Kind.POSTGRES);
    if (servers.embeddedRedis() && !onlyPostgres) kinds.add(Kind.REDIS);
    if (servers.embeddedKafka() && !onlyPostgres) kinds.add(Kind.KAFKA);
    var ports = new EmbeddedServers.Ports(config.port("embedded.postgres-port"),
        config.port("embedded.redis-port"),
        config.port("embedded.kafka-port"), config.port("embedded.kafka-controller-port"));
    try {
      return EmbeddedServers.start(Path.of(config.text("data.directory")), ports, kinds)::stop;
    } catch (EmbeddedServerException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }
}
