package dev.millrace.platform;

import io.vertx.core.buffer.Buffer;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The columns of rows that go to Postgres in bulk, one array a column. A column is declared once, with its
 * name, its type and where a row has it; both the {@code unnest} of the statement and the arrays of its
 * parameters come from that one declaration, so that the two cannot disagree about which array is which. The
 * SQL type follows from the getter's.
 *
 * <p>Which numbers the arrays have among the parameters of a statement is the business of {@link Parameters}.
 *
 * @param <R> a row
 */
public final class Columns<R> {
  /** One column; {@code array} makes an array of the type that the driver wants for it. */
  public record Column<R>(String name, String type, IntFunction<@Nullable Object[]> array,
      Function<R, ? extends @Nullable Object> value) {

    private @Nullable Object[] of(List<? extends R> rows) {
      @Nullable
      Object[] values = array.apply(rows.size());
      for (int i = 0; i < values.length; i++) values[i] = value.apply(rows.get(i));
      return values;
    }
  }

  private final List<Column<R>> columns;

  private Columns(List<Column<R>> columns) {
    this.columns = columns;
    if (columns.stream().map(Column::name).distinct().count() < columns.size())
      throw new IllegalArgumentException("a column stands twice among " + columns);
  }

  @SafeVarargs
  public static <R> Columns<R> of(Column<R>... columns) {
    var list = new ArrayList<Column<R>>(columns.length);
    for (Column<R> column : columns) list.add(column);
    return new Columns<>(list);
  }

  public static <R> Column<R> uuid(String name, Function<R, @Nullable UUID> value) {
    return new Column<>(name, "uuid", UUID[]::new, value);
  }

  public static <R> Column<R> text(String name, Function<R, @Nullable String> value) {
    return new Column<>(name, "text", String[]::new, value);
  }

  public static <R> Column<R> bool(String name, Function<R, @Nullable Boolean> value) {
    return new Column<>(name, "bool", Boolean[]::new, value);
  }

  public static <R> Column<R> int2(String name, Function<R, @Nullable Short> value) {
    return new Column<>(name, "int2", Short[]::new, value);
  }

  public static <R> Column<R> int4(String name, Function<R, @Nullable Integer> value) {
    return new Column<>(name, "int4", Integer[]::new, value);
  }

  public static <R> Column<R> int8(String name, Function<R, @Nullable Long> value) {
    return new Column<>(name, "int8", Long[]::new, value);
  }

  public static <R> Column<R> bytea(String name, Function<R, @Nullable Buffer> value) {
    return new Column<>(name, "bytea", Buffer[]::new, value);
  }

  public static <R> Column<R> timestamptz(String name, Function<R, @Nullable OffsetDateTime> value) {
    return new Column<>(name, "timestamptz", OffsetDateTime[]::new, value);
  }

  int count() { return columns.size(); }

  /** A query for the rows, whose arrays are the parameters from number {@code first} on. */
  String select(int first) {
    var sql = new StringBuilder("SELECT ");
    for (int i = 0; i < columns.size(); i++)
      sql.append(i == 0 ? "" : ", ").append("unnest(").append(array(i, first)).append(") AS ")
          .append(columns.get(i).name);
    return sql.toString();
  }

  /** The array of one column, as the statement names it. */
  String array(String name, int first) {
    for (int i = 0; i < columns.size(); i++)
      if (columns.get(i).name.equals(name)) return array(i, first);
    throw new IllegalArgumentException("no column " + name + " among " + columns);
  }

  private String array(int column, int first) {
    return "$" + (first + column) + "::" + columns.get(column).type + "[]";
  }

  /** Puts each column's array into {@code values}, which begins with parameter 1. */
  void fill(@Nullable Object[] values, int first, List<? extends R> rows) {
    for (int i = 0; i < columns.size(); i++) values[first - 1 + i] = columns.get(i).of(rows);
  }
}
