package dev.millrace.settlement;

import dev.millrace.journal.AppendStatement;
import dev.millrace.ledger.Balances;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.Lease;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles: follows every event of the journal that moves a merchant's money, below the snapshot horizon, nets what has
 * come since the last time and, in one transaction fenced by the lease's epoch, posts the batches, appends {@code
 * payment.settled} to every payment among them and moves its own cursor. What is netted are the postings of those events:
 * afterwards {@code merchant_pending} and {@code provider_receivable} hold nothing of them. A kill at any point leaves all of it or none.
 */
final class Settler {
  private static final Logger LOG = LoggerFactory.getLogger(Settler.class);
  private static final String FENCE = "SELECT 1 FROM lease WHERE name = 'settlement' AND epoch = $1::bigint FOR SHARE";
  private static final String CURSOR = "SELECT xid::text, position FROM journal_cursor WHERE name = 'settlement' FOR UPDATE";
  /** What moves a merchant's money: as many as the partial index has (V4). */
  private static final String MOVEMENTS = """
    SELECT j.xid::text, j.position, j.subject, j.type, j.traceparent, p.share, p.owed
      FROM journal j, LATERAL (
        SELECT coalesce(-sum(amount) FILTER (WHERE starts_with(account, 'merchant_pending:')), 0)::bigint AS share,
               coalesce(sum(amount) FILTER (WHERE starts_with(account, 'provider_receivable:')), 0)::bigint AS owed
          FROM posting WHERE xid = j.xid AND position = j.position) p
     WHERE j.type IN (%s)
       AND (j.xid, j.position) > ($1::text::xid8, $2::bigint) AND j.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY j.xid, j.position LIMIT $3::int"""
      .formatted(movements());
  private static final String PAYMENTS = """
    SELECT id, merchant, livemode, version, status, currency, provider FROM payment WHERE id = ANY($1::uuid[])""";
  private static final String MOVE = """
    UPDATE journal_cursor SET xid = $1::text::xid8, position = $2::bigint, passed = passed + $3::bigint WHERE name = 'settlement'""";

  /** The types of what moves a merchant's money, as SQL has a list. */
  static String movements() {
    return PaymentEvent.records(PaymentEvent.MovesMoney.class).keySet().stream()
        .map(type -> "'" + type.wire() + "'").collect(Collectors.joining(", "));
  }

  private final Vertx vertx;
  private final Pool pool;
  private final Lease lease;
  private final String writer;
  private final int batchMax;
  private int take;
  private final UnaryOperator<String> railOf;
  private final Counter settled;
  private boolean closed;
  private Future<Void> step = Future.succeededFuture();

  /** {@code railOf} answers the rail that a provider settles over. */
  Settler(Vertx vertx, Pool pool, Lease lease, String writer, int batchMax, UnaryOperator<String> railOf,
      MeterRegistry registry) {
    this.vertx = vertx;
    this.pool = pool;
    this.lease = lease;
    this.writer = writer;
    this.batchMax = batchMax;
    this.take = batchMax;
    this.railOf = railOf;
    this.settled = Counter.builder("millrace.settled").register(registry);
  }

  /** Settles what is due, {@code intervalMs} apart; at once again while there is more. */
  void every(long intervalMs) {
    loop(intervalMs, () -> {
      int asked = take;
      Future<Integer> transaction = settle();
      step = transaction.<Void>mapEmpty().otherwiseEmpty();
      return transaction.map(n -> n == asked);
    }, "settlement_failed");
  }

  /** Rolls postings up into balances, {@code intervalMs} apart. */
  void rollUpEvery(long intervalMs) {
    loop(intervalMs, () -> pool.preparedQuery(Balances.ROLL_UP).execute().map(false), "rollup_failed");
  }

  private void loop(long intervalMs, Supplier<Future<Boolean>> work, String failureEvent) {
    vertx.setTimer(intervalMs, id -> again(intervalMs, work, failureEvent));
  }

  private void again(long intervalMs, Supplier<Future<Boolean>> work, String failureEvent) {
    if (closed) return;
    Future<Boolean> round = lease.held() ? work.get() : Future.succeededFuture(false);
    round.onComplete(result -> {
      if (result.failed()) LOG.warn("{} error=\"{}\"", failureEvent, result.cause().getMessage());
      boolean more = result.succeeded() && result.result();
      vertx.setTimer(more ? 1 : intervalMs, id -> again(intervalMs, work, failureEvent));
    });
  }

  /** Settles one transaction's worth; answers how many movements it took. */
  private Future<Integer> settle() {
    long epoch = lease.epoch();
    int take = this.take;
    return pool.<Integer>withTransaction(
        connection -> connection.preparedQuery(FENCE).execute(Tuple.of(epoch)).compose(fence -> {
          if (fence.size() == 0) return Future.failedFuture("the lease went to another settler");
          return connection.preparedQuery(CURSOR).execute();
        }).compose(rows -> {
          Row cursor = rows.iterator().next();
          return connection.preparedQuery(MOVEMENTS)
              .execute(Tuple.of(cursor.getString(0), cursor.getLong(1), take));
        }).compose(due -> due.size() == 0 ? Future.succeededFuture(0) : settle(connection, due)))
        .onSuccess(n -> {
          if (n > 0) FaultPoint.reach("settlement", "committed");
        })
        // Payments that are moved all the time must not hold up the others: fewer at once, until it goes through.
        .onComplete(
            result -> this.take = result.succeeded() ? Math.min(batchMax, take * 2) : Math.max(1, take / 4));
  }

  /** What a payment's movements add up to. */
  private static final class Movements {
    long share;
    long owed;
    boolean first;
    String traceparent = "";
  }

  private Future<Integer> settle(SqlConnection connection, RowSet<Row> rows) {
    var moved = new LinkedHashMap<UUID, Movements>();
    var last = new Row[1];
    for (Row row : rows) {
      var one = moved.computeIfAbsent(row.getUUID(2), id -> new Movements());
      one.share += row.getLong(5);
      one.owed += row.getLong(6);
      one.first |= row.getString(3).equals(EventType.CONFIRMED.wire());
      one.traceparent = row.getString(4);
      last[0] = row;
    }
    return connection.preparedQuery(PAYMENTS).execute(Tuple.of((Object) moved.keySet().toArray(new UUID[0])))
        .compose(payments -> {
          var batches = new Batches();
          for (Row row : payments) {
            var due = due(row, Objects.requireNonNull(moved.get(row.getUUID(0))));
            batches.add(due, railOf.apply(due.provider()));
          }
          return connection.preparedQuery(AppendStatement.SQL)
              .execute(AppendStatement.parameters(batches.appends(), writer)).compose(done -> {
                // A payment that moved in between must not be counted into a batch: undo, and net again.
                if (done.size() != moved.size())
                  return Future.failedFuture("a payment moved while it was being netted");
                return connection.preparedQuery(Batches.SQL).execute(batches.parameters(writer));
              }).onSuccess(v -> settled.increment(batches.first()));
        })
        .compose(v -> connection.preparedQuery(MOVE)
            .execute(Tuple.of(last[0].getString(0), last[0].getLong(1), rows.size())))
        .onSuccess(v -> FaultPoint.reach("settlement", "before_commit"))
        .map(v -> rows.size());
  }

  private static Batches.Due due(Row row, Movements moved) {
    return new Batches.Due(row.getUUID(0), row.getUUID(1), row.getBoolean(2), row.getInteger(3),
        Objects.requireNonNull(Status.ofWire(row.getString(4)), "payment.status"), row.getString(5),
        row.getString(6), moved.share, moved.owed, moved.first, moved.traceparent);
  }

  /** Finishes the transaction in hand and stops. */
  Future<Void> close() {
    closed = true;
    return step;
  }
}
