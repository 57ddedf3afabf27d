package dev.millrace.journal;

import dev.millrace.payment.Operation.Kind;
import dev.millrace.payment.Operation.State;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an event changes in the row of its operation; null leaves a column as it is. {@code amount} counts
 * with the request alone.
 */
record OperationChange(UUID id, Kind kind, State state, long amount, @Nullable String reason,
    @Nullable UUID attempt, @Nullable String providerReference, @Nullable String failureCode,
    @Nullable String failureMessage) {

  /** Null when the event is about no operation. */
  static @Nullable OperationChange of(PaymentEvent event) {
    if (!(event instanceof PaymentEvent.OfOperation about)) return null;
    return switch (about) {
      case PaymentEvent.RequestsOperation r -> new OperationChange(parse(r.operation()), kind(r.operation()),
          State.REQUESTED, r.amount(), r.reason(), null, null, null, null);
      case PaymentEvent.OperationSubmitted s -> new OperationChange(parse(s.operation()), kind(s.operation()),
          State.SUBMITTED, 0, null, TypeId.parse(TypeId.ATTEMPT, s.attempt()), null, null, null);
      case PaymentEvent.OperationUnknown u -> new OperationChange(parse(u.operation()), kind(u.operation()),
          State.UNKNOWN, 0, null, null, null, null, null);
      case PaymentEvent.ReversesOperation r -> reversed(r.operation(), r.code(), r.message());
      case PaymentEvent.FailsOperation f -> new OperationChange(parse(f.operation()), kind(f.operation()),
          f.end(), 0, null, null, null, f.code(), f.message());
      case PaymentEvent.EndsOperation e -> ended(e.operation(), e);
    };
  }

  private static @Nullable OperationChange ended(@Nullable String id, PaymentEvent.EndsOperation e) {
    return id == null
        ? null
        : new OperationChange(parse(id), kind(id), e.end(), 0, null, null, e.providerReference(), null, null);
  }

  /** What had succeeded has failed after all. */
  private static @Nullable OperationChange reversed(@Nullable String id, String code, String message) {
    return id == null
        ? null
        : new OperationChange(parse(id), kind(id), State.FAILED, 0, null, null, null, code, message);
  }

  /** This change with one that came after it. */
  OperationChange then(OperationChange next) {
    return new OperationChange(id, kind, next.state, amount, reason,
        next.attempt == null ? attempt : next.attempt,
        next.providerReference == null ? providerReference : next.providerReference,
        next.failureCode == null ? failureCode : next.failureCode,
        next.failureMessage == null ? failureMessage : next.failureMessage);
  }

  private static Kind kind(String id) {
    return switch (id.substring(0, id.indexOf('_'))) {
      case TypeId.CAPTURE -> Kind.CAPTURE;
      case TypeId.CANCELLATION -> Kind.CANCEL;
      case TypeId.REFUND -> Kind.REFUND;
      case TypeId.REVERSAL -> Kind.REVERSAL;
      default -> throw new IllegalArgumentException("no operation: " + id);
    };
  }

  private static UUID parse(String id) {
    return Objects.requireNonNull(TypeId.parse(id.substring(0, id.indexOf('_')), id), id);
  }
}
