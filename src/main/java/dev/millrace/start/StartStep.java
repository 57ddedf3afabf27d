package dev.millrace.start;

import dev.millrace.platform.ConfigException;
import io.vertx.core.Future;
import java.net.BindException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One step of a start, waited for on the main thread; a port that is taken becomes one clear line. */
public final class StartStep {
  private static final long START_TIMEOUT_S = 60;
  /** How long a step's undoing may take. */
  public static final long STOP_TIMEOUT_S = 15;

  private StartStep() {}

  /**
   * Waits for it.
   *
   * @param what the configuration's key of the port that it listens on
   * @throws ConfigException when the port is taken, with the variable that moves it
   * @throws Exception the step's own failure
   */
  public static <T> T await(String what, int port, Future<T> future) throws Exception {
    try {
      return future.await(START_TIMEOUT_S, TimeUnit.SECONDS);
    } catch (Exception e) { // the future's own failure, whatever its type
      if (taken(e)) {
        throw new ConfigException(
            "port " + port + " (" + what + ") is taken by another process: free it or set "
                + "MILLRACE_" + what.toUpperCase(Locale.ROOT).replace('.', '_'));
      }
      throw e;
    }
  }

  /** What a failure comes from. */
  public static Throwable root(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) root = root.getCause();
    return root;
  }

  /**
   * Whether it failed because another process listens on its port. The native transport says so in words
   * only.
   */
  public static boolean taken(Throwable e) {
    Throwable root = root(e);
    return root instanceof BindException
        || String.valueOf(root.getMessage()).contains("Address already in use");
  }
}
