package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.JsonText;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import org.jspecify.annotations.Nullable;

/**
 * What is taken back from a payment, as Stripe's Refund and Dispute.
 *
 * @see <a href="https://docs.stripe.com/api/refunds/object">Stripe's Refund</a>
 * @see <a href="https://docs.stripe.com/api/disputes/object">Stripe's Dispute</a>
 */
final class StripeRefundObjects {
  static final String REFUND = "re_";
  static final String DISPUTE = "du_";
  /** How long evidence can be given. */
  private static final long DISPUTE_S = 9 * 24 * 3600;

  private final BookIds ids;

  StripeRefundObjects(BookIds ids) {
    this.ids = ids;
  }

  /** Appends a refund of the payment as the payment stands. */
  void refund(StringBuilder out, PaymentState state, Movement refund) {
    Movement end = state.endOf(refund);
    Movement failure = end != null && end.kind() == Kind.REFUND_FAILURE ? end : null;
    boolean pending = state.pending(refund);
    out.append("{\"id\":\"").append(ids.movement(REFUND, refund.number()));
    out.append("\",\"object\":\"refund\",\"amount\":")
        .append(StripeObjects.told(refund.amount(), state.entry()));
    out.append(",\"balance_transaction\":null");
    charge(out, state.entry());
    out.append(",\"created\":").append(refund.created());
    out.append(",\"currency\":\"").append(state.entry().currency());
    out.append("\",\"customer\":null,\"customer_account\":null,\"destination_details\":null");
    if (failure != null) {
      JsonText.string(out.append(",\"failure_reason\":"), failure.note());
    }
    out.append(",\"metadata\":{").append(refund.metadata() == null ? "" : refund.metadata()).append('}');
    intent(out, state.entry());
    if (pending) {
      out.append(",\"pending_reason\":\"processing\"");
    }
    JsonText.string(out.append(",\"reason\":"), refund.note());
    out.append(
        ",\"payment_method\":null,\"receipt_number\":null,\"source_transfer_reversal\":null,\"status\":\"")
        .append(failure != null ? "failed" : pending ? "pending" : "succeeded");
    out.append("\",\"transfer_reversal\":null}");
  }

  /** Appends a dispute of the payment as the payment stands. */
  void dispute(StringBuilder out, PaymentState state, Movement dispute) {
    Movement end = state.endOf(dispute);
    String evidence = end == null ? null : end.note();
    out.append("{\"id\":\"").append(ids.movement(DISPUTE, dispute.number()));
    out.append("\",\"object\":\"dispute\",\"amount\":")
        .append(StripeObjects.told(dispute.amount(), state.entry()));
    out.append(",\"balance_transactions\":[]");
    charge(out, state.entry());
    out.append(",\"created\":").append(dispute.created());
    out.append(",\"currency\":\"").append(state.entry().currency());
    out.append("\",\"enhanced_eligibility_types\":[],\"evidence\":{\"uncategorized_text\":");
    JsonText.string(out, evidence);
    out.append("},\"evidence_details\":{\"due_by\":").append(dispute.created() + DISPUTE_S);
    out.append(",\"enhanced_eligibility\":{},\"has_evidence\":").append(evidence != null);
    out.append(",\"past_due\":false,\"submission_count\":").append(evidence == null ? 0 : 1);
    out.append("},\"is_charge_refundable\":false,\"livemode\":false,\"metadata\":{}");
    intent(out, state.entry());
    out.append(",\"payment_method_details\":{\"card\":{\"brand\":\"visa\",\"case_type\":\"chargeback\","
        + "\"network_reason_code\":\"10.4\"},\"type\":\"card\"},\"reason\":");
    JsonText.string(out, dispute.note());
    out.append(",\"status\":\"").append(status(end)).append("\"}");
  }

  private static String status(@Nullable Movement end) {
    return end == null ? "needs_response" : end.kind() == Kind.DISPUTE_WON ? "won" : "lost";
  }

  private void charge(StringBuilder out, Entry entry) {
    out.append(",\"charge\":\"").append(ids.entry(StripeObjects.CHARGE, entry.ordinal())).append('"');
  }

  private void intent(StringBuilder out, Entry entry) {
    out.append(",\"payment_intent\":\"").append(ids.entry(StripeObjects.INTENT, entry.ordinal()))
        .append('"');
  }
}
