package dev.millrace.ledger;

/**
 * One line of a balanced journal entry.
 *
 * @param amount minor units; positive is a debit, negative a credit, never zero
 */
public record Posting(String account, String currency, long amount) {
  public Posting {
    if (amount == 0) throw new IllegalArgumentException("a posting of zero on " + account);
  }
}
