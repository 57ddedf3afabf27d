package dev.millrace.ledger;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Exact balances: the roll-up plus the postings after it, in one statement and so in one snapshot. The roll-up only
 * ever covers transactions below the snapshot horizon, so no late commit is missed, and no hot row is locked on the
 * path of a payment.
 */
public final class Balances {
  /** A balance in minor units: positive is a debit balance, negative a credit balance. */
  public record Balance(String account, boolean livemode, String currency, BigDecimal amount) {}

  /** One posting as it is shown: {@code cursor} pages through an account, oldest first. */
  public record Line(String cursor, long position, String subject, String type, String currency, long amount,
      OffsetDateTime recorded) {}

  private static final String FOLD = """
    SELECT account, livemode, currency, sum(amount)::numeric FROM (
      SELECT account, livemode, currency, amount FROM balance WHERE ($1::text[] IS NULL OR account = ANY($1::text[]))
      UNION ALL
      SELECT account, livemode, currency, amount FROM posting
       WHERE xid >= (SELECT horizon FROM rollup) AND ($1::text[] IS NULL OR account = ANY($1::text[]))
    ) both_parts GROUP BY account, livemode, currency ORDER BY account, livemode, currency""";

  /** Takes postings below the horizon into the roll-up; the row lock on rollup keeps two from doing it at once. */
  public static final String ROLL_UP = """
    WITH last AS (SELECT horizon FROM rollup FOR UPDATE),
    next AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon),
    taken AS (
      INSERT INTO balance AS b (account, livemode, currency, amount)
      SELECT p.account, p.livemode, p.currency, sum(p.amount)
        FROM posting p WHERE p.xid >= (SELECT horizon FROM last) AND p.xid < (SELECT horizon FROM next)
       GROUP BY p.account, p.livemode, p.currency
      ON CONFLICT (account, livemode, currency) DO UPDATE SET amount = b.amount + excluded.amount
    )
    UPDATE rollup SET horizon = next.horizon FROM next, last WHERE next.horizon > last.horizon""";

  private static final String LINES = """
    SELECT p.xid::text, p.position, p.line, j.subject::text, j.type, p.currency, p.amount, j.recorded
      FROM posting p JOIN journal j ON j.position = p.position AND j.xid = p.xid
     WHERE p.account = $1::text AND p.livemode = $2::bool AND ($3::text IS NULL OR p.currency = $3::text)
       AND (p.xid, p.position, p.line) > ($4::text::xid8, $5::bigint, $6::int)
     ORDER BY p.xid, p.position, p.line LIMIT $7::int""";

  private final BiFunction<String, Tuple, Future<RowSet<Row>>> query;

  /** {@code query} runs one statement on a pooled connection. */
  public Balances(BiFunction<String, Tuple, Future<RowSet<Row>>> query) {
    this.query = query;
  }

  /** The balances of these accounts, or of all for null: the trial balance, which sums to zero per currency. */
  public Future<List<Balance>> of(@Nullable List<String> accounts) {
    var parameters = Tuple.tuple().addValue(accounts == null ? null : accounts.toArray(new String[0]));
    return query.apply(FOLD, parameters).map(rows -> {
      var list = new ArrayList<Balance>();
      for (Row row : rows) {
        list.add(new Balance(row.getString(0), row.getBoolean(1), row.getString(2), row.getBigDecimal(3)));
      }
      return list;
    });
  }

  /**
   * The postings of an account after a cursor ({@code xid.position.line}, or null for the first), oldest first; one
   * more than the limit when there are more.
   *
   * @throws IllegalArgumentException for a malformed cursor
   */
  public Future<List<Line>> lines(String account, boolean livemode, @Nullable String currency,
      @Nullable String after, int limit) {
    String[] parts = after == null ? new String[]{"0", "0", "0"} : after.split("\\.", -1);
    if (parts.length != 3 || !parts[0].matches("\\d{1,19}") || !parts[1].matches("\\d{1,18}")
        || !parts[2].matches("\\d{1,9}")) {
      throw new IllegalArgumentException("not a cursor of this list");
    }
    return query
        .apply(LINES, Tuple.tuple().addValue(account).addValue(livemode).addValue(currency).addValue(parts[0])
            .addValue(Long.parseLong(parts[1])).addValue(Integer.parseInt(parts[2])).addValue(limit + 1))
        .map(rows -> {
          var list = new ArrayList<Line>();
          for (Row row : rows) {
            list.add(
                new Line(row.getString(0) + "." + row.getLong(1) + "." + row.getInteger(2), row.getLong(1),
                    row.getString(3), row.getString(4), row.getString(5), row.getLong(6),
                    row.getOffsetDateTime(7)));
          }
          return list;
        });
  }
}
