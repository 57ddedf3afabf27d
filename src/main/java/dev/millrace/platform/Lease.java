package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to act alone, held in Postgres for a few seconds at a time. Every change of hands raises the
 * epoch; each write of the holder must name its epoch and fail when it is past, because a process that hung
 * cannot know that it lost the lease. Timed by the database's clock; the local clock only ever makes the
 * holder stop early. The lease is also a clock, the database's: the times that one holder writes must mean
 * the same to the next, whatever their machines' clocks say.
 */
public final class Lease implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(Lease.class);
  private static final String TAKE = """
    INSERT INTO lease AS l (name, holder, epoch, expires)
    VALUES ($1::text, $2::text, 1, clock_timestamp() + $3::bigint * interval '1 ms')
    ON CONFLICT (name) DO UPDATE
      SET holder = excluded.holder, expires = clock_timestamp() + $3::bigint * interval '1 ms',
          epoch = CASE WHEN l.holder = excluded.holder AND l.expires >= clock_timestamp() THEN l.epoch ELSE l.epoch + 1 END
      WHERE l.holder = excluded.holder OR l.expires < clock_timestamp()
    RETURNING epoch, clock_timestamp()""";
  private static final String GIVE_BACK = "UPDATE lease SET expires = clock_timestamp() WHERE name = $1::text AND holder = $2::text AND epoch = $3::bigint";

  private final Vertx vertx;
  private final PgLink pg;
  private final String name;
  private final String holder;
  private final long ttlMs;
  private volatile long epoch;
  private volatile long validUntilNanos;
  private volatile Duration ahead = Duration.ZERO;
  private Runnable changed = () -> {};
  private long timer;
  private boolean closed;

  /** {@code holder} must be unique to this process, and different after a restart. */
  public Lease(Vertx vertx, PgLink pg, String name, String holder, long ttlMs) {
    this.vertx = vertx;
    this.pg = pg;
    this.name = name;
    this.holder = holder;
    this.ttlMs = ttlMs;
  }

  /**
   * SQL: selects one row if the lease still has the epoch of parameter {@code parameter}, none if it has gone
   * to another. It locks the row until the transaction ends, so that no epoch begins while an older one
   * writes: every write of a holder asks for it in its own statement or transaction.
   */
  public static String fence(String name, int parameter) {
    return "SELECT 1 FROM lease WHERE name = '" + name + "' AND epoch = $" + parameter + "::bigint FOR SHARE";
  }

  /** Begins to ask for the lease, a third of its life apart. */
  public void start() { renew(); }

  /**
   * Runs {@code done} whenever the lease has come, or gone to another: nobody needs to look for that. It may
   * also run out untold, see {@link #held()}.
   */
  public void onChange(Runnable done) { changed = done; }

  /** Whether this process may believe that it holds the lease. */
  public boolean held() {
    return epoch > 0 && System.nanoTime() - validUntilNanos < 0;
  }

  /** What every write of the holder names; meaningful only while {@link #held()}. */
  public long epoch() {
    return epoch;
  }

  /**
   * The database's time as of the last renewal, carried on by this process's steady clock; before any, the
   * machine's.
   */
  @Override
  public Instant instant() {
    Duration by = ahead;
    return by.isZero() ? Instant.now() : steady().plus(by);
  }

  /** Does not mean anything by itself, and nobody sets it. */
  private static Instant steady() {
    return Instant.EPOCH.plusNanos(System.nanoTime());
  }

  private void renew() {
    long asked = System.nanoTime();
    pg.query(TAKE, Tuple.of(name, holder, ttlMs)).onComplete(result -> {
      if (closed) return;
      if (result.succeeded()) {
        Row row = result.result().size() == 0 ? null : result.result().iterator().next();
        if (row != null) ahead = Duration.between(steady(), row.getOffsetDateTime(1).toInstant());
        taken(row == null ? 0 : row.getLong(0), asked);
      } else {
        LOG.warn("lease_renewal_failed name={} error=\"{}\"", name, result.cause().getMessage());
      }
      timer = vertx.setTimer(Math.max(1, PacedLoop.together(ttlMs / 3)), id -> renew());
    });
  }

  private void taken(long granted, long asked) {
    boolean change = granted != epoch;
    boolean before = held();
    if (change)
      LOG.info("lease name={} holder={} epoch={} held={}", name, holder, granted, granted > 0);
    validUntilNanos = asked + TimeUnit.MILLISECONDS.toNanos(ttlMs);
    epoch = granted;
    // It may have run out here, and be renewed all the same: Postgres's clock had some time left.
    if (change || held() != before) changed.run();
  }

  /** Stops asking and lets the next node have it at once. */
  public Future<Void> close() {
    closed = true;
    vertx.cancelTimer(timer);
    long last = epoch;
    epoch = 0;
    if (last == 0) return Future.succeededFuture();
    return pg.query(GIVE_BACK, Tuple.of(name, holder, last)).mapEmpty();
  }
}
