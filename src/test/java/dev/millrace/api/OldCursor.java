package dev.millrace.api;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import java.sql.SQLException;

/**
 * A cursor at the {@link ApiSite} that is older than events are kept, as long as this is open. It lies before
 * everything that any test wrote.
 */
record OldCursor(String id) implements AutoCloseable {
  static OldCursor make() {
    run("INSERT INTO journal_milestone (at, xid, position) VALUES (now() - interval '31 days', '2', 0)");
    try (var connection = ApiSite.site().database();
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT key FROM event_id_key")) {
      rows.next();
      return new OldCursor(new EventId(rows.getBytes(1)).of(new Cursor(1, 1)));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void run(String sql) {
    try (var connection = ApiSite.site().database(); var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    run("DELETE FROM journal_milestone WHERE xid = '2'");
  }
}
