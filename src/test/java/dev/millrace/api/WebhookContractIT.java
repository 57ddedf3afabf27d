package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.webhook.MerchantServer;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds real requests and answers of every call on webhooks against {@code openapi.yaml}. */
class WebhookContractIT {
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final String ENDPOINTS = "/v1/webhook_endpoints";
  private static final String DELIVERIES = "/v1/webhook_deliveries";
  private static final String NO_ENDPOINT = ENDPOINTS + "/whe_01jd3w5ynkfxmrx1v0a9s2e4zg";
  private static final String NO_DELIVERY = DELIVERIES + "/whd_01jd3w5ynkfxmrx1v0a9s2e4zg";
  private static final ContractCalls CALLS = new ContractCalls(ContractCalls.WEBHOOKS);
  private static final TestMerchant MERCHANT = TestMerchant.create();
  private static final Vertx VERTX = Vertx.vertx();
  private static final MerchantServer RECEIVER = new MerchantServer(VERTX).status("/broken", 503)
      .status("/gone", 410)
      .at("/talks", (request, got) -> request.response().end("Grüße\0"));
  private static String endpoint;
  private static String delivery;
  private static String disabled;
  private static String held;

  @BeforeAll
  static void deliverOne() {
    endpoint = ENDPOINTS + "/" + create(RECEIVER.url("/talks"));
    disabled = ENDPOINTS + "/" + create(RECEIVER.url("/off"));
    MERCHANT.send("PATCH", disabled, "{\"enabled\":false}");
    String id = MERCHANT.pay("used", TestMerchant.VISA).json().getString("id");
    MERCHANT.awaitStatus(id, "settled");
    delivery = DELIVERIES + "/" + awaitDelivery(endpoint, "delivered");
    held = DELIVERIES + "/" + awaitDelivery(disabled, "held");
  }

  @AfterAll
  static void documentedAnswers_exceptFaults_wereAllProvoked() {
    RECEIVER.close();
    VERTX.close().await();
    CALLS.close();
  }

  private static String create(String url) {
    return MERCHANT.send("POST", ENDPOINTS, creation(url)).json().getString("id");
  }

  private static String creation(String url) {
    return new JsonObject().put("url", url).put("enabled_events", new JsonArray().add("*")).encode();
  }

  private static String awaitDelivery(String path, String status) {
    String query = DELIVERIES + "?limit=1&status=" + status + "&webhook_endpoint="
        + path.substring(path.lastIndexOf('/') + 1);
    Await.until(BOUND, query, () -> !MERCHANT.get(query).json().getJsonArray("data").isEmpty());
    return MERCHANT.get(query).json().getJsonArray("data").getJsonObject(0).getString("id");
  }

  private static Stream<String> reads() {
    return Stream.of(ENDPOINTS, ENDPOINTS + "?limit=1", endpoint, disabled, DELIVERIES,
        DELIVERIES + "?limit=1", delivery, held);
  }

  @ParameterizedTest
  @MethodSource("reads")
  void read_fits(String path) { CALLS.assertRead(MERCHANT, path); }

  @ParameterizedTest
  @ValueSource(strings = {ENDPOINTS, NO_ENDPOINT, DELIVERIES, NO_DELIVERY})
  void read_overTheRate_fits(String path) {
    CALLS.assertLimited(HttpMethod.GET, path, null);
  }

  @ParameterizedTest
  @ValueSource(strings = {NO_ENDPOINT, NO_DELIVERY})
  void read_ofNothing_fits(String path) {
    CALLS.assertValidCall(404, HttpMethod.GET, path, ContractCalls.authorized(MERCHANT), null);
  }

  @Test
  void list_withParameters_fits() {
    String id = endpoint.substring(endpoint.lastIndexOf('/') + 1);
    for (String query : List.of(ENDPOINTS + "?starting_after=" + id, DELIVERIES + "?webhook_endpoint=" + id,
        DELIVERIES + "?status=held&limit=2", DELIVERIES + "?type=payment.settled",
        DELIVERIES + "?starting_after=" + delivery.substring(delivery.lastIndexOf('/') + 1),
        DELIVERIES + "?event=" + MERCHANT.get(delivery).json().getString("event")))
      CALLS.assertValidCall(200, HttpMethod.GET, query, ContractCalls.authorized(MERCHANT), null);
  }

  /** Calls that write, and a body that each takes. */
  private static Stream<List<String>> writes() {
    return Stream.of(List.of("POST", ENDPOINTS, creation("https://shop.example/")),
        List.of("PATCH", NO_ENDPOINT, "{\"description\":null}"),
        List.of("POST", NO_ENDPOINT + "/rotate_secret", "{\"grace_seconds\":60}"),
        List.of("POST", NO_ENDPOINT + "/test", "{}"),
        List.of("POST", NO_ENDPOINT + "/replay", "{\"types\":[\"payment.*\"]}"),
        List.of("POST", NO_DELIVERY + "/retry", "{}"));
  }

  @ParameterizedTest
  @MethodSource("writes")
  void write_refused_fits(List<String> call) {
    var method = HttpMethod.valueOf(call.get(0));
    String path = call.get(1);
    String body = call.get(2);
    CALLS.assertUnauthorized(method, path, body);
    CALLS.assertLimited(method, path, body);
    CALLS.assertBodyRefused(method, path, MERCHANT);
    CALLS.assertInvalidCall(method, path, ContractCalls.writing(MERCHANT), "{\"nonsense\":1}");
    if (!path.equals(ENDPOINTS))
      CALLS.assertValidCall(404, method, path, ContractCalls.writing(MERCHANT), body);
    if (method == HttpMethod.PATCH) return;
    CALLS.assertValidCall(422, method, path, Http.create(MERCHANT.key(), "used"), body);
    var withoutKey = new HashMap<>(ContractCalls.writing(MERCHANT));
    withoutKey.remove("Idempotency-Key");
    CALLS.assertInvalidCall(method, path, withoutKey, body);
  }

  @Test
  void delete_fits() {
    String path = ENDPOINTS + "/" + create(RECEIVER.url("/deleted"));
    CALLS.assertUnauthorized(HttpMethod.DELETE, path, null);
    CALLS.assertLimited(HttpMethod.DELETE, path, null);
    CALLS.assertCall(400, HttpMethod.DELETE, path + "?nonsense=1", ContractCalls.authorized(MERCHANT), null);
    CALLS.assertValidCall(200, HttpMethod.DELETE, path, ContractCalls.authorized(MERCHANT), null);
    CALLS.assertValidCall(404, HttpMethod.DELETE, path, ContractCalls.authorized(MERCHANT), null);
  }

  private static final String EVERYTHING = """
    {"url": "https://shop.example/hooks?a=b", "description": "Orders", "enabled_events": ["payment.*", "settlement.posted"],
     "headers": {"X-Shop": "a b"}, "api_version": "2026-11-21", "stripe_signature": true, "ordered": true,
     "max_in_flight": 100, "rate": 10000}""";

  @ParameterizedTest
  @ValueSource(strings = {"{\"url\":\"https://shop.example\",\"enabled_events\":[\"*\"]}", EVERYTHING,
      "{\"url\":\"https://shop.example\",\"enabled_events\":[\"*\"],\"headers\":null,\"rate\":null,\"ordered\":null}"})
  void create_fits(String body) {
    var headers = ContractCalls.writing(MERCHANT);
    var made = CALLS.assertValidCall(201, HttpMethod.POST, ENDPOINTS, headers, body).json();
    CALLS.assertValidCall(201, HttpMethod.POST, ENDPOINTS, headers, body);
    String path = ENDPOINTS + "/" + made.getString("id");
    CALLS.assertValidCall(200, HttpMethod.PATCH, path, ContractCalls.writing(MERCHANT), body);
    CALLS.assertValidCall(200, HttpMethod.PATCH, path, ContractCalls.writing(MERCHANT),
        "{\"description\":null,\"headers\":null,\"rate\":null,\"enabled\":false}");
    CALLS.assertValidCall(200, HttpMethod.GET, path, ContractCalls.authorized(MERCHANT), null);
    CALLS.assertValidCall(200, HttpMethod.GET,
        "/v1/idempotency_keys/" + headers.get("Idempotency-Key"), ContractCalls.authorized(MERCHANT), null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"url\":\"shop.example\"", "\"url\":7", "\"url\":\"https://a b\"",
      "\"enabled_events\":[]", "\"enabled_events\":[\"payment.nonsense\"]",
      "\"enabled_events\":[\"*\",\"*\"]",
      "\"headers\":{\"a b\":\"c\"}", "\"headers\":{\"a\":\" c\"}", "\"headers\":[]", "\"description\":\"\"",
      "\"api_version\":\"2020-01-01\"", "\"ordered\":1", "\"max_in_flight\":101", "\"rate\":0",
      "\"enabled\":\"yes\""})
  void settings_ofBadForm_areRefusedByBoth(String field) {
    CALLS.assertInvalidCall(HttpMethod.POST, ENDPOINTS, ContractCalls.writing(MERCHANT),
        "{\"url\":\"https://shop.example\",\"enabled_events\":[\"*\"]," + field + "}");
    CALLS.assertInvalidCall(HttpMethod.PATCH, endpoint, ContractCalls.writing(MERCHANT), "{" + field + "}");
  }

  @Test
  void create_overTheLimit_fits() {
    var many = TestMerchant.create();
    for (int i = 0; i < 50; i++)
      assertThat(many.send("POST", ENDPOINTS, creation("https://shop.example/" + i)).status()).isEqualTo(201);
    CALLS.assertValidCall(409, HttpMethod.POST, ENDPOINTS, ContractCalls.writing(many),
        creation("https://shop.example/"));
  }

  @Test
  void acts_fit() {
    var rotation = ContractCalls.writing(MERCHANT);
    CALLS.assertValidCall(200, HttpMethod.POST, endpoint + "/rotate_secret", rotation, null);
    CALLS.assertValidCall(200, HttpMethod.POST, endpoint + "/rotate_secret", rotation,
        "{\"grace_seconds\":86400}");
    CALLS.assertValidCall(200, HttpMethod.GET, endpoint, ContractCalls.authorized(MERCHANT), null);
    CALLS.assertValidCall(202, HttpMethod.POST, endpoint + "/test", ContractCalls.writing(MERCHANT), null);
    String event = MERCHANT.get(delivery).json().getString("event");
    for (String order : new String[]{null, "{\"after\":\"" + event + "\",\"until\":\"" + event + "\"}",
        "{\"created_gte\":1,\"created_lt\":2,\"types\":[\"payment.*\"],\"statuses\":[\"dead\",\"held\"]}"}) {
      var headers = ContractCalls.writing(MERCHANT);
      CALLS.assertValidCall(202, HttpMethod.POST, endpoint + "/replay", headers, order);
      CALLS.assertValidCall(200, HttpMethod.GET,
          "/v1/idempotency_keys/" + headers.get("Idempotency-Key"), ContractCalls.authorized(MERCHANT), null);
    }
    var retry = ContractCalls.writing(MERCHANT);
    CALLS.assertValidCall(202, HttpMethod.POST, delivery + "/retry", retry, null);
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/idempotency_keys/" + retry.get("Idempotency-Key"),
        ContractCalls.authorized(MERCHANT), null);
    for (String call : List.of(disabled + "/test", disabled + "/replay", held + "/retry"))
      CALLS.assertValidCall(409, HttpMethod.POST, call, ContractCalls.writing(MERCHANT), "{}");
  }

  @Test
  void replay_fromAnExpiredCursor_fits() {
    try (var old = OldCursor.make()) {
      CALLS.assertValidCall(410, HttpMethod.POST, endpoint + "/replay", ContractCalls.writing(MERCHANT),
          "{\"after\":\"" + old.id() + "\"}");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/broken", "/gone", "refused"})
  void delivery_thatFails_fits(String path) {
    String made = ENDPOINTS + "/"
        + create(path.equals("refused") ? "http://127.0.0.1:1/" : RECEIVER.url(path));
    MERCHANT.send("POST", made + "/test", null);
    String wanted = path.equals("/gone") ? "dead" : "pending";
    String failed = DELIVERIES + "/" + awaitDelivery(made, wanted);
    Await.until(BOUND, "an attempt", () -> MERCHANT.get(failed).json().getInteger("attempts") > 0);
    CALLS.assertValidCall(200, HttpMethod.GET, failed, ContractCalls.authorized(MERCHANT), null);
    if (path.equals("/gone"))
      Await.until(BOUND, "disabled",
          () -> "gone".equals(MERCHANT.get(made).json().getString("disabled_reason")));
    CALLS.assertValidCall(200, HttpMethod.GET, made, ContractCalls.authorized(MERCHANT), null);
    CALLS.assertValidCall(200, HttpMethod.GET, DELIVERIES + "?status=" + wanted,
        ContractCalls.authorized(MERCHANT), null);
    MERCHANT.send("DELETE", made, null);
  }

  /**
   * What is sent is what can be read, byte for byte; and that is held against the contract with the events.
   */
  @Test
  void webhook_sent_isTheEventAsItIsRead() {
    var got = RECEIVER.got("/talks").getFirst();
    var read = MERCHANT.get("/v1/events/" + got.id());
    assertThat(got.body()).isEqualTo(read.body());
    CALLS.assertFits(HttpMethod.GET, "/v1/events/" + got.id(), 200, Contract.lowerCase(read), read.bytes());
    assertThat(got.headers()).containsKeys("webhook-timestamp", "traceparent");
    assertThat(got.headers().get("webhook-signature")).matches("v1,[A-Za-z0-9+/]{43}=");
  }
}
