package dev.millrace.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.Nullable;

/**
 * One row as Postgres has it, compared column by column: a failure names each column that holds something
 * else. Every column is either compared or named as one that the database fills, so that none is forgotten.
 */
public final class StoredRow {
  private final String query;
  private final JsonObject row;
  private final Set<String> left;
  private final SoftAssertions differences = new SoftAssertions();

  private StoredRow(String query, JsonObject row) {
    this.query = query;
    this.row = row;
    this.left = new HashSet<>(row.fieldNames());
  }

  /** The one row that {@code query} finds. */
  public static StoredRow of(TestDatabase database, String query) {
    try (var connection = database.owner();
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT row_to_json(t)::text FROM (" + query + ") AS t")) {
      assertThat(rows.next()).as("a row for: %s", query).isTrue();
      var row = new StoredRow(query, new JsonObject(rows.getString(1)));
      assertThat(rows.next()).as("a second row for: %s", query).isFalse();
      return row;
    } catch (SQLException e) {
      throw new IllegalStateException(query, e);
    }
  }

  public StoredRow has(String column, @Nullable Object value) {
    assertThat(left.remove(column)).as("column %s, once, of: %s", column, query).isTrue();
    differences.assertThat(String.valueOf(row.getValue(column))).as("column %s", column)
        .isEqualTo(String.valueOf(value));
    return this;
  }

  /** Nothing else is in it but what the database fills by itself. */
  public void andOfItself(String... columns) {
    List.of(columns).forEach(column -> differences.assertThat(row.getValue(column)).as(column).isNotNull());
    left.removeAll(List.of(columns));
    differences.assertThat(left).as("columns that nobody looked at").isEmpty();
    differences.assertAll();
  }
}
