package dev.millrace.testing;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * One connection to a database, as its owner, for the many short questions of a test that waits: it stays
 * open, and is opened again when it was lost. To open one for each question costs more than the question.
 */
public final class StandingConnection implements AutoCloseable {
  /** What a test wants to know of the rows. */
  @FunctionalInterface
  public interface Reader<T> {
    T read(ResultSet rows) throws SQLException;
  }

  private final String url;
  private Connection connection;

  StandingConnection(String jdbcUrl) { this.url = jdbcUrl; }

  String url() { return url; }

  synchronized <T> T query(String sql, Reader<T> reader) {
    try {
      boolean old = connection != null;
      if (!old) open();
      try {
        return read(sql, reader);
      } catch (SQLException e) {
        if (!old || connection.isValid(5)) throw e;
        close();
        open();
        return read(sql, reader);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The first column of the first row. */
  long number(String sql) {
    return query(sql, rows -> {
      rows.next();
      return rows.getLong(1);
    });
  }

  private void open() throws SQLException {
    connection = DriverManager.getConnection(url, "postgres", "postgres");
  }

  private <T> T read(String sql, Reader<T> reader) throws SQLException {
    try (var statement = connection.createStatement(); var rows = statement.executeQuery(sql)) {
      return reader.read(rows);
    }
  }

  @Override
  public synchronized void close() {
    try {
      if (connection != null) connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    } finally {
      connection = null;
    }
  }
}
