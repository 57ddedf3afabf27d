package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that can happen to a payment, end to end, over each wire: eur goes to Adyen, usd to Stripe. */
class WholeLifeIT {
  private static final String BACK = ",\"return_url\":\"https://shop.example/back?order=7\"";
  /** Short ones: what is absent is so only by the second inquiry that finds nothing. */
  private static final Map<String, String> WINDOWS = Map.of("MILLRACE_PROCESSOR_RETRY_WINDOWS",
      "300ms,500ms,700ms,800ms,1s,2s,4s,8s");
  private static MerchantLife life;

  @BeforeAll
  static void start() {
    life = MerchantLife.on(Site.on(TestServers.shared()), WINDOWS);
  }

  /** After all of it, every cent is where the provider's book says it is. */
  @AfterAll
  static void audit() {
    try {
      life.assertConsistent();
    } finally {
      life.site.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void captureInFull_settles(String currency) {
    String id = life.authorize("pm_card_visa", currency, 1_999);
    assertThat(life.payment(id).getLong("amount_authorized")).isEqualTo(1_999);
    assertThat(life.payment(id).getLong("amount_captured")).isZero();
    life.ask(id, "capture", "{}");
    assertThat(life.await(id, "settled").getLong("amount_captured")).isEqualTo(1_999);
    assertThat(life.types(id)).containsExactly("initiated", "screened", "provider_submitted", "authorized",
        "capture_requested", "operation_submitted", "confirmed", "settled");
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void captureInPart_releasesTheRest(String currency) {
    String id = life.authorize("pm_card_mastercard", currency, 1_000);
    life.ask(id, "capture", "{\"amount\":600}");
    var settled = life.await(id, "settled");
    assertThat(settled.getLong("amount_captured")).isEqualTo(600);
    assertThat(settled.getLong("amount_charged")).isEqualTo(600);
    assertThat(life.refused(id, "capture", "{}", "payment_not_capturable"))
        .startsWith("The payment is `settled`; only one that is `authorized` can be captured.");
    assertThat(life.refused(id, "cancel", "{}", "payment_not_cancelable")).contains("Refund it instead");
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void cancel_voids(String currency) {
    String id = life.authorize("pm_card_visa", currency, 700);
    life.ask(id, "cancel", "{\"reason\":\"requested_by_customer\"}");
    var voided = life.await(id, "voided");
    assertThat(voided.getLong("amount_captured")).isZero();
    life.refused(id, "capture", "{}", "payment_not_capturable");
    life.refused(id, "refunds", "{}", "payment_not_refundable");
  }

  @ParameterizedTest
  @CsvSource({"usd, pm_card_visa", "eur, pm_card_visa", "usd, pm_ach_success"})
  void refunds_inParts_upToWhatWasCaptured(String currency, String method) {
    String id = life.charge(method, currency, 1_000);
    life.refunded(id, life.ask(id, "refunds", "{\"amount\":300}").getString("id"), "succeeded");
    assertThat(life.await(id, "partially_refunded").getLong("amount_refunded")).isEqualTo(300);
    life.refunded(id, life.ask(id, "refunds", "{\"amount\":200}").getString("id"), "succeeded");
    var tooMuch = life.post("/v1/payments/" + id + "/refunds", "{\"amount\":501}");
    assertThat(tooMuch.status()).as(tooMuch.body()).isEqualTo(400);
    life.refunded(id, life.ask(id, "refunds", "{}").getString("id"), "succeeded");
    assertThat(life.await(id, "refunded").getLong("amount_refunded")).isEqualTo(1_000);
    life.refused(id, "refunds", "{}", "payment_not_refundable");
    assertThat(life.get("/v1/payments/" + id + "/refunds").json().getJsonArray("data")).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void action_completed_settles(String currency) {
    String id = life.pay("pm_card_authenticationRequired", currency, 800, BACK);
    var action = life.await(id, "requires_action").getJsonObject("next_action");
    assertThat(life.act(action.getString("url"), "succeed"))
        .isEqualTo("https://shop.example/back?order=7&payment=" + id);
    assertThat(life.await(id, "settled").getValue("next_action")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void action_completed_ofAManualCapture_isAuthorized(String currency) {
    String id = life.pay("pm_card_authenticationRequired", currency, 800, BACK + ",\"capture\":\"manual\"");
    var action = life.await(id, "requires_action").getJsonObject("next_action");
    life.act(action.getString("url"), "succeed");
    life.await(id, "authorized");
    life.ask(id, "capture", "");
    life.await(id, "settled");
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void action_failed_declines(String currency) {
    String id = life.pay("pm_card_authenticationRequired", currency, 800, BACK);
    var action = life.await(id, "requires_action").getJsonObject("next_action");
    life.act(action.getString("url"), "fail");
    assertThat(life.await(id, "declined").getJsonObject("failure").getString("code")).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void action_canceled_voids(String currency) {
    String id = life.pay("pm_card_authenticationRequired", currency, 800, BACK);
    life.await(id, "requires_action");
    life.ask(id, "cancel", "{}");
    life.await(id, "voided");
  }

  /** The account `short` gives a payer one second. */
  @Test
  void action_notCompletedInTime_expires() {
    String id = life.pay("pm_card_authenticationRequired", "chf", 800, BACK);
    life.await(id, "requires_action");
    assertThat(life.await(id, "expired").getJsonObject("failure").getString("code")).isEqualTo("expired");
  }

  @Test
  void authorization_thatLapsesAtTheProvider_expires() {
    String id = life.authorize("pm_card_visa", "usd", 800);
    life.simulate("/expire", new JsonObject().put("reference", life.reference(id, "charge")));
    life.await(id, "expired");
  }

  @ParameterizedTest
  @CsvSource({"usd, pm_sim_dispute_won, settled", "eur, pm_sim_dispute_won, settled",
      "usd, pm_sim_dispute_lost, charged_back", "eur, pm_sim_dispute_lost, charged_back"})
  void dispute_holdsAndReleasesOrWithdraws(String currency, String method, String end) {
    String id = life.pay(method, currency, 900, "");
    Await.until(MerchantLife.SOON, "the dispute is closed",
        () -> life.types(id).contains(end.equals("settled") ? "dispute_won" : "charged_back"));
    life.await(id, end);
    assertThat(life.types(id)).contains("disputed");
  }

  @Test
  void dispute_open_holdsTheMoney_andCannotBeRefunded() {
    String id = life.charge("pm_card_visa", "usd", 900);
    String reference = life.reference(id, "charge");
    life.simulate("/disputes", new JsonObject().put("reference", reference));
    life.await(id, "disputed");
    assertThat(life.refused(id, "refunds", "{}", "payment_not_refundable")).contains("disputed");
    String held = "SELECT -sum(amount) FROM posting JOIN journal j USING (xid, position) WHERE j.subject = '"
        + MerchantLife.uuid(id) + "' AND account LIKE 'disputes:%'";
    assertThat(life.site.number(held)).isEqualTo(900);
    life.simulate("/disputes/close", new JsonObject().put("reference", reference).put("outcome", "won"));
    life.await(id, "settled");
    assertThat(life.site.number(held)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"pm_ach_return, R01", "pm_ach_return_R02, R02", "pm_ach_return_R10, R10"})
  void debit_sentBack_isReturned(String method, String code) {
    String id = life.pay(method, "usd", 5_000, "");
    assertThat(life.await(id, "returned").getJsonObject("failure").getString("code")).isEqualTo(code);
    assertThat(life.types(id)).contains("confirmed", "returned");
  }

  @Test
  void debit_refusedAtOnce_isDeclined() {
    life.await(life.pay("pm_ach_decline", "usd", 5_000, ""), "declined");
  }

  @Test
  void charge_processorUnavailable_goesToTheNextProvider_andTheTimelineSaysWhy() {
    String id = life.pay("pm_sim_unavailable_stripe", "gbp", 650, "");
    assertThat(life.await(id, "settled").getString("provider")).isEqualTo("adyen");
    assertThat(life.attempts(id).stream().map(a -> a.subList(0, 3)).toList())
        .containsExactly(List.of("charge", "stripe", "declined"), List.of("charge", "adyen", "charged"));
    JsonArray timeline = life.get("/v1/payments/" + id + "/timeline").json().getJsonArray("data");
    assertThat(timeline.stream().map(JsonObject.class::cast)
        .filter(m -> m.getString("name").equals("payment.provider_submitted"))
        .map(m -> m.getJsonObject("data").getString("after", "")).toList())
        .satisfiesExactly(first -> assertThat(first).isEmpty(),
            second -> assertThat(second).startsWith("stripe: processing_error"));
  }

  @Test
  void charge_unavailableEverywhere_isDeclinedByTheLast() {
    String id = life.pay("pm_sim_unavailable", "gbp", 650, "");
    life.await(id, "declined");
    assertThat(life.attempts(id)).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"pm_card_chargeDeclined, declined", "pm_card_chargeDeclinedLostCard, declined",
      "pm_sim_500, declined", "pm_sim_charge_then_hang, settled"})
  void charge_declinedOrUnknown_goesNowhereElse(String method, String end) {
    String id = life.pay(method, "gbp", 650, "");
    life.await(id, end);
    assertThat(life.attempts(id)).hasSize(1).allMatch(a -> a.get(1).equals("stripe"));
  }

  @ParameterizedTest
  @CsvSource({"usd, pm_sim_ops_hang", "usd, pm_sim_ops_500", "usd, pm_sim_ops_malformed",
      "eur, pm_sim_ops_hang",
      "eur, pm_sim_ops_500", "eur, pm_sim_ops_malformed"})
  void operations_withoutAUsableAnswer_areCarriedOutOnce(String currency, String method) {
    String id = life.authorize(method, currency, 1_000);
    life.ask(id, "capture", "{\"amount\":900}");
    life.await(id, "settled");
    life.refunded(id, life.ask(id, "refunds", "{\"amount\":100}").getString("id"), "succeeded");
    String other = life.authorize(method, currency, 1_000);
    life.ask(other, "cancel", "{}");
    life.await(other, "voided");
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void operations_refused_leaveThePaymentAsItWas(String currency) {
    String id = life.authorize("pm_sim_ops_refused", currency, 1_000);
    life.ask(id, "capture", "{}");
    Await.until(MerchantLife.SOON, "the capture failed", () -> life.types(id).contains("capture_failed"));
    assertThat(life.payment(id).getString("status")).isEqualTo("authorized");
    life.ask(id, "cancel", "{}");
    Await.until(MerchantLife.SOON, "the cancellation failed", () -> life.types(id).contains("cancel_failed"));
    assertThat(life.payment(id).getString("status")).isEqualTo("authorized");
    String charged = life.charge("pm_sim_ops_refused", currency, 1_000);
    var refund = life.refunded(charged, life.ask(charged, "refunds", "{}").getString("id"), "failed");
    assertThat(refund.getJsonObject("failure").getString("code")).isNotEmpty();
    assertThat(life.payment(charged).getString("status")).isEqualTo("settled");
  }

  @Test
  void refund_thatTakesAWhile_succeedsByWebhook() {
    String id = life.charge("pm_card_pendingRefund", "usd", 1_000);
    life.refunded(id, life.ask(id, "refunds", "{}").getString("id"), "succeeded");
    life.await(id, "refunded");
  }

  @Test
  void refund_thatFailsLater_givesTheMoneyBackToTheMerchant() {
    String id = life.charge("pm_card_refundFail", "usd", 1_000);
    life.refunded(id, life.ask(id, "refunds", "{}").getString("id"), "failed");
    assertThat(life.await(id, "settled").getLong("amount_refunded", 0L)).isZero();
  }

  /** What a hundred requests at once were answered, by status. */
  private static Map<Integer, Long> storm(String id, IntFunction<String> what, IntFunction<String> body) {
    var answers = IntStream.range(0, 100)
        .mapToObj(
            i -> Http.sendAsync("POST", life.gateway.apiUrl() + "/v1/payments/" + id + "/" + what.apply(i),
                life.headers("storm-" + id + "-" + i), body.apply(i)))
        .toList();
    return answers.stream().map(CompletableFuture::join)
        .collect(Collectors.groupingBy(Http.Answer::status, Collectors.counting()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void capturesAndCancellations_aHundredAtOnce_exactlyOneWins(String currency) {
    String id = life.authorize("pm_card_visa", currency, 1_000);
    assertThat(storm(id, i -> i % 2 == 0 ? "capture" : "cancel", i -> "{}"))
        .isEqualTo(Map.of(202, 1L, 409, 99L));
    Await.until(MerchantLife.SOON, "one of them is done",
        () -> List.of("settled", "voided").contains(life.payment(id).getString("status")));
    assertThat(life.types(id).stream().filter(t -> t.endsWith("_requested"))).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void refunds_aHundredAtOnce_neverMoreThanWasCaptured(String currency) {
    String id = life.charge("pm_card_visa", currency, 1_000);
    var answers = storm(id, i -> "refunds", i -> "{\"amount\":30}");
    assertThat(answers.get(202)).isEqualTo(33);
    Await.until(MerchantLife.SOON, "all are done",
        () -> life.payment(id).getLong("amount_refunded", 0L) == 990);
    assertThat(life.payment(id).getString("status")).isEqualTo("partially_refunded");
  }

  @Test
  void refund_sentTwentyTimesWithOneKey_isOneRefundWithOneAnswer() {
    String id = life.charge("pm_card_visa", "usd", 1_000);
    var answers = IntStream.range(0, 20)
        .mapToObj(i -> Http.sendAsync("POST", life.gateway.apiUrl() + "/v1/payments/" + id + "/refunds",
            life.headers("one-" + id), "{\"amount\":100}"))
        .map(CompletableFuture::join).toList();
    assertThat(answers).extracting(Http.Answer::status).containsOnly(202);
    assertThat(answers).extracting(Http.Answer::body).containsOnly(answers.getFirst().body());
    assertThat(life.get("/v1/payments/" + id + "/refunds").json().getJsonArray("data")).hasSize(1);
  }
}
