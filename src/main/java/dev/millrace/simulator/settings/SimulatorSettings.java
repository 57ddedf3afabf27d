package dev.millrace.simulator.settings;

import io.vertx.core.json.JsonObject;

/**
 * What can be changed while the simulator runs. Valid by construction; not durable: a restart takes the
 * start options.
 *
 * @param latencyMsMin
 *          least milliseconds before a call that moves money is carried out
 * @param latencyMsMax
 *          most milliseconds before a call that moves money is carried out
 * @param failureRate
 *          share of the calls that move money answered 500, moving nothing
 * @param hangRate
 *          share of the calls that move money never answered, moving nothing
 * @param slowMs
 *          extra milliseconds {@code pm_sim_slow} takes
 * @param outage
 *          how the provider is away, if it is
 */
public record SimulatorSettings(int latencyMsMin, int latencyMsMax, double failureRate, double hangRate,
    int slowMs, EffectSettings effects, Outage outage, AnswerSettings answers, WebhookSettings webhooks) {

  public static final int DEFAULT_SLOW_MS = 3_000;
  private static final int DELAY_MS_MAX = 600_000;

  public SimulatorSettings {
    check(latencyMsMin, latencyMsMax, failureRate);
    checkRate("hang_rate", hangRate);
    checkDelay("slow_ms", slowMs);
  }

  /**
   * Checks what a simulator can be started with.
   *
   * @throws IllegalArgumentException
   *           naming the value that is out of its range
   */
  public static void check(int latencyMsMin, int latencyMsMax, double failureRate) {
    checkDelays("latency_ms_min", latencyMsMin, "latency_ms_max", latencyMsMax);
    checkRate("failure_rate", failureRate);
  }

  /**
   * These settings with the given ones replaced; what is not named stays.
   *
   * @throws IllegalArgumentException
   *           naming the field that is unknown, of the wrong type or out of its range
   */
  public SimulatorSettings with(JsonObject change) {
    JsonObject all = toJson();
    for (var field : change) {
      if (!all.containsKey(field.getKey())) {
        throw new IllegalArgumentException("unknown field: " + field.getKey());
      }
      all.put(field.getKey(), field.getValue());
    }
    return new SimulatorSettings(integer(all, "latency_ms_min"), integer(all, "latency_ms_max"),
        number(all, "failure_rate"), number(all, "hang_rate"), integer(all, "slow_ms"),
        EffectSettings.of(all), Outage.of(all.getValue("outage")), AnswerSettings.of(all),
        WebhookSettings.of(all));
  }

  public JsonObject toJson() {
    var json = new JsonObject().put("latency_ms_min", latencyMsMin).put("latency_ms_max", latencyMsMax)
        .put("failure_rate", failureRate).put("hang_rate", hangRate).put("slow_ms", slowMs);
    effects.putTo(json);
    json.put("outage", outage.text());
    answers.putTo(json);
    webhooks.putTo(json);
    return json;
  }

  static int integer(JsonObject json, String name) {
    if (json.getValue(name) instanceof Integer whole) {
      return whole;
    }
    throw new IllegalArgumentException(name + " must be a whole number");
  }

  static double number(JsonObject json, String name) {
    if (json.getValue(name) instanceof Number number) {
      return number.doubleValue();
    }
    throw new IllegalArgumentException(name + " must be a number");
  }

  static boolean flag(JsonObject json, String name) {
    if (json.getValue(name) instanceof Boolean flag) {
      return flag;
    }
    throw new IllegalArgumentException(name + " must be true or false");
  }

  static void checkDelays(String minName, int minMs, String maxName, int maxMs) {
    checkDelay(minName, minMs);
    checkDelay(maxName, maxMs);
    if (minMs > maxMs) {
      throw new IllegalArgumentException(
          minName + " (" + minMs + ") must not be greater than " + maxName + " (" + maxMs + ")");
    }
  }

  static void checkDelay(String name, int ms) {
    if (ms < 0 || ms > DELAY_MS_MAX) {
      throw new IllegalArgumentException(name + " must be from 0 to " + DELAY_MS_MAX + ", not " + ms);
    }
  }

  static void checkRate(String name, double rate) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException(name + " must be from 0 to 1, not " + rate);
    }
  }
}
