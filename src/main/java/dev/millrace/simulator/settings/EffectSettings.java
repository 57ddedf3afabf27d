package dev.millrace.simulator.settings;

import io.vertx.core.json.JsonObject;

/**
 * How long what comes of a payment by itself takes, in milliseconds; holds for what begins from now on.
 *
 * @param disputeMs
 *          until a dispute opens, and until each decision of one that is decided by itself
 * @param returnMs
 *          until a bank returns a debit, and until such a return is reversed
 * @param refundMs
 *          until a refund arrives or fails, where it does so later
 * @param captureMs
 *          until a capture fails, where it does so later
 * @param processingMs
 *          until a payment that was only taken is charged or declined
 * @param tryMs
 *          between a refused try of the payer and the next one
 */
public record EffectSettings(int disputeMs, int returnMs, int refundMs, int captureMs, int processingMs,
    int tryMs) {

  private static final int MS = 500;
  public static final EffectSettings DEFAULT = new EffectSettings(MS, MS, MS, MS, MS, MS);

  public EffectSettings {
    SimulatorSettings.checkDelay("dispute_ms", disputeMs);
    SimulatorSettings.checkDelay("return_ms", returnMs);
    SimulatorSettings.checkDelay("refund_ms", refundMs);
    SimulatorSettings.checkDelay("capture_ms", captureMs);
    SimulatorSettings.checkDelay("processing_ms", processingMs);
    SimulatorSettings.checkDelay("try_ms", tryMs);
  }

  /** @throws IllegalArgumentException naming the field that is of the wrong type or out of its range */
  static EffectSettings of(JsonObject all) {
    return new EffectSettings(SimulatorSettings.integer(all, "dispute_ms"),
        SimulatorSettings.integer(all, "return_ms"), SimulatorSettings.integer(all, "refund_ms"),
        SimulatorSettings.integer(all, "capture_ms"), SimulatorSettings.integer(all, "processing_ms"),
        SimulatorSettings.integer(all, "try_ms"));
  }

  void putTo(JsonObject json) {
    json.put("dispute_ms", disputeMs).put("return_ms", returnMs).put("refund_ms", refundMs)
        .put("capture_ms", captureMs).put("processing_ms", processingMs).put("try_ms", tryMs);
  }
}
