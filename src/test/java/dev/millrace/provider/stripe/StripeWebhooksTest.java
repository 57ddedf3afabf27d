package dev.millrace.provider.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.net.Webhook;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.Verdict;
import dev.millrace.testing.StripeSender;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StripeWebhooksTest {
  private static final long NOW_S = 1_795_177_850;
  private static final Instant NOW = Instant.ofEpochSecond(NOW_S);
  private static final String NEXT = "whsec_next";
  private static final String OLD = "whsec_old";
  private static final String BODY = "{\"object\":\"event\",\"data\":{\"id\":\"other\"},\"id\":\"evt_1ÄB\"}";
  private final StripeWebhooks scheme = new StripeWebhooks("stripe", "default", List.of(NEXT, OLD),
      Duration.ofSeconds(300));

  private Verdict verify(String header, String body) {
    var headers = MultiMap.caseInsensitiveMultiMap();
    if (header != null) headers.add("stripe-signature", header);
    return scheme.verify(headers, Buffer.buffer(body).getBytes(), NOW);
  }

  private static String signed(String secret, long seconds) {
    return StripeSender.signature(secret, seconds, BODY);
  }

  private static String v1(String secret, long seconds) {
    String header = signed(secret, seconds);
    return header.substring(header.indexOf(",v1=") + 1);
  }

  private static void assertForged(Verdict verdict, String reason) {
    assertThat(verdict).isInstanceOfSatisfying(Verdict.Forged.class,
        f -> assertThat(f.reason()).contains(reason));
  }

  private static void assertGenuine(Verdict verdict) {
    assertThat(verdict).isEqualTo(new Verdict.Genuine("evt_1ÄB"));
  }

  @Test
  void verify_signedWithAnActiveSecret_isGenuine() {
    assertGenuine(verify(signed(NEXT, NOW_S), BODY));
    assertGenuine(verify(signed(OLD, NOW_S), BODY));
    assertGenuine(verify(signed(NEXT, NOW_S), BODY));
  }

  @Test
  void verify_afterTheRotation_theOldSecretIsForged() {
    var rotated = new StripeWebhooks("stripe", "default", List.of(NEXT), Duration.ofSeconds(300));
    var headers = MultiMap.caseInsensitiveMultiMap().add("Stripe-Signature", signed(OLD, NOW_S));
    assertForged(rotated.verify(headers, Buffer.buffer(BODY).getBytes(), NOW), "no signature matches");
    headers.set("Stripe-Signature", signed(NEXT, NOW_S));
    assertGenuine(rotated.verify(headers, Buffer.buffer(BODY).getBytes(), NOW));
  }

  /** Stripe signs with each of its secrets while one is being rotated. */
  @Test
  void verify_severalSignatures_oneRightIsEnough() {
    String wrong = v1("whsec_other", NOW_S);
    assertGenuine(verify("t=" + NOW_S + "," + wrong + "," + v1(OLD, NOW_S), BODY));
    assertGenuine(verify("t=" + NOW_S + "," + v1(OLD, NOW_S) + "," + wrong, BODY));
    assertGenuine(verify(wrong + ", v0=abc, " + v1(OLD, NOW_S) + " , t=" + NOW_S + ",x=y", BODY));
    assertForged(verify("t=" + NOW_S + "," + wrong + "," + wrong, BODY), "no signature matches");
  }

  /** The bytes that Stripe's own library takes are those that are taken here. */
  @Test
  void verify_whatStripesLibraryVerifies_isGenuine() throws Exception {
    String header = signed(NEXT, NOW_S);
    assertThat(Webhook.Signature.verifyHeader(BODY, header, NEXT, 0)).isTrue();
    assertGenuine(verify(header, BODY));
  }

  @Test
  void verify_wrongSecret_isForged() {
    assertForged(verify(signed("whsec_other", NOW_S), BODY), "no signature matches");
    assertForged(verify("t=" + NOW_S + ",v1=" + "0".repeat(64), BODY), "no signature matches");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"object\":\"event\",\"data\":{\"id\":\"other\"},\"id\":\"evt_1ÄC\"}",
      "{\"object\":\"event\",\"data\":{\"id\":\"other\"},\"id\":\"evt_1ÄB\"} ", ""})
  void verify_changedBody_isForged(String changed) {
    assertForged(verify(signed(NEXT, NOW_S), changed), "no signature matches");
  }

  /** The signature covers the bytes, not what they mean. */
  @Test
  void verify_otherBytesOfTheSameJson_isForged() {
    String same = new JsonObject(BODY).put("object", "event").encode();
    assertThat(new JsonObject(same)).isEqualTo(new JsonObject(BODY));
    assertForged(verify(signed(NEXT, NOW_S), BODY.replace("\"object\":", "\"object\": ")),
        "no signature matches");
  }

  @Test
  void verify_changedTime_isForged() {
    assertForged(verify("t=" + (NOW_S + 1) + "," + v1(NEXT, NOW_S), BODY), "no signature matches");
    assertForged(verify("t=0" + NOW_S + "," + v1(NEXT, NOW_S), BODY), "no signature matches");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", ",,,,", "t", "t=", "=", "t=,v1=", "t=1795177850", "t=1795177850,",
      "t=1795177850,v1", "t=1795177850,v1=", "t=1795177850,v1=abc", "t 1795177850"})
  void verify_headerWithoutItsParts_isForged(String header) {
    assertForged(verify(header, BODY), "without t or v1");
  }

  @Test
  void verify_noHeader_isForged() {
    assertForged(verify(null, BODY), "no Stripe-Signature");
  }

  @Test
  void verify_signatureWithoutTime_isForged() {
    assertForged(verify(v1(NEXT, NOW_S), BODY), "without t or v1");
    assertForged(verify("T=" + NOW_S + "," + v1(NEXT, NOW_S), BODY), "without t or v1");
    assertForged(verify("t=," + v1(NEXT, NOW_S), BODY), "without t or v1");
  }

  /** Signed right over exactly this text: only that it is no time can refuse it. */
  @ParameterizedTest
  @ValueSource(strings = {"now", "-1795177850", "+1795177850", "1795177850.0", "1.7e9", "0x6b00",
      "१७९५१७७८५०",
      "1795177850000", "99999999999999999999", "9999999999999999999999999999999999"})
  void verify_timeThatIsNone_isForged(String time) throws Exception {
    String signature = Webhook.Util.computeHmacSha256(NEXT, time + "." + BODY);
    assertThat(verify("t=" + time + ",v1=" + signature, BODY)).isInstanceOf(Verdict.Forged.class);
  }

  /** What Stripe sends for testing, which proves nothing. */
  @Test
  void verify_onlyV0_isForged() {
    assertForged(verify(signed(NEXT, NOW_S).replace("v1=", "v0="), BODY), "without t or v1");
  }

  @Test
  void verify_signatureOfAnotherLength_isForged() {
    String header = signed(NEXT, NOW_S);
    assertForged(verify(header.substring(0, header.length() - 1), BODY), "without t or v1");
    assertForged(verify(header + "0", BODY), "without t or v1");
    assertForged(verify(header.substring(0, header.length() - 1) + "\u0100", BODY), "no signature matches");
  }

  @Test
  void verify_hugeHeader_isForgedAtOnce() {
    String wrong = v1("whsec_other", NOW_S);
    String many = "t=" + NOW_S + ("," + wrong).repeat(100_000);
    long begun = System.nanoTime();
    assertForged(verify(many, BODY), "no signature matches");
    assertForged(verify("t=" + "1".repeat(5_000_000) + "," + wrong, BODY), "without t or v1");
    assertForged(verify(",".repeat(5_000_000), BODY), "without t or v1");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
    // The right one after too many wrong ones is not looked for.
    assertForged(verify(many + "," + v1(NEXT, NOW_S), BODY), "no signature matches");
  }

  @ParameterizedTest
  @ValueSource(longs = {-300, -299, -1, 0, 1, 299, 300})
  void verify_timeWithinTheTolerance_isGenuine(long offS) {
    assertGenuine(verify(signed(NEXT, NOW_S + offS), BODY));
  }

  @ParameterizedTest
  @ValueSource(longs = {-NOW_S, -86_400, -301, 301, 86_400, 900_000_000_000L - NOW_S})
  void verify_timeOff_isForged(long offS) {
    assertForged(verify(signed(NEXT, NOW_S + offS), BODY), "off by more than 300 s");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "nonsense", "null", "1", "\"evt_1\"", "[]", "[{\"id\":\"evt_1\"}]", "{}",
      "{",
      "{\"object\":\"event\"}", "{\"id\":1}", "{\"id\":null}", "{\"id\":true}", "{\"id\":{\"id\":\"evt_1\"}}",
      "{\"id\":[\"evt_1\"]}", "{\"id\":\"\"}", "{\"id\":\"a\\u0000b\"}", "{\"data\":{\"id\":\"evt_1\"}}",
      "{\"id\":\"evt_1", "{\"Id\":\"evt_1\"}", "<id>evt_1</id>"})
  void verify_bodyWithoutAnId_isMalformed(String body) {
    assertThat(verify(StripeSender.signature(NEXT, NOW_S, body), body))
        .isInstanceOf(Verdict.Malformed.class);
  }

  @Test
  void verify_idTooLong_isMalformed() {
    assertThat(verifyId("i".repeat(255))).isEqualTo(new Verdict.Genuine("i".repeat(255)));
    assertThat(verifyId("i".repeat(256))).isInstanceOf(Verdict.Malformed.class);
  }

  private Verdict verifyId(String id) {
    String body = "{\"id\":\"" + id + "\"}";
    return verify(StripeSender.signature(NEXT, NOW_S, body), body);
  }

  /** As a body is read only as far as its id, no depth of it can do harm. */
  @Test
  void verify_deeplyNestedBody_endsWell() {
    String body = "{\"a\":" + "[".repeat(100_000);
    assertThat(verify(StripeSender.signature(NEXT, NOW_S, body), body)).isInstanceOf(Verdict.Malformed.class);
    assertThat(read(body)).isInstanceOf(ProviderEvent.Unreadable.class);
  }

  @Test
  void answer_isWhatStripesExamplesAnswer() {
    assertThat(scheme.answer()).isEqualTo(Buffer.buffer("{\"received\":true}"));
    assertThat(scheme.provider() + "/" + scheme.account()).isEqualTo("stripe/default");
  }

  private ProviderEvent read(String body) { return scheme.read(Buffer.buffer(body)); }

  @Test
  void read_succeeded_isCharged() {
    String body = StripeSender.succeeded("evt_1", "att_1", 1_999);
    String intent = new JsonObject(body).getJsonObject("data").getJsonObject("object").getString("id");
    assertThat(read(body)).isEqualTo(new ProviderEvent.AttemptOutcome("payment_intent.succeeded", "att_1",
        new Outcome.Charged(intent, 1_999, "usd")));
  }

  /** What was received counts, not what was asked for. */
  @Test
  void read_succeededWithAnotherAmount_isChargedThat() {
    var event = new JsonObject(StripeSender.succeeded("evt_1", "att_1", 1_999));
    event.getJsonObject("data").getJsonObject("object").put("amount_received", 2_000);
    assertThat(told(event).outcome()).isInstanceOfSatisfying(Outcome.Charged.class,
        c -> assertThat(c.amount()).isEqualTo(2_000));
  }

  private ProviderEvent.AttemptOutcome told(JsonObject event) {
    return (ProviderEvent.AttemptOutcome) read(event.encode());
  }

  @Test
  void read_failed_isDeclined() {
    var event = new JsonObject(StripeSender.failed("evt_1", "att_1"));
    String intent = event.getJsonObject("data").getJsonObject("object").getString("id");
    assertThat(told(event))
        .isEqualTo(new ProviderEvent.AttemptOutcome("payment_intent.payment_failed", "att_1",
            new Outcome.Declined(intent, "card_declined", "lost_card", "Your card was declined.")));
  }

  @Test
  void read_canceled_isVoided_andLapsedWhenItRanOut() {
    var event = new JsonObject(StripeSender.failed("evt_1", "att_1")).put("type", "payment_intent.canceled");
    var intent = event.getJsonObject("data").getJsonObject("object");
    intent.put("status", "canceled").remove("last_payment_error");
    String id = intent.getString("id");
    assertThat(told(event)).isEqualTo(
        new ProviderEvent.AttemptOutcome("payment_intent.canceled", "att_1", new Outcome.Voided(id, false)));
    intent.put("cancellation_reason", "requested_by_customer");
    assertThat(told(event).outcome()).isEqualTo(new Outcome.Voided(id, false));
    intent.put("cancellation_reason", "automatic");
    assertThat(told(event).outcome()).isEqualTo(new Outcome.Voided(id, true));
  }

  @Test
  void read_held_isAuthorized() {
    var event = new JsonObject(StripeSender.succeeded("evt_1", "att_1", 1_999)).put("type",
        "payment_intent.amount_capturable_updated");
    var intent = event.getJsonObject("data").getJsonObject("object").put("status", "requires_capture")
        .put("amount_received", 0).put("amount_capturable", 1_999);
    assertThat(told(event).outcome())
        .isEqualTo(new Outcome.Authorized(intent.getString("id"), 1_999, "usd", null));
  }

  @Test
  void read_requiresAction_isActionRequired() {
    var event = new JsonObject(StripeSender.succeeded("evt_1", "att_1", 1_999)).put("type",
        "payment_intent.requires_action");
    var intent = event.getJsonObject("data").getJsonObject("object").put("status", "requires_action")
        .put("next_action", new JsonObject().put("type", "redirect_to_url").put("redirect_to_url",
            new JsonObject().put("url", "https://hooks.stripe.com/3ds")));
    assertThat(told(event).outcome())
        .isEqualTo(new Outcome.ActionRequired(intent.getString("id"), "https://hooks.stripe.com/3ds"));
  }

  /** The type says what happened, the intent what is: an intent not at its end proves nothing. */
  @Test
  void read_intentNotAtItsEnd_isPendingOrUnknown() {
    var event = new JsonObject(StripeSender.succeeded("evt_1", "att_1", 1_999));
    var intent = event.getJsonObject("data").getJsonObject("object").put("status", "processing");
    assertThat(told(event).outcome()).isEqualTo(new Outcome.Pending(intent.getString("id")));
    assertThat(told(event.put("type", "payment_intent.processing")).outcome())
        .isInstanceOf(Outcome.Pending.class);
    intent.put("status", "requires_confirmation");
    assertThat(told(event).outcome()).isInstanceOf(Outcome.Unknown.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"payment_intent.created", "charge.succeeded", "charge.refunded", "charge.captured",
      "charge.updated", "charge.failed", "balance.available", "invoice.paid",
      "issuing_card.created", "payout.paid"})
  void read_whatEveryPaymentBrings_orIsOfOthers_isIgnored(String type) {
    var event = new JsonObject(StripeSender.succeeded("evt_1", "att_1", 1_999)).put("type", type);
    assertThat(read(event.encode())).isEqualTo(new ProviderEvent.Ignored(type));
  }

  /** By our reference, which its charge has as well, else by the intent's name. */
  @Test
  void read_aTypeThatIsNotInTheTable_isAlarmed_whenItNamesAPayment() {
    String words = "Stripe sent an event that the connector does not know: look there what happened.";
    var intent = new JsonObject().put("id", "pi_1").put("metadata",
        new JsonObject().put("millrace_reference", "att_1"));
    assertThat(about("payment_intent.vanished", intent))
        .isEqualTo(new ProviderEvent.Notice("payment_intent.vanished", "att_1", "pi_1", words, false));
    var charge = intent.copy().put("id", "ch_1").put("payment_intent", "pi_1");
    assertThat(about("charge.vanished", charge))
        .isEqualTo(new ProviderEvent.Notice("charge.vanished", "att_1", "pi_1", words, false));
    charge.remove("metadata");
    assertThat(about("charge.vanished", charge))
        .isEqualTo(new ProviderEvent.Notice("charge.vanished", null, "pi_1", words, false));
    assertThat(about("charge.vanished", charge.put("payment_intent", intent)))
        .isEqualTo(new ProviderEvent.Notice("charge.vanished", null, "pi_1", words, false));
    charge.remove("payment_intent");
    assertThat(about("charge.vanished", charge))
        .isEqualTo(new ProviderEvent.Notice("charge.vanished", null, "ch_1", words, false));
    assertThat(about("refund.vanished", new JsonObject().put("id", "re_1").put("charge", "ch_1")))
        .isEqualTo(new ProviderEvent.Notice("refund.vanished", null, "ch_1", words, false));
    for (String type : List.of("refund.vanished", "ping", ""))
      assertThat(about(type, new JsonObject().put("id", "re_1"))).isEqualTo(new ProviderEvent.Ignored(type));
  }

  private ProviderEvent about(String type, JsonObject object) {
    return read(
        new JsonObject().put("type", type).put("data", new JsonObject().put("object", object)).encode());
  }

  @Test
  void read_whatInforms_isNoticed() {
    var warning = new JsonObject().put("id", "issfr_1").put("charge", "ch_1").put("payment_intent", "pi_1")
        .put("fraud_type", "misc");
    assertThat(about("radar.early_fraud_warning.created", warning)).isEqualTo(new ProviderEvent.Notice(
        "radar.early_fraud_warning.created", null, "pi_1", "Stripe says: the issuer warns of fraud.", true));
    assertThat(about("review.opened", new JsonObject().put("id", "prv_1").put("payment_intent", "pi_1")))
        .isEqualTo(new ProviderEvent.Notice("review.opened", null, "pi_1",
            "Stripe says: Stripe reviews the payment.", true));
    assertThat(about("review.closed", new JsonObject().put("id", "prv_1")))
        .isEqualTo(new ProviderEvent.Ignored("review.closed"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"id\":\"evt_1\",\"type\":7}", "{\"type\":null}", "{\"type\":{}}"})
  void read_noType_isIgnored(String body) {
    assertThat(read(body)).isEqualTo(new ProviderEvent.Ignored(""));
  }

  @Test
  void read_withoutOurReference_isIgnored() {
    var event = new JsonObject(StripeSender.succeeded("evt_1", "att_1", 1_999));
    var intent = event.getJsonObject("data").getJsonObject("object");
    var ignored = new ProviderEvent.Ignored("payment_intent.succeeded");
    intent.put("metadata", new JsonObject().put("order_id", "1"));
    assertThat(read(event.encode())).isEqualTo(ignored);
    intent.put("metadata", new JsonObject().put("millrace_reference", 1));
    assertThat(read(event.encode())).isEqualTo(ignored);
    intent.putNull("metadata");
    assertThat(read(event.encode())).isEqualTo(ignored);
    intent.remove("metadata");
    assertThat(read(event.encode())).isEqualTo(ignored);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",\"data\":null", ",\"data\":[]", ",\"data\":{}", ",\"data\":{\"object\":null}",
      ",\"data\":{\"object\":\"pi_1\"}"})
  void read_withoutAnIntent_isUnreadable(String data) {
    assertThat(read("{\"id\":\"evt_1\",\"type\":\"payment_intent.succeeded\"" + data + "}"))
        .isEqualTo(new ProviderEvent.Unreadable("payment_intent.succeeded", "no data.object"));
  }

  /** What verify has let through up to its id may still be cut or no JSON behind it. */
  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "null", "[]", "7", "\"text\"", "{\"id\":\"evt_1\"",
      "{\"id\":\"evt_1\",}"})
  void read_garbage_isUnreadable(String body) {
    assertThat(read(body)).isEqualTo(new ProviderEvent.Unreadable("", "the body is no JSON object"));
  }

  /** Postgres takes no NUL in a text, and all of these are stored. */
  @Test
  void read_nul_comesThroughNowhere() {
    var event = new JsonObject(StripeSender.failed("evt_1", "att_1\0"));
    var intent = event.getJsonObject("data").getJsonObject("object").put("id", "pi_\0");
    for (String field : List.of("code", "decline_code", "message"))
      intent.getJsonObject("last_payment_error").put(field, "a\0b");
    assertThat(read(event.encode()).toString()).doesNotContain("\0");
    intent.put("status", "succeeded").put("amount_received", 1).put("currency", "u\0d");
    assertThat(read(event.encode()).toString()).doesNotContain("\0");
    assertThat(read(event.put("type", "a\0b").encode()).toString()).doesNotContain("\0");
  }
}
