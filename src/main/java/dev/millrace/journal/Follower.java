package dev.millrace.journal;

import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PacedLoop;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;

/**
 * Follows what is written in {@code (xid, position)} order: reads a batch after its cursor, has it handled,
 * goes on behind it. One follower of a name is active at a time, by a fenced lease, and has one batch in
 * hand. The handler writes the cursor's mark itself, with what it makes of the batch and fenced by the epoch;
 * here the cursor only goes along. So after every failure and every change of the lease it is read anew, and
 * what was not marked is handled once more.
 *
 * <p>How old the first row in hand is, is shown as a gauge; 0 when there is none.
 */
public final class Follower<T> {
  private static final long RETRY_MS = 500;
  private static final long NO_EPOCH = -1;

  /**
   * What was read: rows in their order, the place behind them, and whether there may be more to read at once.
   */
  public record Batch<T>(List<T> rows, Cursor end, boolean more) {}

  /**
   * What a follower reads and does. Each method is called with the lease held, and when the one before has
   * completed.
   */
  public interface Task<T> {
    /** Where to go on from in this epoch, by what is marked. */
    Future<Cursor> begin(long epoch);

    /** What comes after a place; also when that is nothing. */
    Future<Batch<T>> read(Cursor after);

    /** When a row was written, by the database's clock. */
    OffsetDateTime written(T row);

    /**
     * Handles a batch, which may be empty, and marks its end; completes with whether there is more to do at
     * once.
     */
    Future<Boolean> handle(Batch<T> batch, long epoch);

    /** How long to wait after a batch of so many rows behind which there is nothing. */
    default long pauseMs(int rows, long intervalMs) {
      return intervalMs;
    }

    /** The lease has gone, or something failed: what is remembered of this epoch holds no longer. */
    default void stand() {}
  }

  private final Lease lease;
  private final Task<T> task;
  private final AdaptiveInterval interval;
  private final PacedLoop loop;
  private volatile double lagSeconds;
  private Cursor cursor = Cursor.START;
  private long readingEpoch = NO_EPOCH;

  /**
   * {@code name}: of failures in the log, {@code <name>_step_failed}; {@code lagMetric}: the gauge of the lag
   * in seconds; {@code interval}: how long to wait when there was nothing more to read.
   */
  public Follower(Vertx vertx, Lease lease, String name, String lagMetric, AdaptiveInterval interval,
      Task<T> task, MeterRegistry registry) {
    this.lease = lease;
    this.task = task;
    this.interval = interval;
    this.loop = new PacedLoop(vertx, name + "_step_failed", RETRY_MS,
        () -> step().onFailure(failure -> stand()));
    lease.onChange(loop::wake);
    Gauge.builder(lagMetric, this, f -> f.lagSeconds).register(registry);
  }

  public void start() { loop.start(0); }

  /** There may be something to read: ends a wait, if it is one of the long ones. On the follower's loop. */
  public void wake() {
    if (interval.quicken()) loop.wake();
  }

  /** One batch; answers how long to wait for the next. */
  private Future<Long> step() {
    if (!lease.held()) {
      if (readingEpoch != NO_EPOCH) stand();
      lagSeconds = 0;
      return Future.succeededFuture(interval.longestMs());
    }
    long epoch = lease.epoch();
    Future<Void> placed = epoch == readingEpoch ? Future.succeededFuture() : begin(epoch);
    return placed.compose(v -> task.read(cursor)).compose(batch -> {
      lagSeconds = batch.rows().isEmpty() ? 0 : age(batch.rows().getFirst());
      return task.handle(batch, epoch).map(more -> {
        cursor = batch.end();
        long pauseMs = interval.next(more || !batch.rows().isEmpty());
        return batch.more() || more ? 0 : task.pauseMs(batch.rows().size(), pauseMs);
      });
    });
  }

  private Future<Void> begin(long epoch) {
    return task.begin(epoch).map(place -> {
      cursor = place;
      readingEpoch = epoch;
      return null;
    });
  }

  private double age(T row) {
    return Math.max(0, Duration.between(task.written(row).toInstant(), lease.instant()).toMillis() / 1_000.0);
  }

  private void stand() {
    readingEpoch = NO_EPOCH;
    task.stand();
  }

  /** Finishes the batch in hand and stops. */
  public Future<Void> close() { return loop.close(); }
}
