package dev.millrace.journal;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the journal as merchants see it: in {@code (xid, position)} order below the snapshot horizon, so that
 * nothing that commits late is ever skipped, however a reader got its cursor. Every read is one statement.
 */
public final class EventReads {
  /** How many events one read looks at for those that are wanted. */
  static final int SCAN_MAX = 10_000;

  /**
   * One merchant's, by comparisons that only the index {@code journal_merchant} answers, and in its order.
   * Told separately, the planner would rather search the whole journal for a merchant that had much once, or
   * fetch all that a merchant ever had to sort it, when it thinks of the average one.
   */
  private static final String OWN = """
     WHERE (j.merchant, j.livemode, j.xid, j.position) > ($1::uuid, $2::bool, $3::text::xid8, $4::bigint)
       AND (j.merchant, j.livemode, j.xid, j.position) <= ($1::uuid, $2::bool, $5::text::xid8, $6::bigint)
       AND (j.merchant, j.livemode, j.xid, j.position)
           < ($1::uuid, $2::bool, pg_snapshot_xmin(pg_current_snapshot()), 0)
     ORDER BY j.merchant, j.livemode, j.xid, j.position
    """;
  private static final String PAGE = "SELECT " + EventRow.COLUMNS + " FROM journal j" + OWN
      + " LIMIT $7::int";
  /** A payment has few events; {@code OFFSET 0} has them looked up by nothing else. */
  private static final String PAGE_OF_SUBJECT = "SELECT " + EventRow.COLUMNS
      + """
         FROM (SELECT * FROM journal WHERE subject = $8::uuid OFFSET 0) j
        WHERE j.merchant = $1::uuid AND j.livemode = $2::bool AND (j.xid, j.position) > ($3::text::xid8, $4::bigint)
          AND (j.xid, j.position) <= ($5::text::xid8, $6::bigint) AND j.xid < pg_snapshot_xmin(pg_current_snapshot())
          AND ($9::text[] IS NULL OR j.type = ANY($9::text[]))
        ORDER BY j.xid, j.position LIMIT $7::int""";
  /** Of what was {@code seen}, and how far that reaches, those that are wanted. */
  private static final String HITS = """
    , hit AS MATERIALIZED (
      SELECT xid, position FROM seen WHERE :wanted ORDER BY seen.xid, seen.position LIMIT :limit
    ), last AS (
      SELECT xid::text AS x, position AS p, (SELECT count(*) FROM seen) AS n FROM seen
       ORDER BY seen.xid DESC, seen.position DESC LIMIT 1
    )
    """;
  private static final String EACH = """
    (hit h CROSS JOIN LATERAL (
      SELECT * FROM journal WHERE journal.xid = h.xid AND journal.position = h.position OFFSET 0) j) ON true
    ORDER BY j.xid, j.position""";
  private static final String PAGE_OF_TYPES = "WITH seen AS MATERIALIZED (SELECT j.xid, j.position, j.type FROM journal j"
      + OWN + " LIMIT " + SCAN_MAX + ")" + hits("type = ANY($8::text[])", "$7::int")
      + "SELECT last.x, last.p, last.n, " + EventRow.COLUMNS + " FROM last LEFT JOIN " + EACH;
  private static final String ONE = "SELECT " + EventRow.COLUMNS
      + """
         FROM (SELECT * FROM journal WHERE xid = $1::text::xid8 AND position = $2::bigint OFFSET 0) j
        WHERE j.merchant = $3::uuid AND j.livemode = $4::bool AND j.xid < pg_snapshot_xmin(pg_current_snapshot())""";
  private static final String TAIL_OF_MERCHANTS = tailOf("merchant = ANY($4::uuid[])");
  private static final String TAIL_OF_ENDPOINTS = tailOf(
      "merchant IN (SELECT e.merchant FROM webhook_endpoint e WHERE e.deleted IS NULL)");
  private static final String HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text";

  private static String hits(String wanted, String limit) {
    return HITS.replace(":wanted", wanted).replace(":limit", limit);
  }

  /**
   * {@code version} is asked for because it stands in no index: else, once the journal has been vacuumed, all
   * of the merchants' index would be read, which is in another order, and sorted.
   */
  private static String tailOf(String wanted) {
    return """
      WITH horizon AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS x
      ), seen AS MATERIALIZED (
        SELECT j.xid, j.position, j.merchant, j.version FROM journal j
         WHERE (j.xid, j.position) > ($1::text::xid8, $2::bigint) AND j.xid < (SELECT x FROM horizon)
         ORDER BY j.xid, j.position LIMIT\s""" + SCAN_MAX + ")" + hits(wanted, "$3::int")
        + "SELECT horizon.x::text, last.x, last.p, last.n, " + EventRow.COLUMNS
        + " FROM horizon LEFT JOIN last ON true LEFT JOIN " + EACH;
  }

  private final Sql sql;
  private final Milestones milestones;

  /** {@code sql} runs one statement. */
  public EventReads(Sql sql) {
    this.sql = sql;
    this.milestones = new Milestones(sql);
  }

  /**
   * Which events of whom: those after {@code after} up to {@code until}, of one subject and of some types, if
   * not null.
   */
  public record Wanted(UUID merchant, boolean livemode, Cursor after, Cursor until, @Nullable UUID subject,
      @Nullable List<String> types) {}

  /**
   * What was found. {@code next}: how far was looked, to go on from; {@code more}: whether there may be more.
   */
  public record Page(List<EventRow> events, Cursor next, boolean more) {}

  /** A cursor behind everything. */
  public static final Cursor END = new Cursor(-1, Long.MAX_VALUE);

  /** The first {@code limit} of the wanted events, oldest first. */
  public Future<Page> page(Wanted w, int limit) {
    var t = Tuple.tuple().addValue(w.merchant).addValue(w.livemode).addValue(w.after.xidText())
        .addValue(w.after.position()).addValue(w.until.xidText()).addValue(w.until.position())
        .addValue(limit);
    String[] types = w.types == null ? null : w.types.toArray(String[]::new);
    if (w.subject != null)
      return sql.query(PAGE_OF_SUBJECT, t.addValue(w.subject).addValue(types))
          .map(rows -> page(rows, w, limit));
    if (types == null) return sql.query(PAGE, t).map(rows -> page(rows, w, limit));
    return sql.query(PAGE_OF_TYPES, t.addValue(types)).map(rows -> {
      var events = new ArrayList<EventRow>(rows.size());
      Cursor seen = w.after;
      boolean more = false;
      for (Row row : rows) {
        seen = new Cursor(Long.parseUnsignedLong(row.getString(0)), row.getLong(1));
        more = row.getLong(2) >= SCAN_MAX;
        if (row.getString(3) != null) events.add(EventRow.of(row, 3));
      }
      boolean full = events.size() == limit;
      return new Page(events, full ? events.getLast().place() : seen, full || more);
    });
  }

  private static Page page(RowSet<Row> rows, Wanted w, int limit) {
    var events = new ArrayList<EventRow>(rows.size());
    rows.forEach(row -> events.add(EventRow.of(row, 0)));
    return new Page(events, events.isEmpty() ? w.after : events.getLast().place(), events.size() == limit);
  }

  /** The event at a place, if it is this merchant's and mode's; else null. */
  public Future<@Nullable EventRow> one(UUID merchant, boolean livemode, Cursor place) {
    return sql.query(ONE, Tuple.of(place.xidText(), place.position(), merchant, livemode))
        .map(rows -> rows.size() == 0 ? null : EventRow.of(rows.iterator().next(), 0));
  }

  /**
   * The next events of these merchants, in both modes. {@code next} of the page is past everything that was
   * looked at, whoever's it was: without {@code more}, past everything that was there to see.
   */
  public Future<Page> tail(Cursor after, Collection<UUID> merchants, int limit) {
    return sql.query(TAIL_OF_MERCHANTS,
        Tuple.of(after.xidText(), after.position(), limit, merchants.toArray(UUID[]::new)))
        .map(rows -> tail(rows, after, limit));
  }

  /**
   * The next events of the merchants that have webhook endpoints, as the database has them at this moment.
   */
  public Future<Page> tailOfEndpoints(Cursor after, int limit) {
    return sql.query(TAIL_OF_ENDPOINTS, Tuple.of(after.xidText(), after.position(), limit))
        .map(rows -> tail(rows, after, limit));
  }

  private static Page tail(RowSet<Row> rows, Cursor after, int limit) {
    var events = new ArrayList<EventRow>(rows.size());
    Cursor next = after;
    boolean more = false;
    for (Row row : rows) {
      more = row.getString(1) != null && row.getLong(3) >= SCAN_MAX;
      Cursor horizon = Cursor.below(row.getString(0));
      next = more
          ? new Cursor(Long.parseUnsignedLong(row.getString(1)), row.getLong(2))
          : horizon.after(after) ? horizon : after;
      if (row.getString(4) != null) events.add(EventRow.of(row, 4));
    }
    boolean full = events.size() == limit;
    return new Page(events, full ? events.getLast().place() : next, full || more);
  }

  /** Before everything that is not committed yet. */
  public Future<Cursor> horizon() {
    return sql.query(HORIZON, Tuple.tuple()).map(rows -> Cursor.below(rows.iterator().next().getString(0)));
  }

  /**
   * What lies up to this place is older than {@code at} and no longer promised; null when nothing is that
   * old.
   */
  public Future<@Nullable Cursor> oldest(OffsetDateTime at) {
    return milestones.oldest(at);
  }
}
