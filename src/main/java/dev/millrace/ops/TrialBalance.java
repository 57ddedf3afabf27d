package dev.millrace.ops;

import dev.millrace.ledger.Balances;
import dev.millrace.platform.InstantText;
import dev.millrace.platform.Database;
import dev.millrace.platform.OperatorRefusal;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The balances of all accounts, each as debit or credit, and whether they sum up to nothing in each currency
 * and mode.
 */
final class TrialBalance {
  private final Balances balances;

  TrialBalance(Database database) { this.balances = new Balances(database); }

  /** {@code asOf}: an instant as it was given, null for now. */
  Future<JsonObject> of(@Nullable String asOf) {
    Instant instant = asOf == null ? null : InstantText.read(asOf);
    if (asOf != null && (instant == null || instant.isAfter(Instant.now())))
      throw new OperatorRefusal(400,
          "`as_of` must be a past time in Unix seconds, or in ISO 8601 with an"
              + " offset: 2026-11-21T18:00:00Z");
    return balances.of(null, instant)
        .map(all -> json(all).put("as_of", instant == null ? null : instant.toString()));
  }

  private static JsonObject json(List<Balances.Balance> balances) {
    var accounts = new JsonArray();
    var sums = new TreeMap<String, BigDecimal>();
    for (var b : balances) {
      accounts.add(new JsonObject().put("account", b.account()).put("livemode", b.livemode())
          .put("currency", b.currency())
          .put("debit", b.amount().signum() > 0 ? b.amount() : BigDecimal.ZERO)
          .put("credit", b.amount().signum() < 0 ? b.amount().negate() : BigDecimal.ZERO));
      sums.merge((b.livemode() ? "live:" : "test:") + b.currency(), b.amount(), BigDecimal::add);
    }
    var totals = new JsonObject();
    sums.forEach(totals::put);
    return new JsonObject().put("object", "trial_balance")
        .put("balanced", sums.values().stream().allMatch(s -> s.signum() == 0))
        .put("sums", totals).put("accounts", accounts);
  }
}
