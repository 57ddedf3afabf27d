package dev.millrace.ops;

import dev.millrace.audit.AuditLog;
import dev.millrace.idempotency.Fingerprint;
import dev.millrace.identity.MerchantStore;
import dev.millrace.identity.MerchantStore.StoredKey;
import dev.millrace.identity.MerchantStore.NewKey;
import dev.millrace.identity.Scopes;
import dev.millrace.platform.Database;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Merchants and their keys: made, listed, rolled and revoked. Each act and its line in the audit log are one
 * transaction. A key itself is in the answer that makes it and nowhere else.
 */
final class KeyActs {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int LIST_MAX = 1_000;
  /** How much of a key is kept: {@code sk_test_} and four characters, of 32. */
  private static final int PREFIX_CHARS = 12;

  private final Database database;

  KeyActs(Database database) { this.database = database; }

  /**
   * What a key is to be like. {@code rate}: requests a second, null for what is set for all; {@code
   * networks}: from where it may be used, none for anywhere; {@code lasts}: null for ever; {@code scopes}:
   * null for everything.
   */
  record Wanted(boolean livemode, String name, @Nullable Integer rate, List<String> networks,
      @Nullable Duration lasts, @Nullable Scopes scopes) {}

  private record Made(NewKey stored, String key) {}

  private static Made make(UUID merchant, boolean livemode, String name, @Nullable Integer rate,
      List<String> networks, @Nullable OffsetDateTime expires, @Nullable Scopes scopes) {
    var secret = new byte[24];
    RANDOM.nextBytes(secret);
    String key = (scopes == null ? "sk_" : "rk_") + (livemode ? "live_" : "test_")
        + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    return new Made(new NewKey(TypeId.next(), new Fingerprint().of(key), merchant, livemode,
        key.substring(0, PREFIX_CHARS), name, rate, networks, expires, scopes), key);
  }

  private static OffsetDateTime in(Duration time) {
    return OffsetDateTime.now(ZoneOffset.UTC).plus(time);
  }

  private static Made make(UUID merchant, Wanted w) {
    return make(merchant, w.livemode, w.name, w.rate, w.networks, w.lasts == null ? null : in(w.lasts),
        w.scopes);
  }

  /** Makes a merchant and its first key. */
  Future<JsonObject> createMerchant(String name, Wanted wanted, String operator) {
    UUID id = TypeId.next();
    return database.transaction(sql -> new MerchantStore(sql).create(id, name)
        .compose(v -> new AuditLog(sql).write(operator, "create_merchant",
            TypeId.format(TypeId.MERCHANT, id),
            new JsonObject().put("name", name)))
        .compose(v -> store(sql, make(id, wanted), operator, "create_key", new JsonObject()))
        .map(key -> key.put("name", name)));
  }

  /** Makes one more key of a merchant. */
  Future<JsonObject> createKey(UUID merchant, Wanted wanted, String operator) {
    return database
        .transaction(sql -> store(sql, make(merchant, wanted), operator, "create_key", new JsonObject()));
  }

  /** The answer has the key itself. */
  private static Future<JsonObject> store(Sql sql, Made made, String operator, String act,
      JsonObject audited) {
    return new MerchantStore(sql).createKey(made.stored).compose(key -> {
      if (key == null) return Future.failedFuture(noMerchant());
      return new AuditLog(sql).write(operator, act, TypeId.format(TypeId.MERCHANT, key.merchant()),
          audited.mergeIn(settings(key))).map(v -> json(key).put("key", made.key));
    });
  }

  /** The merchant's keys, newest first. */
  Future<JsonObject> keys(UUID merchant) {
    var store = new MerchantStore(database);
    return store.exists(merchant).compose(exists -> exists
        ? store.keys(merchant, LIST_MAX)
        : Future.failedFuture(noMerchant())).map(keys -> {
          var data = new JsonArray();
          keys.forEach(key -> data.add(json(key)));
          return new JsonObject().put("object", "list").put("data", data);
        });
  }

  /** Makes another key like this one, which works for {@code overlap} more at most. */
  Future<JsonObject> roll(UUID id, Duration overlap, String operator) {
    return database.transaction(sql -> {
      var store = new MerchantStore(sql);
      return store.locked(id).compose(old -> {
        if (old == null) return Future.failedFuture(noKey());
        if (old.ended())
          return Future.failedFuture(new OperatorRefusal(409,
              "the key has ended: make a new one with POST /ops/merchants/{id}/keys"));
        // One that is to end by itself has the same time again.
        OffsetDateTime expires = old.expires() == null
            ? null
            : in(Duration.between(old.created(), old.expires()));
        var made = make(old.merchant(), old.livemode(), old.name(), old.rate(), old.networks(), expires,
            old.scopes());
        return store.expire(id, in(overlap)).compose(ends -> store(sql, made, operator, "roll_key",
            new JsonObject().put("rolled", name(id)).put("overlap_seconds", overlap.toSeconds()))
            .map(key -> key.put("rolled", json(Objects.requireNonNull(ends)))));
      });
    });
  }

  /** Ends a key; nodes that remember it let it in for some seconds more. */
  Future<JsonObject> revoke(UUID id, String operator) {
    return database
        .transaction(sql -> new MerchantStore(sql).revoke(id).compose(key -> ended(sql, key, operator)));
  }

  /** The same where the key itself is known, one that was found where it must not be for example. */
  Future<JsonObject> revoke(String key, String operator) {
    return database.transaction(sql -> new MerchantStore(sql).revoke(new Fingerprint().of(key))
        .compose(found -> ended(sql, found, operator)));
  }

  private static Future<JsonObject> ended(Sql sql, @Nullable StoredKey key, String operator) {
    if (key == null) return Future.failedFuture(noKey());
    return new AuditLog(sql)
        .write(operator, "revoke_key", TypeId.format(TypeId.MERCHANT, key.merchant()),
            new JsonObject().put("id", name(key.id())))
        .map(v -> json(key));
  }

  private static OperatorRefusal noMerchant() { return new OperatorRefusal(404, "no such merchant"); }

  private static OperatorRefusal noKey() {
    return new OperatorRefusal(404, "no such key, or revoked before");
  }

  private static String name(UUID key) { return TypeId.format(TypeId.KEY, key); }

  private static JsonObject settings(StoredKey key) {
    return new JsonObject().put("id", name(key.id())).put("livemode", key.livemode())
        .put("prefix", key.prefix()).put("key_name", key.name()).put("rate", key.rate())
        .put("networks", new JsonArray(key.networks())).put("expires", seconds(key.expires()))
        .put("scopes", key.scopes() == null ? null : key.scopes().json());
  }

  private static JsonObject json(StoredKey key) {
    return settings(key).put("object", "key").put("merchant", TypeId.format(TypeId.MERCHANT, key.merchant()))
        .put("created", seconds(key.created())).put("last_used", seconds(key.lastUsed()))
        .put("revoked", seconds(key.revoked()));
  }

  private static @Nullable Long seconds(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toEpochSecond();
  }
}
