package dev.millrace.simulator.settings;

import io.vertx.core.json.JsonObject;

/**
 * How webhooks travel; holds for what becomes durable from now on. Those already under way, their retries
 * and what is sent again on request are not touched.
 *
 * @param delayMsMin
 *          least milliseconds between an entry and its webhook
 * @param delayMsMax
 *          most milliseconds between an entry and its webhook, shuffling aside
 * @param duplicateRate
 *          share of webhooks sent once more, after a delay of their own
 * @param shuffleMs
 *          up to so many milliseconds more for each webhook, at random, so that they overtake each other
 * @param lossRate
 *          share of webhooks never sent
 * @param on
 *          whether entries are told at all
 */
public record WebhookSettings(int delayMsMin, int delayMsMax, double duplicateRate, int shuffleMs,
    double lossRate,
    boolean on) {

  public static final WebhookSettings DEFAULT = new WebhookSettings(50, 150, 0, 0, 0, true);

  public WebhookSettings {
    SimulatorSettings.checkDelays("webhook_delay_ms_min", delayMsMin, "webhook_delay_ms_max", delayMsMax);
    SimulatorSettings.checkRate("webhook_duplicate_rate", duplicateRate);
    SimulatorSettings.checkDelay("webhook_shuffle_ms", shuffleMs);
    SimulatorSettings.checkRate("webhook_loss_rate", lossRate);
  }

  /** @throws IllegalArgumentException naming the field that is of the wrong type or out of its range */
  static WebhookSettings of(JsonObject all) {
    return new WebhookSettings(SimulatorSettings.integer(all, "webhook_delay_ms_min"),
        SimulatorSettings.integer(all, "webhook_delay_ms_max"),
        SimulatorSettings.number(all, "webhook_duplicate_rate"),
        SimulatorSettings.integer(all, "webhook_shuffle_ms"),
        SimulatorSettings.number(all, "webhook_loss_rate"),
        SimulatorSettings.flag(all, "webhooks"));
  }

  void putTo(JsonObject json) {
    json.put("webhook_delay_ms_min", delayMsMin).put("webhook_delay_ms_max", delayMsMax)
        .put("webhook_duplicate_rate", duplicateRate).put("webhook_shuffle_ms", shuffleMs)
        .put("webhook_loss_rate", lossRate).put("webhooks", on);
  }
}
