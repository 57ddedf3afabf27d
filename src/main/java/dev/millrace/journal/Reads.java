package dev.millrace.journal;

import dev.millrace.platform.PgLink;
import dev.millrace.platform.Capacity;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import io.vertx.core.Future;
import io.vertx.core.VertxException;
import io.vertx.core.json.JsonObject;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads payments, their history and the ledger. Each read is one statement, so one snapshot. A failure is
 * {@link Unavailable} when Postgres cannot be reached, has no connection free in time or does not answer.
 */
public final class Reads {
  private final Pool pool;
  private final long timeoutMs;
  private final Capacity room;

  /** {@code room}: for what runs on the pool and what waits for a connection. */
  public Reads(Pool pool, long timeoutMs, Capacity room) {
    this.pool = pool;
    this.timeoutMs = timeoutMs;
    this.room = room;
  }

  /** What was given up goes on taking its place, until its connection is free again. */
  private <T> Future<T> inRoom(Supplier<Future<T>> work) {
    if (!room.take())
      return Future.failedFuture(Unavailable.notSent("postgres: too many wait for a connection"));
    return work.get().onComplete(done -> room.give());
  }

  /** Runs one statement on a pooled connection, with this class's translation of failures. */
  public Future<RowSet<Row>> query(String sql, Tuple parameters) {
    return inRoom(() -> pool.preparedQuery(sql).execute(parameters)).timeout(timeoutMs, TimeUnit.MILLISECONDS)
        .recover(e -> Future.failedFuture(translated(e)));
  }

  /** Whether the server refused the statement: it is there, and the fault is the statement's. */
  private static boolean refused(Throwable e) {
    return e instanceof PgException p && p.getSqlState() != null && !p.getSqlState().startsWith("57P")
        && !p.getSqlState().startsWith("53");
  }

  private static Throwable translated(Throwable e) {
    if (PgLink.undone(e)) return Unavailable.notSent("postgres: " + e.getMessage());
    return refused(e) || e instanceof Unavailable ? e : Unavailable.lost("postgres: " + e.getMessage());
  }

  /** Statements of one transaction. */
  public interface Statements {
    Future<RowSet<Row>> run(String sql, Tuple parameters);
  }

  /**
   * Runs {@code work} in one transaction, undone when it fails. Failures of statements and of the connection are
   * translated as those of {@link #query}; a failure of the work's own comes as it is.
   */
  public <T> Future<T> transaction(Function<Statements, Future<T>> work) {
    return inRoom(() -> pool
        .<T>withTransaction(c -> work.apply((sql, parameters) -> c.preparedQuery(sql).execute(parameters))))
        .timeout(timeoutMs, TimeUnit.MILLISECONDS)
        .recover(e -> Future.failedFuture(e instanceof PgException || e instanceof VertxException
            || e instanceof IOException || e instanceof TimeoutException ? translated(e) : e));
  }

  private Future<List<PaymentRow>> payments(String where, Tuple parameters) {
    return query(PaymentRow.SELECT + where, parameters).map(rows -> {
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

  /** The same inside a transaction, with what that has written. */
  public static Future<@Nullable PaymentRow> payment(Statements sql, UUID id) {
    return sql.run(PaymentRow.SELECT + "WHERE p.id = $1::uuid", Tuple.of(id))
        .map(rows -> rows.size() == 0 ? null : PaymentRow.of(rows.iterator().next()));
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
    return query(HISTORY, Tuple.of(id)).map(rows -> History.of(id, rows));
  }

  private static final String LOCK = "SELECT 1 FROM payment WHERE id = $1::uuid FOR UPDATE";

  /**
   * Every event of a payment, which nobody else moves until the transaction ends; null when there is no such payment.
   *
   * <p>Must be the first statement of the transaction that writes or locks anything. The journal is followed in the order
   * of transactions' ids, and a transaction gets its id with its first write: only when that is this lock, which waits
   * for whoever moves the payment now, is the id above those of all events that are read here.
   */
  public static Future<@Nullable History> lockedHistory(Statements sql, UUID id) {
    return sql.run(LOCK, Tuple.of(id)).compose(rows -> rows.size() == 0
        ? Future.<@Nullable History>succeededFuture(null)
        : sql.run(HISTORY, Tuple.of(id)).map(events -> History.of(id, events)));
  }

  /**
   * What a list of payments is narrowed to; null means any. {@code after} and {@code before} are cursors: payments
   * older or newer than that one. Times are milliseconds since 1970.
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

  /** One line of a payment's history. {@code data} is an event's, an attempt's or a posting's own fields. */
  public record Moment(OffsetDateTime at, String kind, String name, int version, JsonObject data) {}

  /**
   * In the order of what is sorted by: the time, what an event brought with it after the event, and a payment's events by
   * their versions also where a transaction that began earlier came later.
   */
  private static final String TIMELINE = """
    WITH event AS (
      SELECT *, max(recorded) OVER (ORDER BY version) AS sorted FROM journal WHERE subject = $1::uuid
    )
    SELECT recorded, 'event', type, version,
           data::jsonb || jsonb_build_object('actor', actor, 'trace_id', substr(traceparent, 4, 32)), sorted, position, 0
      FROM event
    UNION ALL
    SELECT started, 'attempt', provider, number,
           jsonb_build_object('reference', reference, 'number', number, 'provider', provider, 'kind', kind,
             'operation', operation, 'reason', reason, 'outcome', outcome, 'provider_reference', provider_reference,
             'detail', detail, 'started', started, 'finished', finished,
             'latency_ms', round(extract(epoch FROM finished - started) * 1000)), started, 9223372036854775804, 0
      FROM attempt WHERE payment_id = $1::uuid
    UNION ALL
    SELECT created, 'operation', kind, 0,
           jsonb_build_object('id', id, 'kind', kind, 'status', status, 'amount', nullif(amount, 0), 'reason', reason,
             'attempt', attempt, 'provider_reference', provider_reference, 'failure_code', failure_code,
             'failure_message', failure_message, 'updated', updated), created, 9223372036854775803, 0
      FROM operation WHERE payment_id = $1::uuid
    UNION ALL
    SELECT p.received, 'webhook', r.type, 0,
           jsonb_build_object('provider', p.provider, 'account', p.account, 'event', p.event_id, 'outcome', r.outcome,
             'processed', r.processed), p.received, 9223372036854775805, 0
      FROM provider_event_result r JOIN provider_event p ON p.xid = r.xid AND p.position = r.position
     WHERE r.payment_id = $1::uuid
    UNION ALL
    SELECT d.created, 'delivery', d.type, 0,
           jsonb_build_object('id', d.id, 'webhook_endpoint', d.endpoint, 'xid', d.xid::text, 'position', d.position,
             'status', d.status, 'attempts', d.attempts, 'last_status', d.last_status, 'last_error', d.last_error,
             'finished', d.finished), d.created, 9223372036854775806, 0
      FROM event j JOIN webhook_endpoint e ON e.merchant = j.merchant AND e.livemode = j.livemode AND e.deleted IS NULL
      JOIN webhook_delivery d ON d.endpoint = e.id AND d.xid = j.xid AND d.position = j.position
    UNION ALL
    SELECT j.recorded, 'posting', p.account, j.version, posting_json(p, j.type), j.sorted, p.position, p.line + 1
      FROM posting p JOIN event j ON j.xid = p.xid AND j.position = p.position
    UNION ALL
    SELECT j.recorded, 'posting', p.account, j.version,
           posting_json(p, j.type) || jsonb_build_object('settlement', j.subject), j.recorded, p.position, p.line + 1
      FROM posting p JOIN journal j ON j.xid = p.xid AND j.position = p.position WHERE j.subject = ANY($2::uuid[])
    ORDER BY 6, 7, 8"""
      .replace("posting_json(p, j.type)", """
        jsonb_build_object('account', p.account, 'currency', p.currency,
          'direction', CASE WHEN p.amount > 0 THEN 'debit' ELSE 'credit' END, 'amount', abs(p.amount),
          'position', p.position, 'memo', p.memo, 'of', j.type)""");
  private static final String BATCHES = """
    SELECT data ->> 'settlement' FROM journal WHERE subject = $1::uuid AND type = 'payment.settled'""";

  /**
   * Every event, operation, attempt, provider's webhook, delivery to the merchant and posting of a payment, and the
   * postings of its settlement batches, in order.
   */
  public Future<List<Moment>> timeline(UUID payment) {
    return query(BATCHES, Tuple.of(payment)).compose(rows -> {
      var batches = new ArrayList<UUID>();
      for (Row row : rows)
        batches.add(Objects.requireNonNull(TypeId.parse(TypeId.SETTLEMENT, row.getString(0))));
      return query(TIMELINE, Tuple.of(payment, (Object) batches.toArray(new UUID[0])));
    }).map(rows -> {
      var list = new ArrayList<Moment>(rows.size());
      for (Row row : rows) {
        list.add(new Moment(row.getOffsetDateTime(0), row.getString(1), row.getString(2), row.getInteger(3),
            row.getJsonObject(4)));
      }
      return list;
    });
  }

  /** Counts of work: accepted, at rest, settled, events in the journal, events published. */
  public Future<Map<String, Long>> work() {
    return query(
        """
          SELECT coalesce(sum(accepted), 0)::bigint, coalesce(sum(rested), 0)::bigint, coalesce(sum(settled), 0)::bigint,
                 coalesce(sum(events), 0)::bigint, (SELECT passed FROM journal_cursor WHERE name = 'relay')
            FROM work""",
        Tuple.tuple()).map(rows -> {
          var row = rows.iterator().next();
          var work = new HashMap<String, Long>();
          work.put("accepted", row.getLong(0));
          work.put("finished", row.getLong(1));
          work.put("open", row.getLong(0) - row.getLong(1));
          work.put("settled", row.getLong(2));
          work.put("journal", row.getLong(3));
          work.put("published", row.getLong(4));
          return work;
        });
  }
}
