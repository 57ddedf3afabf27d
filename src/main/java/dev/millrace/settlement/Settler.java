package dev.millrace.settlement;

import dev.millrace.journal.AppendStatement;
import dev.millrace.ledger.Balances;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles: follows the journal's {@code payment.confirmed} below the snapshot horizon, nets what has come since the
 * last time and, in one transaction fenced by the lease's epoch, posts the batches, moves every payment to
 * {@code settled} and moves its own cursor. A kill at any point leaves all of it or none.
 */
final class Settler {
  private static final Logger LOG = LoggerFactory.getLogger(Settler.class);
  private static final String FENCE = "SELECT 1 FROM lease WHERE name = 'settlement' AND epoch = $1::bigint FOR SHARE";
  private static final String CURSOR = "SELECT xid::text, position FROM journal_cursor WHERE name = 'settlement' FOR UPDATE";
  private static final String CONFIRMED = """
    SELECT xid::text, position, subject, traceparent FROM journal
     WHERE type = 'payment.confirmed' AND (xid, position) > ($1::text::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY journal.xid, journal.position LIMIT $3::int""";
  private static final String PAYMENTS = """
    SELECT id, merchant, livemode, version, currency, amount, amount_charged, provider
      FROM payment WHERE id = ANY($1::uuid[]) AND status = 'confirmed'""";
  private static final String MOVE = """
    UPDATE journal_cursor SET xid = $1::text::xid8, position = $2::bigint, passed = passed + $3::bigint WHERE name = 'settlement'""";

  private final Vertx vertx;
  private final Pool pool;
  private final Lease lease;
  private final String writer;
  private final int batchMax;
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
    this.railOf = railOf;
    this.settled = Counter.builder("millrace.settled").register(registry);
  }

  /** Settles what is due, {@code intervalMs} apart; at once again while there is more. */
  void every(long intervalMs) {
    loop(intervalMs, () -> {
      Future<Integer> transaction = settle();
      step = transaction.<Void>mapEmpty().otherwiseEmpty();
      return transaction.map(n -> n == batchMax);
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

  /** Settles one transaction's worth; answers how many confirmations it took. */
  private Future<Integer> settle() {
    long epoch = lease.epoch();
    return pool.withTransaction(
        connection -> connection.preparedQuery(FENCE).execute(Tuple.of(epoch)).compose(fence -> {
          if (fence.size() == 0) return Future.failedFuture("the lease went to another settler");
          return connection.preparedQuery(CURSOR).execute();
        }).compose(rows -> {
          Row cursor = rows.iterator().next();
          return connection.preparedQuery(CONFIRMED)
              .execute(Tuple.of(cursor.getString(0), cursor.getLong(1), batchMax));
        }).compose(
            confirmed -> confirmed.size() == 0 ? Future.succeededFuture(0) : settle(connection, confirmed)));
  }

  private Future<Integer> settle(SqlConnection connection, RowSet<Row> confirmed) {
    Map<UUID, String> traces = new HashMap<>();
    var last = new Row[1];
    for (Row row : confirmed) {
      traces.put(row.getUUID(2), row.getString(3));
      last[0] = row;
    }
    return connection.preparedQuery(PAYMENTS).execute(Tuple.of((Object) traces.keySet().toArray(new UUID[0])))
        .compose(payments -> {
          var batches = new Batches();
          for (Batches.Due due : due(payments, traces)) batches.add(due, railOf.apply(due.provider()));
          if (batches.appends().isEmpty()) return Future.succeededFuture();
          return connection.preparedQuery(AppendStatement.SQL)
              .execute(AppendStatement.parameters(batches.appends(), writer)).compose(moved -> {
                // A payment that moved in between must not be counted into a batch: undo, and net again.
                if (moved.size() != batches.appends().size())
                  return Future.failedFuture("a confirmed payment moved while it was being netted");
                return connection.preparedQuery(Batches.SQL).execute(batches.parameters(writer));
              }).onSuccess(v -> settled.increment(batches.appends().size()));
        })
        .compose(v -> connection.preparedQuery(MOVE)
            .execute(Tuple.of(last[0].getString(0), last[0].getLong(1), confirmed.size())))
        .map(v -> confirmed.size());
  }

  private static List<Batches.Due> due(RowSet<Row> payments, Map<UUID, String> traces) {
    var list = new ArrayList<Batches.Due>(payments.size());
    for (Row row : payments) {
      list.add(new Batches.Due(row.getUUID(0), row.getUUID(1), row.getBoolean(2), row.getInteger(3),
          row.getString(4), row.getLong(5),
          row.getLong(6), row.getString(7), traces.getOrDefault(row.getUUID(0), "")));
    }
    return list;
  }

  /** Finishes the transaction in hand and stops. */
  Future<Void> close() {
    closed = true;
    return step;
  }
}
