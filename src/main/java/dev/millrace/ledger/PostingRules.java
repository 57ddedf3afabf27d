package dev.millrace.ledger;

import dev.millrace.payment.PaymentEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * Which event posts what: the one place where money gets its accounts. Every list is balanced.
 *
 * <table>
 * <caption>Debit and credit per event; nothing else posts</caption>
 * <tr><th>event</th><th>debit</th><th>credit</th><th>amount</th></tr>
 * <tr><td>payment.confirmed</td><td>provider_receivable</td><td></td><td>what the provider charged</td></tr>
 * <tr><td></td><td></td><td>merchant_pending</td><td>the same, at most what was asked for</td></tr>
 * <tr><td></td><td></td><td>suspense</td><td>what was charged beyond it, if anything</td></tr>
 * <tr><td>settlement.posted</td><td>merchant_pending</td><td>merchant_available</td><td>the batch's net</td></tr>
 * <tr><td></td><td>bank_in_transit</td><td>provider_receivable</td><td>what was charged in the batch</td></tr>
 * </table>
 */
public final class PostingRules {
  private PostingRules() {}

  /** The postings of one payment event; empty when no money moves. {@code merchant} is {@code mer_…}. */
  public static List<Posting> postings(PaymentEvent event, String merchant) {
    return switch (event) {
      case PaymentEvent.Confirmed c -> confirmed(c, merchant);
      case PaymentEvent.Initiated _, PaymentEvent.Screened _, PaymentEvent.Blocked _,
          PaymentEvent.ProviderSubmitted _, PaymentEvent.Unknown _, PaymentEvent.Declined _,
          PaymentEvent.Settled _ ->
        List.of();
    };
  }

  /** The merchant's part of a charge: never more than was asked for, never more than was received. */
  public static long merchantShare(long amount, long amountCharged) {
    return Math.min(amount, amountCharged);
  }

  private static List<Posting> confirmed(PaymentEvent.Confirmed c, String merchant) {
    long share = merchantShare(c.amount(), c.amountCharged());
    var lines = new ArrayList<Posting>(3);
    lines.add(new Posting(Accounts.providerReceivable(c.provider()), c.currency(), c.amountCharged()));
    lines.add(new Posting(Accounts.merchantPending(merchant), c.currency(), -share));
    if (c.amountCharged() > share)
      lines.add(new Posting(Accounts.SUSPENSE, c.currency(), share - c.amountCharged()));
    return lines;
  }

  /** The postings of a settlement batch: {@code share} goes to the merchant, {@code charged} leaves the provider. */
  public static List<Posting> settlement(String merchant, String provider, String rail, String currency,
      long share,
      long charged) {
    return List.of(
        new Posting(Accounts.merchantPending(merchant), currency, share),
        new Posting(Accounts.merchantAvailable(merchant), currency, -share),
        new Posting(Accounts.bankInTransit(rail), currency, charged),
        new Posting(Accounts.providerReceivable(provider), currency, -charged));
  }
}
