package dev.millrace.inbox;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What payers brought back from a provider's page, for the provider ({@code payer_return}): one a payment,
 * kept until the payment has long gone on.
 */
public final class PayerReturnStore {
  private static final String BROUGHT = "SELECT result FROM payer_return WHERE payment_id = $1::uuid";
  /** The last one that says something counts: a page may be loaded again without it. */
  private static final String KEEP = """
    INSERT INTO payer_return AS r (payment_id, result) VALUES ($1::uuid, $2::text)
    ON CONFLICT (payment_id) DO UPDATE SET result = excluded.result, received = now() WHERE excluded.result <> ''""";
  private static final String FORGET = "DELETE FROM payer_return WHERE received < now() - interval '1 day'";

  private final Sql sql;

  public PayerReturnStore(Sql sql) { this.sql = sql; }

  /** What the payer brought, empty where it was nothing; null when no payer has come back. */
  public Future<@Nullable String> brought(UUID payment) {
    return sql.query(BROUGHT, Tuple.of(payment))
        .map(rows -> rows.size() == 0 ? null : rows.iterator().next().getString(0));
  }

  /** Keeps it, unless it is nothing and something is kept. */
  public Future<Void> keep(UUID payment, String result) {
    return sql.query(KEEP, Tuple.of(payment, result)).mapEmpty();
  }

  /** Forgets what is older than a day: it concerns nobody once its payment has gone on. */
  public Future<Void> forget() {
    return sql.query(FORGET, Tuple.tuple()).mapEmpty();
  }
}
