package dev.millrace.identity;

import dev.millrace.platform.Sql;
import dev.millrace.identity.Credentials.Credential;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The tables {@code merchant} and {@code api_key}. Of a key only its SHA-256 is kept, by which it is found.
 */
public final class MerchantStore {
  /** For JDBC, as of the start: makes a merchant by id and name, unless there is one. */
  public static final String SEED_MERCHANT = """
    INSERT INTO merchant (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING""";
  /** For JDBC: makes a test key by its hash and merchant, unless there is one. */
  public static final String SEED_KEY = """
    INSERT INTO api_key (hash, merchant, livemode) VALUES (?, ?, false) ON CONFLICT DO NOTHING""";
  private static final String FIND = """
    SELECT merchant, livemode, rate FROM api_key WHERE hash = $1::bytea AND revoked IS NULL""";
  private static final String EXISTS = "SELECT 1 FROM merchant WHERE id = $1::uuid";
  private static final String CREATE = "INSERT INTO merchant (id, name) VALUES ($1::uuid, $2::text)";
  private static final String CREATE_KEY = """
    INSERT INTO api_key (hash, merchant, livemode, rate)
    SELECT $1::bytea, id, $3::bool, $4::int FROM merchant WHERE id = $2::uuid RETURNING 1""";
  private static final String REVOKE = """
    UPDATE api_key SET revoked = now() WHERE hash = $1::bytea AND revoked IS NULL RETURNING merchant""";

  private final Sql sql;

  public MerchantStore(Sql sql) {
    this.sql = sql;
  }

  /** What a key stands for; null when it is unknown or revoked. */
  Future<@Nullable Credential> find(Buffer hash) {
    return sql.query(FIND, Tuple.of(hash)).map(rows -> {
      if (rows.size() == 0) return null;
      Row row = rows.iterator().next();
      return new Credential(row.getUUID(0), row.getBoolean(1), row.getInteger(2));
    });
  }

  public Future<Boolean> exists(UUID id) {
    return sql.query(EXISTS, Tuple.of(id)).map(rows -> rows.size() == 1);
  }

  public Future<Void> create(UUID id, String name) {
    return sql.query(CREATE, Tuple.of(id, name)).mapEmpty();
  }

  /**
   * Makes a key; false when there is no such merchant. {@code rate}: requests a second, null for no limit.
   */
  public Future<Boolean> createKey(Buffer hash, UUID merchant, boolean livemode, @Nullable Integer rate) {
    return sql.query(CREATE_KEY,
        Tuple.tuple().addValue(hash).addValue(merchant).addValue(livemode).addValue(rate))
        .map(rows -> rows.size() == 1);
  }

  /** Ends a key; answers whose it was, null when it is unknown or ended before. */
  public Future<@Nullable UUID> revoke(Buffer hash) {
    return sql.query(REVOKE, Tuple.of(hash))
        .map(rows -> rows.size() == 0 ? null : rows.iterator().next().getUUID(0));
  }
}
