package dev.millrace.ledger;

import dev.millrace.payment.Dispute;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import java.util.Map;

/**
 * Events by which something is taken back, or goes beyond what a payment has, with and without all they can
 * say.
 */
final class ReversalEvents {
  private ReversalEvents() {}

  static Map<String, PaymentEvent> byName() {
    return Map.ofEntries(
        Map.entry("try_refused",
            new PaymentEvent.TryRefused("stripe", "att_1", "ch_1", "card_declined", null, "No.")),
        Map.entry("processing", new PaymentEvent.Processing("stripe", "att_1", "pi_1")),
        Map.entry("captured", captured(700, null, null, null)),
        Map.entry("captured, with excess and fees", captured(700, 51L, 20L, 3L)),
        Map.entry("capture_reversed", captureReversed(1999, null, null, null)),
        Map.entry("capture_reversed, all of it", captureReversed(20, 10L, 1L, 2L)),
        Map.entry("refunded, beyond", refunded(100L, null, null)),
        Map.entry("refunded, all of it", refunded(100L, 22L, 3L)),
        Map.entry("refund_reversed", refundReversed(null, null, null)),
        Map.entry("refund_reversed, beyond", refundReversed(100L, null, null)),
        Map.entry("refund_reversed, all of it", refundReversed(100L, 22L, 3L)),
        Map.entry("returned, beyond", returned(2500, 501L, null, null)),
        Map.entry("returned, all of it", returned(2500, 501L, 88L, 10L)),
        Map.entry("return_reversed", returnReversed(1999, null, null, null)),
        Map.entry("return_reversed, all of it", returnReversed(2500, 501L, 88L, 10L)),
        Map.entry("disputed, beyond",
            new PaymentEvent.Disputed("du_1", "stripe", 700, "usd", null, null, 201L)),
        Map.entry("disputed, all beyond",
            new PaymentEvent.Disputed("du_1", "stripe", 700, "usd", null, null, 700L)),
        Map.entry("dispute_won, beyond",
            new PaymentEvent.DisputeWon("du_1", "stripe", 700, "usd", 201L, Status.SETTLED)),
        Map.entry("charged_back, beyond", new PaymentEvent.ChargedBack("du_1", "stripe", 700, "usd")),
        Map.entry("dispute_reopened", new PaymentEvent.DisputeReopened("du_1", "stripe", 1999, "usd", null)),
        Map.entry("dispute_reopened, beyond",
            new PaymentEvent.DisputeReopened("du_1", "stripe", 700, "usd", 201L)),
        Map.entry("dispute_changed, more", changed(700, 900, null, Dispute.State.OPEN)),
        Map.entry("dispute_changed, less", changed(900, 700, null, Dispute.State.OPEN)),
        Map.entry("dispute_changed, beyond", changed(700, 1001, 201L, Dispute.State.OPEN)),
        Map.entry("dispute_changed, less beyond", changed(1001, 700, 201L, Dispute.State.OPEN)),
        Map.entry("dispute_changed, lost", changed(700, 1001, 201L, Dispute.State.LOST)),
        Map.entry("dispute_changed, lost less", changed(900, 700, null, Dispute.State.LOST)),
        Map.entry("chargeback_reversed",
            new PaymentEvent.ChargebackReversed("du_1", "stripe", 1999, "usd", null, Status.SETTLED)),
        Map.entry("chargeback_reversed, beyond",
            new PaymentEvent.ChargebackReversed("du_1", "stripe", 700, "usd", 201L, Status.SETTLED)),
        Map.entry("late_charge", late(false)), Map.entry("late_charge, held", late(true)),
        Map.entry("late_charge_returned", lateReturned(false)),
        Map.entry("late_charge_returned, held", lateReturned(true)),
        Map.entry("late_charge_kept", new PaymentEvent.LateChargeKept("rev_1", "c", "m", Status.DECLINED)),
        Map.entry("provider_notice",
            new PaymentEvent.ProviderNotice("stripe", "radar", "evt_1", "m", true, Status.SETTLED)),
        Map.entry("corrected", new PaymentEvent.Corrected("cor_1", "ann", "why", 501, "usd", "suspense",
            "provider_receivable:stripe", "stripe", null, Status.SETTLED)),
        Map.entry("late_charge_retried",
            new PaymentEvent.LateChargeRetried("rev_2", "rev_1", "stripe", "pi_0",
                1999, "usd", false, "ann", "why", Status.DECLINED)));
  }

  private static PaymentEvent captured(long amount, Long excess, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.Captured("stripe", "att_1", "pi_1", "ca_2", amount, 1900, 1900, "usd", excess,
        ofProvider, ofProvider == null ? null : "p", ofGateway, ofGateway == null ? null : "g",
        Status.CONFIRMED);
  }

  private static PaymentEvent captureReversed(long amount, Long excess, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.CaptureReversed(null, "stripe", null, amount, 0, 0, "usd", "capture_failed",
        "No.",
        excess, ofProvider, ofGateway, 9L, Status.AUTHORIZED);
  }

  private static PaymentEvent refunded(Long excess, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.Refunded(null, "stripe", null, "re_x", 500, 400, "usd", ofProvider,
        ofProvider == null ? null : "p", ofGateway, ofGateway == null ? null : "g", excess,
        Status.PARTIALLY_REFUNDED);
  }

  private static PaymentEvent refundReversed(Long excess, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.RefundReversed(null, "stripe", "re_x", 500, 0, "usd", "c", "m", excess,
        ofProvider,
        ofGateway, Status.CONFIRMED);
  }

  private static PaymentEvent returned(long amount, Long excess, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.Returned("bank", "db_1", amount, "usd", "R01", "No funds.", ofProvider,
        ofProvider == null ? null : "p", ofGateway, ofGateway == null ? null : "g", excess);
  }

  private static PaymentEvent returnReversed(long amount, Long excess, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.ReturnReversed("bank", "db_1", amount, "usd", "Paid.", excess, ofProvider,
        ofGateway, Status.CONFIRMED);
  }

  private static PaymentEvent changed(long before, long amount, Long excess, Dispute.State state) {
    return new PaymentEvent.DisputeChanged("du_1", "stripe", before, amount, "usd", excess, state,
        Status.DISPUTED, 1);
  }

  private static PaymentEvent late(boolean held) {
    return new PaymentEvent.LateCharge("rev_1", "stripe", "att_1", "pi_0", 1999, "usd", held, "why",
        Status.DECLINED);
  }

  private static PaymentEvent lateReturned(boolean held) {
    return new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_2", "re_0", 1999, "usd", held,
        Status.DECLINED);
  }
}
