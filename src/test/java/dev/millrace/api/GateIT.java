package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every call passes: authentication, modes, the rate limit, the request's id and its trace. */
class GateIT {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String REQUEST_ID = "req_[0-7][0-9a-hjkmnp-tv-z]{25}";
  /** How long a node remembers a key. */
  private static final Duration REMEMBERED = Duration.ofSeconds(10);
  private static TestMerchant remembered;
  private static long revokedNanos;

  private final TestMerchant merchant = TestMerchant.create();

  /** Revoked here, so that the time it is remembered passes while other tests run. */
  @BeforeAll
  static void revokeARememberedKey() {
    remembered = TestMerchant.create();
    assertThat(remembered.get("/v1/balances").status()).isEqualTo(200);
    remembered.revokeKey();
    revokedNanos = System.nanoTime();
  }

  @Test
  void call_withoutKey_isUnauthorized() {
    assertUnauthorized(Map.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer", "Bearer ", "Bearer sk_test_unknown", "Basic c2tfdGVzdDo=",
      "sk_test_unknown",
      "Bearer \" OR 1=1"})
  void call_withUnusableKey_isUnauthorized(String authorization) {
    assertUnauthorized(Map.of("Authorization", authorization));
  }

  private static void assertUnauthorized(Map<String, String> headers) {
    var answer = Http.send("GET", ApiSite.url("/v1/balances"), headers, null);
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.code()).isEqualTo("key_invalid");
    assertThat(answer.json().getJsonObject("error").getString("type")).isEqualTo("authentication_error");
  }

  @Test
  void key_revokedBeforeItsFirstUse_isUnauthorized() {
    var revoked = merchant.withOtherKey(false);
    revoked.revokeKey();
    assertThat(revoked.pay(TestMerchant.VISA).status()).isEqualTo(401);
    assertThat(merchant.stored()).isZero();
  }

  @Test
  void key_revokedWhileRemembered_isUnauthorizedSoon() {
    Await.until(REMEMBERED.plusSeconds(2), "the revoked key is refused",
        () -> remembered.get("/v1/balances").status() == 401);
    assertThat(Duration.ofNanos(System.nanoTime() - revokedNanos)).isLessThan(Duration.ofMinutes(2));
    assertThat(remembered.pay(TestMerchant.VISA).status()).isEqualTo(401);
  }

  @Test
  void modes_ofOneMerchant_doNotSeeEachOther() {
    var live = merchant.withOtherKey(true);
    var tested = merchant.pay(TestMerchant.VISA).json();
    var paid = live.pay(TestMerchant.VISA).json();
    assertThat(tested.getBoolean("livemode")).isFalse();
    assertThat(paid.getBoolean("livemode")).isTrue();
    assertThat(live.get("/v1/payments/" + tested.getString("id")).status()).isEqualTo(404);
    assertThat(merchant.get("/v1/payments/" + paid.getString("id")).status()).isEqualTo(404);
    assertThat(live.list("")).extracting(p -> p.getString("id")).containsExactly(paid.getString("id"));
    assertThat(merchant.list("")).extracting(p -> p.getString("id")).containsExactly(tested.getString("id"));
  }

  @Test
  void key_withoutRate_hasNoRateHeaders() {
    var answer = merchant.get("/v1/balances");
    assertThat(answer.header("RateLimit")).isNull();
    assertThat(answer.header("RateLimit-Policy")).isNull();
  }

  @Test
  void key_overItsRate_isToldWhenToComeBack() {
    var limited = TestMerchant.withRate(5);
    int left = 5;
    long asked = System.nanoTime();
    Http.Answer answer = limited.get("/v1/balances");
    for (int i = 0; i < 100 && answer.status() == 200; i++) {
      assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"default\";q=5;w=1");
      assertThat(answer.header("RateLimit")).matches("\"default\";r=[0-4];t=1");
      left = answer.header("RateLimit").charAt("\"default\";r=".length()) - '0';
      asked = System.nanoTime();
      answer = limited.get("/v1/balances");
    }
    assertThat(left).isZero();
    assertThat(answer.status()).isEqualTo(429);
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).as("a client in a hurry is slowed down")
        .isGreaterThanOrEqualTo(Duration.ofMillis(100));
    assertThat(answer.code()).isEqualTo("rate_limited");
    assertThat(answer.header("Retry-After")).isEqualTo("1");
    assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"default\";q=5;w=1");
    assertThat(answer.header("RateLimit")).isEqualTo("\"default\";r=0;t=1");
    Await.until(Duration.ofSeconds(2), "there is a token again",
        () -> limited.get("/v1/balances").status() == 200);
  }

  @Test
  void create_overTheRate_isNotStored() {
    var limited = TestMerchant.withRate(5);
    var accepted = new ArrayList<String>();
    int number = 0;
    while (number < 100 && limited.pay("k" + number, TestMerchant.VISA).status() == 202)
      accepted.add("k" + number++);
    assertThat(accepted).hasSizeBetween(5, 99);
    assertThat(limited.stored()).isEqualTo(accepted.size());
    String refused = "k" + number;
    var answers = new ArrayList<Http.Answer>();
    Await.until(Duration.ofSeconds(5), "there is a token again", () -> {
      answers.add(limited.pay(refused, TestMerchant.VISA));
      return answers.getLast().status() == 202;
    });
    assertThat(answers.getLast().header("Idempotent-Replayed")).isNull();
  }

  @Test
  void answer_always_hasARequestIdOfItsOwn() {
    var answers = new ArrayList<Http.Answer>();
    answers.add(merchant.pay("k", TestMerchant.VISA));
    answers.add(merchant.pay("k", TestMerchant.VISA));
    answers.add(merchant.pay("k", "{}"));
    answers.add(merchant.get("/v1/balances"));
    answers.add(merchant.get("/v1/payments/none"));
    answers.add(merchant.get("/nowhere"));
    answers.add(Http.send("DELETE", ApiSite.url("/v1/payments"), Map.of(), null));
    answers.add(Http.get(ApiSite.url("/v1/balances")));
    var ids = new HashSet<String>();
    for (var answer : answers) {
      assertThat(answer.header("Request-Id")).as("status " + answer.status()).matches(REQUEST_ID);
      ids.add(answer.header("Request-Id"));
      if (answer.status() >= 400)
        assertThat(answer.json().getString("instance")).isEqualTo("/requests/" + answer.header("Request-Id"));
    }
    assertThat(ids).hasSize(answers.size());
  }

  @Test
  void contract_served_hasARequestId() {
    assertThat(Http.get(ApiSite.url("/openapi.yaml")).header("Request-Id")).matches(REQUEST_ID);
  }

  @Test
  void malformedHttp_refused_hasARequestId() {
    try (var http = new RawHttp()) {
      assertThat(http.send("GET /v1/bal ances HTTP/1.1\r\n\r\n").answer().headers().get("request-id"))
          .matches(REQUEST_ID);
    }
  }

  @Test
  void trace_ofTheCaller_isContinuedThroughThePayment() {
    var made = merchant.pay("k", TestMerchant.VISA, "traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01")
        .json();
    assertThat(made.getString("trace_id")).isEqualTo(TRACE);
    merchant.awaitStatus(made.getString("id"), "settled");
    var timeline = merchant.get("/v1/payments/" + made.getString("id") + "/timeline").json();
    assertThat(timeline.getString("trace_id")).isEqualTo(TRACE);
    assertThat(TestMerchant.objects(timeline.getJsonArray("data")))
        .filteredOn(m -> m.getString("object").equals("event"))
        .extracting((JsonObject m) -> m.getJsonObject("data").getString("trace_id")).containsOnly(TRACE)
        .hasSize(5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
  void trace_notValid_isReplacedByANewOne(String traceparent) {
    var made = merchant.pay("k", TestMerchant.VISA, "traceparent", traceparent).json();
    assertThat(made.getString("trace_id")).matches("[0-9a-f]{32}").isNotEqualTo(TRACE)
        .isNotEqualTo("0".repeat(32));
  }

  /** W3C Trace Context: a parent-id of zeros is invalid, and then the whole header is to be ignored. */
  @Test
  void trace_withParentOfZeros_isReplacedByANewOne() {
    var made = merchant.pay("k", TestMerchant.VISA, "traceparent", "00-" + TRACE + "-0000000000000000-01")
        .json();
    assertThat(made.getString("trace_id")).isNotEqualTo(TRACE);
  }
}
