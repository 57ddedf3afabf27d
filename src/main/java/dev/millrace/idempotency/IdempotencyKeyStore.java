package dev.millrace.idempotency;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Idempotency keys as Postgres has them: the truth about which request had a key first and what it was answered. A key
 * is named by its {@link KeyId}.
 */
public final class IdempotencyKeyStore {
  /**
   * One used key. {@code object} and {@code resource}: what it made, {@code payment} mostly; {@code answer} is null for the common answer, the payment as it was accepted, which is made anew
   * from its first event in the {@code form} that it had then; {@code waiting}: its first caller may still get another
   * answer.
   */
  public record KeyRecord(String object, UUID resource, Buffer fingerprint, int status,
      @Nullable Buffer answer, int form, boolean waiting, OffsetDateTime created) {}

  private static final String FIND = """
    SELECT object, resource, fingerprint, status, answer, form, coalesce(wait_until > now(), false), created
      FROM idempotency_key WHERE id = $1::uuid""";
  /** Only while nobody can have been given the stored answer yet. */
  private static final String REPLACE = """
    UPDATE idempotency_key SET status = $2::int, answer = $3::bytea, wait_until = NULL
     WHERE id = $1::uuid AND wait_until > now() RETURNING 1""";
  private static final String EXPIRE = """
    DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM idempotency_key WHERE created < now() - $1::bigint * interval '1 ms' LIMIT 5000))""";

  private final Sql sql;

  /** {@code sql} runs one statement on a pooled connection. */
  public IdempotencyKeyStore(Sql sql) {
    this.sql = sql;
  }

  public Future<@Nullable KeyRecord> find(UUID keyId) {
    return sql.query(FIND, Tuple.of(keyId)).map(rows -> {
      if (rows.size() == 0) return null;
      var row = rows.iterator().next();
      return new KeyRecord(row.getString(0), row.getUUID(1), row.getBuffer(2), row.getInteger(3),
          row.getBuffer(4), row.getInteger(5), row.getBoolean(6), row.getOffsetDateTime(7));
    });
  }

  /** Replaces the answer of a request that waited; false when it is too late and the stored answer stands. */
  public Future<Boolean> replace(UUID keyId, int status, Buffer answer) {
    return sql.query(REPLACE, Tuple.of(keyId, status, answer))
        .map(rows -> rows.size() == 1);
  }

  /** Deletes up to 5 000 keys older than {@code retentionMs}; answers how many. */
  public Future<Integer> expire(long retentionMs) {
    return sql.query(EXPIRE, Tuple.of(retentionMs)).map(RowSet::rowCount);
  }
}
