package dev.millrace.rebuild;

import dev.millrace.platform.TypeId;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Holds a rebuilt table against the live one as it is in the snapshot of the replay: both are read in the
 * order of their keys, side by side, so that nothing but the row in hand is in memory.
 */
final class Comparison {
  private static final int FETCH = 5_000;
  private static final int NAMED_MAX = 5;
  /** The roll-up and the postings after it, as every balance is read. */
  private static final String LIVE_BALANCES = """
    (SELECT account, livemode, currency, sum(amount) AS amount FROM (
       SELECT account, livemode, currency, amount FROM public.balance
       UNION ALL
       SELECT account, livemode, currency, amount FROM public.posting WHERE xid >= (SELECT horizon FROM public.rollup)
     ) parts GROUP BY account, livemode, currency)""";

  private final Connection snapshot;
  private final Connection connection;
  private final PrintStream out;

  /** {@code snapshot} sees the live tables, {@code connection} the rebuilt ones. */
  Comparison(Connection snapshot, Connection connection, PrintStream out) {
    this.snapshot = snapshot;
    this.connection = connection;
    this.out = out;
  }

  /** Prints what differs and answers how many rows do. */
  long compare(DerivedTable table) throws SQLException {
    connection.setAutoCommit(false);
    try (Rows live = new Rows(snapshot, select(table,
        table == DerivedTable.BALANCE ? LIVE_BALANCES : "public." + table.table()));
        Rows made = new Rows(connection, select(table, Rebuilt.SCHEMA + "." + table.table()))) {
      return compare(table, live, made);
    } finally {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /** Every column as text, in the order of the key. */
  private static String select(DerivedTable table, String from) {
    var columns = table.names().stream().map(c -> "t." + c + "::text").toList();
    var order = table.columns().subList(0, table.keys()).stream()
        .map(c -> "t." + c.substring(0, c.indexOf(' ')) + (c.endsWith(" text") ? " COLLATE \"C\"" : ""))
        .toList();
    return "SELECT " + String.join(", ", columns) + " FROM " + from + " t ORDER BY "
        + String.join(", ", order);
  }

  private long compare(DerivedTable table, Rows live, Rows made) throws SQLException {
    long same = 0;
    long different = 0;
    long missing = 0;
    long superfluous = 0;
    var named = new ArrayList<String>();
    while (live.row != null || made.row != null) {
      int order = order(table, live.row, made.row);
      String difference;
      if (order < 0) {
        superfluous++;
        difference = name(table, Objects.requireNonNull(live.row)) + " is not in the journal";
        live.next();
      } else if (order > 0) {
        missing++;
        difference = name(table, Objects.requireNonNull(made.row)) + " is missing";
        made.next();
      } else {
        difference = difference(table, Objects.requireNonNull(live.row), Objects.requireNonNull(made.row));
        if (difference == null) same++;
        else different++;
        live.next();
        made.next();
      }
      if (difference != null && named.size() < NAMED_MAX) named.add(difference);
    }
    long all = different + missing + superfluous;
    out.println(table.table() + ": " + same + " rows equal" + (all == 0
        ? ""
        : ", " + different + " different, " + missing + " missing, " + superfluous + " superfluous"));
    named.forEach(line -> out.println("  " + line));
    if (all > named.size()) out.println("  and " + (all - named.size()) + " more");
    return all;
  }

  /** Which of two rows comes first by the key; an absent one comes last. */
  private static int order(DerivedTable table, @Nullable String @Nullable [] live,
      @Nullable String @Nullable [] made) {
    if (live == null) return 1;
    if (made == null) return -1;
    for (int i = 0; i < table.keys(); i++) {
      String one = Objects.requireNonNull(live[i]);
      String other = Objects.requireNonNull(made[i]);
      int order = table == DerivedTable.POSTING
          ? Long.compareUnsigned(Long.parseUnsignedLong(one), Long.parseUnsignedLong(other))
          : one.compareTo(other);
      if (order != 0) return order;
    }
    return 0;
  }

  /** What differs in two rows of the same key; null for nothing. */
  private static @Nullable String difference(DerivedTable table, @Nullable String[] live,
      @Nullable String[] made) {
    var parts = new ArrayList<String>();
    for (int i = table.keys(); i < live.length; i++)
      if (!Objects.equals(live[i], made[i]))
        parts.add(table.names().get(i) + " is " + live[i] + ", by the journal " + made[i]);
    return parts.isEmpty() ? null : name(table, live) + ": " + String.join("; ", parts);
  }

  private static String name(DerivedTable table, @Nullable String[] row) {
    return switch (table) {
      case PAYMENT -> "payment " + id(TypeId.PAYMENT, row[0]);
      case SETTLEMENT -> "settlement " + id(TypeId.SETTLEMENT, row[0]);
      case OPERATION -> "operation " + id(switch (String.valueOf(row[2])) {
        case "capture" -> TypeId.CAPTURE;
        case "cancel" -> TypeId.CANCELLATION;
        case "reversal" -> TypeId.REVERSAL;
        default -> TypeId.REFUND;
      }, row[0]) + " of " + id(TypeId.PAYMENT, row[1]);
      case DISPUTE -> "dispute " + id(TypeId.DISPUTE, row[0]) + " of " + id(TypeId.PAYMENT, row[1]);
      case POSTING -> "posting " + row[0] + "." + row[1] + "." + row[2] + " of " + row[6] + " " + row[5]
          + " on " + row[4];
      case BALANCE -> "balance of " + row[0] + (String.valueOf(row[1]).equals("true") ? " live " : " test ")
          + row[2];
    };
  }

  private static String id(String prefix, @Nullable String uuid) {
    return TypeId.format(prefix, UUID.fromString(String.valueOf(uuid)));
  }

  /** The rows of a query, one at a time. */
  private static final class Rows implements AutoCloseable {
    private final Statement sql;
    private final ResultSet rows;
    private final int width;
    @Nullable
    String @Nullable [] row;

    Rows(Connection connection, String query) throws SQLException {
      sql = connection.createStatement();
      sql.setFetchSize(FETCH);
      rows = sql.executeQuery(query);
      width = rows.getMetaData().getColumnCount();
      next();
    }

    void next() throws SQLException {
      if (!rows.next()) {
        row = null;
        return;
      }
      @Nullable
      String[] values = new @Nullable String[width];
      for (int i = 0; i < width; i++) values[i] = rows.getString(i + 1);
      row = values;
    }

    @Override
    public void close() throws SQLException { sql.close(); }
  }
}
