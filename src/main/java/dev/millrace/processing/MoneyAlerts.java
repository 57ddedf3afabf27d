package dev.millrace.processing;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a person must look at although it is booked: money in suspense, and what a provider told that nobody
 * foresaw. Whoever records an event asks here, whether an answer told it or a webhook.
 */
final class MoneyAlerts {
  private static final Logger LOG = LoggerFactory.getLogger(MoneyAlerts.class);

  private final MeterRegistry registry;

  MoneyAlerts(MeterRegistry registry) { this.registry = registry; }

  /** After it is durable. */
  void of(UUID payment, PaymentEvent event) {
    switch (event) {
      // Short of what was asked for it is the merchant's loss, beyond it suspense.
      case PaymentEvent.Confirmed c when c.amount() != c.amountCharged() -> {
        registry.counter("millrace.provider.amount.mismatch").increment();
        alert(payment, "amount_mismatch", "asked=" + c.amount() + " charged=" + c.amountCharged());
      }
      case PaymentEvent.Captured c -> excess(payment, event, c.excess());
      case PaymentEvent.Disputed d -> excess(payment, event, d.excess());
      case PaymentEvent.GivesBack g -> excess(payment, event, g.excess());
      case PaymentEvent.LateCharge l -> raise(payment, "late_charge", l.providerReference() + " of "
          + l.amount() + " " + l.currency() + (l.held() ? " is held" : " was charged") + ": " + l.reason());
      case PaymentEvent.LateChargeKept l ->
        raise(payment, "late_charge_kept", l.operation() + ": " + l.code() + ", " + l.message());
      case PaymentEvent.ProviderNotice n when !n.expected() ->
        raise(payment, "provider_notice_unknown", n.provider() + " " + n.notice() + ": " + n.message());
      default -> {
      }
    }
  }

  private void excess(UUID payment, PaymentEvent event, @Nullable Long excess) {
    if (excess != null)
      raise(payment, "beyond_payment",
          event.type().wire() + " of " + excess + " more than the payment has: it stands in suspense");
  }

  private void raise(UUID payment, String alert, String message) {
    registry.counter("millrace.provider.conflict", "alert", alert).increment();
    alert(payment, alert, "message=\"" + message + "\"");
  }

  private static void alert(UUID payment, String alert, String rest) {
    LOG.error("alert={} payment={} {}", alert, TypeId.format(TypeId.PAYMENT, payment), rest);
  }
}
