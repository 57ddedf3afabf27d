package dev.millrace.audit;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Tuple;

/**
 * The table {@code audit}: who did what to what, a line for each act, never changed. Acts that are one
 * statement write their line in it, by {@link #INSERT}.
 */
public final class AuditLog {
  /** SQL, to be followed by what selects the operator, the act, its subject and its data. */
  public static final String INSERT = "INSERT INTO audit (operator, act, subject, data) ";
  private static final String LINE = INSERT + "VALUES ($1::text, $2::text, $3::text, $4::text::json)";

  private final Sql sql;

  public AuditLog(Sql sql) {
    this.sql = sql;
  }

  /** Writes one line. {@code operator} is {@code -} when it was none. */
  public Future<Void> write(String operator, String act, String subject, JsonObject data) {
    return sql.query(LINE, Tuple.of(operator, act, subject, data.encode())).mapEmpty();
  }
}
