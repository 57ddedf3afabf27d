package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Http;
import dev.millrace.testing.Http.Answer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Webhook endpoints as a merchant manages them: what is taken and what is refused. */
class WebhookEndpointIT {
  private static final String ENDPOINTS = "/v1/webhook_endpoints";
  private static final String SMALLEST = "{\"url\":\"https://shop.example/hooks\",\"enabled_events\":[\"*\"]}";
  private static final int COUNT_MAX = 50;

  private final TestMerchant merchant = TestMerchant.create();

  private Answer create(String body) { return merchant.send("POST", ENDPOINTS, body); }

  private String created() { return create(SMALLEST).json().getString("id"); }

  private Answer patch(String id, String body) { return merchant.send("PATCH", ENDPOINTS + "/" + id, body); }

  private JsonObject read(String id) { return merchant.get(ENDPOINTS + "/" + id).json(); }

  /** How many of the merchant are stored, deleted ones and both modes included. */
  private long stored() {
    return ApiSite.site().number("SELECT count(*) FROM webhook_endpoint WHERE merchant = '"
        + TypeId.parse(TypeId.MERCHANT, merchant.id()) + "'");
  }

  @Test
  void create_smallest_hasTheDefaults() {
    var answer = create(SMALLEST);
    assertThat(answer.status()).isEqualTo(201);
    var made = answer.json();
    assertThat(answer.header("Location")).isEqualTo(ENDPOINTS + "/" + made.getString("id"));
    assertThat(made.getString("secret")).startsWith("whsec_");
    made.remove("secret");
    assertThat(read(made.getString("id"))).isEqualTo(made);
    assertThat(made.getString("status")).isEqualTo("enabled");
    assertThat(made.getBoolean("livemode")).isFalse();
    assertThat(made.getJsonObject("headers")).isEmpty();
    assertThat(made.getInteger("max_in_flight")).isEqualTo(8);
    assertThat(made.getBoolean("ordered")).isFalse();
    assertThat(made.getBoolean("stripe_signature")).isFalse();
    for (String none : List.of("description", "rate", "disabled_reason", "failing_since",
        "old_secret_expires"))
      assertThat(made.getValue(none)).as(none).isNull();
  }

  @Test
  void create_everything_isKept() {
    var asked = new JsonObject().put("url", "https://shop.example:8443/a%20b?c=d").put("description", "Größe")
        .put("enabled_events", new JsonArray().add("payment.*").add("settlement.posted"))
        .put("headers", new JsonObject().put("Authorization", "Bearer of-ours").put("x-a", "1"))
        .put("api_version", "2026-11-21").put("stripe_signature", true).put("ordered", true)
        .put("max_in_flight", 1).put("rate", 10_000);
    String id = create(asked.encode()).json().getString("id");
    var kept = read(id);
    asked.forEach(
        field -> assertThat(kept.getValue(field.getKey())).as(field.getKey()).isEqualTo(field.getValue()));
  }

  /** Each field of these is wrong; every one of them is named. */
  @Test
  void create_ofManyFaults_namesThemAll() {
    var answer = create(
        """
          {"url": "ftp://shop.example", "description": "", "enabled_events": ["payment.nonsense"], "headers": {"Host": "a"},
           "api_version": "1", "stripe_signature": "yes", "ordered": 1, "max_in_flight": 0, "rate": 10001, "enabled": true}""");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(params(answer)).containsExactlyInAnyOrder("url", "description", "enabled_events", "headers",
        "api_version", "stripe_signature", "ordered", "max_in_flight", "rate", "enabled");
    assertThat(answer.json().getJsonArray("errors").encode()).contains("parameter_unknown");
    var empty = create("{}");
    assertThat(params(empty)).containsExactlyInAnyOrder("url", "enabled_events");
    assertThat(empty.code()).isEqualTo("parameter_missing");
    assertThat(stored()).isZero();
  }

  private static List<String> params(Answer answer) {
    return TestMerchant.objects(answer.json().getJsonArray("errors")).stream().map(e -> e.getString("param"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "shop.example", "//shop.example", "https://", "https:///a",
      "https:shop.example",
      "https://a:b@shop.example", "https://shop.example/#a", "https://shop.example:0",
      "https://shop.example:65536",
      "https://shop example", "https://shöp.example", "https://shop.example/ü", "file:///etc/passwd",
      "javascript:alert(1)", "https://shop.example/\r\nX: y"})
  void create_ofUrl_isRefused(String url) {
    assertRefused(new JsonObject().put("url", url).put("enabled_events", new JsonArray().add("*")), "url",
        "parameter_invalid");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://my_shop.example.com/h", "HTTPS://Shop.Example/h",
      "https://shop.example:/h",
      "https://SHOP_1.example./h?a=b"})
  void create_ofUrl_isTaken_andKeptAsItWasWritten(String url) {
    var answer = create(smallest().put("url", url).encode());
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    assertThat(read(answer.json().getString("id")).getString("url")).isEqualTo(url);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Host", "content-type", "Content-Length", "User-Agent", "traceparent", "webhook-id",
      "Webhook-Signature", "Stripe-Signature", "Transfer-Encoding", "a b", "a:", "", "-a", "ü"})
  void create_ofHeaderName_isRefused(String name) {
    assertRefused(smallest().put("headers", new JsonObject().put(name, "b")), "headers", "parameter_invalid");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nX: y", " a", "a ", "ü", "\u0000"})
  void create_ofHeaderValue_isRefused(String value) {
    assertRefused(smallest().put("headers", new JsonObject().put("a", value)), "headers.a",
        "parameter_invalid");
  }

  @Test
  void create_ofHeaderInTwoCases_isRefused() {
    assertRefused(smallest().put("headers", new JsonObject().put("X-A", "b").put("x-a", "c")), "headers.x-a",
        "parameter_duplicate");
  }

  @Test
  void cardNumber_anywhere_isRefusedAndNotRepeated() {
    String card = "4242424242424242";
    var inUrl = smallest().put("url", "https://shop.example/" + card);
    assertRefused(inUrl, "url", "card_number_refused");
    assertRefused(smallest().put("description", "of 4242 4242 4242 4242"), "description",
        "card_number_refused");
    assertRefused(smallest().put("headers", new JsonObject().put("a", card)), "headers.a",
        "card_number_refused");
    assertRefused(smallest().put("headers", new JsonObject().put(card, "a")), "headers",
        "card_number_refused");
    assertThat(create(smallest().put(card, "a").encode()).body()).contains("(a card number)")
        .doesNotContain(card);
    assertThat(patch(created(), inUrl.encode()).body()).contains("card_number_refused").doesNotContain(card);
  }

  private static JsonObject smallest() { return new JsonObject(SMALLEST); }

  private void assertRefused(JsonObject body, String param, String code) {
    var answer = create(body.encode());
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(params(answer)).containsExactly(param);
    assertThat(answer.code()).isEqualTo(code);
    assertThat(stored()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "[\"*\",\"*\"]", "[\"payment\"]", "[\"payment.\"]", "[\"pay*\"]", "[\".*\"]",
      "[7]",
      "\"*\"", "[\"Payment.settled\"]", "[null]"})
  void create_ofEvents_isRefused(String events) {
    assertRefused(smallest().put("enabled_events", Json.decodeValue(events)),
        "enabled_events",
        "parameter_invalid");
  }

  @Test
  void update_changesWhatIsNamedAndNothingElse() {
    String id = create(
        smallest().put("description", "a").put("rate", 5).put("headers", new JsonObject().put("a", "b"))
            .encode())
        .json().getString("id");
    var before = read(id);
    var changed = patch(id, "{\"enabled_events\":[\"payment.*\"],\"max_in_flight\":3}");
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json()).isEqualTo(before.copy().put("enabled_events", new JsonArray().add("payment.*"))
        .put("max_in_flight", 3)).isEqualTo(read(id));
    var cleared = patch(id,
        "{\"description\":null,\"rate\":null,\"headers\":null,\"url\":null,\"max_in_flight\":null}");
    assertThat(cleared.json()).isEqualTo(changed.json().copy().putNull("description").putNull("rate")
        .put("headers", new JsonObject()));
    assertThat(patch(id, "{}").json()).isEqualTo(cleared.json());
    assertThat(cleared.json().containsKey("secret")).isFalse();
  }

  @Test
  void update_ofManyFaults_namesThemAllAndChangesNothing() {
    String id = created();
    var before = read(id);
    var answer = patch(id,
        "{\"enabled\":\"no\",\"url\":\"x\",\"rate\":0,\"secret\":\"whsec_mine\",\"status\":\"enabled\"}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(params(answer)).containsExactlyInAnyOrder("enabled", "url", "rate", "secret", "status");
    assertThat(read(id)).isEqualTo(before);
  }

  @Test
  void updates_atOnce_doNotUndoEachOther() {
    String id = created();
    for (int round = 1; round <= 10; round++) {
      var sent = new ArrayList<CompletableFuture<Answer>>();
      var wanted = new JsonObject().put("description", "round " + round).put("rate", round)
          .put("max_in_flight", round)
          .put("ordered", round % 2 == 0);
      for (String field : wanted.fieldNames())
        sent.add(
            Http.sendAsync("PATCH", ApiSite.url(ENDPOINTS + "/" + id), Http.create(merchant.key(), "unused"),
                new JsonObject().put(field, wanted.getValue(field)).encode()));
      sent.forEach(answer -> assertThat(answer.join().status()).isEqualTo(200));
      var now = read(id);
      wanted.forEach(field -> assertThat(now.getValue(field.getKey())).isEqualTo(field.getValue()));
    }
  }

  @Test
  void enabled_isSwitchedOffAndOn() {
    String id = created();
    var off = patch(id, "{\"enabled\":false}").json();
    assertThat(off.getString("status")).isEqualTo("disabled");
    assertThat(off.getString("disabled_reason")).isEqualTo("merchant");
    assertThat(patch(id, "{\"rate\":1}").json().getString("status")).isEqualTo("disabled");
    var on = patch(id, "{\"enabled\":true}").json();
    assertThat(on.getString("status")).isEqualTo("enabled");
    assertThat(on.getString("disabled_reason")).isNull();
  }

  @Test
  void delete_thenNothingIsThere() {
    String id = created();
    String path = ENDPOINTS + "/" + id;
    assertThat(merchant.send("DELETE", path, null).json())
        .isEqualTo(new JsonObject().put("id", id).put("object", "webhook_endpoint").put("deleted", true));
    assertNothing(merchant, path);
    assertThat(merchant.get(ENDPOINTS).json().getJsonArray("data")).isEmpty();
    assertThat(stored()).isEqualTo(1);
  }

  @Test
  void endpoint_ofAnotherMerchantOrMode_isNotThere() {
    String path = ENDPOINTS + "/" + created();
    for (var other : List.of(TestMerchant.create(), merchant.withOtherKey(true))) {
      assertNothing(other, path);
      assertThat(other.get(ENDPOINTS).json().getJsonArray("data")).isEmpty();
    }
    assertNothing(merchant, ENDPOINTS + "/whe_nonsense");
    assertNothing(merchant, ENDPOINTS + "/" + merchant.id());
    assertThat(merchant.get(path).status()).isEqualTo(200);
  }

  private static void assertNothing(TestMerchant who, String path) {
    for (Answer answer : List.of(who.get(path), who.send("PATCH", path, "{\"rate\":1}"),
        who.send("DELETE", path, null),
        who.send("POST", path + "/rotate_secret", null), who.send("POST", path + "/test", null),
        who.send("POST", path + "/replay", "{}"))) {
      assertThat(answer.status()).as(answer.body()).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("resource_missing");
    }
  }

  @Test
  void list_inPages_isNewestFirst() {
    var made = new ArrayList<String>();
    for (int i = 0; i < 5; i++) made.addFirst(created());
    var seen = new ArrayList<String>();
    var pages = new ArrayList<Integer>();
    String query = "?limit=2";
    while (query != null) {
      var page = merchant.get(ENDPOINTS + query).json();
      var data = TestMerchant.objects(page.getJsonArray("data"));
      data.forEach(e -> seen.add(e.getString("id")));
      data.forEach(e -> assertThat(e.containsKey("secret")).isFalse());
      pages.add(data.size());
      assertThat(page.getBoolean("has_more")).isEqualTo(page.getString("next") != null);
      query = page.getString("next") == null ? null : "?limit=2&starting_after=" + page.getString("next");
    }
    assertThat(seen).isEqualTo(made);
    assertThat(pages).containsExactly(2, 2, 1);
    assertThat(merchant.get(ENDPOINTS + "?limit=0&starting_after=x&a=b").json().getJsonArray("errors"))
        .hasSize(3);
    var unknown = merchant.get(ENDPOINTS + "?starting_after=whe_01jd3w5ynkfxmrx1v0a9s2e4zg");
    assertThat(unknown.status()).isEqualTo(400);
    assertThat(unknown.json().getJsonObject("error").getString("param")).isEqualTo("starting_after");
    assertThat(TestMerchant.create().get(ENDPOINTS + "?starting_after=" + made.getLast()).status())
        .isEqualTo(400);
    // Whoever turns pages must not be stopped because the last one he saw was deleted meanwhile.
    merchant.send("DELETE", ENDPOINTS + "/" + made.getFirst(), null);
    assertThat(merchant.get(ENDPOINTS + "?starting_after=" + made.getFirst()).json().getJsonArray("data"))
        .hasSize(4);
  }

  @Test
  void create_overTheLimit_isRefusedUntilOneIsDeleted() {
    var sent = new ArrayList<CompletableFuture<Answer>>();
    for (int i = 0; i < COUNT_MAX + 5; i++)
      sent.add(
          Http.sendAsync("POST", ApiSite.url(ENDPOINTS), Http.create(merchant.key(), "k" + i), SMALLEST));
    var answers = sent.stream().map(CompletableFuture::join).toList();
    assertThat(answers.stream().filter(a -> a.status() == 201)).hasSize(COUNT_MAX);
    var refused = answers.stream().filter(a -> a.status() != 201).toList();
    assertThat(refused).allSatisfy(a -> assertThat(a.code()).isEqualTo("endpoint_limit_reached"));
    int free = answers.indexOf(refused.getFirst());
    assertThat(merchant.withOtherKey(true).send("POST", ENDPOINTS, SMALLEST).status()).isEqualTo(201);
    var kept = answers.stream().filter(a -> a.status() == 201).findFirst().orElseThrow();
    merchant.send("DELETE", ENDPOINTS + "/" + kept.json().getString("id"), null);
    // A refusal is not stored: the same key is free.
    var again = merchant.post(ENDPOINTS, "k" + free, SMALLEST);
    assertThat(again.status()).isEqualTo(201);
    assertThat(again.header("Idempotent-Replayed")).isNull();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"/v1/webhook_endpoints | PUT | GET, HEAD, POST",
      "/v1/webhook_endpoints/x | POST | DELETE, GET, HEAD, PATCH",
      "/v1/webhook_endpoints/x/test | GET | POST",
      "/v1/webhook_endpoints/x/rotate_secret | DELETE | POST",
      "/v1/webhook_endpoints/x/replay | PATCH | POST",
      "/v1/webhook_deliveries | POST | GET, HEAD", "/v1/webhook_deliveries/x | DELETE | GET, HEAD",
      "/v1/webhook_deliveries/x/retry | GET | POST", "/v1/events | POST | GET, HEAD",
      "/v1/events/x | DELETE | GET, HEAD",
      "/v1/events/stream | POST | GET, HEAD", "/webhooks/stripe/default | GET | POST"})
  void method_thatThePathDoesNotTake_isRefused(String path, String method, String allowed) {
    var answer = Http.send(HttpMethod.valueOf(method).name(), ApiSite.url(path), Map.of(), null);
    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.code()).isEqualTo("method_not_allowed");
    assertThat(answer.header("Allow")).isEqualTo(allowed);
  }
}
