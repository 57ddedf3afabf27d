package dev.millrace.simulator;

import dev.millrace.simulator.Entry.Opening;
import dev.millrace.simulator.Standing.Status;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.TreeMap;

/** Running sums over the book. */
final class Totals {
  private final Map<String, Sums> byCurrency = new TreeMap<>();
  private int entries;
  private int succeeded;
  private int declined;

  /** Minor units of one currency. */
  private static final class Sums {
    private long captured;
    private long refunded;
    private long disputed;
    private long returned;

    void add(Standing standing, int sign) {
      captured += sign * standing.captured();
      refunded += sign * standing.refunded();
      disputed += sign * standing.disputed();
      returned += sign * standing.returned();
    }

    JsonObject toJson() {
      return new JsonObject().put("captured", captured).put("refunded", refunded).put("disputed", disputed)
          .put("returned", returned);
    }
  }

  /** Counts a new payment. */
  void add(Entry entry) {
    entries++;
    Opening opening = entry.opening();
    if (opening == Opening.CHARGED) {
      succeeded++;
      sums(entry).captured += entry.amount();
    } else if (opening == Opening.DECLINED) {
      declined++;
    }
  }

  /** Takes out what a payment has been counted for, before it moves. */
  void subtract(Standing standing) {
    count(standing, -1);
  }

  /** Counts what a payment has come to, after it moved. */
  void add(Standing standing) {
    count(standing, 1);
  }

  private void count(Standing standing, int sign) {
    if (standing.status() == Status.SUCCEEDED) {
      succeeded += sign;
    } else if (standing.status() == Status.DECLINED) {
      declined += sign;
    }
    if (standing.captured() > 0 || byCurrency.containsKey(standing.entry().currency())) {
      sums(standing.entry()).add(standing, sign);
    }
  }

  private Sums sums(Entry entry) {
    return byCurrency.computeIfAbsent(entry.currency(), currency -> new Sums());
  }

  /** Amounts in minor units. */
  JsonObject toJson() {
    var currencies = new JsonObject();
    byCurrency.forEach((currency, sums) -> currencies.put(currency, sums.toJson()));
    return new JsonObject().put("entries", entries).put("succeeded", succeeded).put("declined", declined)
        .put("by_currency", currencies);
  }
}
