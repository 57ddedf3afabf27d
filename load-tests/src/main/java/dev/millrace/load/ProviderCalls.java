package dev.millrace.load;

import io.vertx.core.json.JsonObject;
import java.util.Arrays;

/**
 * The calls that arrived at the simulator from one moment on, as it counted them in slots of ten
 * milliseconds.
 */
record ProviderCalls(int[] charges, int[] operations, int[] inquiries) {

  private static final int SLOT_MS = 10;
  private static final int SECOND = 1000 / SLOT_MS;

  static ProviderCalls of(JsonObject json) {
    if (json.getInteger("slot_ms") != SLOT_MS) {
      throw new IllegalStateException(
          "the simulator counts in slots of " + json.getInteger("slot_ms") + " ms");
    }
    return new ProviderCalls(slots(json, "charge"), slots(json, "operation"), slots(json, "inquiry"));
  }

  private static int[] slots(JsonObject json, String kind) {
    return json.getJsonArray(kind).stream().mapToInt(count -> (Integer) count).toArray();
  }

  long calls() {
    return Arrays.stream(all()).asLongStream().sum();
  }

  long inquired() {
    return Arrays.stream(inquiries).asLongStream().sum();
  }

  private int[] all() {
    var all = new int[charges.length];
    Arrays.setAll(all, slot -> charges[slot] + operations[slot] + inquiries[slot]);
    return all;
  }

  /** The calls of every kind in each second there is, one beginning with each slot; the fewest first. */
  int[] seconds() {
    var all = all();
    int windows = Math.max(1, all.length - SECOND + 1);
    var sums = new int[windows];
    for (int slot = 0; slot < Math.min(SECOND, all.length); slot++) {
      sums[0] += all[slot];
    }
    for (int window = 1; window < windows; window++) {
      sums[window] = sums[window - 1] - all[window - 1] + all[window - 1 + SECOND];
    }
    Arrays.sort(sums);
    return sums;
  }
}
