package dev.millrace.deadletter;

import dev.millrace.audit.AuditLog;
import dev.millrace.platform.Database;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Dead letters as operators see them, and what operators may do with them. An act and its line in the audit
 * are one statement: there is none without the other.
 */
public final class DeadLetterActs {
  /** What one act may move. */
  public static final int LETTERS_MAX = 10_000;

  private static final String LIST = """
    SELECT id, payment_id, task, status, attempts, error, coalesce(nullif(traceparent, ''),
             (SELECT j.traceparent FROM journal j WHERE j.subject = d.payment_id AND j.version = 1), ''), source, created, replays, due, outcome,
           outcome_note, outcome_at, decided_by, decided, reason, done
      FROM dead_letter d WHERE %s ORDER BY id LIMIT $1::int""";
  private static final String RECORD = """
    SELECT errors::text, record_key, record_form, record, record_size, headers::text FROM dead_letter WHERE id = $1::bigint""";
  /** The letters that are meant, locked: of two acts at once the second sees what the first has done. */
  private static final String CHOSEN = """
    WITH chosen AS MATERIALIZED (
      SELECT id, row_number() OVER (ORDER BY id) - 1 AS nr
        FROM (SELECT id FROM dead_letter WHERE %s ORDER BY id LIMIT $1::int FOR UPDATE) locked
    ), moved AS (
      UPDATE dead_letter AS d SET decided_by = $2::text, decided = now(), reason = $3::text, taken_until = NULL,\s""";
  private static final String AUDITED = """

        FROM chosen WHERE d.id = chosen.id RETURNING d.id, d.due
    ), audited AS (
      :audit
      SELECT $2::text, $4::text, $5::text, $6::text::jsonb || jsonb_build_object('letters', jsonb_agg(id ORDER BY id))
        FROM moved HAVING count(*) > 0
    )
    SELECT count(*), max(due) FROM moved"""
      .replace(":audit", AuditLog.INSERT);
  private static final String REPLAY = CHOSEN
      + "status = 'replaying', rate = $7::int, due = now() + nr::float8 / $7::int * interval '1 s'" + AUDITED;
  private static final String DISCARD = CHOSEN + "status = 'discarded', due = NULL" + AUDITED;
  private static final String CLOSE = """
    WITH closed AS (
      UPDATE dead_letter SET status = 'closed', done = $3::text, decided_by = $2::text, decided = now(),
             payment_id = coalesce(payment_id, $4::uuid)
       WHERE id = $1::bigint AND status = 'open' RETURNING id
    )
    :audit
    SELECT $2::text, 'close_dead_letter', 'dead_letter/' || id, jsonb_build_object('done', $3::text) FROM closed"""
      .replace(":audit", AuditLog.INSERT);
  /** {@code source} names an order for ever: the same one again is the same letter. */
  private static final String ORDER = """
    WITH ordered AS (
      INSERT INTO dead_letter (payment_id, task, status, attempts, error, traceparent, record, record_size, source,
                               due, rate, decided_by, decided, reason)
      VALUES ($1::uuid, 'inquiry', 'replaying', 0, 'none: an operator has the provider asked again', $2::text, $7::text,
              octet_length($7::text), $3::text, now(), 1, $4::text, now(), $5::text)
      ON CONFLICT (source) DO NOTHING RETURNING id
    )
    :audit
    SELECT $4::text, 'read_again', $6::text, jsonb_build_object('reason', $5::text, 'dead_letter', id) FROM ordered"""
      .replace(":audit", AuditLog.INSERT);
  private static final String LOCK_WEBHOOK = """
    SELECT status, payment_id, source, record_form, record FROM dead_letter
     WHERE id = $1::bigint AND task = 'webhook' FOR UPDATE""";
  private static final String ORDERED = "SELECT id, record = $2::text FROM dead_letter WHERE source = $1::text";
  /** A discarded one may be replayed after all: nothing of it was lost. */
  private static final String REPLAYABLE = "status IN ('open', 'discarded')";
  /** A replay that is ordered may be called off until a processor has taken it. */
  private static final String DISCARDABLE = """
    (status = 'open' OR status = 'replaying' AND (taken_until IS NULL OR taken_until <= now()))""";

  /** Who does it, why, and what it is told in the audit besides. */
  public record Order(String operator, @Nullable String reason, JsonObject audited) {
    private Tuple values(int limit, String act, String subject) {
      return Tuple.tuple().addValue(limit).addValue(operator).addValue(reason).addValue(act)
          .addValue(subject).addValue(audited.copy().put("reason", reason).encode());
    }
  }

  private final Database database;
  private final Runnable ordered;

  /** {@code ordered} runs when replays were ordered. */
  public DeadLetterActs(Database database, Runnable ordered) {
    this.database = database;
    this.ordered = ordered;
  }

  /**
   * A page, by id, of those after {@code after}, or from the first one on for null. One that does not exist
   * is refused: an empty page would look like the end.
   */
  public Future<JsonObject> list(DeadLetterFilter filter, @Nullable Long after, int limit) {
    return after == null
        ? page(filter, 0, limit)
        : database.query(LIST.formatted("id = $2::bigint"), Tuple.of(1, after))
            .compose(rows -> rows.size() == 1
                ? page(filter, after, limit)
                : Future
                    .failedFuture(new OperatorRefusal(400, "`after` names no dead letter. Send `next` of the"
                        + " page before, or leave it out")));
  }

  private Future<JsonObject> page(DeadLetterFilter filter, long after, int limit) {
    var values = Tuple.of(limit + 1, after);
    return database.query(LIST.formatted("id > $2::bigint AND " + filter.where(values)), values).map(rows -> {
      var data = new JsonArray();
      for (Row row : rows) if (data.size() < limit) data.add(letter(row));
      return new JsonObject().put("object", "list").put("data", data).put("next",
          rows.size() > limit ? data.getJsonObject(limit - 1).getLong("id") : null);
    });
  }

  private static JsonObject letter(Row r) {
    String trace = r.getString(6);
    return new JsonObject().put("id", r.getLong(0)).put("object", "dead_letter")
        .put("payment", r.getUUID(1) == null ? null : TypeId.format(TypeId.PAYMENT, r.getUUID(1)))
        .put("task", r.getString(2)).put("status", r.getString(3)).put("attempts", r.getInteger(4))
        .put("error", r.getString(5)).put("traceparent", trace)
        .put("trace_id", trace.matches("00-[0-9a-f]{32}-.*") ? trace.substring(3, 35) : null)
        .put("source", r.getString(7)).put("created", text(r.getOffsetDateTime(8)))
        .put("replays", r.getInteger(9)).put("due", text(r.getOffsetDateTime(10)))
        .put("outcome", r.getString(11)).put("outcome_note", r.getString(12))
        .put("outcome_at", text(r.getOffsetDateTime(13))).put("decided_by", r.getString(14))
        .put("decided", text(r.getOffsetDateTime(15))).put("reason", r.getString(16))
        .put("done", r.getString(17));
  }

  private static @Nullable String text(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toString();
  }

  /** One, without its record. */
  private Future<JsonObject> find(long id) {
    return database.query(LIST.formatted("id = $2::bigint"), Tuple.of(1, id))
        .compose(rows -> rows.size() == 0
            ? Future.failedFuture(
                new OperatorRefusal(404, "no such dead letter: GET /ops/dead-letters lists them"))
            : Future.succeededFuture(letter(rows.iterator().next())));
  }

  /** Everything about one. */
  public Future<JsonObject> inspect(long id) {
    return find(id).compose(letter -> database.query(RECORD, Tuple.of(id)).map(rows -> {
      Row r = rows.iterator().next();
      return letter.put("errors", new JsonArray(r.getString(0))).put("record",
          new JsonObject().put("key", r.getString(1)).put("form", r.getString(2))
              .put("value", r.getString(3)).put("size", r.getInteger(4))
              .put("headers", new JsonObject(r.getString(5))));
    }));
  }

  /** Orders one replay, for now. One that is ordered already stays so: asking twice is asking once. */
  public Future<JsonObject> replay(long id, Order order) {
    return one(REPLAY, REPLAYABLE, id, order.values(1, "replay_dead_letter", subject(id)).addValue(1),
        "replaying", "only one that is open or discarded can be replayed. What fails after a replay is open"
            + " again, or a dead letter of its own")
        .onSuccess(letter -> ordered.run());
  }

  /** Puts one away. One that was put away before stays as it is. */
  public Future<JsonObject> discard(long id, Order order) {
    return one(DISCARD, DISCARDABLE, id, order.values(1, "discard_dead_letter", subject(id)), "discarded",
        "only one that is open, or whose replay has not begun, can be discarded");
  }

  /** Ends an open one by what was {@code done} about it. Closed by the same words before, it stays so. */
  public Future<JsonObject> close(long id, String operator, String done) {
    return close(database, id, operator, done, null)
        .compose(rows -> find(id).compose(letter -> letter.getString("status").equals("closed")
            && done.equals(letter.getString("done"))
                ? Future.succeededFuture(letter)
                : Future.failedFuture(new OperatorRefusal(409, letter.getString("status").equals("closed")
                    ? "the dead letter was closed by " + letter.getString("decided_by")
                        + " with other words: "
                        + letter.getString("done")
                    : "the dead letter is " + letter.getString("status")
                        + "; only one that is open can be closed"))));
  }

  /** Closes it, if it is open, as a part of a larger act; it is about {@code payment} from now on. */
  public static Future<Void> close(Sql sql, long id, String operator, String done, @Nullable UUID payment) {
    return sql.query(CLOSE, Tuple.of(id, operator, done, payment)).mapEmpty();
  }

  /**
   * A letter of a provider's webhook.
   *
   * @param payment which it is about; null where that is not known
   * @param scheme {@code provider/account}
   */
  public record WebhookLetter(String status, @Nullable UUID payment, String scheme, Buffer body) {}

  /** The letter of a webhook, which nobody else changes until the transaction ends; null for any other. */
  public static Future<@Nullable WebhookLetter> lockedWebhook(Sql sql, long id) {
    return sql.query(LOCK_WEBHOOK, Tuple.of(id)).map(rows -> {
      if (rows.size() == 0) return null;
      Row row = rows.iterator().next();
      String[] source = row.getString(2).split("/", 4);
      return new WebhookLetter(row.getString(0), row.getUUID(1), source[1] + "/" + source[2],
          new Origin.Written(row.getString(3), row.getString(4)).read());
    });
  }

  /**
   * Has a processor ask the provider about every call of a payment, and book what it says. The same key
   * again, from the same operator for the same reason, is the same order; its letter shows what came of it.
   */
  public Future<JsonObject> readAgain(UUID payment, String traceparent, String key, String operator,
      String reason) {
    String id = TypeId.format(TypeId.PAYMENT, payment);
    String source = "operator/" + id + "/" + key;
    String asked = new JsonObject().put("operator", operator).put("reason", reason).encode();
    return database
        .query(ORDER,
            Tuple.tuple().addValue(payment).addValue(traceparent).addValue(source).addValue(operator)
                .addValue(reason).addValue(id).addValue(asked))
        .onSuccess(v -> ordered.run())
        .compose(v -> database.query(ORDERED, Tuple.of(source, asked))).compose(rows -> {
          Row row = rows.iterator().next();
          return row.getBoolean(1)
              ? find(row.getLong(0))
              : Future.failedFuture(
                  new OperatorRefusal(409, "`key` was used for another order, which is dead letter "
                      + row.getLong(0) + ": give a new order a key of its own"));
        });
  }

  private static String subject(long id) { return "dead_letter/" + id; }

  private Future<JsonObject> one(String act, String permitted, long id, Tuple values, String aim,
      String rule) {
    values.addValue(id);
    return database.query(act.formatted("id = $" + values.size() + "::bigint AND " + permitted), values)
        .compose(rows -> find(id).compose(letter -> {
          String status = letter.getString("status");
          boolean done = rows.iterator().next().getLong(0) == 1 || Objects.equals(status, aim);
          return done
              ? Future.succeededFuture(letter)
              : Future.failedFuture(new OperatorRefusal(409, "the dead letter is " + status + "; " + rule));
        }));
  }

  /**
   * Orders replays of those that are meant, {@code rate} a second: the last one is due {@code until} then, or
   * later.
   */
  public Future<JsonObject> replay(DeadLetterFilter filter, int limit, int rate, Order order) {
    return many(REPLAY, REPLAYABLE, filter,
        order.values(limit, "replay_dead_letters", "dead_letters").addValue(rate))
        .map(row -> new JsonObject().put("scheduled", row.getLong(0)).put("rate", rate).put("until",
            text(row.getOffsetDateTime(1))).put("more_may_match", row.getLong(0) == limit))
        .onSuccess(scheduled -> ordered.run());
  }

  /** Puts away those that are meant. */
  public Future<JsonObject> discard(DeadLetterFilter filter, int limit, Order order) {
    return many(DISCARD, DISCARDABLE, filter, order.values(limit, "discard_dead_letters", "dead_letters"))
        .map(row -> new JsonObject().put("discarded", row.getLong(0)).put("more_may_match",
            row.getLong(0) == limit));
  }

  private Future<Row> many(String act, String permitted, DeadLetterFilter filter, Tuple values) {
    return database.query(act.formatted(permitted + " AND " + filter.where(values)), values)
        .map(rows -> rows.iterator().next());
  }
}
