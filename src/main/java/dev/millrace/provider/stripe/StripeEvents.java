package dev.millrace.provider.stripe;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the objects in Stripe's events say. The type of an event says what happened, its object what is: only
 * the object counts, so that events may come in any order.
 *
 * @see <a href="https://docs.stripe.com/api/events/types">Stripe, types of events</a>
 * @see <a href="https://docs.stripe.com/disputes/how-disputes-work">Stripe, how disputes work</a>
 */
final class StripeEvents {
  private static final Set<String> ENDED_WITHOUT_MONEY = Set.of("warning_closed", "prevented",
      "charge_refunded");

  private StripeEvents() {}

  static ProviderEvent intent(String type, JsonObject intent) {
    String reference = StripeRefunds.reference(intent);
    if (reference == null) return new ProviderEvent.Ignored(type);
    Outcome outcome = StripeIntents.ofCharge(intent);
    return outcome instanceof Outcome.Unknown u && StripeIntents.moved(intent)
        ? new ProviderEvent.Unreadable(type, u.reason(), reference)
        : new ProviderEvent.AttemptOutcome(type, reference, outcome);
  }

  /** One that was not ordered over the gateway was made at Stripe, of a payment that may be ours. */
  static ProviderEvent refund(String type, JsonObject refund) {
    Outcome outcome = StripeRefunds.of(refund);
    String reference = StripeRefunds.reference(refund);
    if (reference != null)
      return outcome instanceof Outcome.Unknown u
          ? new ProviderEvent.Unreadable(type, u.reason(), reference)
          : new ProviderEvent.AttemptOutcome(type, reference, outcome);
    String intent = intent(refund);
    if (intent == null) return new ProviderEvent.Ignored(type);
    return switch (outcome) {
      case Outcome.Refunded r -> new ProviderEvent.Unsolicited(type, intent,
          new UnsolicitedChange.Refunded(r.providerReference(), r.amount(), r.currency()));
      case Outcome.Declined d ->
        new ProviderEvent.Unsolicited(type, intent, new UnsolicitedChange.RefundFailed(
            Objects.requireNonNullElse(d.providerReference(), ""), d.code(), d.message(), d.amount()));
      case Outcome.Pending p -> new ProviderEvent.Notice(type, null, intent,
          "The refund " + p.providerReference() + ", made at Stripe, is under way.", true);
      case Outcome.Unknown u -> new ProviderEvent.Unreadable(type, u.reason(), intent);
      case Outcome.Charged _, Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Voided _,
          Outcome.Approved _, Outcome.TryRefused _, Outcome.NotExecuted _, Outcome.Deferred _,
          Outcome.Absent _ ->
        throw new IllegalStateException("a refund is never " + outcome);
    };
  }

  /**
   * By its status alone, whatever happened to it: a decision stands, and may be another one later, by the
   * time when the event was {@code created}. An inquiry ({@code warning_…}) takes no money, one that becomes
   * a dispute has another status then; what was {@code prevented} or {@code charge_refunded} was given back
   * before, which is told by itself. For disputes with these two ends, and for inquiries that ended with
   * {@code warning_closed}, no money is held at Stripe.
   *
   * @see <a href="https://docs.stripe.com/api/disputes/object#dispute_object-status">Stripe, status</a>
   */
  static ProviderEvent dispute(String type, JsonObject dispute, @Nullable Long created) {
    String intent = intent(dispute);
    // All charges of ours have an intent.
    if (intent == null) return new ProviderEvent.Ignored(type);
    String id = JsonFields.text(dispute, "id");
    String status = JsonFields.text(dispute, "status");
    if (id == null || status == null)
      return new ProviderEvent.Unreadable(type, "a dispute without id or status", intent);
    String reason = JsonFields.text(dispute, "reason");
    boolean ended = ENDED_WITHOUT_MONEY.contains(status);
    if (contradicts(type, status, ended))
      return new ProviderEvent.Notice(type, null, intent, "Stripe's dispute " + id + " is " + status
          + ", and its money has moved all the same: see its balance transactions.", false);
    if (ended || status.startsWith("warning_"))
      return new ProviderEvent.Notice(type, null, intent, "Stripe's dispute " + id + " is " + status
          + (reason == null ? "" : ", for " + reason) + ": no money moves.", true, ended ? id : null);
    StripeAmount amount = StripeAmount.read(dispute, "amount");
    if (amount == null)
      return new ProviderEvent.Unreadable(type, "a dispute of " + StripeAmount.unusable(dispute, "amount"),
          intent);
    return new ProviderEvent.Unsolicited(type, intent, switch (status) {
      case "won", "lost" -> new UnsolicitedChange.DisputeClosed(id, status.equals("won"), amount.minor(),
          amount.currency(), reason, created);
      default -> new UnsolicitedChange.DisputeOpened(id, amount.minor(), amount.currency(), reason,
          JsonFields.amount(JsonFields.at(dispute, "evidence_details"), "due_by"), created);
    });
  }

  /** Whether its money moved, by the type of the event, as it cannot have by the status. */
  private static boolean contradicts(String type, String status, boolean ended) {
    return switch (type) {
      case "charge.dispute.funds_reinstated" -> !status.equals("won") && !ended;
      case "charge.dispute.funds_withdrawn" -> ended || status.startsWith("warning_") || status.equals("won");
      default -> false;
    };
  }

  /**
   * What moves no money, or so we think. It is found by our reference, which charges have from their intents,
   * or by the intent's name; where neither is there, it is about others.
   */
  static ProviderEvent notice(String type, JsonObject object, String words, boolean expected) {
    String reference = StripeRefunds.reference(object);
    String named = named(object);
    return reference == null && named == null
        ? new ProviderEvent.Ignored(type)
        : new ProviderEvent.Notice(type, reference, named, words, expected);
  }

  /** The intent that it is of, perhaps expanded. */
  private static @Nullable String intent(JsonObject object) {
    return referred(object, "payment_intent");
  }

  private static @Nullable String referred(JsonObject object, String field) {
    String name = JsonFields.text(object, field);
    return name == null ? JsonFields.text(JsonFields.at(object, field), "id") : name;
  }

  /** The payment's name at Stripe, be it the object itself or what it is about, perhaps expanded. */
  private static @Nullable String named(JsonObject object) {
    String id = JsonFields.text(object, "id");
    if (id != null && id.startsWith("pi_")) return id;
    for (String field : List.of("payment_intent", "charge")) {
      String name = referred(object, field);
      if (name != null) return name;
    }
    return id != null && id.startsWith("ch_") ? id : null;
  }
}
