package dev.millrace.payment;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened to a payment, with what was known then. The components are the event's {@code data} in the
 * journal (JSON, snake case) and its own fields in the Avro schema of the same name. Amounts are minor units, times
 * Unix seconds. An event after which the payment may stand in more than one status says in which.
 */
public sealed interface PaymentEvent {
  EventType type();

  /** The status the payment has afterwards. */
  Status target();

  /** Accepted over the API. {@code paymentMethodType} and {@code paymentMethodBin} only where the merchant named them. */
  record Initiated(long amount, String currency, String paymentMethod, String capture,
      @Nullable String reference, @Nullable String description, Map<String, String> metadata,
      @Nullable String returnUrl, @Nullable String paymentMethodType,
      @Nullable String paymentMethodBin) implements PaymentEvent {
    public Initiated { metadata = Map.copyOf(metadata); }

    public Initiated(long amount, String currency, String paymentMethod, String capture,
        @Nullable String reference, @Nullable String description, Map<String, String> metadata,
        @Nullable String returnUrl) {
      this(amount, currency, paymentMethod, capture, reference, description, metadata, returnUrl, null, null);
    }

    @Override
    public EventType type() { return EventType.INITIATED; }

    @Override
    public Status target() { return Status.INITIATED; }
  }

  /** Screened; {@code decision} is {@code clear} or {@code review}. {@code operator} released it from review. */
  record Screened(String decision, @Nullable String rule, int score, boolean velocityKnown,
      @Nullable String operator) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.SCREENED; }

    @Override
    public Status target() { return decision.equals("review") ? Status.IN_REVIEW : Status.INITIATED; }
  }

  /** Refused by a rule, or by an operator after a review. */
  record Blocked(@Nullable String rule, int score, @Nullable String operator) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.BLOCKED; }

    @Override
    public Status target() { return Status.BLOCKED; }
  }

  /** The intent to call {@code provider} under our reference {@code attempt}, committed before the call. {@code route}: the rule that chose it; {@code after}: why the one before was left. */
  record ProviderSubmitted(String provider, String attempt, @Nullable String route,
      @Nullable String after) implements PaymentEvent {
    public ProviderSubmitted(String provider, String attempt) { this(provider, attempt, null, null); }

    @Override
    public EventType type() { return EventType.PROVIDER_SUBMITTED; }

    @Override
    public Status target() { return Status.PROVIDER_SUBMITTED; }
  }

  /** The payer must go to {@code url} before {@code expires}. */
  record RequiresAction(String provider, String attempt, String providerReference, String url,
      long expires) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.REQUIRES_ACTION; }

    @Override
    public Status target() { return Status.REQUIRES_ACTION; }
  }

  /** The payer came back from the provider; what came of it is asked now. */
  record ActionReturned(String attempt) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.ACTION_RETURNED; }

    @Override
    public Status target() { return Status.REQUIRES_ACTION; }
  }

  /** No usable answer came. */
  record Unknown(String provider, String attempt, String reason) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.UNKNOWN; }

    @Override
    public Status target() { return Status.UNKNOWN; }
  }

  /** Held for capture until {@code expires}. {@code amountAuthorized} is what the provider says. */
  record Authorized(String provider, String attempt, String providerReference, long amount,
      long amountAuthorized, String currency, long expires) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.AUTHORIZED; }

    @Override
    public Status target() { return Status.AUTHORIZED; }
  }

  /** Charged, at once or by the capture {@code operation}. {@code amount} is what was asked for, {@code amountCharged} what the provider says; {@code amountReleased} of the authorization was given back. Fees are absent where no rule takes one; a note tells how a fee was reckoned. */
  record Confirmed(String provider, String attempt, String providerReference, long amount, long amountCharged,
      String currency, @Nullable String operation, @Nullable Long amountReleased, @Nullable Long providerFee,
      @Nullable String providerFeeNote, @Nullable Long gatewayFee,
      @Nullable String gatewayFeeNote) implements PaymentEvent {
    public Confirmed(String provider, String attempt, String providerReference, long amount,
        long amountCharged, String currency) {
      this(provider, attempt, providerReference, amount, amountCharged, currency, null, null, null, null,
          null, null);
    }

    /** The merchant's part: never more than was asked for, never more than was received. */
    public long captured() {
      return Math.min(amount, amountCharged);
    }

    @Override
    public EventType type() { return EventType.CONFIRMED; }

    @Override
    public Status target() { return Status.CONFIRMED; }
  }

  /** Refused by the provider, or proven never to have reached it ({@code provider_no_record}). */
  record Declined(String provider, String attempt, @Nullable String providerReference, String code,
      @Nullable String declineCode, String message) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.DECLINED; }

    @Override
    public Status target() { return Status.DECLINED; }
  }

  /** The merchant wants {@code amount} of the authorization; the rest is to be released. */
  record CaptureRequested(String operation, long amount) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.CAPTURE_REQUESTED; }

    @Override
    public Status target() { return Status.AUTHORIZED; }
  }

  /** The capture was refused, or was overtaken. */
  record CaptureFailed(String operation, String code, String message, Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.CAPTURE_FAILED; }

    @Override
    public Status target() { return status; }
  }

  /** To be given back before any money moves. {@code reason}: the merchant's, or {@code expired}. */
  record CancelRequested(String operation, String reason, Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.CANCEL_REQUESTED; }

    @Override
    public Status target() { return status; }
  }

  /** The cancellation was refused, or was overtaken. */
  record CancelFailed(String operation, String code, String message, Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.CANCEL_FAILED; }

    @Override
    public Status target() { return status; }
  }

  /** Given back: by the cancellation {@code operation}, by the provider of its own accord, or before any provider was called. */
  record Voided(@Nullable String operation, @Nullable String provider, @Nullable String attempt,
      String reason) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.VOIDED; }

    @Override
    public Status target() { return Status.VOIDED; }
  }

  /** The authorization, or the time for the payer's action, ran out. */
  record Expired(@Nullable String operation, @Nullable String provider, @Nullable String attempt,
      String reason) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.EXPIRED; }

    @Override
    public Status target() { return Status.EXPIRED; }
  }

  /** {@code amount} of what was captured is to go back to the payer. */
  record RefundRequested(String operation, long amount, @Nullable String reason,
      Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.REFUND_REQUESTED; }

    @Override
    public Status target() { return status; }
  }

  /** The refund was refused. */
  record RefundFailed(String operation, String code, String message, Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.REFUND_FAILED; }

    @Override
    public Status target() { return status; }
  }

  /** Went back to the payer. {@code amountRefunded}: all refunds of the payment, this one included. {@code operation} is absent for a refund that was made at the provider. Fees: what of them is returned to the merchant. */
  record Refunded(@Nullable String operation, String provider, @Nullable String attempt,
      String providerReference, long amount, long amountRefunded, String currency,
      @Nullable Long providerFeeReturned, @Nullable String providerFeeNote, @Nullable Long gatewayFeeReturned,
      @Nullable String gatewayFeeNote, Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.REFUNDED; }

    @Override
    public Status target() { return status; }
  }

  /** The intent to call {@code provider} for an operation, under our reference {@code attempt}, committed before the call. */
  record OperationSubmitted(String operation, String provider, String attempt,
      Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.OPERATION_SUBMITTED; }

    @Override
    public Status target() { return status; }
  }

  /** No usable answer came for an operation. */
  record OperationUnknown(String operation, String provider, String attempt, String reason,
      Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.OPERATION_UNKNOWN; }

    @Override
    public Status target() { return status; }
  }

  /** Netted into the batch {@code settlement}. {@code status} is absent for the first settlement of a payment that was confirmed. */
  record Settled(String settlement, @Nullable Status status) implements PaymentEvent {
    public Settled(String settlement) { this(settlement, null); }

    @Override
    public EventType type() { return EventType.SETTLED; }

    @Override
    public Status target() { return status == null ? Status.SETTLED : status; }
  }

  /** The payer's bank disputes {@code amount}; it is held. {@code dispute} is the provider's name of it; {@code evidenceDue}: until when it can be answered. */
  record Disputed(String dispute, String provider, long amount, String currency, @Nullable String reason,
      @Nullable Long evidenceDue) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.DISPUTED; }

    @Override
    public Status target() { return Status.DISPUTED; }
  }

  /** Decided for the merchant; what was held is released. */
  record DisputeWon(String dispute, String provider, long amount, String currency,
      Status status) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.DISPUTE_WON; }

    @Override
    public Status target() { return status; }
  }

  /** Decided for the payer; what was held is withdrawn. */
  record ChargedBack(String dispute, String provider, long amount, String currency) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.CHARGED_BACK; }

    @Override
    public Status target() { return Status.CHARGED_BACK; }
  }

  /** The payer's bank sent the debit back; {@code code} is the rail's, R01 for example. */
  record Returned(String provider, String providerReference, long amount, String currency, String code,
      String message, @Nullable Long providerFeeReturned, @Nullable String providerFeeNote,
      @Nullable Long gatewayFeeReturned, @Nullable String gatewayFeeNote) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.RETURNED; }

    @Override
    public Status target() { return Status.RETURNED; }
  }
}
