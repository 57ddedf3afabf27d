package dev.millrace.start;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.Servers;
import dev.millrace.rebuild.Rebuild;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code rebuild [--replace]} on the command line. Where Postgres is embedded and no gateway runs, it is
 * started for the time of the command.
 */
public final class RebuildCommand {
  private static final int CONNECT_TIMEOUT_MS = 1_000;

  private RebuildCommand() {}

  /** Answers the exit code of {@link Rebuild}. */
  public static int run(String[] args, Map<String, String> environment) {
    List<String> words = List.of(args);
    boolean replace = words.equals(List.of("rebuild", "--replace"));
    if (!replace && !words.equals(List.of("rebuild"))) {
      System.err.println("millrace: unknown arguments " + String.join(" ", words)
          + "; without any it starts the gateway, and `rebuild [--replace]` rebuilds what is derived from the journal");
      return Rebuild.IMPOSSIBLE;
    }
    Runnable started = null;
    try {
      var config = Config.load(environment);
      var servers = new Servers(config);
      if (servers.embeddedPostgres()) started = start(config);
      return new Rebuild(servers.jdbcUrl(), config.text("postgres.migrate-user"),
          config.text("postgres.migrate-password"), System.out).run(replace);
    } catch (ConfigException e) {
      System.err.println("millrace: " + e.getMessage());
      return Rebuild.IMPOSSIBLE;
    } finally {
      if (started != null) started.run();
    }
  }

  /** Null when it runs already, with a gateway. */
  private static @Nullable Runnable start(Config config) {
    int port = config.port("embedded.postgres-port");
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_TIMEOUT_MS);
      return null;
    } catch (IOException nobodyListens) {
      return OptionalParts.embeddedServers().start(config, true);
    }
  }
}
