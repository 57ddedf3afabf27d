package dev.millrace.simulator.book;

import dev.millrace.simulator.book.Entry.Opening;
import dev.millrace.simulator.book.PaymentState.Status;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.TreeMap;

/** Running sums over the book. */
public final class Totals {
  private final Map<String, Sums> byCurrency = new TreeMap<>();
  private int entries;
  private int succeeded;
  private int declined;

  /** ISO 4217's minor units of one currency. */
  private static final class Sums {
    private long captured;
    private long refunded;
    private long disputed;
    private long returned;

    void add(PaymentState state, int sign) {
      captured += sign * state.captured();
      refunded += sign * state.refunded();
      disputed += sign * state.disputed();
      returned += sign * state.returned();
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
  void subtract(PaymentState state) {
    count(state, -1);
  }

  /** Counts what a payment has come to, after it moved. */
  void add(PaymentState state) {
    count(state, 1);
  }

  private void count(PaymentState state, int sign) {
    if (state.status() == Status.SUCCEEDED) {
      succeeded += sign;
    } else if (state.status() == Status.DECLINED) {
      declined += sign;
    }
    if (state.captured() > 0 || byCurrency.containsKey(state.entry().currency())) {
      sums(state.entry()).add(state, sign);
    }
  }

  private Sums sums(Entry entry) {
    return byCurrency.computeIfAbsent(entry.currency(), currency -> new Sums());
  }

  /** Amounts in ISO 4217's minor units. */
  public JsonObject toJson() {
    var currencies = new JsonObject();
    byCurrency.forEach((currency, sums) -> currencies.put(currency, sums.toJson()));
    return new JsonObject().put("entries", entries).put("succeeded", succeeded).put("declined", declined)
        .put("by_currency", currencies);
  }
}
