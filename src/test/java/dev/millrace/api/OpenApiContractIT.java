package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.ReturnLink;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds real requests and answers of every call against {@code openapi.yaml}. */
class OpenApiContractIT {
  private static final ContractCalls CALLS = new ContractCalls(ContractCalls.PAYMENTS);
  private static final TestMerchant MERCHANT = TestMerchant.create();
  private static final AtomicInteger KEYS = new AtomicInteger();
  private static String paid;
  private static String refund;

  @BeforeAll
  static void settleOne() {
    paid = MERCHANT.pay("settled", TestMerchant.VISA).json().getString("id");
    MERCHANT.awaitStatus(paid, "settled");
    refund = MERCHANT.post("/v1/payments/" + paid + "/refunds", "refunded", "{\"amount\":1}").json()
        .getString("id");
  }

  @AfterAll
  static void documentedAnswers_exceptFaults_wereAllProvoked() {
    CALLS.close();
  }

  private static Stream<String> reads() {
    return Stream.of("/v1/payments", "/v1/payments/" + paid, "/v1/payments/" + paid + "/timeline",
        "/v1/payments/" + paid + "/refunds", "/v1/payments/" + paid + "/operations",
        "/v1/payments/" + paid + "/refunds/" + refund, "/v1/balances", "/v1/balances?as_of=1732100000",
        "/v1/ledger/accounts/disputes:" + MERCHANT.id() + "/postings?as_of=2026-11-21T18:00:00Z",
        "/v1/ledger/accounts/merchant_pending:" + MERCHANT.id() + "/postings",
        "/v1/idempotency_keys/settled");
  }

  @ParameterizedTest
  @MethodSource("reads")
  void read_fits(String path) { CALLS.assertRead(MERCHANT, path); }

  @ParameterizedTest
  @MethodSource("reads")
  void read_overTheRate_fits(String path) {
    CALLS.assertLimited(HttpMethod.GET, path, null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg",
      "/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/timeline",
      "/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/refunds",
      "/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/refunds/re_01jd3w5ynkfxmrx1v0a9s2e4zg",
      "/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/operations",
      "/v1/ledger/accounts/merchant_pending:mer_01jd3w5ynkfxmrx1v0a9s2e4zg/postings",
      "/v1/idempotency_keys/unused"})
  void read_ofNothing_fits(String path) {
    CALLS.assertValidCall(404, HttpMethod.GET, path, ContractCalls.authorized(MERCHANT), null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"limit=1", "limit=100&status=settled&currency=usd&reference=a%20b",
      "created%5Bgte%5D=1&created%5Blt%5D=99999999999", "starting_after=:id", "ending_before=:id"})
  void list_withParameters_fits(String query) {
    String id = query.contains(":id") ? MERCHANT.pay(TestMerchant.VISA).json().getString("id") : "";
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/payments?" + query.replace(":id", id),
        ContractCalls.authorized(MERCHANT), null);
  }

  @Test
  void list_withMore_fits() {
    MERCHANT.pay(TestMerchant.VISA);
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/payments?limit=1", ContractCalls.authorized(MERCHANT),
        null);
    String postings = "/v1/ledger/accounts/merchant_pending:" + MERCHANT.id()
        + "/postings?currency=usd&limit=1";
    CALLS.assertValidCall(200, HttpMethod.GET, postings, ContractCalls.authorized(MERCHANT), null);
    String next = MERCHANT.get(postings).json().getString("next");
    CALLS.assertValidCall(200, HttpMethod.GET, postings + "&starting_after=" + next,
        ContractCalls.authorized(MERCHANT), null);
  }

  @Test
  void contract_served_isThisFileAndFits() {
    CALLS.assertValidCall(200, HttpMethod.GET, "/openapi.yaml", Map.of(), null);
    assertThat(Http.get(ApiSite.url("/openapi.yaml")).body()).isEqualTo(Contract.text());
    CALLS.assertCall(431, HttpMethod.GET, "/openapi.yaml", Map.of("X-Long", "a".repeat(20_000)), null);
  }

  private static Map<String, String> creating(TestMerchant merchant, String... more) {
    return Http.create(merchant.key(), "contract-" + KEYS.incrementAndGet(), more);
  }

  private static final String EVERYTHING = """
    {"amount": 1999, "currency": "usd", "payment_method": "pm_card_visa", "capture": "automatic",
     "reference": "order-1", "description": "Two", "return_url": "https://shop.example/", "metadata": {"a": "b"},
     "payment_method_type": "card", "payment_method_bin": "424242"}""";

  @ParameterizedTest
  @ValueSource(strings = {TestMerchant.VISA, EVERYTHING})
  void create_accepted_fits(String body) {
    var headers = creating(MERCHANT, "traceparent", ContractCalls.TRACEPARENT);
    CALLS.assertValidCall(202, HttpMethod.POST, "/v1/payments", headers, body);
    CALLS.assertValidCall(202, HttpMethod.POST, "/v1/payments", headers, body);
    CALLS.assertValidCall(202, HttpMethod.POST, "/v1/payments", creating(TestMerchant.withRate(9)), body);
  }

  /** Each status a payment can have, with its object and its timeline. */
  @ParameterizedTest
  @ValueSource(strings = {"pm_card_visa", "pm_card_chargeDeclined", "pm_card_nobody", "pm_test_blocked",
      "pm_sim_wrong_amount"})
  void create_decided_fits(String method) {
    var headers = creating(MERCHANT, "Prefer", "wait=20");
    CALLS.assertValidCall(201, HttpMethod.POST, "/v1/payments", headers, TestMerchant.paidBy(method));
    CALLS.assertValidCall(201, HttpMethod.POST, "/v1/payments", headers, TestMerchant.paidBy(method));
    String id = MERCHANT.pay(headers.get("Idempotency-Key"), TestMerchant.paidBy(method)).json()
        .getString("id");
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/payments/" + id + "/timeline",
        ContractCalls.authorized(MERCHANT), null);
  }

  @ParameterizedTest
  @MethodSource("undecided")
  void payment_undecided_fits(String method, String status) {
    String id = MERCHANT.pay(TestMerchant.paidBy(method)).json().getString("id");
    MERCHANT.awaitStatus(id, status);
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/payments/" + id, ContractCalls.authorized(MERCHANT),
        null);
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/payments/" + id + "/timeline",
        ContractCalls.authorized(MERCHANT), null);
  }

  static Stream<Arguments> undecided() {
    return Stream.of(arguments("pm_test_review", "in_review"), arguments("pm_sim_malformed", "unknown"),
        arguments("pm_sim_hang", "provider_submitted"));
  }

  @Test
  void payment_decidedByAnOperator_fits() {
    for (String act : List.of("release", "block")) {
      String id = MERCHANT.pay(TestMerchant.paidBy("pm_test_review")).json().getString("id");
      MERCHANT.awaitStatus(id, "in_review");
      TestMerchant.ops("/ops/payments/" + id + "/" + act, new JsonObject());
      MERCHANT.awaitStatus(id, act.equals("block") ? "blocked" : "settled");
      CALLS.assertValidCall(200, HttpMethod.GET, "/v1/payments/" + id, ContractCalls.authorized(MERCHANT),
          null);
      CALLS.assertValidCall(200, HttpMethod.GET, "/v1/payments/" + id + "/timeline",
          ContractCalls.authorized(MERCHANT), null);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"amount\":0,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}",
      "{\"amount\":\"1\",\"currency\":\"USD\",\"payment_method\":\"visa\"}",
      "{\"amount\":1,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"capture_method\":\"manual\"}",
      "{\"amount\":1,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"capture\":\"later\"}",
      "{\"amount\":1,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"payment_method_bin\":\"42\"}",
      "{\"amount\":1,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"payment_method_type\":\"sepa\"}",
      "{\"amount\":1,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"metadata\":{\"a\":1}}",
      "{\"amount\":1,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\",\"reference\":\"\"}", "[]",
      "no json"})
  void create_ofBadBody_isRefusedByBoth(String body) {
    var headers = creating(MERCHANT);
    assertThat(CALLS.faultsOfRequest("POST", "/v1/payments", headers, body)).isNotEmpty();
    CALLS.assertCall(400, HttpMethod.POST, "/v1/payments", headers, body);
  }

  @Test
  void create_withBadHeaders_isRefusedByBoth() {
    var withoutKey = new HashMap<>(creating(MERCHANT));
    withoutKey.remove("Idempotency-Key");
    assertThat(CALLS.faultsOfRequest("POST", "/v1/payments", withoutKey, TestMerchant.VISA)).isNotEmpty();
    CALLS.assertCall(400, HttpMethod.POST, "/v1/payments", withoutKey, TestMerchant.VISA);
    var longKey = Http.create(MERCHANT.key(), "k".repeat(258));
    assertThat(CALLS.faultsOfRequest("POST", "/v1/payments", longKey, TestMerchant.VISA)).isNotEmpty();
    CALLS.assertCall(400, HttpMethod.POST, "/v1/payments", longKey, TestMerchant.VISA);
    var noJson = creating(MERCHANT);
    noJson.put("Content-Type", "text/plain");
    assertThat(CALLS.faultsOfRequest("POST", "/v1/payments", noJson, TestMerchant.VISA)).isNotEmpty();
    CALLS.assertCall(415, HttpMethod.POST, "/v1/payments", noJson, TestMerchant.VISA);
  }

  @Test
  void create_refused_fits() {
    CALLS.assertValidCall(401, HttpMethod.POST, "/v1/payments", Http.create("sk_test_nobody", "k"),
        TestMerchant.VISA);
    CALLS.assertValidCall(413, HttpMethod.POST, "/v1/payments", creating(MERCHANT),
        TestMerchant.VISA + " ".repeat(65_536));
    CALLS.assertValidCall(422, HttpMethod.POST, "/v1/payments", Http.create(MERCHANT.key(), "settled"),
        EVERYTHING);
    CALLS.assertLimited(HttpMethod.POST, "/v1/payments", TestMerchant.VISA);
  }

  @Test
  void create_inFlight_fits() {
    String body = TestMerchant.paidBy("pm_sim_slow");
    var first = MERCHANT.payLater("in-flight", body, "Prefer", "wait=1");
    Await.until(Duration.ofSeconds(5), "in flight",
        () -> MERCHANT.get("/v1/idempotency_keys/in-flight").status() == 200);
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/idempotency_keys/in-flight",
        ContractCalls.authorized(MERCHANT), null);
    CALLS.assertValidCall(409, HttpMethod.POST, "/v1/payments", Http.create(MERCHANT.key(), "in-flight"),
        body);
    assertThat(first.join().status()).isEqualTo(202);
  }

  @Test
  void create_tooSlow_fits() {
    try (var http = new RawHttp()) {
      var answer = http.send(RawHttp.head("POST /v1/payments", MERCHANT,
          "Idempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 9\r\n")).answer();
      assertThat(answer.status()).isEqualTo(408);
      CALLS.assertFits(HttpMethod.POST, "/v1/payments", 408, answer.headers(), answer.bytes());
    }
  }

  private static String held() {
    String id = MERCHANT.pay(TestMerchant.VISA.replace("}", ",\"capture\":\"manual\"}")).json()
        .getString("id");
    MERCHANT.awaitStatus(id, "authorized");
    return "/v1/payments/" + id;
  }

  @Test
  void operations_accepted_fit() {
    String captured = held();
    var capturing = creating(MERCHANT);
    CALLS.assertValidCall(202, HttpMethod.POST, captured + "/capture", capturing, "{\"amount\":1500}");
    CALLS.assertValidCall(202, HttpMethod.POST, captured + "/capture", capturing, "{\"amount\":1500}");
    CALLS.assertValidCall(202, HttpMethod.POST, held() + "/cancel", creating(MERCHANT),
        "{\"reason\":\"abandoned\"}");
    MERCHANT.awaitStatus(captured.substring(captured.lastIndexOf('/') + 1), "settled");
    CALLS.assertValidCall(202, HttpMethod.POST, captured + "/refunds", creating(MERCHANT),
        "{\"amount\":1,\"reason\":\"duplicate\"}");
  }

  @Test
  void operations_waitedFor_fit() {
    String captured = held();
    var wait = creating(MERCHANT, "Prefer", "wait=20");
    CALLS.assertValidCall(200, HttpMethod.POST, captured + "/capture", wait, null);
    CALLS.assertValidCall(200, HttpMethod.POST, captured + "/capture", wait, null);
    CALLS.assertValidCall(201, HttpMethod.POST, captured + "/refunds",
        creating(MERCHANT, "Prefer", "wait=20"), "{\"amount\":null,\"reason\":null}");
    String canceled = held();
    CALLS.assertValidCall(200, HttpMethod.POST, canceled + "/cancel",
        creating(MERCHANT, "Prefer", "wait=20"), null);
    for (String path : List.of(captured, captured + "/timeline", captured + "/operations",
        captured + "/operations?limit=1", captured + "/refunds", canceled, canceled + "/timeline",
        canceled + "/operations"))
      CALLS.assertValidCall(200, HttpMethod.GET, path, ContractCalls.authorized(MERCHANT), null);
    String last = MERCHANT.get(captured + "/operations?limit=1").json().getString("next");
    CALLS.assertValidCall(200, HttpMethod.GET, captured + "/operations?starting_after=" + last,
        ContractCalls.authorized(MERCHANT), null);
    assertThat(MERCHANT.get(captured).json().getString("status")).isEqualTo("refunded");
    assertThat(MERCHANT.get(canceled).json().getString("status")).isEqualTo("voided");
  }

  @ParameterizedTest
  @ValueSource(strings = {"capture", "cancel", "refunds"})
  void operation_refused_fits(String act) {
    String path = "/v1/payments/" + paid + "/" + act;
    String none = "/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/" + act;
    CALLS.assertValidCall(404, HttpMethod.POST, none, creating(MERCHANT), "{}");
    String declined = MERCHANT.pay(TestMerchant.paidBy("pm_card_chargeDeclined")).json().getString("id");
    MERCHANT.awaitStatus(declined, "declined");
    CALLS.assertValidCall(409, HttpMethod.POST, "/v1/payments/" + declined + "/" + act, creating(MERCHANT),
        null);
    CALLS.assertValidCall(422, HttpMethod.POST, path, Http.create(MERCHANT.key(), "settled"), null);
    for (String body : List.of("{\"amount\":0,\"reason\":\"because\"}", "{\"nonsense\":1}", "[]"))
      CALLS.assertInvalidCall(HttpMethod.POST, path, creating(MERCHANT), body);
    CALLS.assertUnauthorized(HttpMethod.POST, none, "{}");
    CALLS.assertBodyRefused(HttpMethod.POST, none, MERCHANT);
    CALLS.assertLimited(HttpMethod.POST, none, "{}");
  }

  @Test
  void refund_tooLarge_fits() {
    CALLS.assertValidCall(400, HttpMethod.POST, "/v1/payments/" + paid + "/refunds", creating(MERCHANT),
        "{\"amount\":2000}");
  }

  @Test
  void operation_inFlight_fits() {
    String path = "/v1/payments/" + paid + "/refunds";
    var headers = creating(MERCHANT, "Prefer", "wait=20");
    // As while its first caller waits.
    ApiSite.execute(
        "UPDATE idempotency_key SET wait_until = now() + interval '1 minute' WHERE key = 'refunded'");
    headers.put("Idempotency-Key", "refunded");
    CALLS.assertValidCall(409, HttpMethod.POST, path, headers, "{\"amount\":1}");
    ApiSite.execute("UPDATE idempotency_key SET wait_until = NULL WHERE key = 'refunded'");
  }

  @Test
  void return_fits() {
    String asks = "pm_card_authenticationRequired";
    String plain = MERCHANT.pay(TestMerchant.paidBy(asks)).json().getString("id");
    String shop = MERCHANT.pay(EVERYTHING.replace("pm_card_visa", asks)).json().getString("id");
    for (String id : List.of(plain, shop)) MERCHANT.awaitStatus(id, "requires_action");
    CALLS.assertValidCall(200, HttpMethod.GET, ReturnLink.path(ApiSite.site(), plain) + "?redirectResult=x",
        Map.of(), null);
    CALLS.assertValidCall(303, HttpMethod.GET, ReturnLink.path(ApiSite.site(), shop), Map.of(), null);
    String none = ReturnLink.ofNobody(ApiSite.site());
    CALLS.assertValidCall(404, HttpMethod.GET, none, Map.of(), null);
    // From an address of its own: others' returns are to be answered.
    try (var http = new RawHttp("127.0.0.8")) {
      String get = "GET " + none + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
      var answer = http.send(get).answer();
      for (int i = 0; i < 200 && answer.status() == 404; i++) answer = http.send(get).answer();
      assertThat(answer.status()).isEqualTo(429);
      CALLS.assertFits(HttpMethod.GET, none, 429, answer.headers(), answer.bytes());
    }
  }
}
