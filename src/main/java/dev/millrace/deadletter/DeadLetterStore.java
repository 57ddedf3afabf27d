package dev.millrace.deadletter;

import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was given up, a row each in Postgres with the record, the attempts, the errors and the trace. A replay
 * that is due is taken for a while only, and its end counts only for whoever took it last: a node that dies
 * leaves it to be taken again, one that wakes up late changes nothing.
 */
public final class DeadLetterStore {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterStore.class);
  /** A record that could not be read, or not be begun. */
  public static final String POISON = "poison";
  /** A record that this installation did not write, or not so. */
  public static final String FORGED = "forged";
  /** A provider's webhook that no payment took. */
  public static final String WEBHOOK = "webhook";
  /** An operator's order to ask the provider again about a payment: nothing has failed. */
  public static final String INQUIRY = "inquiry";
  private static final int NOTE_CHARS_MAX = 8_000;

  private static final String LAST_OF = """
    (SELECT jsonb_agg(e ORDER BY n)
       FROM (SELECT e, n FROM jsonb_array_elements(%s) WITH ORDINALITY AS t (e, n) ORDER BY n DESC LIMIT %d) kept)""";
  /**
   * What had been replayed and is given up once more is open again, and tells which payment it is about when
   * that has become known; else a repetition changes nothing.
   */
  private static final String BURY = """
    INSERT INTO dead_letter AS d (payment_id, task, attempts, error, errors, traceparent, record, record_key, record_form,
        record_size, headers, source, passing)
    VALUES ($1::uuid, $2::text, $3::int, $4::text, $5::text::jsonb, $6::text, $7::text, $8::text, $9::text, $10::int,
        $11::text::jsonb, $12::text, $13::bool)
    ON CONFLICT (source) DO UPDATE SET status = 'open', attempts = d.attempts + excluded.attempts, error = excluded.error,
        payment_id = coalesce(d.payment_id, excluded.payment_id), errors = %s, due = NULL, taken_until = NULL,
        outcome = 'failed', outcome_note = excluded.error, outcome_at = clock_timestamp(),
        passing = d.passing AND excluded.passing
     WHERE d.status = 'replayed' OR d.status = 'replaying' AND d.taken_until > clock_timestamp()"""
      .formatted(LAST_OF.formatted("d.errors || excluded.errors", Failure.KEPT_MAX));
  /**
   * The letters of one order have {@code decided} in common, and their turns by its rate: from the due time
   * of the next one on, or from $3 ago if that was earlier, so what an outage held up does not come at once.
   * The one behind those that are taken is due in its turn, which says to all processors how far the order
   * is. Those left behind have had theirs. Of what is not decoded again, the record may stay where it is.
   */
  private static final String TAKE = """
    WITH waiting AS MATERIALIZED (
      SELECT id, rate, lead(id) OVER turns AS next,
             greatest(due, greatest(first_value(due) OVER turns, now() - $3::bigint * interval '1 ms')
                             + (row_number() OVER turns - 1)::float8 / rate * interval '1 s') AS turn
        FROM dead_letter WHERE status = 'replaying' AND taken_until IS NULL
      WINDOW turns AS (PARTITION BY decided ORDER BY id)
    ), ready AS MATERIALIZED (
      SELECT id, turn, next, turn + interval '1 s' / rate AS next_turn FROM waiting WHERE turn <= now()
      UNION ALL
      SELECT id, taken_until, NULL, NULL FROM dead_letter WHERE status = 'replaying' AND taken_until <= now()
    ), t AS MATERIALIZED (
      SELECT d.id, r.next, r.next_turn FROM ready r JOIN dead_letter d ON d.id = r.id
       WHERE d.status = 'replaying' AND (d.taken_until IS NULL OR d.taken_until <= now())
       ORDER BY r.turn, r.id LIMIT $1::int FOR UPDATE OF d SKIP LOCKED
    ), behind AS MATERIALIZED (
      SELECT d.id, t.next_turn FROM t JOIN dead_letter d ON d.id = t.next
       WHERE d.taken_until IS NULL AND d.id NOT IN (SELECT id FROM t) FOR UPDATE OF d SKIP LOCKED
    ), put_off AS (
      UPDATE dead_letter AS d SET due = greatest(d.due, b.next_turn) FROM behind b WHERE d.id = b.id
    )
    UPDATE dead_letter AS d SET taken_until = now() + $2::bigint * interval '1 ms', replays = d.replays + 1
      FROM t WHERE d.id = t.id
    RETURNING d.id, d.replays, d.payment_id, d.task, d.traceparent, d.source, d.record_key, d.record_form,
        CASE d.task WHEN 'poison' THEN d.record ELSE '' END, coalesce(d.record_size, 0), d.headers::text, d.decided,
        coalesce(d.decided_by, '')""";
  /** One that is ordered and not taken yet is another order than the one that ended. */
  private static final String END = """
    UPDATE dead_letter AS d SET status = CASE $3::text WHEN 'failed' THEN 'open' ELSE 'replayed' END, outcome = $3::text,
           outcome_note = $4::text, outcome_at = clock_timestamp(), due = NULL, taken_until = NULL,
           error = CASE $3::text WHEN 'failed' THEN $6::text ELSE d.error END,
           errors = CASE $3::text WHEN 'failed' THEN %s ELSE d.errors END
     WHERE id = $1::bigint AND status = 'replaying' AND replays = $2::int AND taken_until IS NOT NULL RETURNING 1"""
      .formatted(LAST_OF.formatted("d.errors || $5::text::jsonb", Failure.KEPT_MAX));
  private static final String KNOWN = """
    SELECT EXISTS (SELECT FROM dead_letter WHERE payment_id = $1::uuid AND status <> 'replayed' AND task <> 'inquiry')""";
  private static final String CLOSE = """
    UPDATE dead_letter SET status = 'replayed', outcome = 'done', outcome_note = 'its cause is gone: nothing is left to do',
           outcome_at = clock_timestamp(), due = NULL, taken_until = NULL
     WHERE payment_id = ANY($1::uuid[]) AND status = 'open' AND passing""";
  private static final String OPEN = "SELECT task, count(*) FROM dead_letter WHERE status = 'open' GROUP BY task";

  /** One that is decided anew at this moment is looked at again, and stays. */
  private static final String FORGET = """
    DELETE FROM dead_letter WHERE status IN ('replayed', 'discarded', 'closed') AND id = ANY(ARRAY(
      SELECT id FROM dead_letter
       WHERE status IN ('replayed', 'discarded', 'closed') AND greatest(created, decided, outcome_at) < $1::timestamptz
       LIMIT 5000))""";

  /**
   * One that is to be written. {@code failures} has at least the last; {@code passing}: all that is wrong is
   * that it takes so long, so it is closed when the payment has come to rest.
   */
  public record Letter(@Nullable UUID payment, String task, int attempts, List<Failure> failures,
      String traceparent, Origin origin, boolean passing) {
    public Letter(@Nullable UUID payment, String task, int attempts, List<Failure> failures,
        String traceparent, Origin origin) {
      this(payment, task, attempts, failures, traceparent, origin, false);
    }
  }

  /**
   * One that was taken for its {@code replay}-th replay, ordered then by {@code operator}. Only of
   * {@link #POISON} the origin has a value.
   */
  public record Taken(long id, int replay, OffsetDateTime ordered, String operator, @Nullable UUID payment,
      String task,
      String traceparent, Origin origin) {}

  /** How a replay ended. */
  public enum Outcome {
    /** There is nothing left to do. */
    DONE,
    /** It waits in a retry window, or among the webhooks whose payments are not known yet. */
    WAITS,
    /** It is open as before. */
    FAILED;

    public String wire() { return name().toLowerCase(Locale.ROOT); }
  }

  private final Vertx vertx;
  private final Sql sql;
  private final MeterRegistry registry;

  public DeadLetterStore(Vertx vertx, Sql sql, MeterRegistry registry) {
    this.vertx = vertx;
    this.sql = sql;
    this.registry = registry;
  }

  /**
   * Writes a dead letter; repeating it for the same source changes nothing. Waits until Postgres takes it.
   */
  public Future<Void> bury(Letter letter) {
    String error = letter.failures.getLast().error();
    LOG.error("alert=dead_letter task={} payment={} attempts={} error=\"{}\"", letter.task,
        letter.payment == null ? "-" : TypeId.format(TypeId.PAYMENT, letter.payment), letter.attempts, error);
    registry.counter("millrace.dead.letters", "task", letter.task).increment();
    Origin origin = letter.origin;
    var written = origin.written();
    var headers = new JsonObject();
    origin.headers().forEach(headers::put);
    return bury(Tuple.tuple().addValue(letter.payment).addValue(letter.task).addValue(letter.attempts)
        .addValue(error).addValue(Failure.json(letter.failures).encode())
        .addValue(Failure.storable(letter.traceparent)).addValue(written.text())
        .addValue(origin.key() == null ? null : Failure.storable(origin.key())).addValue(written.form())
        .addValue(origin.size()).addValue(headers.encode()).addValue(origin.source())
        .addValue(letter.passing));
  }

  /** Closes the letters of payments that have come to rest, as far as that was all they told. */
  public Future<Integer> closePassed(Collection<UUID> payments) {
    return payments.isEmpty()
        ? Future.succeededFuture(0)
        : sql.query(CLOSE, Tuple.of((Object) payments.toArray(UUID[]::new))).map(rows -> rows.rowCount());
  }

  /** Writes one for a payment that no record brought, unless it has a letter that was not replayed. */
  public Future<Void> buryOnce(UUID payment, String task, Failure failure, boolean passing) {
    var origin = Origin.of("janitor/" + TypeId.format(TypeId.PAYMENT, payment), null, Buffer.buffer(),
        Map.of());
    return sql.query(KNOWN, Tuple.of(payment)).compose(rows -> rows.iterator().next().getBoolean(0)
        ? Future.succeededFuture()
        : bury(new Letter(payment, task, 1, List.of(failure), "", origin, passing)));
  }

  private Future<Void> bury(Tuple row) {
    return sql.query(BURY, row).<Void>mapEmpty().recover(failure -> {
      LOG.warn("dead_letter_not_written error=\"{}\"", failure.getMessage());
      return vertx.timer(1, TimeUnit.SECONDS).compose(v -> bury(row));
    });
  }

  /**
   * Takes up to {@code max} whose turn has come, for {@code leaseMs}; after that they may be taken again. Of
   * an order that is late, those whose turns were in the last {@code lateMs} may come at once.
   */
  public Future<List<Taken>> take(int max, long leaseMs, long lateMs) {
    return sql.query(TAKE, Tuple.of(max, leaseMs, lateMs)).map(rows -> {
      var taken = new ArrayList<Taken>(rows.size());
      for (Row r : rows)
        taken.add(
            new Taken(r.getLong(0), r.getInteger(1), r.getOffsetDateTime(11), r.getString(12), r.getUUID(2),
                r.getString(3), r.getString(4),
                origin(r)));
      return taken;
    });
  }

  private static Origin origin(Row r) {
    Buffer value = new Origin.Written(r.getString(7), r.getString(8)).read();
    var headers = new HashMap<String, String>();
    for (var header : new JsonObject(r.getString(10)))
      headers.put(header.getKey(), Objects.toString(header.getValue()));
    // Of those that an earlier version wrote, all was kept, and no size.
    return new Origin(r.getString(5), r.getString(6), value, Math.max(value.length(), r.getInteger(9)),
        headers);
  }

  /** Notes how a replay ended; false when another took it since, or gave it up. */
  public Future<Boolean> end(Taken letter, Outcome outcome, String note) {
    var failure = Failure.now(note);
    String kept = Failure.storable(note.length() > NOTE_CHARS_MAX ? note.substring(0, NOTE_CHARS_MAX) : note);
    return sql.query(END, Tuple.of(letter.id, letter.replay, outcome.wire(), kept,
        Failure.json(List.of(failure)).encode(), failure.error())).map(rows -> rows.size() == 1);
  }

  /** How many are open, by task. */
  public Future<Map<String, Long>> open() {
    return sql.query(OPEN, Tuple.tuple()).map(rows -> {
      var open = new HashMap<String, Long>();
      for (Row row : rows) open.put(row.getString(0), row.getLong(1));
      return open;
    });
  }

  /**
   * Deletes up to 5 000 that were replayed, discarded or closed and have not changed since {@code time};
   * answers how many. Those that wait for a decision or their replay stay, however old they are.
   */
  public Future<Integer> forgetBefore(OffsetDateTime time) {
    return sql.query(FORGET, Tuple.of(time)).map(rows -> rows.rowCount());
  }
}
