package dev.millrace.ledger;

/** Names of the ledger's accounts. Merchant accounts end in the merchant's identifier ({@code mer_…}). */
public final class Accounts {
  /** Differences between what was asked for and what a provider charged: the reconciliation queue. */
  public static final String SUSPENSE = "suspense";

  /** What the gateway earns. */
  public static final String FEES = "fees";

  private Accounts() {}

  /** What a provider has charged and not yet paid out. Returns to zero. */
  public static String providerReceivable(String provider) {
    return "provider_receivable:" + provider;
  }

  /** Confirmed, not yet settled. Returns to zero. */
  public static String merchantPending(String merchant) {
    return "merchant_pending:" + merchant;
  }

  /** Settled, the merchant's to dispose of. */
  public static String merchantAvailable(String merchant) {
    return "merchant_available:" + merchant;
  }

  /** Disputed, held until it is decided. Returns to zero. */
  public static String disputes(String merchant) {
    return "disputes:" + merchant;
  }

  /** Money on its way over a rail ({@code card}, {@code ach}). */
  public static String bankInTransit(String rail) {
    return "bank_in_transit:" + rail;
  }
}
