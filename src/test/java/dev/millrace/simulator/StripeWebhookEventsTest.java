package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.error;
import static dev.millrace.simulator.RunningSimulator.form;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.model.Dispute;
import com.stripe.model.PaymentIntent;
import com.stripe.model.Refund;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.WebhookReceiver.Webhook;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes of a payment on Stripe's wire by itself or by others, and what webhooks tell of it all. */
class StripeWebhookEventsTest extends SimulatorTestBase {
  StripeWebhookEventsTest() {
    super(Map.of(Wire.STRIPE, WebhookReceiver.SECRET));
  }

  @Override
  void started() throws Exception {
    settings(WEBHOOKS_AT_ONCE);
  }

  /** The object of the n-th webhook, from 1, which has to be of this type. */
  private JsonObject told(int n, String type) {
    Webhook webhook = receiver.await(n).get(n - 1);
    assertThat(webhook.event().getString("type")).isEqualTo(type);
    return webhook.event().getJsonObject("data").getJsonObject("object");
  }

  private JsonObject bookLine() throws Exception {
    return new JsonObject(provider.get("/book").body().lines().findFirst().orElseThrow());
  }

  private HttpResponse<String> control(String path, String body) throws Exception {
    return provider.send(provider.request(path).POST(BodyPublishers.ofString(body)).build());
  }

  private HttpResponse<String> pay(URI page, String outcome) throws Exception {
    return provider.send(provider.request(page.getPath())
        .POST(BodyPublishers.ofString("outcome=" + outcome)).build());
  }

  private static URI pageOf(JsonObject intent) {
    return URI.create(intent.getJsonObject("next_action").getJsonObject("redirect_to_url").getString("url"));
  }

  private JsonObject waiting(String method, String more) throws Exception {
    return json(provider.post("ref-1", form(1099, method, "ref-1") + more));
  }

  @Test
  void acts_areTold() throws Exception {
    String id = json(provider.post("ref-1", form(1099, "pm_card_visa", "ref-1") + "&capture_method=manual"))
        .getString("id");
    JsonObject authorized = told(1, "payment_intent.amount_capturable_updated");
    assertThat(authorized.getString("status")).isEqualTo("requires_capture");
    assertThat(authorized.getInteger("amount_capturable")).isEqualTo(1099);
    provider.post("cap-1", "/v1/payment_intents/" + id + "/capture", "amount_to_capture=1000");
    JsonObject captured = told(2, "payment_intent.succeeded");
    assertThat(captured.getInteger("amount_received")).isEqualTo(1000);
    assertThat(receiver.received().get(1).event().getJsonObject("request").getString("idempotency_key"))
        .isEqualTo("cap-1");
    String refund = provider.post("r-1", "/v1/refunds",
        "payment_intent=" + id + "&amount=9&metadata[millrace_reference]=refund-1").body();
    assertThat(told(3, "refund.created")).isEqualTo(new JsonObject(refund));
    // What is refused is not told.
    provider.post("cap-2", "/v1/payment_intents/" + id + "/capture", "");
    assertThat(receiver.await(3)).extracting(Webhook::id).doesNotHaveDuplicates();
    assertThat(json(control("/webhooks/resend", "{\"reference\":\"ref-1\"}")).getInteger("resent"))
        .isEqualTo(3);
    List<Webhook> all = receiver.await(6);
    assertThat(all.subList(3, 6)).extracting(Webhook::body)
        .containsExactlyInAnyOrderElementsOf(all.subList(0, 3).stream().map(Webhook::body).toList());
  }

  @Test
  void cancel_isTold() throws Exception {
    String id = json(provider.post("ref-1", form(5, "pm_card_visa", "ref-1") + "&capture_method=manual"))
        .getString("id");
    told(1, "payment_intent.amount_capturable_updated");
    provider.post("can-1", "/v1/payment_intents/" + id + "/cancel", "cancellation_reason=abandoned");
    assertThat(told(2, "payment_intent.canceled").getString("cancellation_reason")).isEqualTo("abandoned");
  }

  @Test
  void expire_isTold() throws Exception {
    String id = json(provider.post("ref-1", form(5, "pm_card_visa", "ref-1") + "&capture_method=manual"))
        .getString("id");
    told(1, "payment_intent.amount_capturable_updated");
    HttpResponse<String> expired = control("/expire", "{\"reference\":\"ref-1\"}");
    assertThat(json(expired).getString("status")).isEqualTo("canceled");
    JsonObject canceled = told(2, "payment_intent.canceled");
    assertThat(canceled.getString("cancellation_reason")).isEqualTo("automatic");
    assertThat(canceled.getString("status")).isEqualTo("canceled");
    assertThat(error(provider.post("cap", "/v1/payment_intents/" + id + "/capture", "")).getString("code"))
        .isEqualTo("payment_intent_unexpected_state");
    assertThat(control("/expire", "{\"reference\":\"ref-1\"}").statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({"pm_card_pendingRefund,refund.updated,succeeded", "pm_card_refundFail,refund.failed,failed"})
  void refundThatTakesAWhile_isTold_alsoAfterARestart(String method, String type, String status)
      throws Exception {
    settings("{\"refund_ms\":600000}");
    String id = json(provider.charge("ref-1", method)).getString("id");
    told(1, "payment_intent.succeeded");
    provider.post("r-1", "/v1/refunds", "payment_intent=" + id);
    // As published: one that fails has succeeded at first.
    assertThat(told(2, "refund.created").getString("status"))
        .isEqualTo(status.equals("failed") ? "succeeded" : "pending");
    restart();
    JsonObject refund = told(3, type);
    assertThat(refund.getString("status")).isEqualTo(status);
    var event = com.stripe.net.Webhook.constructEvent(receiver.received().get(2).body(),
        receiver.received().get(2).headers().get("Stripe-Signature"), WebhookReceiver.SECRET);
    assertThat(((Refund) event.getDataObjectDeserializer().deserializeUnsafe()).getPaymentIntent())
        .isEqualTo(id);
    restart();
    assertThat(bookLine().getJsonArray("movements")).hasSize(2);
  }

  @Test
  void dispute_opensAndStaysOpen() throws Exception {
    settings("{\"dispute_ms\":1}");
    String id = json(provider.charge("ref-1", "pm_card_createDispute")).getString("id");
    provider.await("/v1/disputes?payment_intent=" + id, list -> list.getJsonArray("data").size() == 1);
    JsonObject withdrawn = ofType("charge.dispute.funds_withdrawn");
    JsonObject dispute = json(provider.get("/v1/disputes?payment_intent=" + id)).getJsonArray("data")
        .getJsonObject(0);
    assertThat(dispute.getString("id")).startsWith("du_");
    assertThat(withdrawn).isEqualTo(dispute);
    assertThat(dispute.getString("object")).isEqualTo("dispute");
    assertThat(dispute.getString("status")).isEqualTo("needs_response");
    assertThat(dispute.getInteger("amount")).isEqualTo(1099);
    assertThat(dispute.getString("payment_intent")).isEqualTo(id);
    assertThat(dispute.getString("charge")).startsWith("ch_");
    assertThat(dispute.getString("reason")).isEqualTo("fraudulent");
    assertThat(dispute.getJsonObject("evidence_details").getLong("due_by"))
        .isGreaterThan(dispute.getLong("created"));
    assertThat(bookLine().getString("status")).isEqualTo("disputed");
    assertThat(bookLine().getInteger("amount_disputed")).isEqualTo(1099);
    HttpResponse<String> refused = provider.post("r-1", "/v1/refunds", "payment_intent=" + id);
    assertThat(error(refused).getString("code")).isEqualTo("charge_disputed");
    Webhook created = webhook("charge.dispute.created");
    var told = com.stripe.net.Webhook.constructEvent(created.body(),
        created.headers().get("Stripe-Signature"), WebhookReceiver.SECRET);
    assertThat(((Dispute) told.getDataObjectDeserializer().deserializeUnsafe()).getId())
        .isEqualTo(dispute.getString("id"));
  }

  @ParameterizedTest
  @CsvSource({"winning_evidence,won,succeeded,0", "losing_evidence,lost,charged_back,1099"})
  void dispute_isClosedByEvidence(String evidence, String status, String word, int disputed)
      throws Exception {
    settings("{\"dispute_ms\":1}");
    provider.charge("ref-1", "pm_card_createDispute");
    String path = "/v1/disputes/" + ofType("charge.dispute.created").getString("id");
    String form = "evidence[uncategorized_text]=" + evidence;
    HttpResponse<String> closed = provider.post("ev-1", path, form);
    assertThat(closed.statusCode()).isEqualTo(200);
    assertThat(json(closed).getString("status")).isEqualTo(status);
    assertThat(json(closed).getJsonObject("evidence").getString("uncategorized_text")).isEqualTo(evidence);
    assertThat(ofType("charge.dispute.closed")).isEqualTo(json(closed));
    if (status.equals("won")) {
      assertThat(ofType("charge.dispute.funds_reinstated")).isEqualTo(json(closed));
    }
    assertThat(json(provider.get(path))).isEqualTo(json(closed));
    assertThat(bookLine().getString("status")).isEqualTo(word);
    assertThat(bookLine().getInteger("amount_disputed")).isEqualTo(disputed);
    assertThat(provider.summary().getJsonObject("by_currency").getJsonObject("usd").getInteger("disputed"))
        .isEqualTo(disputed);
    assertThat(provider.post("ev-1", path, form).body()).isEqualTo(closed.body());
    assertThat(provider.post("ev-2", path, form).statusCode()).isEqualTo(400);
    assertThat(provider.post("ev-3", path, "evidence[uncategorized_text]=maybe").statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({"pm_sim_dispute_won,won", "pm_sim_dispute_lost,lost"})
  void dispute_closesByItself_alsoAfterARestart(String method, String status) throws Exception {
    settings("{\"dispute_ms\":600000}");
    provider.charge("ref-1", method);
    told(1, "payment_intent.succeeded");
    restart();
    ofType("charge.dispute.funds_withdrawn");
    ofType("charge.dispute.created");
    restart();
    assertThat(ofType("charge.dispute.closed").getString("status")).isEqualTo(status);
    restart();
    assertThat(bookLine().getJsonArray("movements")).hasSize(2);
  }

  @Test
  void dispute_byHand() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    provider.post("r-1", "/v1/refunds", "payment_intent=" + id + "&amount=1000");
    receiver.await(2);
    HttpResponse<String> opened = control("/disputes", "{\"reference\":\"ref-1\",\"amount\":90}");
    assertThat(opened.statusCode()).isEqualTo(200);
    assertThat(json(opened)).isEqualTo(bookLine());
    assertThat(ofType("charge.dispute.created").getInteger("amount")).isEqualTo(90);
    control("/disputes/close", "{\"reference\":\"ref-1\",\"outcome\":\"won\"}");
    assertThat(ofType("charge.dispute.closed").getString("status")).isEqualTo("won");
    assertThat(json(control("/disputes", "{\"reference\":\"ref-1\"}")).getInteger("amount_disputed"))
        .isEqualTo(99);
    // Of what was refunded in full there are no disputes.
    control("/disputes/close", "{\"reference\":\"ref-1\",\"outcome\":\"won\"}");
    provider.post("r-2", "/v1/refunds", "payment_intent=" + id);
    assertThat(control("/disputes", "{\"reference\":\"ref-1\"}").statusCode()).isEqualTo(400);
  }

  /** Whatever their amounts, also together more than was charged; each is decided by itself, and anew. */
  @Test
  void disputes_severalOfOneCharge() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    control("/disputes", "{\"reference\":\"ref-1\",\"amount\":900}");
    control("/disputes", "{\"reference\":\"ref-1\",\"amount\":1500}");
    assertThat(bookLine().getInteger("amount_disputed")).isEqualTo(2_400);
    var list = json(provider.get("/v1/disputes?payment_intent=" + id)).getJsonArray("data");
    String small = list.getJsonObject(1).getString("id");
    assertThat(list.getJsonObject(0).getInteger("amount")).isEqualTo(1_500);
    var close = new JsonObject().put("reference", "ref-1").put("dispute", small);
    control("/disputes/close", close.put("outcome", "lost").encode());
    assertThat(bookLine().getString("status")).isEqualTo("disputed");
    assertThat(bookLine().getInteger("amount_disputed")).isEqualTo(2_400);
    control("/disputes/close", close.put("outcome", "won").encode());
    assertThat(json(provider.get("/v1/disputes/" + small)).getString("status")).isEqualTo("won");
    assertThat(bookLine().getInteger("amount_disputed")).isEqualTo(1_500);
    // What is won stays so at Stripe.
    assertThat(control("/disputes/close", close.put("outcome", "lost").encode()).statusCode()).isEqualTo(400);
    restart();
    assertThat(bookLine().getInteger("amount_disputed")).isEqualTo(1_500);
    assertThat(provider.summary().getJsonObject("by_currency").getJsonObject("usd").getInteger("disputed"))
        .isEqualTo(1_500);
  }

  @ParameterizedTest
  @CsvSource({"pm_sim_processing,payment_intent.succeeded,succeeded",
      "pm_sim_processing_fails,payment_intent.payment_failed,requires_payment_method"})
  void charge_isProcessed_andDecidedLater(String method, String type, String status) throws Exception {
    settings("{\"processing_ms\":300}");
    JsonObject intent = json(provider.charge("ref-1", method));
    assertThat(intent.getString("status")).isEqualTo("processing");
    assertThat(intent.getInteger("amount_received")).isZero();
    assertThat(told(1, "payment_intent.processing")).isEqualTo(intent);
    assertThat(told(2, type).getString("status")).isEqualTo(status);
    assertThat(provider.charge("ref-1", method).body()).isEqualTo(intent.encode());
  }

  @Test
  void charge_thatWasDeclined_isChargedByALaterTry() throws Exception {
    settings("{\"try_ms\":300}");
    assertThat(provider.charge("ref-1", "pm_sim_late_charge").statusCode()).isEqualTo(402);
    told(1, "payment_intent.payment_failed");
    JsonObject charged = told(2, "payment_intent.succeeded");
    assertThat(charged.getInteger("amount_received")).isEqualTo(1099);
    assertThat(charged.getValue("last_payment_error")).isNull();
    assertThat(bookLine().getString("status")).isEqualTo("succeeded");
  }

  /** The object of the one event of this type, wherever it stands. */
  private JsonObject ofType(String type) {
    return webhook(type).event().getJsonObject("data").getJsonObject("object");
  }

  private Webhook webhook(String type) {
    RunningSimulator.await(() -> receiver.received().stream().anyMatch(w -> w.event().getString("type")
        .equals(type)));
    return receiver.received().stream().filter(w -> w.event().getString("type").equals(type)).findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"/disputes|{\"reference\":\"ref-9\"}|404",
      "/disputes|{\"reference\":\"ref-1\",\"amount\":0}|400",
      "/disputes|{\"reference\":\"ref-1\",\"x\":0}|400",
      "/disputes|[]|400", "/disputes|{|400", "/disputes|{}|400",
      "/disputes/close|{\"reference\":\"ref-1\",\"outcome\":\"won\"}|400",
      "/disputes/close|{\"reference\":\"ref-1\",\"outcome\":\"drawn\"}|400",
      "/returns|{\"reference\":\"ref-1\",\"code\":\"R01\"}|400",
      "/returns|{\"reference\":\"ref-1\",\"code\":\"X\"}|400", "/expire|{\"reference\":\"ref-1\"}|400",
      "/nothing|{}|404"})
  void byHand_refused(String path, String body, int status) throws Exception {
    provider.charge("ref-1", "pm_card_visa");
    assertThat(control(path, body).statusCode()).isEqualTo(status);
    assertThat(bookLine().getJsonArray("movements")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pm_card_authenticationRequired", "pm_card_threeDSecure2Required"})
  void action_isRequired(String method) throws Exception {
    JsonObject intent = waiting(method, "&return_url=https%3A%2F%2Fshop.example%2Fdone%3Fa%3Db");
    assertThat(intent.getString("status")).isEqualTo("requires_action");
    assertThat(intent.getValue("latest_charge")).isNull();
    assertThat(intent.getJsonObject("next_action").getString("type")).isEqualTo("redirect_to_url");
    assertThat(intent.getJsonObject("next_action").getJsonObject("redirect_to_url").getString("return_url"))
        .isEqualTo("https://shop.example/done?a=b");
    assertThat(pageOf(intent).toString())
        .isEqualTo("http://127.0.0.1:" + provider.port() + "/3ds/" + intent.getString("id"));
    assertThat(told(1, "payment_intent.requires_action")).isEqualTo(intent);
    assertThat(bookLine().getString("status")).isEqualTo("requires_action");
    assertThat(bookLine().getInteger("amount_authorized")).isZero();
    HttpResponse<String> page = provider.get(pageOf(intent).getPath());
    assertThat(page.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
    assertThat(page.body()).contains("<form method=\"post\">").contains("value=\"succeed\"")
        .contains("value=\"fail\"");
  }

  @ParameterizedTest
  @CsvSource({"'',succeeded,payment_intent.succeeded",
      "&capture_method=manual,requires_capture,payment_intent.amount_capturable_updated"})
  void action_passed(String more, String status, String type) throws Exception {
    JsonObject intent = waiting("pm_card_authenticationRequired",
        more + "&return_url=https%3A%2F%2Fshop.example%2Fdone%3Fa%3Db");
    HttpResponse<String> first = waitingAgain(more);
    HttpResponse<String> passed = pay(pageOf(intent), "succeed");
    assertThat(passed.statusCode()).isEqualTo(303);
    assertThat(passed.headers().firstValue("location")).hasValue("https://shop.example/done?a=b"
        + "&payment_intent=" + intent.getString("id") + "&payment_intent_client_secret="
        + intent.getString("client_secret") + "&redirect_status=succeeded");
    JsonObject told = told(2, type);
    assertThat(told.getString("status")).isEqualTo(status);
    assertThat(told.getString("latest_charge")).startsWith("ch_");
    assertThat(told.getValue("next_action")).isNull();
    assertThat(json(provider.get("/v1/payment_intents/" + intent.getString("id")))).isEqualTo(told);
    // Whatever is pressed now, it is the same place and nothing moves.
    assertThat(pay(pageOf(intent), "fail").headers().firstValue("location"))
        .isEqualTo(passed.headers().firstValue("location"));
    assertThat(provider.get(pageOf(intent).getPath()).body()).contains("done");
    assertThat(bookLine().getJsonArray("movements")).hasSize(1);
    assertThat(waitingAgain(more).body()).isEqualTo(first.body());
    assertThat(provider.summary().getInteger("succeeded")).isEqualTo(status.equals("succeeded") ? 1 : 0);
  }

  private HttpResponse<String> waitingAgain(String more) throws Exception {
    return provider.post("ref-1", form(1099, "pm_card_authenticationRequired", "ref-1") + more
        + "&return_url=https%3A%2F%2Fshop.example%2Fdone%3Fa%3Db");
  }

  @Test
  void action_failed() throws Exception {
    JsonObject intent = waiting("pm_card_authenticationRequired", "&return_url=app%3A%2F%2Fdone");
    assertThat(pay(pageOf(intent), "maybe").statusCode()).isEqualTo(400);
    HttpResponse<String> failed = pay(pageOf(intent), "fail");
    assertThat(failed.headers().firstValue("location").orElseThrow()).startsWith("app://done?payment_intent=")
        .endsWith("&redirect_status=failed");
    JsonObject told = told(2, "payment_intent.payment_failed");
    assertThat(told.getString("status")).isEqualTo("requires_payment_method");
    assertThat(told.getJsonObject("last_payment_error").getString("code"))
        .isEqualTo("payment_intent_authentication_failure");
    assertThat(told.getValue("latest_charge")).isNull();
    assertThat(bookLine().getString("status")).isEqualTo("declined");
    assertThat(provider.summary().getInteger("declined")).isEqualTo(1);
  }

  @Test
  void action_canceled() throws Exception {
    JsonObject intent = waiting("pm_card_authenticationRequired", "&return_url=app%3A%2F%2Fdone");
    receiver.await(1);
    provider.post("can-1", "/v1/payment_intents/" + intent.getString("id") + "/cancel", "");
    told(2, "payment_intent.canceled");
    assertThat(pay(pageOf(intent), "succeed").headers().firstValue("location").orElseThrow())
        .endsWith("redirect_status=failed");
    assertThat(bookLine().getString("status")).isEqualTo("canceled");
    assertThat(bookLine().getJsonArray("movements")).hasSize(1);
  }

  @Test
  void action_withoutReturnUrl() throws Exception {
    JsonObject intent = waiting("pm_card_authenticationRequired", "");
    HttpResponse<String> passed = pay(pageOf(intent), "succeed");
    assertThat(passed.statusCode()).isEqualTo(200);
    assertThat(passed.body()).contains("done");
    assertThat(provider.get("/3ds/pi_nope").statusCode()).isEqualTo(404);
    restart();
    assertThat(bookLine().getString("status")).isEqualTo("succeeded");
  }

  @Test
  void returnUrl_thatIsNone() throws Exception {
    HttpResponse<String> refused = provider.post("ref-1",
        form(5, "pm_card_visa", "ref-1") + "&return_url=shop");
    assertThat(error(refused).getString("code")).isEqualTo("url_invalid");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pm_ach_success", "pm_ach_return", "pm_ach_return_R02", "pm_ach_return_R10"})
  void bankAccount_isChargedWhereItIsNamed(String method) throws Exception {
    settings("{\"return_ms\":1}");
    HttpResponse<String> refused = provider.charge("ref-1", method);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("param")).isEqualTo("payment_method");
    JsonObject intent = json(provider.post("ref-1", form(5, method, "ref-1")
        .replace("payment_method_types[]=card",
            "payment_method_types[]=card&payment_method_types[]=us_bank_account")));
    assertThat(intent.getString("status")).isEqualTo("succeeded");
    assertThat(intent.getJsonArray("payment_method_types").getString(0)).isEqualTo("us_bank_account");
    assertThat(bookLine().getJsonArray("movements")).isEmpty();
  }

  @Test
  void bankAccount_declined() throws Exception {
    HttpResponse<String> declined = provider.post("ref-1", form(5, "pm_ach_decline", "ref-1")
        .replace("payment_method_types[]=card", "payment_method_types[0]=us_bank_account"));
    assertThat(declined.statusCode()).isEqualTo(402);
    told(1, "payment_intent.payment_failed");
  }

  @ParameterizedTest
  @CsvSource({"pm_sim_unavailable,402", "pm_sim_unavailable_stripe,402", "pm_sim_unavailable_adyen,200",
      "pm_sim_unavailable_bank,200"})
  void unavailable(String method, int status) throws Exception {
    HttpResponse<String> response = provider.charge("ref-1", method);
    assertThat(response.statusCode()).isEqualTo(status);
    if (status == 402) {
      assertThat(error(response).getString("type")).isEqualTo("card_error");
      assertThat(error(response).getString("code")).isEqualTo("processing_error");
    }
  }

  @Test
  void authorization_isReadByStripesLibrary() throws Exception {
    waiting("pm_card_visa", "&capture_method=manual");
    Webhook webhook = receiver.await(1).getFirst();
    var event = com.stripe.net.Webhook.constructEvent(webhook.body(),
        webhook.headers().get("Stripe-Signature"), WebhookReceiver.SECRET);
    var intent = (PaymentIntent) event.getDataObjectDeserializer().deserializeUnsafe();
    assertThat(intent.getAmountCapturable()).isEqualTo(1099);
    assertThat(intent.getCaptureMethod()).isEqualTo("manual");
  }
}
