package dev.millrace.provider.stripe;

import dev.millrace.provider.Fields;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.Fact;
import dev.millrace.provider.WebhookScheme.Notice;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * What the objects in Stripe's events say. The type of an event says what happened, its object what is: only the object
 * counts, so that events may come in any order.
 *
 * @see <a href="https://docs.stripe.com/api/events/types">Stripe, types of events</a>
 * @see <a href="https://docs.stripe.com/disputes/how-disputes-work">Stripe, how disputes work</a>
 */
final class StripeEvents {
  private StripeEvents() {}

  static Notice intent(String type, JsonObject intent) {
    String reference = StripeRefunds.reference(intent);
    return reference == null
        ? new Notice.Ignored(type)
        : new Notice.Told(type, reference, StripeIntents.ofCharge(intent));
  }

  /** {@code before}: the refund's last status, where it is known. */
  static Notice refund(String type, JsonObject refund, @Nullable String before) {
    Outcome outcome = StripeRefunds.of(refund);
    String reference = StripeRefunds.reference(refund);
    if (reference != null) return new Notice.Told(type, reference, outcome);
    String intent = Fields.text(refund, "payment_intent");
    if (intent == null) return new Notice.Ignored(type);
    return switch (outcome) {
      case Outcome.Refunded r -> new Notice.Befell(type, intent,
          new Fact.RefundedThere(r.providerReference(), r.amount(), r.currency()));
      // It was counted when it succeeded, and no event of ours takes it back.
      case Outcome.Declined d when "succeeded".equals(before) -> new Notice.Unreadable(type,
          "the refund " + d.providerReference() + " of " + intent + ", made at Stripe, failed afterwards");
      case Outcome.Unknown u -> new Notice.Unreadable(type, u.reason());
      case Outcome.Charged _, Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Voided _,
          Outcome.Pending _, Outcome.Declined _, Outcome.NotExecuted _, Outcome.Deferred _,
          Outcome.Absent _ ->
        new Notice.Ignored(type);
    };
  }

  /**
   * An inquiry ({@code warning_…}) takes no money. One that becomes a dispute is told by the withdrawal of its funds,
   * with which every dispute begins.
   */
  static Notice disputeOpened(String type, JsonObject dispute) {
    String id = Fields.text(dispute, "id");
    String status = Fields.text(dispute, "status");
    if (id == null || status == null) return new Notice.Unreadable(type, "a dispute without id or status");
    String intent = Fields.text(dispute, "payment_intent");
    if (intent == null || status.startsWith("warning_")) return new Notice.Ignored(type);
    Long amount = Fields.amount(dispute, "amount");
    String currency = Fields.text(dispute, "currency");
    if (amount == null || currency == null)
      return new Notice.Unreadable(type, "a dispute without amount or currency");
    Long due = Fields.amount(Fields.at(dispute, "evidence_details"), "due_by");
    return new Notice.Befell(type, intent,
        new Fact.DisputeOpened(id, amount, currency, Fields.text(dispute, "reason"), due));
  }

  static Notice disputeClosed(String type, JsonObject dispute) {
    String id = Fields.text(dispute, "id");
    String status = Fields.text(dispute, "status");
    if (id == null || status == null) return new Notice.Unreadable(type, "a dispute without id or status");
    String intent = Fields.text(dispute, "payment_intent");
    // `prevented`: refunded before it became one; the refund is told by itself.
    if (intent == null || status.startsWith("warning_") || status.equals("prevented"))
      return new Notice.Ignored(type);
    Long amount = Fields.amount(dispute, "amount");
    String currency = Fields.text(dispute, "currency");
    if (amount == null || currency == null)
      return new Notice.Unreadable(type, "a dispute without amount or currency");
    boolean won = status.equals("won");
    return won || status.equals("lost")
        ? new Notice.Befell(type, intent,
            new Fact.DisputeClosed(id, won, amount, currency, Fields.text(dispute, "reason")))
        : new Notice.Unreadable(type, "a dispute closed with the status " + status);
  }
}
