package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import java.math.BigDecimal;
import java.util.Currency;
import java.util.Locale;

/**
 * Why Stripe did not carry something out, in its words.
 *
 * @see <a href="https://docs.stripe.com/error-codes">Stripe: error codes</a>
 */
final class StripeFaults {
  private static final String STATE = "payment_intent_unexpected_state";

  private StripeFaults() {}

  /** Whether the intent itself goes with the error. */
  static boolean aboutTheState(Fault fault) {
    return fault == Fault.NOT_CAPTURABLE || fault == Fault.NOT_CANCELABLE;
  }

  /** {@code then}: the payment as it stood when it was refused. */
  static StripeRefusal refusal(Fault fault, Movement refused, PaymentState then, BookIds ids) {
    String charge = ids.of(StripeObjects.CHARGE, then.entry());
    return switch (fault) {
      case NOT_CAPTURABLE -> StripeRefusal.invalid(STATE,
          "This PaymentIntent could not be captured because it has a status of "
              + StripeObjects.status(then)
              + ". Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
          null);
      case BEYOND_AUTHORIZED -> StripeRefusal.invalid("amount_too_large",
          "The requested capture amount is greater than the authorized amount.", "amount_to_capture");
      case NOT_CANCELABLE -> StripeRefusal.invalid(STATE,
          "You cannot cancel this PaymentIntent because it has a status of " + StripeObjects.status(then)
              + ". Only a PaymentIntent with one of the following statuses may be canceled: "
              + "requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, "
              + "requires_action, processing.",
          null);
      case NOT_REFUNDABLE -> StripeRefusal.invalid(null, "This PaymentIntent ("
          + ids.of(StripeObjects.INTENT, then.entry()) + ") does not have a successful charge to refund.",
          "payment_intent");
      case ALREADY_REFUNDED -> StripeRefusal.invalid("charge_already_refunded",
          "Charge " + charge + " has already been refunded.", null);
      case BEYOND_REFUNDABLE -> StripeRefusal.invalid(null, "Refund amount (" + money(refused.amount(), then)
          + ") is greater than unrefunded amount on charge (" + money(then.left(), then) + ")", "amount");
      case DISPUTED -> StripeRefusal.invalid("charge_disputed",
          "Charge " + charge + " has been charged back; cannot issue a refund.", null);
      case DISPUTE_CLOSED -> StripeRefusal.invalid(null, "This dispute is already closed.", null);
      case REFUSED_FOR_GOOD -> forGood(refused, charge);
      case CURRENCY, RETURNED, NOT_RETURNED, NO_ACTION ->
        StripeRefusal.invalid(null, "This cannot be done to " + charge + ": " + fault.text() + ".", null);
    };
  }

  private static StripeRefusal forGood(Movement refused, String charge) {
    return switch (refused.kind()) {
      case CAPTURE -> StripeRefusal.invalid("capture_charge_authorization_expired",
          "The charge cannot be captured as the authorization has expired. Auth and capture charges must be "
              + "captured within a set number of days (7 by default).",
          null);
      case REFUND -> StripeRefusal.invalid("charge_not_refundable",
          "Charge " + charge + " cannot be refunded.", null);
      default -> StripeRefusal.invalid("payment_intent_invalid_parameter",
          "This PaymentIntent cannot be canceled.", null);
    };
  }

  /** As Stripe writes amounts: $11.00, €5.00, ¥500. */
  private static String money(long minor, PaymentState state) {
    Currency currency = Currency.getInstance(state.entry().currency().toUpperCase(Locale.ROOT));
    int digits = Math.max(0, currency.getDefaultFractionDigits());
    return currency.getSymbol(Locale.US) + BigDecimal.valueOf(minor, digits).toPlainString();
  }
}
