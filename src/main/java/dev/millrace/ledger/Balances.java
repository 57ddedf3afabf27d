package dev.millrace.ledger;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Exact balances: the roll-up plus the postings after it, in one statement and so in one snapshot. The
 * roll-up only ever covers transactions below the snapshot horizon, so no late commit is missed, and no hot
 * row is locked on the path of a payment.
 */
public final class Balances {
  /** A balance in minor units: positive is a debit balance, negative a credit balance. */
  public record Balance(String account, boolean livemode, String currency, BigDecimal amount) {}

  /** One posting as it is shown: {@code cursor} pages through an account, oldest first. */
  public record Line(String cursor, long position, String subject, String type, String currency, long amount,
      @Nullable String memo, OffsetDateTime recorded) {}

  private static final String FOLD = """
    SELECT account, livemode, currency, sum(amount)::numeric FROM (
      SELECT account, livemode, currency, amount FROM balance WHERE ($1::text[] IS NULL OR account = ANY($1::text[]))
      UNION ALL
      SELECT account, livemode, currency, amount FROM posting
       WHERE xid >= (SELECT horizon FROM rollup) AND ($1::text[] IS NULL OR account = ANY($1::text[]))
    ) both_parts GROUP BY account, livemode, currency ORDER BY account, livemode, currency""";

  /** Takes postings below the horizon into the roll-up, and keeps what the past is read from. */
  public static final String ROLL_UP = BalanceHistory.ROLL_UP;

  private static final String LINES = """
    SELECT p.xid::text, p.position, p.line, j.subject::text, j.type, p.currency, p.amount, p.memo, j.recorded
      FROM posting p JOIN journal j ON j.position = p.position AND j.xid = p.xid
     WHERE p.account = $1::text AND p.livemode = $2::bool AND ($3::text IS NULL OR p.currency = $3::text)
       AND (p.xid, p.position, p.line) > ($4::text::xid8, $5::bigint, $6::int)
       AND ($8::timestamptz IS NULL OR (j.recorded <= $8::timestamptz AND p.xid < %s))
     ORDER BY p.xid, p.position, p.line LIMIT $7::int""".formatted(BalanceHistory.ceiling("$8::timestamptz"));

  private final Sql sql;

  /** {@code sql} runs one statement on a pooled connection. */
  public Balances(Sql sql) {
    this.sql = sql;
  }

  /**
   * The balances of these accounts now, or of all for null: the trial balance, which sums to zero per
   * currency.
   */
  public Future<List<Balance>> of(@Nullable List<String> accounts) {
    return of(accounts, null);
  }

  /**
   * The balances of these accounts, or of all for null, as they were at an instant, or now for null. An
   * account is there in a currency once that has had a posting.
   */
  public Future<List<Balance>> of(@Nullable List<String> accounts, @Nullable Instant asOf) {
    var parameters = Tuple.tuple().addValue(accounts == null ? null : accounts.toArray(new String[0]));
    if (asOf != null) parameters.addValue(asOf.atOffset(ZoneOffset.UTC));
    return sql.query(asOf == null ? FOLD : BalanceHistory.AS_OF, parameters).map(rows -> {
      var list = new ArrayList<Balance>();
      for (Row row : rows) {
        list.add(new Balance(row.getString(0), row.getBoolean(1), row.getString(2), row.getBigDecimal(3)));
      }
      return list;
    });
  }

  /**
   * The postings of an account after a cursor ({@code xid.position.line}, or null for the first), oldest
   * first, those recorded until {@code asOf} unless it is null; one more than the limit when there are more.
   *
   * @throws IllegalArgumentException for a malformed cursor
   */
  public Future<List<Line>> lines(String account, boolean livemode, @Nullable String currency,
      @Nullable String after, @Nullable Instant asOf, int limit) {
    String[] parts = after == null ? new String[]{"0", "0", "0"} : after.split("\\.", -1);
    if (parts.length != 3 || !parts[0].matches("\\d{1,19}") || !parts[1].matches("\\d{1,18}")
        || !parts[2].matches("\\d{1,9}")) {
      throw new IllegalArgumentException("not a cursor of this list");
    }
    return sql
        .query(LINES, Tuple.tuple().addValue(account).addValue(livemode).addValue(currency).addValue(parts[0])
            .addValue(Long.parseLong(parts[1])).addValue(Integer.parseInt(parts[2])).addValue(limit + 1)
            .addValue(asOf == null ? null : asOf.atOffset(ZoneOffset.UTC)))
        .map(rows -> {
          var list = new ArrayList<Line>();
          for (Row row : rows) {
            list.add(
                new Line(row.getString(0) + "." + row.getLong(1) + "." + row.getInteger(2), row.getLong(1),
                    row.getString(3), row.getString(4), row.getString(5), row.getLong(6),
                    row.getString(7), row.getOffsetDateTime(8)));
          }
          return list;
        });
  }
}
