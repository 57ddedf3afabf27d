package dev.millrace.webhook;

import dev.millrace.platform.Sql;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.CursorStore;
import dev.millrace.journal.Milestones;
import dev.millrace.platform.Lease;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The notifier's statements. What writes names the epoch of the notifier's lease and does nothing when that
 * is past, so that one that hung cannot undo what its successor did.
 */
public final class DeliveryStore {
  private static final String FENCE = "WITH fence AS MATERIALIZED (" + Lease.fence("notifier", 1) + ")";
  private static final String PLAN = FENCE
      + """
        , m AS (
          INSERT INTO webhook_message (xid, position, api_version, body)
          SELECT x::xid8, p, v, b
            FROM (SELECT unnest($2::text[]) AS x, unnest($3::int8[]) AS p, unnest($4::text[]) AS v, unnest($5::bytea[]) AS b) AS t
           WHERE EXISTS (SELECT FROM fence)
          ON CONFLICT DO NOTHING
        ), c AS (
          :move AND $8::int8 >= 0 AND EXISTS (SELECT FROM fence)
        ), d AS (
          INSERT INTO webhook_delivery AS w (id, endpoint, xid, position, api_version, subject, type, traceparent, ordered,
              status, next_at, created)
          SELECT id, endpoint, x::xid8, p, v, subject, type, traceparent, ordered, status, $9::timestamptz, $9::timestamptz
            FROM (SELECT unnest($10::uuid[]) AS id, unnest($11::uuid[]) AS endpoint, unnest($12::text[]) AS x,
                         unnest($13::int8[]) AS p, unnest($14::text[]) AS v, unnest($15::uuid[]) AS subject,
                         unnest($16::text[]) AS type, unnest($17::text[]) AS traceparent, unnest($18::bool[]) AS ordered,
                         unnest($19::text[]) AS status) AS t
           WHERE EXISTS (SELECT FROM fence)
          ON CONFLICT (endpoint, xid, position) DO %s
          RETURNING id
        )
        SELECT (SELECT count(*) FROM fence), d.id FROM (SELECT 1) AS one LEFT JOIN d ON true"""
          .replace(":move", CursorStore.move("notifier", 6));
  private static final String PLAN_NEW = PLAN.formatted("NOTHING");
  private static final String PLAN_AGAIN = PLAN.formatted("""
    UPDATE SET status = 'pending', tries = 0, next_at = excluded.next_at, finished = NULL
              WHERE $20::text[] IS NULL OR w.status = ANY($20::text[])""");
  /**
   * Subqueries, not joins: each row is looked up by its key, whatever the planner thinks of the tables'
   * sizes.
   */
  private static final String EXISTING = """
    SELECT t.x::text, t.p
      FROM (SELECT unnest($2::text[])::xid8 AS x, unnest($3::int8[]) AS p) AS t
     WHERE (SELECT true FROM webhook_delivery w WHERE w.endpoint = $1::uuid AND w.xid = t.x AND w.position = t.p)""";
  private static final String LOAD = """
    SELECT d.endpoint, d.id, d.xid::text, d.position, d.subject, d.type, d.traceparent, d.tries, d.attempts, d.next_at,
           (SELECT m.body FROM webhook_message m
             WHERE m.xid = d.xid AND m.position = d.position AND m.api_version = d.api_version)
      FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::int4[]) AS n) AS e
      CROSS JOIN LATERAL (
        SELECT w.* FROM webhook_delivery w
         WHERE w.endpoint = e.id AND w.status = 'pending' AND NOT (w.ordered AND EXISTS (
           SELECT FROM webhook_delivery b WHERE b.endpoint = w.endpoint AND b.subject = w.subject AND b.status = 'pending'
              AND b.ordered AND (b.xid, b.position) < (w.xid, w.position)))
         ORDER BY w.next_at, w.xid, w.position LIMIT e.n) d
     ORDER BY d.endpoint, d.next_at, d.xid, d.position""";
  private static final String RECORD = FENCE
      + """
        , u AS (
          SELECT unnest($2::uuid[]) AS id, unnest($3::text[]) AS status, unnest($4::int4[]) AS tries,
                 unnest($5::int4[]) AS attempts, unnest($6::timestamptz[]) AS next_at, unnest($7::int4[]) AS code,
                 unnest($8::text[]) AS error, unnest($9::timestamptz[]) AS at, unnest($10::int4[]) AS latency_ms,
                 unnest($11::bytea[]) AS response
        ), d AS (
          UPDATE webhook_delivery w
             SET status = u.status, tries = u.tries, attempts = u.attempts, next_at = u.next_at, last_status = u.code,
                 last_error = u.error, finished = CASE WHEN u.status = 'pending' THEN NULL ELSE u.at END
            FROM u WHERE w.id = u.id AND w.id = ANY($2::uuid[]) AND w.attempts = u.attempts - 1 AND EXISTS (SELECT FROM fence)
          RETURNING w.id
        ), a AS (
          INSERT INTO webhook_attempt (delivery, number, at, status, error, latency_ms, response)
          SELECT u.id, u.attempts, u.at, u.code, u.error, u.latency_ms, u.response FROM u JOIN d ON d.id = u.id
        )
        SELECT id FROM d""";
  private static final String REVIVE = """
    UPDATE webhook_delivery SET status = 'pending', next_at = $3::timestamptz, finished = NULL, tries = greatest(tries, $5::int)
     WHERE id = ANY(ARRAY(
       SELECT id FROM webhook_delivery WHERE endpoint = $1::uuid AND status = 'dead' AND finished < $2::timestamptz
        ORDER BY xid, position LIMIT $4::int)) AND status = 'dead'
    RETURNING 1""";
  private static final String EXPIRE = """
    UPDATE webhook_delivery SET status = 'dead', finished = $2::timestamptz,
           last_error = coalesce(last_error, 'the endpoint did not recover in time')
     WHERE id = ANY(ARRAY(
       SELECT id FROM webhook_delivery
        WHERE endpoint = $1::uuid AND status = 'pending' AND created < $3::timestamptz AND next_at <= $2::timestamptz
          AND tries <= $5::int
          AND NOT id = ANY($4::uuid[])
        ORDER BY next_at, xid, position LIMIT 5000)) AND status = 'pending'
    RETURNING 1""";

  private static final String FORGET_ATTEMPTS = """
    DELETE FROM webhook_attempt WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM webhook_attempt WHERE delivery < $1::uuid ORDER BY delivery LIMIT 5000))""";
  private static final String FORGET_DELIVERIES = """
    DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
      SELECT id FROM webhook_delivery WHERE id < $1::uuid ORDER BY id LIMIT 5000))""";
  private static final String FORGET_MESSAGES = """
    DELETE FROM webhook_message WHERE ctid = ANY(ARRAY(
      SELECT m.ctid FROM webhook_message m, LATERAL (%s) AS s
       WHERE (m.xid, m.position) < (s.xid, s.position) ORDER BY m.xid, m.position LIMIT 5000))"""
      .formatted(Milestones.boundary(1));

  /** Something to be delivered, as it is planned. {@code held}: its endpoint is disabled. */
  record Planned(Delivery delivery, String apiVersion, boolean ordered, boolean held) {}

  /** A delivery's state after an attempt: waiting for the next one, done, or dead. */
  record Outcome(Delivery delivery, String status, int tries, OffsetDateTime nextAt, OffsetDateTime at,
      Sender.Reply reply) {}

  /** A delivery and when it is due. */
  record Due(Delivery delivery, OffsetDateTime at) {}

  /** The lease has gone to another notifier. */
  static final class Superseded extends RuntimeException {
    private static final long serialVersionUID = 1;

    Superseded() { super("the lease went to another notifier", null, false, false); }
  }

  private final Sql sql;
  private final CursorStore cursor;

  public DeliveryStore(Sql sql) {
    this.sql = sql;
    this.cursor = new CursorStore("notifier", sql);
  }

  private static <T, V> @Nullable V[] column(List<T> rows, IntFunction<@Nullable V[]> array,
      Function<T, @Nullable V> of) {
    return rows.stream().map(of).toArray(array);
  }

  /** The place up to which the journal has been planned. */
  Future<Cursor> cursor() {
    return cursor.read();
  }

  /** Notes the place when there was nothing to plan up to it. */
  Future<Void> mark(long epoch, Cursor place) {
    return cursor.mark(epoch, place, 0)
        .compose(held -> held ? Future.succeededFuture() : Future.failedFuture(new Superseded()));
  }

  /**
   * Writes what is new and moves the cursor to {@code place}, in one transaction; answers the ids written.
   */
  Future<Set<UUID>> plan(long epoch, List<Planned> planned, Cursor place, OffsetDateTime now) {
    return plan(PLAN_NEW, parameters(epoch, planned, place, planned.size(), now));
  }

  /**
   * Writes a replay's part: what is there with one of {@code statuses} (null: any) is due again, the rest is
   * new.
   */
  Future<Set<UUID>> planAgain(long epoch, List<Planned> planned, @Nullable List<String> statuses,
      OffsetDateTime now) {
    return plan(PLAN_AGAIN, parameters(epoch, planned, Cursor.START, -1, now)
        .addValue(statuses == null ? null : statuses.toArray(String[]::new)));
  }

  /** Which of these places have a delivery to the endpoint already. */
  Future<Set<Cursor>> existing(UUID endpoint, List<Planned> planned) {
    return sql.query(EXISTING,
        Tuple.of(endpoint, column(planned, String[]::new, p -> p.delivery.place().xidText()),
            column(planned, Long[]::new, p -> p.delivery.place().position())))
        .map(rows -> {
          var there = new HashSet<Cursor>();
          for (Row row : rows)
            there.add(new Cursor(Long.parseUnsignedLong(row.getString(0)), row.getLong(1)));
          return there;
        });
  }

  private Future<Set<UUID>> plan(String statement, Tuple parameters) {
    return sql.query(statement, parameters).compose(rows -> {
      var ids = new HashSet<UUID>();
      for (Row row : rows) {
        if (row.getLong(0) == 0) return Future.failedFuture(new Superseded());
        if (row.getUUID(1) != null) ids.add(row.getUUID(1));
      }
      return Future.succeededFuture(ids);
    });
  }

  private static Tuple parameters(long epoch, List<Planned> all, Cursor place, int passed,
      OffsetDateTime now) {
    var messages = new HashMap<String, Planned>();
    for (Planned p : all) messages.putIfAbsent(p.delivery.place() + p.apiVersion, p);
    var once = List.copyOf(messages.values());
    return Tuple.tuple().addValue(epoch)
        .addValue(column(once, String[]::new, p -> p.delivery.place().xidText()))
        .addValue(column(once, Long[]::new, p -> p.delivery.place().position()))
        .addValue(column(once, String[]::new, Planned::apiVersion))
        .addValue(column(once, Buffer[]::new, p -> p.delivery.body())).addValue(place.xidText())
        .addValue(place.position()).addValue((long) passed).addValue(now)
        .addValue(column(all, UUID[]::new, p -> p.delivery.id()))
        .addValue(column(all, UUID[]::new, p -> p.delivery.endpoint()))
        .addValue(column(all, String[]::new, p -> p.delivery.place().xidText()))
        .addValue(column(all, Long[]::new, p -> p.delivery.place().position()))
        .addValue(column(all, String[]::new, Planned::apiVersion))
        .addValue(column(all, UUID[]::new, p -> p.delivery.subject()))
        .addValue(column(all, String[]::new, p -> p.delivery.type()))
        .addValue(column(all, String[]::new, p -> p.delivery.traceparent()))
        .addValue(column(all, Boolean[]::new, Planned::ordered))
        .addValue(column(all, String[]::new, p -> p.held ? "held" : "pending"));
  }

  /**
   * The first pending deliveries of each endpoint, up to its number, soonest due first; also such as are not
   * due yet.
   */
  Future<Map<UUID, List<Due>>> load(Map<UUID, Integer> numbers) {
    var endpoints = List.copyOf(numbers.keySet());
    return sql.query(LOAD, Tuple.tuple().addValue(endpoints.toArray(UUID[]::new))
        .addValue(column(endpoints, Integer[]::new, numbers::get))).map(rows -> {
          var due = new HashMap<UUID, List<Due>>();
          for (Row row : rows) {
            var delivery = new Delivery(row.getUUID(1), row.getUUID(0),
                new Cursor(Long.parseUnsignedLong(row.getString(2)), row.getLong(3)), row.getUUID(4),
                row.getString(5), row.getString(6), row.getInteger(7), row.getInteger(8), row.getBuffer(10));
            due.computeIfAbsent(delivery.endpoint(), e -> new ArrayList<>())
                .add(new Due(delivery, row.getOffsetDateTime(9)));
          }
          return due;
        });
  }

  /** Writes attempts and what became of their deliveries. Each delivery at most once in a call. */
  Future<Void> record(long epoch, List<Outcome> outcomes) {
    return sql.query(RECORD, Tuple.tuple().addValue(epoch)
        .addValue(column(outcomes, UUID[]::new, o -> o.delivery.id()))
        .addValue(column(outcomes, String[]::new, Outcome::status))
        .addValue(column(outcomes, Integer[]::new, Outcome::tries))
        .addValue(column(outcomes, Integer[]::new, o -> o.delivery.attempts() + 1))
        .addValue(column(outcomes, OffsetDateTime[]::new, Outcome::nextAt))
        .addValue(column(outcomes, Integer[]::new, o -> o.reply.status()))
        .addValue(column(outcomes, String[]::new, o -> o.reply.error()))
        .addValue(column(outcomes, OffsetDateTime[]::new, Outcome::at))
        .addValue(column(outcomes, Integer[]::new, o -> o.reply.latencyMs()))
        .addValue(column(outcomes, Buffer[]::new, o -> o.reply.response()))).mapEmpty();
  }

  /**
   * Makes the oldest dead letters, of those that died before a time, due at once, for one attempt more: they
   * have had all of their {@code tries}. Answers how many.
   */
  Future<Integer> revive(UUID endpoint, OffsetDateTime diedBefore, OffsetDateTime now, int count, int tries) {
    return sql.query(REVIVE, Tuple.of(endpoint, diedBefore, now, count, tries)).map(rows -> rows.rowCount());
  }

  /**
   * Gives up what was due, is older than its retry windows are long and has not had more than {@code tries}
   * attempts; answers how many, 5 000 at most.
   */
  Future<Integer> expire(UUID endpoint, OffsetDateTime now, OffsetDateTime createdBefore, Set<UUID> butNot,
      int tries) {
    return sql.query(EXPIRE, Tuple.of(endpoint, now, createdBefore, butNot.toArray(UUID[]::new), tries))
        .map(rows -> rows.rowCount());
  }

  /**
   * Deletes deliveries made before {@code made}, with their attempts, and the bodies of events recorded
   * before {@code recorded}, some thousand of each; answers how many rows.
   */
  public Future<Integer> forgetBefore(OffsetDateTime made, OffsetDateTime recorded) {
    var eldest = Tuple.of(TypeId.floor(made.toInstant().toEpochMilli()));
    return delete(FORGET_ATTEMPTS, eldest)
        .compose(n -> delete(FORGET_DELIVERIES, eldest).map(more -> n + more))
        .compose(n -> delete(FORGET_MESSAGES, Tuple.of(recorded)).map(more -> n + more));
  }

  private Future<Integer> delete(String statement, Tuple parameters) {
    return sql.query(statement, parameters).map(RowSet::rowCount);
  }
}
