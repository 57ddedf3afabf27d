package dev.millrace.rebuild;

import dev.millrace.ledger.Balances;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Puts the rebuilt rows in the place of the live ones, in one transaction, while no gateway runs. History is
 * not touched: the journal stays as it is, and the roll-up is made anew from the postings.
 */
final class Replacement {
  /** Why nothing was replaced. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) { super(message); }
  }

  private final Connection connection;

  Replacement(Connection connection) { this.connection = connection; }

  /**
   * Refuses while a gateway may be running.
   *
   * @throws Refused when a lease is held or a gateway is connected
   */
  void requireStandstill() throws SQLException, Refused {
    String lease = text("SELECT string_agg(name || ' by ' || holder, ', ') FROM public.lease"
        + " WHERE expires > clock_timestamp()");
    if (lease != null) throw new Refused("a gateway runs and holds leases (" + lease + "): stop every node");
    String nodes = text("SELECT nullif(count(*), 0)::text FROM pg_stat_activity"
        + " WHERE datname = current_database() AND application_name = 'millrace' AND pid <> pg_backend_pid()");
    if (nodes != null) throw new Refused("a gateway is connected (" + nodes + " sessions): stop every node");
  }

  /**
   * Swaps the contents.
   *
   * @param events how many events were replayed
   * @throws Refused when the journal has grown since
   */
  void run(long events, String operator) throws SQLException, Refused {
    connection.setAutoCommit(false);
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET LOCAL synchronous_commit = on");
      sql.execute("SET LOCAL lock_timeout = '10s'");
      // What a node began before it was stopped is over when the locks are ours, and nobody begins anything
      // after.
      sql.execute(
          "LOCK TABLE public.journal, public.payment, public.operation, public.dispute, public.posting,"
              + " public.settlement, public.balance, public.rollup IN ACCESS EXCLUSIVE MODE");
      requireStandstill();
      String now = text("SELECT count(*)::text FROM public.journal");
      if (!String.valueOf(events).equals(now))
        throw new Refused("the journal has grown from " + events + " to " + now + " events: run it again");
      for (DerivedTable t : DerivedTable.values()) replace(sql, t);
      // Without their history, past balances are read from the postings, and so from the new ones.
      sql.execute("TRUNCATE public.balance_history, public.balance_depth");
      sql.execute("UPDATE public.rollup SET horizon = '0'");
      sql.execute(Balances.ROLL_UP);
      // What is unfinished now and was not before is found when all are looked at again.
      sql.execute("UPDATE public.janitor SET watermark = '00000000-0000-0000-0000-000000000000'");
      audit(events, operator);
      connection.commit();
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  private static void replace(Statement sql, DerivedTable t) throws SQLException {
    sql.execute("TRUNCATE public." + t.table());
    if (t == DerivedTable.BALANCE) return;
    String names = String.join(", ", t.names());
    sql.execute("INSERT INTO public." + t.table() + " (" + names + ") SELECT " + names + " FROM "
        + Rebuilt.SCHEMA + "." + t.table() + " ORDER BY " + t.key());
  }

  private void audit(long events, String operator) throws SQLException {
    try (var insert = connection.prepareStatement("INSERT INTO public.audit (operator, act, subject, data)"
        + " VALUES (?, 'rebuild_replace', 'journal', json_build_object('events', ?::bigint))")) {
      insert.setString(1, operator);
      insert.setLong(2, events);
      insert.executeUpdate();
    }
  }

  private @Nullable String text(String query) throws SQLException {
    try (Statement sql = connection.createStatement(); ResultSet rows = sql.executeQuery(query)) {
      var values = new ArrayList<@Nullable String>();
      while (rows.next()) values.add(rows.getString(1));
      return values.isEmpty() ? null : values.getFirst();
    }
  }
}
