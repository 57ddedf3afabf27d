package dev.millrace.journal;

import java.util.Locale;

/** How a call to a provider ended. */
public enum AttemptOutcome {
  CHARGED,
  /** The payer's bank agreed: charged, or held where it is to be captured by hand. */
  APPROVED,
  AUTHORIZED,
  ACTION_REQUIRED,
  VOIDED,
  REFUNDED,
  /** Taken by the provider and not decided. */
  PENDING,
  DECLINED,
  /** This try was refused; the payer may still complete another. */
  TRY_REFUSED,
  /** It never left. */
  NOT_EXECUTED,
  UNKNOWN;

  /** The name in the API and the database. */
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
