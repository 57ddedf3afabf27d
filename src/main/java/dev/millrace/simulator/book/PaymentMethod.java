package dev.millrace.simulator.book;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A payment method the provider knows, and what happens to whoever pays with it, the same on every wire.
 *
 * @param decline
 *          why it is declined; present exactly for {@link Script#DECLINE}
 * @param only
 *          the one wire that declines it; null if all do
 * @see <a href="https://docs.stripe.com/testing">Stripe's test payment methods</a>
 */
public record PaymentMethod(String id, Rail rail, Script script, LaterEffect effect,
    @Nullable Decline decline,
    @Nullable Wire only) {

  /** Who can be charged by it. */
  public enum Rail {
    CARD,
    ACH,
    /** A method made for tests: every wire takes it. */
    ANY
  }

  /** What a payment method makes the provider do with a new payment. */
  public enum Script {
    /** Charges and answers. */
    CHARGE,
    /** Declines and answers. */
    DECLINE,
    /** Waits for the payer to pass 3-D Secure. */
    ACTION,
    /** Is taken, and decided after {@code processing_ms}. */
    PROCESSING,
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

  /** What a payment method makes happen once it has been charged, or asked to give back. */
  public enum LaterEffect {
    NONE,
    /** A dispute opens and stays open. */
    DISPUTE,
    /** A dispute opens and is won. */
    DISPUTE_WON,
    /** A dispute opens and is lost. */
    DISPUTE_LOST,
    /** A dispute opens, is lost, and is won after all. */
    DISPUTE_OVERTURNED,
    /** The bank returns the debit. */
    RETURN_R01("R01"),
    RETURN_R02("R02"),
    RETURN_R10("R10"),
    /** The bank returns the debit, and the return is reversed. */
    RETURN_REVERSED("R01"),
    /** Refunds take a while. */
    REFUND_PENDING,
    /** Refunds take a while and fail. */
    REFUND_PENDING_FAILS,
    /** Refunds succeed at once, and fail after a while. */
    REFUND_FAILS,
    /** Captures succeed at once, and fail after a while. */
    CAPTURE_FAILS,
    /** What was taken is charged, after a while. */
    PROCESSING_SUCCEEDS,
    /** What was taken is declined, after a while. */
    PROCESSING_FAILS,
    /** A first try of the payer is refused, a second one charged. */
    SECOND_TRY,
    /** A payment that was declined is charged after a while, by another try of the payer. */
    LATE_CHARGE,
    /** Captures, cancels and refunds are carried out and not answered the first time. */
    OPERATIONS_HANG,
    /** The first try of a capture, cancel or refund is answered 500 and not carried out. */
    OPERATIONS_FAIL,
    /** Captures, cancels and refunds are refused. */
    OPERATIONS_REFUSED,
    /** Captures, cancels and refunds are carried out and answered with something that is not JSON. */
    OPERATIONS_MALFORMED;

    private final @Nullable String returnCode;

    LaterEffect() {
      this(null);
    }

    LaterEffect(@Nullable String returnCode) {
      this.returnCode = returnCode;
    }

    /** The code the bank returns the debit with; null if it does not. */
    @Nullable
    public String returnCode() {
      return returnCode;
    }

    public boolean disputes() {
      return this == DISPUTE || this == DISPUTE_WON || this == DISPUTE_LOST || this == DISPUTE_OVERTURNED;
    }

    /** Whether refunds are under way at first. */
    public boolean refundsPend() {
      return this == REFUND_PENDING || this == REFUND_PENDING_FAILS;
    }

    /** Whether refunds fail in the end. */
    public boolean refundsFail() {
      return this == REFUND_FAILS || this == REFUND_PENDING_FAILS;
    }
  }

  /** Stripe's reason for a decline; {@code declineCode} is absent where {@code code} says it all. */
  public record Decline(String code, @Nullable String declineCode, String message) {}

  private static final Decline UNAVAILABLE = new Decline("processing_error", null,
      "An error occurred while processing your card. Try again in a little bit.");
  /** Also what a payment that was being processed is declined with. */
  public static final Decline DECLINED = new Decline("card_declined", "generic_decline",
      "Your card was declined.");
  private static final Map<String, PaymentMethod> KNOWN = known();

  /** The payment method of this id, one instance an id; null if the provider has none. */
  public static @Nullable PaymentMethod of(String id) {
    return KNOWN.get(id);
  }

  boolean declines(Wire wire) {
    return script == Script.DECLINE && (only == null || only == wire);
  }

  private static Map<String, PaymentMethod> known() {
    var known = new HashMap<String, PaymentMethod>();
    for (String card : new String[]{"visa", "visa_debit", "mastercard", "mastercard_debit",
        "mastercard_prepaid", "amex", "discover", "diners", "jcb", "unionpay", "us", "gb", "de", "fr"}) {
      put(known, "pm_card_" + card, Rail.CARD, Script.CHARGE, LaterEffect.NONE);
    }
    decline(known, "", DECLINED.code(), DECLINED.declineCode(), DECLINED.message());
    decline(known, "InsufficientFunds", "card_declined", "insufficient_funds",
        "Your card has insufficient funds.");
    decline(known, "LostCard", "card_declined", "lost_card", "Your card was declined.");
    decline(known, "StolenCard", "card_declined", "stolen_card", "Your card was declined.");
    decline(known, "ExpiredCard", "expired_card", null, "Your card has expired.");
    decline(known, "IncorrectCvc", "incorrect_cvc", null, "Your card's security code is incorrect.");
    decline(known, "ProcessingError", UNAVAILABLE.code(), null, UNAVAILABLE.message());
    put(known, "pm_card_authenticationRequired", Rail.CARD, Script.ACTION, LaterEffect.NONE);
    put(known, "pm_card_threeDSecure2Required", Rail.CARD, Script.ACTION, LaterEffect.NONE);
    put(known, "pm_card_createDispute", Rail.CARD, Script.CHARGE, LaterEffect.DISPUTE);
    put(known, "pm_card_pendingRefund", Rail.CARD, Script.CHARGE, LaterEffect.REFUND_PENDING);
    put(known, "pm_card_refundFail", Rail.CARD, Script.CHARGE, LaterEffect.REFUND_FAILS);
    bankAccounts(known);
    madeForTests(known);
    return Map.copyOf(known);
  }

  private static void bankAccounts(Map<String, PaymentMethod> known) {
    put(known, "pm_ach_success", Rail.ACH, Script.CHARGE, LaterEffect.NONE);
    put(known, "pm_ach_return", Rail.ACH, Script.CHARGE, LaterEffect.RETURN_R01);
    put(known, "pm_ach_return_R02", Rail.ACH, Script.CHARGE, LaterEffect.RETURN_R02);
    put(known, "pm_ach_return_R10", Rail.ACH, Script.CHARGE, LaterEffect.RETURN_R10);
    put(known, "pm_ach_return_reversed", Rail.ACH, Script.CHARGE, LaterEffect.RETURN_REVERSED);
    put(known, "pm_ach_decline", Rail.ACH, new Decline("payment_method_provider_decline", null,
        "The bank account cannot be debited."), null);
  }

  private static void madeForTests(Map<String, PaymentMethod> known) {
    // What the gateway's shipped rules send to review: charges once an operator has released it.
    put(known, "pm_test_review", Rail.ANY, Script.CHARGE, LaterEffect.NONE);
    put(known, "pm_sim_slow", Rail.ANY, Script.SLOW, LaterEffect.NONE);
    put(known, "pm_sim_hang", Rail.ANY, Script.HANG, LaterEffect.NONE);
    put(known, "pm_sim_charge_then_hang", Rail.ANY, Script.CHARGE_THEN_HANG, LaterEffect.NONE);
    put(known, "pm_sim_500", Rail.ANY, Script.FAIL, LaterEffect.NONE);
    put(known, "pm_sim_malformed", Rail.ANY, Script.MALFORMED, LaterEffect.NONE);
    put(known, "pm_sim_wrong_amount", Rail.ANY, Script.WRONG_AMOUNT, LaterEffect.NONE);
    put(known, "pm_sim_dispute_won", Rail.ANY, Script.CHARGE, LaterEffect.DISPUTE_WON);
    put(known, "pm_sim_dispute_lost", Rail.ANY, Script.CHARGE, LaterEffect.DISPUTE_LOST);
    put(known, "pm_sim_ops_hang", Rail.ANY, Script.CHARGE, LaterEffect.OPERATIONS_HANG);
    put(known, "pm_sim_ops_500", Rail.ANY, Script.CHARGE, LaterEffect.OPERATIONS_FAIL);
    put(known, "pm_sim_ops_refused", Rail.ANY, Script.CHARGE, LaterEffect.OPERATIONS_REFUSED);
    put(known, "pm_sim_ops_malformed", Rail.ANY, Script.CHARGE, LaterEffect.OPERATIONS_MALFORMED);
    changesItsMind(known);
    put(known, "pm_sim_unavailable", Rail.ANY, UNAVAILABLE, null);
    for (Wire wire : Wire.values()) {
      put(known, "pm_sim_unavailable_" + wire.text(), Rail.ANY, UNAVAILABLE, wire);
    }
  }

  /** What was decided is decided otherwise later, or is not decided for long. */
  private static void changesItsMind(Map<String, PaymentMethod> known) {
    put(known, "pm_sim_dispute_overturned", Rail.CARD, Script.CHARGE, LaterEffect.DISPUTE_OVERTURNED);
    put(known, "pm_sim_refund_pending_fails", Rail.CARD, Script.CHARGE, LaterEffect.REFUND_PENDING_FAILS);
    put(known, "pm_sim_capture_fails", Rail.CARD, Script.CHARGE, LaterEffect.CAPTURE_FAILS);
    put(known, "pm_sim_processing", Rail.CARD, Script.PROCESSING, LaterEffect.PROCESSING_SUCCEEDS);
    put(known, "pm_sim_processing_fails", Rail.CARD, Script.PROCESSING, LaterEffect.PROCESSING_FAILS);
    put(known, "pm_sim_second_try", Rail.CARD, Script.ACTION, LaterEffect.SECOND_TRY);
    known.put("pm_sim_late_charge", new PaymentMethod("pm_sim_late_charge", Rail.CARD, Script.DECLINE,
        LaterEffect.LATE_CHARGE, DECLINED, null));
  }

  /** Both spellings: Stripe's own names are not uniform. */
  private static void decline(Map<String, PaymentMethod> known, String name, String code,
      @Nullable String declineCode, String message) {
    var decline = new Decline(code, declineCode, message);
    put(known, "pm_card_chargeDeclined" + name, Rail.CARD, decline, null);
    put(known, "pm_card_visa_chargeDeclined" + name, Rail.CARD, decline, null);
  }

  private static void put(Map<String, PaymentMethod> known, String id, Rail rail, Decline decline,
      @Nullable Wire only) {
    known.put(id, new PaymentMethod(id, rail, Script.DECLINE, LaterEffect.NONE, decline, only));
  }

  private static void put(Map<String, PaymentMethod> known, String id, Rail rail, Script script,
      LaterEffect effect) {
    known.put(id, new PaymentMethod(id, rail, script, effect, null, null));
  }
}
