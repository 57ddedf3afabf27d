package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What providers do months later, twice, for others or past the gateway: over the simulator, by their rules.
 * eur goes to Adyen, usd to Stripe. After each case every cent is where the provider's book says it is.
 */
class RealWorldIT {
  private static final String BACK = ",\"return_url\":\"https://shop.example/back\"";
  private static final int PATIENCE_MS = 4_000;
  private static MerchantLife life;

  @BeforeAll
  static void start() {
    life = MerchantLife.on(Site.on(TestServers.shared()),
        Map.of("MILLRACE_PROCESSOR_PROCESSING_ALERT_CARD", PATIENCE_MS + "ms",
            "MILLRACE_PROCESSOR_RETRY_WINDOWS", "300ms,500ms,700ms,800ms,1s,2s,4s,8s"));
  }

  @AfterAll
  static void stop() { life.site.close(); }

  @AfterEach
  void audit() {
    SimulatorBook.settings(life.site, new JsonObject().put("try_ms", 500).put("processing_ms", 500));
    SimulatorBook.awaitWebhooksSent(life.site);
    life.assertConsistent();
  }

  private static JsonObject of(String id) {
    return new JsonObject().put("reference", life.reference(id, "charge"));
  }

  private static SimulatorBook.Entry booked(String id) {
    String reference = life.reference(id, "charge");
    return SimulatorBook.of(life.site).entries().stream().filter(e -> e.reference().equals(reference))
        .findFirst().orElseThrow();
  }

  /** What its postings come to on an account, by the events of this type or of all. */
  private static long posted(String id, String account, String type) {
    return life.site
        .number("SELECT coalesce(sum(amount), 0) FROM posting JOIN journal j USING (xid, position)"
            + " WHERE j.subject = '" + MerchantLife.uuid(id) + "' AND starts_with(account, '" + account
            + "') AND j.type LIKE 'payment." + type + "'");
  }

  private static void awaitEvent(String id, String type) {
    Await.until(MerchantLife.SOON, id + " has " + type, () -> life.types(id).contains(type));
  }

  private static long letters(String id, String status) {
    return life.site.number("SELECT count(*) FROM dead_letter WHERE payment_id = '" + MerchantLife.uuid(id)
        + "' AND status LIKE '" + status + "'");
  }

  /** How often the gateway has counted it. */
  private static double counted(String metric) {
    return Http.get(life.gateway.opsUrl() + "/metrics").body().lines().filter(line -> line.startsWith(metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  private static double alerts(String alert) {
    return counted("millrace_provider_conflict_total{alert=\"" + alert + "\"");
  }

  private static List<JsonObject> disputes(String id) {
    return life.get("/v1/payments/" + id + "/disputes").json().getJsonArray("data").stream()
        .map(JsonObject.class::cast).toList();
  }

  /** Whether the merchant was told of it. */
  private static boolean told(String id, String type) {
    return life.get("/v1/events?limit=100&payment=" + id).json().getJsonArray("data").stream()
        .anyMatch(event -> ((JsonObject) event).getString("type").equals("payment." + type));
  }

  private static void awaitAlert(String alert, double before) {
    Await.until(MerchantLife.SOON, "one more alert " + alert, () -> alerts(alert) == before + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void disputes_twoAtOnce_areEachItsOwn(String currency) {
    String id = life.charge("pm_card_visa", currency, 20_000);
    life.simulate("/disputes", of(id).put("amount", 10_000));
    life.simulate("/disputes", of(id).put("amount", 6_800));
    Await.until(MerchantLife.SOON, "both are open", () -> disputes(id).size() == 2);
    assertThat(disputes(id)).extracting(d -> d.getLong("amount")).containsExactlyInAnyOrder(10_000L, 6_800L);
    assertThat(posted(id, "disputes:", "%")).isEqualTo(-16_800);
    for (JsonObject dispute : disputes(id))
      life.simulate("/disputes/close",
          of(id).put("dispute", dispute.getString("provider_reference")).put("outcome", "lost"));
    life.await(id, "charged_back");
    Await.until(MerchantLife.SOON, "both are lost",
        () -> disputes(id).stream().allMatch(d -> d.getString("status").equals("lost")));
    assertThat(posted(id, "provider_receivable:", "charged_back")).isEqualTo(-16_800);
    assertThat(booked(id).disputed()).isEqualTo(16_800);
  }

  @Test
  void disputes_oneWonOneLost_endApart() {
    String id = life.charge("pm_card_visa", "usd", 20_000);
    life.simulate("/disputes", of(id).put("amount", 10_000));
    life.simulate("/disputes", of(id).put("amount", 6_800));
    Await.until(MerchantLife.SOON, "both are open", () -> disputes(id).size() == 2);
    for (JsonObject dispute : disputes(id))
      life.simulate("/disputes/close",
          of(id).put("dispute", dispute.getString("provider_reference"))
              .put("outcome", dispute.getLong("amount") == 6_800 ? "won" : "lost"));
    life.await(id, "charged_back");
    awaitEvent(id, "dispute_won");
    assertThat(posted(id, "provider_receivable:", "charged_back")).isEqualTo(-10_000);
    assertThat(posted(id, "disputes:", "%")).isZero();
    assertThat(booked(id).disputed()).isEqualTo(10_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void dispute_lostAndThenWon_isPostedBack(String currency) {
    String id = life.charge("pm_card_visa", currency, 900);
    life.simulate("/disputes", of(id));
    life.simulate("/disputes/close", of(id).put("outcome", "lost"));
    life.await(id, "charged_back");
    life.simulate("/disputes/close", of(id).put("outcome", "won"));
    life.await(id, "settled");
    assertThat(life.types(id)).containsSubsequence("disputed", "charged_back", "chargeback_reversed");
    assertThat(posted(id, "provider_receivable:", "charge%")).isZero();
    assertThat(booked(id).disputed()).isZero();
    assertThat(disputes(id)).singleElement().extracting(d -> d.getString("status")).isEqualTo("won");
  }

  @Test
  void dispute_atAdyen_throughAllStages() {
    String id = life.charge("pm_card_visa", "eur", 900);
    life.simulate("/disputes", of(id));
    life.await(id, "disputed");
    for (String outcome : List.of("won", "lost", "won", "lost")) {
      life.simulate("/disputes/close", of(id).put("outcome", outcome));
      life.await(id, outcome.equals("won") ? "settled" : "charged_back");
    }
    assertThat(posted(id, "provider_receivable:", "charge%")).isEqualTo(-900);
    assertThat(disputes(id)).singleElement().extracting(d -> d.getString("status")).isEqualTo("lost");
  }

  @Test
  void dispute_overturnedByItself_settles() {
    String id = life.pay("pm_sim_dispute_overturned", "usd", 900, "");
    awaitEvent(id, "chargeback_reversed");
    life.await(id, "settled");
  }

  @ParameterizedTest
  @CsvSource({"usd,won", "usd,lost", "eur,lost"})
  void dispute_largerThanTheCharge_isBookedAsItIs(String currency, String outcome) {
    double alerted = alerts("beyond_payment");
    String id = life.charge("pm_card_visa", currency, 1_000);
    life.simulate("/disputes", of(id).put("amount", 1_500));
    life.await(id, "disputed");
    assertThat(posted(id, "disputes:", "%")).isEqualTo(-1_500);
    String suspense = "SELECT coalesce(sum(amount), 0) FROM posting JOIN journal j USING (xid, position)"
        + " WHERE account = 'suspense' AND j.subject = '" + MerchantLife.uuid(id) + "'";
    assertThat(life.site.number(suspense)).isEqualTo(500);
    awaitAlert("beyond_payment", alerted);
    life.simulate("/disputes/close", of(id).put("outcome", outcome));
    boolean won = outcome.equals("won");
    life.await(id, won ? "settled" : "charged_back");
    assertThat(life.site.number(suspense)).isEqualTo(won ? 0 : 500);
    assertThat(booked(id).left()).isEqualTo(won ? 1_000 : -500);
  }

  @ParameterizedTest
  @CsvSource({"usd,false", "eur,false", "eur,true"})
  void refund_thatFailsAfterItSucceeded_isTakenBack(String currency, boolean cameBack) {
    String id = life.charge("pm_card_visa", currency, 1_000);
    String refund = life.ask(id, "refunds", "{\"amount\":400}").getString("id");
    life.refunded(id, refund, "succeeded");
    life.await(id, "partially_refunded");
    life.simulate("/refunds/fail", of(id).put("reversed", cameBack));
    assertThat(life.refunded(id, refund, "failed").getJsonObject("failure").getString("code")).isNotEmpty();
    assertThat(life.await(id, "settled").getLong("amount_refunded")).isZero();
    assertThat(posted(id, "provider_receivable:", "refund%")).isZero();
    assertThat(told(id, "refund_reversed")).as("the merchant is told").isTrue();
    life.refunded(id, life.ask(id, "refunds", "{}").getString("id"), "succeeded");
    assertThat(life.await(id, "refunded").getLong("amount_refunded")).isEqualTo(1_000);
    assertThat(booked(id).refunded()).isEqualTo(1_000);
  }

  @ParameterizedTest
  @CsvSource({"usd,pm_card_refundFail", "eur,pm_card_refundFail", "usd,pm_sim_refund_pending_fails",
      "eur,pm_sim_refund_pending_fails"})
  void refund_thatFailsByItself_leavesNothing(String currency, String method) {
    String id = life.charge(method, currency, 1_000);
    life.refunded(id, life.ask(id, "refunds", "{}").getString("id"), "failed");
    assertThat(life.await(id, "settled").getLong("amount_refunded")).isZero();
    assertThat(life.types(id).contains("refund_reversed")).isEqualTo(method.equals("pm_card_refundFail"));
  }

  /** Adyen says of no refund more than that it has received it. */
  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void refund_pendingAtTheProvider_isNotWaitedFor(String currency) {
    SimulatorBook.settings(life.site, new JsonObject().put("refund_ms", 6_000));
    try {
      String id = life.charge("pm_sim_refund_pending_fails", currency, 1_000);
      var headers = new HashMap<>(life.headers(UUID.randomUUID().toString()));
      headers.put("Prefer", "wait=20");
      long begun = System.nanoTime();
      var answer = Http.send("POST", life.gateway.apiUrl() + "/v1/payments/" + id + "/refunds", headers,
          "{}");
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
      assertThat(answer.status()).as(answer.body()).isEqualTo(202);
      assertThat(answer.json().getString("status")).isEqualTo("pending");
      life.refunded(id, answer.json().getString("id"), "failed");
    } finally {
      SimulatorBook.settings(life.site, new JsonObject().put("refund_ms", 500));
    }
  }

  @Test
  void capture_thatFailsLater_isHeldAgain_andCanBeMadeAnew() {
    String id = life.authorize("pm_card_visa", "eur", 1_000);
    life.ask(id, "capture", "{\"amount\":700}");
    life.await(id, "settled");
    life.simulate("/captures/fail", of(id));
    assertThat(life.await(id, "authorized").getLong("amount_captured")).isZero();
    assertThat(told(id, "capture_reversed")).isTrue();
    life.ask(id, "capture", "{\"amount\":600}");
    assertThat(life.await(id, "settled").getLong("amount_captured")).isEqualTo(600);
    assertThat(booked(id).captured()).isEqualTo(600);
  }

  /** What had gone back to the payer nobody has captured now: it is beyond the payment, with an alert. */
  @Test
  void capture_thatFailsAfterAPartWentBack_isTakenBackWhole() {
    double conflicts = counted("millrace_provider_conflict_total");
    String id = life.pay("pm_card_visa", "eur", 5_000, "");
    life.await(id, "settled");
    life.refunded(id, life.ask(id, "refunds", "{\"amount\":1000}").getString("id"), "succeeded");
    life.simulate("/captures/fail", of(id));
    JsonObject payment = life.await(id, "refunded");
    assertThat(List.of(payment.getLong("amount_captured"), payment.getLong("amount_refunded")))
        .containsExactly(0L, 1_000L);
    assertThat(posted(id, "suspense", "capture_reversed")).isEqualTo(1_000);
    assertThat(counted("millrace_provider_conflict_total")).as("alerts").isEqualTo(conflicts + 1);
    assertThat(letters(id, "%")).isZero();
  }

  /** A refund and a dispute of the same money: once the dispute is won, the refund is the merchant's. */
  @Test
  void refund_ofWhatIsDisputed_isTheMerchants_whenTheDisputeIsWon() {
    SimulatorBook.settings(life.site, new JsonObject().put("refund_ms", 1_500));
    String id = life.pay("pm_card_pendingRefund", "gbp", 5_000, "");
    life.await(id, "settled");
    life.ask(id, "refunds", "{\"amount\":4000}");
    Await.until(MerchantLife.SOON, "it is under way", () -> booked(id).refunded() == 4_000);
    life.simulate("/disputes", of(id).put("amount", 5_000));
    life.await(id, "disputed");
    Await.until(MerchantLife.SOON, "it is refunded",
        () -> life.payment(id).getLong("amount_refunded") == 4_000);
    assertThat(posted(id, "suspense", "%")).isEqualTo(4_000);
    life.simulate("/disputes/close", of(id).put("outcome", "won"));
    assertThat(life.await(id, "partially_refunded").getLong("amount_refunded")).isEqualTo(4_000);
    assertThat(posted(id, "suspense", "%")).isZero();
  }

  /** Adyen had made it of its own accord. */
  @Test
  void capture_thatWasAutomatic_failsLater() {
    String id = life.pay("pm_sim_capture_fails", "eur", 1_000, "");
    awaitEvent(id, "capture_reversed");
    assertThat(life.await(id, "authorized").getLong("amount_captured")).isZero();
    life.ask(id, "cancel", "{}");
    life.await(id, "voided");
  }

  @Test
  void debit_whoseReturnIsReversed_isSettledAfterAll() {
    String id = life.pay("pm_ach_return_reversed", "usd", 5_000, "");
    awaitEvent(id, "return_reversed");
    life.await(id, "settled");
    assertThat(life.types(id)).containsSubsequence("returned", "return_reversed");
    assertThat(booked(id).returned()).isZero();
  }

  /** Whoever is not sure whether it was captured has Adyen cancel or refund it. */
  @ParameterizedTest
  @CsvSource({"manual,voided", "automatic,refunded"})
  void reversal_madeAtAdyen_isACancellationOrARefund(String capture, String end) {
    String id = life.pay("pm_card_visa", "eur", 1_000, ",\"capture\":\"" + capture + "\"");
    String psp = life.await(id, capture.equals("manual") ? "authorized" : "settled")
        .getString("provider_reference");
    var answer = Http.send("POST", life.site.simulatorUrl() + "/adyen/v71/payments/" + psp + "/reversals",
        Map.of("x-api-key", "sk_test_simulator", "idempotency-key", UUID.randomUUID().toString()),
        new JsonObject().put("merchantAccount", "Millrace").put("reference", of(id).getString("reference"))
            .encode());
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    life.await(id, end);
    assertThat(booked(id).left()).isZero();
  }

  @Test
  void captures_madeAtAdyen_areBookedEach() {
    double conflicts = counted("millrace_provider_conflict_total");
    String id = life.authorize("pm_card_visa", "eur", 10_000);
    life.simulate("/captures", of(id).put("amount", 2_000));
    life.simulate("/captures", of(id).put("amount", 4_000).put("success", false));
    life.simulate("/captures", of(id).put("amount", 3_000));
    Await.until(MerchantLife.SOON, "both are booked",
        () -> life.payment(id).getLong("amount_captured") == 5_000);
    SimulatorBook.awaitWebhooksSent(life.site);
    life.await(id, "settled");
    assertThat(booked(id).captured()).isEqualTo(5_000);
    assertThat(letters(id, "%")).isZero();
    assertThat(counted("millrace_provider_conflict_total")).as("alerts").isEqualTo(conflicts);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 800})
  void tries_refusedAndThenCharged_arePaid(int delayMs) {
    SimulatorBook.settings(life.site, new JsonObject().put("try_ms", delayMs));
    String id = life.pay("pm_sim_second_try", "eur", 1_000, BACK);
    assertThat(life.await(id, "settled").getLong("amount_captured")).isEqualTo(1_000);
    assertThat(life.payment(id).getString("provider_reference")).endsWith("M");
    // And it is this try that is refunded.
    life.refunded(id, life.ask(id, "refunds", "{}").getString("id"), "succeeded");
  }

  @ParameterizedTest
  @CsvSource({"usd,0", "usd,800", "eur,0", "eur,800"})
  void charge_thatComesAfterTheDecline_isGivenBack(String currency, int delayMs) {
    SimulatorBook.settings(life.site, new JsonObject().put("try_ms", delayMs));
    double alerted = alerts("late_charge");
    String id = life.pay("pm_sim_late_charge", currency, 1_000, "");
    awaitEvent(id, "late_charge_returned");
    life.await(id, "declined");
    assertThat(booked(id).captured()).isEqualTo(1_000);
    assertThat(booked(id).refunded()).isEqualTo(1_000);
    awaitAlert("late_charge", alerted);
  }

  @Test
  void charge_thatComesAfterTheCancellation_isGivenBack() {
    String id = life.pay("pm_card_authenticationRequired", "eur", 1_000, BACK);
    life.await(id, "requires_action");
    life.ask(id, "cancel", "{}");
    life.await(id, "voided");
    life.simulate("/tries", of(id).put("outcome", "charged"));
    awaitEvent(id, "late_charge_returned");
    life.await(id, "voided");
    assertThat(booked(id).left()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"usd,pm_sim_processing,settled", "eur,pm_sim_processing,settled",
      "usd,pm_sim_processing_fails,declined", "eur,pm_sim_processing_fails,declined"})
  void charge_thatIsProcessed_restsAndEnds(String currency, String method, String end) {
    SimulatorBook.settings(life.site, new JsonObject().put("processing_ms", PATIENCE_MS / 4));
    String id = life.pay(method, currency, 1_000, "");
    life.await(id, "processing");
    life.await(id, end);
    assertThat(letters(id, "%")).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "eur"})
  void charge_thatIsProcessedForLong_isALetter_untilItEnds(String currency) {
    SimulatorBook.settings(life.site, new JsonObject().put("processing_ms", 600_000));
    String id = life.pay("pm_sim_processing", currency, 1_000, "");
    life.await(id, "processing");
    Await.until(MerchantLife.SOON, "a letter is open", () -> letters(id, "open") == 1);
    life.simulate("/complete", of(id).put("outcome", "charged"));
    life.await(id, "settled");
    Await.until(MerchantLife.SOON, "the letter is closed", () -> letters(id, "open") == 0);
  }

  @Test
  void objectsOfOthers_areCounted_andNoLetters() {
    double foreign = counted("millrace_inbox_processed_total{outcome=\"foreign\"");
    long letters = life.site.number("SELECT count(*) FROM dead_letter");
    String order = "order-" + UUID.randomUUID();
    String other = "order-" + UUID.randomUUID();
    var charged = Http.send("POST", life.site.simulatorUrl() + "/v1/payment_intents",
        Map.of("Authorization", "Bearer sk_test_simulator", "Idempotency-Key", order, "Content-Type",
            "application/x-www-form-urlencoded"),
        "amount=700&currency=usd&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card");
    assertThat(charged.status()).as(charged.body()).isEqualTo(200);
    var paid = Http.send("POST", life.site.simulatorUrl() + "/adyen/v71/payments",
        Map.of("x-api-key", "sk_test_simulator", "idempotency-key", other),
        new JsonObject().put("merchantAccount", "Millrace").put("reference", other)
            .put("amount", new JsonObject().put("value", 700).put("currency", "EUR"))
            .put("returnUrl", "https://shop.example/").put("paymentMethod",
                new JsonObject().put("type", "scheme").put("storedPaymentMethodId", "pm_card_visa"))
            .encode());
    assertThat(paid.status()).as(paid.body()).isEqualTo(200);
    for (String reference : List.of(order, other)) {
      var theirs = new JsonObject().put("reference", reference);
      life.simulate("/refunds", theirs.copy().put("amount", 100));
      life.simulate("/disputes", theirs.copy().put("amount", 200));
      life.simulate("/disputes/close", theirs.copy().put("outcome", "lost"));
    }
    // Of each a refund, and three about the dispute: two as it opens and one as it ends.
    Await.until(MerchantLife.SOON, "they are counted",
        () -> counted("millrace_inbox_processed_total{outcome=\"foreign\"") == foreign + 8);
    assertThat(life.site.number("SELECT count(*) FROM dead_letter")).isEqualTo(letters);
  }

  @ParameterizedTest
  @CsvSource({"usd,payment_intent.made_up", "eur,MADE_UP"})
  void event_thatNobodyKnows_isKeptAndAlerted(String currency, String type) {
    double alerted = alerts("provider_notice_unknown");
    String id = life.charge("pm_card_visa", currency, 700);
    life.simulate("/notices", of(id).put("type", type));
    awaitEvent(id, "provider_notice");
    assertThat(life.get("/v1/payments/" + id + "/timeline").body()).contains("\"" + type + "\"");
    awaitAlert("provider_notice_unknown", alerted);
    assertThat(letters(id, "%")).isZero();
    life.await(id, "settled");
  }
}
