package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.form;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.simulator.book.Wire;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls that are turned away, answered late or taken for new ones, on every wire. */
class AnswerSettingsTest extends SimulatorTestBase {
  private static final Map<Wire, JsonObject> THROTTLED = Map.of(
      Wire.STRIPE, new JsonObject("""
        {"error":{"code":"rate_limit","message":"Request rate limit exceeded. Try again later.",
         "type":"invalid_request_error"}}"""),
      Wire.ADYEN,
      new JsonObject(
          """
            {"status":429,"errorCode":"000","message":"HTTP Status Response - Too Many Requests","errorType":"internal"}"""),
      Wire.BANK, new JsonObject("""
        {"error":{"code":"rate_limited","message":"Too many requests: try again later."}}"""));

  private static final String HMAC_KEY = "5ACE7B1A6C9E4D0F";

  AnswerSettingsTest() {
    super(Map.of(Wire.STRIPE, HMAC_KEY, Wire.ADYEN, HMAC_KEY, Wire.BANK, HMAC_KEY));
  }

  private HttpRequest post(String key, String path, String type, String body) {
    return provider.request(path).header("Idempotency-Key", key)
        .header("x-api-key", RunningSimulator.API_KEY).header("Content-Type", type)
        .POST(BodyPublishers.ofString(body)).build();
  }

  private HttpRequest charging(Wire wire, String reference) {
    return switch (wire) {
      case STRIPE -> post(reference, "/v1/payment_intents", "application/x-www-form-urlencoded",
          form(1099, "pm_test_review", reference));
      case ADYEN -> post(reference, "/adyen/v71/payments", "application/json",
          """
            {"merchantAccount":"Millrace","amount":{"value":1099,"currency":"USD"},"reference":"%s",
             "paymentMethod":{"type":"scheme","storedPaymentMethodId":"pm_test_review"},"shopperReference":"cus-1",
             "shopperInteraction":"ContAuth","recurringProcessingModel":"CardOnFile","captureDelayHours":0,
             "returnUrl":"https://shop.example/done"}"""
              .formatted(reference));
      case BANK -> post(reference, "/bank/debits", "application/json", """
        {"reference":"%s","amount":1099,"currency":"usd","account_token":"pm_test_review"}"""
          .formatted(reference));
    };
  }

  private HttpRequest refunding(Wire wire, String reference, String charge) {
    return switch (wire) {
      case STRIPE -> post(reference, "/v1/refunds", "application/x-www-form-urlencoded",
          "payment_intent=" + charge + "&amount=500&metadata[millrace_reference]=" + reference);
      case ADYEN -> post(reference, "/adyen/v71/payments/" + charge + "/refunds", "application/json", """
        {"merchantAccount":"Millrace","amount":{"value":500,"currency":"USD"},"reference":"%s"}"""
          .formatted(reference));
      case BANK -> post(reference, "/bank/credits", "application/json", """
        {"reference":"%s","debit":"%s","amount":500}""".formatted(reference, charge));
    };
  }

  private HttpResponse<String> charge(Wire wire, String reference) throws Exception {
    return provider.send(charging(wire, reference));
  }

  private static String id(Wire wire, HttpResponse<String> charged) {
    return json(charged).getString(wire == Wire.ADYEN ? "pspReference" : "id");
  }

  private void assertThrottled(Wire wire, HttpRequest call) throws Exception {
    HttpResponse<String> refused = provider.send(call);
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.headers().firstValue("Retry-After")).hasValue("1");
    assertThat(json(refused)).isEqualTo(THROTTLED.get(wire));
  }

  private JsonObject refunded() throws Exception {
    JsonObject summary = provider.summary();
    return new JsonObject().put("refunded",
        summary.getJsonObject("by_currency").getJsonObject("usd").getLong("refunded"))
        .put("duplicates", summary.getInteger("duplicate_references"));
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void throttleRate_one_movesNothing_andIsForgotten(Wire wire) throws Exception {
    settings("{\"throttle_rate\":1}");
    assertThrottled(wire, charging(wire, "ref-1"));
    assertThat(provider.summary().getInteger("entries")).isZero();
    settings("{\"throttle_rate\":0}");
    HttpResponse<String> charged = charge(wire, "ref-1");
    assertThat(charged.statusCode()).isBetween(200, 201);
    assertThat(charged.headers().firstValue("Retry-After")).isEmpty();
    settings("{\"throttle_rate\":1}");
    // Turned away unread: also what is done already.
    assertThrottled(wire, charging(wire, "ref-1"));
    assertThrottled(wire, refunding(wire, "ref-2", id(wire, charged)));
    assertThat(refunded()).isEqualTo(new JsonObject().put("refunded", 0L).put("duplicates", 0));
  }

  @Test
  void throttleRate_sparesQuestions() throws Exception {
    String id = id(Wire.STRIPE, charge(Wire.STRIPE, "ref-1"));
    settings("{\"throttle_rate\":1}");
    assertThat(provider.get("/v1/payment_intents/" + id).statusCode()).isEqualTo(200);
    assertThat(provider.get("/bank/debits?reference=ref-1").statusCode()).isEqualTo(200);
  }

  @Test
  void throttleRate_half_isAShare() throws Exception {
    settings("{\"throttle_rate\":0.5}");
    int throttled = 0;
    for (int i = 0; i < 100; i++) {
      throttled += charge(Wire.BANK, "ref-" + i).statusCode() == 429 ? 1 : 0;
    }
    assertThat(throttled).isBetween(25, 75);
    assertThat(provider.summary().getInteger("entries")).isEqualTo(100 - throttled);
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void answerDelay_theBookAndTheWebhookComeFirst(Wire wire) throws Exception {
    settings("{\"answer_delay_ms_min\":500,\"answer_delay_ms_max\":600,"
        + "\"webhook_delay_ms_min\":0,\"webhook_delay_ms_max\":0}");
    long begun = System.nanoTime();
    CompletableFuture<HttpResponse<String>> later = provider.sendLater(charging(wire, "ref-1"));
    receiver.await(1);
    assertThat(later).isNotDone();
    assertThat(provider.summary().getInteger("entries")).isEqualTo(1);
    assertThat(charge(wire, "ref-1").statusCode()).as("the key is in use").isEqualTo(409);
    HttpResponse<String> answer = later.get();
    assertThat((System.nanoTime() - begun) / 1_000_000).isGreaterThanOrEqualTo(500);
    assertThat(answer.statusCode()).isBetween(200, 201);
    assertThat(charge(wire, "ref-1").body()).isEqualTo(answer.body());
    assertThat(provider.summary().getInteger("entries")).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void answerDelay_ofARefund(Wire wire) throws Exception {
    String charge = id(wire, charge(wire, "ref-1"));
    settings("{\"answer_delay_ms_min\":300,\"answer_delay_ms_max\":300}");
    CompletableFuture<HttpResponse<String>> later = provider
        .sendLater(refunding(wire, "ref-2", charge));
    provider.await("/book/summary", summary -> summary.getJsonObject("by_currency").getJsonObject("usd")
        .getLong("refunded") == 500);
    assertThat(later).isNotDone();
    assertThat(later.get().statusCode()).isBetween(200, 201);
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void forgetKeys_movesMoneyAgain_andCountsIt(Wire wire) throws Exception {
    HttpResponse<String> first = charge(wire, "ref-1");
    settings("{\"forget_keys\":true}");
    HttpResponse<String> second = charge(wire, "ref-1");
    assertThat(second.statusCode()).isEqualTo(first.statusCode());
    assertThat(id(wire, second)).isNotEqualTo(id(wire, first));
    assertThat(second.headers().firstValue("Idempotent-Replayed")).isEmpty();
    for (int i = 0; i < 2; i++) {
      provider.send(refunding(wire, "ref-2", id(wire, first)));
    }
    JsonObject twice = new JsonObject().put("refunded", 1000L).put("duplicates", 2);
    assertThat(refunded()).isEqualTo(twice);
    settings("{\"forget_keys\":false}");
    assertThat(charge(wire, "ref-1").body()).isEqualTo(second.body());
    restart();
    assertThat(charge(wire, "ref-1").body()).isEqualTo(second.body());
    assertThat(refunded()).isEqualTo(twice);
    assertThat(provider.summary().getInteger("entries")).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void forgetKeys_ofCallsUnderWayToo(Wire wire) throws Exception {
    settings("{\"forget_keys\":true,\"latency_ms_min\":200,\"latency_ms_max\":200}");
    CompletableFuture<HttpResponse<String>> first = provider.sendLater(charging(wire, "ref-1"));
    HttpResponse<String> second = charge(wire, "ref-1");
    assertThat(id(wire, second)).isNotEqualTo(id(wire, first.get()));
    assertThat(provider.summary().getInteger("entries")).isEqualTo(2);
    assertThat(provider.summary().getInteger("duplicate_references")).isEqualTo(1);
  }

  @Test
  void forgetKeys_ofFailuresToo() throws Exception {
    settings("{\"failure_rate\":1}");
    assertThat(charge(Wire.STRIPE, "ref-1").statusCode()).isEqualTo(500);
    settings("{\"failure_rate\":0,\"forget_keys\":true}");
    assertThat(charge(Wire.STRIPE, "ref-1").statusCode()).isEqualTo(200);
  }
}
