package dev.millrace.journal;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import dev.millrace.platform.Lease;
import java.time.Duration;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the journal stood, noted now and then in the table {@code journal_milestone}, so that a reader can
 * tell whether a cursor is older than events are kept.
 */
public final class Milestones {
  private static final Logger LOG = LoggerFactory.getLogger(Milestones.class);
  private static final long EVERY_MS_MAX = 60_000;
  /**
   * Not {@code now()}, which is before the snapshot: what is recorded from {@code at} on must lie behind the
   * place.
   */
  private static final String NOTE = """
    INSERT INTO journal_milestone (at, xid, position) VALUES (clock_timestamp(), pg_snapshot_xmin(pg_current_snapshot()), 0)
    ON CONFLICT DO NOTHING""";
  /** The newest that is old enough is the boundary; those before it say nothing more. */
  private static final String FORGET = """
    DELETE FROM journal_milestone WHERE at < (
      SELECT max(at) FROM journal_milestone WHERE at <= now() - $1::bigint * interval '1 ms')""";
  private static final String OLDEST = "SELECT xid::text, position FROM (" + boundary(1) + ") AS m";

  private final Sql sql;

  public Milestones(Sql sql) {
    this.sql = sql;
  }

  /**
   * SQL: selects the {@code xid} and {@code position} up to which everything is older than parameter
   * {@code parameter}.
   */
  public static String boundary(int parameter) {
    return "SELECT xid, position FROM journal_milestone WHERE at <= $" + parameter
        + "::timestamptz ORDER BY at DESC LIMIT 1";
  }

  /** How far apart they are noted, and forgotten: a hundredth of the retention, a minute at most. */
  public static long intervalMs(Duration retention) {
    return Math.max(100, Math.min(EVERY_MS_MAX, retention.toMillis() / 100));
  }

  /**
   * Notes where the journal stands, from now on, while the lease is held. Answers the timer, to be cancelled
   * at the end.
   */
  public long start(Vertx vertx, Lease lease, Duration retention) {
    return vertx.setPeriodic(1, intervalMs(retention), id -> {
      if (lease.held())
        sql.query(NOTE, Tuple.tuple())
            .onFailure(e -> LOG.warn("milestone_failed error=\"{}\"", e.getMessage()));
    });
  }

  /**
   * What lies up to this place is older than {@code at} and no longer promised; null when nothing is that
   * old.
   */
  Future<@Nullable Cursor> oldest(OffsetDateTime at) {
    return sql.query(OLDEST, Tuple.of(at)).map(rows -> rows.size() == 0 ? null : CursorStore.place(rows));
  }

  /** Deletes all that are older than {@code age} but the newest of them; answers how many. */
  public Future<Integer> forgetBefore(Duration age) {
    return sql.query(FORGET, Tuple.of(age.toMillis())).map(RowSet::rowCount);
  }
}
