package dev.millrace.processing;

import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.Status;
import dev.millrace.platform.Config;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Method;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How long "not yet" is an answer: from when on a payment that its provider has taken, and an operation that
 * it has, are looked at by a person. The webhook, or the answer to the next inquiry, may still come.
 *
 * @param cardMs for a charge of a card
 * @param achMs for a debit
 * @param operationMs for a capture, cancellation or refund of either
 */
record Patience(long cardMs, long achMs, long operationMs) {
  static Patience of(Config config) {
    return new Patience(config.millis("processor.processing-alert.card"),
        config.millis("processor.processing-alert.ach"),
        config.millis("processor.processing-alert.operation"));
  }

  /** What has taken too long by now, in words; null when nothing has. */
  @Nullable
  String exhausted(Payment p, long nowMs) {
    if (p.status() == Status.PROCESSING) {
      long limit = Method.of(p.asked()).type().equals(Method.ACH) ? achMs : cardMs;
      if (age(p.attempt(), nowMs) > limit)
        return "processing at " + p.provider() + " for more than " + Duration.ofMillis(limit);
    }
    for (Operation o : p.operations())
      if (o.open() && o.state() != Operation.State.REQUESTED && age(o.attempt(), nowMs) > operationMs)
        return o.id() + ": not decided by the provider for more than " + Duration.ofMillis(operationMs);
    return null;
  }

  /** A call's reference tells when it was made. */
  private static long age(@Nullable String attempt, long nowMs) {
    UUID reference = attempt == null ? null : TypeId.parse(TypeId.ATTEMPT, attempt);
    return nowMs - TypeId.millis(Objects.requireNonNull(reference, "a call without its reference"));
  }
}
