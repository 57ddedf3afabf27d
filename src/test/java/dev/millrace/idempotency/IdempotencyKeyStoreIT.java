package dev.millrace.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Loop;
import dev.millrace.testing.StoredRow;
import dev.millrace.testing.TestDatabase;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Pool;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class IdempotencyKeyStoreIT {
  private static final UUID MERCHANT = new UUID(1, 1);
  private static final UUID PAYMENT = new UUID(2, 2);
  private static final Buffer FINGERPRINT = Buffer.buffer(new byte[32]);

  private static TestDatabase database;
  private static Loop loop;
  private static IdempotencyKeyStore records;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    Pool pool = database.pool(loop);
    records = new IdempotencyKeyStore((sql, parameters) -> pool.preparedQuery(sql).execute(parameters));
  }

  @AfterAll
  static void stop() { loop.close(); }

  @BeforeEach
  void empty() throws SQLException { execute("DELETE FROM idempotency_key"); }

  private static void execute(String sql) throws SQLException {
    try (var connection = database.owner(); var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static UUID id(String key, boolean livemode) { return new KeyId().of(MERCHANT, livemode, key); }

  /** {@code wait} and {@code age} are SQL intervals. */
  private static void key(String key, boolean livemode, String waitUntil, String age) throws SQLException {
    execute(
        "INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, resource, status, answer, wait_until,"
            + " created) VALUES ('" + id(key, livemode) + "', '" + MERCHANT + "', " + livemode + ", '" + key
            + "', decode('"
            + "00".repeat(32)
            + "', 'hex'), '" + PAYMENT + "', 202, '{}', " + waitUntil + ", now() - interval '" + age + "')");
  }

  /**
   * The database's function and ours must agree: the first made the ids of the keys that were there before.
   */
  @Test
  void id_isWhatTheDatabaseMakesOfIt() throws SQLException {
    for (String key : new String[]{"k", "", "order-1/é 漢 😀", "x".repeat(255)}) {
      for (boolean livemode : new boolean[]{true, false}) {
        try (var connection = database.owner();
            var statement = connection.prepareStatement("SELECT idempotency_key_id(?::uuid, ?, ?)::text")) {
          statement.setString(1, MERCHANT.toString());
          statement.setBoolean(2, livemode);
          statement.setString(3, key);
          var rows = statement.executeQuery();
          rows.next();
          assertThat(rows.getString(1)).isEqualTo(id(key, livemode).toString());
        }
      }
    }
  }

  @Test
  void find_usedKey_isItsRecord() throws SQLException {
    key("k", false, "NULL", "0 s");
    var found = Loop.result(records.find(id("k", false)));
    assertThat(found.resource()).isEqualTo(PAYMENT);
    assertThat(found.fingerprint()).isEqualTo(FINGERPRINT);
    assertThat(found.status()).isEqualTo(202);
    assertThat(found.answer()).isEqualTo(Buffer.buffer("{}"));
    assertThat(found.waiting()).isFalse();
  }

  @Test
  void find_ofAnotherMerchantModeOrKey_isNull() throws SQLException {
    key("k", false, "NULL", "0 s");
    assertThat(Loop.result(records.find(id("k", true)))).isNull();
    assertThat(Loop.result(records.find(id("K", false)))).isNull();
    assertThat(Loop.result(records.find(new KeyId().of(PAYMENT, false, "k")))).isNull();
  }

  @Test
  void replace_whileTheFirstCallerWaits_once() throws SQLException {
    key("k", false, "now() + interval '1 min'", "0 s");
    assertThat(Loop.result(records.find(id("k", false))).waiting()).isTrue();
    assertThat(Loop.result(records.replace(id("k", false), 201, Buffer.buffer("new")))).isTrue();
    var found = Loop.result(records.find(id("k", false)));
    assertThat(found.status()).isEqualTo(201);
    assertThat(found.answer()).isEqualTo(Buffer.buffer("new"));
    assertThat(found.waiting()).isFalse();
    assertThat(Loop.result(records.replace(id("k", false), 200, Buffer.buffer("late")))).isFalse();
  }

  @Test
  void replace_tooLate_leavesTheStoredAnswer() throws SQLException {
    key("past", false, "now() - interval '1 ms'", "0 s");
    key("never", false, "NULL", "0 s");
    for (String key : new String[]{"past", "never", "absent"}) {
      assertThat(Loop.result(records.replace(id(key, false), 201, Buffer.buffer("late")))).isFalse();
    }
    assertThat(Loop.result(records.find(id("past", false))).answer()).isEqualTo(Buffer.buffer("{}"));
  }

  @Test
  void expire_deletesOnlyWhatIsOlder() throws SQLException {
    key("old", false, "NULL", "31 days");
    key("older", true, "NULL", "90 days");
    key("young", false, "NULL", "29 days");
    assertThat(Loop.result(records.expire(30L * 24 * 3600 * 1000))).isEqualTo(2);
    assertThat(Loop.result(records.find(id("young", false)))).isNotNull();
    assertThat(Loop.result(records.expire(30L * 24 * 3600 * 1000))).isZero();
  }

  @Test
  void expire_takesAtMost5000AtOnce() throws SQLException {
    execute(
        "INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, resource, status, answer, created)"
            + " SELECT gen_random_uuid(), '" + MERCHANT + "', false, 'k' || n, '\\x00', '" + PAYMENT
            + "', 202, '{}', now() - interval '31 days' FROM generate_series(1, 5001) n");
    assertThat(Loop.result(records.expire(1000))).isEqualTo(5000);
    assertThat(Loop.result(records.expire(1000))).isEqualTo(1);
  }

  @Test
  void claimedKey_isThere_andThenItsAnswer_eachPartUnderItsName() {
    var fingerprint = Buffer.buffer(new byte[32]).setByte(0, (byte) 0x5a);
    var key = new IdempotencyKeyStore.NewKey(new UUID(9, 1), MERCHANT, true, "the key", fingerprint, "refund",
        new UUID(9, 2));
    assertThat(loop.<Boolean>result(() -> records.claim(key))).isTrue();
    assertThat(loop.<Boolean>result(() -> records.claim(key))).isFalse();
    claimed().has("status", 0).has("answer", null).has("wait_until", null).andOfItself("created", "form");
    loop.result(() -> records.answer(key.keyId(), 202, Buffer.buffer("{}"), 60_000));
    claimed().has("status", 202).has("answer", "\\x7b7d").andOfItself("created", "form", "wait_until");
    assertThat(database.number("SELECT count(*) FROM idempotency_key"
        + " WHERE wait_until BETWEEN now() + interval '30 s' AND now() + interval '60 s'")).isEqualTo(1);
    loop.result(() -> records.answer(key.keyId(), 200, Buffer.buffer("{}"), 0));
    claimed().has("status", 200).has("answer", "\\x7b7d").has("wait_until", null).andOfItself("created",
        "form");
    assertThat(loop.result(() -> records.resources(List.of(new UUID(9, 1), new UUID(9, 3)))))
        .containsExactly(new UUID(9, 2));
  }

  private static StoredRow claimed() {
    return StoredRow.of(database, "SELECT * FROM idempotency_key").has("id", new UUID(9, 1))
        .has("merchant", MERCHANT).has("livemode", true).has("key", "the key")
        .has("fingerprint", "\\x5a" + "00".repeat(31)).has("object", "refund")
        .has("resource", new UUID(9, 2));
  }
}
