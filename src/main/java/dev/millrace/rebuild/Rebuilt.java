package dev.millrace.rebuild;

import dev.millrace.journal.JournalRow;
import dev.millrace.journal.PaymentProjection;
import dev.millrace.journal.PaymentProjection.DisputeLine;
import dev.millrace.journal.PaymentProjection.OperationLine;
import dev.millrace.journal.PaymentRow;
import dev.millrace.ledger.Posting;
import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Writes the rebuilt tables: schema {@value #SCHEMA}, unlogged, columns and checks like the live ones. Rows
 * are gathered and written in batches, each a transaction of its own, so that the relay's horizon is never
 * held back. A run that was broken off leaves nothing that the next one would see.
 */
final class Rebuilt {
  static final String SCHEMA = "rebuild";
  private static final int ROWS_MAX = 4_000;

  private final Connection connection;
  private final Map<UUID, PaymentProjection> payments = new LinkedHashMap<>();
  private final StringBuilder postings = new StringBuilder();
  private final StringBuilder settlements = new StringBuilder();
  private int lines;

  /** {@code connection}: the owner's, in autocommit. */
  Rebuilt(Connection connection) {
    this.connection = connection;
  }

  /** Empty tables, whatever an earlier run has left. */
  void create() throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET synchronous_commit = off");
      drop();
      sql.execute("CREATE SCHEMA " + SCHEMA);
      for (DerivedTable t : DerivedTable.values())
        sql.execute("CREATE UNLOGGED TABLE " + SCHEMA + "." + t.table() + " (LIKE public." + t.table()
            + " INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (autovacuum_enabled = off)");
      // Rows of these are written again when an old payment goes on.
      for (DerivedTable t : new DerivedTable[]{DerivedTable.PAYMENT, DerivedTable.OPERATION,
          DerivedTable.DISPUTE})
        index(sql, t);
    }
  }

  private static void index(Statement sql, DerivedTable t) throws SQLException {
    sql.execute("ALTER TABLE " + SCHEMA + "." + t.table() + " ADD PRIMARY KEY (" + t.key() + ")");
  }

  /** Writes what is left, adds the balances up and makes the tables fast to read in order. */
  void finish() throws SQLException {
    flush();
    try (Statement sql = connection.createStatement()) {
      sql.execute("INSERT INTO " + SCHEMA + ".balance (account, livemode, currency, amount)"
          + " SELECT account, livemode, currency, sum(amount) FROM " + SCHEMA + ".posting GROUP BY 1, 2, 3");
      for (DerivedTable t : new DerivedTable[]{DerivedTable.POSTING, DerivedTable.SETTLEMENT,
          DerivedTable.BALANCE})
        index(sql, t);
      for (DerivedTable t : DerivedTable.values()) sql.execute("ANALYZE " + SCHEMA + "." + t.table());
    }
  }

  void drop() throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET client_min_messages = warning");
      sql.execute("DROP SCHEMA IF EXISTS " + SCHEMA + " CASCADE");
    }
  }

  /** The rows of a payment as it stands now, in place of earlier ones. */
  void payment(PaymentProjection payment) throws SQLException {
    payments.put(payment.id(), payment);
    if (payments.size() >= ROWS_MAX) flush();
  }

  /** The postings of one event. */
  void postings(JournalRow event, List<Posting> all) throws SQLException {
    int line = 0;
    for (Posting p : all) {
      copied(postings, event.xid(), event.position(), line++, event.livemode(), p.account(), p.currency(),
          p.amount(), p.memo());
      lines++;
    }
    if (lines >= ROWS_MAX) flush();
  }

  void settlement(JournalRow event, Object... providerToCharged) {
    var values = new ArrayList<@Nullable Object>(
        List.of(event.subject(), event.merchant(), event.livemode()));
    values.addAll(List.of(providerToCharged));
    values.add(event.recorded());
    copied(settlements, values.toArray());
  }

  /** Appends a row in the text form of COPY. */
  private static void copied(StringBuilder out, @Nullable Object... values) {
    for (int i = 0; i < values.length; i++) {
      if (i > 0) out.append('\t');
      Object value = values[i];
      if (value == null) out.append("\\N");
      else if (value instanceof String text) escape(out, text);
      else out.append(value);
    }
    out.append('\n');
  }

  private static void escape(StringBuilder out, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\t' -> out.append("\\t");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        default -> out.append(c);
      }
    }
  }

  private void flush() throws SQLException {
    copy(DerivedTable.POSTING, postings);
    copy(DerivedTable.SETTLEMENT, settlements);
    lines = 0;
    var rows = new ArrayList<@Nullable Object[]>(payments.size());
    var steps = new ArrayList<@Nullable Object[]>();
    var disputes = new ArrayList<@Nullable Object[]>();
    for (PaymentProjection p : payments.values()) {
      rows.add(row(p.row()));
      for (OperationLine o : p.operations()) steps.add(row(p.id(), o));
      for (DisputeLine d : p.disputes()) disputes.add(row(p.row(), d));
    }
    upsert(DerivedTable.PAYMENT, rows);
    upsert(DerivedTable.OPERATION, steps);
    upsert(DerivedTable.DISPUTE, disputes);
    payments.clear();
  }

  private void copy(DerivedTable table, StringBuilder rows) throws SQLException {
    if (rows.isEmpty()) return;
    try {
      connection.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY " + SCHEMA + "." + table.table() + " ("
          + String.join(", ", table.names()) + ") FROM STDIN", new StringReader(rows.toString()));
    } catch (IOException e) {
      throw new SQLException("COPY into " + SCHEMA + "." + table.table() + ": " + e.getMessage(), e);
    }
    rows.setLength(0);
  }

  /** In the order of {@link DerivedTable#PAYMENT}. */
  private static @Nullable Object[] row(PaymentRow p) {
    return new @Nullable Object[]{p.id(), p.merchant(), p.livemode(), p.version(), p.status().wire(),
        p.asked().amount(), p.asked().currency(), p.asked().reference(), p.updated(), p.provider(),
        p.providerReference(), p.amountCharged(), p.failureCode(), p.failureMessage(), p.settlement(),
        p.amountAuthorized(), p.amountCaptured(), p.amountRefunded(), p.expires(), p.actionUrl()};
  }

  /** In the order of {@link DerivedTable#OPERATION}. */
  private static @Nullable Object[] row(UUID payment, OperationLine o) {
    return new @Nullable Object[]{o.id(), payment, o.kind(), o.status(), o.amount(), o.reason(), o.attempt(),
        o.providerReference(), o.failureCode(), o.failureMessage(), o.created(), o.updated()};
  }

  /** In the order of {@link DerivedTable#DISPUTE}. */
  private static @Nullable Object[] row(PaymentRow p, DisputeLine d) {
    return new @Nullable Object[]{d.id(), p.id(), p.merchant(), p.livemode(), d.provider(),
        d.providerReference(), d.status(), d.amount(), d.currency(), d.reason(), d.evidenceDue(), d.version(),
        d.created(), d.updated()};
  }

  private void upsert(DerivedTable table, Collection<@Nullable Object[]> rows) throws SQLException {
    if (rows.isEmpty()) return;
    List<String> names = table.names();
    try (PreparedStatement insert = connection.prepareStatement(upsertSql(table))) {
      for (int column = 0; column < names.size(); column++) {
        @Nullable
        String[] values = new @Nullable String[rows.size()];
        int i = 0;
        for (@Nullable
        Object[] row : rows) {
          Object value = row[column];
          values[i++] = value == null ? null : value.toString();
        }
        insert.setArray(column + 1, connection.createArrayOf("text", values));
      }
      insert.executeUpdate();
    }
  }

  private static String upsertSql(DerivedTable table) {
    var names = String.join(", ", table.names());
    var typed = new ArrayList<String>();
    var arrays = new ArrayList<String>();
    var changed = new ArrayList<String>();
    for (String column : table.columns()) {
      String name = column.substring(0, column.indexOf(' '));
      typed.add("t." + name + "::" + column.substring(column.indexOf(' ') + 1));
      arrays.add("unnest(?::text[]) AS " + name);
      changed.add(name + " = excluded." + name);
    }
    return "INSERT INTO " + SCHEMA + "." + table.table() + " (" + names + ") SELECT "
        + String.join(", ", typed) + " FROM (SELECT " + String.join(", ", arrays) + ") t ON CONFLICT ("
        + table.key() + ") DO UPDATE SET " + String.join(", ", changed);
  }
}
