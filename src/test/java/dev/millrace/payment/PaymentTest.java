package dev.millrace.payment;

import static dev.millrace.payment.Lives.confirmed;
import static dev.millrace.payment.Lives.disputed;
import static dev.millrace.payment.Lives.in;
import static dev.millrace.payment.Lives.refunded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class PaymentTest {
  private static PaymentEvent refundRequested(String id, long amount, Status status) {
    return new PaymentEvent.RefundRequested(id, amount, null, status);
  }

  private static PaymentEvent fees(long amount, long total, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.Refunded(null, "stripe", null, "re_" + total, amount, total, "usd", ofProvider,
        null, ofGateway, null, total == 1999 ? Status.REFUNDED : Status.PARTIALLY_REFUNDED);
  }

  @ParameterizedTest
  @EnumSource
  void payment_ofEachStatus_isTheFoldOfItsEvents(Status status) {
    assertThat(in(status).status()).isEqualTo(status);
    assertThat(in(status)).isEqualTo(in(status));
  }

  @Test
  void fold_ofAManualCapture_withPartialRefundsAndADispute() {
    var p = in(Status.AUTHORIZED);
    assertThat(List.of(p.amountAuthorized(), p.amountCharged(), p.amountCaptured())).containsExactly(1999L,
        0L,
        0L);
    p = p.after(new PaymentEvent.CaptureRequested("cap_1", 1500));
    assertThat(p.openCaptureOrCancel())
        .isEqualTo(
            new Operation("cap_1", Operation.Kind.CAPTURE, Operation.State.REQUESTED, 1500, null, null));
    p = p.after(new PaymentEvent.OperationSubmitted("cap_1", "stripe", "att_2", Status.AUTHORIZED));
    p = p.after(new PaymentEvent.OperationUnknown("cap_1", "stripe", "att_2", "timeout", Status.AUTHORIZED));
    assertThat(p.operation("cap_1"))
        .isEqualTo(
            new Operation("cap_1", Operation.Kind.CAPTURE, Operation.State.UNKNOWN, 1500, null, "att_2"));
    p = p.after(confirmed(1500, "cap_1"));
    assertThat(p.openCaptureOrCancel()).isNull();
    assertThat(List.of(p.amountAuthorized(), p.amountCharged(), p.amountCaptured())).containsExactly(1999L,
        1500L, 1500L);
    assertThat(p.fees()).isEqualTo(new Payment.Fees(88, 0, 10, 0));

    p = p.after(refundRequested("re_1", 400, Status.CONFIRMED))
        .after(refundRequested("re_2", 100, Status.CONFIRMED));
    assertThat(p.refundsOpen()).isEqualTo(500);
    assertThat(p.refundable()).isEqualTo(1000);
    p = p.after(new PaymentEvent.Refunded("re_1", "stripe", "att_3", "re_a", 400, 400, "usd", 23L, "n", 3L,
        "n", Status.PARTIALLY_REFUNDED));
    p = p.after(new PaymentEvent.RefundFailed("re_2", "c", "m", Status.PARTIALLY_REFUNDED));
    assertThat(p.refundable()).isEqualTo(1100);
    assertThat(p.refunds()).isEqualTo(List.of(new BookedMovement("re_a", "re_1", 400, 0, 23, 3, false)));
    assertThat(p.fees()).isEqualTo(new Payment.Fees(88, 23, 10, 3));

    p = p.after(new PaymentEvent.Settled("stl_1", Status.PARTIALLY_REFUNDED)).after(disputed("du_1", 1100));
    assertThat(p.disputes())
        .isEqualTo(
            Map.of("du_1", new Dispute("du_1", 1100, Dispute.State.OPEN, 0, null, null, 0, null, null)));
    assertThat(p.withDispute("du_1", Dispute.State.WON)).isEqualTo(Status.PARTIALLY_REFUNDED);
    p = p.after(new PaymentEvent.DisputeWon("du_1", "stripe", 1100, "usd", Status.PARTIALLY_REFUNDED));
    assertThat(p.status()).isEqualTo(Status.PARTIALLY_REFUNDED);
    assertThat(p.disputes())
        .isEqualTo(
            Map.of("du_1", new Dispute("du_1", 1100, Dispute.State.WON, 1, null, null, 0, null, null)));
    p = p.after(disputed("du_2", 1100)).after(new PaymentEvent.ChargedBack("du_2", "stripe", 1100, "usd"));
    assertThat(p.status()).isEqualTo(Status.CHARGED_BACK);
    assertThat(p.disputes().get("du_2").state()).isEqualTo(Dispute.State.LOST);
    assertThat(p.version()).isEqualTo(16);
  }

  @Test
  void fold_ofAFailover_isAtTheLaterProvider() {
    var p = in(Status.PROVIDER_SUBMITTED, new PaymentEvent.ProviderSubmitted("adyen", "att_2", "r", "open"));
    assertThat(p.provider() + " " + p.attempt()).isEqualTo("adyen att_2");
  }

  @Test
  void payerReturned_onceThePayerIsBack() {
    assertThat(in(Status.REQUIRES_ACTION).payerCameBack()).isFalse();
    assertThat(in(Status.REQUIRES_ACTION, new PaymentEvent.ActionReturned("att_1")).payerCameBack()).isTrue();
  }

  @Test
  void charge_beyondWhatWasAsked_isNotTheMerchants() {
    var p = in(Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 2500, "usd"));
    assertThat(p.amountCharged()).isEqualTo(2500);
    assertThat(p.amountCaptured()).isEqualTo(1999);
    assertThat(p.refundable()).isEqualTo(1999);
  }

  @Test
  void authorization_beyondWhatWasAsked_cannotBeCaptured() {
    var p = in(Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 5000, "usd", 1));
    assertThat(p.amountAuthorized()).isEqualTo(1999);
  }

  /**
   * More may go back at the provider than was asked for over the gateway: then nothing is left, not less than
   * that.
   */
  @Test
  void refundable_isNeverNegative() {
    var p = in(Status.CONFIRMED, refundRequested("re_1", 1999, Status.CONFIRMED),
        refunded("re_a", 1500, 1500, Status.PARTIALLY_REFUNDED));
    assertThat(p.refundsOpen()).isEqualTo(1999);
    assertThat(p.refundable()).isZero();
  }

  @ParameterizedTest
  @EnumSource(names = {"CONFIRMED", "SETTLED", "PARTIALLY_REFUNDED", "REFUNDED", "DISPUTED", "CHARGED_BACK",
      "RETURNED", "AUTHORIZED"})
  void standing_isWhatCapturesRefundsDisputesAndSettlementGive(Status status) {
    assertThat(in(status).standing()).isEqualTo(status);
  }

  @Test
  void standing_withoutItsDispute_isAsSettledAsItIs() {
    assertThat(in(Status.DISPUTED, new PaymentEvent.Settled("stl_1", Status.DISPUTED)).withDispute("du_1",
        Dispute.State.WON)).isEqualTo(Status.SETTLED);
  }

  static Stream<Arguments> refusals() {
    Payment capturing = in(Status.AUTHORIZED, new PaymentEvent.CaptureRequested("cap_1", 1999));
    Payment refunding = in(Status.CONFIRMED, refundRequested("re_1", 1500, Status.CONFIRMED));
    Payment won = in(Status.DISPUTED,
        new PaymentEvent.DisputeWon("du_1", "stripe", 1999, "usd", Status.CONFIRMED));
    return Stream.of(
        Arguments.of(in(Status.CONFIRMED), Lives.ASKED,
            "payment.initiated may not move a payment from confirmed to initiated"),
        Arguments.of(in(Status.PROVIDER_SUBMITTED), confirmed(2000, null),
            "payment.confirmed: a capture of 2000 where 1999 was authorized"),
        Arguments.of(in(Status.AUTHORIZED), confirmed(2000, null),
            "payment.confirmed: a capture of 2000 where 1999 was authorized"),
        Arguments.of(in(Status.AUTHORIZED), confirmed(0, null), "payment.confirmed: an amount of 0"),
        Arguments.of(in(Status.PROVIDER_SUBMITTED),
            new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, -5, "usd"),
            "payment.confirmed: an amount of -5"),
        Arguments.of(in(Status.PROVIDER_SUBMITTED),
            new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 0, "usd", 1),
            "payment.authorized: an amount of 0"),
        Arguments.of(in(Status.AUTHORIZED), new PaymentEvent.CaptureRequested("cap_1", 2000),
            "payment.capture_requested: a capture of 2000 where 1999 was authorized"),
        Arguments.of(in(Status.AUTHORIZED), new PaymentEvent.CaptureRequested("cap_1", 0),
            "payment.capture_requested: an amount of 0"),
        Arguments.of(capturing, new PaymentEvent.CaptureRequested("cap_2", 1),
            "cap_2 while another capture or cancellation is under way"),
        Arguments.of(capturing, new PaymentEvent.CancelRequested("can_1", "x", Status.AUTHORIZED),
            "can_1 while another capture or cancellation is under way"),
        Arguments.of(capturing.after(new PaymentEvent.CaptureFailed("cap_1", "c", "m", Status.AUTHORIZED)),
            new PaymentEvent.CaptureRequested("cap_1", 1), "a second request of cap_1"),
        Arguments.of(refunding, refundRequested("re_2", 500, Status.CONFIRMED),
            "payment.refund_requested: a refund of 500 where 499 can be refunded"),
        Arguments.of(in(Status.CONFIRMED), refundRequested("re_2", -1, Status.CONFIRMED),
            "payment.refund_requested: an amount of -1"),
        Arguments.of(refunding, refundRequested("re_1", 1, Status.CONFIRMED), "a second request of re_1"),
        Arguments.of(in(Status.CONFIRMED), refunded("re_a", 2000, 2000, Status.REFUNDED),
            "payment.refunded: an excess of 0 where it is 1"),
        Arguments.of(in(Status.PARTIALLY_REFUNDED), refunded("re_b", 1500, 2000, Status.REFUNDED),
            "payment.refunded: an excess of 0 where it is 1"),
        Arguments.of(in(Status.PARTIALLY_REFUNDED), refunded("re_b", 100, 100, Status.PARTIALLY_REFUNDED),
            "payment.refunded: refunds of 100 that sum up to 600"),
        Arguments.of(in(Status.PARTIALLY_REFUNDED), refunded("re_a", 500, 1000, Status.PARTIALLY_REFUNDED),
            "payment.refunded: a second re_a"),
        Arguments.of(in(Status.CONFIRMED), refunded("re_a", 0, 0, Status.PARTIALLY_REFUNDED),
            "payment.refunded: an amount of 0"),
        Arguments.of(in(Status.CONFIRMED), fees(500, 500, 89L, null),
            "more of a fee returned than was taken"),
        Arguments.of(in(Status.CONFIRMED, fees(500, 500, null, 10L)), fees(500, 1000, null, 1L),
            "more of a fee returned than was taken"),
        Arguments.of(in(Status.CONFIRMED),
            new PaymentEvent.OperationSubmitted("re_9", "stripe", "att_9", Status.CONFIRMED),
            "no operation under way: re_9"),
        Arguments.of(in(Status.AUTHORIZED), confirmed(1999, "cap_9"), "no operation under way: cap_9"),
        Arguments.of(refunding.after(new PaymentEvent.RefundFailed("re_1", "c", "m", Status.CONFIRMED)),
            new PaymentEvent.OperationUnknown("re_1", "stripe", "att_9", "x", Status.CONFIRMED),
            "no operation under way: re_1"),
        Arguments.of(in(Status.CONFIRMED), disputed("du_1", 2000),
            "payment.disputed: an excess of 0 where it is 1"),
        Arguments.of(in(Status.CONFIRMED), disputed("du_1", 0), "payment.disputed: an amount of 0"),
        Arguments.of(won, disputed("du_1", 1999), "payment.disputed: a second opening of du_1"),
        Arguments.of(in(Status.DISPUTED), disputed("du_2", 1999),
            "payment.disputed: an excess of 0 where it is 1999"),
        Arguments.of(in(Status.DISPUTED), new PaymentEvent.ChargedBack("du_2", "stripe", 1999, "usd"),
            "payment.charged_back: no dispute of 1999 that is open: du_2"),
        Arguments.of(in(Status.DISPUTED), new PaymentEvent.ChargedBack("du_1", "stripe", 1998, "usd"),
            "payment.charged_back: no dispute of 1998 that is open: du_1"),
        Arguments.of(won.after(disputed("du_2", 5)),
            new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd"),
            "payment.charged_back: no dispute of 1999 that is open: du_1"),
        Arguments.of(in(Status.DISPUTED),
            new PaymentEvent.DisputeWon("du_1", "stripe", 1999, "usd", Status.SETTLED),
            "payment.dispute_won: leads to settled instead of confirmed"),
        Arguments.of(in(Status.CONFIRMED),
            new PaymentEvent.Returned("bank", "db_1", 2000, "usd", "R01", "", null, null, null, null),
            "payment.returned: an excess of 0 where it is 1"),
        Arguments.of(in(Status.CONFIRMED),
            new PaymentEvent.Returned("bank", "db_1", 0, "usd", "R01", "", null, null, null, null),
            "payment.returned: an amount of 0"),
        Arguments.of(in(Status.CONFIRMED),
            new PaymentEvent.Returned("bank", "db_1", 1999, "usd", "R01", "", 89L, null, null, null),
            "more of a fee returned than was taken"));
  }

  @ParameterizedTest(name = "{2}")
  @MethodSource("refusals")
  void event_thatCannotFollow_isRefused(Payment payment, PaymentEvent event, String message) {
    Payment before = payment;
    assertThatThrownBy(() -> payment.after(event)).isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
    assertThat(payment).isEqualTo(before);
  }

  @Test
  void payment_withoutItsFirstEvent_refused() {
    for (List<PaymentEvent> events : List.<List<PaymentEvent>>of(List.of(), List.of(confirmed())))
      assertThatThrownBy(() -> Payment.of(events)).isInstanceOf(IllegalStateException.class)
          .hasMessage("a payment's first event is payment.initiated");
  }
}
