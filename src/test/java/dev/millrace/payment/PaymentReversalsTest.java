package dev.millrace.payment;

import static dev.millrace.payment.Lives.captureReversed;
import static dev.millrace.payment.Lives.captured;
import static dev.millrace.payment.Lives.disputed;
import static dev.millrace.payment.Lives.in;
import static dev.millrace.payment.Lives.lateCharge;
import static dev.millrace.payment.Lives.refundReversed;
import static dev.millrace.payment.Lives.refunded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What was final and is so no longer, and what a provider does beyond what it was asked for. */
final class PaymentReversalsTest {
  private static PaymentEvent changed(long before, long amount, Dispute.State state, Status status) {
    return new PaymentEvent.DisputeChanged("du_1", "stripe", before, amount, "usd", null, state, status, 1);
  }

  private static PaymentEvent reopened(String dispute, long amount, Long excess) {
    return new PaymentEvent.DisputeReopened(dispute, "stripe", amount, "usd", excess);
  }

  private static PaymentEvent returned(String provider, Long fee, Long excess) {
    return new PaymentEvent.Returned(provider, "pi_1", 1999, "usd", "R01", "", null, null, fee, null, excess);
  }

  private static PaymentEvent returnReversed(long amount, Long fee, Status status) {
    return new PaymentEvent.ReturnReversed("stripe", "pi_1", amount, "usd", "Paid.", null, null, fee, status);
  }

  private static PaymentEvent notice(String name, Status status) {
    return new PaymentEvent.ProviderNotice("stripe", "radar", name, "m", true, status);
  }

  /** Held back in part, and captured in two parts at the provider. */
  private static Payment inTwoParts() {
    return in(Status.AUTHORIZED,
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1200, 1200, "usd", null,
            799L, 35L, "p", null, null, "ca_1"),
        captured("ca_2", 700, 1900, Status.CONFIRMED));
  }

  @Test
  void capture_ofMore_addsUp() {
    Payment p = inTwoParts();
    assertThat(List.of(p.amountAuthorized(), p.amountCharged(), p.amountCaptured(), p.refundable()))
        .containsExactly(1999L, 1900L, 1900L, 1900L);
    assertThat(p.captures()).containsExactly(new BookedMovement("ca_1", null, 1200, 0, 35, 0, false),
        new BookedMovement("ca_2", null, 700, 0, 0, 0, false));
    Payment beyond = p.after(new PaymentEvent.Captured("stripe", "att_1", "pi_1", "ca_3", 150, 2050, 1999,
        "usd", 51L, null, null, null, null, Status.CONFIRMED));
    assertThat(List.of(beyond.amountCharged(), beyond.amountCaptured())).containsExactly(2050L, 1999L);
  }

  @Test
  void capture_ofMoreThanWasRefunded_isRefundedInPart() {
    Payment p = in(Status.AUTHORIZED,
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1200, 1200, "usd"),
        refunded("re_a", 1200, 1200, Status.REFUNDED),
        captured("ca_2", 700, 1900, Status.PARTIALLY_REFUNDED));
    assertThat(p.refundable()).isEqualTo(700);
  }

  @Test
  void captureReversed_ofTheOnlyOne_isAuthorizedAgain_andCanBeCapturedAnew() {
    Payment p = in(Status.SETTLED, captureReversed(88, 10, Status.AUTHORIZED));
    assertThat(List.of(p.amountAuthorized(), p.amountCharged(), p.amountCaptured(), p.refundable()))
        .containsExactly(1999L, 0L, 0L, 0L);
    assertThat(p.fees()).isEqualTo(new Payment.Fees(0, 0, 0, 0));
    assertThat(p.captures()).containsExactly(new BookedMovement("", null, 1999, 0, 88, 10, true));
    Payment again = p.after(Lives.confirmed());
    assertThat(again.status()).isEqualTo(Status.CONFIRMED);
    assertThat(again.settled()).isFalse();
    assertThat(again.captures()).hasSize(2);
    assertThat(again.after(captureReversed(0, 0, Status.AUTHORIZED)).fees())
        .isEqualTo(new Payment.Fees(88, 0, 10, 0));
  }

  @Test
  void captureReversed_ofOneOfTwo_leavesTheOther() {
    var first = new PaymentEvent.CaptureReversed(null, "stripe", "ca_1", 1200, 700, 700, "usd", "c", "m",
        null,
        35L, null, null, Status.CONFIRMED);
    Payment p = inTwoParts().after(first);
    assertThat(List.of(p.amountCharged(), p.amountCaptured(), p.fees().provider())).containsExactly(700L,
        700L,
        0L);
    assertThatThrownBy(() -> p.after(first)).isInstanceOf(IllegalStateException.class)
        .hasMessage("payment.capture_reversed: the reversal of a capture that is not there");
  }

  @Test
  void captureReversed_thatWasOurs_failsIt() {
    Payment p = in(Status.AUTHORIZED, new PaymentEvent.CaptureRequested("cap_1", 1999),
        Lives.confirmed(1999, "cap_1"));
    Payment next = p.after(new PaymentEvent.CaptureReversed("cap_1", "stripe", null, 1999, 0, 0, "usd", "c",
        "m", null, null, null, 9L, Status.AUTHORIZED));
    assertThat(next.operation("cap_1").state()).isEqualTo(Operation.State.FAILED);
    assertThat(next.openCaptureOrCancel()).isNull();
    assertThat(next.after(new PaymentEvent.CaptureRequested("cap_2", 5)).openCaptureOrCancel().id())
        .isEqualTo("cap_2");
  }

  @Test
  void refundReversed_ofEach_standsWhereItStood() {
    Payment p = in(Status.SETTLED, refunded("re_a", 500, 500, Status.PARTIALLY_REFUNDED),
        refunded("re_b", 1499, 1999, Status.REFUNDED));
    Payment one = p.after(refundReversed("re_a", 500, 1499, Status.PARTIALLY_REFUNDED));
    assertThat(List.of(one.amountRefunded(), one.refundable())).containsExactly(1499L, 500L);
    Payment none = one.after(refundReversed("re_b", 1499, 0, Status.SETTLED));
    assertThat(List.of(none.amountRefunded(), none.refundable())).containsExactly(0L, 1999L);
    assertThat(none.refunds()).allMatch(BookedMovement::reversed).hasSize(2);
  }

  @Test
  void refundReversed_thatWasOurs_failsIt_andTakesItsFeesAgain() {
    Payment p = in(Status.CONFIRMED, new PaymentEvent.RefundRequested("re_1", 400, null, Status.CONFIRMED),
        new PaymentEvent.Refunded("re_1", "stripe", "att_3", "re_a", 400, 400, "usd", 23L, "n", 3L, "n",
            Status.PARTIALLY_REFUNDED));
    Payment next = p.after(new PaymentEvent.RefundReversed("re_1", "stripe", "re_a", 400, 0, "usd", "c", "m",
        null, 23L, 3L, Status.CONFIRMED));
    assertThat(next.operation("re_1").state()).isEqualTo(Operation.State.FAILED);
    assertThat(next.fees()).isEqualTo(new Payment.Fees(88, 0, 10, 0));
  }

  /** Each holds its own amount; what all of them take more than there is, is beyond the payment. */
  @Test
  void disputes_ofWhichThereAreSeveral() {
    Payment two = in(Status.CONFIRMED, disputed("du_1", 1500),
        new PaymentEvent.Disputed("du_2", "stripe", 700, "usd", null, null, 201L));
    assertThat(List.of(two.disputed(), two.beyond(), two.left(), two.refundable()))
        .containsExactly(2200L, 201L, 0L, 0L);
    // There is room for the second one by then.
    Payment won = two
        .after(new PaymentEvent.DisputeWon("du_1", "stripe", 1500, "usd", 201L, Status.DISPUTED));
    assertThat(List.of(won.disputed(), won.beyond(), won.left())).containsExactly(700L, 0L, 1299L);
    Payment lost = won.after(new PaymentEvent.ChargedBack("du_2", "stripe", 700, "usd"));
    assertThat(lost.status()).isEqualTo(Status.CHARGED_BACK);
    assertThat(lost.refundable()).isEqualTo(1299);
    Payment back = lost
        .after(new PaymentEvent.ChargebackReversed("du_2", "stripe", 700, "usd", null, Status.CONFIRMED));
    assertThat(back.disputed()).isZero();
    assertThat(back.disputes().get("du_2"))
        .isEqualTo(new Dispute("du_2", 700, Dispute.State.WON, 2, null, null, 0, null, null));
    Payment again = back.after(reopened("du_1", 1500, null));
    assertThat(again.status()).isEqualTo(Status.DISPUTED);
    assertThat(again.disputed()).isEqualTo(1500);
  }

  /** What went back of it, nobody has captured any more. */
  @Test
  void captureReversed_afterAPartWentBack_isTakenBackWhole() {
    Payment p = in(Status.PARTIALLY_REFUNDED, new PaymentEvent.CaptureReversed(null, "stripe", null, 1999, 0,
        0, "usd", "c", "m", 500L, null, null, null, Status.REFUNDED));
    assertThat(List.of(p.amountCaptured(), p.amountRefunded(), p.beyond(), p.left()))
        .containsExactly(0L, 500L, 500L, 0L);
    Payment again = p.after(new PaymentEvent.Captured("stripe", "att_1", "pi_1", "ca_2", 700, 700, 700, "usd",
        500L, null, null, null, null, Status.PARTIALLY_REFUNDED));
    assertThat(List.of(again.amountCaptured(), again.beyond(), again.left())).containsExactly(700L, 0L, 200L);
    Payment back = p.after(new PaymentEvent.RefundReversed(null, "stripe", "re_a", 500, 0, "usd", "c", "m",
        500L, null, null, Status.AUTHORIZED));
    assertThat(back.beyond()).isZero();
  }

  /** Beyond what was authorized, on the other side of suspense. */
  @Test
  void capture_ofMoreThanWasAuthorized_isASurplus() {
    Payment p = inTwoParts().after(new PaymentEvent.Captured("stripe", "att_1", "pi_1", "ca_3", 150, 2050,
        1999, "usd", 51L, null, null, null, null, Status.CONFIRMED));
    assertThat(List.of(p.surplus(), p.beyond())).containsExactly(51L, 0L);
    Payment back = p.after(new PaymentEvent.CaptureReversed(null, "stripe", "ca_3", 150, 1900, 1900, "usd",
        "c", "m", 51L, null, null, null, Status.CONFIRMED));
    assertThat(back.surplus()).isZero();
  }

  @Test
  void chargedBack_whileAnotherIsOpen_isStillDisputed() {
    Payment p = in(Status.CONFIRMED, disputed("du_1", 700), disputed("du_2", 300),
        new PaymentEvent.ChargedBack("du_1", "stripe", 700, "usd", Status.DISPUTED));
    assertThat(p.status()).isEqualTo(Status.DISPUTED);
    assertThat(p.withDispute("du_2", Dispute.State.WON)).isEqualTo(Status.CHARGED_BACK);
  }

  @Test
  void returnReversed_standsWhereItStood_andMayBeReturnedAnew() {
    Payment p = in(Status.SETTLED, returned("stripe", 10L, null));
    assertThat(p.refundable()).isZero();
    Payment paid = p.after(returnReversed(1999, 10L, Status.SETTLED));
    assertThat(paid.isSentBack()).isFalse();
    assertThat(paid.refundable()).isEqualTo(1999);
    assertThat(paid.fees()).isEqualTo(new Payment.Fees(88, 0, 10, 0));
    assertThat(paid.after(returned("stripe", 10L, null)).status()).isEqualTo(Status.RETURNED);
  }

  @Test
  void lateCharge_leavesThePaymentAlone_untilItIsGivenBack() {
    Payment p = in(Status.DECLINED, lateCharge(false, Status.DECLINED));
    assertThat(List.of(p.amountCharged(), p.amountCaptured())).containsExactly(0L, 0L);
    assertThat(p.strays())
        .isEqualTo(Map.of("rev_1", new StrayCharge("rev_1", "stripe", "pi_0", 1999, false)));
    assertThat(p.operation("rev_1")).isEqualTo(new Operation("rev_1", Operation.Kind.REVERSAL,
        Operation.State.REQUESTED, 1999, "why", null));
    assertThat(p.openCaptureOrCancel()).isNull();
    Payment back = p.after(new PaymentEvent.OperationSubmitted("rev_1", "stripe", "att_9", Status.DECLINED))
        .after(new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_9", "re_0", 1999, "usd", false,
            Status.DECLINED));
    assertThat(back.operation("rev_1").state()).isEqualTo(Operation.State.SUCCEEDED);
    assertThat(p.after(new PaymentEvent.LateChargeKept("rev_1", "c", "m", Status.DECLINED)).operation("rev_1")
        .state()).isEqualTo(Operation.State.FAILED);
  }

  @Test
  void lateChargeKept_isOrderedAnew_asAnOperationOfItsOwn() {
    Payment kept = in(Status.DECLINED, lateCharge(false, Status.DECLINED),
        new PaymentEvent.LateChargeKept("rev_1", "c", "m", Status.DECLINED));
    Payment anew = kept.after(retried("rev_2", 1999));
    assertThat(anew.operation("rev_2")).isEqualTo(new Operation("rev_2", Operation.Kind.REVERSAL,
        Operation.State.REQUESTED, 1999, "why", null));
    assertThat(anew.strays().get("rev_2")).isEqualTo(new StrayCharge("rev_2", "stripe", "pi_0", 1999, false));
    for (String operation : List.of("rev_1", "rev_2"))
      assertThat(anew.returnsOf(operation)).extracting(Operation::id).containsExactly("rev_1", "rev_2");
    assertThat(anew.returnsOf("rev_3")).isEmpty();
    assertRefused(anew, retried("rev_3", 1999), "rev_2 has not failed");
    assertRefused(kept, retried("rev_2", 1998), "no late charge rev_1");
    Payment back = anew
        .after(new PaymentEvent.OperationSubmitted("rev_2", "stripe", "att_9", Status.DECLINED))
        .after(new PaymentEvent.LateChargeReturned("rev_2", "stripe", "att_9", "re_0", 1999, "usd", false,
            Status.DECLINED));
    assertRefused(back, retried("rev_3", 1999), "rev_2 has not failed");
  }

  private static PaymentEvent retried(String operation, long amount) {
    return new PaymentEvent.LateChargeRetried(operation, "rev_1", "stripe", "pi_0", amount, "usd", false,
        "ann",
        "why", Status.DECLINED);
  }

  private static void assertRefused(Payment p, PaymentEvent event, String why) {
    assertThatThrownBy(() -> p.after(event)).isInstanceOf(IllegalStateException.class)
        .hasMessage(event.type().wire() + ": " + why);
  }

  @Test
  void correction_isBookedOnce_andLeavesThePaymentAlone() {
    Payment p = in(Status.SETTLED);
    var correction = new PaymentEvent.Corrected("cor_1", "ann", "why", 1, "usd", "suspense", "fees", "stripe",
        null, Status.SETTLED);
    Payment corrected = p.after(correction);
    assertThat(corrected.heard()).containsExactly("cor_1");
    assertThat(List.of(corrected.amountCaptured(), corrected.refundable())).containsExactly(1999L, 1999L);
    assertRefused(corrected, correction, "a second cor_1");
    assertRefused(p, new PaymentEvent.Corrected("cor_2", "ann", "why", 0, "usd", "suspense", "fees", "stripe",
        null, Status.SETTLED), "an amount of 0");
  }

  @Test
  void words_thatMoveNothing_areHeardOnce() {
    Payment p = in(Status.REQUIRES_ACTION,
        new PaymentEvent.TryRefused("stripe", "att_1", "ch_1", "card_declined", null, "No."),
        notice("evt_1", Status.REQUIRES_ACTION));
    assertThat(p.heard()).isEqualTo(Set.of("ch_1", "evt_1"));
    assertThat(p.status()).isEqualTo(Status.REQUIRES_ACTION);
  }

  @Test
  void processing_hasItsNameAtTheProvider() {
    assertThat(in(Status.PROCESSING).providerReference()).isEqualTo("pi_1");
    assertThat(in(Status.PROCESSING, Lives.confirmed()).amountCaptured()).isEqualTo(1999);
  }

  static Stream<Arguments> refusals() {
    Payment twoParts = inTwoParts();
    Payment excess = in(Status.CONFIRMED,
        new PaymentEvent.Disputed("du_1", "stripe", 2500, "usd", null, null, 501L));
    Payment lost = in(Status.CHARGED_BACK);
    return Stream.of(
        Arguments.of(in(Status.AUTHORIZED), captured("ca_2", 1, 1, Status.AUTHORIZED),
            "payment.captured may not move a payment from authorized to authorized"),
        Arguments.of(twoParts, captured("ca_2", 1, 1901, Status.CONFIRMED),
            "payment.captured: a second ca_2"),
        Arguments.of(twoParts, captured("ca_3", 100, 2000, Status.CONFIRMED),
            "payment.captured: an excess of 0 where it is 1"),
        Arguments.of(twoParts, captured("ca_3", 0, 1900, Status.CONFIRMED),
            "payment.captured: an amount of 0"),
        Arguments.of(twoParts, captured("ca_3", 1, 1902, Status.CONFIRMED),
            "payment.captured: captures that sum up to 1901"),
        Arguments.of(twoParts, captured("ca_3", 1, 1901, Status.SETTLED),
            "payment.captured may not move a payment from confirmed to settled"),
        Arguments.of(in(Status.CONFIRMED), captureReversed(89, 0, Status.AUTHORIZED),
            "payment.capture_reversed: more of a fee given back than was taken"),
        Arguments.of(in(Status.CONFIRMED), captureReversed(0, 0, Status.CONFIRMED),
            "payment.capture_reversed: leads to confirmed instead of authorized"),
        Arguments.of(in(Status.PARTIALLY_REFUNDED), captureReversed(0, 0, Status.REFUNDED),
            "payment.capture_reversed: an excess of 0 where it is 500"),
        Arguments.of(in(Status.DISPUTED), captureReversed(0, 0, Status.DISPUTED),
            "payment.capture_reversed: an excess of 0 where it is 1999"),
        Arguments.of(in(Status.REFUNDED), refundReversed("re_b", 1999, 0, Status.CONFIRMED),
            "payment.refund_reversed: the reversal of what is not there"),
        Arguments.of(in(Status.REFUNDED), refundReversed("re_a", 1998, 1, Status.PARTIALLY_REFUNDED),
            "payment.refund_reversed: the reversal of what is not there"),
        Arguments.of(in(Status.REFUNDED), refundReversed("re_a", 1999, 1, Status.CONFIRMED),
            "payment.refund_reversed: refunds that sum up to 0"),
        Arguments.of(in(Status.REFUNDED), refundReversed("re_a", 1999, 0, Status.SETTLED),
            "payment.refund_reversed: leads to settled instead of confirmed"),
        Arguments.of(in(Status.CONFIRMED, new PaymentEvent.RefundRequested("re_1", 1, null, Status.CONFIRMED),
            refunded("re_a", 500, 500, Status.PARTIALLY_REFUNDED)),
            new PaymentEvent.RefundReversed("re_1", "stripe", "re_a", 500, 0, "usd", "c", "m", null, null,
                null, Status.CONFIRMED),
            "no operation that has succeeded: re_1"),
        Arguments.of(excess, new PaymentEvent.DisputeWon("du_1", "stripe", 2500, "usd", Status.CONFIRMED),
            "payment.dispute_won: an excess of 0 where it is 501"),
        Arguments.of(in(Status.CONFIRMED),
            new PaymentEvent.Disputed("du_1", "stripe", 5, "usd", null, null, 6L),
            "payment.disputed: an excess of 6 where it is 0"),
        Arguments.of(in(Status.CONFIRMED),
            new PaymentEvent.Disputed("du_1", "stripe", 5, "usd", null, null, 0L),
            "payment.disputed: an excess of 0"),
        Arguments.of(in(Status.DISPUTED), reopened("du_1", 1999, null),
            "payment.dispute_reopened: no dispute that is won: du_1"),
        Arguments.of(lost, reopened("du_1", 1999, null),
            "payment.dispute_reopened: no dispute that is won: du_1"),
        Arguments.of(lost, new PaymentEvent.ChargebackReversed("du_1", "stripe", 1999, "usd", 1L,
            Status.CONFIRMED), "payment.chargeback_reversed: an excess of 1 where it is 0"),
        Arguments.of(lost, new PaymentEvent.ChargebackReversed("du_1", "stripe", 1999, "usd", null,
            Status.SETTLED), "payment.chargeback_reversed: leads to settled instead of confirmed"),
        Arguments.of(lost, changed(1999, 1998, Dispute.State.OPEN, Status.CHARGED_BACK),
            "payment.dispute_changed: no dispute of 1999 that is open: du_1"),
        Arguments.of(lost, changed(1998, 1997, Dispute.State.LOST, Status.CHARGED_BACK),
            "payment.dispute_changed: no dispute of 1998 that is lost: du_1"),
        Arguments.of(lost, changed(1999, 1, Dispute.State.WON, Status.CHARGED_BACK),
            "payment.dispute_changed: of one that is won"),
        Arguments.of(lost, changed(1999, 1999, Dispute.State.LOST, Status.CHARGED_BACK),
            "payment.dispute_changed: what it was before"),
        Arguments.of(lost, changed(1999, 0, Dispute.State.LOST, Status.CHARGED_BACK),
            "payment.dispute_changed: an amount of 0"),
        Arguments.of(lost, changed(1999, 2000, Dispute.State.LOST, Status.CHARGED_BACK),
            "payment.dispute_changed: an excess of 0 where it is 1"),
        Arguments.of(lost, changed(1999, 1998, Dispute.State.LOST, Status.CONFIRMED),
            "payment.dispute_changed may not move a payment from charged_back to confirmed"),
        Arguments.of(in(Status.RETURNED), returnReversed(1998, null, Status.CONFIRMED),
            "payment.return_reversed: the reversal of what is not there"),
        Arguments.of(in(Status.RETURNED), returnReversed(1999, 1L, Status.CONFIRMED),
            "payment.return_reversed: the reversal of what is not there"),
        Arguments.of(in(Status.RETURNED), returnReversed(1999, null, Status.REFUNDED),
            "payment.return_reversed: leads to refunded instead of confirmed"),
        Arguments.of(in(Status.DECLINED, lateCharge(false, Status.DECLINED)),
            lateCharge(true, Status.DECLINED),
            "a second request of rev_1"),
        Arguments.of(in(Status.DECLINED), new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_9",
            null, 1999, "usd", false, Status.DECLINED), "no operation under way: rev_1"),
        Arguments.of(in(Status.DECLINED, lateCharge(false, Status.DECLINED)),
            new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_9", null, 1998, "usd", false,
                Status.DECLINED),
            "payment.late_charge_returned: the return of what was not charged"),
        Arguments.of(in(Status.DECLINED, lateCharge(true, Status.DECLINED)),
            new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_9", null, 1999, "usd", false,
                Status.DECLINED),
            "payment.late_charge_returned: the return of what was not charged"),
        Arguments.of(in(Status.CONFIRMED), notice("evt_1", Status.SETTLED),
            "payment.provider_notice may not move a payment from confirmed to settled"));
  }

  @ParameterizedTest(name = "{2}")
  @MethodSource("refusals")
  void event_thatCannotFollow_isRefused(Payment payment, PaymentEvent event, String message) {
    Payment before = payment;
    assertThatThrownBy(() -> payment.after(event)).isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
    assertThat(payment).isEqualTo(before);
  }
}
