package dev.millrace.rebuild;

import java.io.PrintStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;

/**
 * The command {@code rebuild}: replays the journal into tables of its own and holds them against the live
 * ones, all as of one moment, while the gateway may go on; with {@code --replace} the rebuilt ones take their
 * place, while no gateway runs. It verifies every transition on the way, since each payment is folded from
 * its events. Blocks.
 */
public final class Rebuild {
  /** The process's exit codes. */
  public static final int EQUAL = 0;
  public static final int DIFFERENT = 1;
  public static final int IMPOSSIBLE = 2;

  /** So many payments are kept in memory, some kilobytes each. */
  private static final int PAYMENTS_MAX = 20_000;
  /** Held by the one that runs. */
  static final long LOCK = 0x6d696c6c72616365L;

  private final String jdbcUrl;
  private final Properties owner = new Properties();
  private final PrintStream out;
  private final int paymentsMax;

  /** {@code user} owns the schema; {@code out} takes the progress and the findings. */
  public Rebuild(String jdbcUrl, String user, String password, PrintStream out) {
    this(jdbcUrl, user, password, out, PAYMENTS_MAX);
  }

  Rebuild(String jdbcUrl, String user, String password, PrintStream out, int paymentsMax) {
    this.jdbcUrl = jdbcUrl;
    this.out = out;
    this.paymentsMax = paymentsMax;
    owner.setProperty("user", user);
    owner.setProperty("password", password);
    owner.setProperty("ApplicationName", "millrace-rebuild");
    owner.setProperty("options", "-c TimeZone=UTC -c statement_timeout=0");
  }

  /** Runs it and answers the exit code. */
  public int run(boolean replace) {
    try (Connection snapshot = DriverManager.getConnection(jdbcUrl, owner);
        Connection writing = DriverManager.getConnection(jdbcUrl, owner)) {
      return run(snapshot, writing, replace);
    } catch (SQLException | Replacement.Refused e) {
      out.println("rebuild: could not run: " + e.getMessage());
      return IMPOSSIBLE;
    }
  }

  private int run(Connection snapshot, Connection writing, boolean replace)
      throws SQLException, Replacement.Refused {
    if (one(writing, "SELECT pg_try_advisory_lock(" + LOCK + ")::int") == 0)
      throw new Replacement.Refused("another rebuild of this database is running");
    try {
      return alone(snapshot, writing, replace);
    } finally {
      unlock(writing);
    }
  }

  /**
   * The end of the session would do as well, but comes a moment after the end of this process: too late for
   * the next one.
   */
  private void unlock(Connection writing) {
    try {
      if (!writing.getAutoCommit()) writing.rollback();
      one(writing, "SELECT pg_advisory_unlock(" + LOCK + ")::int");
    } catch (SQLException e) {
      out.println("rebuild: its lock ends with its session: " + e.getMessage());
    }
  }

  private int alone(Connection snapshot, Connection writing, boolean replace)
      throws SQLException, Replacement.Refused {
    var replacement = new Replacement(writing);
    if (replace) replacement.requireStandstill();
    requireKnownColumns(writing);
    snapshot.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    snapshot.setReadOnly(true);
    snapshot.setAutoCommit(false);
    long events = one(snapshot, "SELECT count(*) FROM public.journal");
    var rebuilt = new Rebuilt(writing);
    rebuilt.create();
    List<String> problems = replay(snapshot, rebuilt, events);
    long differences = 0;
    var comparison = new Comparison(snapshot, writing, out);
    for (DerivedTable table : DerivedTable.values()) differences += comparison.compare(table);
    snapshot.rollback();
    return conclude(rebuilt, replacement, replace, events, problems, differences);
  }

  private List<String> replay(Connection snapshot, Rebuilt rebuilt, long events) throws SQLException {
    var progress = new Progress(out, events);
    List<String> problems = new Replay(snapshot, rebuilt, progress, paymentsMax).run();
    rebuilt.finish();
    progress.end();
    if (!problems.isEmpty()) out.println("journal: " + problems.size() + " events cannot be replayed");
    problems.stream().limit(10).forEach(line -> out.println("  " + line));
    return problems;
  }

  private int conclude(Rebuilt rebuilt, Replacement replacement, boolean replace, long events,
      List<String> problems, long differences) throws SQLException, Replacement.Refused {
    if (differences == 0 && problems.isEmpty()) {
      rebuilt.drop();
      out.println("rebuild: equal: the live tables are what the journal says");
      return EQUAL;
    }
    if (!replace) {
      out.println("rebuild: different; the rebuilt tables are in the schema `" + Rebuilt.SCHEMA + "`");
      return DIFFERENT;
    }
    if (!problems.isEmpty())
      throw new Replacement.Refused("nothing was replaced: the journal itself cannot be replayed as a whole");
    replacement.run(events, String.valueOf(System.getProperty("user.name")));
    rebuilt.drop();
    out.println("rebuild: replaced: the live tables are now what the journal says");
    return EQUAL;
  }

  /** A table that has other columns than this release knows would be rebuilt without them. */
  private static void requireKnownColumns(Connection connection) throws SQLException, Replacement.Refused {
    for (DerivedTable table : DerivedTable.values()) {
      var found = new ArrayList<String>();
      try (var sql = connection.prepareStatement("SELECT column_name || ' ' || CASE WHEN udt_name = 'xid8'"
          + " THEN 'xid8' ELSE data_type END FROM information_schema.columns"
          + " WHERE table_schema = 'public' AND table_name = ?")) {
        sql.setString(1, table.table());
        try (ResultSet rows = sql.executeQuery()) {
          while (rows.next()) found.add(rows.getString(1));
        }
      }
      if (found.isEmpty())
        throw new Replacement.Refused("there is no table `" + table.table()
            + "`: a gateway must have run on this database once");
      if (!new TreeSet<>(found).equals(new TreeSet<>(table.columns())))
        throw new Replacement.Refused("the table `" + table.table()
            + "` is not the one that this release rebuilds: its columns are " + new TreeSet<>(found));
    }
  }

  private static long one(Connection connection, String query) throws SQLException {
    try (Statement sql = connection.createStatement(); ResultSet rows = sql.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
