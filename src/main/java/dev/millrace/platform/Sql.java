package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;

/**
 * Whatever runs statements: a pool ({@link Database}), a connection of one event loop ({@link PgLink}), or a
 * transaction. Stores take one and do not care which; what must stand or fall together is given that of a
 * transaction.
 */
@FunctionalInterface
public interface Sql {
  /**
   * Runs one prepared statement.
   *
   * @return the rows, or a failure: {@link io.vertx.pgclient.PgException} when the server refused the
   *   statement (it did nothing), {@link Unavailable} when it was not sent or its answer was lost
   */
  Future<RowSet<Row>> query(String sql, Tuple parameters);
}
