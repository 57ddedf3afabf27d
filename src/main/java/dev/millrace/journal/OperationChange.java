package dev.millrace.journal;

import dev.millrace.payment.Operation.Kind;
import dev.millrace.payment.Operation.State;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an event changes in the row of its operation; null leaves a column as it is. {@code amount} counts with the
 * request alone.
 */
record OperationChange(UUID id, Kind kind, State state, long amount, @Nullable String reason,
    @Nullable UUID attempt, @Nullable String providerReference, @Nullable String failureCode,
    @Nullable String failureMessage) {

  /** Null when the event is about no operation. */
  static @Nullable OperationChange of(PaymentEvent event) {
    return switch (event) {
      case PaymentEvent.CaptureRequested r -> requested(r.operation(), r.amount(), null);
      case PaymentEvent.CancelRequested r -> requested(r.operation(), 0, r.reason());
      case PaymentEvent.RefundRequested r -> requested(r.operation(), r.amount(), r.reason());
      case PaymentEvent.OperationSubmitted s -> new OperationChange(parse(s.operation()), kind(s.operation()),
          State.SUBMITTED, 0, null, TypeId.parse(TypeId.ATTEMPT, s.attempt()), null, null, null);
      case PaymentEvent.OperationUnknown u -> ended(u.operation(), State.UNKNOWN, null);
      case PaymentEvent.Confirmed c -> ended(c.operation(), State.SUCCEEDED, c.providerReference());
      case PaymentEvent.Voided v -> ended(v.operation(), State.SUCCEEDED, null);
      case PaymentEvent.Expired e -> ended(e.operation(), State.SUCCEEDED, null);
      case PaymentEvent.Refunded r -> ended(r.operation(), State.SUCCEEDED, r.providerReference());
      case PaymentEvent.CaptureFailed f -> failed(f.operation(), f.code(), f.message());
      case PaymentEvent.CancelFailed f -> failed(f.operation(), f.code(), f.message());
      case PaymentEvent.RefundFailed f -> failed(f.operation(), f.code(), f.message());
      case PaymentEvent.Initiated _, PaymentEvent.Screened _, PaymentEvent.Blocked _,
          PaymentEvent.ProviderSubmitted _, PaymentEvent.RequiresAction _, PaymentEvent.ActionReturned _,
          PaymentEvent.Unknown _, PaymentEvent.Authorized _, PaymentEvent.Declined _, PaymentEvent.Settled _,
          PaymentEvent.Disputed _, PaymentEvent.DisputeWon _, PaymentEvent.ChargedBack _,
          PaymentEvent.Returned _ ->
        null;
    };
  }

  /** This change with one that came after it. */
  OperationChange then(OperationChange next) {
    return new OperationChange(id, kind, next.state, amount, reason,
        next.attempt == null ? attempt : next.attempt,
        next.providerReference == null ? providerReference : next.providerReference,
        next.failureCode == null ? failureCode : next.failureCode,
        next.failureMessage == null ? failureMessage : next.failureMessage);
  }

  private static OperationChange requested(String id, long amount, @Nullable String reason) {
    return new OperationChange(parse(id), kind(id), State.REQUESTED, amount, reason, null, null, null, null);
  }

  private static @Nullable OperationChange ended(@Nullable String id, State state,
      @Nullable String providerReference) {
    return id == null
        ? null
        : new OperationChange(parse(id), kind(id), state, 0, null, null, providerReference, null, null);
  }

  private static OperationChange failed(String id, String code, String message) {
    return new OperationChange(parse(id), kind(id), State.FAILED, 0, null, null, null, code, message);
  }

  private static Kind kind(String id) {
    return switch (id.substring(0, id.indexOf('_'))) {
      case TypeId.CAPTURE -> Kind.CAPTURE;
      case TypeId.CANCELLATION -> Kind.CANCEL;
      case TypeId.REFUND -> Kind.REFUND;
      default -> throw new IllegalArgumentException("no operation: " + id);
    };
  }

  private static UUID parse(String id) {
    return Objects.requireNonNull(TypeId.parse(id.substring(0, id.indexOf('_')), id), id);
  }
}
