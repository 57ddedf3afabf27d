package dev.millrace.journal;

import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.Overtaken;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads payments and their events. Each read is one statement, so one snapshot. */
public final class PaymentReads {
  private final Sql sql;

  public PaymentReads(Sql sql) { this.sql = sql; }

  private Future<List<PaymentRow>> payments(String where, Tuple parameters) {
    return sql.query(PaymentRow.SELECT + where, parameters).map(rows -> {
      var list = new ArrayList<PaymentRow>(rows.size());
      rows.forEach(row -> list.add(PaymentRow.of(row)));
      return list;
    });
  }

  /** Any payment, whoever's it is; null when there is none. */
  public Future<@Nullable PaymentRow> payment(UUID id) {
    return payments("WHERE p.id = $1::uuid", Tuple.of(id))
        .map(list -> list.isEmpty() ? null : list.getFirst());
  }

  /** A payment of this merchant and mode; null when there is none. */
  public Future<@Nullable PaymentRow> payment(UUID merchant, boolean livemode, UUID id) {
    return payments("WHERE p.id = $1::uuid AND p.merchant = $2::uuid AND p.livemode = $3::bool",
        Tuple.of(id, merchant, livemode)).map(list -> list.isEmpty() ? null : list.getFirst());
  }

  /** Several payments at once, in no order. */
  public Future<List<PaymentRow>> payments(Collection<UUID> ids) {
    return payments("WHERE p.id = ANY($1::uuid[])", Tuple.of((Object) ids.toArray(new UUID[0])));
  }

  /** Whether its payer was ever sent to a page of its provider's. */
  public Future<Boolean> sentItsPayerAway(UUID id) {
    return sql.query("SELECT EXISTS (SELECT FROM journal WHERE subject = $1::uuid AND type = $2::text)",
        Tuple.of(id, EventType.REQUIRES_ACTION.wire())).map(rows -> rows.iterator().next().getBoolean(0));
  }

  /** A payment by its events, oldest first. */
  public record History(UUID id, UUID merchant, boolean livemode, String traceparent,
      List<PaymentEvent> events) {
    static @Nullable History of(UUID id, RowSet<Row> rows) {
      var events = new ArrayList<PaymentEvent>(rows.size());
      Row first = null;
      for (Row row : rows) {
        if (first == null) first = row;
        String type = row.getString(3);
        events.add(EventJson.read(Objects.requireNonNull(EventType.ofWire(type), type), row.getString(4)));
      }
      return first == null
          ? null
          : new History(id, first.getUUID(0), first.getBoolean(1), first.getString(2), events);
    }
  }

  private static final String HISTORY = """
    SELECT merchant, livemode, traceparent, type, data::text FROM journal WHERE subject = $1::uuid ORDER BY version""";

  /** Every event of a payment, whoever's it is; null when there is no such payment. */
  public Future<@Nullable History> history(UUID id) {
    return sql.query(HISTORY, Tuple.of(id)).map(rows -> History.of(id, rows));
  }

  private static final String LOCK = "SELECT 1 FROM payment WHERE id = $1::uuid FOR UPDATE";
  /** {@code age} is negative for a version written by a younger transaction than this one. */
  private static final String LOCKED_HISTORY = """
    SELECT merchant, livemode, traceparent, type, data::text,
           (SELECT age(xmin) < 0 FROM payment WHERE id = $1::uuid)
      FROM journal WHERE subject = $1::uuid ORDER BY version""";

  /**
   * Every event of a payment, which nobody else moves until the transaction ends; null when there is no such
   * payment. Fails with {@link Overtaken} where a younger transaction has moved it: the journal is followed
   * in the order of transactions' ids.
   *
   * <p>Should be the first statement of the transaction that writes or locks anything. A transaction gets its
   * id with its first write, and this lock waits for whoever moves the payment now, so that its id is mostly
   * above theirs; not so where, after the first one that it waited for, a second one was faster.
   */
  public static Future<@Nullable History> lockedHistory(Sql sql, UUID id) {
    return sql.query(LOCK, Tuple.of(id)).compose(rows -> rows.size() == 0
        ? Future.<@Nullable History>succeededFuture(null)
        : sql.query(LOCKED_HISTORY, Tuple.of(id)).compose(events -> events.iterator().next().getBoolean(5)
            ? Future.<@Nullable History>failedFuture(new Overtaken("payment " + id))
            : Future.succeededFuture(History.of(id, events))));
  }

  private static final String EXPIRED = """
    SELECT id FROM payment p WHERE expires < now() AND status IN ('requires_action', 'authorized')
       AND NOT EXISTS (SELECT FROM operation o WHERE o.payment_id = p.id AND o.kind <> 'refund'
                          AND (o.status IN ('requested', 'submitted', 'unknown')
                               OR o.reason = 'expired' AND o.updated > now() - interval '1 hour'))
     ORDER BY expires LIMIT $1::int""";

  /**
   * Payments whose authorization, or the payer's time to act, has run out, those first that did so first. Not
   * those that are being captured or canceled, nor, for an hour, those whose expiry a provider has refused.
   */
  public Future<List<UUID>> expired(int limit) {
    return sql.query(EXPIRED, Tuple.of(limit)).map(rows -> {
      var ids = new ArrayList<UUID>(rows.size());
      for (Row row : rows) ids.add(row.getUUID(0));
      return ids;
    });
  }

  private static final String NEXT_EXPIRY = """
    SELECT ceil(extract(epoch FROM min(expires) - now()) * 1000)::bigint FROM payment
     WHERE expires > now() - interval '1 s'""";

  /**
   * In how many milliseconds the next one runs out, 0 or less where one just has; null when none will. Those
   * before it were looked at.
   */
  public Future<@Nullable Long> nextExpiryMs() {
    return sql.query(NEXT_EXPIRY, Tuple.tuple()).map(rows -> rows.iterator().next().getLong(0));
  }

  /**
   * What a list of payments is narrowed to; null means any. {@code after} and {@code before} are cursors:
   * payments older or newer than that one. Times are milliseconds since 1970.
   */
  public record Filter(@Nullable String status, @Nullable String currency, @Nullable String reference,
      @Nullable Long createdGte, @Nullable Long createdLt, @Nullable UUID after, @Nullable UUID before,
      int limit) {}

  /** The merchant's payments, newest first; one more than the limit when there are more. */
  public Future<List<PaymentRow>> list(UUID merchant, boolean livemode, Filter f) {
    UUID floor = f.createdGte == null ? null : TypeId.floor(f.createdGte);
    UUID ceiling = f.createdLt == null ? null : TypeId.floor(f.createdLt);
    String where = """
      WHERE p.merchant = $1::uuid AND p.livemode = $2::bool
        AND ($3::text IS NULL OR p.status = $3::text) AND ($4::text IS NULL OR p.currency = $4::text)
        AND ($5::text IS NULL OR p.reference = $5::text)
        AND ($6::uuid IS NULL OR p.id >= $6::uuid) AND ($7::uuid IS NULL OR p.id < $7::uuid)
        AND ($8::uuid IS NULL OR p.id < $8::uuid) AND ($9::uuid IS NULL OR p.id > $9::uuid)
      """;
    boolean backwards = f.before != null && f.after == null;
    String order = "ORDER BY p.id " + (backwards ? "ASC" : "DESC") + " LIMIT $10::int";
    return payments(where + order, Tuple.tuple(new ArrayList<>()).addValue(merchant).addValue(livemode)
        .addValue(f.status).addValue(f.currency).addValue(f.reference).addValue(floor).addValue(ceiling)
        .addValue(f.after).addValue(f.before).addValue(f.limit + 1));
  }
}
