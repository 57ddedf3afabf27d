package dev.millrace.ledger;

import org.jspecify.annotations.Nullable;

/**
 * One line of a balanced journal entry.
 *
 * @param amount minor units; positive is a debit, negative a credit, never zero
 * @param memo how the amount came about, where that is not plain from the event
 */
public record Posting(String account, String currency, long amount, @Nullable String memo) {
  public Posting {
    if (amount == 0) throw new IllegalArgumentException("a posting of zero on " + account);
  }

  public Posting(String account, String currency, long amount) { this(account, currency, amount, null); }
}
