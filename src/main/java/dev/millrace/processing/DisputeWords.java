package dev.millrace.processing;

import dev.millrace.payment.Dispute;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.Transitions;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.processing.Finding.NothingNew;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's words on disputes mean: that one is opened or changed, is decided or decided
 * anew. Words come in any order; the last one counts, by the provider's clock, and where that cannot be seen
 * a person looks. Without side effects.
 */
final class DisputeWords {
  private static final Finding KNOWN = new NothingNew();
  /** What stands before the name of a dispute that ended without a decision, among what was heard. */
  static final String ENDED = "ended/";
  /** What stands before the name of an inquiry that was not answered. */
  private static final String UNANSWERED = "unanswered/";
  /** What stands before the name of a dispute that gave back more than it took. */
  private static final String SURPLUS = "surplus/";

  private DisputeWords() {}

  static Finding opened(Payment p, String provider, UnsolicitedChange.DisputeOpened d) {
    Dispute known = p.disputes().get(d.dispute());
    if (known != null && (known.amount() != d.amount() || (known.open() && new Details(d).differ(known))))
      return openedOtherwise(p, provider, known, d);
    if (known != null)
      return !known.open() && d.told() != null && known.decided() != null && d.told() > known.decided()
          ? new Conflict("dispute_open_after_decision",
              known.id() + " is decided, and is told to be open later")
          : KNOWN;
    if (p.heard().contains(ENDED + d.dispute()))
      return new Conflict("dispute_ended_undecided", d.dispute() + " takes " + d.amount()
          + ", and was told to be over before: nothing is held for it");
    if (!p.hasMoved()) return UnsolicitedChanges.uncaptured(p, "disputed");
    var event = new PaymentEvent.Disputed(d.dispute(), provider, d.amount(), d.currency(), d.reason(),
        d.evidenceDue(), beyond(p, d.amount()), d.told());
    if (!Transitions.permits(p.status(), event))
      return new Conflict("disputed_unexpectedly", "disputed while the payment is " + p.status().wire());
    // That it was not answered may be told before it is.
    return d.told() != null && unansweredAt(p, d.dispute()) >= d.told()
        ? decidedAfter(event, p, provider, lost(d.dispute(), d.amount(), d.currency(), d.told()))
        : new NewEvents(event);
  }

  /** The last word counts; of two of one second, the one that is told last. */
  private static Finding openedOtherwise(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeOpened d) {
    if (d.told() == null || known.told() == null)
      return known.amount() == d.amount() ? KNOWN : otherAmount(known, d.amount());
    if (d.told() < known.told()) return KNOWN;
    return known.open()
        ? new NewEvents(changed(p, provider, known, d.amount(), d.currency(), d.told(), null, new Details(d)))
        : otherAmount(known, d.amount());
  }

  /** What is said of a dispute beside its amount; null where it is not said. */
  private record Details(@Nullable String reason, @Nullable Long evidenceDue) {
    static final Details NONE = new Details(null, null);

    Details(UnsolicitedChange.DisputeOpened d) { this(d.reason(), d.evidenceDue()); }

    boolean differ(Dispute known) {
      return (reason != null && !reason.equals(known.reason()))
          || (evidenceDue != null && !evidenceDue.equals(known.evidenceDue()));
    }
  }

  private static UnsolicitedChange.DisputeClosed lost(String dispute, long amount, String currency,
      @Nullable Long at) {
    return new UnsolicitedChange.DisputeClosed(dispute, false, amount, currency, null, at);
  }

  /** The excess of an event by which so much more goes out, or less; null for none. */
  static @Nullable Long beyond(Payment p, long amount) {
    return OutcomeEvents.orNull(p.excess(amount, 0));
  }

  /** The difference has moved, or will, and which word is the last one cannot be known. */
  private static Conflict otherAmount(Dispute known, long amount) {
    return new Conflict("dispute_amount_changed",
        known.id() + " was of " + known.amount() + ", and is told with " + amount);
  }

  private static PaymentEvent changed(Payment p, String provider, Dispute known, long amount,
      String currency, @Nullable Long told, @Nullable Long returned, Details details) {
    return new PaymentEvent.DisputeChanged(known.id(), provider, known.amount(), amount, currency,
        beyond(p, amount - known.amount()), known.state(), p.status(), Objects.requireNonNull(told),
        returned, details.reason, details.evidenceDue);
  }

  /** Decided with another amount than is known: the provider's last word on it counts. */
  private static Finding closedOtherwise(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeClosed d) {
    if (d.decided() == null || known.told() == null) return otherAmount(known, d.amount());
    if (d.moves()) return moved(p, provider, known, d);
    if (d.decided() < known.told()) return KNOWN;
    if (known.returned() > 0)
      return !d.won() && known.state() == Dispute.State.LOST
          && d.amount() == known.amount() + known.returned() ? KNOWN : otherAmount(known, d.amount());
    // Of one that is won nothing is taken; what is taken anew is what is told now.
    if (known.state() == Dispute.State.WON) return d.won() ? KNOWN : lostAnew(p, provider, known, d);
    return changedAndClosed(p, provider, known, d, null);
  }

  /**
   * What is told is a movement, of which each counts: what came before what is known already cannot be put
   * in its place, and a person looks.
   */
  private static Finding moved(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeClosed d) {
    long at = Objects.requireNonNull(d.decided());
    if (at <= Objects.requireNonNull(known.told())) return otherAmount(known, d.amount());
    if (d.won()) {
      if (known.state() == Dispute.State.WON) return otherAmount(known, d.amount());
      if (d.amount() > known.amount()) return surplus(p, provider, known, d);
      if (d.amount() == known.amount())
        return known.open()
            ? new NewEvents(decided(p, provider, known, d))
            : decidedForUs(p, provider, known, d);
      // A part came back, and the rest stays lost.
      return changedAndClosed(p, provider, known,
          lost(d.dispute(), known.amount() - d.amount(), d.currency(), at), known.returned() + d.amount());
    }
    if (known.state() == Dispute.State.WON) return lostAnew(p, provider, known, d);
    // What came back in parts is taken again.
    return known.returned() >= d.amount()
        ? new NewEvents(changed(p, provider, known, known.amount() + d.amount(), d.currency(), at,
            known.returned() - d.amount(), Details.NONE))
        : otherAmount(known, d.amount());
  }

  private static Finding changedAndClosed(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeClosed d, @Nullable Long returned) {
    PaymentEvent changed = changed(p, provider, known, d.amount(), d.currency(), d.decided(), returned,
        Details.NONE);
    return new NewEvents(changed).and(closed(p.after(changed), provider, d));
  }

  /** More came back than it took: what it took is booked, and a person must see to the rest. */
  private static Finding surplus(Payment p, String provider, Dispute known,
      UnsolicitedChange.DisputeClosed d) {
    Finding won = closed(p, provider, d.of(known.amount()));
    if (!(won instanceof NewEvents w)) return won;
    Payment then = w.events().stream().reduce(p, Payment::after, (a, b) -> b);
    String message = d.amount() - known.amount() + " more came back for " + known.id()
        + " than it took: not booked";
    return w.and(OutcomeEvents.notice(then, provider, "dispute won",
        SURPLUS + known.id() + "/" + d.decided(), message, false));
  }

  static Finding closed(Payment p, String provider, UnsolicitedChange.DisputeClosed d) {
    Dispute known = p.disputes().get(d.dispute());
    if (known == null) {
      if (d.moves()) return new NotYet(d.dispute() + " was decided, and is not known to have taken anything");
      // The end was told before the beginning.
      Finding first = OutcomeEvents.checked(p, opened(p, provider,
          new UnsolicitedChange.DisputeOpened(d.dispute(), d.amount(), d.currency(), d.reason(), null,
              d.decided())));
      return first instanceof NewEvents h ? decidedAfter(h.events().getFirst(), p, provider, d) : first;
    }
    if (known.amount() != d.amount() || (d.moves() && known.returned() > 0))
      return closedOtherwise(p, provider, known, d);
    if (known.open()) return new NewEvents(decided(p, provider, known, d));
    if ((known.state() == Dispute.State.WON) == d.won() || older(d, known)) return KNOWN;
    return d.won() ? decidedForUs(p, provider, known, d) : lostAnew(p, provider, known, d);
  }

  /** Of a dispute that was opened later, the inquiry before it was not answered. */
  static Finding unanswered(Payment p, String provider, UnsolicitedChange.DisputeUnanswered d) {
    Dispute known = p.disputes().get(d.dispute());
    if (known != null && (d.at() == null || known.told() == null || d.at() >= known.told()))
      return closed(p, provider, lost(d.dispute(), d.amount(), d.currency(), d.at()));
    String name = UNANSWERED + d.dispute() + "/" + (d.at() == null ? 0 : d.at());
    return p.heard().contains(name)
        ? KNOWN
        : OutcomeEvents.notice(p, provider, "unanswered", name,
            "The time to answer " + d.dispute() + " is over, which holds nothing: no money moves.", true);
  }

  /** Of when the last word is that it was not answered, Unix seconds; 0 for none. */
  private static long unansweredAt(Payment p, String dispute) {
    String before = UNANSWERED + dispute + "/";
    return p.heard().stream().filter(word -> word.startsWith(before))
        .mapToLong(word -> Long.parseLong(word.substring(before.length()))).max().orElse(0);
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
}
