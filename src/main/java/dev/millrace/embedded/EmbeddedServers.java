package dev.millrace.embedded;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The embedded servers under one directory, which they share with no other process.
 *
 * <p>There is no shutdown hook: the caller owns the order, and must {@link #stop} after its clients have
 * drained. Without that Postgres and Redis outlive the JVM; nothing is lost, and the next start on the
 * directory stops them first.
 */
public final class EmbeddedServers {
  /** What can be started. */
  public enum Kind {
    POSTGRES, REDIS, KAFKA
  }

  /** The ports, all at 127.0.0.1; those of kinds not started do not matter. */
  public record Ports(int postgres, int redis, int kafka, int kafkaController) {
    private List<ListenPort> of(Kind kind) {
      return switch (kind) {
        case POSTGRES ->
          List.of(new ListenPort(postgres, "embedded.postgres-port", "MILLRACE_EMBEDDED_POSTGRES_PORT"));
        case REDIS -> List.of(new ListenPort(redis, "embedded.redis-port", "MILLRACE_EMBEDDED_REDIS_PORT"));
        case KAFKA -> List.of(new ListenPort(kafka, "embedded.kafka-port", "MILLRACE_EMBEDDED_KAFKA_PORT"),
            new ListenPort(kafkaController, "embedded.kafka-controller-port",
                "MILLRACE_EMBEDDED_KAFKA_CONTROLLER_PORT"));
      };
    }
  }

  private final Path directory;
  private final Ports ports;
  private final DirectoryLock lock;
  private final Map<Kind, EmbeddedServer> running = new EnumMap<>(Kind.class);

  private EmbeddedServers(Path directory, Ports ports, DirectoryLock lock) {
    this.directory = directory;
    this.ports = ports;
    this.lock = lock;
  }

  /**
   * Starts the kinds side by side; on return all take clients. Data of an earlier run is found again, and
   * orphans of a killed one are stopped first. If one kind fails, the others are stopped.
   *
   * @param directory created if absent; one subdirectory a kind
   * @throws EmbeddedServerException when a port is taken, the directory in use, or a server does not come up
   */
  public static EmbeddedServers start(Path directory, Ports ports, Set<Kind> kinds) {
    Path home = Directories.create(directory);
    EmbeddedServers servers = new EmbeddedServers(home, ports, DirectoryLock.acquire(home));
    try {
      servers.startAll(kinds);
    } catch (RuntimeException e) {
      servers.stopAfter(e);
      throw e;
    }
    return servers;
  }

  /** Starts one kind again that {@link #stop(Kind)} stopped, on the same port and with its data. */
  public synchronized void start(Kind kind) {
    if (!running.containsKey(kind)) {
      startAll(EnumSet.of(kind));
    }
  }

  /** Stops one kind and leaves the others: what an outage looks like. */
  public synchronized void stop(Kind kind) {
    EmbeddedServer server = running.get(kind);
    if (server != null) {
      server.stop();
      running.remove(kind);
    }
  }

  /**
   * Stops everything and frees the directory. Stopping twice does nothing.
   *
   * @throws EmbeddedServerException when a server would not go; the others are stopped all the same
   */
  public synchronized void stop() {
    RuntimeException failure = null;
    for (Kind kind : List.of(Kind.KAFKA, Kind.REDIS, Kind.POSTGRES)) {
      try {
        stop(kind);
      } catch (RuntimeException e) {
        failure = firstOf(failure, e);
      }
    }
    lock.close();
    if (failure != null) {
      throw failure;
    }
  }

  /** The running Postgres. */
  public EmbeddedPostgresServer postgres() {
    return server(Kind.POSTGRES, EmbeddedPostgresServer.class);
  }

  /** The running Redis. */
  public EmbeddedRedisServer redis() {
    return server(Kind.REDIS, EmbeddedRedisServer.class);
  }

  /** The running Kafka. */
  public EmbeddedKafkaServer kafka() {
    return server(Kind.KAFKA, EmbeddedKafkaServer.class);
  }

  private synchronized <T extends EmbeddedServer> T server(Kind kind, Class<T> type) {
    EmbeddedServer server = running.get(kind);
    if (server == null) {
      throw new IllegalStateException(kind + " is not running");
    }
    return type.cast(server);
  }

  private synchronized void startAll(Set<Kind> kinds) {
    kinds.forEach(this::stopOrphans); // They hold the ports.
    kinds.forEach(kind -> ports.of(kind).forEach(ListenPort::requireFree));
    RuntimeException failure = null;
    try (
        ExecutorService starters = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("embedded-", 0)
            .factory())) {
      Map<Kind, Future<EmbeddedServer>> starting = new EnumMap<>(Kind.class);
      kinds.forEach(kind -> starting.put(kind, starters.submit(() -> launch(kind))));
      for (Map.Entry<Kind, Future<EmbeddedServer>> entry : starting.entrySet()) {
        try {
          running.put(entry.getKey(), result(entry.getValue()));
        } catch (EmbeddedServerException e) {
          failure = firstOf(failure, e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void stopOrphans(Kind kind) {
    switch (kind) {
      case POSTGRES -> EmbeddedPostgresServer.stopOrphans(directoryOf(kind));
      case REDIS -> EmbeddedRedisServer.stopOrphans(directoryOf(kind));
      case KAFKA -> {
        // It ended with its JVM.
      }
    }
  }

  private EmbeddedServer launch(Kind kind) {
    return switch (kind) {
      case POSTGRES -> EmbeddedPostgresServer.start(directoryOf(kind), ports.postgres);
      case REDIS -> EmbeddedRedisServer.start(directoryOf(kind), ports.redis);
      case KAFKA -> EmbeddedKafkaServer.start(directoryOf(kind), ports.kafka, ports.kafkaController);
    };
  }

  private Path directoryOf(Kind kind) {
    return directory.resolve(switch (kind) {
      case POSTGRES -> "postgres";
      case REDIS -> "redis";
      case KAFKA -> "kafka";
    });
  }

  /**
   * Waits out the start, interrupt or not: a server whose start nobody waited for would be nobody's to stop.
   */
  private static EmbeddedServer result(Future<EmbeddedServer> starting) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return starting.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw e.getCause() instanceof EmbeddedServerException known
              ? known
              : new EmbeddedServerException("an embedded server did not start: " + e.getCause(),
                  e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void stopAfter(RuntimeException failure) {
    try {
      stop();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private static RuntimeException firstOf(@Nullable RuntimeException first, RuntimeException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }
}
