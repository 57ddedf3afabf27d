package dev.millrace.provider.stripe;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * What the objects in Stripe's events say. The type of an event says what happened, its object what is: only
 * the object counts, so that events may come in any order.
 *
 * @see <a href="https://docs.stripe.com/api/events/types">Stripe, types of events</a>
 * @see <a href="https://docs.stripe.com/disputes/how-disputes-work">Stripe, how disputes work</a>
 */
final class StripeEvents {
  private StripeEvents() {}

  static ProviderEvent intent(String type, JsonObject intent) {
    String reference = StripeRefunds.reference(intent);
    return reference == null
        ? new ProviderEvent.Ignored(type)
        : new ProviderEvent.AttemptOutcome(type, reference, StripeIntents.ofCharge(intent));
  }

  /** {@code before}: the refund's last status, where it is known. */
  static ProviderEvent refund(String type, JsonObject refund, @Nullable String before) {
    Outcome outcome = StripeRefunds.of(refund);
    String reference = StripeRefunds.reference(refund);
    if (reference != null) return new ProviderEvent.AttemptOutcome(type, reference, outcome);
    String intent = JsonFields.text(refund, "payment_intent");
    if (intent == null) return new ProviderEvent.Ignored(type);
    return switch (outcome) {
      case Outcome.Refunded r -> new ProviderEvent.Unsolicited(type, intent,
          new UnsolicitedChange.Refunded(r.providerReference(), r.amount(), r.currency()));
      // It was counted when it succeeded, and no event of ours takes it back.
      case Outcome.Declined d when "succeeded".equals(before) -> new ProviderEvent.Unreadable(type,
          "the refund " + d.providerReference() + " of " + intent + ", made at Stripe, failed afterwards");
      case Outcome.Unknown u -> new ProviderEvent.Unreadable(type, u.reason());
      case Outcome.Charged _, Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Voided _,
          Outcome.Pending _, Outcome.Declined _, Outcome.NotExecuted _, Outcome.Deferred _,
          Outcome.Absent _ ->
        new ProviderEvent.Ignored(type);
    };
  }

  /**
   * An inquiry ({@code warning_…}) takes no money. One that becomes a dispute is told by the withdrawal of
   * its funds, with which every dispute begins.
   */
  static ProviderEvent disputeOpened(String type, JsonObject dispute) {
    String id = JsonFields.text(dispute, "id");
    String status = JsonFields.text(dispute, "status");
    if (id == null || status == null)
      return new ProviderEvent.Unreadable(type, "a dispute without id or status");
    String intent = JsonFields.text(dispute, "payment_intent");
    if (intent == null || status.startsWith("warning_")) return new ProviderEvent.Ignored(type);
    StripeAmount amount = StripeAmount.read(dispute, "amount");
    if (amount == null)
      return new ProviderEvent.Unreadable(type, "a dispute without usable amount or currency");
    Long due = JsonFields.amount(JsonFields.at(dispute, "evidence_details"), "due_by");
    return new ProviderEvent.Unsolicited(type, intent,
        new UnsolicitedChange.DisputeOpened(id, amount.minor(), amount.currency(),
            JsonFields.text(dispute, "reason"), due));
  }

  static ProviderEvent disputeClosed(String type, JsonObject dispute) {
    String id = JsonFields.text(dispute, "id");
    String status = JsonFields.text(dispute, "status");
    if (id == null || status == null)
      return new ProviderEvent.Unreadable(type, "a dispute without id or status");
    String intent = JsonFields.text(dispute, "payment_intent");
    // `prevented`: refunded before it became one; the refund is told by itself.
    if (intent == null || status.startsWith("warning_") || status.equals("prevented"))
      return new ProviderEvent.Ignored(type);
    StripeAmount amount = StripeAmount.read(dispute, "amount");
    if (amount == null)
      return new ProviderEvent.Unreadable(type, "a dispute without usable amount or currency");
    boolean won = status.equals("won");
    return won || status.equals("lost")
        ? new ProviderEvent.Unsolicited(type, intent,
            new UnsolicitedChange.DisputeClosed(id, won, amount.minor(), amount.currency(),
                JsonFields.text(dispute, "reason")))
        : new ProviderEvent.Unreadable(type, "a dispute closed with the status " + status);
  }
}
