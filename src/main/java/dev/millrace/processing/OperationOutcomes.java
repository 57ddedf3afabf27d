package dev.millrace.processing;

import dev.millrace.payment.BookedMovement;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.StrayCharge;
import dev.millrace.platform.TypeId;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.processing.Finding.NothingNew;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers.Times;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What became of a capture, a cancellation or a refund, by a provider's word for it and by where operation
 * and payment stand. Without side effects.
 */
final class OperationOutcomes {
  private static final Finding KNOWN = new NothingNew();

  private final OutcomeEvents events;
  private final Function<String, Times> times;
  private final InstantSource clock;

  OperationOutcomes(OutcomeEvents events, Function<String, Times> times, InstantSource clock) {
    this.events = events;
    this.times = times;
    this.clock = clock;
  }

  /** What became of an operation, under our reference {@code attempt}. */
  Finding judge(Payment p, Operation operation, String provider, String attempt, Outcome outcome) {
    if (outcome instanceof Outcome.TryRefused t) return judge(p, operation, provider, attempt, t.refusal());
    if (!operation.open()) return OutcomeEvents.checked(p, ended(p, operation, provider, attempt, outcome));
    // The call before this one was taken for one that had never arrived.
    if (operation.attempt() != null && !operation.attempt().equals(attempt))
      return OutcomeEvents.checked(p, twice(p, operation, provider, attempt, outcome));
    return OutcomeEvents.checked(p, switch (outcome) {
      case Outcome.Declined d ->
        new NewEvents(OutcomeEvents.failed(operation, p.status(), d.code(), d.message()));
      case Outcome.NoWord n -> OutcomeEvents.notYet(n, provider);
      case Outcome.Charged c when operation.kind() == Operation.Kind.CAPTURE ->
        events.charged(p, provider, attempt, c, operation);
      case Outcome.Charged c when operation.kind() == Operation.Kind.CANCEL -> events.charged(p, provider,
          Objects.requireNonNullElse(p.attempt(), attempt), c, null);
      case Outcome.Voided _ when operation.kind() == Operation.Kind.CANCEL ->
        new NewEvents(OutcomeEvents.released(operation, provider, attempt));
      // Nothing is held any more: the capture found the authorization lapsed or canceled at the provider.
      case Outcome.Voided v when operation.kind() == Operation.Kind.CAPTURE ->
        OutcomeEvents.released(p, provider, Objects.requireNonNullElse(p.attempt(), attempt), v);
      // Of a capture that was not told yet: the one before it came to nothing.
      case Outcome.Refunded _ when operation.kind() == Operation.Kind.REFUND
          && p.status() == Status.AUTHORIZED ->
        new NotYet("refunded while the payment is authorized");
      case Outcome.Refunded r when operation.kind() == Operation.Kind.REFUND ->
        events.refunded(p, operation.id(), provider, attempt, r);
      case Outcome.Refunded r when operation.kind() == Operation.Kind.REVERSAL ->
        returned(p, operation, attempt, r.providerReference(), r.amount(), r.currency());
      case Outcome.Voided v when operation.kind() == Operation.Kind.REVERSAL -> returned(p, operation,
          attempt, v.providerReference(), operation.amount(), p.asked().currency());
      // It stands as it stood: nothing was done yet.
      case Outcome.Authorized _ when operation.kind() == Operation.Kind.CAPTURE
          || operation.kind() == Operation.Kind.CANCEL || operation.kind() == Operation.Kind.REVERSAL ->
        new NotYet("still held at " + provider);
      case Outcome.ActionRequired _ when operation.kind() == Operation.Kind.CANCEL ->
        new NotYet("still waiting for the payer at " + provider);
      case Outcome.Decisive _ ->
        new Conflict("evidence_conflict", "a " + operation.kind().wire() + " was answered " + outcome);
    });
  }

  /**
   * A cancellation that found the payer charged, or a capture that found nothing held, was not carried out.
   */
  private static boolean done(Operation operation, Outcome outcome) {
    return switch (operation.kind()) {
      case CAPTURE -> outcome instanceof Outcome.Charged;
      case CANCEL -> outcome instanceof Outcome.Voided;
      case REFUND -> outcome instanceof Outcome.Refunded;
      case REVERSAL -> outcome instanceof Outcome.Refunded || outcome instanceof Outcome.Voided;
    };
  }

  private static Finding returned(Payment p, Operation operation, String attempt, String reference,
      long amount, String currency) {
    StrayCharge stray = Objects.requireNonNull(p.strays().get(operation.id()), operation.id());
    return amount == stray.amount()
        ? OutcomeEvents.wrongCurrency(p, currency, () -> new NewEvents(new PaymentEvent.LateChargeReturned(
            operation.id(), stray.provider(), attempt, reference, amount, currency, stray.held(),
            p.status())))
        : new Conflict("late_charge_returned_in_part", amount + " of " + stray.amount() + " went back");
  }

  /** A refund that was carried out twice has moved money twice: it is booked as one that nobody ordered. */
  private Finding twice(Payment p, Operation operation, String provider, String attempt, Outcome outcome) {
    if (!done(operation, outcome)) return KNOWN;
    return outcome instanceof Outcome.Refunded r && operation.kind() == Operation.Kind.REFUND
        ? Payment.named(p.refunds(), r.providerReference()) != null
            ? booked(p, outcome)
            : events.refunded(p, null, provider, attempt, r)
        : further(p, provider, attempt, outcome,
            new Conflict("operation_done_twice", operation.id() + " was carried out by an earlier call"));
  }

  /** A capture that nobody needed has moved money all the same: with a name of its own it can be booked. */
  private Finding further(Payment p, String provider, String attempt, Outcome outcome, Conflict otherwise) {
    return outcome instanceof Outcome.Charged c && c.capture() != null && p.amountCaptured() > 0
        ? Payment.named(p.captures(), c.capture()) != null
            ? booked(p, outcome)
            : events.captured(p, provider, attempt, c, c.capture(), c.amount())
        : otherwise;
  }

  private Finding ended(Payment p, Operation operation, String provider, String attempt, Outcome outcome) {
    if (outcome instanceof Outcome.Declined d) return takenBack(p, operation, provider, attempt, d);
    if (!done(operation, outcome)) return KNOWN;
    if (operation.state() == Operation.State.SUCCEEDED && outcome instanceof Outcome.Charged c && c.again()
        && Payment.named(p.captures(), String.valueOf(c.capture())) == null)
      return new NotYet("captured again before it is told that it had failed");
    if (operation.state() == Operation.State.FAILED)
      return doneAfterAll(p, operation, provider, attempt, outcome);
    return attempt.equals(operation.attempt())
        ? booked(p, outcome)
        : twice(p, operation, provider, attempt, outcome);
  }

  /** What was done is booked, by its name. */
  private static Finding booked(Payment p, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Refunded r -> OutcomeEvents.known(p, Payment.named(p.refunds(), r.providerReference()),
          r.amount(), r.currency());
      case Outcome.Charged c when c.capture() != null ->
        OutcomeEvents.known(p, Payment.named(p.captures(), c.capture()), c.amount(), c.currency());
      case Outcome.Decisive _, Outcome.NoWord _ -> KNOWN;
    };
  }

  /**
   * A word from before it was taken back says nothing new. Else money has moved all the same: a capture is
   * booked as one that nobody ordered, and the operation remains failed. A refund may have failed after it
   * was done, told the other way round: a person looks.
   */
  private Finding doneAfterAll(Payment p, Operation operation, String provider, String attempt,
      Outcome outcome) {
    boolean before = switch (outcome) {
      case Outcome.Refunded r -> Payment.named(p.refunds(), r.providerReference()) != null;
      case Outcome.Charged c -> p.captures().stream().anyMatch(m -> m.reference().equals(c.capture())
          || (!c.again() && operation.id().equals(m.operation())));
      default -> false;
    };
    if (before) return KNOWN;
    return switch (outcome) {
      case Outcome.Charged c when operation.kind() == Operation.Kind.CAPTURE ->
        capturedAfterAll(p, operation, provider, attempt, c);
      case Outcome.Decisive _, Outcome.NoWord _ -> doneAlthoughFailed(operation);
    };
  }

  private static Conflict doneAlthoughFailed(Operation operation) {
    return new Conflict("operation_done_after_failure",
        operation.id() + " was carried out although it failed");
  }

  /** As if it had been made at the provider: of what is held it is a capture, else it is given back. */
  private Finding capturedAfterAll(Payment p, Operation operation, String provider, String attempt,
      Outcome.Charged c) {
    String charge = Objects.requireNonNullElse(p.attempt(), attempt);
    return switch (p.status()) {
      case AUTHORIZED -> events.charged(p, provider, charge, c, null);
      case VOIDED, EXPIRED ->
        OutcomeEvents.late(p, provider, charge, c.providerReference(), c.amount(), c.currency(), false);
      // Told by its sum, and known.
      default -> c.capture() == null && c.amount() <= p.amountCharged()
          ? KNOWN
          : further(p, provider, attempt, c, doneAlthoughFailed(operation));
    };
  }

  /**
   * What was final is so no longer; that of an operation which had failed may be booked as one that nobody
   * ordered.
   */
  private Finding takenBack(Payment p, Operation operation, String provider, String attempt,
      Outcome.Declined d) {
    boolean succeeded = operation.state() == Operation.State.SUCCEEDED && attempt.equals(operation.attempt());
    return switch (operation.kind()) {
      case REFUND -> {
        BookedMovement refund = told(p.refunds(), d.providerReference() == null
            ? null
            : Payment.named(p.refunds(), d.providerReference()), operation, attempt);
        yield refund == null
            ? KNOWN
            : OutcomeEvents.refundReversed(p, provider, refund, d.code(), d.message(), d.amount());
      }
      case CAPTURE -> switch (d.code()) {
        case Outcome.Declined.CAPTURE_FAILED -> {
          BookedMovement capture = told(p.captures(), OutcomeEvents.refused(p, d), operation, attempt);
          if (capture == null) yield OutcomeEvents.strayCaptureFailed(p, provider, d.providerReference());
          yield events.captureReversed(p, provider, capture, d,
              clock.instant().plusMillis(times.apply(provider).authorizationLifetime()).getEpochSecond());
        }
        // Not by another name: it was captured at the provider itself before our call came.
        case Outcome.Declined.CAPTURE_REFUSED -> OutcomeEvents.captureRefused(p, d);
        default -> succeeded ? failedAfterSuccess(operation, d) : KNOWN;
      };
      case REVERSAL -> succeeded ? returnFailed(p, operation, attempt, d) : KNOWN;
      // It may have been refused because what it was to release had lapsed already.
      case CANCEL -> KNOWN;
    };
  }

  /** The late charge is back where it was: a person orders anew that it is given back. */
  private static Finding returnFailed(Payment p, Operation operation, String attempt, Outcome.Declined d) {
    if (!p.returnsOf(operation.id()).getLast().id().equals(operation.id())) return KNOWN;
    StrayCharge charge = Objects.requireNonNull(p.strays().get(operation.id()), operation.id());
    if (charge.held()) return failedAfterSuccess(operation, d);
    String id = TypeId.format(TypeId.REVERSAL, TypeId.next());
    return new NewEvents(
        new PaymentEvent.LateCharge(id, charge.provider(), attempt, charge.reference(), charge.amount(),
            p.asked().currency(), false, "its return by " + operation.id() + " failed", p.status()),
        new PaymentEvent.LateChargeKept(id, d.code(), d.message(), p.status()));
  }

  private static Conflict failedAfterSuccess(Operation operation, Outcome.Declined d) {
    return new Conflict("operation_failed_after_success",
        operation.id() + " failed after it had succeeded: " + d.code());
  }

  /** What the refusal is of: by its name, else what this call of the operation had done. */
  private static @Nullable BookedMovement told(List<BookedMovement> movements,
      @Nullable BookedMovement named, Operation operation, String attempt) {
    if (named != null || !attempt.equals(operation.attempt())) return named;
    for (BookedMovement m : movements.reversed()) if (operation.id().equals(m.operation())) return m;
    return null;
  }
}
