package dev.millrace.processing;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import java.util.Locale;

/** What of a payment is tried again when it fails. Each has a limit of its own. */
enum RetryKind {
  /** The payment itself, until it is charged, held or refused. */
  CHARGE,
  /** What is asked of it afterwards: capture, cancellation, refund. */
  OPERATION;

  String wire() { return name().toLowerCase(Locale.ROOT); }

  /** Fails with {@link IllegalArgumentException} for a name of none. */
  static RetryKind ofWire(String wire) {
    return valueOf(wire.toUpperCase(Locale.ROOT));
  }

  /** How many of the retry windows each may use. */
  record Limits(int charge, int operation) {
    /**
     * As configured.
     *
     * @throws ConfigException for more than there are windows
     */
    static Limits of(Config config) {
      int windows = config.durations("processor.retry-windows").size();
      return new Limits(
          checked("processor.charge-windows-max", config.integer("processor.charge-windows-max"), windows),
          checked("processor.operation-windows-max", config.integer("processor.operation-windows-max"),
              windows));
    }

    private static int checked(String key, int value, int windows) {
      if (value > windows)
        throw new ConfigException("`" + key + "` must be 0, for all, to " + windows
            + ", which is how many `processor.retry-windows` there are, not " + value);
      return value == 0 ? windows : value;
    }

    int of(RetryKind handler) {
      return switch (handler) {
        case CHARGE -> charge;
        case OPERATION -> operation;
      };
    }
  }
}
