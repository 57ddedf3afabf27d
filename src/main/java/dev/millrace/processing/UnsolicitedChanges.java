package dev.millrace.processing;

import dev.millrace.payment.Dispute;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.Transitions;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.processing.Finding.NothingNew;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Objects;

/**
 * What a provider tells that nobody ordered, disputes, refunds made there and debits sent back, by where the
 * payment stands. Without side effects.
 */
final class UnsolicitedChanges {
  private static final Finding KNOWN = new NothingNew();

  private final OutcomeEvents events;

  UnsolicitedChanges(OutcomeEvents events) { this.events = events; }

  /** What a provider did of its own accord. */
  Finding judge(Payment p, String provider, UnsolicitedChange change) {
    return OutcomeEvents.checked(p, switch (change) {
      case UnsolicitedChange.DisputeOpened d ->
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> opened(p, provider, d));
      case UnsolicitedChange.DisputeClosed d ->
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> closed(p, provider, d));
      case UnsolicitedChange.Returned r ->
        OutcomeEvents.wrongCurrency(p, r.currency(), () -> sentBack(p, provider, r));
      case UnsolicitedChange.Refunded r -> refunded(p, provider, r);
      case UnsolicitedChange.ReturnReversed _ ->
        new Conflict("return_reversed", "a return was reversed");
      case UnsolicitedChange.RefundFailed r ->
        new Conflict("refund_failed_there", r.refund() + " failed");
    });
  }

  /** Nothing was captured: it may still be, or what is told now can never have happened. */
  private static Finding uncaptured(Payment p, String what) {
    return switch (p.status()) {
      case BLOCKED, DECLINED, VOIDED, EXPIRED -> new Conflict("moved_without_charge",
          what + " at the provider although it is " + p.status().wire());
      case INITIATED, IN_REVIEW, PROVIDER_SUBMITTED, REQUIRES_ACTION, UNKNOWN, AUTHORIZED, CONFIRMED, SETTLED,
          PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        new NotYet(what + " while the payment is " + p.status().wire());
    };
  }

  /** A refund that was made there, told with its own name or with the charge's. */
  Finding refunded(Payment p, String provider, UnsolicitedChange.Refunded r) {
    if (p.refunds().contains(r.refund())) return KNOWN;
    if (p.amountCaptured() == 0) return uncaptured(p, "refunded");
    // It may be the very one that we are waiting for, told without our reference: counted twice, it could not
    // be undone.
    for (Operation o : p.operations())
      if (o.open() && o.kind() == Operation.Kind.REFUND && o.state() != Operation.State.REQUESTED)
        return new NotYet("a refund while " + o.id() + " is under way");
    return events.refunded(p, null, provider, null,
        new Outcome.Refunded(r.refund(), r.amount(), r.currency()));
  }

  private static Finding opened(Payment p, String provider, UnsolicitedChange.DisputeOpened d) {
    if (p.disputes().containsKey(d.dispute())) return KNOWN;
    if (p.amountCaptured() == 0) return uncaptured(p, "disputed");
    var event = new PaymentEvent.Disputed(d.dispute(), provider, Math.min(d.amount(), p.amountCaptured()),
        d.currency(), d.reason(), d.evidenceDue());
    if (Transitions.permits(p.status(), event)) return new NewEvents(event);
    return p.status() == Status.DISPUTED
        ? new NotYet("a dispute while another is open")
        : new Conflict("disputed_unexpectedly", "disputed while the payment is " + p.status().wire());
  }

  private static Finding closed(Payment p, String provider, UnsolicitedChange.DisputeClosed d) {
    Dispute known = p.disputes().get(d.dispute());
    if (known != null && !known.open())
      return (known.state() == Dispute.State.WON) == d.won()
          ? KNOWN
          : new Conflict("dispute_decided_anew", d.dispute() + " is " + (d.won() ? "won" : "lost")
              + " although it was " + known.state().name().toLowerCase(Locale.ROOT));
    var events = new ArrayList<PaymentEvent>(2);
    if (known == null) {
      // The end was told before the beginning.
      Finding first = opened(p, provider,
          new UnsolicitedChange.DisputeOpened(d.dispute(), d.amount(), d.currency(), d.reason(), null));
      if (!(first instanceof NewEvents h)) return first;
      events.addAll(h.events());
    }
    long held = known == null ? Math.min(d.amount(), p.amountCaptured()) : known.amount();
    events.add(d.won()
        ? new PaymentEvent.DisputeWon(d.dispute(), provider, held, d.currency(), p.undisputed())
        : new PaymentEvent.ChargedBack(d.dispute(), provider, held, d.currency()));
    return new NewEvents(events);
  }

  private Finding sentBack(Payment p, String provider, UnsolicitedChange.Returned r) {
    if (p.status() == Status.RETURNED) return KNOWN;
    if (p.amountCaptured() == 0) return uncaptured(p, "sent back");
    if (r.amount() > p.amountCaptured())
      return new Conflict("returned_too_much", r.amount() + " sent back where " + p.amountCaptured()
          + " was captured");
    var back = events.feesGivenBack(p, provider, p.amountCaptured());
    var event = new PaymentEvent.Returned(provider, Objects.requireNonNullElse(p.providerReference(), ""),
        r.amount(),
        r.currency(), r.code(), r.message(), OutcomeEvents.amount(back.provider()),
        OutcomeEvents.note(back.provider()), OutcomeEvents.amount(back.gateway()),
        OutcomeEvents.note(back.gateway()));
    return Transitions.permits(p.status(), event)
        ? new NewEvents(event)
        : new Conflict("returned_unexpectedly", "sent back while the payment is " + p.status().wire());
  }
}
