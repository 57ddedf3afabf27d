package dev.millrace.start;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import io.vertx.core.Vertx;
import java.util.concurrent.Callable;

/**
 * What Millrace has for trying it out and the production image leaves out: the embedded servers and the
 * simulator. They are loaded by name, so that the rest starts on a class path without them; where a
 * configuration asks for one that is not there, the start ends with one line that says so.
 */
public final class OptionalParts {
  private OptionalParts() {}

  /** Postgres, Redis and Kafka in processes or threads of Millrace's own. */
  public interface ServerStarter {
    /**
     * Starts those that the configuration names as embedded, or of these Postgres alone; what it returns
     * stops them. Blocks until they take clients.
     *
     * @throws ConfigException when one of them cannot start: the message says why
     */
    Runnable start(Config config, boolean onlyPostgres);
  }

  /** The stand-in payment provider. */
  public interface SimulatorStarter {
    /** Starts it on an event loop of {@code vertx}; what it returns stops it. Blocks until it listens. */
    Callable<?> start(Config config, Vertx vertx) throws Exception;
  }

  public static ServerStarter embeddedServers() {
    return load(ServerStarter.class, "dev.millrace.start.EmbeddedServersPart", "the embedded servers",
        "take `servers` out of `roles` and set `postgres.uri`, `redis.uri` and `kafka.bootstrap`");
  }

  public static SimulatorStarter simulator() {
    return load(SimulatorStarter.class, "dev.millrace.start.SimulatorPart", "the simulator",
        "take `simulator` out of `roles`");
  }

  private static <T> T load(Class<T> type, String name, String part, String remedy) {
    try {
      return type.cast(Class.forName(name).getDeclaredConstructor().newInstance());
    } catch (ClassNotFoundException e) {
      throw new ConfigException("the production build does not contain " + part + ": " + remedy);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(name + " cannot be made", e);
    }
  }
}
