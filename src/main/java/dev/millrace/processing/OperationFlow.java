package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.StrayCharge;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.Future;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what was asked of a payment, capture, cancellation and refund, and gives back what it does not
 * need, in the way of every call ({@link
 * ProviderCall}): which of them are open, and which are still possible. Operations of one payment go out one
 * after the other, to the provider that charged it.
 */
final class OperationFlow {
  /** How often an operation is ordered that the provider has no record of. */
  private static final int CALLS_MAX = 5;

  private final OutcomePolicy policy;
  private final Recorder recorder;
  private final ProviderCall calls;

  OperationFlow(OutcomePolicy policy, Recorder recorder, ProviderCall calls) {
    this.policy = policy;
    this.recorder = recorder;
    this.calls = calls;
  }

  /** Carries on with every open operation of a payment. */
  Future<FollowUp> drive(UUID payment) {
    return recorder.read(payment).compose(work -> {
      var open = work.payment().operations().stream().filter(Operation::open).map(Operation::id).toList();
      Future<FollowUp> result = Future.succeededFuture(FollowUp.DONE);
      for (String id : open)
        result = result.compose(before -> step(payment, id).map(before::and));
      return result;
    });
  }

  private Future<FollowUp> step(UUID payment, String id) {
    return recorder.read(payment).compose(work -> {
      Operation operation = work.payment().operation(id);
      if (operation == null || !operation.open()) return Future.succeededFuture(FollowUp.DONE);
      if (operation.state() == Operation.State.REQUESTED)
        return possible(work.payment(), operation) ? submit(work, operation, 1) : overtaken(work, operation);
      return calls.inquire(new Requested(operation), work,
          Objects.requireNonNull(operation.attempt(), "a submitted operation without its attempt"));
    });
  }

  /** What was sent, or is to be, for a call of {@code operation}. */
  Order order(PaymentSnapshot work, Operation operation, Attempt attempt) {
    return new Requested(operation).order(work, attempt);
  }

  /** Whether it still makes sense to ask the provider for it. */
  static boolean possible(Payment p, Operation operation) {
    return switch (operation.kind()) {
      case CAPTURE -> p.status() == Status.AUTHORIZED;
      case CANCEL -> p.status() == Status.AUTHORIZED || p.status() == Status.REQUIRES_ACTION;
      case REFUND -> switch (p.status()) {
        case CONFIRMED, SETTLED, PARTIALLY_REFUNDED -> true;
        // What no dispute has taken; the refund itself is among what is asked for.
        case DISPUTED, CHARGED_BACK -> p.left() >= operation.amount();
        default -> false;
      };
      case REVERSAL -> true;
    };
  }

  /** The payment took another way before the provider was asked. */
  private Future<FollowUp> overtaken(PaymentSnapshot work, Operation operation) {
    return recorder.record(work, null, p -> {
      Operation now = p.operation(operation.id());
      return now == null || now.state() != Operation.State.REQUESTED
          ? new Finding.NothingNew()
          : new Finding.NewEvents(OutcomeEvents.failed(operation, p.status(), "payment_moved_on",
              "The payment is " + p.status().wire() + " by now."));
    }).map(recorded -> FollowUp.DONE);
  }

  private Future<FollowUp> submit(PaymentSnapshot work, Operation operation, int number) {
    StrayCharge stray = work.payment().strays().get(operation.id());
    String provider = stray != null
        ? stray.provider()
        : Objects.requireNonNull(work.payment().provider(), "an operation without a provider");
    var attempt = new Attempt(TypeId.next(), number, provider, operation.kind().wire(), uuid(operation.id()),
        null, null, null, null);
    var event = new PaymentEvent.OperationSubmitted(operation.id(), provider,
        TypeId.format(TypeId.ATTEMPT, attempt.reference()), work.payment().status());
    return calls.begin(new Requested(operation), work, List.of(event), List.of(attempt));
  }

  private static UUID uuid(String id) {
    return Objects.requireNonNull(TypeId.parse(id.substring(0, id.indexOf('_')), id), id);
  }

  /** One operation that was requested of a payment. */
  private final class Requested implements CallSubject {
    private final Operation operation;

    Requested(Operation operation) { this.operation = operation; }

    @Override
    public RetryKind kind() { return RetryKind.OPERATION; }

    @Override
    public String label() { return operation.id() + ": "; }

    @Override
    public Order order(PaymentSnapshot work, Attempt attempt) {
      Payment p = work.payment();
      String reference = TypeId.format(TypeId.ATTEMPT, attempt.reference());
      StrayCharge stray = p.strays().get(operation.id());
      String charge = stray != null
          ? stray.reference()
          : Objects.requireNonNull(p.providerReference(), "an operation without a charge");
      return switch (operation.kind()) {
        case REVERSAL -> stray != null && stray.held()
            ? new Order.Cancel(work.id(), work.livemode(), reference, charge, work.traceparent())
            : new Order.Refund(work.id(), work.livemode(), reference, charge, operation.amount(),
                p.asked().currency(), null, work.traceparent());
        case CAPTURE -> new Order.Capture(work.id(), work.livemode(), reference, charge, operation.amount(),
            p.asked().currency(), work.traceparent());
        case CANCEL -> new Order.Cancel(work.id(), work.livemode(), reference, charge, work.traceparent());
        case REFUND -> new Order.Refund(work.id(), work.livemode(), reference, charge, operation.amount(),
            p.asked().currency(), operation.reason(), work.traceparent());
      };
    }

    @Override
    public boolean submitted(Payment p) {
      Operation now = p.operation(operation.id());
      return now != null && now.state() == Operation.State.SUBMITTED;
    }

    @Override
    public Finding judge(Payment p, Attempt attempt, Outcome outcome) {
      return policy.operation(p, Objects.requireNonNull(p.operation(operation.id())), attempt.provider(),
          TypeId.format(TypeId.ATTEMPT, attempt.reference()), outcome);
    }

    @Override
    public Finding unknown(Payment p, Attempt attempt, String reason) {
      return submitted(p)
          ? new Finding.NewEvents(new PaymentEvent.OperationUnknown(operation.id(), attempt.provider(),
              TypeId.format(TypeId.ATTEMPT, attempt.reference()), reason, p.status()))
          : new Finding.NothingNew();
    }

    @Override
    public boolean unknownByConflict() { return false; }

    @Override
    public Future<FollowUp> resume(PaymentSnapshot work) { return step(work.id(), operation.id()); }

    /** What was done to a charge is done where it was charged. */
    @Override
    public @Nullable Future<FollowUp> elsewhere(PaymentSnapshot work, Attempt attempt, CallRight right,
        Outcome outcome) {
      return null;
    }

    /** It was never carried out, so it can be ordered anew, as a call of its own. */
    @Override
    public @Nullable Future<FollowUp> anew(PaymentSnapshot work, Attempt attempt) {
      return attempt.number() < CALLS_MAX && possible(work.payment(), operation)
          ? submit(work, operation, attempt.number() + 1)
          : null;
    }

    @Override
    public String neverCarriedOut() {
      return "The provider has no record of the " + operation.kind().wire() + ": it was never carried out.";
    }

    @Override
    public void unanswered() {
      // Counted for charges alone.
    }
  }
}
