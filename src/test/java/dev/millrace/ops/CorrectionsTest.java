package dev.millrace.ops;

import static dev.millrace.payment.Status.CONFIRMED;
import static dev.millrace.payment.Status.DECLINED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.ledger.Suspense;
import dev.millrace.ledger.Suspense.Part;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Corrected;
import dev.millrace.payment.Status;
import dev.millrace.platform.OperatorRefusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What stands in suspense of a payment, and what an operator may move out of it. */
final class CorrectionsTest {
  private static final UUID PAYMENT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final String MERCHANT = "mer_1";
  private static final List<PaymentEvent> ASKED = List.of(
      new PaymentEvent.Initiated(1000, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null),
      new PaymentEvent.ProviderSubmitted("stripe", "att_1"));
  private static final PaymentEvent CHARGED_MORE = new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1000,
      1005, "usd");
  private static final PaymentEvent CHARGED = new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1000,
      1000,
      "usd");
  /** 300 more than was left went back: suspense lacks it. */
  private static final PaymentEvent DISPUTED = new PaymentEvent.Disputed("du_1", "stripe", 1300, "usd", null,
      null, 300L);
  private static final PaymentEvent REFUSED = new PaymentEvent.Declined("stripe", "att_1", null, "c", null,
      "m");

  private static PaymentEvent late(String operation, String provider, String reference, long amount,
      Status status) {
    return new PaymentEvent.LateCharge(operation, provider, "att_0", reference, amount, "usd", false, "why",
        status);
  }

  private static PaymentEvent kept(String operation, Status status) {
    return new PaymentEvent.LateChargeKept(operation, "c", "m", status);
  }

  private static List<PaymentEvent> life(PaymentEvent... events) {
    var all = new ArrayList<>(ASKED);
    all.addAll(List.of(events));
    return all;
  }

  private static Corrections.Order order(String key, long amount, String to) {
    return new Corrections.Order(key, "ann", "why", amount, to, null, null);
  }

  private static Corrections.Order of(Corrections.Order o, String lateCharge, String provider) {
    return new Corrections.Order(o.key(), o.operator(), o.reason(), o.amount(), o.to(), lateCharge, provider);
  }

  private static Corrected decide(List<PaymentEvent> events, Corrections.Order order) {
    return Corrections.decide(PAYMENT, MERCHANT, events, order).event();
  }

  private static void refused(List<PaymentEvent> events, Corrections.Order order, int status,
      String message) {
    assertThatThrownBy(() -> decide(events, order)).isInstanceOfSatisfying(OperatorRefusal.class,
        r -> assertThat(r.status() + " " + r.getMessage()).isEqualTo(status + " " + message));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    merchant | suspense < merchant_pending:mer_1      | merchant_pending:mer_1 < suspense
    fees     | suspense < fees                        | fees < suspense
    provider | suspense < provider_receivable:stripe  | provider_receivable:stripe < suspense
    """)
  void correction_goesToTheSideFromWhichItCame(String to, String tooMuch, String tooLittle) {
    var surplus = decide(life(CHARGED_MORE), order("k", 5, to));
    assertThat(surplus.debit() + " < " + surplus.credit()).isEqualTo(tooMuch);
    assertThat(List.of(surplus.amount(), surplus.currency(), surplus.provider(), surplus.status()))
        .containsExactly(5L, "usd", "stripe", CONFIRMED);
    assertThat(surplus.lateCharge()).isNull();
    var lack = decide(life(CHARGED, DISPUTED), order("k", 300, to));
    assertThat(lack.debit() + " < " + lack.credit()).isEqualTo(tooLittle);
  }

  @Test
  void correction_ofAPart_leavesTheRest() {
    var first = decide(life(CHARGED_MORE), order("k1", 2, "fees"));
    var events = life(CHARGED_MORE, first);
    assertThat(Suspense.of(events, MERCHANT)).containsExactly(new Part(null, "stripe", -3));
    refused(events, order("k2", 4, "fees"), 409,
        "`amount` must be at most 3, which is what stands in suspense of what moved beyond the payment at stripe,"
            + " not 4");
    var second = decide(events, order("k2", 3, "merchant"));
    assertThat(second.correction()).isNotEqualTo(first.correction());
    refused(life(CHARGED_MORE, first, second), order("k3", 1, "fees"), 409,
        "nothing of this payment stands in suspense");
  }

  @Test
  void correction_ofWhatWasPaidBack_isCorrectedInTheOtherDirection() {
    var given = decide(life(CHARGED_MORE), order("k1", 5, "merchant"));
    var events = life(CHARGED_MORE, given, new PaymentEvent.CaptureReversed(null, "stripe", null, 1005, 0, 0,
        "usd", "capture_failed", "m", 5L, null, null, 9L, Status.AUTHORIZED));
    assertThat(Suspense.of(events, MERCHANT)).containsExactly(new Part(null, "stripe", 5));
    var back = decide(events, order("k2", 5, "merchant"));
    assertThat(back.debit() + " < " + back.credit()).isEqualTo("merchant_pending:mer_1 < suspense");
    var all = new ArrayList<>(events);
    all.add(back);
    assertThat(Suspense.of(all, MERCHANT)).isEmpty();
  }

  @Test
  void key_again_isTheSameAct_alsoWhenNothingIsLeft() {
    var asked = order("k", 5, "fees");
    var events = life(CHARGED_MORE, decide(life(CHARGED_MORE), asked));
    var again = Corrections.decide(PAYMENT, MERCHANT, events, asked);
    assertThat(again.known()).isTrue();
    assertThat(again.event()).isEqualTo(events.getLast());
    for (var other : List.of(order("k", 4, "fees"), order("k", 5, "merchant"), of(asked, "rev_1", null),
        of(asked, null, "adyen"), new Corrections.Order("k", "bob", "why", 5, "fees", null, null),
        new Corrections.Order("k", "ann", "other", 5, "fees", null, null)))
      refused(events, other, 409, "`key` was used for another correction, of 5 from fees to suspense by ann:"
          + " give a new correction a key of its own");
    assertThat(Corrections.decide(PAYMENT, MERCHANT, events, of(asked, null, "stripe")).known()).isTrue();
  }

  @Test
  void key_ofAnotherPayment_isAnotherAct() {
    var other = Corrections.decide(new UUID(1, 2), MERCHANT, life(CHARGED_MORE), order("k", 5, "fees"));
    assertThat(other.event().correction()).startsWith("cor_")
        .isNotEqualTo(decide(life(CHARGED_MORE), order("k", 5, "fees")).correction());
  }

  @Test
  void lateCharge_thatWasKept_goesWhereAnOperatorSays_atItsOwnProvider() {
    var events = life(CHARGED, late("rev_1", "adyen", "psp_1", 700, CONFIRMED), kept("rev_1", CONFIRMED));
    var correction = decide(events, order("k", 700, "provider"));
    assertThat(correction.debit() + " < " + correction.credit())
        .isEqualTo("suspense < provider_receivable:adyen");
    assertThat(correction.provider() + " " + correction.lateCharge()).isEqualTo("adyen rev_1");
    var all = new ArrayList<>(events);
    all.add(correction);
    assertThat(Suspense.of(all, MERCHANT)).isEmpty();
  }

  @Test
  void lateCharge_thatIsBeingGivenBack_isLeftAlone() {
    var events = life(REFUSED, late("rev_1", "stripe", "pi_0", 700, DECLINED));
    String busy = "the late charge is being given back by %s: correct what is left of it when that has ended";
    refused(events, order("k", 700, "fees"), 409, busy.formatted("rev_1"));
    var anew = new ArrayList<>(events);
    anew.add(kept("rev_1", DECLINED));
    assertThat(decide(anew, order("k", 1, "fees")).lateCharge()).isEqualTo("rev_1");
    anew.add(new PaymentEvent.LateChargeRetried("rev_2", "rev_1", "stripe", "pi_0", 700, "usd", false, "ann",
        "why", DECLINED));
    refused(anew, order("k", 700, "fees"), 409, busy.formatted("rev_2"));
    anew.add(new PaymentEvent.LateChargeReturned("rev_2", "stripe", "att_9", "re_0", 700, "usd", false,
        DECLINED));
    assertThat(Suspense.of(anew, MERCHANT)).isEmpty();
  }

  @Test
  void origin_mustBeSaid_whereThereIsMoreThanOne() {
    var events = life(CHARGED_MORE, late("rev_1", "stripe", "pi_0", 700, CONFIRMED), kept("rev_1", CONFIRMED),
        late("rev_2", "adyen", "psp_1", 200, CONFIRMED), kept("rev_2", CONFIRMED));
    String stand = "5 of what moved beyond the payment at stripe, 700 of the late charge rev_1 at stripe,"
        + " 200 of the late charge rev_2 at adyen";
    var asked = order("k", 1, "fees");
    refused(events, asked, 400, "`late_charge` or `provider` must say of which: there stand " + stand);
    refused(events, of(asked, null, "stripe"), 400,
        "`late_charge` or `provider` must say of which: there stand " + stand);
    refused(events, of(asked, null, "bank"), 409, "nothing such stands in suspense, but " + stand);
    assertThat(decide(events, of(asked, "rev_1", null)).lateCharge()).isEqualTo("rev_1");
    assertThat(decide(events, of(asked, null, "adyen")).lateCharge()).isEqualTo("rev_2");
  }
}
