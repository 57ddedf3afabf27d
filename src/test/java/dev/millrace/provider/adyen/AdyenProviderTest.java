package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.ScriptedServer;
import dev.millrace.testing.Loop;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes over the wire to Adyen, and what its answers mean. */
final class AdyenProviderTest {
  private static final UUID PAYMENT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final UUID ATTEMPT = TypeId.next();
  private static final String REFERENCE = TypeId.format(TypeId.ATTEMPT, ATTEMPT);
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  private static final String RETURN = "https://pay.example.com/return/pay_1";
  private static final String PSP = "993617895204576J";
  private static final String RECEIVED = "{\"status\":\"received\",\"pspReference\":\"882633337753910C\"}";
  private static final Order.Capture CAPTURE = new Order.Capture(PAYMENT, false, REFERENCE, PSP, 1_500, "eur",
      TRACE);
  private static final Order.Cancel CANCEL = new Order.Cancel(PAYMENT, false, REFERENCE, PSP, TRACE);
  private static final Order.Refund REFUND = new Order.Refund(PAYMENT, false, REFERENCE, PSP, 500, "eur",
      null,
      TRACE);

  private final Loop loop = new Loop();
  private final ScriptedServer server = new ScriptedServer(loop.vertx());
  private volatile Instant now = Instant.ofEpochMilli(TypeId.millis(ATTEMPT));
  private final AdyenProvider provider = provider(server.url() + "/v71");

  private AdyenProvider provider(String url) {
    InstantSource clock = () -> now;
    return loop.on(() -> new AdyenProvider(loop.vertx(),
        new AdyenProvider.Settings("adyen", url, "AQE...", "MillraceECOM", 2, 1_000), clock));
  }

  private static Order.Charge charge(boolean manual, String method, long amount, String currency) {
    return new Order.Charge(PAYMENT, false, REFERENCE, amount, currency, method,
        method.startsWith("pm_ach") ? "ach" : "card", manual, "Two tickets", RETURN, TRACE);
  }

  private static Order.Charge charge(boolean manual) { return charge(manual, "pm_card_visa", 1_999, "eur"); }

  private Outcome execute(Order order) { return loop.result(() -> provider.execute(order)); }

  private Outcome inquire(Order order) { return loop.result(() -> provider.inquire(order)); }

  private static String result(String code, String more) {
    return "{\"pspReference\":\"" + PSP + "\",\"resultCode\":\"" + code + "\"" + more + "}";
  }

  private static String error(String code, String type) {
    return "{\"status\":422,\"errorCode\":\"" + code + "\",\"message\":\"No.\",\"errorType\":\"" + type
        + "\"}";
  }

  @AfterEach
  void close() {
    server.close();
    loop.close();
  }

  @Test
  void charge_automatic_isCaptured_whateverTheAccountsSetting() {
    server.answer(200, result("Authorised", ",\"amount\":{\"currency\":\"EUR\",\"value\":1999}"));
    assertThat(execute(charge(false))).isEqualTo(new Outcome.Charged(PSP, 1_999, "eur"));
    var request = server.request();
    assertThat(request.method() + " " + request.uri()).isEqualTo("POST /v71/payments");
    assertThat(request.headers()).containsEntry("x-api-key", "AQE...")
        .containsEntry("idempotency-key", REFERENCE).containsEntry("content-type", "application/json")
        .containsEntry("traceparent", TRACE);
    assertThat(request.json()).isEqualTo(new JsonObject().put("merchantAccount", "MillraceECOM")
        .put("reference", REFERENCE)
        .put("amount", new JsonObject().put("currency", "EUR").put("value", 1999))
        .put("paymentMethod",
            new JsonObject().put("type", "scheme").put("storedPaymentMethodId", "pm_card_visa"))
        .put("returnUrl", RETURN).put("shopperInteraction", "ContAuth")
        .put("recurringProcessingModel", "CardOnFile")
        .put("metadata", new JsonObject().put("millrace_capture", "automatic")).put("captureDelayHours", 0));
  }

  @Test
  void charge_manual_isHeld() {
    server.answer(200, result("Authorised", ""));
    assertThat(execute(charge(true))).isEqualTo(new Outcome.Authorized(PSP, 1_999, "eur", null));
    var json = server.request().json();
    assertThat(json.getJsonObject("additionalData")).isEqualTo(new JsonObject().put("manualCapture", "true"));
    assertThat(json.getJsonObject("metadata").getString("millrace_capture")).isEqualTo("manual");
    assertThat(json.containsKey("captureDelayHours")).isFalse();
  }

  @Test
  void charge_byATokenWithItsShopper_sendsBoth() {
    server.answer(200, result("Authorised", ""));
    execute(charge(false, "tok_M5N7TQ4TG5PFWR50_shopper_17", 1_999, "eur"));
    assertThat(server.request().json().getString("shopperReference")).isEqualTo("shopper_17");
    assertThat(server.request().json().getJsonObject("paymentMethod").getString("storedPaymentMethodId"))
        .isEqualTo("M5N7TQ4TG5PFWR50");
  }

  @Test
  void charge_ach_isOfThatType() {
    server.answer(200, result("Received", ""));
    assertThat(execute(charge(false, "pm_ach_1", 1_999, "usd"))).isEqualTo(new Outcome.Pending(PSP));
    assertThat(server.request().json().getJsonObject("paymentMethod").getString("type")).isEqualTo("ach");
  }

  /** Adyen's krona has two decimals, its rupiah none. */
  @Test
  void charge_inACurrencyOfOtherDecimals_isConverted() {
    server.answer(200, result("Authorised", ",\"amount\":{\"currency\":\"ISK\",\"value\":50000}"));
    assertThat(execute(charge(false, "pm_card_visa", 500, "isk")))
        .isEqualTo(new Outcome.Charged(PSP, 500, "isk"));
    assertThat(server.request().json().getJsonObject("amount").getLong("value")).isEqualTo(50_000);
    server.answer(200, result("Authorised", ""));
    assertThat(execute(charge(false, "pm_card_visa", 1_500_000, "idr")))
        .isEqualTo(new Outcome.Charged(PSP, 1_500_000, "idr"));
    assertThat(server.request().json().getJsonObject("amount").getLong("value")).isEqualTo(15_000);
  }

  @Test
  void amount_thatAdyenCannotTake_isNotSent() {
    for (Order order : List.of(charge(false, "pm_card_visa", 150, "idr"),
        new Order.Capture(PAYMENT, false, REFERENCE, PSP, 150, "idr", TRACE),
        new Order.Refund(PAYMENT, false, REFERENCE, PSP, 150, "cve", null, TRACE))) {
      assertThat(execute(order)).isInstanceOfSatisfying(Outcome.Declined.class, d -> {
        assertThat(d.code()).isEqualTo("amount_not_representable");
        assertThat(d.elsewhere()).isTrue();
      });
    }
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void charge_redirect_isActionRequired() {
    String action = ",\"action\":{\"type\":\"redirect\",\"method\":\"GET\",\"url\":\"https://3ds.example\"}";
    server.answer(200, result("RedirectShopper", action))
        .answer(200, "{\"resultCode\":\"RedirectShopper\"" + action + "}")
        .answer(200, result("RedirectShopper", action.replace("GET", "POST")))
        .answer(200, result("RedirectShopper", "")).answer(200, result("IdentifyShopper", action));
    assertThat(execute(charge(false))).isEqualTo(new Outcome.ActionRequired(PSP, "https://3ds.example"));
    // Adyen may give it a name only when the payer is back.
    assertThat(execute(charge(false)))
        .isEqualTo(new Outcome.ActionRequired(REFERENCE, "https://3ds.example"));
    for (int i = 0; i < 3; i++) assertThat(execute(charge(false))).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void charge_refused_isDeclinedInAdyensWords() {
    server
        .answer(200, result("Refused",
            ",\"refusalReason\":\"Not enough balance\",\"refusalReasonCode\":\"12\""))
        .answer(200, result("Refused", ",\"refusalReason\":\"Acquirer Error\",\"refusalReasonCode\":\"4\""))
        .answer(200, result("Error", ",\"refusalReason\":\"Issuer Unavailable\""))
        .answer(200, result("Cancelled", "")).answer(200, result("Refused", ",\"refusalReasonCode\":\"99\""))
        .answer(200, result("Refused", ""));
    assertThat(execute(charge(false))).isEqualTo(
        new Outcome.Declined(PSP, "card_declined", "not_enough_balance", "Not enough balance"));
    assertThat(execute(charge(false))).isEqualTo(
        new Outcome.Declined(PSP, "card_declined", "acquirer_error", "Acquirer Error", true));
    assertThat(execute(charge(false))).isEqualTo(
        new Outcome.Declined(PSP, "card_declined", "issuer_unavailable", "Issuer Unavailable", true));
    assertThat(execute(charge(false))).isEqualTo(
        new Outcome.Declined(PSP, "card_declined", "shopper_cancelled", "Shopper Cancelled"));
    assertThat(execute(charge(false))).isEqualTo(new Outcome.Declined(PSP, "card_declined", "refusal_99",
        "The provider declined the payment."));
    assertThat(execute(charge(false))).isEqualTo(
        new Outcome.Declined(PSP, "card_declined", null, "The provider declined the payment."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"resultCode\":7}", "{\"resultCode\":\"Authorised\"}",
      "{\"resultCode\":\"Pending\"}", "{\"resultCode\":\"AuthenticationFinished\",\"pspReference\":\"1\"}",
      "{\"resultCode\":\"PartiallyAuthorised\",\"pspReference\":\"1\"}",
      "{\"resultCode\":\"A new one\",\"pspReference\":\"1\"}",
      "{\"resultCode\":\"Authorised\",\"pspReference\":\"1\",\"amount\":null}",
      "{\"resultCode\":\"Authorised\",\"pspReference\":\"1\",\"amount\":{\"value\":\"1\",\"currency\":\"EUR\"}}",
      "[]", "<html>", "", "{\"resultCode\":\"Refused\""})
  void charge_answerThatSaysNothing_isUnknown(String body) {
    server.answer(200, body);
    assertThat(execute(charge(false))).isInstanceOf(Outcome.Unknown.class);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    422 | 803   | validation    | Declined
    400 | 702   | validation    | Declined
    422 | 905_1 | configuration | Declined
    422 | 704   | validation    | Unknown
    422 | 905   | internal      | Unknown
    422 | 1     | security      | Unknown
    409 | 704   | validation    | Unknown
    404 | 002   | validation    | Unknown
    500 | 905   | internal      | Unknown
    503 | 905   | internal      | Unknown
    201 | 803   | validation    | Unknown
    401 | 000   | security      | NotExecuted
    403 | 901   | security      | NotExecuted
    429 | 0     | internal      | NotExecuted
    """)
  void error_everyKind(int status, String code, String type, String outcome) {
    for (Order order : List.of(charge(false), CAPTURE, CANCEL, REFUND)) {
      server.answer(status, error(code, type));
      assertThat(execute(order).getClass().getSimpleName()).as("%s", order).isEqualTo(outcome);
    }
  }

  @Test
  void error_ofOurAccountsSetup_mayBeAcceptedElsewhere() {
    server.answer(422, error("905_1", "configuration")).answer(422, error("803", "validation"));
    assertThat(execute(charge(false)))
        .isEqualTo(new Outcome.Declined(null, "invalid_request", "905_1", "No.", true));
    assertThat(execute(charge(false)))
        .isEqualTo(new Outcome.Declined(null, "invalid_request", "803", "No.", false));
  }

  /** A refusal that is not Adyen's own may come from whatever stands in between. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"errorType\":\"validation\"}", "{\"errorCode\":\"803\"}", "<html>",
      "{\"message\":\"no Route matched\"}"})
  void error_withoutAdyensWords_isUnknown(String body) {
    for (Order order : List.of(charge(false), CAPTURE, CANCEL, REFUND)) {
      server.answer(422, body);
      assertThat(execute(order)).isInstanceOf(Outcome.Unknown.class);
    }
  }

  /** Of the query with which a browser comes back, decoded as every server has it. */
  @Test
  void payerResult_isAdyensOwnParameter() {
    var query = MultiMap.caseInsensitiveMultiMap().add("utm", "1");
    assertThat(new AdyenConnector().payerResult(query)).isNull();
    assertThat(new AdyenConnector().payerResult(query.add("redirectResult", "X!Y+Z="))).isEqualTo("X!Y+Z=");
  }

  @Test
  void complete_bringsTheResultBack_underAKeyOfItsOwn() {
    server.answer(200, result("Authorised", "")).answer(200, result("Authorised", ""))
        .answer(200, result("Refused", ",\"refusalReasonCode\":\"11\""));
    assertThat(execute(new Order.Complete(charge(false), PSP, "X!Y+Z=")))
        .isEqualTo(new Outcome.Charged(PSP, 1_999, "eur"));
    var request = server.request();
    assertThat(request.uri()).isEqualTo("/v71/payments/details");
    assertThat(request.json()).isEqualTo(
        new JsonObject().put("details", new JsonObject().put("redirectResult", "X!Y+Z=")));
    String key = request.headers().get("idempotency-key");
    assertThat(key).startsWith(REFERENCE + "-").hasSizeLessThanOrEqualTo(64);
    // The query of the return URL does as well.
    assertThat(execute(new Order.Complete(charge(true), PSP, "?a=b&redirectResult=X%21Y%2BZ%3D")))
        .isEqualTo(new Outcome.Authorized(PSP, 1_999, "eur", null));
    assertThat(server.request().json()).isEqualTo(request.json());
    assertThat(server.request().headers()).containsEntry("idempotency-key", key);
    assertThat(execute(new Order.Complete(charge(false), PSP, "another")))
        .isInstanceOf(Outcome.Declined.class);
    assertThat(server.request().headers().get("idempotency-key")).isNotEqualTo(key);
  }

  @Test
  void complete_withoutAResult_saysNothing() {
    for (String result : new String[]{null, "", " ", "redirectResult=%zz"})
      assertThat(execute(new Order.Complete(charge(false), PSP, result)))
          .isEqualTo(new Outcome.ActionRequired(PSP, ""));
    assertThat(server.requests()).isEmpty();
  }

  /** What a payer's browser brings may be forged: it must not be able to decline the payment. */
  @Test
  void complete_withAResultThatAdyenCannotRead_saysNothing() {
    server.answer(422, error("103", "validation")).answer(500, error("905", "internal"));
    assertThat(execute(new Order.Complete(charge(false), PSP, "forged")))
        .isEqualTo(new Outcome.ActionRequired(PSP, ""));
    assertThat(execute(new Order.Complete(charge(false), PSP, "x"))).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void modification_isReceived_andItsResultComesLater() {
    server.answer(201, RECEIVED).answer(201, RECEIVED).answer(201, RECEIVED).answer(200, RECEIVED);
    var pending = new Outcome.Pending("882633337753910C");
    assertThat(execute(CAPTURE)).isEqualTo(pending);
    assertThat(execute(REFUND)).isEqualTo(pending);
    assertThat(execute(CANCEL)).isEqualTo(pending);
    var requests = server.requests();
    assertThat(requests).extracting(r -> r.method() + " " + r.uri()).containsExactly(
        "POST /v71/payments/" + PSP + "/captures", "POST /v71/payments/" + PSP + "/refunds",
        "POST /v71/payments/" + PSP + "/cancels");
    assertThat(requests)
        .allSatisfy(r -> assertThat(r.headers()).containsEntry("idempotency-key", REFERENCE));
    var base = new JsonObject().put("merchantAccount", "MillraceECOM").put("reference", REFERENCE);
    assertThat(requests.get(0).json()).isEqualTo(
        base.copy().put("amount", new JsonObject().put("currency", "EUR").put("value", 1500)));
    assertThat(requests.get(1).json())
        .isEqualTo(base.copy().put("amount", new JsonObject().put("currency", "EUR").put("value", 500)));
    assertThat(requests.get(2).json()).isEqualTo(base);
  }

  @Test
  void cancel_ofAPaymentThatHasNoNameYet_isByOurReference() {
    server.answer(201, RECEIVED);
    assertThat(execute(new Order.Cancel(PAYMENT, false, REFERENCE, REFERENCE, TRACE)))
        .isInstanceOf(Outcome.Pending.class);
    assertThat(server.request().uri()).isEqualTo("/v71/cancels");
    assertThat(server.request().json().getString("paymentReference")).isEqualTo(REFERENCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"status\":\"received\"}", "{\"pspReference\":\"1\"}",
      "{\"status\":\"done\",\"pspReference\":\"1\"}", "[]", "<html>"})
  void modification_answerThatSaysNothing_isUnknown(String body) {
    for (Order order : List.of(CAPTURE, CANCEL, REFUND)) {
      server.answer(201, body);
      assertThat(execute(order)).isInstanceOf(Outcome.Unknown.class);
    }
  }

  @Test
  void order_brokenConnection_isUnknown() {
    for (Order order : List.of(charge(false), CAPTURE, CANCEL, REFUND)) {
      server.reset();
      assertThat(execute(order)).isInstanceOf(Outcome.Unknown.class);
    }
    server.hang();
    assertThat(execute(CANCEL)).isEqualTo(new Outcome.Unknown("timeout"));
  }

  /**
   * The same request once more, to the byte and under the same key: nothing else would be safe to send again.
   */
  @Test
  void inquiry_isTheSameRequestAgain() {
    for (Order order : List.of(charge(false), charge(true), CAPTURE, CANCEL, REFUND)) {
      server.hang().answer(200, order instanceof Order.Charge ? result("Authorised", "") : RECEIVED);
      assertThat(execute(order)).isEqualTo(new Outcome.Unknown("timeout"));
      var first = server.request();
      assertThat(inquire(order)).isNotInstanceOf(Outcome.Unknown.class);
      assertThat(server.request().body()).isEqualTo(first.body());
      assertThat(server.request().uri()).isEqualTo(first.uri());
      assertThat(server.request().headers()).containsEntry("idempotency-key",
          first.headers().get("idempotency-key"));
    }
  }

  /** Where Adyen might have forgotten the key, the same request would be carried out twice. */
  @Test
  void inquiry_afterTheKeysLife_isNotSent() {
    server.answer(201, RECEIVED);
    now = Instant.ofEpochMilli(TypeId.millis(ATTEMPT)).plus(AdyenProvider.KEYS_LIVE);
    assertThat(inquire(REFUND)).isInstanceOf(Outcome.Pending.class);
    now = now.plus(Duration.ofMillis(1));
    for (Order order : List.of(charge(false), CAPTURE, CANCEL, REFUND))
      assertThat(inquire(order)).isInstanceOf(Outcome.Unknown.class);
    assertThat(inquire(new Order.Cancel(PAYMENT, false, "no_reference", PSP, TRACE)))
        .isInstanceOf(Outcome.Unknown.class);
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void order_ofTheOtherMode_isNotSent() {
    var live = new Order.Cancel(PAYMENT, true, REFERENCE, PSP, TRACE);
    assertThat(execute(live)).isInstanceOfSatisfying(Outcome.Declined.class,
        d -> assertThat(d.code()).isEqualTo("provider_mode_mismatch"));
    assertThat(inquire(live)).isInstanceOf(Outcome.Unknown.class);
    var real = provider("https://1797a841fbb37ca7-Millrace-checkout-live.adyenpayments.com/checkout/v71");
    assertThat(loop.<Outcome>result(() -> real.execute(CANCEL))).isInstanceOf(Outcome.Declined.class);
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void reference_ofTheProvider_cannotLeaveItsPath() {
    server.answer(201, RECEIVED);
    execute(new Order.Cancel(PAYMENT, false, REFERENCE, "../../x?y=", TRACE));
    assertThat(server.request().uri()).isEqualTo("/v71/payments/..%2F..%2Fx%3Fy%3D/cancels");
  }
}
