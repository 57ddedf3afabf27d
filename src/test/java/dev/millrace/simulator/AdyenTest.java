package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.simulator.WebhookReceiver.Webhook;
import dev.millrace.simulator.book.Wire;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adyen's wire: its calls, and what its notifications tell. */
class AdyenTest extends SimulatorTestBase {
  private static final String HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
  private static final String ACCOUNT = "MillraceTest";

  AdyenTest() {
    super(Map.of(Wire.ADYEN, HMAC_KEY));
  }

  @Override
  void started() throws Exception {
    settings(WEBHOOKS_AT_ONCE);
  }

  private static JsonObject amount(long value) {
    return new JsonObject().put("value", value).put("currency", "USD");
  }

  private static JsonObject payment(String method, String reference) {
    return new JsonObject().put("merchantAccount", ACCOUNT).put("amount", amount(1099))
        .put("reference", reference)
        .put("paymentMethod", new JsonObject().put("type", "scheme").put("storedPaymentMethodId", method))
        .put("returnUrl", "https://shop.example/done").put("shopperReference", "cus-1")
        .put("shopperInteraction", "ContAuth").put("recurringProcessingModel", "UnscheduledCardOnFile")
        .put("metadata", new JsonObject().put("millrace_payment", "pay_1"));
  }

  private static JsonObject manual(String method, String reference) {
    return payment(method, reference).put("additionalData", new JsonObject().put("manualCapture", "true"));
  }

  private HttpResponse<String> post(String key, String path, JsonObject body) throws Exception {
    return provider.postJson(key, "/adyen/v71" + path, body);
  }

  private String authorized(String reference) throws Exception {
    return json(post(reference, "/payments", manual("pm_card_visa", reference))).getString("pspReference");
  }

  private String charged(String method) throws Exception {
    return json(post("ref-1", "/payments", payment(method, "ref-1"))).getString("pspReference");
  }

  private HttpResponse<String> modify(String reference, String psp, String act, long value) throws Exception {
    var body = new JsonObject().put("merchantAccount", ACCOUNT).put("reference", reference);
    if (value > 0) {
      body.put("amount", amount(value));
    }
    return post(reference, "/payments/" + psp + "/" + act, body);
  }

  /** The item of the n-th notification, from 1, its signature checked. */
  private JsonObject told(int n, String eventCode, boolean success) throws Exception {
    return item(receiver.await(n).get(n - 1), eventCode, success);
  }

  private static JsonObject item(Webhook webhook, String eventCode, boolean success) throws Exception {
    assertThat(webhook.event().getString("live")).isEqualTo("false");
    JsonArray items = webhook.event().getJsonArray("notificationItems");
    assertThat(items).hasSize(1);
    JsonObject item = items.getJsonObject(0).getJsonObject("NotificationRequestItem");
    assertThat(item.getString("eventCode")).isEqualTo(eventCode);
    assertThat(item.getString("success")).isEqualTo(String.valueOf(success));
    assertThat(item.getString("merchantAccountCode")).isEqualTo(ACCOUNT);
    assertThat(item.getString("eventDate")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\+00:00");
    String signed = item.getString("pspReference") + ":" + item.getString("originalReference", "") + ":"
        + ACCOUNT + ":" + item.getString("merchantReference") + ":"
        + item.getJsonObject("amount").getLong("value") + ":"
        + item.getJsonObject("amount").getString("currency") + ":" + eventCode + ":" + success;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(HexFormat.of().parseHex(HMAC_KEY), "HmacSHA256"));
    assertThat(item.getJsonObject("additionalData").getString("hmacSignature")).isEqualTo(
        Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8))));
    return item;
  }

  @Test
  void payment_authorised() throws Exception {
    HttpResponse<String> response = post("key-1", "/payments", payment("pm_card_visa", "ref-1"));
    JsonObject result = json(response);
    assertThat(response.statusCode()).isEqualTo(200);
    String psp = result.getString("pspReference");
    assertThat(psp).matches("[0-9A-Z]{16}");
    assertThat(result).isEqualTo(new JsonObject().put("pspReference", psp).put("resultCode", "Authorised")
        .put("merchantReference", "ref-1").put("amount", amount(1099))
        .put("paymentMethod", new JsonObject().put("brand", "visa").put("type", "scheme")));
    JsonObject item = told(1, "AUTHORISATION", true);
    assertThat(item.getString("pspReference")).isEqualTo(psp);
    assertThat(item.getString("merchantReference")).isEqualTo("ref-1");
    assertThat(item.containsKey("originalReference")).isFalse();
    assertThat(item.getJsonArray("operations")).containsExactly("CANCEL", "CAPTURE", "REFUND");
    assertThat(item.getJsonObject("amount")).isEqualTo(amount(1099));
    assertThat(item.getString("paymentMethod")).isEqualTo("visa");
    assertThat(item.getJsonObject("additionalData").getString("metadata.millrace_payment"))
        .isEqualTo("pay_1");
    JsonObject line = provider.bookLine("ref-1");
    assertThat(line.getString("wire")).isEqualTo("adyen");
    assertThat(line.getString("status")).isEqualTo("succeeded");
    assertThat(line.getString("provider_id")).isEqualTo(psp);
    // Another wire's payment is not Stripe's.
    assertThat(json(provider.search("ref-1")).getJsonArray("data")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"pm_card_chargeDeclined,Refused,2",
      "pm_card_chargeDeclinedInsufficientFunds,Not enough balance,12",
      "pm_card_chargeDeclinedLostCard,Blocked Card,5", "pm_card_chargeDeclinedStolenCard,Blocked Card,5",
      "pm_card_chargeDeclinedExpiredCard,Expired Card,6",
      "pm_card_chargeDeclinedIncorrectCvc,CVC Declined,24",
      "pm_card_chargeDeclinedProcessingError,Acquirer Error,4", "pm_sim_unavailable,Acquirer Error,4",
      "pm_sim_unavailable_adyen,Acquirer Error,4"})
  void payment_refused(String method, String reason, String code) throws Exception {
    JsonObject result = json(post("ref-1", "/payments", payment(method, "ref-1")));
    assertThat(result.getString("resultCode")).isEqualTo("Refused");
    assertThat(result.getString("refusalReason")).isEqualTo(reason);
    assertThat(result.getString("refusalReasonCode")).isEqualTo(code);
    assertThat(told(1, "AUTHORISATION", false).getString("reason")).isEqualTo(reason);
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("declined");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pm_sim_unavailable_stripe", "pm_sim_unavailable_bank", "pm_test_review"})
  void payment_unavailableElsewhere(String method) throws Exception {
    assertThat(json(post("ref-1", "/payments", payment(method, "ref-1"))).getString("resultCode"))
        .isEqualTo("Authorised");
  }

  @ParameterizedTest
  @CsvSource({"merchantAccount,130", "reference,130", "amount,100", "paymentMethod,140"})
  void payment_withoutField(String field, String errorCode) throws Exception {
    JsonObject body = payment("pm_card_visa", "ref-1");
    body.remove(field);
    HttpResponse<String> refused = post("ref-1", "/payments", body);
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(json(refused).getString("errorCode")).isEqualTo(errorCode);
    assertThat(json(refused).getString("errorType")).isEqualTo("validation");
    assertThat(json(refused).getInteger("status")).isEqualTo(422);
    assertThat(post("ref-1", "/payments", payment("pm_card_visa", "ref-1")).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"pm_nope,803", "pm_ach_success,905_1", "pm_ach_return,905_1"})
  void payment_methodOfNoCard(String method, String errorCode) throws Exception {
    HttpResponse<String> refused = post("ref-1", "/payments", payment(method, "ref-1"));
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(json(refused).getString("errorCode")).isEqualTo(errorCode);
    assertThat(provider.summary().getInteger("entries")).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0,USD,137", "1000000000000,USD,137", "5,usd,138", "5,XYZ,138"})
  void payment_badAmount(long value, String currency, String errorCode) throws Exception {
    JsonObject body = payment("pm_card_visa", "ref-1")
        .put("amount", new JsonObject().put("value", value).put("currency", currency));
    assertThat(json(post("ref-1", "/payments", body)).getString("errorCode")).isEqualTo(errorCode);
    body.put("amount", new JsonObject().put("value", "5").put("currency", "USD"));
    assertThat(json(post("ref-1", "/payments", body)).getString("errorCode")).isEqualTo("137");
  }

  @Test
  void request_withoutKeyOrBodyOrPlace() throws Exception {
    HttpResponse<String> unauthorized = provider.send(provider.request("/adyen/v71/payments")
        .POST(BodyPublishers.ofString(payment("pm_card_visa", "ref-1").encode())).build());
    assertThat(unauthorized.statusCode()).isEqualTo(401);
    assertThat(json(unauthorized)).isEqualTo(new JsonObject().put("status", 401).put("errorCode", "000")
        .put("message", "HTTP Status Response - Unauthorized").put("errorType", "security"));
    var broken = provider.request("/adyen/v71/payments").header("x-api-key", RunningSimulator.API_KEY);
    assertThat(provider.send(broken.POST(BodyPublishers.ofString("{")).build()).statusCode()).isEqualTo(400);
    assertThat(post("k", "/payment", new JsonObject()).statusCode()).isEqualTo(404);
    assertThat(post("k", "/payments/A/b", new JsonObject()).statusCode()).isEqualTo(404);
    assertThat(provider.send(broken.GET().build()).statusCode()).isEqualTo(404);
  }

  @Test
  void capture_isReceivedAndTold() throws Exception {
    String psp = authorized("ref-1");
    told(1, "AUTHORISATION", true);
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("authorized");
    HttpResponse<String> response = modify("cap-1", psp, "captures", 1000);
    JsonObject received = json(response);
    assertThat(response.statusCode()).isEqualTo(201);
    assertThat(received).isEqualTo(new JsonObject().put("merchantAccount", ACCOUNT)
        .put("paymentPspReference", psp).put("pspReference", received.getString("pspReference"))
        .put("reference", "cap-1").put("status", "received").put("amount", amount(1000)));
    JsonObject item = told(2, "CAPTURE", true);
    assertThat(item.getString("pspReference")).isEqualTo(received.getString("pspReference"))
        .isNotEqualTo(psp);
    assertThat(item.getString("originalReference")).isEqualTo(psp);
    assertThat(item.getString("merchantReference")).isEqualTo("cap-1");
    assertThat(item.getString("reason")).isEmpty();
    assertThat(item.getJsonObject("amount")).isEqualTo(amount(1000));
    JsonObject line = provider.bookLine("ref-1");
    assertThat(line.getInteger("amount_captured")).isEqualTo(1000);
    assertThat(line.getJsonArray("movements").getJsonObject(0)).isEqualTo(new JsonObject()
        .put("kind", "capture").put("reference", "cap-1")
        .put("provider_id", received.getString("pspReference")).put("amount", 1000)
        .put("status", "succeeded"));
  }

  @Test
  void captureDelayHours_waitsForACapture() throws Exception {
    post("ref-1", "/payments", payment("pm_card_visa", "ref-1").put("captureDelayHours", 24));
    post("ref-2", "/payments", payment("pm_card_visa", "ref-2").put("captureDelayHours", 0));
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("authorized");
    assertThat(provider.bookLine("ref-2").getString("status")).isEqualTo("succeeded");
  }

  @ParameterizedTest
  @CsvSource({"captures,1100,CAPTURE,Insufficient balance on payment",
      "refunds,5,REFUND,Insufficient balance on payment"})
  void modification_ofAnAuthorizationThatFails(String act, long value, String code, String reason)
      throws Exception {
    String psp = authorized("ref-1");
    assertThat(modify("mod-1", psp, act, value).statusCode()).isEqualTo(201);
    receiver.await(2);
    assertThat(told(2, code, false).getString("reason")).isEqualTo(reason);
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("authorized");
  }

  @Test
  void cancel_thenCapture() throws Exception {
    String psp = authorized("ref-1");
    receiver.await(1);
    HttpResponse<String> canceled = modify("can-1", psp, "cancels", 0);
    assertThat(canceled.statusCode()).isEqualTo(201);
    assertThat(json(canceled).containsKey("amount")).isFalse();
    assertThat(told(2, "CANCELLATION", true).getJsonObject("amount")).isEqualTo(amount(1099));
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("canceled");
    assertThat(modify("cap-1", psp, "captures", 5).statusCode()).isEqualTo(201);
    told(3, "CAPTURE", false);
    assertThat(modify("can-2", psp, "cancels", 0).statusCode()).isEqualTo(201);
    told(4, "CANCELLATION", false);
  }

  @Test
  void expire_isTold_andLaterCapturesFail() throws Exception {
    String psp = authorized("ref-1");
    receiver.await(1);
    provider.send(provider.request("/expire").POST(BodyPublishers.ofString("{\"reference\":\"ref-1\"}"))
        .build());
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("canceled");
    JsonObject expired = told(2, "EXPIRE", true);
    assertThat(expired.getString("pspReference")).isEqualTo(psp);
    assertThat(expired.getJsonObject("amount")).isEqualTo(amount(1099));
    modify("cap-1", psp, "captures", 5);
    told(3, "CAPTURE", false);
  }

  @Test
  void refund_inPartsUpToTheCapture() throws Exception {
    String psp = charged("pm_card_visa");
    receiver.await(1);
    JsonObject refund = json(modify("r-1", psp, "refunds", 1000));
    JsonObject item = told(2, "REFUND", true);
    assertThat(item.getString("pspReference")).isEqualTo(refund.getString("pspReference"));
    assertThat(item.getString("merchantReference")).isEqualTo("r-1");
    modify("r-2", psp, "refunds", 100);
    assertThat(told(3, "REFUND", false).getString("reason")).isEqualTo("Insufficient balance on payment");
    var euros = new JsonObject().put("merchantAccount", ACCOUNT).put("reference", "r-3")
        .put("amount", new JsonObject().put("value", 5).put("currency", "EUR"));
    assertThat(json(post("r-3", "/payments/" + psp + "/refunds", euros)).getJsonObject("amount")
        .getString("currency")).isEqualTo("EUR");
    assertThat(told(4, "REFUND", false).getString("reason")).contains("Currency");
    assertThat(provider.bookLine("ref-1").getInteger("amount_refunded")).isEqualTo(1000);
  }

  @Test
  void refund_pendingIsToldOnceItHasArrived() throws Exception {
    String psp = charged("pm_card_pendingRefund");
    receiver.await(1);
    settings("{\"refund_ms\":600000}");
    JsonObject refund = json(modify("r-1", psp, "refunds", 1000));
    restart();
    assertThat(told(2, "REFUND", true).getString("pspReference")).isEqualTo(refund.getString("pspReference"));
  }

  @Test
  void refund_failsAfterItSeemedToArrive() throws Exception {
    settings("{\"refund_ms\":300}");
    String psp = charged("pm_card_refundFail");
    receiver.await(1);
    JsonObject refund = json(modify("r-1", psp, "refunds", 1000));
    told(2, "REFUND", true);
    JsonObject failed = told(3, "REFUND_FAILED", true);
    assertThat(failed.getString("pspReference")).isEqualTo(refund.getString("pspReference"));
    assertThat(failed.getString("originalReference")).isEqualTo(psp);
    assertThat(failed.getString("merchantReference")).isEqualTo("r-1");
    assertThat(provider.bookLine("ref-1").getInteger("amount_refunded")).isZero();
  }

  @ParameterizedTest
  @CsvSource({"pm_sim_dispute_won,CHARGEBACK_REVERSED,Won,succeeded",
      "pm_sim_dispute_lost,DISPUTE_DEFENSE_PERIOD_ENDED,Lost,charged_back"})
  void dispute_isTold(String method, String code, String status, String word) throws Exception {
    settings("{\"dispute_ms\":200}");
    String psp = charged(method);
    JsonObject opened = disputed("NOTIFICATION_OF_CHARGEBACK", psp);
    assertThat(opened.getJsonObject("additionalData").getString("disputeStatus")).isEqualTo("Undefended");
    assertThat(disputed("CHARGEBACK", psp).getString("pspReference"))
        .isEqualTo(opened.getString("pspReference"));
    JsonObject closed = disputed(code, psp);
    assertThat(closed.getJsonObject("additionalData").getString("disputeStatus")).isEqualTo(status);
    assertThat(closed.getString("pspReference")).isEqualTo(opened.getString("pspReference"));
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo(word);
  }

  /** What is decided anew is told by the stage that the dispute has come to. */
  @Test
  void dispute_isDecidedAnew() throws Exception {
    String psp = charged("pm_card_visa");
    byHand("/disputes", new JsonObject().put("amount", 5_000));
    byHand("/disputes", new JsonObject().put("amount", 99));
    assertThat(provider.bookLine("ref-1").getLong("amount_disputed")).isEqualTo(5_099);
    String first = provider.bookLine("ref-1").getJsonArray("movements").getJsonObject(0)
        .getString("provider_id");
    long disputed = 5_099;
    for (String code : List.of("DISPUTE_DEFENSE_PERIOD_ENDED", "CHARGEBACK_REVERSED", "SECOND_CHARGEBACK",
        "PREARBITRATION_WON", "PREARBITRATION_LOST")) {
      boolean won = code.equals("CHARGEBACK_REVERSED") || code.equals("PREARBITRATION_WON");
      byHand("/disputes/close",
          new JsonObject().put("dispute", first).put("outcome", won ? "won" : "lost"));
      JsonObject item = disputed(code, psp);
      assertThat(item.getString("pspReference")).isEqualTo(first);
      assertThat(item.getJsonObject("amount")).isEqualTo(amount(5_000));
      disputed += won ? -5_000 : code.startsWith("DISPUTE") ? 0 : 5_000;
      assertThat(provider.bookLine("ref-1").getLong("amount_disputed")).as(code).isEqualTo(disputed);
    }
    String again = new JsonObject().put("reference", "ref-1").put("dispute", first).put("outcome", "lost")
        .encode();
    assertThat(provider.send(provider.request("/disputes/close").POST(BodyPublishers.ofString(again)).build())
        .statusCode()).isEqualTo(400);
    restart();
    assertThat(provider.bookLine("ref-1").getLong("amount_disputed")).isEqualTo(disputed);
  }

  private void byHand(String path, JsonObject body) throws Exception {
    HttpResponse<String> answer = provider.send(provider.request(path)
        .POST(BodyPublishers.ofString(body.put("reference", "ref-1").encode())).build());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  /** The item of the only notification of this kind so far, wherever it stands, its signature checked. */
  private JsonObject toldOnce(String code, boolean success) throws Exception {
    RunningSimulator.await(() -> position(code) >= 0);
    return item(receiver.received().get(position(code)), code, success);
  }

  private int position(String code) {
    List<Webhook> all = receiver.received();
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).body().contains("\"eventCode\":\"" + code + "\"")) {
        return i;
      }
    }
    return -1;
  }

  @Test
  void captures_madeInTheCustomerArea() throws Exception {
    String psp = authorized("ref-1");
    byHand("/captures", new JsonObject().put("amount", 100));
    JsonObject one = told(2, "CAPTURE", true);
    byHand("/captures", new JsonObject().put("amount", 500).put("success", false));
    JsonObject refused = told(3, "CAPTURE", false);
    byHand("/captures", new JsonObject().put("amount", 200));
    JsonObject other = told(4, "CAPTURE", true);
    for (JsonObject item : List.of(one, refused, other)) {
      assertThat(item.getString("originalReference")).isEqualTo(psp);
      assertThat(item.getString("merchantReference")).isEqualTo("ref-1");
    }
    assertThat(List.of(one.getString("pspReference"), refused.getString("pspReference"),
        other.getString("pspReference"))).doesNotHaveDuplicates();
    assertThat(provider.bookLine("ref-1").getInteger("amount_captured")).isEqualTo(300);
    byHand("/captures/fail", new JsonObject().put("capture", one.getString("pspReference")));
    assertThat(told(5, "CAPTURE_FAILED", true).getString("pspReference"))
        .isEqualTo(one.getString("pspReference"));
    assertThat(provider.bookLine("ref-1").getInteger("amount_captured")).isEqualTo(200);
    byHand("/expire", new JsonObject());
    JsonObject expired = told(6, "EXPIRE", true);
    assertThat(expired.getString("pspReference")).isEqualTo(psp);
    assertThat(expired.getJsonObject("amount")).isEqualTo(amount(899));
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("succeeded");
  }

  @Test
  void reversal_cancelsOrRefunds() throws Exception {
    String held = authorized("ref-1");
    receiver.await(1);
    JsonObject answer = json(modify("rev-1", held, "reversals", 0));
    assertThat(answer).isEqualTo(new JsonObject().put("merchantAccount", ACCOUNT)
        .put("paymentPspReference", held).put("pspReference", answer.getString("pspReference"))
        .put("reference", "rev-1").put("status", "received"));
    JsonObject canceled = told(2, "CANCEL_OR_REFUND", true);
    assertThat(canceled.getJsonObject("additionalData").getString("modification.action"))
        .isEqualTo("cancel");
    assertThat(canceled.getJsonObject("amount")).isEqualTo(amount(1099));
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("canceled");
    String paid = json(post("ref-2", "/payments", payment("pm_card_visa", "ref-2")))
        .getString("pspReference");
    receiver.await(3);
    modify("rev-2", paid, "reversals", 0);
    JsonObject refunded = told(4, "CANCEL_OR_REFUND", true);
    assertThat(refunded.getJsonObject("additionalData").getString("modification.action"))
        .isEqualTo("refund");
    assertThat(provider.bookLine("ref-2").getInteger("amount_refunded")).isEqualTo(1099);
    modify("rev-3", paid, "reversals", 0);
    told(5, "CANCEL_OR_REFUND", false);
  }

  @Test
  void tries_haveNamesOfTheirOwn() throws Exception {
    settings("{\"try_ms\":0}");
    String page = json(post("ref-1", "/payments", payment("pm_sim_second_try", "ref-1")))
        .getString("pspReference");
    receiver.await(2);
    String charged = null;
    for (int n = 1; n <= 2; n++) {
      JsonObject item = receiver.received().get(n - 1).event().getJsonArray("notificationItems")
          .getJsonObject(0).getJsonObject("NotificationRequestItem");
      assertThat(item.getString("eventCode")).isEqualTo("AUTHORISATION");
      assertThat(item.getString("merchantReference")).isEqualTo("ref-1");
      assertThat(item.getString("pspReference")).isNotEqualTo(page);
      charged = item.getString("success").equals("true") ? item.getString("pspReference") : charged;
    }
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("succeeded");
    modify("r-1", charged, "refunds", 9);
    assertThat(told(3, "REFUND", true).getString("originalReference")).isEqualTo(charged);
  }

  @ParameterizedTest
  @CsvSource({"pm_sim_processing,true,succeeded", "pm_sim_processing_fails,false,declined"})
  void payment_isReceived_andDecidedLater(String method, boolean success, String status) throws Exception {
    settings("{\"processing_ms\":300}");
    JsonObject answer = json(post("ref-1", "/payments", payment(method, "ref-1")));
    assertThat(answer.getString("resultCode")).isEqualTo("Received");
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("processing");
    assertThat(told(1, "AUTHORISATION", success).getString("pspReference"))
        .isEqualTo(answer.getString("pspReference"));
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo(status);
    assertThat(post("ref-1", "/payments", payment(method, "ref-1")).body()).isEqualTo(answer.encode());
  }

  private JsonObject disputed(String code, String psp) throws Exception {
    JsonObject item = toldOnce(code, true);
    assertThat(item.getString("originalReference")).isEqualTo(psp);
    assertThat(item.getString("merchantReference")).isEqualTo("ref-1");
    assertThat(item.getJsonObject("additionalData").getString("chargebackReasonCode")).isEqualTo("10.4");
    return item;
  }

  @Test
  void unknownPayment() throws Exception {
    for (String act : new String[]{"captures", "refunds", "cancels"}) {
      HttpResponse<String> refused = modify("m-" + act, "ABCDEFGH12345678", act, 5);
      assertThat(refused.statusCode()).isEqualTo(422);
      assertThat(json(refused).getString("errorCode")).isEqualTo("167");
    }
    String psp = authorized("ref-1");
    assertThat(post("k", "/payments/" + psp + "/cancels", new JsonObject().put("merchantAccount", "Other"))
        .statusCode()).isEqualTo(403);
    assertThat(post("k", "/payments/" + psp + "/cancels", new JsonObject()).statusCode()).isEqualTo(422);
  }

  @Test
  void replay_alsoAfterARestart() throws Exception {
    HttpResponse<String> paid = post("ref-1", "/payments", manual("pm_card_visa", "ref-1"));
    String psp = json(paid).getString("pspReference");
    HttpResponse<String> captured = modify("cap-1", psp, "captures", 1000);
    HttpResponse<String> refused = modify("cap-2", psp, "captures", 1000);
    HttpResponse<String> refunded = modify("r-1", psp, "refunds", 400);
    String book = provider.get("/book").body();
    for (int starts = 0; starts < 2; starts++) {
      assertThat(post("ref-1", "/payments", manual("pm_card_visa", "ref-1")).body()).isEqualTo(paid.body());
      assertThat(modify("cap-1", psp, "captures", 1000).body()).isEqualTo(captured.body());
      assertThat(modify("cap-2", psp, "captures", 1000).body()).isEqualTo(refused.body());
      assertThat(modify("r-1", psp, "refunds", 400).body()).isEqualTo(refunded.body());
      assertThat(provider.get("/book").body()).isEqualTo(book);
      HttpResponse<String> other = modify("r-1", psp, "refunds", 401);
      assertThat(other.statusCode()).isEqualTo(422);
      assertThat(json(other).getString("errorCode")).isEqualTo("704");
      assertThat(other.headers().firstValue("transient-error")).isEmpty();
      restart();
    }
    // Keys of one wire are not another's.
    assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(200);
    assertThat(provider.summary().getInteger("duplicate_references")).isEqualTo(1);
  }

  @Test
  void failure_isTransient() throws Exception {
    String psp = authorized("ref-1");
    settings("{\"failure_rate\":1}");
    HttpResponse<String> failed = modify("cap-1", psp, "captures", 5);
    assertThat(failed.statusCode()).isEqualTo(500);
    assertThat(failed.headers().firstValue("transient-error")).hasValue("true");
    settings("{\"failure_rate\":0}");
    assertThat(modify("cap-1", psp, "captures", 5).statusCode()).isEqualTo(201);
  }

  @Test
  void payment_whileInFlight() throws Exception {
    settings("{\"slow_ms\":500}");
    var request = provider.request("/adyen/v71/payments").header("x-api-key", RunningSimulator.API_KEY)
        .header("idempotency-key", "ref-1")
        .POST(BodyPublishers.ofString(payment("pm_sim_slow", "ref-1").encode())).build();
    var one = provider.sendLater(request);
    var other = provider.sendLater(request);
    CompletableFuture.allOf(one, other).get(10, TimeUnit.SECONDS);
    var refused = one.join().statusCode() == 409 ? one.join() : other.join();
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(json(refused).getString("errorCode")).isEqualTo("704");
    assertThat(refused.headers().firstValue("transient-error")).hasValue("true");
    assertThat(provider.summary().getInteger("entries")).isEqualTo(1);
  }

  @Test
  void payment_misbehaves() throws Exception {
    assertThat(post("ref-1", "/payments", payment("pm_sim_500", "ref-1")).statusCode()).isEqualTo(500);
    HttpResponse<String> garbage = post("ref-2", "/payments", payment("pm_sim_malformed", "ref-2"));
    assertThat(garbage.statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> json(garbage)).isInstanceOf(DecodeException.class);
    assertThat(json(post("ref-3", "/payments", payment("pm_sim_wrong_amount", "ref-3")))
        .getJsonObject("amount")).isEqualTo(amount(1100));
    for (String method : new String[]{"pm_sim_hang", "pm_sim_charge_then_hang"}) {
      var impatient = provider.request("/adyen/v71/payments").timeout(Duration.ofMillis(300))
          .header("x-api-key", RunningSimulator.API_KEY).header("idempotency-key", method)
          .POST(BodyPublishers.ofString(payment(method, method).encode())).build();
      assertThatThrownBy(() -> provider.send(impatient)).isInstanceOf(HttpTimeoutException.class);
    }
    provider.awaitEntries(3);
    assertThat(json(post("pm_sim_charge_then_hang", "/payments",
        payment("pm_sim_charge_then_hang", "pm_sim_charge_then_hang"))).getString("resultCode"))
        .isEqualTo("Authorised");
    settings("{\"hang_rate\":1}");
    String psp = json(post("pm_sim_charge_then_hang", "/payments",
        payment("pm_sim_charge_then_hang", "pm_sim_charge_then_hang"))).getString("pspReference");
    var hanging = provider.sendLater(provider.request("/adyen/v71/payments/" + psp + "/cancels")
        .header("x-api-key", RunningSimulator.API_KEY)
        .POST(BodyPublishers.ofString(new JsonObject().put("merchantAccount", ACCOUNT).encode())).build());
    assertThatThrownBy(() -> hanging.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
  }

  @Test
  void latency_delaysModifications() throws Exception {
    String psp = authorized("ref-1");
    settings("{\"latency_ms_min\":200,\"latency_ms_max\":250}");
    long begun = System.nanoTime();
    assertThat(modify("cap-1", psp, "captures", 5).statusCode()).isEqualTo(201);
    assertThat(System.nanoTime() - begun).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(199));
  }

  @Test
  void ops_misbehave() throws Exception {
    String psp = json(post("ref-1", "/payments", manual("pm_sim_ops_refused", "ref-1")))
        .getString("pspReference");
    receiver.await(1);
    JsonObject captured = json(modify("cap-1", psp, "captures", 5));
    JsonObject failed = told(2, "CAPTURE", false);
    assertThat(failed.getString("reason")).isEqualTo("Transaction rejected by the acquirer");
    assertThat(failed.getString("pspReference")).isEqualTo(captured.getString("pspReference"));
    modify("can-1", psp, "cancels", 0);
    told(3, "CANCELLATION", false);
    String failing = json(post("ref-2", "/payments", payment("pm_sim_ops_500", "ref-2")))
        .getString("pspReference");
    receiver.await(4);
    assertThat(modify("r-1", failing, "refunds", 5).statusCode()).isEqualTo(500);
    assertThat(modify("r-1", failing, "refunds", 5).statusCode()).isEqualTo(201);
    told(5, "REFUND", true);
    String hanging = json(post("ref-3", "/payments", payment("pm_sim_ops_hang", "ref-3")))
        .getString("pspReference");
    receiver.await(6);
    var refund = new JsonObject().put("merchantAccount", ACCOUNT).put("reference", "r-2")
        .put("amount", amount(5));
    var impatient = provider.request("/adyen/v71/payments/" + hanging + "/refunds")
        .timeout(Duration.ofMillis(300)).header("x-api-key", RunningSimulator.API_KEY)
        .header("idempotency-key", "r-2").POST(BodyPublishers.ofString(refund.encode())).build();
    assertThatThrownBy(() -> provider.send(impatient)).isInstanceOf(HttpTimeoutException.class);
    told(7, "REFUND", true);
    assertThat(modify("r-2", hanging, "refunds", 5).statusCode()).isEqualTo(201);
  }

  private JsonObject redirected(String more) throws Exception {
    JsonObject body = payment("pm_card_threeDSecure2Required", "ref-1");
    return json(post("ref-1", "/payments",
        more.isEmpty() ? body : manual("pm_card_threeDSecure2Required", "ref-1")));
  }

  private HttpResponse<String> pay(JsonObject result, String outcome) throws Exception {
    URI page = URI.create(result.getJsonObject("action").getString("url"));
    assertThat(provider.get(page.getPath()).body()).contains("<form");
    return press(page, outcome);
  }

  private HttpResponse<String> press(URI page, String outcome) throws Exception {
    return provider.send(provider.request(page.getPath())
        .POST(BodyPublishers.ofString("outcome=" + outcome)).build());
  }

  private static JsonObject detailsOf(HttpResponse<String> back) {
    String location = back.headers().firstValue("location").orElseThrow();
    assertThat(location).startsWith("https://shop.example/done?redirectResult=");
    return new JsonObject().put("details",
        new JsonObject().put("redirectResult", location.substring(location.indexOf('=') + 1)));
  }

  @ParameterizedTest
  @CsvSource({"'',succeeded", "manual,authorized"})
  void action_moneyMovesWithTheDetails(String manual, String status) throws Exception {
    JsonObject result = redirected(manual);
    String psp = result.getString("pspReference");
    assertThat(result.getString("resultCode")).isEqualTo("RedirectShopper");
    assertThat(result.getJsonObject("action")).isEqualTo(new JsonObject().put("paymentMethodType", "scheme")
        .put("url", "http://127.0.0.1:" + provider.port() + "/3ds/" + psp).put("method", "GET")
        .put("type", "redirect"));
    HttpResponse<String> back = pay(result, "succeed");
    assertThat(back.statusCode()).isEqualTo(303);
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("requires_action");
    URI page = URI.create(result.getJsonObject("action").getString("url"));
    assertThat(press(page, "fail").headers().firstValue("location"))
        .isEqualTo(back.headers().firstValue("location"));
    HttpResponse<String> completed = post("det-1", "/payments/details", detailsOf(back));
    assertThat(completed.statusCode()).isEqualTo(200);
    assertThat(json(completed).getString("resultCode")).isEqualTo("Authorised");
    assertThat(json(completed).getString("pspReference")).isEqualTo(psp);
    assertThat(told(1, "AUTHORISATION", true).getString("pspReference")).isEqualTo(psp);
    assertThat(post("det-1", "/payments/details", detailsOf(back)).body()).isEqualTo(completed.body());
    assertThat(post("det-2", "/payments/details", detailsOf(back)).body()).isEqualTo(completed.body());
    JsonObject line = provider.bookLine("ref-1");
    assertThat(line.getString("status")).isEqualTo(status);
    assertThat(line.getJsonArray("movements")).hasSize(2);
  }

  @Test
  void action_failed() throws Exception {
    HttpResponse<String> back = pay(redirected(""), "fail");
    JsonObject refused = json(post("det-1", "/payments/details", detailsOf(back)));
    assertThat(refused.getString("resultCode")).isEqualTo("Refused");
    assertThat(refused.getString("refusalReasonCode")).isEqualTo("11");
    assertThat(told(1, "AUTHORISATION", false).getString("reason")).isEqualTo("3D Not Authenticated");
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("declined");
  }

  @Test
  void action_canceled() throws Exception {
    JsonObject result = redirected("");
    modify("can-1", result.getString("pspReference"), "cancels", 0);
    told(1, "CANCELLATION", true);
    HttpResponse<String> back = press(URI.create(result.getJsonObject("action").getString("url")), "succeed");
    assertThat(json(post("det-1", "/payments/details", detailsOf(back))).getString("resultCode"))
        .isEqualTo("Cancelled");
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("canceled");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"details\":{}}", "{\"details\":{\"redirectResult\":\"nope\"}}",
      "{\"details\":{\"redirectResult\":\"ABCDEFGH00000000P!x\"}}"})
  void details_invalid(String body) throws Exception {
    redirected("");
    assertThat(post("det-1", "/payments/details", new JsonObject(body)).statusCode()).isEqualTo(422);
  }

  @Test
  void resend_tellsEverything() throws Exception {
    String psp = authorized("ref-1");
    modify("cap-1", psp, "captures", 1000);
    receiver.await(2);
    HttpResponse<String> resent = provider.send(provider.request("/webhooks/resend")
        .POST(BodyPublishers.ofString("{\"reference\":\"ref-1\"}")).build());
    assertThat(json(resent).getInteger("resent")).isEqualTo(2);
    receiver.await(4);
    assertThat(receiver.received().stream().map(Webhook::body).distinct()).hasSize(2);
  }
}
