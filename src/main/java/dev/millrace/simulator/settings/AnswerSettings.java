package dev.millrace.simulator.settings;

import io.vertx.core.json.JsonObject;

/**
 * How calls that move money are answered; holds for calls that arrive, or become durable, from now on.
 *
 * @param throttleRate
 *          share of the calls answered 429, before anything else is looked at, moving nothing
 * @param delayMsMin
 *          least milliseconds between the movement in the book and the answer
 * @param delayMsMax
 *          most milliseconds between the movement in the book and the answer
 * @param forgetKeys
 *          whether a call under a known idempotency key is taken for a new one, and moves money once more
 */
public record AnswerSettings(double throttleRate, int delayMsMin, int delayMsMax, boolean forgetKeys) {

  public static final AnswerSettings DEFAULT = new AnswerSettings(0, 0, 0, false);

  public AnswerSettings {
    SimulatorSettings.checkRate("throttle_rate", throttleRate);
    SimulatorSettings.checkDelays("answer_delay_ms_min", delayMsMin, "answer_delay_ms_max", delayMsMax);
  }

  /** @throws IllegalArgumentException naming the field that is of the wrong type or out of its range */
  static AnswerSettings of(JsonObject all) {
    return new AnswerSettings(SimulatorSettings.number(all, "throttle_rate"),
        SimulatorSettings.integer(all, "answer_delay_ms_min"),
        SimulatorSettings.integer(all, "answer_delay_ms_max"),
        SimulatorSettings.flag(all, "forget_keys"));
  }

  void putTo(JsonObject json) {
    json.put("throttle_rate", throttleRate).put("answer_delay_ms_min", delayMsMin)
        .put("answer_delay_ms_max", delayMsMax).put("forget_keys", forgetKeys);
  }
}
