package dev.millrace.inbox;

import static dev.millrace.platform.Columns.int4;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static dev.millrace.platform.Columns.timestamptz;
import static dev.millrace.platform.Columns.uuid;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.CursorStore;
import dev.millrace.platform.Columns;
import dev.millrace.platform.Lease;
import dev.millrace.platform.Parameters;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What stands in the inbox and what became of it. Followed in {@code (xid, position)} order below the
 * snapshot horizon, so that nothing that commits late is skipped. What writes names the epoch of the lease
 * {@code inbox}.
 */
public final class InboxStore {
  /**
   * One webhook; {@code tries}, {@code errors} (why it was parked, the last times) and {@code since} of one
   * that was parked before, else 0, none and when it came.
   */
  public record Kept(Cursor place, String provider, String account, String eventId, Buffer body,
      OffsetDateTime since, int tries, JsonArray errors) {}

  /**
   * What became of one: {@code applied}, {@code unchanged}, {@code ignored}, {@code unreadable},
   * {@code unmatched}.
   */
  public record Result(Kept kept, @Nullable UUID payment, String type, EventOutcome outcome,
      @Nullable String detail) {}

  /** One whose payment is not known yet, when to look again, and why it was parked, the last times. */
  public record Parked(Kept kept, OffsetDateTime nextTry, JsonArray errors) {}

  /** No more than 16 MiB of bodies at once, but one in any case. */
  private static final String READ = """
    SELECT p.xid::text, p.position, p.provider, p.account, p.event_id, p.body, p.received, 0, p.form, '[]'
      FROM (SELECT p.*, row_number() OVER sent AS nr, sum(p.size) OVER sent AS bytes
              FROM (SELECT * FROM provider_event p
                     WHERE (p.xid, p.position) > ($1::text::xid8, $2::int8) AND p.xid < pg_snapshot_xmin(pg_current_snapshot())
                     ORDER BY p.xid, p.position LIMIT $3::int) p
            WINDOW sent AS (ORDER BY p.xid, p.position)) p
     WHERE p.nr = 1 OR p.bytes <= 16777216
     ORDER BY p.xid, p.position""";
  /** Those that wait longest, and of these, as of what is read, the first that came first. */
  private static final String DUE = """
    SELECT p.xid::text, p.position, p.provider, p.account, p.event_id, p.body, k.since, k.tries, p.form, k.errors::text
      FROM (SELECT * FROM provider_event_parked
             WHERE next_try <= $1::timestamptz ORDER BY next_try, xid, position LIMIT $2::int) k
      JOIN provider_event p ON p.xid = k.xid AND p.position = k.position
     ORDER BY p.xid, p.position""";
  private static final String ANY_PARKED = "SELECT EXISTS (SELECT FROM provider_event_parked)";
  private static final Parameters PARAMETERS = new Parameters();
  private static final Parameters.Int8 HOLDER = PARAMETERS.int8();
  private static final Parameters.Rows<Result> RESULTS = PARAMETERS.rows(Columns.of(
      text("xid", r -> r.kept.place.xidText()),
      int8("position", r -> r.kept.place.position()),
      uuid("payment_id", Result::payment),
      text("type", Result::type),
      text("outcome", r -> r.outcome.wire()),
      text("detail", Result::detail)));
  private static final Parameters.Rows<Parked> PARKED = PARAMETERS.rows(Columns.of(
      text("xid", p -> p.kept.place.xidText()),
      int8("position", p -> p.kept.place.position()),
      int4("tries", p -> p.kept.tries + 1),
      timestamptz("next_try", Parked::nextTry),
      timestamptz("since", p -> p.kept.since),
      text("errors", p -> p.errors.encode())));
  /** These three stand together, as the cursor's row is moved by them. */
  private static final Parameters.Text XID = PARAMETERS.text();
  private static final Parameters.Int8 POSITION = PARAMETERS.int8();
  private static final Parameters.Int8 PASSED = PARAMETERS.int8();
  private static final String WRITE = """
    WITH fence AS MATERIALIZED (:fence), r AS (
      INSERT INTO provider_event_result (xid, position, payment_id, type, outcome, detail)
      SELECT xid::xid8, position, payment_id, type, outcome, detail
        FROM (:results) AS t
       WHERE EXISTS (SELECT FROM fence)
      ON CONFLICT DO NOTHING
    ), done AS (
      DELETE FROM provider_event_parked k
       USING (SELECT unnest(:ended_xids)::xid8 AS xid, unnest(:ended_positions) AS position) AS t
       WHERE k.xid = t.xid AND k.position = t.position AND EXISTS (SELECT FROM fence)
    ), k AS (
      INSERT INTO provider_event_parked (xid, position, tries, next_try, since, errors)
      SELECT xid::xid8, position, tries, next_try, since, errors::jsonb
        FROM (:parked) AS t
       WHERE EXISTS (SELECT FROM fence)
      ON CONFLICT (xid, position) DO UPDATE
        SET tries = excluded.tries, next_try = excluded.next_try, errors = excluded.errors
    ), c AS (
      :move AND :passed > 0 AND EXISTS (SELECT FROM fence)
    )
    SELECT count(*) FROM fence"""
      .replace(":fence", Lease.fence("inbox", HOLDER.number()))
      .replace(":results", RESULTS.select()).replace(":ended_xids", RESULTS.array("xid"))
      .replace(":ended_positions", RESULTS.array("position")).replace(":parked", PARKED.select())
      .replace(":move", CursorStore.move("inbox", XID.number())).replace(":passed", PASSED.sql());

  private static final String AGAIN = """
    WITH e AS MATERIALIZED (
      SELECT xid, position FROM provider_event WHERE event_id = $3::text AND account = $2::text AND provider = $1::text
    ), r AS (
      DELETE FROM provider_event_result r USING e WHERE r.xid = e.xid AND r.position = e.position
      RETURNING r.xid, r.position
    ), k AS (
      INSERT INTO provider_event_parked (xid, position, tries, next_try, since)
      SELECT xid, position, 0, clock_timestamp(), clock_timestamp() FROM r ON CONFLICT DO NOTHING
    )
    SELECT (SELECT count(*) FROM e), (SELECT count(*) FROM r),
           (SELECT count(*) FROM e JOIN provider_event_parked k ON k.xid = e.xid AND k.position = e.position
             WHERE k.since >= $4::timestamptz)""";

  private static final String FORGET_RESULTS = """
    DELETE FROM provider_event_result WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM provider_event_result WHERE processed < $1::timestamptz LIMIT 5000))""";
  private static final String FORGET_RECEIVED = """
    DELETE FROM provider_event WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM provider_event WHERE received < $1::timestamptz LIMIT 5000))""";

  /** Whether one can be worked off again. */
  public enum Again {
    /** Its result is gone, and it is due in the park. */
    PARKED,
    /** It has no result yet, and nobody asked for that. */
    IN_HAND,
    /** It is not kept any more. */
    GONE
  }

  private final Sql sql;
  private final CursorStore cursor;
  private final BodyCompression forms = new BodyCompression();

  public InboxStore(Sql sql) {
    this.sql = sql;
    this.cursor = new CursorStore("inbox", sql);
  }

  /** How far the inbox has been processed. */
  public Future<Cursor> cursor() {
    return cursor.read();
  }

  private List<Kept> kept(RowSet<Row> rows) {
    var list = new ArrayList<Kept>(rows.size());
    for (Row r : rows) {
      list.add(new Kept(new Cursor(Long.parseUnsignedLong(r.getString(0)), r.getLong(1)), r.getString(2),
          r.getString(3), r.getString(4), forms.read(r.getInteger(8), r.getBuffer(5)), r.getOffsetDateTime(6),
          r.getInteger(7), new JsonArray(r.getString(9))));
    }
    return list;
  }

  /** What has come since. */
  public Future<List<Kept>> read(Cursor after, int limit) {
    return sql.query(READ, Tuple.of(after.xidText(), after.position(), limit)).map(this::kept);
  }

  /** Parked ones whose time has come. */
  public Future<List<Kept>> due(OffsetDateTime now, int limit) {
    return sql.query(DUE, Tuple.of(now, limit)).map(this::kept);
  }

  /**
   * Writes results and parks, takes what has a result out of the park, and moves the cursor over
   * {@code passed} to {@code place} (none: it stays), in one transaction; false when the lease has gone to
   * another.
   */
  public Future<Boolean> write(long epoch, List<Result> results, List<Parked> parked, Cursor place,
      int passed) {
    return sql
        .query(WRITE, PARAMETERS.values().with(HOLDER, epoch).with(RESULTS, results).with(PARKED, parked)
            .with(XID, place.xidText()).with(POSITION, place.position()).with(PASSED, passed).tuple())
        .map(rows -> rows.iterator().next().getLong(0) > 0);
  }

  /**
   * Has one that was worked off worked off again, as one whose payment was not known: it begins at the first
   * window. Asked twice for the same order, of {@code ordered}, it finds what it did before.
   */
  public Future<Again> again(String provider, String account, String eventId, OffsetDateTime ordered) {
    return sql.query(AGAIN, Tuple.of(provider, account, eventId, ordered)).map(rows -> {
      var row = rows.iterator().next();
      if (row.getLong(0) == 0) return Again.GONE;
      return row.getLong(1) + row.getLong(2) == 0 ? Again.IN_HAND : Again.PARKED;
    });
  }

  /** Whether any waits for its payment, however long. */
  Future<Boolean> anyParked() {
    return sql.query(ANY_PARKED, Tuple.tuple()).map(rows -> rows.iterator().next().getBoolean(0));
  }

  /**
   * Deletes webhooks received, and results written, before {@code time}, some thousand of each; answers how
   * many rows.
   */
  public Future<Integer> forgetBefore(OffsetDateTime time) {
    return sql.query(FORGET_RESULTS, Tuple.of(time)).compose(results -> sql
        .query(FORGET_RECEIVED, Tuple.of(time)).map(received -> results.rowCount() + received.rowCount()));
  }
}
