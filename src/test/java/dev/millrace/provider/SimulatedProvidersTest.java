package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The connectors against a provider with a book of its own, which was written by others from the same public
 * documents: what is ordered is done there once, what is answered is understood, and every webhook is
 * verified and read.
 */
final class SimulatedProvidersTest {
  private static final UUID PAYMENT = TypeId.next();
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  private static final String RETURN = "https://pay.example.com/return/pay_1";

  @TempDir
  private static Path directory;
  private static SimulatedProviders simulated;

  @BeforeAll
  static void start() { simulated = new SimulatedProviders(directory); }

  /** Not one webhook of all these was forged, or not to be understood. */
  @AfterAll
  static void stop() {
    for (String wire : new String[]{"stripe", "adyen", "bank"})
      assertThat(simulated.events(wire)).noneMatch(ProviderEvent.Unreadable.class::isInstance);
    simulated.close();
  }

  private static String reference() { return TypeId.format(TypeId.ATTEMPT, TypeId.next()); }

  private static Order.Charge charge(String method, boolean manual) {
    boolean ach = method.startsWith("pm_ach");
    return new Order.Charge(PAYMENT, false, reference(), 2_000, "usd", method, ach ? "ach" : "card", manual,
        "Two tickets", RETURN, TRACE);
  }

  private static Outcome execute(String wire, Order order) { return simulated.execute(wire, order); }

  /** A charge that succeeds, and its name there. */
  private static String charged(String wire, String method) {
    return ((Outcome.Charged) execute(wire, charge(method, false))).providerReference();
  }

  private static Order.Refund refund(String charge, long amount) {
    return new Order.Refund(PAYMENT, false, reference(), charge, amount, "usd", "requested_by_customer",
        TRACE);
  }

  /** A notification of Adyen's does not say which of the two it was. */
  private static boolean approved(Outcome told, Class<? extends Outcome> outcome) {
    return told instanceof Outcome.Approved
        && (outcome == Outcome.Charged.class || outcome == Outcome.Authorized.class);
  }

  private static void awaitAttemptOutcome(String wire, Order order, Class<? extends Outcome> outcome) {
    simulated.awaitEvent(wire, outcome.getSimpleName() + " of " + order.reference(),
        event -> event instanceof ProviderEvent.AttemptOutcome t && t.reference().equals(order.reference())
            && (outcome.isInstance(t.outcome()) || approved(t.outcome(), outcome)));
  }

  private static void awaitUnsolicited(String wire, String charge, Class<? extends UnsolicitedChange> fact) {
    simulated.awaitEvent(wire, fact.getSimpleName() + " of " + charge,
        event -> event instanceof ProviderEvent.Unsolicited b && b.providerReference().equals(charge)
            && fact.isInstance(b.fact()));
  }

  /** Whether its answer says so at once, or a notification does: it comes to this. */
  private static void comesTo(String wire, Order order, Class<? extends Outcome> outcome) {
    Outcome answer = execute(wire, order);
    if (wire.equals("adyen")) assertThat(answer).isInstanceOf(Outcome.Pending.class);
    else assertThat(answer).isInstanceOf(outcome);
    awaitAttemptOutcome(wire, order, outcome);
  }

  @ParameterizedTest
  @CsvSource({"stripe,pm_card_visa", "adyen,pm_card_visa", "bank,pm_ach_success"})
  void charge_isDoneOnce_foundAndTold(String wire, String method) {
    Order.Charge order = charge(method, false);
    Outcome answer = execute(wire, order);
    assertThat(answer).isInstanceOfSatisfying(Outcome.Charged.class,
        c -> assertThat(c.amount() + c.currency()).isEqualTo("2000usd"));
    assertThat(execute(wire, order)).isEqualTo(answer);
    assertThat(simulated.inquire(wire, order)).isEqualTo(answer);
    simulated.awaitEvent(wire, "the same", event -> event instanceof ProviderEvent.AttemptOutcome t
        && t.reference().equals(order.reference())
        && (t.outcome().equals(answer) || (t.outcome() instanceof Outcome.Approved a
            && new Outcome.Charged(a.providerReference(), a.amount(), a.currency()).equals(answer))));
  }

  @ParameterizedTest
  @CsvSource({"stripe,pm_card_visa_chargeDeclinedInsufficientFunds,insufficient_funds",
      "adyen,pm_card_visa_chargeDeclinedInsufficientFunds,not_enough_balance", "bank,pm_ach_decline,"})
  void charge_refused_isDeclined(String wire, String method, String declineCode) {
    assertThat(execute(wire, charge(method, false))).isInstanceOfSatisfying(Outcome.Declined.class, d -> {
      assertThat(d.declineCode()).isEqualTo(declineCode);
      assertThat(d.elsewhere()).isFalse();
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe", "adyen", "bank"})
  void charge_processorAway_mayBeAcceptedElsewhere(String wire) {
    assertThat(execute(wire, charge("pm_sim_unavailable", false)))
        .isInstanceOfSatisfying(Outcome.Declined.class, d -> assertThat(d.elsewhere()).isTrue());
    assertThat(execute(wire, charge("pm_sim_unavailable_" + wire, false)))
        .isInstanceOfSatisfying(Outcome.Declined.class, d -> assertThat(d.elsewhere()).isTrue());
  }

  /** Where the answer to a replay is the same garbage once more, as at Adyen, the notification tells. */
  @ParameterizedTest
  @CsvSource({"stripe,pm_sim_charge_then_hang,true", "adyen,pm_sim_charge_then_hang,true",
      "bank,pm_sim_charge_then_hang,true", "stripe,pm_sim_malformed,true", "adyen,pm_sim_malformed,false",
      "bank,pm_sim_malformed,true"})
  void charge_withoutAUsableAnswer_isUnknown_thenFoundAndTold(String wire, String method, boolean found) {
    Order.Charge order = charge(method, false);
    assertThat(execute(wire, order)).isInstanceOf(Outcome.Unknown.class);
    assertThat(simulated.inquire(wire, order))
        .isInstanceOf(found ? Outcome.Charged.class : Outcome.Unknown.class);
    awaitAttemptOutcome(wire, order, Outcome.Charged.class);
  }

  @Test
  void charge_thatNeverArrived_isAbsent_whereTheProviderCanTell() {
    for (String wire : new String[]{"stripe", "bank"})
      assertThat(simulated.inquire(wire, charge("pm_ach_success", false))).as(wire)
          .isEqualTo(new Outcome.Absent());
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe", "adyen"})
  void hold_isCapturedInPart_orReleased(String wire) {
    var held = (Outcome.Authorized) execute(wire, charge("pm_card_visa", true));
    assertThat(held.amount()).isEqualTo(2_000);
    assertThat(held.expires() != null).isEqualTo(wire.equals("stripe"));
    var capture = new Order.Capture(PAYMENT, false, reference(), held.providerReference(), 1_500, "usd",
        TRACE);
    Outcome answer = execute(wire, capture);
    if (wire.equals("stripe")) {
      assertThat(answer).isEqualTo(new Outcome.Charged(held.providerReference(), 1_500, "usd"));
      assertThat(simulated.inquire(wire, capture)).isEqualTo(answer);
    } else {
      awaitAttemptOutcome(wire, capture, Outcome.Charged.class);
    }
    var other = (Outcome.Authorized) execute(wire, charge("pm_card_visa", true));
    released(wire, new Order.Cancel(PAYMENT, false, reference(), other.providerReference(), TRACE));
  }

  /** Stripe tells of a canceled payment under the payment's own reference. */
  private static void released(String wire, Order.Cancel cancel) {
    Outcome answer = execute(wire, cancel);
    if (wire.equals("adyen")) awaitAttemptOutcome(wire, cancel, Outcome.Voided.class);
    else assertThat(answer).isInstanceOf(Outcome.Voided.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe", "adyen"})
  void capture_ofWhatIsReleased_isDeclined(String wire) {
    var held = (Outcome.Authorized) execute(wire, charge("pm_card_visa", true));
    execute(wire, new Order.Cancel(PAYMENT, false, reference(), held.providerReference(), TRACE));
    var capture = new Order.Capture(PAYMENT, false, reference(), held.providerReference(), 1_500, "usd",
        TRACE);
    if (wire.equals("stripe")) assertThat(execute(wire, capture)).isInstanceOf(Outcome.Declined.class);
    else {
      execute(wire, capture);
      awaitAttemptOutcome(wire, capture, Outcome.Declined.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"stripe,pm_card_visa", "adyen,pm_card_visa", "bank,pm_ach_success"})
  void refund_isDone_andFound(String wire, String method) {
    String charge = charged(wire, method);
    Order.Refund first = refund(charge, 500);
    comesTo(wire, first, Outcome.Refunded.class);
    comesTo(wire, refund(charge, 1_500), Outcome.Refunded.class);
    if (!wire.equals("adyen")) {
      assertThat(simulated.inquire(wire, first)).isInstanceOf(Outcome.Refunded.class);
      assertThat(simulated.inquire(wire, refund(charge, 1))).isEqualTo(new Outcome.Absent());
      assertThat(execute(wire, refund(charge, 1))).isInstanceOf(Outcome.Declined.class);
    } else {
      Order.Refund tooMuch = refund(charge, 1);
      execute(wire, tooMuch);
      awaitAttemptOutcome(wire, tooMuch, Outcome.Declined.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe", "adyen"})
  void refund_thatTakesAWhile_isTold_andSoIsOneThatFails(String wire) {
    Order.Refund slow = refund(charged(wire, "pm_card_pendingRefund"), 500);
    assertThat(execute(wire, slow)).isInstanceOf(Outcome.Pending.class);
    awaitAttemptOutcome(wire, slow, Outcome.Refunded.class);
    Order.Refund failing = refund(charged(wire, "pm_card_refundFail"), 500);
    // Stripe's first word is that it succeeded.
    assertThat(execute(wire, failing)).isInstanceOf(
        wire.equals("stripe") ? Outcome.Refunded.class : Outcome.Pending.class);
    awaitAttemptOutcome(wire, failing, Outcome.Declined.class);
  }

  @ParameterizedTest
  @CsvSource({"stripe,pm_sim_ops_hang,Refunded", "adyen,pm_sim_ops_hang,Pending",
      "bank,pm_sim_ops_hang,Refunded",
      "stripe,pm_sim_ops_malformed,Refunded", "adyen,pm_sim_ops_malformed,Unknown",
      "bank,pm_sim_ops_malformed,Refunded"})
  void refund_withoutAUsableAnswer_isUnknown_thenFoundAndTold(String wire, String method, String inquired) {
    Order.Refund refund = refund(charged(wire, method), 500);
    assertThat(execute(wire, refund)).isInstanceOf(Outcome.Unknown.class);
    assertThat(simulated.inquire(wire, refund).getClass().getSimpleName()).isEqualTo(inquired);
    awaitAttemptOutcome(wire, refund, Outcome.Refunded.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe", "adyen", "bank"})
  void refund_brokenBeforeItWasDone_isCarriedOutByTheSameOrderAgain(String wire) {
    Order.Refund refund = refund(charged(wire, "pm_sim_ops_500"), 500);
    assertThat(execute(wire, refund)).isInstanceOf(Outcome.Unknown.class);
    if (!wire.equals("adyen"))
      assertThat(simulated.inquire(wire, refund)).isEqualTo(new Outcome.Absent());
    comesTo(wire, refund, Outcome.Refunded.class);
  }

  /** Whatever is ordered: nothing was done, and the same order is carried out afterwards. */
  @ParameterizedTest
  @CsvSource({"stripe,pm_card_visa", "adyen,pm_card_visa", "bank,pm_ach_success"})
  void throttled_isNotExecuted_andDoneLater(String wire, String method) {
    Order.Refund refund = refund(charged(wire, method), 500);
    Order.Charge charge = charge(method, false);
    simulated.during("{\"throttle_rate\":1}", () -> {
      for (Order order : new Order[]{charge, refund})
        assertThat(execute(wire, order)).isEqualTo(new Outcome.NotExecuted("status 429", 1_000));
      // What is asked for by another call is told; Adyen's inquiry is the call itself.
      assertThat(simulated.inquire(wire, charge)).isEqualTo(wire.equals("adyen")
          ? new Outcome.NotExecuted("status 429", 1_000)
          : new Outcome.Absent());
    });
    assertThat(execute(wire, charge)).isInstanceOf(Outcome.Charged.class);
    comesTo(wire, refund, Outcome.Refunded.class);
  }

  /**
   * The webhook comes, then the time for the answer is over; who asks meanwhile is not told that there is
   * nothing.
   */
  @ParameterizedTest
  @CsvSource({"stripe,pm_card_visa", "adyen,pm_card_visa", "bank,pm_ach_success"})
  void answeredLate_isToldBefore_andFoundLater(String wire, String method) {
    Order.Charge order = charge(method, false);
    simulated.during("{\"answer_delay_ms_min\":2500,\"answer_delay_ms_max\":2500}", () -> {
      assertThat(execute(wire, order)).isEqualTo(new Outcome.Unknown("timeout"));
      awaitAttemptOutcome(wire, order, Outcome.Charged.class);
      Outcome asked = simulated.inquire(wire, order);
      if (wire.equals("adyen")) assertThat(asked).isEqualTo(new Outcome.Unknown("status 409"));
      else assertThat(asked).isInstanceOf(Outcome.Charged.class);
    });
    Await.until(Duration.ofSeconds(5), "its outcome",
        () -> simulated.inquire(wire, order) instanceof Outcome.Charged);
    assertThat(simulated.duplicates(order)).isZero();
  }

  /** An inquiry finds by our reference what was done, whatever the provider remembers of its keys. */
  @ParameterizedTest
  @CsvSource({"stripe,pm_sim_charge_then_hang", "bank,pm_sim_charge_then_hang"})
  void keysForgotten_inquiryFindsByReference_andChargesNothing(String wire, String method) {
    Order.Charge order = charge(method, false);
    assertThat(execute(wire, order)).isInstanceOf(Outcome.Unknown.class);
    simulated.during("{\"forget_keys\":true}",
        () -> assertThat(simulated.inquire(wire, order)).isInstanceOf(Outcome.Charged.class));
    assertThat(simulated.duplicates(order)).isZero();
  }

  /**
   * Adyen has no call that finds a payment by our reference: its inquiry is as good as its memory of the key,
   * which it promises for seven days.
   */
  @Test
  void keysForgotten_byAdyen_inquiryChargesAgain() {
    Order.Charge order = charge("pm_card_visa", false);
    var first = (Outcome.Charged) execute("adyen", order);
    assertThat(simulated.inquire("adyen", order)).isEqualTo(first);
    simulated.during("{\"forget_keys\":true}",
        () -> assertThat(simulated.inquire("adyen", order)).isInstanceOf(Outcome.Charged.class)
            .isNotEqualTo(first));
    assertThat(simulated.duplicates(order)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"stripe,succeed,false", "stripe,succeed,true", "stripe,fail,false", "adyen,succeed,false",
      "adyen,succeed,true", "adyen,fail,false"})
  void action_isTakenByThePayer(String wire, String outcome, boolean manual) {
    Order.Charge order = charge("pm_card_authenticationRequired", manual);
    var required = (Outcome.ActionRequired) execute(wire, order);
    var before = new Order.Complete(order, required.providerReference(), null);
    assertThat(execute(wire, before)).isInstanceOf(Outcome.ActionRequired.class);
    var answer = Http.send("POST", required.url(),
        Map.of("Content-Type", "application/x-www-form-urlencoded"),
        "outcome=" + outcome);
    assertThat(answer.status()).isEqualTo(303);
    URI back = URI.create(answer.header("Location"));
    assertThat(back.toString()).startsWith(RETURN);
    var complete = new Order.Complete(order, required.providerReference(), back.getRawQuery());
    Class<? extends Outcome> end = outcome.equals("fail")
        ? Outcome.Declined.class
        : manual ? Outcome.Authorized.class : Outcome.Charged.class;
    assertThat(execute(wire, complete)).isInstanceOf(end);
    assertThat(execute(wire, complete)).isInstanceOf(end);
    // Adyen's notification speaks of one try, its answer of the payment.
    boolean oneTry = wire.equals("adyen") && outcome.equals("fail");
    awaitAttemptOutcome(wire, order, oneTry ? Outcome.TryRefused.class : end);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe", "adyen"})
  void action_notTaken_canBeCanceled(String wire) {
    var required = (Outcome.ActionRequired) execute(wire, charge("pm_card_threeDSecure2Required", false));
    released(wire, new Order.Cancel(PAYMENT, false, reference(), required.providerReference(), TRACE));
  }

  @ParameterizedTest
  @CsvSource({"stripe,won", "stripe,lost", "adyen,won", "adyen,lost"})
  void dispute_isOpened_andClosed(String wire, String outcome) {
    String charge = charged(wire, "pm_sim_dispute_" + outcome);
    awaitUnsolicited(wire, charge, UnsolicitedChange.DisputeOpened.class);
    simulated.awaitEvent(wire, "the end of the dispute",
        event -> event instanceof ProviderEvent.Unsolicited b && b.providerReference().equals(charge)
            && b.fact() instanceof UnsolicitedChange.DisputeClosed d && d.won() == outcome.equals("won")
            && d.amount() == 2_000);
  }

  @ParameterizedTest
  @CsvSource({"pm_ach_return,R01,Insufficient funds", "pm_ach_return_R02,R02,Account closed"})
  void debit_isReturned_withItsCode(String method, String code, String message) {
    String debit = charged("bank", method);
    simulated.awaitEvent("bank", "the return",
        event -> event instanceof ProviderEvent.Unsolicited b && b.providerReference().equals(debit)
            && b.fact().equals(new UnsolicitedChange.Returned(2_000, "usd", code, message)));
  }

  @Test
  void bankAccount_isChargedByStripeToo_andRefusedByAdyen() {
    assertThat(execute("stripe", charge("pm_ach_success", false))).isInstanceOf(Outcome.Charged.class);
    assertThat(execute("adyen", charge("pm_ach_success", false)))
        .isInstanceOfSatisfying(Outcome.Declined.class,
            d -> assertThat(d.code()).isEqualTo("invalid_request"));
  }
}
