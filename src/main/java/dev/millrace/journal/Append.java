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
 * @param actor who caused them: {@code gateway}, {@code operator:<name>}, {@code merchant}
 * @param attempt the provider call that these events begin or end, if any
 * @param settlement the batch that these events put the payment into, if any
 */
public record Append(UUID payment, UUID merchant, int expectedVersion, Status from, List<PaymentEvent> events,
    String actor, String traceparent, @Nullable Attempt attempt, @Nullable UUID settlement) {

  /**
   * A provider call: written with its intent ({@code outcome} null) and completed with its outcome.
   *
   * @param reference our reference, also the provider's idempotency key
   */
  public record Attempt(UUID reference, int number, String provider, @Nullable String outcome,
      @Nullable String providerReference, @Nullable String detail) {}

  /** The status after the events; refuses what the table of transitions refuses. */
  public Status to() {
    Status status = from;
    for (PaymentEvent event : events) status = Transitions.after(status, event);
    return status;
  }

  /** The version after the events. */
  public int version() { return expectedVersion + events.size(); }

  /** What the events add to the number of payments at rest: -1, 0 or 1. */
  public int rested() {
    return (to().atRest() ? 1 : 0) - (from.atRest() ? 1 : 0);
  }
}
