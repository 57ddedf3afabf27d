package dev.millrace.provider.stripe;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * What a Refund of Stripe's means.
 *
 * @see <a href="https://docs.stripe.com/api/refunds/object">Stripe API, the Refund object</a>
 * @see <a href="https://docs.stripe.com/refunds#failed-refunds">Stripe, failed refunds</a>
 */
final class StripeRefunds {
  static final String REFERENCE = "millrace_reference";

  private StripeRefunds() {}

  static Outcome of(JsonObject refund) {
    String id = JsonFields.text(refund, "id");
    String status = JsonFields.text(refund, "status");
    if (id == null || status == null) return new Outcome.Unknown("a refund without id or status");
    return switch (status) {
      case "succeeded" -> refunded(id, refund);
      // The payer must still tell where the money is to go: Stripe asks by mail.
      case "pending", "requires_action" -> new Outcome.Pending(id);
      case "failed" -> failed(id, refund);
      case "canceled" ->
        new Outcome.Declined(id, "refund_canceled", JsonFields.text(refund, "failure_reason"),
            "The refund was canceled at the provider.", false, amount(refund), null);
      default -> new Outcome.Unknown("refund status " + status);
    };
  }

  private static Outcome refunded(String id, JsonObject refund) {
    StripeAmount amount = StripeAmount.read(refund, "amount");
    return amount == null
        ? new Outcome.Unknown("a refund of " + StripeAmount.unusable(refund, "amount"))
        : new Outcome.Refunded(id, amount.minor(), amount.currency());
  }

  private static Outcome.@Nullable Amount amount(JsonObject refund) {
    StripeAmount amount = StripeAmount.read(refund, "amount");
    return amount == null ? null : new Outcome.Amount(amount.minor(), amount.currency());
  }

  private static Outcome failed(String id, JsonObject refund) {
    String reason = JsonFields.text(refund, "failure_reason");
    return new Outcome.Declined(id, Outcome.Declined.REFUND_FAILED, reason,
        "The refund failed at the provider"
            + (reason == null ? "." : ": " + reason.replace('_', ' ') + "."),
        false, amount(refund), null);
  }

  /** Our reference of it; null for one that was not ordered over the gateway. */
  static @Nullable String reference(JsonObject refund) {
    return JsonFields.text(JsonFields.at(refund, "metadata"), REFERENCE);
  }
}
