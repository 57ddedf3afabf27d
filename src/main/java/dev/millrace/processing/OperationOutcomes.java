package dev.millrace.processing;

import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.processing.Finding.NothingNew;
import dev.millrace.provider.Provider.Outcome;
import java.util.Objects;

/**
 * What became of a capture, a cancellation or a refund, by a provider's word for it and by where operation
 * and payment stand. Without side effects.
 */
final class OperationOutcomes {
  private static final Finding KNOWN = new NothingNew();

  private final OutcomeEvents events;

  OperationOutcomes(OutcomeEvents events) { this.events = events; }

  /** What became of an operation, under our reference {@code attempt}. */
  Finding judge(Payment p, Operation operation, String provider, String attempt, Outcome outcome) {
    if (!operation.open()) return ended(operation, attempt, outcome);
    // The call before this one was taken for one that had never arrived.
    if (operation.attempt() != null && !operation.attempt().equals(attempt))
      return done(operation, outcome)
          ? new Conflict("operation_done_twice", operation.id() + " was carried out by an earlier call")
          : KNOWN;
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
      case Outcome.Refunded r when operation.kind() == Operation.Kind.REFUND ->
        events.refunded(p, operation.id(), provider, attempt, r);
      // It stands as it stood: nothing was done yet.
      case Outcome.Authorized _ when operation.kind() != Operation.Kind.REFUND ->
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
}
