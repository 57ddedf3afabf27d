package dev.millrace.provider.stripe;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.ScriptedServer;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.testing.Loop;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes over the wire to Stripe, and what its answers to the whole calls mean. */
final class StripeProviderTest {
  private static final UUID PAYMENT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final String REFERENCE = "att_01h455vb4pex5vsknk084sn02q";
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  private static final String RETURN = "https://pay.example.com/return/pay_1?a=b&c";
  private static final Order.Capture CAPTURE = new Order.Capture(PAYMENT, false, REFERENCE, "pi_1", 1_500,
      "usd",
      TRACE);
  private static final Order.Cancel CANCEL = new Order.Cancel(PAYMENT, false, REFERENCE, "pi_1", TRACE);

  private final Loop loop = new Loop();
  private final ScriptedServer server = new ScriptedServer(loop.vertx());
  private final StripeProvider provider = provider("sk_test_1");

  private StripeProvider provider(String key) {
    return loop.on(() -> new StripeProvider(loop.vertx(), "stripe", server.url(), key, 2, 5_000));
  }

  private static Order.Charge charge(boolean manual, String type, String description) {
    return new Order.Charge(PAYMENT, false, REFERENCE, 1_999, "usd", "pm_card_visa", type, manual,
        description,
        RETURN, TRACE);
  }

  private static Order.Refund refund(String reason) {
    return new Order.Refund(PAYMENT, false, REFERENCE, "pi_1", 500, "usd", reason, TRACE);
  }

  private Outcome execute(Order order) { return loop.result(() -> provider.execute(order)); }

  private Outcome inquire(Order order) { return loop.result(() -> provider.inquire(order)); }

  private static String decoded(String uri) { return URLDecoder.decode(uri, StandardCharsets.UTF_8); }

  private static String intent(String status, String more) {
    return "{\"id\":\"pi_1\",\"status\":\"" + status + "\",\"currency\":\"usd\"" + more + "}";
  }

  private static String unexpected(String intent) {
    return "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\","
        + "\"message\":\"No.\",\"payment_intent\":" + intent + "}}";
  }

  private static String refund(String id, String reference, String status) {
    return "{\"id\":\"" + id + "\",\"object\":\"refund\",\"amount\":500,\"currency\":\"usd\",\"status\":\""
        + status
        + "\",\"metadata\":{\"millrace_reference\":\"" + reference + "\"}}";
  }

  private static String page(boolean more, String... refunds) {
    return "{\"object\":\"list\",\"data\":[" + String.join(",", refunds) + "],\"has_more\":" + more + "}";
  }

  @AfterEach
  void close() {
    server.close();
    loop.close();
  }

  @Test
  void charge_automatic_staysLean() {
    server.answer(200, intent("succeeded", ",\"amount_received\":1999"));
    assertThat(execute(charge(false, "card", "Two tickets & more")))
        .isEqualTo(new Outcome.Charged("pi_1", 1_999, "usd"));
    var request = server.request();
    assertThat(request.method() + " " + request.uri()).isEqualTo("POST /v1/payment_intents");
    assertThat(request.headers()).containsEntry("authorization", "Bearer sk_test_1")
        .containsEntry("idempotency-key", REFERENCE).containsEntry("stripe-version", "2025-03-31.basil")
        .containsEntry("traceparent", TRACE)
        .containsEntry("content-type", "application/x-www-form-urlencoded");
    assertThat(request.form()).containsOnly(entry("amount", "1999"),
        entry("currency", "usd"), entry("payment_method", "pm_card_visa"),
        entry("confirm", "true"), entry("payment_method_types[]", "card"),
        entry("return_url", RETURN),
        entry("metadata[millrace_reference]", REFERENCE),
        entry("metadata[millrace_payment]", TypeId.format(TypeId.PAYMENT, PAYMENT)),
        entry("description", "Two tickets & more"));
  }

  private static Order.Charge charge(boolean manual, long amount, String currency) {
    return new Order.Charge(PAYMENT, false, REFERENCE, amount, currency, "pm_card_visa", "card", manual, null,
        RETURN, TRACE);
  }

  /** Both ways, whatever is ordered and however it is heard of: Stripe's króna has two decimals. */
  @ParameterizedTest
  @CsvSource({"isk,5000,500000,2000,200000", "ugx,5000,500000,50,5000", "ugx,5050,505000,5050,505000",
      "mga,100000,1000,20000,200", "kwd,5050,5050,1000,1000", "usd,1999,1999,500,500"})
  void order_inStripesUnits_isSentAndRead(String currency, long amount, String stripes, long part,
      String stripesPart) {
    String common = "\"id\":\"pi_1\",\"currency\":\"" + currency + "\",\"amount\":" + stripes;
    String held = "{" + common + ",\"status\":\"requires_capture\",\"amount_capturable\":" + stripes + "}";
    String taken = "{" + common + ",\"status\":\"succeeded\",\"amount_received\":" + stripesPart + "}";
    String back = "{\"id\":\"re_1\",\"status\":\"succeeded\",\"amount\":" + stripesPart + ",\"currency\":\""
        + currency + "\",\"metadata\":{\"millrace_reference\":\"" + REFERENCE + "\"}}";
    server.answer(200, held);
    var authorized = new Outcome.Authorized("pi_1", amount, currency, null);
    assertThat(execute(charge(true, amount, currency))).isEqualTo(authorized);
    assertThat(server.request().form()).containsEntry("amount", stripes);
    server.answer(200, "{\"data\":[" + held + "]}");
    assertThat(inquire(charge(true, amount, currency))).isEqualTo(authorized);
    server.request();
    var capture = new Order.Capture(PAYMENT, false, REFERENCE, "pi_1", part, currency, TRACE);
    var charged = new Outcome.Charged("pi_1", part, currency);
    server.answer(200, taken);
    assertThat(execute(capture)).isEqualTo(charged);
    assertThat(server.request().form()).containsEntry("amount_to_capture", stripesPart);
    server.answer(200, taken);
    assertThat(inquire(capture)).isEqualTo(charged);
    server.request();
    var refund = new Order.Refund(PAYMENT, false, REFERENCE, "pi_1", part, currency, null, TRACE);
    var refunded = new Outcome.Refunded("re_1", part, currency);
    server.answer(200, back);
    assertThat(execute(refund)).isEqualTo(refunded);
    assertThat(server.request().form()).containsEntry("amount", stripesPart);
    server.answer(200, page(false, back));
    assertThat(inquire(refund)).isEqualTo(refunded);
  }

  @ParameterizedTest
  @CsvSource({"kwd,1005", "mga,100050", "mga,1", "lyd,5000", "uyi,1"})
  void amount_thatStripeCannotTake_isNotSent(String currency, long amount) {
    for (Order order : new Order[]{charge(false, amount, currency), charge(true, amount, currency),
        new Order.Capture(PAYMENT, false, REFERENCE, "pi_1", amount, currency, TRACE),
        new Order.Refund(PAYMENT, false, REFERENCE, "pi_1", amount, currency, null, TRACE)}) {
      assertThat(execute(order)).isInstanceOfSatisfying(Outcome.Declined.class, d -> {
        assertThat(d.code()).isEqualTo("amount_not_representable");
        assertThat(d.message()).contains(currency).endsWith("The order was not sent.");
        assertThat(d.elsewhere()).isTrue();
      });
    }
    assertThat(server.requests()).isEmpty();
  }

  /** It certainly happened, and what happened cannot be booked: a person has to look. */
  @Test
  void answer_inAFractionOfOurUnit_isUnknown() {
    server.answer(200,
        "{\"id\":\"pi_1\",\"status\":\"succeeded\",\"currency\":\"isk\",\"amount_received\":5050}");
    assertThat(execute(charge(false, 5_000, "isk")))
        .isEqualTo(new Outcome.Unknown(
            "a succeeded intent of an amount that cannot be booked, `amount_received` 5050 in `currency` isk"));
  }

  @Test
  void charge_manual_asksForTheChargeThatSaysUntilWhen() {
    server.answer(200,
        intent("requires_capture", ",\"amount_capturable\":1999,\"latest_charge\":{\"id\":\"ch_1\","
            + "\"payment_method_details\":{\"card\":{\"capture_before\":1795177850}}}"));
    assertThat(execute(charge(true, "card", null)))
        .isEqualTo(new Outcome.Authorized("pi_1", 1_999, "usd", 1_795_177_850L));
    assertThat(server.request().form()).containsEntry("capture_method", "manual")
        .containsEntry("expand[]", "latest_charge").doesNotContainKey("description");
  }

  @Test
  void charge_heldWithoutAnExpandedCharge_hasNoExpiry() {
    server.answer(200, intent("requires_capture", ",\"amount_capturable\":1999,\"latest_charge\":\"ch_1\""));
    assertThat(execute(charge(true, "card", null)))
        .isEqualTo(new Outcome.Authorized("pi_1", 1_999, "usd", null));
  }

  @Test
  void charge_ach_isPendingUntilTheBankHasPaid() {
    server.answer(200, intent("processing", ""));
    assertThat(execute(charge(false, "ach", null))).isEqualTo(new Outcome.Pending("pi_1"));
    assertThat(server.request().form()).containsEntry("payment_method_types[]", "us_bank_account");
  }

  @Test
  void charge_requiresAction_isActionRequired() {
    server.answer(200, intent("requires_action",
        ",\"next_action\":{\"type\":\"redirect_to_url\",\"redirect_to_url\":{\"url\":\"https://hooks.stripe.com/1\"}}"))
        .answer(200, intent("requires_action", ",\"next_action\":{\"type\":\"verify_with_microdeposits\","
            + "\"verify_with_microdeposits\":{\"hosted_verification_url\":\"https://payments.stripe.com/1\"}}"))
        .answer(200, intent("requires_action", ",\"next_action\":{\"type\":\"use_stripe_sdk\"}"));
    assertThat(execute(charge(false, "card", null)))
        .isEqualTo(new Outcome.ActionRequired("pi_1", "https://hooks.stripe.com/1"));
    assertThat(execute(charge(false, "ach", null)))
        .isEqualTo(new Outcome.ActionRequired("pi_1", "https://payments.stripe.com/1"));
    assertThat(execute(charge(false, "card", null)))
        .isEqualTo(new Outcome.Unknown("intent status requires_action"));
  }

  /** Nothing is sent with a key that would do it in the other mode, and nothing learned by one. */
  @Test
  void order_ofTheOtherMode_isNotSent() {
    var live = new Order.Cancel(PAYMENT, true, REFERENCE, "pi_1", TRACE);
    assertThat(execute(live)).isInstanceOfSatisfying(Outcome.Declined.class,
        d -> assertThat(d.code()).isEqualTo("provider_mode_mismatch"));
    assertThat(inquire(live)).isEqualTo(new Outcome.Unknown("the provider key is for the other mode"));
    StripeProvider other = provider("rk_live_1");
    assertThat(with(other, charge(false, "card", null))).isInstanceOf(Outcome.Declined.class);
    assertThat(server.requests()).isEmpty();
  }

  private Outcome with(StripeProvider one, Order order) { return loop.result(() -> one.execute(order)); }

  @Test
  void complete_retrievesTheIntent() {
    server.answer(200, intent("succeeded", ",\"amount_received\":1999"))
        .answer(200, intent("requires_capture", ",\"amount_capturable\":1999"))
        .answer(200, intent("requires_payment_method",
            ",\"last_payment_error\":{\"code\":\"payment_intent_authentication_failure\",\"message\":\"No.\"}"));
    assertThat(execute(new Order.Complete(charge(false, "card", null), "pi_1", "redirect_status=failed")))
        .isEqualTo(new Outcome.Charged("pi_1", 1_999, "usd"));
    assertThat(server.request().method() + " " + server.request().uri())
        .isEqualTo("GET /v1/payment_intents/pi_1");
    assertThat(execute(new Order.Complete(charge(true, "card", null), "pi_1", null)))
        .isInstanceOf(Outcome.Authorized.class);
    assertThat(server.request().uri()).isEqualTo("/v1/payment_intents/pi_1?expand[]=latest_charge");
    assertThat(execute(new Order.Complete(charge(false, "card", null), "pi_1", null))).isEqualTo(
        new Outcome.Declined("pi_1", "payment_intent_authentication_failure", null, "No."));
  }

  @Test
  void capture_isSentUnderItsOwnReference_andLeavesTheChargesAlone() {
    server.answer(200, intent("succeeded", ",\"amount_received\":1500"));
    assertThat(execute(CAPTURE)).isEqualTo(new Outcome.Charged("pi_1", 1_500, "usd"));
    assertThat(server.request().uri()).isEqualTo("/v1/payment_intents/pi_1/capture");
    assertThat(server.request().headers()).containsEntry("idempotency-key", REFERENCE);
    assertThat(server.request().form()).containsOnly(entry("amount_to_capture", "1500"),
        entry("metadata[millrace_capture]", REFERENCE));
  }

  @Test
  void capture_refused_isDeclinedInStripesWords() {
    server.answer(400, unexpected(intent("canceled", "")));
    assertThat(execute(CAPTURE))
        .isEqualTo(new Outcome.Declined("pi_1", "payment_intent_unexpected_state", null, "No."));
    server.answer(400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"amount_too_large\"}}");
    assertThat(execute(CAPTURE)).isInstanceOfSatisfying(Outcome.Declined.class,
        d -> assertThat(d.code()).isEqualTo("amount_too_large"));
  }

  /** Refused because it was captured before: it is captured, and the payer has paid. */
  @Test
  void capture_refusedBecauseItIsCaptured_isCharged() {
    server.answer(400, unexpected(intent("succeeded", ",\"amount_received\":1999")));
    assertThat(execute(CAPTURE)).isEqualTo(new Outcome.Charged("pi_1", 1_999, "usd"));
  }

  @Test
  void capture_answeredWithAnIntentAsItWas_isUnknown() {
    server.answer(200, intent("requires_capture", ",\"amount_capturable\":1999"));
    assertThat(execute(CAPTURE)).isInstanceOf(Outcome.Unknown.class);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
    succeeded               | Charged
    requires_capture        | Absent
    processing              | Pending
    canceled                | Declined
    requires_payment_method | Declined
    requires_action         | Unknown
    a_new_one               | Unknown
    """)
  void capture_inquired_isJudgedByTheIntent(String status, String outcome) {
    server.answer(200, intent(status, ",\"amount_received\":1500"));
    assertThat(inquire(CAPTURE).getClass().getSimpleName()).isEqualTo(outcome);
    assertThat(server.request().method() + " " + server.request().uri())
        .isEqualTo("GET /v1/payment_intents/pi_1");
  }

  @Test
  void cancel_isVoided() {
    server.answer(200, intent("canceled", ""));
    assertThat(execute(CANCEL)).isEqualTo(new Outcome.Voided("pi_1", false));
    assertThat(server.request().uri()).isEqualTo("/v1/payment_intents/pi_1/cancel");
    assertThat(server.request().headers()).containsEntry("idempotency-key", REFERENCE);
    assertThat(server.request().body()).isEmpty();
  }

  @Test
  void cancel_refused_isWhatThePaymentIsByNow() {
    server.answer(400, unexpected(intent("canceled", ""))).answer(400,
        unexpected(intent("succeeded", ",\"amount_received\":1999"))).answer(400,
            unexpected(intent("processing", "")));
    assertThat(execute(CANCEL)).isEqualTo(new Outcome.Voided("pi_1", false));
    assertThat(execute(CANCEL)).isEqualTo(new Outcome.Charged("pi_1", 1_999, "usd"));
    assertThat(execute(CANCEL)).isInstanceOf(Outcome.Declined.class);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    canceled                | Voided
    succeeded               | Charged
    requires_capture        | Absent
    requires_action         | Absent
    requires_payment_method | Absent
    requires_confirmation   | Absent
    processing              | Pending
    a_new_one               | Unknown
    """)
  void cancel_inquired_isJudgedByTheIntent(String status, String outcome) {
    server.answer(200, intent(status, ",\"amount_received\":1999"));
    assertThat(inquire(CANCEL).getClass().getSimpleName()).isEqualTo(outcome);
  }

  @Test
  void refund_carriesOurReference() {
    server.answer(200, refund("re_1", REFERENCE, "succeeded"));
    assertThat(execute(refund("duplicate"))).isEqualTo(new Outcome.Refunded("re_1", 500, "usd"));
    assertThat(server.request().uri()).isEqualTo("/v1/refunds");
    assertThat(server.request().headers()).containsEntry("idempotency-key", REFERENCE);
    assertThat(server.request().form()).containsOnly(entry("payment_intent", "pi_1"),
        entry("amount", "500"), entry("reason", "duplicate"),
        entry("metadata[millrace_reference]", REFERENCE),
        entry("metadata[millrace_payment]", TypeId.format(TypeId.PAYMENT, PAYMENT)));
  }

  /** Stripe refuses words of one's own as a reason. */
  @Test
  void refund_withAReasonOfOnesOwn_carriesItAsMetadata() {
    server.answer(200, refund("re_1", REFERENCE, "pending"));
    assertThat(execute(refund("wrong size & colour" + "x".repeat(600))))
        .isEqualTo(new Outcome.Pending("re_1"));
    assertThat(server.request().form()).doesNotContainKey("reason");
    assertThat(server.request().form().get("metadata[reason]")).startsWith("wrong size & colour")
        .hasSize(500);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    succeeded       | Refunded
    pending         | Pending
    requires_action | Pending
    failed          | Declined
    canceled        | Declined
    a_new_one       | Unknown
    """)
  void refund_everyStatus(String status, String outcome) {
    server.answer(200, refund("re_1", REFERENCE, status))
        .answer(200, page(false, refund("re_1", REFERENCE, status)));
    assertThat(execute(refund((String) null)).getClass().getSimpleName()).isEqualTo(outcome);
    assertThat(inquire(refund((String) null)).getClass().getSimpleName()).isEqualTo(outcome);
  }

  @Test
  void refund_refused_isDeclinedInStripesWords() {
    server.answer(400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"charge_already_refunded\","
        + "\"message\":\"Charge ch_1 has already been refunded.\"}}");
    assertThat(execute(refund((String) null)))
        .isEqualTo(new Outcome.Declined(null, "charge_already_refunded", null,
            "Charge ch_1 has already been refunded."));
  }

  @Test
  void refund_inquired_isLookedForPageByPage() {
    server.answer(200, page(true, refund("re_9", "att_9", "succeeded"), refund("re_8", "att_8", "succeeded")))
        .answer(200, page(false, refund("re_7", "att_7", "failed"), refund("re_6", REFERENCE, "succeeded")));
    assertThat(inquire(refund((String) null))).isEqualTo(new Outcome.Refunded("re_6", 500, "usd"));
    assertThat(server.requests()).extracting(r -> r.method() + " " + r.uri()).containsExactly(
        "GET /v1/refunds?payment_intent=pi_1&limit=100",
        "GET /v1/refunds?payment_intent=pi_1&limit=100&starting_after=re_8");
  }

  @Test
  void refund_inquiredAndOnNoPage_isAbsent() {
    server.answer(200, page(false)).answer(200, page(false, refund("re_9", "att_9", "succeeded")));
    assertThat(inquire(refund((String) null))).isEqualTo(new Outcome.Absent());
    assertThat(inquire(refund((String) null))).isEqualTo(new Outcome.Absent());
  }

  /** A list that does not say that it is complete proves no absence. */
  @ParameterizedTest
  @ValueSource(strings = {"{\"data\":[]}", "{\"data\":[],\"has_more\":true}",
      "{\"data\":[],\"has_more\":\"no\"}",
      "{\"data\":[{\"metadata\":{}}],\"has_more\":true}", "{\"data\":[1],\"has_more\":false}", "{}", "[]",
      ""})
  void refund_inquiredOfAnIncompleteList_isUnknown(String list) {
    server.answer(200, list);
    assertThat(inquire(refund((String) null))).isInstanceOf(Outcome.Unknown.class);
    assertThat(server.requests()).hasSize(1);
  }

  private static String object(String id, String more) {
    return "{\"id\":\"" + id + "\",\"payment_intent\":\"pi_1\",\"amount\":500,\"currency\":\"usd\"," + more
        + "}";
  }

  /** What of a charge there is, and how the asking ended. */
  private List<Object> list() {
    var found = new ArrayList<Object>();
    Outcome end = loop.result(() -> provider.list("pi_1", event -> found
        .add(event instanceof ProviderEvent.Unsolicited u ? u.fact() : event.getClass().getSimpleName())));
    found.add(end);
    return found;
  }

  /** Those of ours as they are told of calls, the others as changes, oldest first, page by page. */
  @Test
  void charge_isListedWithItsRefundsAndDisputes() {
    server.answer(200, page(true, object("re_3", "\"status\":\"succeeded\",\"metadata\":{}")))
        .answer(200, page(true, refund("re_2", REFERENCE, "succeeded")))
        .answer(200, page(false, object("re_1", "\"status\":\"failed\",\"failure_reason\":\"declined\"")))
        .answer(200, page(true, object("du_2", "\"status\":\"needs_response\",\"reason\":\"general\"")))
        .answer(200, page(false, object("du_1", "\"status\":\"won\",\"reason\":\"fraudulent\"")));
    long now = Instant.now().getEpochSecond();
    var found = list();
    assertThat(found).hasSize(6);
    assertThat(found.get(0)).isInstanceOf(UnsolicitedChange.RefundFailed.class);
    assertThat(found.subList(1, 3)).containsExactly("AttemptOutcome",
        new UnsolicitedChange.Refunded("re_3", 500, "usd"));
    assertThat(found.get(3)).isInstanceOfSatisfying(UnsolicitedChange.DisputeClosed.class,
        d -> assertThat(List.of(d.dispute(), d.won(), d.amount(), d.decided() >= now))
            .containsExactly("du_1", true, 500L, true));
    assertThat(found.get(4)).isInstanceOfSatisfying(UnsolicitedChange.DisputeOpened.class,
        d -> assertThat(List.of(d.dispute(), d.amount(), d.told() >= now)).containsExactly("du_2", 500L,
            true));
    assertThat(found.get(5)).isEqualTo(new Outcome.Absent());
    assertThat(server.requests()).extracting(r -> r.method() + " " + r.uri()).containsExactly(
        "GET /v1/refunds?payment_intent=pi_1&limit=100",
        "GET /v1/refunds?payment_intent=pi_1&limit=100&starting_after=re_3",
        "GET /v1/refunds?payment_intent=pi_1&limit=100&starting_after=re_2",
        "GET /v1/disputes?payment_intent=pi_1&limit=100",
        "GET /v1/disputes?payment_intent=pi_1&limit=100&starting_after=du_2");
  }

  /** What was read of a list that could not be read to its end is not told: it may be its newer part. */
  @Test
  void charge_thatCannotBeListed_isUnknown() {
    server.answer(200, page(true, object("re_3", "\"status\":\"succeeded\""))).answer(500, "{}");
    assertThat(list()).containsExactly(new Outcome.Unknown("inquiry: status 500"));
    server.answer(200, page(false, object("re_3", "\"status\":\"succeeded\""))).answer(404, "{}");
    assertThat(list()).containsExactly(new UnsolicitedChange.Refunded("re_3", 500, "usd"),
        new Outcome.Unknown("inquiry: status 404"));
  }

  @Test
  void refund_onPagesWithoutEnd_isUnknownAtTheBound() {
    for (int i = 0; i < 20; i++) server.answer(200, page(true, refund("re_" + i, "att_9", "succeeded")));
    assertThat(inquire(refund((String) null)))
        .isEqualTo(new Outcome.Unknown("inquiry: not among the newest 1000 refunds of the payment"));
    assertThat(server.requests()).hasSize(10);
  }

  @Test
  void charge_inquired_isSearchedByOurReference() {
    server.answer(200, "{\"object\":\"search_result\",\"data\":[]}").answer(200, "{\"data\":["
        + intent("requires_capture", ",\"amount_capturable\":1999") + "]}");
    assertThat(inquire(charge(false, "card", null))).isEqualTo(new Outcome.Absent());
    assertThat(decoded(server.request().uri())).isEqualTo(
        "/v1/payment_intents/search?query=metadata['millrace_reference']:'" + REFERENCE + "'");
    assertThat(inquire(charge(true, "card", null))).isInstanceOf(Outcome.Authorized.class);
    assertThat(server.request().uri()).endsWith("&expand[]=data.latest_charge");
  }

  /** Whatever is asked: an error is never taken for absence. */
  @ParameterizedTest
  @ValueSource(ints = {201, 302, 400, 401, 403, 404, 409, 500, 503})
  void inquiry_refused_isUnknown(int status) {
    for (Order order : new Order[]{charge(false, "card", null), CAPTURE, CANCEL, refund((String) null),
        new Order.Complete(charge(false, "card", null), "pi_1", null)}) {
      server.answer(status, page(false));
      assertThat(inquire(order)).as("%s", order).isEqualTo(new Outcome.Unknown("inquiry: status " + status));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {409, 424, 500, 502, 503, 504})
  void operation_brokenAnswer_isUnknown(int status) {
    for (Order order : new Order[]{CAPTURE, CANCEL, refund((String) null)}) {
      server.answer(status, unexpected(intent("canceled", "")));
      assertThat(execute(order)).as("%s", order).isEqualTo(new Outcome.Unknown("status " + status));
      server.answer(200, "<html>");
      assertThat(execute(order)).as("%s", order).isInstanceOf(Outcome.Unknown.class);
      server.reset();
      assertThat(execute(order)).as("%s", order).isInstanceOf(Outcome.Unknown.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 429})
  void operation_turnedAway_isNotExecuted(int status) {
    for (Order order : new Order[]{CAPTURE, CANCEL, refund((String) null)}) {
      server.answer(status, "{\"error\":{\"type\":\"invalid_request_error\"}}");
      assertThat(execute(order)).as("%s", order).isEqualTo(new Outcome.NotExecuted("status " + status));
    }
  }

  /** The provider's name of something is not ours to trust in a path. */
  @Test
  void reference_ofTheProvider_cannotLeaveItsPath() {
    server.answer(200, intent("canceled", ""));
    execute(new Order.Cancel(PAYMENT, false, REFERENCE, "../refunds?x=", TRACE));
    assertThat(server.request().uri()).isEqualTo("/v1/payment_intents/..%2Frefunds%3Fx%3D/cancel");
  }
}
