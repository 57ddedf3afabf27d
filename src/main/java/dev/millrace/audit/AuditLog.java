package dev.millrace.audit;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.function.BiFunction;

/**
 * The table {@code audit}: who did what to what, a line for each act, never changed. Acts that are one
 * statement write their line in it, by {@link #INSERT}.
 */
public final class AuditLog {
  /** SQL, to be followed by what selects the operator, the act, its subject and its data. */
  public static final String INSERT = "INSERT INTO audit (operator, act, subject, data) ";
  private static final String LINE = INSERT + "VALUES ($1::text, $2::text, $3::text, $4::text::json)";

  private final BiFunction<String, Tuple, Future<RowSet<Row>>> query;

  public AuditLog(BiFunction<String, Tuple, Future<RowSet<Row>>> query) {
    this.query = query;
  }

  /** Writes one line. {@code operator} is {@code -} when it was none. */
  public Future<Void> write(String operator, String act, String subject, JsonObject data) {
    return query.apply(LINE, Tuple.of(operator, act, subject, data.encode())).mapEmpty();
  }
}
