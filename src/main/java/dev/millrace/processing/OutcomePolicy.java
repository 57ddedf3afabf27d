package dev.millrace.processing;

import dev.millrace.ledger.FeeRule;
import dev.millrace.ledger.FeeSchedule;
import dev.millrace.ledger.FeeSchedule.Party;
import dev.millrace.payment.Dispute;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.Transitions;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NothingNew;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.provider.Method;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers.Times;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one place that says what a provider's word means: its answers, its answers to inquiries and its webhooks are all
 * judged here, against the payment as it stands. Without side effects, so the same word twice changes nothing twice.
 */
final class OutcomePolicy {
  private static final Finding KNOWN = new NothingNew();

  private final FeeSchedule fees;
  private final Function<String, Times> times;
  private final InstantSource clock;

  OutcomePolicy(FeeSchedule fees, Function<String, Times> times, InstantSource clock) {
    this.fees = fees;
    this.times = times;
    this.clock = clock;
  }

  /** What became of the charge under our reference {@code attempt} at {@code provider}. */
  Finding charge(Payment p, String provider, String attempt, Outcome outcome) {
    if (p.attempt() != null && !p.attempt().equals(attempt)) return ofAnEarlierCall(p, outcome);
    return checked(p, switch (p.status()) {
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
      case Outcome.Refunded r -> refundedThere(p, provider,
          new UnsolicitedChange.Refunded(r.providerReference(), r.amount(), r.currency()));
      case Outcome.Declined _, Outcome.Charged _, Outcome.Authorized _, Outcome.ActionRequired _,
          Outcome.Pending _,
          Outcome.NotExecuted _, Outcome.Unknown _, Outcome.Deferred _, Outcome.Absent _ ->
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
      case Outcome.Charged c -> charged(p, provider, attempt, c, null);
      case Outcome.Authorized a -> wrongCurrency(p, a.currency(), () -> new NewEvents(
          new PaymentEvent.Authorized(provider, attempt, a.providerReference(), p.asked().amount(),
              a.amount(),
              a.currency(),
              a.expires() != null ? a.expires() : in(times.apply(provider).authorizationLifetime()))));
      case Outcome.ActionRequired a -> p.status() == Status.REQUIRES_ACTION
          ? KNOWN
          : new NewEvents(new PaymentEvent.RequiresAction(provider, attempt, a.providerReference(), a.url(),
              in(times.apply(provider).actionLifetime())));
      case Outcome.Voided v -> p.status() == Status.REQUIRES_ACTION
          ? released(p, provider, attempt, v)
          : new NewEvents(
              new PaymentEvent.Declined(provider, attempt, v.providerReference(), "canceled", null,
                  "The provider canceled the payment."));
      case Outcome.Declined d -> new NewEvents(overtaking(p, new PaymentEvent.Declined(provider, attempt,
          d.providerReference(), d.code(), d.declineCode(), d.message())));
      case Outcome.Pending _ -> new NotYet("pending at " + provider);
      case Outcome.Unknown u -> new NotYet(u.reason());
      case Outcome.NotExecuted n -> new NotYet(n.reason());
      case Outcome.Deferred _ -> new NotYet("waited too long for its turn");
      case Outcome.Absent _ -> new NotYet("no record of it at " + provider + " yet");
      case Outcome.Refunded _ -> new Conflict("evidence_conflict", "refunded before it was charged");
    };
  }

  private Finding authorized(Payment p, String provider, String attempt, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c -> charged(p, provider, attempt, c, capture(p));
      case Outcome.Voided v -> released(p, provider, attempt, v);
      case Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Declined _, Outcome.Pending _,
          Outcome.Unknown _, Outcome.NotExecuted _, Outcome.Deferred _, Outcome.Absent _,
          Outcome.Refunded _ ->
        KNOWN;
    };
  }

  private static @Nullable Operation capture(Payment p) {
    Operation open = p.openCaptureOrCancel();
    return open != null && open.kind() == Operation.Kind.CAPTURE ? open : null;
  }

  private Finding wrongCurrency(Payment p, String currency, Supplier<Finding> otherwise) {
    return currency.equals(p.asked().currency())
        ? otherwise.get()
        : new Conflict("currency_mismatch", "in " + currency + " instead of " + p.asked().currency());
  }

  private Finding charged(Payment p, String provider, String attempt, Outcome.Charged c,
      @Nullable Operation capture) {
    return wrongCurrency(p, c.currency(), () -> {
      boolean held = p.status() == Status.AUTHORIZED;
      long asked = capture != null ? capture.amount() : held ? p.amountAuthorized() : p.asked().amount();
      long captured = Math.min(asked, c.amount());
      long released = held ? p.amountAuthorized() - captured : 0;
      String method = Method.of(p.asked()).type();
      var ofProvider = fee(Party.PROVIDER, "provider fee", provider, c.currency(), method, captured);
      var ofGateway = fee(Party.GATEWAY, "gateway fee", provider, c.currency(), method, captured);
      return new NewEvents(overtaking(p, new PaymentEvent.Confirmed(provider, attempt,
          p.providerReference() != null && held ? p.providerReference() : c.providerReference(), asked,
          c.amount(), c.currency(), capture == null ? null : capture.id(), released == 0 ? null : released,
          amount(ofProvider), note(ofProvider), amount(ofGateway), note(ofGateway))));
    });
  }

  private FeeRule.@Nullable Fee fee(Party party, String name, String provider, String currency, String method,
      long captured) {
    FeeRule rule = fees.rule(party, provider, currency, method);
    return rule == null ? null : rule.of(name, captured);
  }

  private static @Nullable Long amount(FeeRule.@Nullable Fee fee) {
    return fee == null ? null : fee.amount();
  }

  private static @Nullable String note(FeeRule.@Nullable Fee fee) { return fee == null ? null : fee.note(); }

  /** The event, and the end of a capture or cancellation that it overtakes. */
  private static List<PaymentEvent> overtaking(Payment p, PaymentEvent event) {
    Operation open = p.openCaptureOrCancel();
    boolean itsOwn = open != null && event instanceof PaymentEvent.Confirmed c
        && open.id().equals(c.operation());
    if (open == null || itsOwn) return List.of(event);
    String message = "The payment is " + event.target().wire() + " by now.";
    return List.of(event, failed(open, event.target(), "payment_moved_on", message));
  }

  /** That an operation failed, in its own event. */
  static PaymentEvent failed(Operation operation, Status status, String code, String message) {
    return switch (operation.kind()) {
      case CAPTURE -> new PaymentEvent.CaptureFailed(operation.id(), code, message, status);
      case CANCEL -> new PaymentEvent.CancelFailed(operation.id(), code, message, status);
      case REFUND -> new PaymentEvent.RefundFailed(operation.id(), code, message, status);
    };
  }

  /** What was held is given back: by our cancellation when one is under way, else by the provider itself. */
  private static Finding released(Payment p, @Nullable String provider, @Nullable String attempt,
      Outcome.Voided v) {
    Operation open = p.openCaptureOrCancel();
    if (open != null && open.kind() == Operation.Kind.CANCEL)
      return new NewEvents(released(open, provider, attempt));
    PaymentEvent event = v.lapsed()
        ? new PaymentEvent.Expired(null, provider, attempt, "it lapsed at the provider")
        : new PaymentEvent.Voided(null, provider, attempt, "canceled at the provider");
    return new NewEvents(overtaking(p, event));
  }

  private static PaymentEvent released(Operation cancel, @Nullable String provider,
      @Nullable String attempt) {
    String reason = Objects.requireNonNullElse(cancel.reason(), "");
    return reason.equals(Expiry.REASON)
        ? new PaymentEvent.Expired(cancel.id(), provider, attempt, reason)
        : new PaymentEvent.Voided(cancel.id(), provider, attempt, reason);
  }

  /** What became of an operation, under our reference {@code attempt}. */
  Finding operation(Payment p, Operation operation, String provider, String attempt, Outcome outcome) {
    if (!operation.open()) return ended(operation, attempt, outcome);
    // The call before this one was taken for one that had never arrived.
    if (operation.attempt() != null && !operation.attempt().equals(attempt))
      return done(operation, outcome)
          ? new Conflict("operation_done_twice", operation.id() + " was carried out by an earlier call")
          : KNOWN;
    return checked(p, switch (outcome) {
      case Outcome.Declined d ->
        new NewEvents(failed(operation, p.status(), d.code(), d.message()));
      case Outcome.Pending _ -> new NotYet("pending at " + provider);
      case Outcome.Unknown u -> new NotYet(u.reason());
      case Outcome.NotExecuted n -> new NotYet(n.reason());
      case Outcome.Deferred _ -> new NotYet("waited too long for its turn");
      case Outcome.Absent _ -> new NotYet("no record of it at " + provider + " yet");
      case Outcome.Charged c when operation.kind() == Operation.Kind.CAPTURE ->
        charged(p, provider, attempt, c, operation);
      case Outcome.Charged c when operation.kind() == Operation.Kind.CANCEL -> charged(p, provider,
          Objects.requireNonNullElse(p.attempt(), attempt), c, null);
      case Outcome.Voided _ when operation.kind() == Operation.Kind.CANCEL ->
        new NewEvents(released(operation, provider, attempt));
      // Nothing is held any more: the capture found the authorization lapsed or canceled at the provider.
      case Outcome.Voided v when operation.kind() == Operation.Kind.CAPTURE ->
        released(p, provider, Objects.requireNonNullElse(p.attempt(), attempt), v);
      case Outcome.Refunded r when operation.kind() == Operation.Kind.REFUND ->
        refunded(p, operation.id(), provider, attempt, r);
      // It stands as it stood: nothing was done yet.
      case Outcome.Authorized _ when operation.kind() != Operation.Kind.REFUND ->
        new NotYet("still held at " + provider);
      case Outcome.ActionRequired _ when operation.kind() == Operation.Kind.CANCEL ->
        new NotYet("still waiting for the payer at " + provider);
      case Outcome.Charged _, Outcome.Voided _, Outcome.Refunded _, Outcome.Authorized _,
          Outcome.ActionRequired _ ->
        new Conflict("evidence_conflict", "a " + operation.kind().wire() + " was answered " + outcome);
    });
  }

  /** A cancellation that found the payer charged, or a capture that found nothing held, was not carried out. */
  private static boolean done(Operation operation, Outcome outcome) {
    return switch (operation.kind()) {
      case CAPTURE -> outcome instanceof Outcome.Charged;
      case CANCEL -> outcome instanceof Outcome.Voided;
      case REFUND -> outcome instanceof Outcome.Refunded;
    };
  }

  private static Finding ended(Operation operation, String attempt, Outcome outcome) {
    boolean done = done(operation, outcome);
    if (operation.state() == Operation.State.FAILED && done)
      return new Conflict("operation_done_after_failure",
          operation.id() + " was carried out although it failed");
    if (done && !attempt.equals(operation.attempt()))
      return new Conflict("operation_done_twice",
          operation.id() + " was carried out by an earlier call as well");
    // A cancellation may have been refused because what it was to release had lapsed already.
    if (operation.state() == Operation.State.SUCCEEDED && operation.kind() != Operation.Kind.CANCEL
        && outcome instanceof Outcome.Declined d)
      return new Conflict("operation_failed_after_success",
          operation.id() + " failed after it had succeeded: "
              + d.code());
    return KNOWN;
  }

  private Finding refunded(Payment p, @Nullable String operation, String provider, @Nullable String attempt,
      Outcome.Refunded r) {
    return wrongCurrency(p, r.currency(), () -> {
      long total = p.amountRefunded() + r.amount();
      if (total > p.amountCaptured())
        return new Conflict("refunded_too_much", r.amount() + " refunded where " + (p.amountCaptured()
            - p.amountRefunded()) + " was left");
      var back = returned(p, provider, total);
      return new NewEvents(
          new PaymentEvent.Refunded(operation, provider, attempt, r.providerReference(), r.amount(),
              total, r.currency(), amount(back.provider), note(back.provider), amount(back.gateway),
              note(back.gateway),
              afterRefund(p, total)));
    });
  }

  private static Status afterRefund(Payment p, long total) {
    return switch (p.status()) {
      case DISPUTED, CHARGED_BACK, RETURNED -> p.status();
      default -> total == p.amountCaptured() ? Status.REFUNDED : Status.PARTIALLY_REFUNDED;
    };
  }

  private record Back(FeeRule.@Nullable Fee provider, FeeRule.@Nullable Fee gateway) {}

  /** What of the fees goes back when {@code refunded} has been refunded in all. */
  private Back returned(Payment p, String provider, long refunded) {
    String method = Method.of(p.asked()).type();
    String currency = p.asked().currency();
    FeeRule ofProvider = fees.rule(Party.PROVIDER, provider, currency, method);
    FeeRule ofGateway = fees.rule(Party.GATEWAY, provider, currency, method);
    return new Back(
        ofProvider == null || !ofProvider.returned()
            ? null
            : FeeRule.returned("provider fee", p.fees().provider(), p.fees().providerReturned(), refunded,
                p.amountCaptured()),
        ofGateway == null || !ofGateway.returned()
            ? null
            : FeeRule.returned("gateway fee", p.fees().gateway(), p.fees().gatewayReturned(), refunded,
                p.amountCaptured()));
  }

  /** What a provider did of its own accord. */
  Finding fact(Payment p, String provider, UnsolicitedChange fact) {
    return checked(p, switch (fact) {
      case UnsolicitedChange.DisputeOpened d -> wrongCurrency(p, d.currency(), () -> opened(p, provider, d));
      case UnsolicitedChange.DisputeClosed d -> wrongCurrency(p, d.currency(), () -> closed(p, provider, d));
      case UnsolicitedChange.Returned r -> wrongCurrency(p, r.currency(), () -> sentBack(p, provider, r));
      case UnsolicitedChange.Refunded r -> refundedThere(p, provider, r);
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

  private Finding refundedThere(Payment p, String provider, UnsolicitedChange.Refunded r) {
    if (p.refunds().contains(r.refund())) return KNOWN;
    if (p.amountCaptured() == 0) return uncaptured(p, "refunded");
    // It may be the very one that we are waiting for, told without our reference: counted twice, it could not be undone.
    for (Operation o : p.operations())
      if (o.open() && o.kind() == Operation.Kind.REFUND && o.state() != Operation.State.REQUESTED)
        return new NotYet("a refund while " + o.id() + " is under way");
    return refunded(p, null, provider, null, new Outcome.Refunded(r.refund(), r.amount(), r.currency()));
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
    var back = returned(p, provider, p.amountCaptured());
    var event = new PaymentEvent.Returned(provider, Objects.requireNonNullElse(p.providerReference(), ""),
        r.amount(),
        r.currency(), r.code(), r.message(), amount(back.provider), note(back.provider), amount(back.gateway),
        note(back.gateway));
    return Transitions.permits(p.status(), event)
        ? new NewEvents(event)
        : new Conflict("returned_unexpectedly", "sent back while the payment is " + p.status().wire());
  }

  private long in(long ms) { return clock.instant().plusMillis(ms).getEpochSecond(); }

  /** Events that the payment cannot take are no reason to lose them: a person must look. */
  private static Finding checked(Payment p, Finding finding) {
    if (!(finding instanceof NewEvents h)) return finding;
    try {
      Payment next = p;
      for (PaymentEvent event : h.events()) next = next.after(event);
      return finding;
    } catch (IllegalStateException e) {
      return new Conflict("evidence_conflict", String.valueOf(e.getMessage()));
    }
  }
}
