package dev.millrace.journal;

import dev.millrace.platform.Sql;
import dev.millrace.platform.Lease;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;

/**
 * How far each follower has come: the table {@code journal_cursor}, a row for each of them, {@code relay},
 * {@code settlement}, {@code notifier} and {@code inbox}. A follower that writes what it made of a batch
 * moves its row in the same statement or transaction, for which it composes the fragments of this class.
 */
public final class CursorStore {
  private final String follower;
  private final Sql sql;
  private final String mark;

  /** {@code follower} names both the row and the lease under which it is moved. */
  public CursorStore(String follower, Sql sql) {
    this.follower = follower;
    this.sql = sql;
    this.mark = move(follower, 2) + " AND EXISTS (" + Lease.fence(follower, 1) + ") RETURNING 1";
  }

  /** SQL: the follower's place, as {@link #place} takes it. */
  public static String select(String follower) {
    return "SELECT xid::text, position FROM journal_cursor WHERE name = '" + follower + "'";
  }

  /** SQL: how many rows the follower has passed. */
  static String passed(String follower) {
    return "SELECT passed FROM journal_cursor WHERE name = '" + follower + "'";
  }

  /**
   * SQL: moves the follower's row to the transaction and the position of the parameters {@code first} and
   * {@code first + 1}, over as many rows as {@code first + 2} says. Ends in its condition, so that more may
   * be added by {@code AND}.
   */
  public static String move(String follower, int first) {
    return "UPDATE journal_cursor SET xid = $" + first + "::text::xid8, position = $" + (first + 1)
        + "::bigint, passed = passed + $" + (first + 2) + "::bigint WHERE name = '" + follower + "'";
  }

  /** The place in the only row of {@link #select}. */
  public static Cursor place(RowSet<Row> rows) {
    Row row = rows.iterator().next();
    return new Cursor(Long.parseUnsignedLong(row.getString(0)), row.getLong(1));
  }

  /** How far the follower has come. */
  public Future<Cursor> read() {
    return sql.query(select(follower), Tuple.tuple()).map(CursorStore::place);
  }

  /** Moves the cursor over {@code passed} rows to {@code place}; false when the lease has gone to another. */
  public Future<Boolean> mark(long epoch, Cursor place, int passed) {
    return sql.query(mark, Tuple.of(epoch, place.xidText(), place.position(), (long) passed))
        .map(rows -> rows.size() == 1);
  }
}
