package dev.millrace.simulator;

import io.vertx.core.json.JsonObject;

/**
 * What can be changed while the simulator runs. Valid by construction; not durable: a restart takes the
 * start options.
 *
 * @param latencyMsMin
 *          least milliseconds before a new payment is charged
 * @param latencyMsMax
 *          most milliseconds before a new payment is charged
 * @param failureRate
 *          share of new payments answered 500, charging nothing
 * @param hangRate
 *          share of new payments never answered, charging nothing
 * @param slowMs
 *          extra milliseconds {@code pm_sim_slow} takes
 */
record Settings(int latencyMsMin, int latencyMsMax, double failureRate, double hangRate, int slowMs) {

  static final int DEFAULT_SLOW_MS = 3_000;
  private static final int DELAY_MS_MAX = 600_000;

  Settings {
    check(latencyMsMin, latencyMsMax, failureRate);
    checkRate("hang_rate", hangRate);
    checkDelay("slow_ms", slowMs);
  }

  /** @throws IllegalArgumentException naming the value that is out of its range */
  static void check(int latencyMsMin, int latencyMsMax, double failureRate) {
    checkDelay("latency_ms_min", latencyMsMin);
    checkDelay("latency_ms_max", latencyMsMax);
    checkRate("failure_rate", failureRate);
    if (latencyMsMin > latencyMsMax) {
      throw new IllegalArgumentException("latency_ms_min (" + latencyMsMin
          + ") must not be greater than latency_ms_max (" + latencyMsMax + ")");
    }
  }

  /**
   * These settings with the given ones replaced; what is not named stays.
   *
   * @throws IllegalArgumentException
   *           naming the field that is unknown, of the wrong type or out of its range
   */
  Settings with(JsonObject change) {
    int min = latencyMsMin;
    int max = latencyMsMax;
    double failures = failureRate;
    double hangs = hangRate;
    int slow = slowMs;
    for (var field : change) {
      String name = field.getKey();
      Object value = field.getValue();
      switch (name) {
        case "latency_ms_min" -> min = integer(name, value);
        case "latency_ms_max" -> max = integer(name, value);
        case "failure_rate" -> failures = number(name, value);
        case "hang_rate" -> hangs = number(name, value);
        case "slow_ms" -> slow = integer(name, value);
        default -> throw new IllegalArgumentException("unknown field: " + name);
      }
    }
    return new Settings(min, max, failures, hangs, slow);
  }

  JsonObject toJson() {
    return new JsonObject().put("latency_ms_min", latencyMsMin).put("latency_ms_max", latencyMsMax)
        .put("failure_rate", failureRate).put("hang_rate", hangRate).put("slow_ms", slowMs);
  }

  private static int integer(String name, Object value) {
    if (value instanceof Integer whole) {
      return whole;
    }
    throw new IllegalArgumentException(name + " must be a whole number");
  }

  private static double number(String name, Object value) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw new IllegalArgumentException(name + " must be a number");
  }

  private static void checkDelay(String name, int ms) {
    if (ms < 0 || ms > DELAY_MS_MAX) {
      throw new IllegalArgumentException(name + " must be from 0 to " + DELAY_MS_MAX + ", not " + ms);
    }
  }

  private static void checkRate(String name, double rate) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException(name + " must be from 0 to 1, not " + rate);
    }
  }
}
