package dev.millrace.provider;

import io.vertx.core.Future;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A payment provider. Answers are values: a failed future is a defect of the connector, not an outcome. */
public interface Provider {
  /** A charge to make. {@code reference} is ours ({@code att_…}) and also the provider's idempotency key. */
  record Charge(UUID payment, boolean livemode, String reference, long amount, String currency,
      String paymentMethod,
      @Nullable String description, String traceparent) {}

  /** What a provider said, or failed to say. Amounts are minor units. */
  sealed interface Outcome {
    /** The payer was charged. */
    record Charged(String providerReference, long amount, String currency) implements Outcome {}

    /** Certainly refused: nothing was charged and the same call would be refused again. */
    record Declined(@Nullable String providerReference, String code, @Nullable String declineCode,
        String message) implements Outcome {}

    /** Certainly not executed, and may be tried again: the call never left, or the provider turned it away unread. */
    record NotExecuted(String reason) implements Outcome {}

    /** No usable answer: it may or may not have charged. */
    record Unknown(String reason) implements Outcome {}

    /** Not called: it waited so long for its turn that the payment must be looked at again first. */
    record Deferred() implements Outcome {}

    /** The provider has no record of this reference (an inquiry's answer only). */
    record Absent() implements Outcome {}
  }

  /** The name in routes, accounts and events. */
  String name();

  /** The rail it settles over, {@code card} for example. */
  String rail();

  /** Charges, at most once a reference however often it is called. */
  Future<Outcome> charge(Charge charge);

  /** Asks what became of a reference; charges nothing. */
  Future<Outcome> inquire(String reference);
}
