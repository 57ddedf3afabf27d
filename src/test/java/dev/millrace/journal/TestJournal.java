package dev.millrace.journal;

import dev.millrace.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/** Writes events into the journal as its owner, on a connection of its own. */
final class TestJournal implements AutoCloseable {
  private static final String INSERT = """
    INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
    SELECT %s, ?, ?, ?, ?, 'test', '""" + Payments.TRACE + "', ?::json FROM generate_series(1, ?)"
      + " RETURNING xid::text, position";

  private final Connection connection;

  private TestJournal(Connection connection) { this.connection = connection; }

  /** {@code commit}: each event in a transaction of its own; else all in one, until {@link #commit}. */
  static TestJournal open(TestDatabase database, boolean commit) {
    try {
      var connection = database.owner();
      connection.setAutoCommit(commit);
      return new TestJournal(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A first event of something new, in test mode. */
  Cursor add(UUID merchant, String type) {
    return add(merchant, false, UUID.randomUUID(), 1, type, "{}");
  }

  Cursor add(UUID merchant, boolean livemode, UUID subject, int version, String type, String data) {
    return insert("'" + subject + "'::uuid", version, type, merchant, livemode, data, 1);
  }

  /** So many first events, in one transaction; answers one of their places. */
  Cursor addMany(UUID merchant, String type, int count) {
    return insert("gen_random_uuid()", 1, type, merchant, false, "{}", count);
  }

  private Cursor insert(String subject, int version, String type, UUID merchant, boolean livemode,
      String data,
      int count) {
    try (PreparedStatement insert = connection.prepareStatement(INSERT.formatted(subject))) {
      insert.setInt(1, version);
      insert.setString(2, type);
      insert.setObject(3, merchant);
      insert.setBoolean(4, livemode);
      insert.setString(5, data);
      insert.setInt(6, count);
      return place(insert.executeQuery());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Cursor place(ResultSet rows) throws SQLException {
    rows.next();
    return new Cursor(Long.parseUnsignedLong(rows.getString(1)), rows.getLong(2));
  }

  long takePosition() throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT nextval(pg_get_serial_sequence('journal', 'position'))")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** An event at a position that was taken before. */
  Cursor addAt(UUID merchant, String type, long position) throws SQLException {
    try (var statement = connection.createStatement()) {
      return place(statement.executeQuery("INSERT INTO journal (position, subject, version, type, merchant,"
          + " livemode, actor, traceparent, data) OVERRIDING SYSTEM VALUE VALUES (" + position
          + ", gen_random_uuid(), 1, '" + type + "', '" + merchant + "', false, 'test', '" + Payments.TRACE
          + "', '{}') RETURNING xid::text, position"));
    }
  }

  void addEndpoint(UUID merchant) {
    execute("INSERT INTO merchant (id, name) VALUES ('" + merchant + "', 'm') ON CONFLICT DO NOTHING");
    execute("INSERT INTO webhook_endpoint (id, merchant, livemode, url, enabled_events, headers, api_version,"
        + " stripe_signature, ordered, max_in_flight, secret) VALUES (gen_random_uuid(), '" + merchant
        + "', false, 'http://127.0.0.1/', '{*}', '{}', '2026-11-21', false, false, 8, 'x')");
  }

  void deleteEndpoints(UUID merchant) {
    execute("UPDATE webhook_endpoint SET deleted = now() WHERE merchant = '" + merchant + "'");
  }

  void execute(String sql) {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  void commit() {
    try {
      connection.commit();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
