package dev.millrace.ledger;

import dev.millrace.payment.PaymentEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which event posts what: the one place where money gets its accounts. Every list is balanced, and no line is
 * zero.
 *
 * <table>
 * <caption>Debit and credit per event; nothing else posts</caption>
 * <tr><th>event</th><th>debit</th><th>credit</th><th>amount</th></tr>
 * <tr><td>payment.confirmed</td><td>provider_receivable</td><td></td><td>what the provider charged</td></tr>
 * <tr><td></td><td></td><td>merchant_pending</td><td>the same, at most what was asked for</td></tr>
 * <tr><td></td><td></td><td>suspense</td><td>what was charged beyond it, if anything</td></tr>
 * <tr><td></td><td>merchant_pending</td><td>provider_receivable</td><td>the provider's fee</td></tr>
 * <tr><td></td><td>merchant_pending</td><td>fees</td><td>the gateway's fee</td></tr>
 * <tr><td>payment.refunded</td><td>merchant_pending</td><td>provider_receivable</td><td>what went back</td></tr>
 * <tr><td>payment.returned</td><td>merchant_pending</td><td>provider_receivable</td><td>what was sent back</td></tr>
 * <tr><td>both of these</td><td>provider_receivable</td><td>merchant_pending</td><td>the provider's fee that is
 * returned</td></tr>
 * <tr><td></td><td>fees</td><td>merchant_pending</td><td>the gateway's fee that is returned</td></tr>
 * <tr><td>payment.disputed</td><td>merchant_pending</td><td>disputes</td><td>what is held</td></tr>
 * <tr><td>payment.dispute_won</td><td>disputes</td><td>merchant_pending</td><td>what is released</td></tr>
 * <tr><td>payment.charged_back</td><td>disputes</td><td>provider_receivable</td><td>what is withdrawn</td></tr>
 * <tr><td>settlement.posted</td><td>merchant_pending</td><td>merchant_available</td><td>the batch's net</td></tr>
 * <tr><td></td><td>bank_in_transit</td><td>provider_receivable</td><td>what the provider owes for the batch</td></tr>
 * </table>
 *
 * An authorization posts nothing: no money has moved. Refunds, holds and returns go through
 * {@code merchant_pending} and {@code provider_receivable} also after the payment was settled; the next batch
 * nets them, so both return to zero.
 */
public final class PostingRules {
  private PostingRules() {}

  /** The postings of one payment event; empty when no money moves. {@code merchant} is {@code mer_…}. */
  public static List<Posting> postings(PaymentEvent event, String merchant) {
    if (!(event instanceof PaymentEvent.MovesMoney moves)) return List.of();
    return switch (moves) {
      case PaymentEvent.Confirmed c -> confirmed(c, merchant);
      case PaymentEvent.GivesBack g -> givenBack(g, merchant);
      case PaymentEvent.Disputed d ->
        move(d.amount(), d.currency(), Accounts.merchantPending(merchant), Accounts.disputes(merchant));
      case PaymentEvent.DisputeWon w ->
        move(w.amount(), w.currency(), Accounts.disputes(merchant), Accounts.merchantPending(merchant));
      case PaymentEvent.ChargedBack c -> move(c.amount(), c.currency(), Accounts.disputes(merchant),
          Accounts.providerReceivable(c.provider()));
    };
  }

  private static List<Posting> move(long amount, String currency, String debit, String credit) {
    return List.of(new Posting(debit, currency, amount), new Posting(credit, currency, -amount));
  }

  private static List<Posting> confirmed(PaymentEvent.Confirmed c, String merchant) {
    var entry = new Entry(c.provider(), merchant, c.currency());
    entry.line(entry.receivable, c.amountCharged(), null);
    entry.line(entry.pending, -c.captured(), null);
    entry.line(Accounts.SUSPENSE, c.captured() - c.amountCharged(), "charged beyond what was asked for");
    entry.line(entry.pending, orZero(c.providerFee()), c.providerFeeNote());
    entry.line(entry.receivable, -orZero(c.providerFee()), c.providerFeeNote());
    entry.line(entry.pending, orZero(c.gatewayFee()), c.gatewayFeeNote());
    entry.line(Accounts.FEES, -orZero(c.gatewayFee()), c.gatewayFeeNote());
    return entry.lines;
  }

  private static List<Posting> givenBack(PaymentEvent.GivesBack g, String merchant) {
    var entry = new Entry(g.provider(), merchant, g.currency());
    entry.line(entry.pending, g.amount(), null);
    entry.line(entry.receivable, -g.amount(), null);
    entry.feesReturned(g.providerFeeReturned(), g.providerFeeNote(), g.gatewayFeeReturned(),
        g.gatewayFeeNote());
    return entry.lines;
  }

  private static long orZero(@Nullable Long amount) { return amount == null ? 0 : amount; }

  /** The lines of one event. */
  private static final class Entry {
    final String receivable;
    final String pending;
    final String currency;
    final List<Posting> lines = new ArrayList<>(4);

    Entry(String provider, String merchant, String currency) {
      this.receivable = Accounts.providerReceivable(provider);
      this.pending = Accounts.merchantPending(merchant);
      this.currency = currency;
    }

    void line(String account, long amount, @Nullable String memo) {
      if (amount != 0) lines.add(new Posting(account, currency, amount, memo));
    }

    void feesReturned(@Nullable Long ofProvider, @Nullable String providerNote, @Nullable Long ofGateway,
        @Nullable String gatewayNote) {
      line(receivable, orZero(ofProvider), providerNote);
      line(pending, -orZero(ofProvider), providerNote);
      line(Accounts.FEES, orZero(ofGateway), gatewayNote);
      line(pending, -orZero(ofGateway), gatewayNote);
    }
  }

  /**
   * The postings of a settlement batch: {@code share} becomes the merchant's to dispose of, {@code owed}
   * leaves the provider. Either may be negative, when more was refunded than captured, or zero.
   */
  public static List<Posting> settlement(String merchant, String provider, String rail, String currency,
      long share, long owed) {
    var entry = new Entry(provider, merchant, currency);
    entry.line(entry.pending, share, null);
    entry.line(Accounts.merchantAvailable(merchant), -share, null);
    entry.line(Accounts.bankInTransit(rail), owed, null);
    entry.line(entry.receivable, -owed, null);
    return entry.lines;
  }
}
