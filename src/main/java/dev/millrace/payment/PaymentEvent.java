package dev.millrace.payment;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened to a payment, with what was known then. The components are the event's {@code data} in the
 * journal (JSON, snake case) and its own fields in the Avro schema of the same name. Amounts are minor units.
 */
public sealed interface PaymentEvent {
  EventType type();

  /** The status the payment has afterwards. */
  Status target();

  /** Accepted over the API. */
  record Initiated(long amount, String currency, String paymentMethod, String capture,
      @Nullable String reference,
      @Nullable String description, Map<String, String> metadata,
      @Nullable String returnUrl) implements PaymentEvent {
    public Initiated { metadata = Map.copyOf(metadata); }

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

  /** The intent to call {@code provider} under our reference {@code attempt}, committed before the call. */
  record ProviderSubmitted(String provider, String attempt) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.PROVIDER_SUBMITTED; }

    @Override
    public Status target() { return Status.PROVIDER_SUBMITTED; }
  }

  /** No usable answer came. */
  record Unknown(String provider, String attempt, String reason) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.UNKNOWN; }

    @Override
    public Status target() { return Status.UNKNOWN; }
  }

  /** Charged. {@code amountCharged} is what the provider says, not what we asked for. */
  record Confirmed(String provider, String attempt, String providerReference, long amount, long amountCharged,
      String currency) implements PaymentEvent {
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

  /** Netted into the batch {@code settlement}. */
  record Settled(String settlement) implements PaymentEvent {
    @Override
    public EventType type() { return EventType.SETTLED; }

    @Override
    public Status target() { return Status.SETTLED; }
  }
}
