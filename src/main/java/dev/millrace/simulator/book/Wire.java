package dev.millrace.simulator.book;

import java.util.Locale;

/** A provider's protocol, and the account behind it: payments, keys and webhooks of one are no other's. */
public enum Wire {
  /** Card payments as Stripe takes them, under {@code /v1/}. */
  STRIPE,
  /** Card payments as Adyen takes them, under {@code /adyen/v71/}. */
  ADYEN,
  /** ACH debits as a bank takes them, under {@code /bank/}. */
  BANK;

  private final String text = name().toLowerCase(Locale.ROOT);

  /** The name in lower case, as the book has it. */
  public String text() {
    return text;
  }
}
