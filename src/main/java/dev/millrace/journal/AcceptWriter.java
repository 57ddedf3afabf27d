package dev.millrace.journal;

import dev.millrace.platform.CommitMeter;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.GroupCommit;
import dev.millrace.platform.GroupCommit.Submission;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Unavailable;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes new payments durable: idempotency row, payment and {@code payment.initiated} of many payments in one
 * statement and one transaction. Whoever inserts the idempotency row first has the payment; nothing of a duplicate is
 * written. (Accepting posts nothing: no money has moved. See {@code PostingRules}.)
 */
public final class AcceptWriter {
  private static final long RESOLVE_WAIT_MS = 3_000;

  /**
   * A payment to create. {@code keyId} identifies its idempotency key ({@code KeyId}); {@code data} is its
   * {@code payment.initiated}; {@code waitMs} how long its first caller may be given another answer than 202.
   */
  public record NewPayment(UUID id, UUID keyId, UUID merchant, boolean livemode, String key,
      Buffer fingerprint,
      long waitMs, long amount, String currency, @Nullable String reference, String traceparent,
      String data) {}

  /** What became of it. */
  public enum Result {
    ACCEPTED,
    /** The key was used before: nothing was written. */
    DUPLICATE,
    /** The connection broke during the commit and the payment was not found afterwards: retry with the same key. */
    LOST
  }

  /** Payments in the order they came, which is that of their ids, and keys in theirs: indexes fill from left to right. */
  private static final String ROWS = """
    WITH k AS (
      INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, resource, status, form, wait_until)
      SELECT id, merchant, livemode, key, fingerprint, resource, 202, 2,
             CASE WHEN wait_ms > 0 THEN now() + wait_ms * interval '1 ms' END
        FROM (SELECT unnest($9::uuid[]) AS id, unnest($10::uuid[]) AS merchant, unnest($11::bool[]) AS livemode,
                     unnest($12::text[]) AS key, unnest($13::bytea[]) AS fingerprint, unnest($14::int8[]) AS wait_ms,
                     unnest($15::uuid[]) AS resource) AS t
      %s
    ), n AS %s (
      SELECT t.*
        FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::uuid[]) AS merchant, unnest($3::bool[]) AS livemode,
                     unnest($4::int8[]) AS amount, unnest($5::text[]) AS currency, unnest($6::text[]) AS reference,
                     unnest($7::text[]) AS traceparent, unnest($8::text[]) AS data) AS t %s
    ), p AS (
      INSERT INTO payment (id, merchant, livemode, version, status, amount, currency, reference)
      SELECT id, merchant, livemode, 1, 'initiated', amount, currency, reference FROM n
    ), j AS (
      INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT id, 1, 'payment.initiated', merchant, livemode, 'merchant', traceparent, data::json FROM n
    ), w AS (
      INSERT INTO work AS w (writer, accepted, events) SELECT $16::text, count(*), count(*) FROM %s
      ON CONFLICT (writer) DO UPDATE SET accepted = w.accepted + excluded.accepted, events = w.events + excluded.events
    )
    SELECT %s""";
  /** Takes it that every key is new, and fails as a whole when one is not: cheaper than looking first. */
  private static final String ACCEPT_NEW = ROWS.formatted("", "NOT MATERIALIZED", "", "unnest($1::uuid[])",
      "NULL::uuid");
  /** Leaves out whose key is taken. */
  private static final String ACCEPT = ROWS.formatted("ON CONFLICT DO NOTHING RETURNING resource",
      "MATERIALIZED", "JOIN k ON k.resource = t.id", "k", "resource FROM k");
  /** How long after a key that was taken the next ones are looked at first: retries come in swarms. */
  private static final long CAREFUL_NANOS = 1_000_000_000;

  private static final String RESOLVE = "SELECT resource FROM idempotency_key WHERE id = ANY($1::uuid[])";

  private final PgLink pg;
  private final String writer;
  private final GroupCommit<NewPayment, Result> commits;
  private long takenAt = System.nanoTime() - CAREFUL_NANOS;

  /** {@code writer} names the work counter, which nobody else may use. */
  public AcceptWriter(Vertx vertx, PgLink pg, String writer, int queueLimit, int batchMax,
      MeterRegistry registry) {
    this.pg = pg;
    this.writer = writer;
    this.commits = new GroupCommit<>(vertx, queueLimit, batchMax, batchMax / 4,
        new CommitMeter(registry, "accept", writer, queueLimit), this::commit);
  }

  /**
   * Commits the payment with its neighbours.
   *
   * @return its result, or {@link Unavailable} when nothing was written (queue full, no connection)
   */
  public Submission<Result> accept(NewPayment payment) { return commits.submit(payment); }

  /** Whether a payment would be refused for want of room. */
  public boolean full() { return commits.full(); }

  public void countRejection() { commits.countRejection(); }

  public int depth() { return commits.depth(); }

  /** Whether Postgres can be reached. */
  public boolean up() { return pg.up(); }

  private Future<List<Result>> commit(List<NewPayment> batch) {
    Tuple parameters = parameters(batch, writer);
    FaultPoint.reach("payment", "before_commit");
    return (System.nanoTime() - takenAt < CAREFUL_NANOS
        ? careful(batch, parameters)
        : pg.query(ACCEPT_NEW, parameters).map(rows -> Collections.nCopies(batch.size(), Result.ACCEPTED))
            .recover(failure -> {
              if (!keyTaken(failure)) return Future.failedFuture(failure);
              takenAt = System.nanoTime();
              return careful(batch, parameters);
            }))
        .recover(failure -> failure instanceof Unavailable u && u.outcomeUnknown()
            ? resolve(batch)
            : Future.failedFuture(failure));
  }

  private Future<List<Result>> careful(List<NewPayment> batch, Tuple parameters) {
    return pg.query(ACCEPT, parameters).map(rows -> results(batch, ids(rows), Result.DUPLICATE));
  }

  private static boolean keyTaken(Throwable failure) {
    return failure instanceof PgException e && "idempotency_key_pkey".equals(e.getConstraint());
  }

  private static Set<UUID> ids(Iterable<Row> rows) {
    var ids = new HashSet<UUID>();
    for (Row row : rows) ids.add(row.getUUID(0));
    return ids;
  }

  private static List<Result> results(List<NewPayment> batch, Set<UUID> accepted, Result otherwise) {
    return batch.stream().map(p -> accepted.contains(p.id()) ? Result.ACCEPTED : otherwise).toList();
  }

  /** The commit's answer was lost: ask, by key, what was written. */
  private Future<List<Result>> resolve(List<NewPayment> batch) {
    Tuple keys = Tuple.of((Object) column(batch, UUID[]::new, NewPayment::keyId));
    return pg.whenUp(RESOLVE_WAIT_MS)
        .compose(v -> pg.query(RESOLVE, keys))
        .map(rows -> results(batch, ids(rows), Result.LOST))
        .otherwise(failure -> results(batch, Set.of(), Result.LOST));
  }

  /** Keys in their order: two writers that have some in common must not wait for each other. */
  private static Tuple parameters(List<NewPayment> batch, String writer) {
    var byKey = new ArrayList<>(batch);
    byKey.sort(Comparator.comparing(NewPayment::keyId));
    return Tuple.from(new ArrayList<Object>(List.of(column(batch, UUID[]::new, NewPayment::id),
        column(batch, UUID[]::new, NewPayment::merchant), column(batch, Boolean[]::new, NewPayment::livemode),
        column(batch, Long[]::new, NewPayment::amount), column(batch, String[]::new, NewPayment::currency),
        column(batch, String[]::new, NewPayment::reference),
        column(batch, String[]::new, NewPayment::traceparent), column(batch, String[]::new, NewPayment::data),
        column(byKey, UUID[]::new, NewPayment::keyId), column(byKey, UUID[]::new, NewPayment::merchant),
        column(byKey, Boolean[]::new, NewPayment::livemode), column(byKey, String[]::new, NewPayment::key),
        column(byKey, Buffer[]::new, NewPayment::fingerprint),
        column(byKey, Long[]::new, NewPayment::waitMs), column(byKey, UUID[]::new, NewPayment::id), writer)));
  }

  /** One field of every payment. */
  private static <T> @Nullable T[] column(List<NewPayment> batch, IntFunction<@Nullable T[]> array,
      Function<NewPayment, @Nullable T> of) {
    @Nullable
    T[] column = array.apply(batch.size());
    for (int i = 0; i < column.length; i++) column[i] = of.apply(batch.get(i));
    return column;
  }
}
