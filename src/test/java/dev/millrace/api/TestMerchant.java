package dev.millrace.api;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Http.Answer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A merchant, at the {@link ApiSite} unless another gateway is named. Each test makes its own, so that none
 * sees another's payments.
 */
record TestMerchant(String id, String key, GatewayProcess at) {

  private static final AtomicInteger KEYS = new AtomicInteger();
  static final String VISA = "{\"amount\":1999,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}";

  TestMerchant(String id, String key) { this(id, key, ApiSite.gateway()); }

  static TestMerchant create() { return create(new JsonObject()); }

  static TestMerchant at(GatewayProcess gateway) { return create(new JsonObject(), gateway); }

  /** A merchant whose key allows {@code rate} requests a second. */
  static TestMerchant withRate(int rate) {
    return create(new JsonObject().put("rate", rate));
  }

  static TestMerchant at(GatewayProcess gateway, int rate) {
    return create(new JsonObject().put("rate", rate), gateway);
  }

  private static TestMerchant create(JsonObject settings) {
    return create(settings, ApiSite.gateway());
  }

  private static TestMerchant create(JsonObject settings, GatewayProcess at) {
    var made = ops(at, "/ops/merchants", settings.put("name", "Test merchant"));
    return new TestMerchant(made.getString("merchant"), made.getString("key"), at);
  }

  static JsonObject ops(String path, JsonObject body) {
    return ops(ApiSite.gateway(), path, body);
  }

  private static JsonObject ops(GatewayProcess at, String path, JsonObject body) {
    var answer = Http.send("POST", at.opsUrl() + path,
        Map.of("Content-Type", "application/json"), body.put("operator", "test").encode());
    if (answer.status() != 200) throw new AssertionError(answer.body());
    return answer.json();
  }

  /** The same merchant with one more key. */
  TestMerchant withOtherKey(boolean livemode) {
    var made = ops(at, "/ops/merchants/" + id + "/keys", new JsonObject().put("livemode", livemode));
    return new TestMerchant(id, made.getString("key"), at);
  }

  /** A merchant whose key may do nothing. */
  static TestMerchant withoutScopes() {
    return create(new JsonObject().put("scopes", new JsonObject()));
  }

  void revokeKey() { ops(at, "/ops/keys/revoke", new JsonObject().put("key", key)); }

  static String paidBy(String paymentMethod) { return VISA.replace("pm_card_visa", paymentMethod); }

  Answer pay(String idempotencyKey, String body, String... headers) {
    return Http.send("POST", at.apiUrl() + "/v1/payments", Http.create(key, idempotencyKey, headers), body);
  }

  /** Creates under a key of its own. */
  Answer pay(String body) {
    return pay("key-" + KEYS.incrementAndGet(), body);
  }

  CompletableFuture<Answer> payLater(String idempotencyKey, String body, String... headers) {
    return Http.sendAsync("POST", at.apiUrl() + "/v1/payments", Http.create(key, idempotencyKey, headers),
        body);
  }

  /** A create with exactly these headers besides the credential. */
  Answer post(Map<String, String> headers, String body) {
    var all = new HashMap<>(headers);
    all.put("Authorization", "Bearer " + key);
    return Http.send("POST", at.apiUrl() + "/v1/payments", all, body);
  }

  /** Any call; a {@code POST} under a key of its own. */
  Answer send(String method, String path, String body) {
    return method.equals("POST")
        ? post(path, "key-" + KEYS.incrementAndGet(), body)
        : Http.send(method, at.apiUrl() + path,
            Map.of("Authorization", "Bearer " + key, "Content-Type", "application/json"), body);
  }

  /** A {@code POST} to any path. */
  Answer post(String path, String idempotencyKey, String body, String... headers) {
    return Http.send("POST", at.apiUrl() + path, Http.create(key, idempotencyKey, headers), body);
  }

  CompletableFuture<Answer> postLater(String path, String idempotencyKey, String body, String... headers) {
    return Http.sendAsync("POST", at.apiUrl() + path, Http.create(key, idempotencyKey, headers), body);
  }

  Answer get(String path) { return Http.get(at.apiUrl() + path, key); }

  CompletableFuture<Answer> getLater(String path) {
    return Http.sendAsync("GET", at.apiUrl() + path, Map.of("Authorization", "Bearer " + key), null);
  }

  JsonObject payment(String id) { return get("/v1/payments/" + id).json(); }

  List<JsonObject> list(String query) {
    return objects(get("/v1/payments" + query).json().getJsonArray("data"));
  }

  static List<JsonObject> objects(JsonArray array) {
    return array.stream().map(JsonObject.class::cast).toList();
  }

  /** Waits until the payment has this status. */
  void awaitStatus(String payment, String status) {
    Await.until(Duration.ofSeconds(20), payment + " is " + status,
        () -> payment(payment).getString("status").equals(status));
  }

  /** How many payments of the merchant are stored, in both modes. */
  long stored() {
    UUID merchant = TypeId.parse(TypeId.MERCHANT, id);
    return ApiSite.site().number("SELECT count(*) FROM payment WHERE merchant = '" + merchant + "'");
  }
}
