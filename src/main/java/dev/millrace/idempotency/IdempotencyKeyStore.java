package dev.millrace.idempotency;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Idempotency keys as Postgres has them: the truth about which request had a key first and what it was
 * answered. A key is named by its {@link KeyId}.
 */
public final class IdempotencyKeyStore {
  /**
   * One used key. {@code object} and {@code resource}: what it made, {@code payment} mostly; {@code answer}
   * is null for the common answer, the payment as it was accepted, which is made anew from its first event in
   * the {@code form} that it had then; {@code waiting}: its first caller may still get another answer.
   */
  public record KeyRecord(String object, UUID resource, Buffer fingerprint, int status,
      @Nullable Buffer answer, int form, boolean waiting, OffsetDateTime created) {}

  private static final String FIND = """
    SELECT object, resource, fingerprint, status, answer, form, coalesce(wait_until > now(), false), created
      FROM idempotency_key WHERE id = $1::uuid""";
  private static final String RESOURCES = "SELECT resource FROM idempotency_key WHERE id = ANY($1::uuid[])";
  private static final String CLAIM = """
    INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, object, resource, status)
    VALUES ($1::uuid, $2::uuid, $3::bool, $4::text, $5::bytea, $6::text, $7::uuid, 0)
    ON CONFLICT DO NOTHING RETURNING 1""";
  private static final String ANSWER = """
    UPDATE idempotency_key SET status = $2::int, answer = $3::bytea,
           wait_until = CASE WHEN $4::int8 > 0 THEN clock_timestamp() + $4::int8 * interval '1 ms' END
     WHERE id = $1::uuid""";
  /** Only while nobody can have been given the stored answer yet. */
  private static final String REPLACE = """
    UPDATE idempotency_key SET status = $2::int, answer = $3::bytea, wait_until = NULL
     WHERE id = $1::uuid AND wait_until > now() RETURNING 1""";
  private static final String EXPIRE = """
    DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM idempotency_key WHERE created < now() - $1::bigint * interval '1 ms' LIMIT 5000))""";

  private final Sql sql;

  /** {@code sql} runs one statement; of a transaction, for what must stand or fall together. */
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

  /** What those of the keys that are taken have made. */
  public Future<Set<UUID>> resources(List<UUID> keyIds) {
    return sql.query(RESOURCES, Tuple.of((Object) keyIds.toArray(UUID[]::new))).map(rows -> {
      var resources = new HashSet<UUID>();
      for (Row row : rows) resources.add(row.getUUID(0));
      return resources;
    });
  }

  /** A key to take. {@code resource}: what its request makes or is about, an {@code object}. */
  public record NewKey(UUID keyId, UUID merchant, boolean livemode, String key, Buffer fingerprint,
      String object,
      UUID resource) {}

  /**
   * Takes a key for the request whose transaction this is; {@link #answer} is to follow in it. Waits for a
   * rival that has taken it; false when it stands.
   */
  public Future<Boolean> claim(NewKey k) {
    return sql.query(CLAIM,
        Tuple.of(k.keyId, k.merchant, k.livemode, k.key, k.fingerprint, k.object).addValue(k.resource))
        .map(rows -> rows.size() == 1);
  }

  /** Keeps what a key's request is answered; for {@code waitMs}, if any, it may be replaced. */
  public Future<Void> answer(UUID keyId, int status, Buffer answer, long waitMs) {
    return sql.query(ANSWER, Tuple.of(keyId, status, answer, waitMs)).mapEmpty();
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
