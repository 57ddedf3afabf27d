package dev.millrace.processing;

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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What became of a charge, by a provider's word for it and by where the payment stands. Without side effects.
 */
final class ChargeOutcomes {
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
  static boolean known(Status status, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged _ -> status == Status.CONFIRMED || status == Status.SETTLED;
      case Outcome.Declined _ -> status == Status.DECLINED;
      case Outcome.Decisive _, Outcome.NoWord _ -> false;
    };
  }

  /** What a webhook says of the charge, whose own call may not have been answered yet. */
  Finding told(Payment p, String provider, String attempt, Outcome outcome) {
    // Whoever called decides whether it is tried elsewhere, and hears of it as well.
    return outcome instanceof Outcome.Declined d && d.elsewhere() && p.status() == Status.PROVIDER_SUBMITTED
        && attempt.equals(p.attempt())
            ? new NotYet("it may be tried elsewhere")
            : judge(p, provider, attempt, outcome);
  }

  /** What became of the charge under our reference {@code attempt} at {@code provider}. */
  Finding judge(Payment p, String provider, String attempt, Outcome outcome) {
    if (p.attempt() != null && !p.attempt().equals(attempt)) return ofAnEarlierCall(p, outcome);
    return OutcomeEvents.checked(p, switch (p.status()) {
      case INITIATED, IN_REVIEW -> new NotYet("the payment is " + p.status().wire());
      case PROVIDER_SUBMITTED, UNKNOWN, REQUIRES_ACTION -> undecided(p, provider, attempt, outcome);
      case AUTHORIZED -> authorized(p, provider, attempt, outcome);
      case CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        afterTheCharge(p, provider, outcome);
      case BLOCKED, DECLINED -> outcome instanceof Outcome.Charged || outcome instanceof Outcome.Authorized
          ? afterTheEnd(p)
          : KNOWN;
      // What was held before it was given back may be told after it.
      case VOIDED, EXPIRED -> outcome instanceof Outcome.Charged ? afterTheEnd(p) : KNOWN;
    });
  }

  private Finding afterTheCharge(Payment p, String provider, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Voided _ ->
        new Conflict("voided_after_charge", "canceled at the provider although it was charged");
      // Adyen takes a capture back in this way, even one that it had made of its own accord.
      case Outcome.Declined d when d.code().equals(Outcome.Declined.CAPTURE_FAILED) ->
        new Conflict("capture_failed_after_success",
            "the provider did not get the money after all: " + d.message());
      // A refund made there may bear the charge's reference.
      case Outcome.Refunded r -> unsolicited.refunded(p, provider,
          new UnsolicitedChange.Refunded(r.providerReference(), r.amount(), r.currency()));
      case Outcome.Declined _, Outcome.TryRefused _, Outcome.Charged _, Outcome.Authorized _,
          Outcome.ActionRequired _, Outcome.NoWord _ ->
        KNOWN;
    };
  }

  private static Finding afterTheEnd(Payment p) {
    return new Conflict("charged_after_decline",
        "charged or held at the provider although it is " + p.status().wire());
  }

  /** A call that was refused for certain before the payment went elsewhere. */
  private static Finding ofAnEarlierCall(Payment p, Outcome outcome) {
    return outcome instanceof Outcome.Charged || outcome instanceof Outcome.Authorized
        ? new Conflict("charged_after_failover",
            "charged by a call that had been refused, while the payment is "
                + p.status().wire())
        : KNOWN;
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
      case Outcome.Voided v -> p.status() == Status.REQUIRES_ACTION
          ? OutcomeEvents.released(p, provider, attempt, v)
          : new NewEvents(
              new PaymentEvent.Declined(provider, attempt, v.providerReference(), "canceled", null,
                  "The provider canceled the payment."));
      case Outcome.Declined d ->
        new NewEvents(OutcomeEvents.overtaking(p, new PaymentEvent.Declined(provider, attempt,
            d.providerReference(), d.code(), d.declineCode(), d.message())));
      case Outcome.TryRefused t -> undecided(p, provider, attempt, t.refusal());
      case Outcome.NoWord n -> OutcomeEvents.notYet(n, provider);
      case Outcome.Refunded _ -> new Conflict("evidence_conflict", "refunded before it was charged");
    };
  }

  private Finding authorized(Payment p, String provider, String attempt, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c -> events.charged(p, provider, attempt, c, capture(p));
      case Outcome.Voided v -> OutcomeEvents.released(p, provider, attempt, v);
      case Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Declined _, Outcome.TryRefused _,
          Outcome.Refunded _,
          Outcome.NoWord _ ->
        KNOWN;
    };
  }

  private static @Nullable Operation capture(Payment p) {
    Operation open = p.openCaptureOrCancel();
    return open != null && open.kind() == Operation.Kind.CAPTURE ? open : null;
  }

  private long in(long ms) { return clock.instant().plusMillis(ms).getEpochSecond(); }
}
