package dev.millrace.identity;

import dev.millrace.identity.Credentials.Credential;
import dev.millrace.platform.Networks;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The tables {@code merchant} and {@code api_key}. Of a key only its SHA-256 is kept, by which it is found,
 * and its beginning, by which people tell it from others.
 */
public final class MerchantStore {
  /** For JDBC, as of the start: makes a merchant by id and name, unless there is one. */
  public static final String SEED_MERCHANT = """
    INSERT INTO merchant (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING""";
  /** For JDBC: makes a test key by its hash, merchant and beginning, unless there is one. */
  public static final String SEED_KEY = """
    INSERT INTO api_key (hash, merchant, livemode, prefix) VALUES (?, ?, false, ?) ON CONFLICT DO NOTHING""";
  private static final String FIND = """
    SELECT id, merchant, livemode, rate, expires, networks, scopes::text FROM api_key
     WHERE hash = $1::bytea AND revoked IS NULL""";
  private static final String EXISTS = "SELECT 1 FROM merchant WHERE id = $1::uuid";
  private static final String CREATE = "INSERT INTO merchant (id, name) VALUES ($1::uuid, $2::text)";
  private static final String COLUMNS = """
    id, merchant, livemode, prefix, name, rate, networks, created, expires, last_used, revoked, scopes::text""";
  private static final String CREATE_KEY = """
    INSERT INTO api_key (hash, id, merchant, livemode, prefix, name, rate, networks, expires, scopes)
    SELECT $1::bytea, $2::uuid, id, $4::bool, $5::text, $6::text, $7::int, $8::text[], $9::timestamptz,
           $10::text::json
      FROM merchant WHERE id = $3::uuid RETURNING
    """ + COLUMNS;
  private static final String LIST = "SELECT " + COLUMNS
      + " FROM api_key WHERE merchant = $1::uuid ORDER BY created DESC, id LIMIT $2::int";
  private static final String LOCK = "SELECT " + COLUMNS + " FROM api_key WHERE id = $1::uuid FOR UPDATE";
  private static final String REVOKE = """
    UPDATE api_key SET revoked = now() WHERE id = $1::uuid AND revoked IS NULL RETURNING
    """ + COLUMNS;
  private static final String REVOKE_BY_HASH = """
    UPDATE api_key SET revoked = now() WHERE hash = $1::bytea AND revoked IS NULL RETURNING
    """ + COLUMNS;
  private static final String EXPIRE = """
    UPDATE api_key SET expires = least(expires, $2::timestamptz) WHERE id = $1::uuid RETURNING
    """ + COLUMNS;
  private static final String ENDED = """
    SELECT id FROM api_key WHERE id = ANY($1::uuid[]) AND (revoked IS NOT NULL OR expires <= now())""";
  private static final String USED = """
    UPDATE api_key SET last_used = now()
     WHERE id = ANY($1::uuid[]) AND (last_used IS NULL OR last_used < now() - interval '30 s')""";

  private final Sql sql;

  public MerchantStore(Sql sql) {
    this.sql = sql;
  }

  /**
   * A key as it is kept. {@code prefix}: how it begins; empty for one from before that was kept. {@code
   * rate}: requests a second. {@code networks}: from where it may be used, none for anywhere. {@code scopes}:
   * null for everything.
   */
  public record StoredKey(UUID id, UUID merchant, boolean livemode, String prefix, String name,
      @Nullable Integer rate, List<String> networks, OffsetDateTime created, @Nullable OffsetDateTime expires,
      @Nullable OffsetDateTime lastUsed, @Nullable OffsetDateTime revoked, @Nullable Scopes scopes) {
    static StoredKey of(Row row) {
      return new StoredKey(row.getUUID(0), row.getUUID(1), row.getBoolean(2), row.getString(3),
          row.getString(4),
          row.getInteger(5), List.of(row.getArrayOfStrings(6)), row.getOffsetDateTime(7),
          row.getOffsetDateTime(8), row.getOffsetDateTime(9), row.getOffsetDateTime(10),
          scopesOf(row.getString(11)));
    }

    /** Whether it lets nobody in any more. */
    public boolean ended() {
      return revoked != null
          || (expires != null && !expires.isAfter(OffsetDateTime.now(expires.getOffset())));
    }
  }

  private static @Nullable Scopes scopesOf(@Nullable String json) {
    return json == null ? null : Scopes.of(new JsonObject(json));
  }

  /** A key to be made. */
  public record NewKey(UUID id, Buffer hash, UUID merchant, boolean livemode, String prefix, String name,
      @Nullable Integer rate, List<String> networks, @Nullable OffsetDateTime expires,
      @Nullable Scopes scopes) {}

  private Future<@Nullable StoredKey> key(String statement, Tuple parameters) {
    return sql.query(statement, parameters)
        .map(rows -> rows.size() == 0 ? null : StoredKey.of(rows.iterator().next()));
  }

  /** What a key stands for; null when it is unknown or revoked. */
  Future<@Nullable Credential> find(Buffer hash) {
    return sql.query(FIND, Tuple.of(hash)).map(rows -> {
      if (rows.size() == 0) return null;
      Row row = rows.iterator().next();
      OffsetDateTime expires = row.getOffsetDateTime(4);
      return new Credential(row.getUUID(0), row.getUUID(1), row.getBoolean(2), row.getInteger(3),
          expires == null ? Long.MAX_VALUE : expires.toInstant().toEpochMilli(),
          Networks.of(List.of(row.getArrayOfStrings(5))),
          Objects.requireNonNullElse(scopesOf(row.getString(6)), Scopes.ALL));
    });
  }

  public Future<Boolean> exists(UUID id) {
    return sql.query(EXISTS, Tuple.of(id)).map(rows -> rows.size() == 1);
  }

  public Future<Void> create(UUID id, String name) {
    return sql.query(CREATE, Tuple.of(id, name)).mapEmpty();
  }

  /** Makes a key; null when there is no such merchant. */
  public Future<@Nullable StoredKey> createKey(NewKey k) {
    return key(CREATE_KEY,
        Tuple.tuple().addValue(k.hash).addValue(k.id).addValue(k.merchant).addValue(k.livemode)
            .addValue(k.prefix).addValue(k.name).addValue(k.rate)
            .addValue(k.networks.toArray(new String[0])).addValue(k.expires)
            .addValue(k.scopes == null ? null : k.scopes.json().encode()));
  }

  /** A merchant's keys, newest first, ended ones as well. */
  public Future<List<StoredKey>> keys(UUID merchant, int limit) {
    return sql.query(LIST, Tuple.of(merchant, limit)).map(rows -> {
      var keys = new ArrayList<StoredKey>(rows.size());
      rows.forEach(row -> keys.add(StoredKey.of(row)));
      return keys;
    });
  }

  /** A key that nobody else changes until the transaction ends; null when there is none. */
  public Future<@Nullable StoredKey> locked(UUID id) {
    return key(LOCK, Tuple.of(id));
  }

  /** Ends a key; null when it is unknown or ended before. */
  public Future<@Nullable StoredKey> revoke(UUID id) {
    return key(REVOKE, Tuple.of(id));
  }

  /** The same by the key itself. */
  public Future<@Nullable StoredKey> revoke(Buffer hash) {
    return key(REVOKE_BY_HASH, Tuple.of(hash));
  }

  /** Has a key end then, unless it ends before. */
  public Future<@Nullable StoredKey> expire(UUID id, OffsetDateTime at) {
    return key(EXPIRE, Tuple.of(id, at));
  }

  /** Which of these keys let nobody in any more. */
  public Future<Set<UUID>> ended(Collection<UUID> keys) {
    return sql.query(ENDED, Tuple.of((Object) keys.toArray(new UUID[0]))).map(rows -> {
      var ended = new HashSet<UUID>();
      rows.forEach(row -> ended.add(row.getUUID(0)));
      return ended;
    });
  }

  /** Notes that these were used just now. */
  Future<Void> used(Collection<UUID> keys) {
    return sql.query(USED, Tuple.of((Object) keys.toArray(new UUID[0]))).mapEmpty();
  }
}
