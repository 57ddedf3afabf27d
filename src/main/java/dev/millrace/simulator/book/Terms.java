package dev.millrace.simulator.book;

import org.jspecify.annotations.Nullable;

/**
 * What was agreed about a payment beside its amount; nearly all payments of a wire share one instance.
 *
 * @param manual
 *          whether it is only authorized until a capture
 * @param bankAccount
 *          whether a bank account may pay at Stripe
 * @param account
 *          Adyen's merchantAccount
 * @param returnUrl
 *          where the payer is sent after 3-D Secure; only kept where there is an action to take
 * @param page
 *          the address the caller knows this provider by, for the action's page; only kept where there is one
 */
public record Terms(Wire wire, boolean manual, boolean bankAccount, @Nullable String account,
    @Nullable String returnUrl, @Nullable String page) {

  public static final Terms STRIPE = new Terms(Wire.STRIPE, false, false, null, null, null);
  public static final Terms BANK = new Terms(Wire.BANK, false, true, null, null, null);

  /** These terms without what only a payment that waits for its payer needs, unless it does. */
  public Terms keptFor(PaymentMethod method) {
    if (method.script() == PaymentMethod.Script.ACTION) {
      return this;
    }
    var kept = new Terms(wire, manual, bankAccount, account, null, null);
    return kept.equals(STRIPE) ? STRIPE : kept;
  }
}
