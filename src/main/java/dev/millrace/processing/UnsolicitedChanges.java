package dev.millrace.processing;

import dev.millrace.payment.Dispute;
import dev.millrace.payment.BookedMovement;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Transitions;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.processing.Finding.NothingNew;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.ProviderEvent.Notice;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a provider tells that nobody ordered, disputes, refunds made there and debits sent back, by where the
 * payment stands. Without side effects.
 */
final class UnsolicitedChanges {
  private static final Finding KNOWN = new NothingNew();
  /** What stands before the name of a refund that failed before it was told as done. */
  private static final String FAILED = "failed/";

  private final OutcomeEvents events;

  UnsolicitedChanges(OutcomeEvents events) { this.events = events; }

  /** What a provider did of its own accord. */
  Finding judge(Payment p, String provider, UnsolicitedChange change) {
    // A charge that is given back beside the payment: nothing of the payment's own was moved.
    if (p.provider() != null && !p.provider().equals(provider))
      return new Conflict("moved_elsewhere",
          "told by " + provider + " of a payment that is at " + p.provider());
    return OutcomeEvents.checked(p, switch (change) {
      case UnsolicitedChange.DisputeOpened d ->
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> DisputeWords.opened(p, provider, d));
      case UnsolicitedChange.DisputeClosed d ->
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> DisputeWords.closed(p, provider, d));
      case UnsolicitedChange.DisputeUnanswered d ->
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> DisputeWords.unanswered(p, provider, d));
      case UnsolicitedChange.Returned r ->
        OutcomeEvents.wrongCurrency(p, r.currency(), () -> sentBack(p, provider, r));
      case UnsolicitedChange.Refunded r -> refunded(p, provider, r);
      case UnsolicitedChange.ReturnReversed r ->
        OutcomeEvents.wrongCurrency(p, r.currency(), () -> paidAfterAll(p, provider, r));
      case UnsolicitedChange.RefundFailed r -> refundFailed(p, provider, r);
    });
  }

  /** What moves no money; {@code event}: the provider's name of it. */
  static Finding notice(Payment p, String provider, String event, Notice notice) {
    Dispute ended = notice.endedDispute() == null ? null : p.disputes().get(notice.endedDispute());
    // Whether the money is back, nothing says.
    if (ended != null && ended.open())
      return new Conflict("dispute_ended_undecided",
          ended.amount() + " is held by " + ended.id() + ", which is told to be over: " + notice.detail());
    String name = notice.endedDispute() == null ? event : DisputeWords.ENDED + notice.endedDispute();
    return p.heard().contains(name)
        ? KNOWN
        : OutcomeEvents.notice(p, provider, notice.type(), name, notice.detail(),
            notice.expected());
  }

  /** Nothing was captured: it may still be, or what is told now can never have happened. */
  static Finding uncaptured(Payment p, String what) {
    return switch (p.status()) {
      case BLOCKED, DECLINED, VOIDED, EXPIRED -> new Conflict("moved_without_charge",
          what + " at the provider although it is " + p.status().wire());
      case INITIATED, IN_REVIEW, PROVIDER_SUBMITTED, REQUIRES_ACTION, UNKNOWN, PROCESSING, AUTHORIZED,
          CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        new NotYet(what + " while the payment is " + p.status().wire());
    };
  }

  /** A refund that was made there, told with its own name or with the charge's. */
  Finding refunded(Payment p, String provider, UnsolicitedChange.Refunded r) {
    // Also one that came to nothing since: words come late and in any order, and both are booked.
    BookedMovement known = Payment.named(p.refunds(), r.refund());
    if (known != null) return OutcomeEvents.known(p, known, r.amount(), r.currency());
    if (p.heard().contains(FAILED + r.refund())) return KNOWN;
    if (!p.hasMoved()) return uncaptured(p, "refunded");
    // It may be the very one that we are waiting for, told without our reference: counted twice, it could not
    // be undone.
    for (Operation o : p.operations())
      if (o.open() && o.kind() == Operation.Kind.REFUND && o.state() != Operation.State.REQUESTED
          && o.amount() == r.amount())
        return new NotYet("a refund while " + o.id() + " is under way");
    return events.refunded(p, null, provider, null,
        new Outcome.Refunded(r.refund(), r.amount(), r.currency()));
  }

  /** Whether it was told as done before or not, in the end nothing went back. */
  private static Finding refundFailed(Payment p, String provider, UnsolicitedChange.RefundFailed r) {
    BookedMovement refund = Payment.named(p.refunds(), r.refund());
    if (refund == null) return failedBefore(p, provider, r);
    return OutcomeEvents.refundReversed(p, provider, refund, r.code(), r.message(), r.amount());
  }

  /** It is not known as carried out, and is not booked when that is told later. */
  private static Finding failedBefore(Payment p, String provider, UnsolicitedChange.RefundFailed r) {
    if (p.provider() == null) return new NotYet("the refund " + r.refund() + " failed");
    String name = FAILED + r.refund();
    if (r.refund().isEmpty() || p.heard().contains(name)) return KNOWN;
    return OutcomeEvents.notice(p, provider, r.code(), name,
        "The refund " + r.refund() + ", made at the provider, failed: " + r.message(), true);
  }

  private Finding sentBack(Payment p, String provider, UnsolicitedChange.Returned r) {
    if (p.isSentBack()) return OutcomeEvents.known(p, p.sentBack(), r.amount(), r.currency());
    if (!p.moved()) return uncaptured(p, "sent back");
    var back = events.feesGivenBack(p, provider, p.amountCaptured());
    var event = new PaymentEvent.Returned(provider, Objects.requireNonNullElse(p.providerReference(), ""),
        r.amount(), r.currency(), r.code(), r.message(), OutcomeEvents.amount(back.provider()),
        OutcomeEvents.note(back.provider()), OutcomeEvents.amount(back.gateway()),
        OutcomeEvents.note(back.gateway()),
        DisputeWords.beyond(p, r.amount()));
    return Transitions.permits(p.status(), event)
        ? new NewEvents(event)
        : new Conflict("returned_unexpectedly", "sent back while the payment is " + p.status().wire());
  }

  private static Finding paidAfterAll(Payment p, String provider, UnsolicitedChange.ReturnReversed r) {
    BookedMovement back = p.sentBack();
    if (back == null) return new NotYet("a return was reversed that is not known");
    if (back.reversed()) return KNOWN;
    return back.amount() == r.amount()
        ? new NewEvents(new PaymentEvent.ReturnReversed(provider, back.reference(), back.amount(),
            r.currency(), r.message(), DisputeWords.beyond(p, -back.amount()),
            OutcomeEvents.takenAnew(p, p.fees().provider(), p.fees().providerGivenBack(), p.amountRefunded()),
            OutcomeEvents.takenAnew(p, p.fees().gateway(), p.fees().gatewayGivenBack(), p.amountRefunded()),
            p.withoutReturn()))
        : new Conflict("return_reversed_in_part", r.amount() + " of " + back.amount() + " came back");
  }
}
