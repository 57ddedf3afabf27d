package dev.millrace.ledger;

import dev.millrace.payment.Dispute;
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
 * given back</td></tr>
 * <tr><td></td><td>fees</td><td>merchant_pending</td><td>the gateway's fee that is given back</td></tr>
 * <tr><td>payment.disputed</td><td>merchant_pending</td><td>disputes</td><td>what is held</td></tr>
 * <tr><td>payment.dispute_won</td><td>disputes</td><td>merchant_pending</td><td>what is released</td></tr>
 * <tr><td>payment.charged_back</td><td>disputes</td><td>provider_receivable</td><td>what is withdrawn</td></tr>
 * <tr><td>these three</td><td>suspense</td><td></td><td>instead of merchant_pending, what is beyond the payment</td></tr>
 * <tr><td>payment.captured</td><td colspan="3">as payment.confirmed</td></tr>
 * <tr><td>payment.capture_reversed</td><td colspan="3">the opposite of payment.confirmed; of the fees what is given
 * back</td></tr>
 * <tr><td>payment.refund_reversed</td><td colspan="3">the opposite of payment.refunded</td></tr>
 * <tr><td>payment.return_reversed</td><td colspan="3">the opposite of payment.returned</td></tr>
 * <tr><td>payment.dispute_reopened</td><td colspan="3">as payment.disputed</td></tr>
 * <tr><td>payment.chargeback_reversed</td><td>provider_receivable</td><td>merchant_pending</td><td>what had been
 * withdrawn</td></tr>
 * <tr><td>payment.dispute_changed</td><td colspan="3">the difference: while it is open as payment.disputed, of a
 * lost one from merchant_pending to provider_receivable; of a smaller amount the opposite</td></tr>
 * <tr><td>payment.late_charge</td><td>provider_receivable</td><td>suspense</td><td>what was charged; nothing where it is
 * only held</td></tr>
 * <tr><td>payment.late_charge_returned</td><td>suspense</td><td>provider_receivable</td><td>the same</td></tr>
 * <tr><td>payment.corrected</td><td colspan="3">as the operator says; one side is suspense</td></tr>
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
      case PaymentEvent.TakesMoney t -> taken(t, merchant);
      case PaymentEvent.GivesBack g -> givenBack(g, merchant);
      case PaymentEvent.Disputed d ->
        held(1, d.provider(), merchant, d.currency(), d.amount(), d.excess());
      case PaymentEvent.DisputeWon w ->
        held(-1, w.provider(), merchant, w.currency(), w.amount(), w.excess());
      case PaymentEvent.DisputeChanged c -> changed(c, merchant);
      case PaymentEvent.ChargedBack c -> move(c.amount(), c.currency(), Accounts.disputes(merchant),
          Accounts.providerReceivable(c.provider()));
      case PaymentEvent.Reverses r -> reversed(r, merchant);
      case PaymentEvent.LateCharge l -> l.held()
          ? List.of()
          : move(l.amount(), l.currency(), Accounts.providerReceivable(l.provider()), Accounts.SUSPENSE);
      case PaymentEvent.LateChargeReturned l -> l.held()
          ? List.of()
          : move(l.amount(), l.currency(), Accounts.SUSPENSE, Accounts.providerReceivable(l.provider()));
      case PaymentEvent.Corrected c -> move(c.amount(), c.currency(), c.debit(), c.credit());
    };
  }

  private static List<Posting> reversed(PaymentEvent.Reverses reversal, String merchant) {
    return switch (reversal) {
      case PaymentEvent.CaptureReversed r -> {
        var entry = new Entry(r.provider(), merchant, r.currency());
        entry.share(1, r.amount(), r.excess(), entry.receivable);
        entry.feesReturned(orZero(r.providerFeeReturned()) - orZero(r.providerFeeTaken()), null,
            orZero(r.gatewayFeeReturned()) - orZero(r.gatewayFeeTaken()), null);
        yield entry.lines;
      }
      case PaymentEvent.RefundReversed r -> moneyBack(r, merchant, r.providerFeeTaken(), r.gatewayFeeTaken());
      case PaymentEvent.ReturnReversed r -> moneyBack(r, merchant, r.providerFeeTaken(), r.gatewayFeeTaken());
      case PaymentEvent.ChargebackReversed r -> moneyBack(r, merchant, null, null);
      case PaymentEvent.DisputeReopened r ->
        held(1, r.provider(), merchant, r.currency(), r.amount(), r.excess());
    };
  }

  /** What had gone back to the payer is the merchant's again, and the fees that had come with it are not. */
  private static List<Posting> moneyBack(PaymentEvent.Reverses r, String merchant, @Nullable Long providerFee,
      @Nullable Long gatewayFee) {
    var entry = new Entry(r.provider(), merchant, r.currency());
    entry.share(-1, r.amount(), r.excess(), entry.receivable);
    entry.feesReturned(providerFee == null ? null : -providerFee, null,
        gatewayFee == null ? null : -gatewayFee, null);
    return entry.lines;
  }

  /** What a dispute holds, or with the sign -1 releases. */
  private static List<Posting> held(int sign, String provider, String merchant, String currency, long amount,
      @Nullable Long excess) {
    var entry = new Entry(provider, merchant, currency);
    entry.share(sign, amount, excess, Accounts.disputes(merchant));
    return entry.lines;
  }

  private static List<Posting> changed(PaymentEvent.DisputeChanged c, String merchant) {
    var entry = new Entry(c.provider(), merchant, c.currency());
    long more = c.amount() - c.amountBefore();
    entry.share(Long.signum(more), Math.abs(more), c.excess(),
        c.state() == Dispute.State.OPEN ? Accounts.disputes(merchant) : entry.receivable);
    return entry.lines;
  }

  private static List<Posting> move(long amount, String currency, String debit, String credit) {
    return List.of(new Posting(debit, currency, amount), new Posting(credit, currency, -amount));
  }

  private static List<Posting> taken(PaymentEvent.TakesMoney c, String merchant) {
    var entry = new Entry(c.provider(), merchant, c.currency());
    entry.line(entry.receivable, c.taken(), null);
    entry.line(entry.pending, -c.captured(), null);
    entry.line(Accounts.SUSPENSE, c.captured() - c.taken(), "charged beyond what was asked for");
    entry.line(entry.pending, orZero(c.providerFee()), c.providerFeeNote());
    entry.line(entry.receivable, -orZero(c.providerFee()), c.providerFeeNote());
    entry.line(entry.pending, orZero(c.gatewayFee()), c.gatewayFeeNote());
    entry.line(Accounts.FEES, -orZero(c.gatewayFee()), c.gatewayFeeNote());
    return entry.lines;
  }

  private static List<Posting> givenBack(PaymentEvent.GivesBack g, String merchant) {
    var entry = new Entry(g.provider(), merchant, g.currency());
    entry.share(1, g.amount(), g.excess(), entry.receivable);
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

    /** From the merchant, and from suspense what is beyond the merchant's; with the sign -1 back to them. */
    void share(int sign, long amount, @Nullable Long excess, String to) {
      line(pending, sign * (amount - orZero(excess)), null);
      line(Accounts.SUSPENSE, sign * orZero(excess), "beyond what the payment had");
      line(to, -sign * amount, null);
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
