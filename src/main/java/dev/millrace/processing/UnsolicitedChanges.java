package dev.millrace.processing;

import dev.millrace.payment.Dispute;
import dev.millrace.payment.BookedMovement;
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
import dev.millrace.provider.WebhookScheme.ProviderEvent.Notice;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a provider tells that nobody ordered, disputes, refunds made there and debits sent back, by where the
 * payment stands. Without side effects.
 */
final class UnsolicitedChanges {
  private static final Finding KNOWN = new NothingNew();
  /** What stands before the name of a dispute that ended without a decision, among what was heard. */
  private static final String ENDED = "ended/";
  /** What stands before the name of a refund that failed before it was told as done. */
  private static final String FAILED = "failed/";
  /** What stands before the name of an inquiry that was not answered. */
  private static final String UNANSWERED = "unanswered/";
  /** What stands before the name of a dispute that gave back more than it took. */
  private static final String SURPLUS = "surplus/";

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
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> opened(p, provider, d));
      case UnsolicitedChange.DisputeClosed d ->
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> closed(p, provider, d));
      case UnsolicitedChange.DisputeUnanswered d ->
        OutcomeEvents.wrongCurrency(p, d.currency(), () -> unanswered(p, provider, d));
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
    String name = notice.endedDispute() == null ? event : ENDED + notice.endedDispute();
    return p.heard().contains(name)
        ? KNOWN
        : new NewEvents(new PaymentEvent.ProviderNotice(provider, notice.type(), name, notice.detail(),
            notice.expected(), p.status()));
  }

  /** Nothing was captured: it may still be, or what is told now can never have happened. */
  private static Finding uncaptured(Payment p, String what) {
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
    if (!p.moved()) return uncaptured(p, "refunded");
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
    return new NewEvents(new PaymentEvent.ProviderNotice(provider, r.code(), name,
        "The refund " + r.refund() + ", made at the provider, failed: " + r.message(), true, p.status()));
  }

  private static Finding opened(Payment p, String provider, UnsolicitedChange.DisputeOpened d) {
    Dispute known = p.disputes().get(d.dispute());
    if (known != null && known.amount() != d.amount())
      return known.open() && isLater(known, d.told())
          ? new NewEvents(changed(p, provider, known, d.amount(), d.currency(), d.told()))
          : otherAmount(known, d.amount());
    if (known != null)
      return !known.open() && d.told() != null && known.decided() != null && d.told() > known.decided()
          ? new Conflict("dispute_open_after_decision",
              known.id() + " is decided, and is told to be open later")
          : KNOWN;
    if (p.heard().contains(ENDED + d.dispute()))
      return new Conflict("dispute_ended_undecided", d.dispute() + " takes " + d.amount()
          + ", and was told to be over before: nothing is held for it");
    if (!p.moved()) return uncaptured(p, "disputed");
    var event = new PaymentEvent.Disputed(d.dispute(), provider, d.amount(), d.currency(), d.reason(),
        d.evidenceDue(), beyond(p, d.amount()), d.told());
    return Transitions.permits(p.status(), event)
        ? new NewEvents(event)
        : new Conflict("disputed_unexpectedly", "disputed while the payment is " + p.status().wire());
  }

  /** The excess of an event by which so much more goes out, or less; null for none. */
  private static @Nullable Long beyond(Payment p, long amount) {
    return OutcomeEvents.orNull(p.excess(amount, 0));
  }

  /** The difference has moved, or will, and which word is the last one cannot be known. */
  private static Conflict otherAmount(Dispute known, long amount) {
    return new Conflict("dispute_amount_changed",
        known.id() + " was of " + known.amount() + ", and is told with " + amount);
  }

  /** Whether what is told at {@code told} is newer than what is known of its amount. */
  private static boolean isLater(Dispute known, @Nullable Long told) {
    return told != null && known.told() != null && told > known.told();
  }

  private static PaymentEvent changed(Payment p, String provider, Dispute known, long amount,
      String currency, @Nullable Long told) {
    return new PaymentEvent.DisputeChanged(known.id(), provider, known.amount(), amount, currency,
        beyond(p, amount - known.amount()), known.state(), p.status(), Objects.requireNonNull(told));
  }

  /** Decided with another amount than is known: the provider's last word on it counts. */
  private static Finding closedOtherwise(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeClosed d) {
    boolean again = known.state() == (d.won() ? Dispute.State.WON : Dispute.State.LOST);
    if (!isLater(known, d.decided()) || (d.moves() && again)) return otherAmount(known, d.amount());
    // Of one that is won nothing is taken; what is taken anew is what is told now.
    if (known.state() == Dispute.State.WON) return d.won() ? KNOWN : lostAnew(p, provider, known, d);
    if (!d.moves() || !d.won()) return changedAndClosed(p, provider, known, d);
    if (d.amount() > known.amount()) return surplus(p, provider, known, d);
    // A part came back, and the rest stays lost.
    return changedAndClosed(p, provider, known, new UnsolicitedChange.DisputeClosed(d.dispute(), false,
        known.amount() - d.amount(), d.currency(), d.reason(), d.decided(), true));
  }

  private static Finding changedAndClosed(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeClosed d) {
    PaymentEvent changed = changed(p, provider, known, d.amount(), d.currency(), d.decided());
    return and(List.of(changed), closed(p.after(changed), provider, d));
  }

  /** More came back than it took: what it took is booked, and a person must see to the rest. */
  private static Finding surplus(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeClosed d) {
    Finding won = closed(p, provider, d.of(known.amount()));
    if (!(won instanceof NewEvents w)) return won;
    Payment then = w.events().stream().reduce(p, Payment::after, (a, b) -> b);
    String message = d.amount() - known.amount() + " more came back for " + known.id()
        + " than it took: not booked";
    return and(w.events(), new NewEvents(new PaymentEvent.ProviderNotice(provider, "dispute won",
        SURPLUS + known.id() + "/" + d.decided(), message, false, then.status())));
  }

  private static Finding and(List<PaymentEvent> events, Finding next) {
    if (next instanceof Finding.NothingNew) return new NewEvents(events);
    if (!(next instanceof NewEvents more)) return next;
    var all = new ArrayList<>(events);
    all.addAll(more.events());
    return new NewEvents(all);
  }

  private static Finding closed(Payment p, String provider, UnsolicitedChange.DisputeClosed d) {
    Dispute known = p.disputes().get(d.dispute());
    if (known == null) {
      // The end was told before the beginning.
      Finding first = OutcomeEvents.checked(p, opened(p, provider,
          new UnsolicitedChange.DisputeOpened(d.dispute(), d.amount(), d.currency(), d.reason(), null,
              d.decided())));
      return first instanceof NewEvents h ? decidedAfter(h.events().getFirst(), p, provider, d) : first;
    }
    if (known.amount() != d.amount()) return closedOtherwise(p, provider, known, d);
    if (known.open()) return new NewEvents(decided(p, provider, known, d));
    if ((known.state() == Dispute.State.WON) == d.won() || older(d, known)) return KNOWN;
    return d.won() ? decidedForUs(p, provider, known, d) : lostAnew(p, provider, known, d);
  }

  private static Finding unanswered(Payment p, String provider, UnsolicitedChange.DisputeUnanswered d) {
    if (p.disputes().containsKey(d.dispute()))
      return closed(p, provider, new UnsolicitedChange.DisputeClosed(d.dispute(), false, d.amount(),
          d.currency(), null, d.at(), true));
    String name = UNANSWERED + d.dispute();
    return p.heard().contains(name)
        ? KNOWN
        : new NewEvents(new PaymentEvent.ProviderNotice(provider, "unanswered", name,
            "The time to answer " + d.dispute() + " is over, which holds nothing: no money moves.", true,
            p.status()));
  }

  private static Finding lostAnew(Payment p, String provider, Dispute won,
      UnsolicitedChange.DisputeClosed d) {
    var reopened = new PaymentEvent.DisputeReopened(won.id(), provider, d.amount(), d.currency(),
        beyond(p, d.amount()));
    return Transitions.permits(p.status(), reopened)
        ? decidedAfter(reopened, p, provider, d)
        : new Conflict("disputed_unexpectedly",
            d.dispute() + " was decided anew while the payment is " + p.status().wire());
  }

  private static Finding decidedAfter(PaymentEvent opened, Payment p, String provider,
      UnsolicitedChange.DisputeClosed d) {
    Payment then = p.after(opened);
    return new NewEvents(opened,
        decided(then, provider, Objects.requireNonNull(then.disputes().get(d.dispute())), d));
  }

  private static PaymentEvent decided(Payment p, String provider, Dispute open,
      UnsolicitedChange.DisputeClosed d) {
    Status next = p.withDispute(open.id(), d.won() ? Dispute.State.WON : Dispute.State.LOST);
    return d.won()
        ? new PaymentEvent.DisputeWon(open.id(), provider, open.amount(), d.currency(),
            beyond(p, -open.amount()), next, d.decided())
        : new PaymentEvent.ChargedBack(open.id(), provider, open.amount(), d.currency(),
            next == Status.CHARGED_BACK ? null : next, d.decided());
  }

  /** Whether it was overtaken by a later decision, which is known. */
  private static boolean older(UnsolicitedChange.DisputeClosed d, Dispute known) {
    return d.decided() != null && known.decided() != null && d.decided() < known.decided();
  }

  /** Lost, and won after all: what was withdrawn is back. */
  private static Finding decidedForUs(Payment p, String provider, Dispute lost,
      UnsolicitedChange.DisputeClosed d) {
    return new NewEvents(new PaymentEvent.ChargebackReversed(lost.id(), provider, lost.amount(), d.currency(),
        beyond(p, -lost.amount()), p.withDispute(lost.id(), Dispute.State.WON), d.decided()));
  }

  private Finding sentBack(Payment p, String provider, UnsolicitedChange.Returned r) {
    if (p.isSentBack()) return OutcomeEvents.known(p, p.sentBack(), r.amount(), r.currency());
    if (!p.moved()) return uncaptured(p, "sent back");
    var back = events.feesGivenBack(p, provider, p.amountCaptured());
    var event = new PaymentEvent.Returned(provider, Objects.requireNonNullElse(p.providerReference(), ""),
        r.amount(), r.currency(), r.code(), r.message(), OutcomeEvents.amount(back.provider()),
        OutcomeEvents.note(back.provider()), OutcomeEvents.amount(back.gateway()),
        OutcomeEvents.note(back.gateway()),
        beyond(p, r.amount()));
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
            r.currency(), r.message(), beyond(p, -back.amount()),
            OutcomeEvents.takenAnew(p, p.fees().provider(), p.fees().providerGivenBack(), p.amountRefunded()),
            OutcomeEvents.takenAnew(p, p.fees().gateway(), p.fees().gatewayGivenBack(), p.amountRefunded()),
            p.withoutReturn()))
        : new Conflict("return_reversed_in_part", r.amount() + " of " + back.amount() + " came back");
  }
}
