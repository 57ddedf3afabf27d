package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every row of the table of idempotency, from outside. */
class IdempotencyIT {
  private static final String CONTENT_JSON = "application/json";

  private final TestMerchant merchant = TestMerchant.create();

  @Test
  void create_withoutKey_isRefusedAndNothingStored() {
    var answer = merchant.post(Map.of("Content-Type", CONTENT_JSON), TestMerchant.VISA);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("idempotency_key_missing");
    assertThat(answer.json().getJsonObject("error").getString("param")).isEqualTo("Idempotency-Key");
    assertThat(merchant.stored()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   ", "\"\"", "a\tb", "caf\u00e9"})
  void key_emptyOrNotPrintable_isRefused(String key) { assertKeyRefused("Idempotency-Key: " + key + "\r\n"); }

  /** Which HTTP itself forbids in a header (RFC 9110, 5.5), so that it may be refused as such. */
  @ParameterizedTest
  @ValueSource(strings = {"a\u0000b", "a\u0001b", "a\u007fb", "a\rb"})
  void key_withControlCharacters_isRefused(String key) {
    var answer = RawHttp.create(merchant, "Idempotency-Key: " + key + "\r\n", TestMerchant.VISA);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isIn("idempotency_key_invalid", "request_malformed");
    assertThat(merchant.stored()).isZero();
  }

  @Test
  void key_of256Characters_isRefusedWithAndWithoutQuotes() {
    assertKeyRefused("Idempotency-Key: " + "k".repeat(256) + "\r\n");
    assertKeyRefused("Idempotency-Key: \"" + "k".repeat(256) + "\"\r\n");
  }

  @Test
  void key_sentTwice_isRefused() {
    assertKeyRefused("Idempotency-Key: k1\r\nIdempotency-Key: k1\r\n");
    assertKeyRefused("Idempotency-Key: k1\r\nidempotency-key: k2\r\n");
  }

  private void assertKeyRefused(String header) {
    var answer = RawHttp.create(merchant, header, TestMerchant.VISA);
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("idempotency_key_invalid");
    assertThat(merchant.stored()).isZero();
  }

  @Test
  void key_of255Characters_isTaken() {
    String longest = "k".repeat(255);
    assertThat(merchant.pay(longest, TestMerchant.VISA).status()).isEqualTo(202);
    assertReplayed(merchant.pay("\"" + longest + "\"", TestMerchant.VISA),
        merchant.pay(longest, TestMerchant.VISA));
  }

  @Test
  void key_quotedAndUnquoted_isTheSame() {
    var first = merchant.pay("order-1", TestMerchant.VISA);
    assertThat(first.header("Idempotent-Replayed")).isNull();
    assertReplayed(merchant.pay("\"order-1\"", TestMerchant.VISA), first);
    assertThat(merchant.stored()).isEqualTo(1);
  }

  @Test
  void replay_ofFinished_isByteEqualWhateverBecameOfThePayment() {
    var first = merchant.pay("k", TestMerchant.VISA);
    assertThat(first.status()).isEqualTo(202);
    assertReplayed(merchant.pay("k", TestMerchant.VISA), first);
    merchant.awaitStatus(first.json().getString("id"), "settled");
    assertReplayed(merchant.pay("k", TestMerchant.VISA), first);
    assertReplayed(merchant.pay("k", TestMerchant.VISA, "Prefer", "wait=5"), first);
    forgetRedis();
    assertReplayed(merchant.pay("k", TestMerchant.VISA), first);
    assertThat(merchant.stored()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{ \"payment_method\" : \"pm_card_visa\",\n\t\"currency\": \"usd\", \"amount\": 1999 }\r\n",
      "{\"amount\":1999,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"capture\":\"automatic\"}",
      "{\"amount\":1999,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"reference\":null,\"metadata\":{}}",
      "{\"amount\":1999,\"currency\":\"u\\u0073d\",\"payment_method\":\"pm_card_visa\"}"})
  void replay_bodyThatMeansTheSame_isTheSameRequest(String body) {
    var first = merchant.pay("k", TestMerchant.VISA);
    assertReplayed(merchant.pay("k", body), first);
  }

  @Test
  void replay_metadataInAnotherOrder_isTheSameRequest() {
    String body = TestMerchant.VISA.replace("}", ",\"metadata\":%s}");
    var first = merchant.pay("k", body.formatted("{\"b\":\"2\",\"a\":\"1\"}"));
    assertReplayed(merchant.pay("k", body.formatted("{\"a\":\"1\",\"b\":\"2\"}")), first);
  }

  @Test
  void replay_withAnotherCredentialOfTheMerchant_isTheSameRequest() {
    var first = merchant.pay("k", TestMerchant.VISA);
    assertReplayed(merchant.withOtherKey(false).pay("k", TestMerchant.VISA), first);
    assertThat(merchant.stored()).isEqualTo(1);
  }

  @Test
  void replay_ofDeclined_isTheStoredAnswer() {
    String body = TestMerchant.paidBy("pm_card_chargeDeclinedInsufficientFunds");
    var first = merchant.pay("k", body, "Prefer", "wait=20");
    assertThat(first.status()).isEqualTo(201);
    assertThat(first.json().getString("status")).isEqualTo("declined");
    assertReplayed(merchant.pay("k", body, "Prefer", "wait=20"), first);
    forgetRedis();
    assertReplayed(merchant.pay("k", body), first);
    assertThat(merchant.stored()).isEqualTo(1);
  }

  @Test
  void replay_afterWait_isTheSame201() {
    var first = merchant.pay("k", TestMerchant.VISA, "Prefer", "wait=20");
    assertThat(first.status()).isEqualTo(201);
    merchant.awaitStatus(first.json().getString("id"), "settled");
    assertReplayed(merchant.pay("k", TestMerchant.VISA), first);
    forgetRedis();
    assertReplayed(merchant.pay("k", TestMerchant.VISA, "Prefer", "wait=20"), first);
  }

  private static void assertReplayed(Http.Answer replay, Http.Answer first) {
    assertThat(replay.status()).as(replay.body()).isEqualTo(first.status());
    assertThat(replay.bytes()).isEqualTo(first.bytes());
    assertThat(replay.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(replay.header("Request-Id")).isNotEqualTo(first.header("Request-Id"));
  }

  @Test
  void key_withOtherBody_isRefusedNamingWhatDiffers() {
    merchant.pay("k", TestMerchant.VISA.replace("}", ",\"reference\":\"r\",\"description\":\"d\"}"));
    String other = TestMerchant.VISA.replace("1999", "2000").replace("}",
        ",\"reference\":\"r\",\"metadata\":{\"a\":\"b\"}}");
    assertReused(merchant.pay("k", other));
    forgetRedis();
    assertReused(merchant.pay("k", other));
    assertThat(merchant.stored()).isEqualTo(1);
  }

  private static void assertReused(Http.Answer answer) {
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.code()).isEqualTo("idempotency_key_reused");
    assertThat(answer.json().getString("detail")).contains("differs in: amount, description, metadata.");
  }

  @Test
  void key_inFlight_isRefusedUntilTheFirstIsAnswered() {
    String body = TestMerchant.paidBy("pm_sim_slow");
    var first = merchant.payLater("k", body, "Prefer", "wait=2");
    Await.until(Duration.ofSeconds(5), "in flight",
        () -> merchant.get("/v1/idempotency_keys/k").status() == 200);
    assertThat(merchant.get("/v1/idempotency_keys/k").json().getString("state")).isEqualTo("in_flight");
    assertInUse(merchant.pay("k", body));
    assertInUse(merchant.pay("k", body, "Prefer", "wait=2"));
    assertThat(merchant.pay("k", TestMerchant.VISA).code()).isEqualTo("idempotency_key_reused");
    forgetRedis();
    assertInUse(merchant.pay("k", body));
    var answer = first.join();
    assertThat(answer.status()).isEqualTo(202);
    assertReplayed(merchant.pay("k", body), answer);
    assertThat(merchant.stored()).isEqualTo(1);
  }

  private static void assertInUse(Http.Answer answer) {
    assertThat(answer.status()).isEqualTo(409);
    assertThat(answer.code()).isEqualTo("idempotency_key_in_use");
    assertThat(answer.header("Retry-After")).isEqualTo("1");
  }

  @Test
  void key_ofManyAtOnce_makesOnePayment() {
    var sent = new ArrayList<CompletableFuture<Http.Answer>>();
    for (int i = 0; i < 40; i++) sent.add(merchant.payLater("k", TestMerchant.VISA));
    var accepted = new HashSet<String>();
    for (var answer : sent) {
      if (answer.join().status() == 202) accepted.add(answer.join().body());
      else assertInUse(answer.join());
    }
    assertThat(accepted).hasSize(1);
    assertThat(merchant.stored()).isEqualTo(1);
  }

  @Test
  void key_ofAnotherMerchantOrMode_isAnotherKey() {
    var first = merchant.pay("k", TestMerchant.VISA);
    var stranger = TestMerchant.create();
    var live = merchant.withOtherKey(true);
    for (var other : new TestMerchant[]{stranger, live}) {
      assertThat(other.get("/v1/idempotency_keys/k").status()).isEqualTo(404);
      var answer = other.pay("k", TestMerchant.VISA);
      assertThat(answer.status()).isEqualTo(202);
      assertThat(answer.header("Idempotent-Replayed")).isNull();
      assertThat(answer.json().getString("id")).isNotEqualTo(first.json().getString("id"));
    }
    assertThat(merchant.stored()).isEqualTo(2);
    assertThat(stranger.stored()).isEqualTo(1);
  }

  @Test
  void key_refusedBeforeExecution_staysFree() {
    assertThat(merchant.pay("k", "{\"amount\":0}").status()).isEqualTo(400);
    assertThat(merchant.pay("k", "no json").status()).isEqualTo(400);
    assertThat(merchant.pay("k", " ".repeat(70_000)).status()).isEqualTo(413);
    assertThat(
        merchant.post(Map.of("Idempotency-Key", "k", "Content-Type", "text/plain"), TestMerchant.VISA)
            .status())
        .isEqualTo(415);
    assertThat(new TestMerchant(merchant.id(), "sk_test_nobody").pay("k", TestMerchant.VISA).status())
        .isEqualTo(401);
    assertThat(merchant.get("/v1/idempotency_keys/k").status()).isEqualTo(404);
    var answer = merchant.pay("k", TestMerchant.VISA);
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.header("Idempotent-Replayed")).isNull();
  }

  @Test
  void key_lookedUp_showsStateAndPayment() {
    String key = "a b/c?d%41\"+";
    var made = merchant.pay(key, TestMerchant.VISA);
    String path = "/v1/idempotency_keys/"
        + URLEncoder.encode(key, StandardCharsets.UTF_8).replace("+", "%20");
    var found = merchant.get(path);
    assertThat(found.status()).as(found.body()).isEqualTo(200);
    assertThat(found.json().getString("key")).isEqualTo(key);
    assertThat(found.json().getString("state")).isEqualTo("finished");
    assertThat(found.json().getInteger("answer_status")).isEqualTo(202);
    assertThat(found.json().getJsonObject("resource"))
        .isEqualTo(new JsonObject().put("object", "payment").put("id", made.json().getString("id")));
    assertThat(found.json().getLong("expires") - found.json().getLong("created")).isEqualTo(30L * 24 * 3600);
    assertThat(merchant.get("/v1/idempotency_keys/unused").code()).isEqualTo("resource_missing");
    assertThat(TestMerchant.create().get(path).status()).isEqualTo(404);
  }

  /** Takes from Redis what it knows, so that Postgres answers alone. */
  private static void forgetRedis() {
    try (var socket = new Socket("127.0.0.1", ApiSite.site().ports().redis())) {
      String commands = "SELECT " + ApiSite.site().redisDatabase() + "\r\nFLUSHDB\r\n";
      socket.getOutputStream().write(commands.getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(10), StandardCharsets.US_ASCII))
          .isEqualTo("+OK\r\n+OK\r\n");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
