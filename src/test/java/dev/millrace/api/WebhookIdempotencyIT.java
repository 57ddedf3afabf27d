package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Http;
import dev.millrace.testing.Http.Answer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a repetition gets of the calls that make webhook endpoints. */
class WebhookIdempotencyIT {
  private static final String ENDPOINTS = "/v1/webhook_endpoints";
  private static final String SMALLEST = "{\"url\":\"https://shop.example/hooks\",\"enabled_events\":[\"*\"]}";

  private final TestMerchant merchant = TestMerchant.create();

  private static JsonObject smallest() { return new JsonObject(SMALLEST); }

  /** How many of the merchant are stored, deleted ones included. */
  private long stored() {
    return ApiSite.site().number("SELECT count(*) FROM webhook_endpoint WHERE merchant = '"
        + TypeId.parse(TypeId.MERCHANT, merchant.id()) + "'");
  }

  @Test
  void create_repeated_isTheSameAnswerWithTheSameSecret() {
    var first = merchant.post(ENDPOINTS, "k", SMALLEST);
    String spelledOut = smallest().put("max_in_flight", 8).put("headers", new JsonObject()).putNull("rate")
        .put("ordered", false).encode();
    String id = first.json().getString("id");
    for (String body : List.of(SMALLEST, " " + SMALLEST, spelledOut))
      assertReplayed(merchant.post(ENDPOINTS, "k", body), first);
    assertReplayed(merchant.withOtherKey(false).post(ENDPOINTS, "\"k\"", SMALLEST), first);
    merchant.send("PATCH", ENDPOINTS + "/" + id, "{\"description\":\"another\"}");
    merchant.send("DELETE", ENDPOINTS + "/" + id, null);
    assertReplayed(merchant.post(ENDPOINTS, "k", SMALLEST), first);
    assertThat(stored()).isEqualTo(1);
    assertThat(merchant.get("/v1/idempotency_keys/k").json().getJsonObject("resource"))
        .isEqualTo(new JsonObject().put("object", "webhook_endpoint").put("id", id));
  }

  private static void assertReplayed(Answer replay, Answer first) {
    assertThat(replay.status()).as(replay.body()).isEqualTo(first.status());
    assertThat(replay.bytes()).isEqualTo(first.bytes());
    assertThat(replay.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(first.header("Idempotent-Replayed")).isNull();
  }

  @Test
  void key_ofAnotherRequest_isRefused() {
    merchant.post(ENDPOINTS, "k", SMALLEST);
    merchant.pay("paid", TestMerchant.VISA);
    String other = smallest().put("rate", 1).encode();
    assertReused(merchant.post(ENDPOINTS, "k", other));
    assertReused(merchant.post(ENDPOINTS, "paid", SMALLEST));
    assertReused(merchant.post(ENDPOINTS + "/" + other() + "/test", "k", null));
    assertReused(merchant.pay("k", TestMerchant.VISA));
    assertThat(stored()).isEqualTo(2);
    assertThat(merchant.stored()).isEqualTo(1);
    // Another merchant's key is another key.
    assertThat(TestMerchant.create().post(ENDPOINTS, "k", other).status()).isEqualTo(201);
  }

  private String other() { return merchant.post(ENDPOINTS, "other", SMALLEST).json().getString("id"); }

  private static void assertReused(Answer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(422);
    assertThat(answer.code()).isEqualTo("idempotency_key_reused");
  }

  @Test
  void key_ofTwentyAtOnce_makesOneEndpoint() {
    var sent = new ArrayList<CompletableFuture<Answer>>();
    for (int i = 0; i < 20; i++)
      sent.add(Http.sendAsync("POST", ApiSite.url(ENDPOINTS), Http.create(merchant.key(), "k"), SMALLEST));
    var bodies = new HashSet<String>();
    int first = 0;
    for (var one : sent) {
      assertThat(one.join().status()).as(one.join().body()).isEqualTo(201);
      bodies.add(one.join().body());
      if (one.join().header("Idempotent-Replayed") == null) first++;
    }
    assertThat(bodies).hasSize(1);
    assertThat(first).isEqualTo(1);
    assertThat(stored()).isEqualTo(1);
  }
}
