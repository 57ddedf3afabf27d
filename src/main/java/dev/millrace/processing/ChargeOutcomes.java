package dev.millrace.processing;

import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.payment.BookedMovement;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.processing.Finding.NothingNew;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers.Times;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.time.InstantSource;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What became of a charge, by a provider's word for it and by where the payment stands. Without side effects.
 */
final class ChargeOutcomes {
  /** What stands before the name of the capture that came with the charge, among what was heard. */
  private static final String NAMED = "capture/";
  /** What stands before the name of a charge of which the rest was canceled after a part was captured. */
  private static final String RELEASED = "released/";
  private static final Finding KNOWN = new NothingNew();

  private final OutcomeEvents events;
  private final UnsolicitedChanges unsolicited;
  private final Function<String, Times> times;
  private final InstantSource clock;

  ChargeOutcomes(OutcomeEvents events, UnsolicitedChanges unsolicited, Function<String, Times> times,
      InstantSource clock) {
    this.events = events;
    this.unsolicited = unsolicited;
    this.times = times;
    this.clock = clock;
  }

  /** Whether a payment that stands there can have nothing new in it, without a look at its history. */
  static boolean known(KnownCall call, Outcome outcome) {
    Status status = call.status();
    return switch (outcome) {
      // Of a call before the one that counts, or of more than is known, it would say much.
      case Outcome.Charged c -> (status == Status.CONFIRMED || status == Status.SETTLED)
          && c.capture() == null && same(call, c.providerReference(), c.amount(), c.currency());
      // Whichever of the two it was: the same amount under the same name.
      case Outcome.Approved a -> (status == Status.CONFIRMED || status == Status.SETTLED)
          && same(call, a.providerReference(), a.amount(), a.currency());
      case Outcome.Declined d -> status == Status.DECLINED && !d.ofARefund();
      case Outcome.Decisive _, Outcome.NoWord _ -> false;
    };
  }

  private static boolean same(KnownCall call, String reference, long amount, String currency) {
    return reference.equals(call.providerReference()) && call.amountCharged() != null
        && amount == call.amountCharged() && currency.equals(call.currency());
  }

  /** Whether a payment that stands there begins to be {@code processing} when its provider says so. */
  static boolean canBegin(KnownCall call) {
    return call.status() == Status.PROVIDER_SUBMITTED || call.status() == Status.UNKNOWN
        || call.status() == Status.REQUIRES_ACTION;
  }

  /** What a webhook says of the charge, whose own call may not have been answered yet. */
  Finding told(Payment p, String provider, String attempt, Outcome outcome) {
    // Whoever called decides whether it is tried elsewhere, and hears of it as well.
    return meant(p, outcome) instanceof Outcome.Declined d && d.elsewhere()
        && p.status() == Status.PROVIDER_SUBMITTED && attempt.equals(p.attempt())
            ? new NotYet("it may be tried elsewhere")
            : judge(p, provider, attempt, outcome);
  }

  /** Whether the payer may still pay after this refusal: on the provider's page, or by a later try. */
  private static boolean waitsOn(Payment p, Outcome.Declined refusal) {
    return p.status() == Status.REQUIRES_ACTION
        || (p.status() == Status.PROCESSING && another(p, refusal.providerReference()));
  }

  /** Whether the provider speaks of another charge, or hold, than the one that counts. */
  private static boolean another(Payment p, @Nullable String reference) {
    return reference != null && p.providerReference() != null && !p.providerReference().equals(reference);
  }

  /**
   * What a word means for this payment: what the payer's bank agreed to is charged or held by what was asked
   * for, and a refused try is the refusal of the payment where no other can follow.
   */
  static Outcome meant(Payment p, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Approved a -> p.asked().capture().equals("manual")
          ? new Outcome.Authorized(a.providerReference(), a.amount(), a.currency(), null)
          : new Outcome.Charged(a.providerReference(), a.amount(), a.currency());
      case Outcome.TryRefused t when !waitsOn(p, t.refusal()) -> t.refusal();
      default -> outcome;
    };
  }

  /**
   * Whether it says nothing of the charge that counts, though it bears its reference: it is of a refund or a
   * capture, of a try before it, or of another charge or hold beside it.
   */
  static boolean beside(Payment p, Outcome outcome) {
    boolean held = p.amountAuthorized() > 0;
    return switch (outcome) {
      case Outcome.Charged c -> held && another(p, c.providerReference());
      case Outcome.Authorized a -> held && another(p, a.providerReference());
      case Outcome.Declined d -> d.ofAnOperation();
      case Outcome.Refunded _ -> true;
      case Outcome.TryRefused _ -> p.status() == Status.PROCESSING;
      default -> false;
    };
  }

  /** Of a provider that gives each try a name of its own: the very one that succeeded. */
  private static boolean refusesWhatWasDone(Payment p, String provider, Outcome word) {
    return word instanceof Outcome.TryRefused t && (p.amountAuthorized() > 0 || p.amountCharged() > 0)
        && provider.equals(p.provider()) && p.providerReference() != null
        && p.providerReference().equals(t.refusal().providerReference());
  }

  /** What became of the charge under our reference {@code attempt} at {@code provider}. */
  Finding judge(Payment p, String provider, String attempt, Outcome word) {
    if (refusesWhatWasDone(p, provider, word))
      return new Conflict("charge_refused_after_success",
          p.providerReference() + " is told as refused, and was charged or held");
    Outcome outcome = meant(p, word);
    if (p.attempt() != null && !p.attempt().equals(attempt))
      return OutcomeEvents.checked(p, tooLate(p, provider, attempt, outcome));
    return OutcomeEvents.checked(p, switch (p.status()) {
      case INITIATED, IN_REVIEW -> new NotYet("the payment is " + p.status().wire());
      case PROVIDER_SUBMITTED, UNKNOWN, REQUIRES_ACTION, PROCESSING ->
        undecided(p, provider, attempt, outcome);
      case AUTHORIZED -> authorized(p, provider, attempt, outcome);
      case CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        afterTheCharge(p, provider, attempt, outcome);
      case BLOCKED, DECLINED -> tooLate(p, provider, attempt, outcome);
      // What was held before it was given back may be told after it, and what was captured and taken back.
      case VOIDED, EXPIRED -> switch (outcome) {
        case Outcome.Authorized a when p.amountAuthorized() > 0 && !another(p, a.providerReference()) ->
          KNOWN;
        case Outcome.Charged c when takenBack(p, c) -> stale(c);
        case Outcome.Decisive _, Outcome.NoWord _ -> tooLate(p, provider, attempt, outcome);
      };
    });
  }

  private Finding afterTheCharge(Payment p, String provider, String attempt, Outcome outcome) {
    return switch (outcome) {
      // What was left of the authorization has run out, or it was another one.
      case Outcome.Voided v when v.lapsed() || another(p, v.providerReference()) -> KNOWN;
      // The merchant captured a part there and canceled the rest, which a capture releases here.
      case Outcome.Voided v when p.amountCaptured() < p.amountAuthorized() -> restReleased(p, provider, v);
      case Outcome.Voided _ ->
        new Conflict("voided_after_charge", "canceled at the provider although it was charged");
      // A provider may take a capture back in this way, even one that it had made of its own accord.
      case Outcome.Declined d when d.code().equals(Outcome.Declined.CAPTURE_FAILED) ->
        captureFailed(p, provider, d);
      case Outcome.Declined d when d.code().equals(Outcome.Declined.CAPTURE_REFUSED) ->
        captureRefused(p, d);
      case Outcome.Declined d when d.ofARefund() -> refundFailed(p, provider, d);
      case Outcome.Charged c when another(p, c.providerReference()) -> tooLate(p, provider, attempt, c);
      case Outcome.Authorized a when another(p, a.providerReference()) -> tooLate(p, provider, attempt, a);
      case Outcome.Charged c -> chargedAgain(p, provider, attempt, c);
      case Outcome.Refunded r -> refunded(p, provider, r);
      case Outcome.Decisive _, Outcome.NoWord _ -> KNOWN;
    };
  }

  private static Finding restReleased(Payment p, String provider, Outcome.Voided v) {
    String name = RELEASED + v.providerReference();
    return p.heard().contains(name)
        ? KNOWN
        : OutcomeEvents.notice(p, provider, "released", name, "What was left of the authorization, "
            + (p.amountAuthorized() - p.amountCaptured()) + ", is canceled at the provider.", true);
  }

  /** Whether it is a capture that is known, by its name and by what has been captured in all. */
  private Finding chargedAgain(Payment p, String provider, String attempt, Outcome.Charged c) {
    if (c.capture() == null)
      // Told by its sum; a smaller one is of an earlier time.
      return OutcomeEvents.wrongCurrency(p, c.currency(), () -> c.amount() <= p.amountCharged()
          ? KNOWN
          : events.captured(p, provider, attempt, c, c.providerReference() + "/" + c.amount(),
              c.amount() - p.amountCharged()));
    BookedMovement known = Payment.named(p.captures(), c.capture());
    if (known != null) return OutcomeEvents.known(p, known, c.amount(), c.currency());
    if (p.heard().contains(NAMED + c.capture())) return KNOWN;
    BookedMovement nameless = Payment.named(p.captures(), "");
    boolean unnamed = nameless != null && !nameless.reversed() && nameless.amount() == c.amount()
        && p.heard().stream().noneMatch(word -> word.startsWith(NAMED));
    // The first name that fits is that of the capture that came with the charge; another one is another.
    return !c.again() && unnamed
        ? OutcomeEvents.notice(p, provider, "capture", NAMED + c.capture(),
            "The capture of " + c.amount() + " is called " + c.capture() + ".", true)
        : unlessFailed(p, provider, c, events.captured(p, provider, attempt, c, c.capture(), c.amount()));
  }

  /** Of a capture that was made anew, and failed anew, the failure may be told first. */
  private Finding unlessFailed(Payment p, String provider, Outcome.Charged c, Finding captured) {
    if (c.capture() == null || !(captured instanceof NewEvents made)) return captured;
    boolean failed = p.heard().stream().anyMatch(word -> failedAfter(word, c.capture()));
    if (!failed) return captured;
    Payment then = made.events().stream().reduce(p, Payment::after, (a, b) -> b);
    BookedMovement capture = Objects.requireNonNull(Payment.named(then.captures(), c.capture()));
    var refusal = new Outcome.Declined(c.capture(), Outcome.Declined.CAPTURE_FAILED, null,
        "It failed, which was told before it.", false, null, null);
    return made.and(events.captureReversed(then, provider, capture, refusal, expires(provider)));
  }

  private static boolean failedAfter(String word, String capture) {
    if (!word.startsWith(Payment.CAPTURE_FAILED)) return false;
    int end = word.lastIndexOf('/');
    Long made = Outcome.Charged.madeAgain(capture, word.substring(Payment.CAPTURE_FAILED.length(), end));
    return made != null && made <= Long.parseLong(word.substring(end + 1));
  }

  /** When what is authorized again by a capture's failure runs out. */
  private long expires(String provider) {
    return in(times.apply(provider).authorizationLifetime());
  }

  /** By its name; by none where there is but one capture, which had no name. */
  private Finding captureFailed(Payment p, String provider, Outcome.Declined d) {
    BookedMovement named = OutcomeEvents.refused(p, d);
    BookedMovement failed = named != null ? named : Payment.named(p.captures(), "");
    if (failed == null) return new NotYet("a capture failed that is not known: " + d.providerReference());
    Finding reversed = events.captureReversed(p, provider, failed, d, expires(provider));
    String name = Payment.CAPTURE_FAILED + d.providerReference() + "/" + d.at();
    // That it was made anew in between may be told after that has failed.
    return reversed instanceof NothingNew && d.at() != null && !p.heard().contains(name)
        ? OutcomeEvents.notice(p, provider, "capture_failed", name,
            "The capture " + d.providerReference() + ", which came to nothing before, is told as failed.",
            true)
        : reversed;
  }

  /**
   * One that is booked by this name; or the one that the provider made by itself with the charge, which has
   * no name, unless one has been told to be that.
   */
  private static Finding captureRefused(Payment p, Outcome.Declined d) {
    BookedMovement nameless = Payment.named(p.captures(), "");
    boolean itsOwn = nameless != null && !nameless.reversed() && nameless.operation() == null
        && p.heard().stream().noneMatch(word -> word.startsWith(NAMED))
        && (d.amount() == null || d.amount().minor() == nameless.amount());
    return itsOwn && p.asked().capture().equals("automatic")
        ? new Conflict("capture_refused_after_success",
            "the capture of " + p.asked().amount() + " that came with the charge is told as refused: "
                + d.message())
        : OutcomeEvents.captureRefused(p, d);
  }

  /** Whether it tells of a capture that came to nothing since. */
  private static boolean takenBack(Payment p, Outcome.Charged c) {
    return !c.again() && p.captures().stream().anyMatch(m -> m.reversed()
        && ((c.capture() == null || m.reference().isEmpty())
            ? m.amount() == c.amount()
            : m.reference().equals(c.capture())));
  }

  /** Most likely a word from before it was taken back; without a name it may be another capture as well. */
  private static Finding stale(Outcome.Charged c) {
    return c.capture() != null
        ? KNOWN
        : new Conflict("captured_after_reversal",
            c.amount() + " captured, as much as came to nothing before: " + c.providerReference());
  }

  /**
   * The payment had ended, or was left for another call after this one had been refused for certain: what was
   * charged or held all the same is given back.
   */
  private Finding tooLate(Payment p, String provider, String attempt, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c ->
        OutcomeEvents.late(p, provider, attempt, c.providerReference(), c.amount(), c.currency(), false);
      case Outcome.Declined d when d.ofARefund() && provider.equals(p.provider()) ->
        refundFailed(p, provider, d);
      case Outcome.Authorized a ->
        OutcomeEvents.late(p, provider, attempt, a.providerReference(), a.amount(), a.currency(), true);
      case Outcome.Refunded r -> refunded(p, provider, r);
      case Outcome.Declined d when d.code().equals(Outcome.Declined.CAPTURE_FAILED) ->
        OutcomeEvents.strayCaptureFailed(p, provider, d.providerReference());
      case Outcome.Voided v when !v.lapsed() && v.providerReference() != null ->
        OutcomeEvents.strayTakenBack(p, provider, v.providerReference());
      case Outcome.Decisive _, Outcome.NoWord _ -> KNOWN;
    };
  }

  private Finding undecided(Payment p, String provider, String attempt, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c -> events.charged(p, provider, attempt, c, null);
      case Outcome.Authorized a -> OutcomeEvents.wrongCurrency(p, a.currency(), () -> new NewEvents(
          new PaymentEvent.Authorized(provider, attempt, a.providerReference(), p.asked().amount(),
              a.amount(),
              a.currency(),
              a.expires() != null ? a.expires() : in(times.apply(provider).authorizationLifetime()))));
      case Outcome.ActionRequired a -> p.status() == Status.REQUIRES_ACTION
          ? KNOWN
          : new NewEvents(new PaymentEvent.RequiresAction(provider, attempt, a.providerReference(), a.url(),
              in(times.apply(provider).actionLifetime())));
      case Outcome.Voided v when p.status() == Status.PROCESSING && another(p, v.providerReference()) ->
        KNOWN;
      case Outcome.Voided v -> p.status() == Status.REQUIRES_ACTION || p.openCaptureOrCancel() != null
          ? OutcomeEvents.released(p, provider, attempt, v)
          : new NewEvents(
              new PaymentEvent.Declined(provider, attempt, v.providerReference(), "canceled", null,
                  "The provider canceled the payment."));
      case Outcome.Declined d when d.ofAnOperation() -> KNOWN;
      case Outcome.Declined d ->
        new NewEvents(OutcomeEvents.overtaking(p, new PaymentEvent.Declined(provider, attempt,
            d.providerReference(), d.code(), d.declineCode(), d.message())));
      case Outcome.TryRefused t -> tryRefused(p, provider, attempt, t.refusal());
      case Outcome.Pending pending -> p.status() == Status.PROCESSING
          ? OutcomeEvents.notYet(pending, provider)
          // A cancellation that is under way may still come in time.
          : new NewEvents(new PaymentEvent.Processing(provider, attempt, pending.providerReference()));
      case Outcome.NoWord n -> OutcomeEvents.notYet(n, provider);
      case Outcome.Refunded r -> refunded(p, provider, r);
      case Outcome.Approved a -> throw new IllegalStateException("judged as what was asked for: " + a);
    };
  }

  /** The payer may try again on the provider's page, until the payer comes back or the time is up. */
  private Finding tryRefused(Payment p, String provider, String attempt, Outcome.Declined d) {
    if (!waitsOn(p, d)) return undecided(p, provider, attempt, d);
    String name = Objects.requireNonNullElse(d.providerReference(), attempt);
    // The provider has taken a later try meanwhile: that one decides.
    return p.status() == Status.PROCESSING || p.heard().contains(name)
        ? KNOWN
        : new NewEvents(new PaymentEvent.TryRefused(provider, attempt, name, d.code(), d.declineCode(),
            d.message()));
  }

  private Finding authorized(Payment p, String provider, String attempt, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c when another(p, c.providerReference()) -> tooLate(p, provider, attempt, c);
      case Outcome.Authorized a when another(p, a.providerReference()) -> tooLate(p, provider, attempt, a);
      case Outcome.Charged c when takenBack(p, c) && (c.capture() != null || capture(p) == null) -> stale(c);
      // One with a name of its own was made at the provider; that of our own bears its own reference.
      case Outcome.Charged c -> unlessFailed(p, provider, c,
          events.charged(p, provider, attempt, c, c.capture() == null ? capture(p) : null));
      case Outcome.Voided v when another(p, v.providerReference()) -> released(p, v);
      case Outcome.Voided v when v.amount() != null ->
        heldAndReleased(p, provider, attempt, v, v.amount());
      case Outcome.Voided v -> OutcomeEvents.released(p, provider, attempt, v);
      case Outcome.Refunded r -> refunded(p, provider, r);
      case Outcome.Declined d when d.code().equals(Outcome.Declined.CAPTURE_FAILED) ->
        captureFailed(p, provider, d);
      case Outcome.Declined d when d.ofARefund() -> refundFailed(p, provider, d);
      case Outcome.Decisive _, Outcome.NoWord _ -> KNOWN;
    };
  }

  /** Where it was not all of it, what is missing was captured, which is told by itself, before or after. */
  private static Finding heldAndReleased(Payment p, String provider, String attempt, Outcome.Voided v,
      Outcome.Amount told) {
    return OutcomeEvents.wrongCurrency(p, told.currency(), () -> told.minor() < p.amountAuthorized()
        ? new NotYet(told.minor() + " of " + p.amountAuthorized() + " ran out: the rest was captured")
        : OutcomeEvents.released(p, provider, attempt, v));
  }

  /**
   * Another hold than the one that counts has ended. That of the payment may be meant all the same where it
   * has lapsed under a name that is not known: nothing says so for certain, and a person looks.
   */
  private static Finding released(Payment p, Outcome.Voided v) {
    String name = String.valueOf(v.providerReference());
    return !v.lapsed() || p.heard().contains(name)
        || p.strays().values().stream().anyMatch(charge -> charge.reference().equals(name))
            ? KNOWN
            : new Conflict("released_elsewhere",
                "a hold lapsed, " + name + ", which is no name of this payment's");
  }

  /** A refund made there may bear the charge's reference. */
  private Finding refunded(Payment p, String provider, Outcome.Refunded r) {
    return unsolicited.judge(p, provider,
        new UnsolicitedChange.Refunded(r.providerReference(), r.amount(), r.currency()));
  }

  /** So does one that failed, at once or after it had been carried out. */
  private Finding refundFailed(Payment p, String provider, Outcome.Declined d) {
    return unsolicited.judge(p, provider, new UnsolicitedChange.RefundFailed(
        Objects.requireNonNullElse(d.providerReference(), ""), d.code(), d.message(), d.amount()));
  }

  private static @Nullable Operation capture(Payment p) {
    Operation open = p.openCaptureOrCancel();
    return open != null && open.kind() == Operation.Kind.CAPTURE ? open : null;
  }

  private long in(long ms) { return clock.instant().plusMillis(ms).getEpochSecond(); }
}
