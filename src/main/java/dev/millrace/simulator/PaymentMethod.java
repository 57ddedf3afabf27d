package dev.millrace.simulator;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A payment method the provider knows, and what happens to whoever pays with it.
 *
 * @param decline
 *          why it is declined; present exactly for {@link Script#DECLINE}
 * @see <a href="https://docs.stripe.com/testing">Stripe's test payment methods</a>
 */
record PaymentMethod(String id, Script script, @Nullable Decline decline) {
  /** What a payment method makes the provider do. */
  enum Script {
    /** Charges and answers. */
    CHARGE,
    /** Declines and answers. */
    DECLINE,
    /** Charges and answers after {@code slow_ms}. */
    SLOW,
    /** Charges nothing and never answers. */
    HANG,
    /** Charges and never answers; a replay is answered. */
    CHARGE_THEN_HANG,
    /** Answers 500, charges nothing. */
    FAIL,
    /** Charges and answers something that is not JSON. */
    MALFORMED,
    /** Charges one minor unit too much. */
    WRONG_AMOUNT
  }

  /** Stripe's reason for a decline; {@code declineCode} is absent where {@code code} says it all. */
  record Decline(String code, @Nullable String declineCode, String message) {}

  private static final Map<String, PaymentMethod> KNOWN = known();

  /** The payment method of this id, one instance an id; null if the provider has none. */
  static @Nullable PaymentMethod of(String id) {
    return KNOWN.get(id);
  }

  boolean declines() {
    return script == Script.DECLINE;
  }

  private static Map<String, PaymentMethod> known() {
    var known = new HashMap<String, PaymentMethod>();
    for (String card : new String[]{"visa", "visa_debit", "mastercard", "mastercard_debit",
        "mastercard_prepaid", "amex", "discover", "diners", "jcb", "unionpay", "us", "gb", "de", "fr"}) {
      put(known, "pm_card_" + card, Script.CHARGE, null);
    }
    decline(known, "", "card_declined", "generic_decline", "Your card was declined.");
    decline(known, "InsufficientFunds", "card_declined", "insufficient_funds",
        "Your card has insufficient funds.");
    decline(known, "LostCard", "card_declined", "lost_card", "Your card was declined.");
    decline(known, "StolenCard", "card_declined", "stolen_card", "Your card was declined.");
    decline(known, "ExpiredCard", "expired_card", null, "Your card has expired.");
    decline(known, "IncorrectCvc", "incorrect_cvc", null, "Your card's security code is incorrect.");
    decline(known, "ProcessingError", "processing_error", null,
        "An error occurred while processing your card. Try again in a little bit.");
    // What the gateway's shipped rules send to review: charges once an operator has released it.
    put(known, "pm_test_review", Script.CHARGE, null);
    put(known, "pm_sim_slow", Script.SLOW, null);
    put(known, "pm_sim_hang", Script.HANG, null);
    put(known, "pm_sim_charge_then_hang", Script.CHARGE_THEN_HANG, null);
    put(known, "pm_sim_500", Script.FAIL, null);
    put(known, "pm_sim_malformed", Script.MALFORMED, null);
    put(known, "pm_sim_wrong_amount", Script.WRONG_AMOUNT, null);
    return Map.copyOf(known);
  }

  /** Both spellings: Stripe's own names are not uniform. */
  private static void decline(Map<String, PaymentMethod> known, String name, String code,
      @Nullable String declineCode, String message) {
    var decline = new Decline(code, declineCode, message);
    put(known, "pm_card_chargeDeclined" + name, Script.DECLINE, decline);
    put(known, "pm_card_visa_chargeDeclined" + name, Script.DECLINE, decline);
  }

  private static void put(Map<String, PaymentMethod> known, String id, Script script,
      @Nullable Decline decline) {
    known.put(id, new PaymentMethod(id, script, decline));
  }
}
