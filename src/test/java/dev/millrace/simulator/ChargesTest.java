package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.error;
import static dev.millrace.simulator.RunningSimulator.form;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChargesTest extends SimulatorTestBase {
  @ParameterizedTest
  @ValueSource(strings = {"pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_discover",
      "pm_card_visa_debit"})
  void charge_goodCard(String method) throws Exception {
    HttpResponse<String> response = provider.charge("ref-1", method);
    JsonObject intent = json(response);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(response.headers().firstValue("idempotent-replayed")).isEmpty();
    assertThat(intent.getString("id")).startsWith("pi_").hasSize(27);
    assertThat(intent.getString("object")).isEqualTo("payment_intent");
    assertThat(intent.getString("status")).isEqualTo("succeeded");
    assertThat(intent.getInteger("amount")).isEqualTo(1099);
    assertThat(intent.getInteger("amount_received")).isEqualTo(1099);
    assertThat(intent.getInteger("amount_capturable")).isZero();
    assertThat(intent.getString("currency")).isEqualTo("usd");
    assertThat(intent.getString("payment_method")).isEqualTo(method);
    assertThat(intent.getString("latest_charge")).startsWith("ch_");
    assertThat(intent.getBoolean("livemode")).isFalse();
    assertThat(intent.getValue("last_payment_error")).isNull();
    assertThat(intent.getJsonObject("metadata"))
        .isEqualTo(new JsonObject().put("millrace_reference", "ref-1"));
  }

  @ParameterizedTest
  @CsvSource({"pm_card_visa_chargeDeclined,card_declined,generic_decline",
      "pm_card_chargeDeclined,card_declined,generic_decline",
      "pm_card_visa_chargeDeclinedInsufficientFunds,card_declined,insufficient_funds",
      "pm_card_visa_chargeDeclinedLostCard,card_declined,lost_card",
      "pm_card_chargeDeclinedStolenCard,card_declined,stolen_card",
      "pm_card_chargeDeclinedExpiredCard,expired_card,",
      "pm_card_visa_chargeDeclinedExpiredCard,expired_card,",
      "pm_card_chargeDeclinedIncorrectCvc,incorrect_cvc,",
      "pm_card_chargeDeclinedProcessingError,processing_error,"})
  void charge_badCard(String method, String code, String declineCode) throws Exception {
    HttpResponse<String> response = provider.charge("ref-1", method);
    JsonObject error = error(response);
    assertThat(response.statusCode()).isEqualTo(402);
    assertThat(error.getString("type")).isEqualTo("card_error");
    assertThat(error.getString("code")).isEqualTo(code);
    assertThat(error.getString("decline_code")).isEqualTo(declineCode);
    assertThat(error.getString("message")).isNotEmpty();
    assertThat(error.getString("charge")).startsWith("ch_");
    JsonObject intent = error.getJsonObject("payment_intent");
    assertThat(intent.getString("status")).isEqualTo("requires_payment_method");
    assertThat(intent.getJsonObject("last_payment_error").getString("code")).isEqualTo(code);
    assertThat(json(provider.get("/v1/payment_intents/" + intent.getString("id")))).isEqualTo(intent);
    assertThat(provider.summary().getInteger("declined")).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"amount=1099,amount=,amount", "amount=1099,amount=0,amount", "amount=1099,amount=-5,amount",
      "amount=1099,amount=1000000000000,amount", "amount=1099,amount=99999999999999999999999,amount",
      "currency=usd,currency=xyz,currency", "currency=usd,capture_method=later&currency=usd,capture_method",
      "confirm=true,confirm=false,confirm", "payment_method=pm_card_visa,a=b,a",
      "payment_method=pm_card_visa,payment_method=pm_nope,payment_method"})
  void charge_invalidParameterIsNotSaved(String from, String to, String param) throws Exception {
    String good = form(1099, "pm_card_visa", "ref-1");
    HttpResponse<String> refused = provider.post("key-1", good.replace(from, to));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("type")).isEqualTo("invalid_request_error");
    assertThat(error(refused).getString("param")).isEqualTo(param);
    assertThat(provider.post("key-1", good).statusCode()).isEqualTo(200);
  }

  @Test
  void charge_unknownPaymentMethod() throws Exception {
    assertThat(error(provider.charge("ref-1", "pm_nope")).getString("code")).isEqualTo("resource_missing");
  }

  @Test
  void charge_withoutOrWithWrongKey() throws Exception {
    var wrong = provider.request("/v1/payment_intents/pi_1").setHeader("Authorization", "Bearer sk_other");
    assertThat(provider.send(wrong.build()).statusCode()).isEqualTo(401);
    String basic = Base64.getEncoder().encodeToString((RunningSimulator.API_KEY + ":").getBytes());
    var asUser = provider.request("/v1/payment_intents/pi_1").setHeader("Authorization", "Basic " + basic);
    assertThat(provider.send(asUser.build()).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pm_card_visa", "pm_card_chargeDeclined", "pm_sim_500", "pm_sim_malformed",
      "pm_sim_wrong_amount"})
  void replay_sameParameters(String method) throws Exception {
    HttpResponse<String> first = provider.charge("ref-1", method);
    HttpResponse<String> second = provider.charge("ref-1", method);
    assertThat(second.statusCode()).isEqualTo(first.statusCode());
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("idempotent-replayed")).hasValue("true");
    assertThat(provider.summary().getInteger("entries")).isEqualTo(method.equals("pm_sim_500") ? 0 : 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pm_card_visa", "pm_sim_500"})
  void replay_differentParameters(String method) throws Exception {
    provider.charge("ref-1", method);
    HttpResponse<String> other = provider.post("ref-1", form(1100, method, "ref-1"));
    assertThat(other.statusCode()).isEqualTo(400);
    assertThat(error(other).getString("type")).isEqualTo("idempotency_error");
  }

  @Test
  void replay_whileInFlight() throws Exception {
    provider.put("/settings", "{\"slow_ms\":500}");
    var one = provider.chargeLater("ref-1", "pm_sim_slow");
    var other = provider.chargeLater("ref-1", "pm_sim_slow");
    CompletableFuture.allOf(one, other).get(10, TimeUnit.SECONDS);
    // Whichever came first is charged.
    var charged = one.join().statusCode() == 200 ? one.join() : other.join();
    var refused = one.join().statusCode() == 200 ? other.join() : one.join();
    assertThat(charged.statusCode()).isEqualTo(200);
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(error(refused).getString("type")).isEqualTo("idempotency_error");
    assertThat(error(refused).getString("code")).isEqualTo("idempotency_key_in_use");
    assertThat(provider.charge("ref-1", "pm_sim_slow").body()).isEqualTo(charged.body());
  }

  @Test
  void replay_twoHundredAtOnce() throws Exception {
    var posts = IntStream.range(0, 200).mapToObj(i -> provider.chargeLater("ref-1", "pm_card_visa")).toList();
    CompletableFuture.allOf(posts.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
    assertThat(posts).allSatisfy(post -> assertThat(post.join().statusCode()).isIn(200, 409));
    assertThat(posts.stream().filter(post -> post.join().statusCode() == 200).map(post -> post.join().body())
        .distinct()).hasSize(1);
    assertThat(provider.summary().getInteger("entries")).isEqualTo(1);
  }

  @Test
  void hang_clientGivesUp() throws Exception {
    assertThatThrownBy(() -> impatiently("pm_sim_hang")).isInstanceOf(HttpTimeoutException.class);
    assertThat(provider.summary().getInteger("entries")).isZero();
    // The key is free again once the client has gone, with other parameters too.
    RunningSimulator.await(() -> provider.chargeLater("ref-1", "pm_card_visa").join().statusCode() == 200);
  }

  @Test
  void chargeThenHang_isFoundAndReplayed() throws Exception {
    assertThatThrownBy(() -> impatiently("pm_sim_charge_then_hang")).isInstanceOf(HttpTimeoutException.class);
    provider.awaitEntries(1);
    JsonObject found = json(provider.search("ref-1")).getJsonArray("data").getJsonObject(0);
    HttpResponse<String> replay = provider.charge("ref-1", "pm_sim_charge_then_hang");
    assertThat(replay.statusCode()).isEqualTo(200);
    assertThat(json(replay)).isEqualTo(found);
    assertThat(provider.summary().getInteger("entries")).isEqualTo(1);
  }

  @Test
  void malformed_isChargedAndFound() throws Exception {
    HttpResponse<String> response = provider.charge("ref-1", "pm_sim_malformed");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> json(response)).isInstanceOf(DecodeException.class);
    assertThat(json(provider.search("ref-1")).getJsonArray("data").getJsonObject(0).getString("status"))
        .isEqualTo("succeeded");
  }

  @Test
  void wrongAmount_isInAnswerAndBook() throws Exception {
    assertThat(json(provider.charge("ref-1", "pm_sim_wrong_amount")).getInteger("amount")).isEqualTo(1100);
    assertThat(provider.get("/book").body()).contains("\"amount\":1100").contains("\"amount_captured\":1100");
  }

  @Test
  void failure_chargesNothing() throws Exception {
    HttpResponse<String> response = provider.charge("ref-1", "pm_sim_500");
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(error(response).getString("type")).isEqualTo("api_error");
    assertThat(provider.summary().getInteger("entries")).isZero();
  }

  @Test
  void body_escapesSurvive() throws Exception {
    String form = form(5, "pm_card_visa", "ref-1")
        + "&description=%22quoted%22+%5C+%C3%A9%F0%9F%98%80%0A&metadata[a%5B0%5D]=%01%2B";
    JsonObject intent = json(provider.post("k", form));
    assertThat(intent.getString("description")).isEqualTo("\"quoted\" \\ é😀\n");
    assertThat(intent.getJsonObject("metadata").getString("a[0]")).isEqualTo("\u0001+");
    assertThat(provider.post("k2", form + "&x=%zz").statusCode()).isEqualTo(400);
  }

  @Test
  void body_tooLarge() throws Exception {
    String form = form(5, "pm_card_visa", "ref-1") + "&description=" + "x".repeat(17 * 1024);
    assertThat(provider.post("k", form).statusCode()).isEqualTo(413);
    assertThat(provider.charge("k", "pm_card_visa").statusCode()).isEqualTo(200);
  }

  private void impatiently(String method) throws Exception {
    provider.send(provider.request("/v1/payment_intents").timeout(Duration.ofMillis(300))
        .header("Idempotency-Key", "ref-1").POST(BodyPublishers
            .ofString(form(1099, method, "ref-1")))
        .build());
  }
}
