package dev.millrace.settlement;

import dev.millrace.journal.AppendStatement;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.CursorStore;
import dev.millrace.ledger.Balances;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PacedLoop;
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
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Settles: follows every event of the journal that moves a merchant's money, below the snapshot horizon, nets
 * what has come since the last time and, in one transaction fenced by the lease's epoch, posts the batches,
 * appends {@code payment.settled} to every payment among them and moves its own cursor. What is netted are
 * the postings of those events: afterwards {@code merchant_pending} and {@code provider_receivable} hold
 * nothing of them. A kill at any point leaves all of it or none.
 */
final class Settler {
  private static final String FENCE = Lease.fence("settlement", 1);
  private static final String CURSOR = CursorStore.select("settlement") + " FOR UPDATE";
  /**
   * What moves a merchant's money. As many as the partial index has (V7). A late charge is not among it: it
   * is to go back. What an operator takes of it to the merchant or to the fees is owed from then on; what is
   * cleared with the provider was never to be paid out.
   */
  private static final String MOVEMENTS = """
    SELECT j.xid::text, j.position, j.subject, j.traceparent, p.share, p.owed, j.data ->> 'provider', p.posted
      FROM journal j, LATERAL (
        SELECT coalesce(-sum(amount) FILTER (WHERE starts_with(account, 'merchant_pending:')), 0)::bigint AS share,
               coalesce(sum(amount) FILTER (WHERE starts_with(account, 'provider_receivable:')
                 OR account = 'suspense' AND j.data ->> 'late_charge' IS NOT NULL), 0)::bigint AS owed,
               count(*) > 0 AS posted
          FROM posting WHERE xid = j.xid AND position = j.position) p
     WHERE j.type IN (%s)
       AND (j.xid, j.position) > ($1::text::xid8, $2::bigint) AND j.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY j.xid, j.position LIMIT $3::int"""
      .formatted(movements());
  /** Asked first, as most of the time there is nothing: one statement instead of a transaction of five. */
  private static final String ANY = """
    SELECT EXISTS (
      SELECT FROM journal j
       WHERE j.type IN (%s) AND (j.xid, j.position) > (SELECT c.xid::xid8, c.position FROM (%s) AS c)
         AND j.xid < pg_snapshot_xmin(pg_current_snapshot()))"""
      .formatted(movements(), CursorStore.select("settlement"));
  private static final String PAYMENTS = """
    SELECT id, merchant, livemode, version, status, currency, settlement IS NULL
      FROM payment WHERE id = ANY($1::uuid[])""";
  private static final String MOVE = CursorStore.move("settlement", 1);

  /** The types of what moves a merchant's money, as SQL has a list. */
  static String movements() {
    return PaymentEvent.records(PaymentEvent.Nets.class).keySet().stream()
        .map(type -> "'" + type.wire() + "'").collect(Collectors.joining(", "));
  }

  private final Pool pool;
  private final Lease lease;
  private final String writer;
  private final int batchMax;
  private final Intervals intervals;
  private int take;
  private final UnaryOperator<String> railOf;
  private final Counter settled;
  private final Runnable told;
  private final PacedLoop settling;
  private final PacedLoop rollingUp;

  /**
   * What is due is settled, and postings are rolled up into balances, at these intervals; the former grows
   * while nothing moves.
   */
  record Intervals(AdaptiveInterval settle, long rollUpMs) {}

  /**
   * {@code railOf} answers the rail that a provider settles over; {@code told} runs after each settlement.
   */
  Settler(Vertx vertx, Pool pool, Lease lease, String writer, int batchMax, Intervals intervals,
      UnaryOperator<String> railOf, Runnable told, MeterRegistry registry) {
    this.intervals = intervals;
    this.pool = pool;
    this.lease = lease;
    this.writer = writer;
    this.batchMax = batchMax;
    this.take = batchMax;
    this.railOf = railOf;
    this.told = told;
    this.settled = Counter.builder("millrace.settled").register(registry);
    this.settling = new PacedLoop(vertx, "settlement_failed", intervals.settle.shortestMs(),
        this::settleDue);
    this.rollingUp = new PacedLoop(vertx, "rollup_failed", intervals.rollUpMs, this::rollUp);
  }

  void start() {
    settling.start(intervals.settle.shortestMs());
    rollingUp.start(intervals.rollUpMs);
  }

  /** Something may have moved: ends a long pause, not that between two settlements. On the settler's loop. */
  void wake() {
    if (intervals.settle.quicken()) settling.wake();
  }

  /** At once again while there is more. */
  private Future<Long> settleDue() {
    if (!lease.held()) return Future.succeededFuture(intervals.settle.shortestMs());
    int asked = take;
    return pool.preparedQuery(ANY).execute()
        .compose(any -> any.iterator().next().getBoolean(0) ? settle() : Future.succeededFuture(0))
        .map(n -> n == asked ? 0 : intervals.settle.next(n > 0));
  }

  private Future<Long> rollUp() {
    if (!lease.held()) return Future.succeededFuture(intervals.rollUpMs);
    return pool.preparedQuery(Balances.ROLL_UP).execute().map(intervals.rollUpMs);
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
          Cursor cursor = CursorStore.place(rows);
          return connection.preparedQuery(MOVEMENTS)
              .execute(Tuple.of(cursor.xidText(), cursor.position(), take));
        }).compose(due -> due.size() == 0 ? Future.succeededFuture(0) : settle(connection, due)))
        .onSuccess(n -> {
          if (n == 0) return;
          FaultPoint.reach("settlement", "committed");
          told.run();
        })
        // Payments that are moved all the time must not hold up the others: fewer at once, until it goes
        // through.
        .onComplete(
            result -> this.take = result.succeeded() ? Math.min(batchMax, take * 2) : Math.max(1, take / 4));
  }

  /** What a payment's movements at one account of a provider add up to. */
  private static final class Movements {
    final String provider;
    long share;
    long owed;
    String traceparent = "";

    Movements(String provider) { this.provider = provider; }
  }

  private Future<Integer> settle(SqlConnection connection, RowSet<Row> rows) {
    var moved = new LinkedHashMap<UUID, Movements>();
    var last = new Row[1];
    int count = 0;
    for (Row row : rows) {
      String provider = row.getString(6);
      if (!row.getBoolean(7)) {
        count++;
        last[0] = row;
        continue;
      }
      var one = moved.computeIfAbsent(row.getUUID(2), id -> new Movements(provider));
      // Of a payment that moved at two accounts the other one's batch is the next transaction's.
      if (!one.provider.equals(provider)) break;
      count++;
      one.share += row.getLong(4);
      one.owed += row.getLong(5);
      one.traceparent = row.getString(3);
      last[0] = row;
    }
    int taken = count;
    return (moved.isEmpty() ? Future.succeededFuture() : settle(connection, moved))
        .compose(v -> connection.preparedQuery(MOVE)
            .execute(Tuple.of(last[0].getString(0), last[0].getLong(1), taken)))
        .onSuccess(v -> FaultPoint.reach("settlement", "before_commit"))
        .map(v -> taken);
  }

  private Future<?> settle(SqlConnection connection, Map<UUID, Movements> moved) {
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
        });
  }

  private static Batches.Due due(Row row, Movements moved) {
    return new Batches.Due(row.getUUID(0), row.getUUID(1), row.getBoolean(2), row.getInteger(3),
        Objects.requireNonNull(Status.ofWire(row.getString(4)), "payment.status"), row.getString(5),
        moved.provider, moved.share, moved.owed, row.getBoolean(6), moved.traceparent);
  }

  /** Finishes what is in hand and stops. */
  Future<Void> close() {
    return Future.join(settling.close(), rollingUp.close()).mapEmpty();
  }
}
