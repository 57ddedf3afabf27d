package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Operation.Kind;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.TypeId;
import dev.millrace.processing.PaymentFlow.Parts;
import dev.millrace.provider.GuardedProvider;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.Future;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what was asked of a payment: capture, cancellation, refund. As with the charge: the intent is committed
 * before the call, the outcome after it, and what got no answer is inquired until there is evidence. Operations of one
 * payment go out one after the other, to the provider that charged it.
 */
final class OperationFlow {
  /** How often an operation is ordered that the provider has no record of. */
  private static final int CALLS_MAX = 5;

  private final Parts parts;
  private final Recorder recorder;
  private final Attempts attempts;

  OperationFlow(Parts parts, Recorder recorder, Attempts attempts) {
    this.parts = parts;
    this.recorder = recorder;
    this.attempts = attempts;
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
      return inquire(work, operation);
    });
  }

  private static boolean possible(Payment p, Operation operation) {
    return switch (operation.kind()) {
      case CAPTURE -> p.status() == Status.AUTHORIZED;
      case CANCEL -> p.status() == Status.AUTHORIZED || p.status() == Status.REQUIRES_ACTION;
      case REFUND -> p.status() == Status.CONFIRMED || p.status() == Status.SETTLED
          || p.status() == Status.PARTIALLY_REFUNDED;
    };
  }

  /** The payment took another way before the provider was asked. */
  private Future<FollowUp> overtaken(PaymentSnapshot work, Operation operation) {
    return recorder.record(work, null, p -> {
      Operation now = p.operation(operation.id());
      return now == null || now.state() != Operation.State.REQUESTED
          ? new Finding.NothingNew()
          : new Finding.NewEvents(OutcomePolicy.failed(operation, p.status(), "payment_moved_on",
              "The payment is " + p.status().wire() + " by now."));
    }).map(recorded -> FollowUp.DONE);
  }

  /** Record, call, record. */
  private Future<FollowUp> submit(PaymentSnapshot work, Operation operation, int number) {
    String provider = Objects.requireNonNull(work.payment().provider(), "an operation without a provider");
    var attempt = new Attempt(TypeId.next(), number, provider, operation.kind().wire(), uuid(operation.id()),
        null,
        null,
        null, null);
    var events = List.<PaymentEvent>of(new PaymentEvent.OperationSubmitted(operation.id(), provider,
        TypeId.format(TypeId.ATTEMPT, attempt.reference()), work.payment().status()));
    FaultPoint.reach(attempt.kind(), "before_intent");
    var right = right(provider);
    return parts.journal().append(work.append(List.of(attempt), events)).compose(appended -> appended
        ? call(work.after(events), operation, attempt, right)
        : step(work.id(), operation.id()));
  }

  private Attempts.Right right(String provider) {
    return Attempts.Right.from(parts.providers().times(provider));
  }

  private Future<FollowUp> call(PaymentSnapshot work, Operation operation, Attempt attempt,
      Attempts.Right right) {
    FaultPoint.reach(attempt.kind(), "after_intent");
    if (right.expired()) return step(work.id(), operation.id());
    var call = parts.providers().named(attempt.provider()).execute(order(work, operation, attempt));
    FaultPoint.reach(attempt.kind(), "during_call");
    return call.compose(outcome -> {
      FaultPoint.reach(attempt.kind(), "answered");
      return attempts.used(attempt, right, outcome).compose(o -> answered(work, operation, attempt, o));
    });
  }

  /** A call that left no trace is made again under the same reference, once nobody else's can arrive. */
  private Future<FollowUp> repeat(PaymentSnapshot work, Operation operation, Attempt attempt) {
    var right = right(attempt.provider());
    return attempts.claim(attempt, parts.providers().times(attempt.provider()).absenceAfter())
        .compose(ours -> ours
            ? call(work, operation, attempt, right)
            : Future
                .succeededFuture(FollowUp.again(RetryKind.OPERATION,
                    operation.id() + ": a call of it may still be under way")));
  }

  private static UUID uuid(String id) {
    return Objects.requireNonNull(TypeId.parse(id.substring(0, id.indexOf('_')), id), id);
  }

  private static Order order(PaymentSnapshot work, Operation operation, Attempt attempt) {
    Payment p = work.payment();
    String reference = TypeId.format(TypeId.ATTEMPT, attempt.reference());
    String charge = Objects.requireNonNull(p.providerReference(), "an operation without a charge");
    return switch (operation.kind()) {
      case CAPTURE -> new Order.Capture(work.id(), work.livemode(), reference, charge, operation.amount(),
          p.asked().currency(), work.traceparent());
      case CANCEL -> new Order.Cancel(work.id(), work.livemode(), reference, charge, work.traceparent());
      case REFUND -> new Order.Refund(work.id(), work.livemode(), reference, charge, operation.amount(),
          p.asked().currency(), operation.reason(), work.traceparent());
    };
  }

  private Future<FollowUp> answered(PaymentSnapshot work, Operation operation, Attempt attempt,
      Outcome outcome) {
    if (outcome instanceof Outcome.Deferred)
      return Future.succeededFuture(FollowUp.later(RetryKind.OPERATION));
    String name = TypeId.format(TypeId.ATTEMPT, attempt.reference());
    return recorder.record(work, PaymentFlow.ended(attempt, outcome), p -> parts.evidence().operation(p,
        Objects.requireNonNull(p.operation(operation.id())), attempt.provider(), name, outcome))
        .onSuccess(recorded -> FaultPoint.reach(attempt.kind(), "recorded"))
        .compose(recorded -> switch (recorded.finding()) {
          case Finding.NewEvents _, Finding.NothingNew _ -> Future.succeededFuture(FollowUp.DONE);
          case Finding.NotYet w when outcome instanceof Outcome.Unknown ->
            unknown(recorded.work(), operation.id(), attempt, w.reason());
          case Finding.NotYet w ->
            Future.succeededFuture(FollowUp.again(RetryKind.OPERATION, operation.id() + ": " + w.reason()));
          case Finding.Conflict c ->
            Future.succeededFuture(FollowUp.stuck(RetryKind.OPERATION, c.alert() + ": " + c.message()));
        });
  }

  private Future<FollowUp> unknown(PaymentSnapshot work, String id, Attempt attempt, String reason) {
    return recorder.record(work, attempt.ended("unknown", null, reason), p -> {
      Operation now = p.operation(id);
      return now == null || now.state() != Operation.State.SUBMITTED
          ? new Finding.NothingNew()
          : new Finding.NewEvents(new PaymentEvent.OperationUnknown(id, attempt.provider(),
              TypeId.format(TypeId.ATTEMPT, attempt.reference()), reason, p.status()));
    }).map(recorded -> FollowUp.again(RetryKind.OPERATION, id + ": " + reason));
  }

  /** The outcome of the call is not known: ask the provider by our own reference. */
  private Future<FollowUp> inquire(PaymentSnapshot work, Operation operation) {
    String name = Objects.requireNonNull(operation.attempt(), "a submitted operation without its attempt");
    return attempts.open(name).compose(open -> {
      GuardedProvider provider = parts.providers().named(open.attempt().provider());
      Order order = order(work, operation, open.attempt());
      return provider.inquire(order).compose(outcome -> {
        if (!(outcome instanceof Outcome.Absent)) return answered(work, operation, open.attempt(), outcome);
        if (operation.state() == Operation.State.SUBMITTED) return repeat(work, operation, open.attempt());
        if (!open.absentFor(parts.providers().times(provider.name())))
          return attempts.absent(open.attempt()).map(v -> FollowUp.again(RetryKind.OPERATION,
              operation.id() + ": no record of it at " + provider.name() + " yet"));
        // It was never carried out, so it can be ordered anew, as a call of its own.
        if (open.attempt().number() < CALLS_MAX && possible(work.payment(), operation))
          return submit(work, operation, open.attempt().number() + 1);
        return answered(work, operation, open.attempt(), new Outcome.Declined(null, "provider_no_record",
            null,
            "The provider has no record of the " + operation.kind().wire() + ": it was never carried out."));
      });
    });
  }

  /** The operation that an attempt is of; null for a charge. */
  @Nullable
  Operation of(Payment p, Attempt attempt) {
    if (attempt.operation() == null) return null;
    String prefix = switch (Kind.valueOf(attempt.kind().toUpperCase(Locale.ROOT))) {
      case CAPTURE -> TypeId.CAPTURE;
      case CANCEL -> TypeId.CANCELLATION;
      case REFUND -> TypeId.REFUND;
    };
    return p.operation(TypeId.format(prefix, attempt.operation()));
  }
}
