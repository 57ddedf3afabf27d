package dev.millrace.provider.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.HttpWire.Answer;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shapes are those of Stripe's API reference: PaymentIntent object, errors, search. */
final class StripeOutcomesTest {
  private static final String ID = "pi_3MtwBwLkdIwHu7ix28a3tqPa";

  private static String intent(String status, String more) {
    return """
      {
        "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "object": "payment_intent",
        "amount": 2000,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "automatic_payment_methods": {"enabled": true},
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic",
        "client_secret": "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH",
        "confirmation_method": "automatic",
        "created": 1680800504,
        "currency": "usd",
        "customer": null,
        "description": null,
        "latest_charge": "ch_3MtwBwLkdIwHu7ix0pGOmRVt",
        "livemode": false,
        "metadata": {"millrace_reference": "att_01h455vb4pex5vsknk084sn02q"},
        "next_action": null,
        "payment_method": "pm_1MtwBwLkdIwHu7ixQMWPxa2K",
        "payment_method_types": ["card"],
        %s
        "status": "%s"
      }
      """.formatted(more, status);
  }

  private static String succeeded() { return intent("succeeded", "\"amount_received\": 2000,"); }

  private static String error(String type, String code, String more) {
    return """
      {
        "error": {
          "code": "%s",
          "doc_url": "https://stripe.com/docs/error-codes/%s",
          "message": "Your card has insufficient funds.",
          %s
          "request_log_url": "https://dashboard.stripe.com/test/logs/req_1",
          "type": "%s"
        }
      }
      """.formatted(code, code, more, type);
  }

  private static Outcome charge(int status, String body) {
    return StripeOutcomes.ofCharge(new Answer(status, Buffer.buffer(body)));
  }

  private static Outcome search(int status, String body) {
    return StripeOutcomes.ofSearch(new Answer(status, Buffer.buffer(body)));
  }

  private static String found(String... intents) {
    return "{\"object\": \"search_result\", \"url\": \"/v1/payment_intents/search\", \"has_more\": false, \"data\": ["
        + String.join(",", intents) + "]}";
  }

  @Test
  void charge_succeeded_isChargedByAmountReceived() {
    assertThat(charge(200, succeeded())).isEqualTo(new Outcome.Charged(ID, 2000, "usd"));
    assertThat(charge(200, intent("succeeded", "\"amount_received\": 1500,")))
        .isEqualTo(new Outcome.Charged(ID, 1500, "usd"));
    assertThat(charge(200, intent("succeeded", "\"amount_received\": 99999999999,")))
        .isEqualTo(new Outcome.Charged(ID, 99_999_999_999L, "usd"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\"amount_received\": 0,", "\"amount_received\": -1,",
      "\"amount_received\": \"2000\",",
      "\"amount_received\": null,", "\"amount_received\": 19.99,",
      "\"amount_received\": 99999999999999999999,"})
  void charge_succeededWithoutAnAmount_isUnknown(String received) {
    assertThat(charge(200, intent("succeeded", received))).isInstanceOfSatisfying(Outcome.Unknown.class,
        u -> assertThat(u.reason())
            .startsWith("a succeeded intent of an amount that cannot be booked, `amount_received` ")
            .hasSizeLessThan(120));
  }

  @ParameterizedTest
  @ValueSource(strings = {"requires_action", "requires_confirmation", "a_new_one"})
  void charge_undecided_isUnknown(String status) {
    assertThat(charge(200, intent(status, "\"amount_received\": 0,")))
        .isEqualTo(new Outcome.Unknown("intent status " + status));
  }

  @Test
  void charge_needsAnotherMethod_isDeclined() {
    assertThat(charge(200, intent("requires_payment_method", """
      "last_payment_error": {"code": "card_declined", "decline_code": "generic_decline", "type": "card_error",
        "message": "Your card was declined."},"""))).isEqualTo(
        new Outcome.Declined(ID, "card_declined", "generic_decline", "Your card was declined."));
    assertThat(charge(200, intent("requires_payment_method", "\"last_payment_error\": null,")))
        .isEqualTo(new Outcome.Declined(ID, "card_declined", null, "The provider declined the payment."));
  }

  @Test
  void charge_canceled_isVoided() {
    assertThat(charge(200, intent("canceled", ""))).isEqualTo(new Outcome.Voided(ID, false));
  }

  @Test
  void charge_processing_isPending() {
    assertThat(charge(200, intent("processing", ""))).isEqualTo(new Outcome.Pending(ID));
  }

  /** Whose fault it was decides whether another provider is tried. */
  @Test
  void charge_cardErrorOnTheWay_isDeclinedElsewhereToo() {
    assertThat(charge(402, error("card_error", "processing_error", ""))).isEqualTo(new Outcome.Declined(null,
        "processing_error", null, "Your card has insufficient funds.", true));
    assertThat(
        charge(402, error("card_error", "card_declined", "\"decline_code\": \"issuer_not_available\",")))
        .isInstanceOfSatisfying(Outcome.Declined.class, d -> assertThat(d.elsewhere()).isTrue());
    assertThat(charge(402, error("card_error", "processing_error", "\"decline_code\": \"stolen_card\",")))
        .isInstanceOfSatisfying(Outcome.Declined.class, d -> assertThat(d.elsewhere()).isFalse());
  }

  @Test
  void charge_cardError_isDeclined() {
    assertThat(charge(402, error("card_error", "card_declined", """
      "charge": "ch_3MtwBwLkdIwHu7ix0pGOmRVt", "decline_code": "insufficient_funds",
      "payment_intent": %s,""".formatted(intent("requires_payment_method", ""))))).isEqualTo(
        new Outcome.Declined(ID, "card_declined", "insufficient_funds", "Your card has insufficient funds."));
    assertThat(charge(402, error("card_error", "expired_card", "\"param\": \"exp_month\",")))
        .isEqualTo(new Outcome.Declined(null, "expired_card", null, "Your card has insufficient funds."));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404})
  void charge_invalidRequest_isDeclined(int status) {
    assertThat(
        charge(status, error("invalid_request_error", "resource_missing", "\"param\": \"payment_method\",")))
        .isEqualTo(new Outcome.Declined(null, "resource_missing", null, "Your card has insufficient funds."));
  }

  @Test
  void charge_referenceUsedForAnother_isUnknown() {
    assertThat(charge(400, error("idempotency_error", "idempotency_key_in_use", "")))
        .isEqualTo(new Outcome.Unknown("our reference was used for another request"));
  }

  /**
   * Only Stripe's own refusal says that nothing was charged; a proxy's JSON or an error of another type does
   * not.
   */
  @ParameterizedTest
  @ValueSource(ints = {400, 402, 404})
  void charge_refusedWithoutStripesError_isUnknown(int status) {
    assertThat(charge(status, "{\"message\": \"no Route matched with those values\"}"))
        .isInstanceOf(Outcome.Unknown.class);
    assertThat(charge(status, error("api_error", "api_error", ""))).isInstanceOf(Outcome.Unknown.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void charge_turnedAway_isNotExecuted(int status) {
    assertThat(charge(status, error("invalid_request_error", "rate_limit", "")))
        .isEqualTo(new Outcome.NotExecuted("status " + status));
  }

  @ParameterizedTest
  @ValueSource(ints = {409, 424, 500, 502, 503, 504, 201, 302, 418})
  void charge_otherStatus_isUnknown(int status) {
    assertThat(charge(status, error("api_error", "lock_timeout", "")))
        .isEqualTo(new Outcome.Unknown("status " + status));
    assertThat(charge(status, succeeded())).isEqualTo(new Outcome.Unknown("status " + status));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>", "{", "[]", "null", "1", "\"succeeded\"", "{\"id\": \"pi_1\""})
  void charge_bodyThatIsNoObject_isUnknown(String body) {
    for (int status : new int[]{200, 400, 402, 404, 500}) {
      assertThat(charge(status, body))
          .isEqualTo(new Outcome.Unknown("status " + status + " with a body that is not JSON"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"id\": \"pi_1\"}", "{\"status\": \"succeeded\"}",
      "{\"id\": 1, \"status\": \"succeeded\"}",
      "{\"id\": \"pi_1\", \"status\": null}", "{\"id\": \"pi_1\", \"status\": {}}"})
  void charge_intentWithoutIdOrStatus_isUnknown(String body) {
    assertThat(charge(200, body)).isEqualTo(new Outcome.Unknown("an intent without id or status"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "[]", "\"x\"",
      "{\"code\": 1, \"message\": [], \"payment_intent\": \"pi_1\"}"})
  void charge_errorOfAStrangeShape_isNoCrash(String error) {
    assertThat(charge(402, "{\"error\": " + error + "}")).isNotNull();
    assertThat(charge(200, intent("requires_payment_method", "\"last_payment_error\": " + error + ",")))
        .isInstanceOf(Outcome.Declined.class);
  }

  @Test
  void search_found_isItsOutcome() {
    assertThat(search(200, found(succeeded()))).isEqualTo(new Outcome.Charged(ID, 2000, "usd"));
    assertThat(search(200, found(intent("processing", ""))))
        .isEqualTo(new Outcome.Pending(ID));
    assertThat(search(200, found(intent("canceled", "")))).isInstanceOf(Outcome.Voided.class);
    assertThat(search(200, found(intent("requires_payment_method", ""))))
        .isInstanceOf(Outcome.Declined.class);
  }

  @Test
  void search_nothingFound_isAbsent() {
    assertThat(search(200, found())).isEqualTo(new Outcome.Absent());
  }

  @Test
  void search_severalFound_oneChargedIsCharged() {
    var charged = new Outcome.Charged(ID, 2000, "usd");
    assertThat(search(200, found(intent("canceled", ""), succeeded()))).isEqualTo(charged);
    assertThat(search(200, found(succeeded(), intent("canceled", "")))).isEqualTo(charged);
  }

  /** One refused beside one that may still succeed does not say that nothing was charged. */
  @Test
  void search_severalFound_theOneThatMayMoveMoneyCounts() {
    assertThat(search(200, found(intent("canceled", ""), intent("processing", ""))))
        .isInstanceOf(Outcome.Pending.class);
    assertThat(search(200, found(intent("processing", ""), intent("canceled", ""))))
        .isInstanceOf(Outcome.Pending.class);
    assertThat(search(200, found(intent("canceled", ""), intent("a_new_one", ""), intent("processing", ""))))
        .isInstanceOf(Outcome.Unknown.class);
    String held = intent("requires_capture", "").replace("\"amount_capturable\": 0",
        "\"amount_capturable\": 2000");
    assertThat(search(200, found(intent("a_new_one", ""), held)))
        .isEqualTo(new Outcome.Authorized(ID, 2000, "usd", null));
    assertThat(search(200, found(held, succeeded()))).isEqualTo(new Outcome.Charged(ID, 2000, "usd"));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404, 500, 503})
  void search_refused_isUnknownNeverAbsent(int status) {
    assertThat(search(status, error("api_error", "x", "")))
        .isEqualTo(new Outcome.Unknown("inquiry: status " + status));
    assertThat(search(status, found())).isEqualTo(new Outcome.Unknown("inquiry: status " + status));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "[]", "<html>"})
  void search_withoutAList_isUnknownNeverAbsent(String body) {
    assertThat(search(200, body)).isEqualTo(new Outcome.Unknown("inquiry: status 200"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[null]", "[1]", "[\"pi_1\"]", "[[]]", "{}", "null", "[{}, 1]"})
  void search_malformedList_isUnknown(String list) {
    assertThat(search(200, "{\"data\": " + list + "}"))
        .isEqualTo(new Outcome.Unknown("inquiry: malformed list"));
  }
}
