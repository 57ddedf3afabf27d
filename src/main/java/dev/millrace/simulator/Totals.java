package dev.millrace.simulator;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.TreeMap;

/** Running sums over the book. */
final class Totals {
  private final Map<String, Long> captured = new TreeMap<>();
  private int succeeded;
  private int declined;
  private int duplicateReferences;

  /** Counts an entry, the n-th succeeded one of its reference ({@code n} is 0 for a decline). */
  void add(Entry entry, int succeededOfReference) {
    if (!entry.succeeded()) {
      declined++;
      return;
    }
    succeeded++;
    captured.merge(entry.currency(), entry.amount(), Long::sum);
    if (succeededOfReference == 2) {
      duplicateReferences++;
    }
  }

  /** Amounts in minor units. Nothing is ever refunded yet. */
  JsonObject toJson() {
    var currencies = new JsonObject();
    captured.forEach(
        (currency, sum) -> currencies.put(currency,
            new JsonObject().put("captured", sum).put("refunded", 0)));
    return new JsonObject().put("entries", succeeded + declined).put("succeeded", succeeded)
        .put("declined", declined).put("by_currency", currencies)
        .put("duplicate_references", duplicateReferences);
  }
}
