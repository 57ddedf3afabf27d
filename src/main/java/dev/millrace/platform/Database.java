package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.VertxException;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Postgres through a pool of connections, with a limit on what waits and a time limit on each statement. A
 * failure is {@link Unavailable} when Postgres cannot be reached, has no connection free in time or does not
 * answer.
 */
public final class Database implements Sql {
  /** How often a transaction that was overtaken is begun anew. */
  private static final int OVERTAKEN_MAX = 10;

  private final Pool pool;
  private final long timeoutMs;
  private final Capacity capacity;
  private Runnable committed = () -> {};

  /** {@code capacity}: for what runs on the pool and what waits for a connection. */
  public Database(Pool pool, long timeoutMs, Capacity capacity) {
    this.pool = pool;
    this.timeoutMs = timeoutMs;
    this.capacity = capacity;
  }

  /** Runs {@code done} after each transaction that was committed. */
  public Database afterEachTransaction(Runnable done) {
    committed = done;
    return this;
  }

  /** A statement that was given up goes on taking its place, until its connection is free again. */
  private <T> Future<T> withinCapacity(Supplier<Future<T>> work) {
    if (!capacity.take())
      return Future.failedFuture(Unavailable.notSent("postgres: too many wait for a connection"));
    return work.get().onComplete(done -> capacity.give());
  }

  @Override
  public Future<RowSet<Row>> query(String sql, Tuple parameters) {
    return withinCapacity(() -> pool.preparedQuery(sql).execute(parameters))
        .timeout(timeoutMs, TimeUnit.MILLISECONDS).recover(e -> Future.failedFuture(translated(e)));
  }

  /**
   * Runs {@code work} in one transaction, undone when it fails, and again in a new one when it is
   * {@link Overtaken}. Failures of statements and of the connection are translated as those of
   * {@link #query}; a failure of the work's own comes as it is.
   */
  public <T> Future<T> transaction(Function<Sql, Future<T>> work) {
    return withinCapacity(() -> transaction(work, OVERTAKEN_MAX))
        .onSuccess(v -> committed.run()).timeout(timeoutMs, TimeUnit.MILLISECONDS)
        .recover(e -> Future.failedFuture(e instanceof PgException || e instanceof VertxException
            || e instanceof IOException || e instanceof TimeoutException ? translated(e) : e));
  }

  private <T> Future<T> transaction(Function<Sql, Future<T>> work, int more) {
    return pool.<T>withTransaction(
        c -> work.apply((sql, parameters) -> c.preparedQuery(sql).execute(parameters))).recover(e -> {
          if (!(e instanceof Overtaken)) return Future.failedFuture(e);
          return more > 0
              ? transaction(work, more - 1)
              : Future.failedFuture(Unavailable.notSent("postgres: overtaken too often: " + e.getMessage()));
        });
  }

  /** Whether the server refused the statement: it is there, and the fault is the statement's. */
  private static boolean refused(Throwable e) {
    return e instanceof PgException p && p.getSqlState() != null && !p.getSqlState().startsWith("57P")
        && !p.getSqlState().startsWith("53");
  }

  private static Throwable translated(Throwable e) {
    if (PgLink.undone(e)) return Unavailable.notSent("postgres: " + e.getMessage());
    return refused(e) || e instanceof Unavailable ? e : Unavailable.lost("postgres: " + e.getMessage());
  }
}
