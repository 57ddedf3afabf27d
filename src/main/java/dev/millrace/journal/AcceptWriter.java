package dev.millrace.journal;

import static dev.millrace.platform.Columns.bool;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static dev.millrace.platform.Columns.uuid;

import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.idempotency.KeyClaims;
import dev.millrace.platform.Columns;
import dev.millrace.platform.CommitMeter;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.GroupCommit;
import dev.millrace.platform.GroupCommit.Submission;
import dev.millrace.platform.Parameters;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Unavailable;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes new payments durable: idempotency row, payment and {@code payment.initiated} of many payments in one
 * statement and one transaction. Whoever inserts the idempotency row first has the payment; nothing of a
 * duplicate is written. (Accepting posts nothing: no money has moved. See {@code PostingRules}.)
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
      String data) implements KeyClaims.Claim {
    @Override
    public UUID resource() { return id; }
  }

  /** What became of it. */
  public enum Result {
    ACCEPTED,
    /** The key was used before: nothing was written. */
    DUPLICATE,
    /**
     * The connection broke during the commit and the payment was not found afterwards: retry with the same
     * key.
     */
    LOST
  }

  private static final Parameters PARAMETERS = new Parameters();
  /**
   * Payments in the order they came, which is that of their ids, and keys in theirs: indexes fill from left
   * to right.
   */
  private static final Parameters.Rows<NewPayment> PAYMENTS = PARAMETERS.rows(Columns.of(
      uuid("id", NewPayment::id),
      uuid("merchant", NewPayment::merchant),
      bool("livemode", NewPayment::livemode),
      int8("amount", NewPayment::amount),
      text("currency", NewPayment::currency),
      text("reference", NewPayment::reference),
      text("traceparent", NewPayment::traceparent),
      text("data", NewPayment::data)));
  private static final Parameters.Rows<KeyClaims.Claim> KEYS = PARAMETERS.rows(KeyClaims.COLUMNS);
  private static final Parameters.Text WRITER = PARAMETERS.text();

  /** Takes it that every key is new, and fails as a whole when one is not: cheaper than looking first. */
  private static final String ACCEPT_NEW = statement(KeyClaims.insert(KEYS), "NOT MATERIALIZED", "",
      "unnest(" + PAYMENTS.array("id") + ")", "NULL::uuid");
  /** Leaves out whose key is taken. */
  private static final String ACCEPT = statement(KeyClaims.insertFree(KEYS), "MATERIALIZED",
      "JOIN k ON k.resource = t.id", "k", "resource FROM k");

  private static String statement(String claims, String kept, String ofThese, String accepted,
      String answer) {
    return """
      WITH k AS (
        :claims
      ), n AS :kept (
        SELECT t.* FROM (:payments) AS t :ofThese
      ), p AS (
        INSERT INTO payment (id, merchant, livemode, version, status, amount, currency, reference)
        SELECT id, merchant, livemode, 1, 'initiated', amount, currency, reference FROM n
      ), j AS (
        :entries
      ), w AS (
        INSERT INTO work AS w (writer, accepted, events) SELECT :writer, count(*), count(*) FROM :accepted
        ON CONFLICT (writer) DO UPDATE
          SET accepted = w.accepted + excluded.accepted, events = w.events + excluded.events
      )
      SELECT :answer"""
        .replace(":claims", claims).replace(":kept", kept)
        .replace(":payments", PAYMENTS.select()).replace(":ofThese", ofThese)
        .replace(":entries",
            JournalEntries.insert("n", "1", "'payment.initiated'", "'merchant'", "traceparent", "data"))
        .replace(":writer", WRITER.sql()).replace(":accepted", accepted).replace(":answer", answer);
  }

  /** How long after a key that was taken the next ones are looked at first: retries come in swarms. */
  private static final long CAREFUL_NANOS = 1_000_000_000;

  private final PgLink pg;
  private final IdempotencyKeyStore keys;
  private final String writer;
  private final GroupCommit<NewPayment, Result> commits;
  private long takenAt = System.nanoTime() - CAREFUL_NANOS;

  /** {@code writer} names the work counter, which nobody else may use. */
  public AcceptWriter(Vertx vertx, PgLink pg, String writer, int queueLimit, int batchMax,
      MeterRegistry registry) {
    this.pg = pg;
    this.keys = new IdempotencyKeyStore(pg);
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
              if (!KeyClaims.taken(failure)) return Future.failedFuture(failure);
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
    return pg.whenUp(RESOLVE_WAIT_MS)
        .compose(v -> keys.resources(batch.stream().map(NewPayment::keyId).toList()))
        .map(made -> results(batch, made, Result.LOST))
        .otherwise(failure -> results(batch, Set.of(), Result.LOST));
  }

  /** Keys in their order: two writers that have some in common must not wait for each other. */
  private static Tuple parameters(List<NewPayment> batch, String writer) {
    var byKey = new ArrayList<>(batch);
    byKey.sort(Comparator.comparing(NewPayment::keyId));
    return PARAMETERS.values().with(PAYMENTS, batch).with(KEYS, byKey).with(WRITER, writer).tuple();
  }
}
