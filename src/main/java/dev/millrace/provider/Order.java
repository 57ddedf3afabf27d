package dev.millrace.provider;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a provider is asked to do. {@code reference} is ours ({@code att_…}), names the call in its answers
 * and webhooks and is its idempotency key: however often an order is sent, it is carried out at most once.
 * Amounts are minor units, currencies ISO 4217 in lower case.
 */
public sealed interface Order {
  String reference();

  boolean livemode();

  String traceparent();

  /**
   * Charge the payer, or hold the amount when {@code manualCapture}.
   *
   * @param methodType {@code card} or {@code ach}
   * @param returnUrl where the provider sends a payer who had to do something
   */
  record Charge(UUID payment, boolean livemode, String reference, long amount, String currency,
      String paymentMethod, String methodType, boolean manualCapture, @Nullable String description,
      String returnUrl, String traceparent) implements Order {}

  /**
   * Tell the provider that the payer came back from its page, and ask what became of the charge.
   *
   * @param providerReference the provider's name of the charge
   * @param result what the payer's browser brought back, null where it brought nothing
   */
  record Complete(Charge charge, String providerReference, @Nullable String result) implements Order {
    @Override
    public String reference() { return charge.reference(); }

    @Override
    public boolean livemode() { return charge.livemode(); }

    @Override
    public String traceparent() { return charge.traceparent(); }
  }

  /** Take {@code amount} of what is held and release the rest. */
  record Capture(UUID payment, boolean livemode, String reference, String providerReference, long amount,
      String currency, String traceparent) implements Order {}

  /** Release all that is held, or end a charge that waits for its payer. */
  record Cancel(UUID payment, boolean livemode, String reference, String providerReference,
      String traceparent) implements Order {}

  /** Give {@code amount} of what was taken back. */
  record Refund(UUID payment, boolean livemode, String reference, String providerReference, long amount,
      String currency, @Nullable String reason, String traceparent) implements Order {}
}
