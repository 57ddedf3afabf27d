package dev.millrace.provider.stripe;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the state of a PaymentIntent means for what was asked of it.
 *
 * <table>
 * <caption>Outcomes by state</caption>
 * <tr><th>state</th><th>charge</th><th>capture</th><th>cancellation</th></tr>
 * <tr><td>{@code succeeded}</td><td colspan="3">charged, by {@code amount_received}</td></tr>
 * <tr><td>{@code requires_capture}</td><td>authorized, by {@code amount_capturable}</td><td colspan="2">absent</td></tr>
 * <tr><td>{@code requires_action}</td><td>action required</td><td>unknown</td><td>absent</td></tr>
 * <tr><td>{@code processing}</td><td colspan="2">pending</td><td>unknown</td></tr>
 * <tr><td>{@code requires_payment_method}</td><td colspan="2">declined</td><td>absent</td></tr>
 * <tr><td>{@code canceled}</td><td>voided</td><td>declined</td><td>voided</td></tr>
 * <tr><td>any other</td><td colspan="3">unknown</td></tr>
 * </table>
 *
 * @see <a href="https://docs.stripe.com/payments/paymentintents/lifecycle">Stripe, how PaymentIntents
 *   work</a>
 * @see <a href="https://docs.stripe.com/api/payment_intents/object">Stripe API, the PaymentIntent object</a>
 */
final class StripeIntents {
  private record Intent(String id, String status, JsonObject json) {}

  private static final Set<String> MOVED = Set.of("succeeded", "requires_capture");

  private StripeIntents() {}

  static Outcome ofCharge(JsonObject json) {
    Intent intent = intent(json);
    if (intent == null) return nameless();
    return switch (intent.status) {
      case "succeeded" -> charged(intent);
      case "requires_capture" -> authorized(intent);
      case "requires_action" -> actionRequired(intent);
      case "processing" -> new Outcome.Pending(intent.id);
      case "requires_payment_method" -> declined(intent);
      case "canceled" -> voided(intent);
      default -> unknown(intent);
    };
  }

  static Outcome ofCapture(JsonObject json) {
    Intent intent = intent(json);
    if (intent == null) return nameless();
    return switch (intent.status) {
      case "succeeded" -> charged(intent);
      case "requires_capture" -> new Outcome.Absent();
      case "processing" -> new Outcome.Pending(intent.id);
      case "requires_payment_method" -> declined(intent);
      case "canceled" -> new Outcome.Declined(intent.id, "payment_canceled", reason(intent),
          "The payment was canceled at the provider: nothing is held any more.");
      default -> unknown(intent);
    };
  }

  static Outcome ofCancel(JsonObject json) {
    Intent intent = intent(json);
    if (intent == null) return nameless();
    return switch (intent.status) {
      case "canceled" -> voided(intent);
      case "succeeded" -> charged(intent);
      case "requires_capture", "requires_action", "requires_payment_method", "requires_confirmation" ->
        new Outcome.Absent();
      // It cannot be canceled now, and will be charged or refused.
      case "processing" -> new Outcome.Pending(intent.id);
      default -> unknown(intent);
    };
  }

  /** Whether the payer's money was taken or is held, be it said how much or not. */
  static boolean moved(JsonObject json) {
    return MOVED.contains(String.valueOf(JsonFields.text(json, "status")));
  }

  private static @Nullable Intent intent(JsonObject json) {
    String id = JsonFields.text(json, "id");
    String status = JsonFields.text(json, "status");
    return id == null || status == null ? null : new Intent(id, status, json);
  }

  private static Outcome nameless() { return new Outcome.Unknown("an intent without id or status"); }

  private static Outcome unknown(Intent intent) {
    return new Outcome.Unknown("intent status " + intent.status);
  }

  private static Outcome charged(Intent intent) {
    StripeAmount received = StripeAmount.read(intent.json, "amount_received");
    return received == null
        ? new Outcome.Unknown(
            "a succeeded intent of " + StripeAmount.unusable(intent.json, "amount_received"))
        : new Outcome.Charged(intent.id, received.minor(), received.currency());
  }

  private static Outcome authorized(Intent intent) {
    StripeAmount capturable = StripeAmount.read(intent.json, "amount_capturable");
    // Only an expanded charge says until when; else it is that charge's id.
    JsonObject card = JsonFields.at(intent.json, "latest_charge", "payment_method_details", "card");
    return capturable == null
        ? new Outcome.Unknown(
            "an intent to capture of " + StripeAmount.unusable(intent.json, "amount_capturable"))
        : new Outcome.Authorized(intent.id, capturable.minor(), capturable.currency(),
            JsonFields.amount(card, "capture_before"));
  }

  private static Outcome actionRequired(Intent intent) {
    JsonObject next = JsonFields.at(intent.json, "next_action");
    String url = JsonFields.text(JsonFields.at(next, "redirect_to_url"), "url");
    if (url == null)
      url = JsonFields.text(JsonFields.at(next, "verify_with_microdeposits"), "hosted_verification_url");
    return url == null ? unknown(intent) : new Outcome.ActionRequired(intent.id, url);
  }

  private static Outcome declined(Intent intent) {
    return StripeOutcomes.declined(intent.id, JsonFields.at(intent.json, "last_payment_error"));
  }

  /** {@code automatic}: an authorization that nobody captured in time. */
  private static Outcome voided(Intent intent) {
    return new Outcome.Voided(intent.id, "automatic".equals(reason(intent)));
  }

  private static @Nullable String reason(Intent intent) {
    return JsonFields.text(intent.json, "cancellation_reason");
  }
}
