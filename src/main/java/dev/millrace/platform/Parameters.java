package dev.millrace.platform;

import io.vertx.sqlclient.Tuple;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers the parameters of one statement: whoever writes it asks for rows and for single values in turn, and
 * puts the text that they give into the SQL. No number is written by hand, and the values of an execution
 * find their places by themselves, whatever order they are given in. Made once a statement, while its class
 * is initialised.
 */
public final class Parameters {
  private int count;

  /** Rows of a statement, each column of which is an array. */
  public static final class Rows<R> {
    private final Columns<R> columns;
    private final int first;

    private Rows(Columns<R> columns, int first) {
      this.columns = columns;
      this.first = first;
    }

    /** A query for the rows, in the order in which they are given. */
    public String select() {
      return columns.select(first);
    }

    /** All values of one column, as an SQL array. */
    public String array(String column) {
      return columns.array(column, first);
    }
  }

  /** A single text of a statement; {@code sql} is how the statement names it. */
  public record Text(String sql, int number) {}

  /** A single number of a statement. */
  public record Int8(String sql, int number) {}

  public <R> Rows<R> rows(Columns<R> columns) {
    var rows = new Rows<>(columns, count + 1);
    count += columns.count();
    return rows;
  }

  public Text text() {
    count++;
    return new Text("$" + count + "::text", count);
  }

  public Int8 int8() {
    count++;
    return new Int8("$" + count + "::int8", count);
  }

  /** What one execution of the statement is given; each part of it once. */
  public Values values() {
    return new Values(count);
  }

  /** The values of one execution. */
  public static final class Values {
    private final @Nullable Object[] values;
    private int set;

    private Values(int count) { this.values = new @Nullable Object[count]; }

    public <R> Values with(Rows<R> place, List<? extends R> rows) {
      place.columns.fill(values, place.first, rows);
      set += place.columns.count();
      return this;
    }

    public Values with(Text place, String value) { return with(place.number, value); }

    public Values with(Int8 place, long value) { return with(place.number, value); }

    private Values with(int number, Object value) {
      values[number - 1] = value;
      set++;
      return this;
    }

    /** Fails when something of the statement was not given. */
    public Tuple tuple() {
      if (set != values.length)
        throw new IllegalStateException(set + " of " + values.length + " parameters were given");
      return Tuple.tuple(Arrays.asList(values));
    }
  }
}
