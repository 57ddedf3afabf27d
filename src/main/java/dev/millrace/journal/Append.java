package dev.millrace.journal;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.Transitions;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Events to append to one payment, all or none, if its version is still {@code expectedVersion}.
 *
 * @param from the status at that version
 * @param actor who caused them: {@code gateway}, {@code operator:<name>}, {@code merchant},
 *   {@code provider:<name>}
 * @param attempts the provider calls that these events begin or end
 * @param netted the batch that these events put the payment into, if any
 */
public record Append(UUID payment, UUID merchant, int expectedVersion, Status from, List<PaymentEvent> events,
    String actor, String traceparent, List<Attempt> attempts, @Nullable Netted netted) {

  /**
   * A provider call: written with its intent ({@code outcome} null) and completed with its outcome.
   *
   * @param reference our reference, also the provider's idempotency key
   * @param number counts the calls of one payment and kind
   * @param kind charge, complete, capture, cancel, refund or reversal
   * @param operation what it is for, unless it is the charge
   * @param reason why this provider was called
   */
  public record Attempt(UUID reference, int number, String provider, String kind, @Nullable UUID operation,
      @Nullable String reason, @Nullable String outcome, @Nullable String providerReference,
      @Nullable String detail) {

    /** A charge's intent. */
    public static Attempt charge(UUID reference, int number, String provider, @Nullable String reason) {
      return new Attempt(reference, number, provider, "charge", null, reason, null, null, null);
    }

    /** The same call with what came of it. */
    public Attempt ended(AttemptOutcome how, @Nullable String providersReference, @Nullable String why) {
      return new Attempt(reference, number, provider, kind, operation, reason, how.wire(), providersReference,
          why);
    }
  }

  /** {@code first}: the payment was netted into no batch before. */
  public record Netted(UUID settlement, boolean first) {}

  /** The status after the events; refuses what the table of transitions refuses. */
  public Status to() {
    Status status = from;
    for (PaymentEvent event : events) status = Transitions.after(status, event);
    return status;
  }

  /** The version after the events. */
  public int version() { return expectedVersion + events.size(); }
}
