package dev.millrace.journal;

import dev.millrace.platform.Lease;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes where the journal stands, now and then, so that a reader can tell whether a cursor is older than events are
 * kept. Written by the holder of a lease, a hundredth of the retention apart and a minute at most.
 */
public final class Milestones {
  private static final Logger LOG = LoggerFactory.getLogger(Milestones.class);
  private static final long EVERY_MS_MAX = 60_000;
  /** Not {@code now()}, which is before the snapshot: what is recorded from {@code at} on must lie behind the place. */
  private static final String NOTE = """
    INSERT INTO journal_milestone (at, xid, position) VALUES (clock_timestamp(), pg_snapshot_xmin(pg_current_snapshot()), 0)
    ON CONFLICT DO NOTHING""";
  /** The newest that is old enough is the boundary; those before it say nothing more. */
  private static final String FORGET = """
    DELETE FROM journal_milestone WHERE at < (
      SELECT max(at) FROM journal_milestone WHERE at <= now() - $1::bigint * interval '1 ms')""";

  private final Vertx vertx;
  private final Lease lease;
  private final Sql sql;
  private final long retentionMs;
  private final long keepMs;
  private long timer;

  /** {@code margin}: for how long beyond the retention it must be known where the journal stood. */
  public Milestones(Vertx vertx, Lease lease, Sql sql,
      Duration retention, Duration margin) {
    this.keepMs = retention.plus(margin).toMillis();
    this.vertx = vertx;
    this.lease = lease;
    this.sql = sql;
    this.retentionMs = retention.toMillis();
  }

  public void start() {
    timer = vertx.setPeriodic(1, Math.max(100, Math.min(EVERY_MS_MAX, retentionMs / 100)), id -> note());
  }

  private void note() {
    if (!lease.held()) return;
    sql.query(NOTE, Tuple.tuple()).compose(v -> sql.query(FORGET, Tuple.of(keepMs)))
        .onFailure(e -> LOG.warn("milestone_failed error=\"{}\"", e.getMessage()));
  }

  public void close() { vertx.cancelTimer(timer); }
}
