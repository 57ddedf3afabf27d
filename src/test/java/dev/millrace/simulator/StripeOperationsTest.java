package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.error;
import static dev.millrace.simulator.RunningSimulator.form;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is done to a payment on Stripe's wire once it is there: capture, cancel, refund. */
class StripeOperationsTest extends SimulatorTestBase {
  private HttpResponse<String> authorize(String key, String method) throws Exception {
    return provider.post(key, form(1099, method, key) + "&capture_method=manual");
  }

  private String authorized(String key) throws Exception {
    return json(authorize(key, "pm_card_visa")).getString("id");
  }

  private HttpResponse<String> capture(String key, String intent, String form) throws Exception {
    return provider.post(key, "/v1/payment_intents/" + intent + "/capture", form);
  }

  private HttpResponse<String> cancel(String key, String intent, String form) throws Exception {
    return provider.post(key, "/v1/payment_intents/" + intent + "/cancel", form);
  }

  private HttpResponse<String> refund(String key, String intent, String form) throws Exception {
    return provider.post(key, "/v1/refunds", "payment_intent=" + intent + form);
  }

  private JsonObject bookLine(String reference) throws Exception {
    return provider.bookLine(reference);
  }

  @Test
  void authorization_holdsTheAmount() throws Exception {
    HttpResponse<String> response = provider.post("ref-1",
        form(1099, "pm_card_visa", "ref-1") + "&capture_method=manual&expand[]=latest_charge");
    JsonObject intent = json(response);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(intent.getString("status")).isEqualTo("requires_capture");
    assertThat(intent.getString("capture_method")).isEqualTo("manual");
    assertThat(intent.getInteger("amount_capturable")).isEqualTo(1099);
    assertThat(intent.getInteger("amount_received")).isZero();
    JsonObject charge = intent.getJsonObject("latest_charge");
    assertThat(charge.getString("id")).startsWith("ch_");
    assertThat(charge.getBoolean("captured")).isFalse();
    assertThat(charge.getJsonObject("payment_method_details").getJsonObject("card").getLong("capture_before"))
        .isEqualTo(intent.getLong("created") + 7 * 24 * 3600);
    JsonObject line = bookLine("ref-1");
    assertThat(line.getString("status")).isEqualTo("authorized");
    assertThat(line.getInteger("amount_authorized")).isEqualTo(1099);
    assertThat(line.getInteger("amount_captured")).isZero();
    assertThat(provider.summary().getInteger("succeeded")).isZero();
    String path = "/v1/payment_intents/" + intent.getString("id");
    assertThat(json(provider.get(path + "?expand%5B%5D=latest_charge")).getJsonObject("latest_charge"))
        .isEqualTo(charge);
    assertThat(json(provider.get(path)).getString("latest_charge")).isEqualTo(charge.getString("id"));
  }

  @Test
  void authorization_ofABadCardIsDeclined() throws Exception {
    HttpResponse<String> response = authorize("ref-1", "pm_card_chargeDeclined");
    assertThat(response.statusCode()).isEqualTo(402);
    assertThat(error(response).getJsonObject("payment_intent").getString("capture_method"))
        .isEqualTo("manual");
    assertThat(bookLine("ref-1").getInteger("amount_authorized")).isZero();
  }

  @Test
  void capture_whole() throws Exception {
    String id = authorized("ref-1");
    HttpResponse<String> captured = capture("cap-1", id, "");
    JsonObject intent = json(captured);
    assertThat(captured.statusCode()).isEqualTo(200);
    assertThat(intent.getString("status")).isEqualTo("succeeded");
    assertThat(intent.getInteger("amount_received")).isEqualTo(1099);
    assertThat(intent.getInteger("amount_capturable")).isZero();
    assertThat(json(provider.get("/v1/payment_intents/" + id))).isEqualTo(intent);
    assertThat(bookLine("ref-1").getJsonArray("movements").getJsonObject(0))
        .isEqualTo(new JsonObject().put("kind", "capture").put("reference", "cap-1").put("provider_id", id)
            .put("amount", 1099).put("status", "succeeded"));
  }

  @Test
  void capture_partReleasesTheRest() throws Exception {
    String id = authorized("ref-1");
    JsonObject intent = json(capture("cap-1", id, "amount_to_capture=400"));
    assertThat(intent.getInteger("amount")).isEqualTo(1099);
    assertThat(intent.getInteger("amount_received")).isEqualTo(400);
    assertThat(intent.getInteger("amount_capturable")).isZero();
    JsonObject line = bookLine("ref-1");
    assertThat(line.getInteger("amount_authorized")).isEqualTo(1099);
    assertThat(line.getInteger("amount_captured")).isEqualTo(400);
    assertThat(line.getString("status")).isEqualTo("succeeded");
    assertThat(provider.summary().getJsonObject("by_currency").getJsonObject("usd").getInteger("captured"))
        .isEqualTo(400);
  }

  @Test
  void capture_metadataIsMerged() throws Exception {
    String id = json(provider.post("ref-1", form(5, "pm_card_visa", "ref-1")
        + "&capture_method=manual&metadata[order]=7&metadata[shop]=a")).getString("id");
    capture("cap-1", id, "metadata[capture]=c%221&metadata[order]=&metadata[shop]=b");
    assertThat(json(provider.get("/v1/payment_intents/" + id)).getJsonObject("metadata"))
        .isEqualTo(new JsonObject().put("millrace_reference", "ref-1").put("shop", "b")
            .put("capture", "c\"1"));
    assertThat(json(provider.search("ref-1")).getJsonArray("data").getJsonObject(0)
        .getJsonObject("metadata").getString("capture")).isEqualTo("c\"1");
  }

  @Test
  void capture_beyondAuthorized() throws Exception {
    HttpResponse<String> refused = capture("cap-1", authorized("ref-1"), "amount_to_capture=1100");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("code")).isEqualTo("amount_too_large");
    assertThat(error(refused).getString("type")).isEqualTo("invalid_request_error");
    assertThat(bookLine("ref-1").getString("status")).isEqualTo("authorized");
    assertThat(bookLine("ref-1").getJsonArray("movements").getJsonObject(0).getString("status"))
        .isEqualTo("refused");
  }

  @Test
  void capture_twice() throws Exception {
    String id = authorized("ref-1");
    capture("cap-1", id, "amount_to_capture=400");
    HttpResponse<String> refused = capture("cap-2", id, "amount_to_capture=600");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("code")).isEqualTo("payment_intent_unexpected_state");
    assertThat(error(refused).getString("message")).contains("has a status of succeeded");
    assertThat(error(refused).getJsonObject("payment_intent").getString("id")).isEqualTo(id);
    assertThat(bookLine("ref-1").getInteger("amount_captured")).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({"requested_by_customer,requested_by_customer", "'',"})
  void cancel_anAuthorization(String asked, String reason) throws Exception {
    String id = authorized("ref-1");
    JsonObject intent = json(cancel("can-1", id, asked.isEmpty() ? "" : "cancellation_reason=" + asked));
    assertThat(intent.getString("status")).isEqualTo("canceled");
    assertThat(intent.getString("cancellation_reason")).isEqualTo(reason);
    assertThat(intent.getLong("canceled_at")).isPositive();
    assertThat(intent.getInteger("amount_capturable")).isZero();
    assertThat(bookLine("ref-1").getString("status")).isEqualTo("canceled");
    assertThat(bookLine("ref-1").getJsonArray("movements").getJsonObject(0).getInteger("amount"))
        .isEqualTo(1099);
    assertThat(error(capture("cap-1", id, "")).getString("code"))
        .isEqualTo("payment_intent_unexpected_state");
  }

  @Test
  void cancel_whatIsCharged() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    HttpResponse<String> refused = cancel("can-1", id, "");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("code")).isEqualTo("payment_intent_unexpected_state");
    assertThat(bookLine("ref-1").getString("status")).isEqualTo("succeeded");
  }

  @Test
  void cancel_whatIsDeclined() throws Exception {
    String id = error(provider.charge("ref-1", "pm_card_chargeDeclined")).getJsonObject("payment_intent")
        .getString("id");
    JsonObject intent = json(cancel("can-1", id, ""));
    assertThat(intent.getString("status")).isEqualTo("canceled");
    assertThat(intent.getJsonObject("last_payment_error").getString("code")).isEqualTo("card_declined");
  }

  @Test
  void refund_inParts() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    HttpResponse<String> first = refund("r-1", id,
        "&amount=99&reason=requested_by_customer&metadata[millrace_reference]=refund-1&metadata[a]=b");
    JsonObject refund = json(first);
    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(refund.getString("id")).startsWith("re_");
    assertThat(refund.getString("object")).isEqualTo("refund");
    assertThat(refund.getInteger("amount")).isEqualTo(99);
    assertThat(refund.getString("status")).isEqualTo("succeeded");
    assertThat(refund.getString("payment_intent")).isEqualTo(id);
    assertThat(refund.getString("charge")).startsWith("ch_");
    assertThat(refund.getString("reason")).isEqualTo("requested_by_customer");
    assertThat(refund.getJsonObject("metadata"))
        .isEqualTo(new JsonObject().put("millrace_reference", "refund-1").put("a", "b"));
    assertThat(bookLine("ref-1").getString("status")).isEqualTo("partially_refunded");
    JsonObject rest = json(refund("r-2", id, ""));
    assertThat(rest.getInteger("amount")).isEqualTo(1000);
    assertThat(json(provider.get("/v1/refunds/" + rest.getString("id")))).isEqualTo(rest);
    JsonObject list = json(provider.get("/v1/refunds?payment_intent=" + id + "&limit=100"));
    assertThat(list.getJsonArray("data")).isEqualTo(new JsonArray().add(rest).add(refund));
    assertThat(list.getBoolean("has_more")).isFalse();
    assertThat(json(provider.get("/v1/refunds?limit=1&payment_intent=" + id)).getBoolean("has_more"))
        .isTrue();
    JsonObject line = bookLine("ref-1");
    assertThat(line.getString("status")).isEqualTo("refunded");
    assertThat(line.getInteger("amount_refunded")).isEqualTo(1099);
    assertThat(line.getJsonArray("movements").getJsonObject(0).getString("reference")).isEqualTo("refund-1");
    assertThat(provider.summary().getJsonObject("by_currency").getJsonObject("usd").getInteger("refunded"))
        .isEqualTo(1099);
  }

  @Test
  void refund_beyondWhatIsLeft() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    refund("r-1", id, "&amount=599");
    HttpResponse<String> tooMuch = refund("r-2", id, "&amount=501");
    assertThat(tooMuch.statusCode()).isEqualTo(400);
    assertThat(error(tooMuch).getString("type")).isEqualTo("invalid_request_error");
    assertThat(error(tooMuch).getString("param")).isEqualTo("amount");
    assertThat(error(tooMuch).getString("message"))
        .isEqualTo("Refund amount ($5.01) is greater than unrefunded amount on charge ($5.00)");
    refund("r-3", id, "&amount=500");
    HttpResponse<String> again = refund("r-4", id, "");
    assertThat(again.statusCode()).isEqualTo(400);
    assertThat(error(again).getString("code")).isEqualTo("charge_already_refunded");
    // The refusal was saved under its key, and stands.
    assertThat(refund("r-2", id, "&amount=501").body()).isEqualTo(tooMuch.body());
    assertThat(bookLine("ref-1").getInteger("amount_refunded")).isEqualTo(1099);
  }

  @Test
  void refund_manyAtOnce() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    var sent = IntStream.range(0, 40).mapToObj(i -> provider.sendLater(provider.request("/v1/refunds")
        .header("Idempotency-Key", "r-" + i)
        .POST(BodyPublishers.ofString("payment_intent=" + id + "&amount=100")).build())).toList();
    CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
    assertThat(sent.stream().filter(one -> one.join().statusCode() == 200)).hasSize(10);
    assertThat(sent.stream().filter(one -> one.join().statusCode() == 400)).hasSize(30);
    assertThat(bookLine("ref-1").getInteger("amount_refunded")).isEqualTo(1000);
  }

  @Test
  void refund_ofWhatIsNotCharged() throws Exception {
    HttpResponse<String> refused = refund("r-1", authorized("ref-1"), "");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("message")).contains("does not have a successful charge to refund");
  }

  @Test
  void refund_pendingArrives() throws Exception {
    provider.put("/settings", "{\"refund_ms\":300}");
    String id = json(provider.charge("ref-1", "pm_card_pendingRefund")).getString("id");
    HttpResponse<String> pending = refund("r-1", id, "&amount=99");
    assertThat(json(pending).getString("status")).isEqualTo("pending");
    String path = "/v1/refunds/" + json(pending).getString("id");
    assertThat(bookLine("ref-1").getInteger("amount_refunded")).isEqualTo(99);
    provider.await(path, refund -> refund.getString("status").equals("succeeded"));
    assertThat(refund("r-1", id, "&amount=99").body()).isEqualTo(pending.body());
  }

  @Test
  void refund_failsLater() throws Exception {
    provider.put("/settings", "{\"refund_ms\":100}");
    String id = json(provider.charge("ref-1", "pm_card_refundFail")).getString("id");
    String path = "/v1/refunds/" + json(refund("r-1", id, "")).getString("id");
    provider.await(path, refund -> refund.getString("status").equals("failed"));
    assertThat(json(provider.get(path)).getString("failure_reason")).isEqualTo("expired_or_canceled_card");
    assertThat(bookLine("ref-1").getInteger("amount_refunded")).isZero();
    assertThat(bookLine("ref-1").getString("status")).isEqualTo("succeeded");
    assertThat(json(refund("r-2", id, "")).getInteger("amount")).isEqualTo(1099);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/payment_intents/pi_nope/capture", "/v1/payment_intents/pi_nope/cancel",
      "/v1/refunds", "/v1/disputes/du_nope"})
  void unknownPayment(String path) throws Exception {
    HttpResponse<String> refused = provider.post("k", path,
        path.equals("/v1/refunds") ? "payment_intent=pi_nope" : "");
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(error(refused).getString("code")).isEqualTo("resource_missing");
  }

  @Test
  void unknownRefundOrDispute() throws Exception {
    assertThat(provider.get("/v1/refunds/re_nope").statusCode()).isEqualTo(404);
    assertThat(provider.get("/v1/disputes/du_nope").statusCode()).isEqualTo(404);
    assertThat(provider.get("/v1/refunds?payment_intent=pi_nope").statusCode()).isEqualTo(404);
    assertThat(provider.get("/v1/refunds").statusCode()).isEqualTo(400);
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    assertThat(provider.get("/v1/refunds?limit=0&payment_intent=" + id).statusCode()).isEqualTo(400);
    assertThat(provider.get("/v1/refunds?limit=101&payment_intent=" + id).statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({"capture,amount_to_capture=0,amount_to_capture", "capture,amount=5,amount",
      "cancel,cancellation_reason=bored,cancellation_reason", "cancel,why=1,why"})
  void invalidParameter_isNotSaved(String act, String form, String param) throws Exception {
    String path = "/v1/payment_intents/" + authorized("ref-1") + "/" + act;
    HttpResponse<String> refused = provider.post("k", path, form);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("param")).isEqualTo(param);
    assertThat(provider.post("k", path, "").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"&amount=x,amount", "&reason=because,reason", "&charge=ch_1,charge"})
  void refund_invalidParameter(String form, String param) throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    assertThat(error(refund("k", id, form)).getString("param")).isEqualTo(param);
    assertThat(error(provider.post("k", "/v1/refunds", "amount=5")).getString("param"))
        .isEqualTo("payment_intent");
  }

  @Test
  void replay_alsoAfterARestart() throws Exception {
    HttpResponse<String> authorized = authorize("ref-1", "pm_card_visa");
    String id = json(authorized).getString("id");
    HttpResponse<String> captured = capture("cap-1", id, "amount_to_capture=1000");
    HttpResponse<String> refunded = refund("r-1", id, "&amount=400");
    HttpResponse<String> refused = capture("cap-2", id, "");
    HttpResponse<String> voided = cancel("can-1", authorized("ref-2"), "");
    String book = provider.get("/book").body();
    for (int starts = 0; starts < 2; starts++) {
      assertThat(authorize("ref-1", "pm_card_visa").body()).isEqualTo(authorized.body());
      assertThat(capture("cap-1", id, "amount_to_capture=1000").body()).isEqualTo(captured.body());
      HttpResponse<String> replayed = refund("r-1", id, "&amount=400");
      assertThat(replayed.body()).isEqualTo(refunded.body());
      assertThat(replayed.headers().firstValue("idempotent-replayed")).hasValue("true");
      assertThat(capture("cap-2", id, "").body()).isEqualTo(refused.body());
      assertThat(cancel("can-1", json(voided).getString("id"), "").body()).isEqualTo(voided.body());
      assertThat(provider.get("/book").body()).isEqualTo(book);
      restart();
    }
  }

  @Test
  void keyOfAnotherCall_isRefused() throws Exception {
    String id = authorized("ref-1");
    capture("cap-1", id, "amount_to_capture=5");
    List<HttpResponse<String>> others = List.of(capture("cap-1", id, "amount_to_capture=6"),
        capture("ref-1", id, ""), cancel("cap-1", id, "amount_to_capture=5"),
        capture("cap-1", authorized("ref-2"), "amount_to_capture=5"),
        provider.charge("cap-1", "pm_card_visa"));
    assertThat(others).allSatisfy(other -> {
      assertThat(other.statusCode()).isEqualTo(400);
      assertThat(error(other).getString("type")).isEqualTo("idempotency_error");
    });
  }

  @Test
  void opsHang_isCarriedOutAndReplayed() throws Exception {
    String id = json(authorize("ref-1", "pm_sim_ops_hang")).getString("id");
    assertThatThrownBy(() -> impatiently("cap-1", "/v1/payment_intents/" + id + "/capture", ""))
        .isInstanceOf(HttpTimeoutException.class);
    assertThat(json(provider.get("/v1/payment_intents/" + id)).getString("status")).isEqualTo("succeeded");
    assertThat(json(capture("cap-1", id, "")).getString("status")).isEqualTo("succeeded");
    assertThat(bookLine("ref-1").getJsonArray("movements")).hasSize(1);
  }

  @Test
  void ops500_isCarriedOutTheSecondTime() throws Exception {
    String id = json(authorize("ref-1", "pm_sim_ops_500")).getString("id");
    assertThat(capture("cap-1", id, "").statusCode()).isEqualTo(500);
    assertThat(bookLine("ref-1").getJsonArray("movements")).isEmpty();
    assertThat(capture("cap-1", id, "").statusCode()).isEqualTo(200);
    assertThat(refund("r-1", id, "").statusCode()).isEqualTo(500);
    assertThat(refund("r-1", id, "").statusCode()).isEqualTo(200);
    assertThat(bookLine("ref-1").getJsonArray("movements")).hasSize(2);
  }

  @Test
  void opsRefused_isRefusedForGood() throws Exception {
    String id = json(authorize("ref-1", "pm_sim_ops_refused")).getString("id");
    assertThat(error(capture("cap-1", id, "")).getString("code"))
        .isEqualTo("capture_charge_authorization_expired");
    assertThat(cancel("can-1", id, "").statusCode()).isEqualTo(400);
    assertThat(error(refund("r-1", id, "")).getString("code")).isEqualTo("charge_not_refundable");
    assertThat(bookLine("ref-1").getString("status")).isEqualTo("authorized");
  }

  @Test
  void opsMalformed_isCarriedOut() throws Exception {
    String id = json(authorize("ref-1", "pm_sim_ops_malformed")).getString("id");
    HttpResponse<String> captured = capture("cap-1", id, "");
    assertThat(captured.statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> json(captured)).isInstanceOf(DecodeException.class);
    assertThat(bookLine("ref-1").getInteger("amount_captured")).isEqualTo(1099);
  }

  @Test
  void failureRate_holdsForActs() throws Exception {
    String id = authorized("ref-1");
    provider.put("/settings", "{\"failure_rate\":1}");
    assertThat(capture("cap-1", id, "").statusCode()).isEqualTo(500);
    provider.put("/settings", "{\"failure_rate\":0}");
    assertThat(capture("cap-1", id, "").statusCode()).isEqualTo(500);
    assertThat(capture("cap-2", id, "").statusCode()).isEqualTo(200);
  }

  @Test
  void hangRate_holdsForActs() throws Exception {
    String id = authorized("ref-1");
    provider.put("/settings", "{\"hang_rate\":1}");
    assertThatThrownBy(() -> impatiently("cap-1", "/v1/payment_intents/" + id + "/capture", ""))
        .isInstanceOf(HttpTimeoutException.class);
    assertThat(bookLine("ref-1").getString("status")).isEqualTo("authorized");
  }

  @Test
  void summary_countsDuplicatesOfActs() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    refund("r-1", id, "&amount=5&metadata[millrace_reference]=refund-1");
    refund("r-1", id, "&amount=5&metadata[millrace_reference]=refund-1");
    assertThat(provider.summary().getInteger("duplicate_references")).isZero();
    refund("r-2", id, "&amount=5&metadata[millrace_reference]=refund-1");
    refund("r-3", id, "&amount=5&metadata[millrace_reference]=refund-1");
    assertThat(provider.summary().getInteger("duplicate_references")).isEqualTo(1);
  }

  private void impatiently(String key, String path, String form) throws Exception {
    provider.send(provider.request(path).timeout(Duration.ofMillis(300)).header("Idempotency-Key", key)
        .POST(BodyPublishers.ofString(form)).build());
  }
}
