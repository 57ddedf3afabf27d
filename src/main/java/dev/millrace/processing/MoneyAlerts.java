package dev.millrace.processing;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.UUID;
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
    // Short of what was asked for it is the merchant's loss, beyond it suspense.
    if (event instanceof PaymentEvent.Confirmed c && c.amount() != c.amountCharged()) {
      registry.counter("millrace.provider.amount.mismatch").increment();
      alert(payment, "amount_mismatch", "asked=" + c.amount() + " charged=" + c.amountCharged());
    }
    PaymentEvent.Concern concern = event.concern();
    if (concern == null) return;
    registry.counter("millrace.provider.conflict", "alert", concern.alert()).increment();
    alert(payment, concern.alert(), "message=\"" + concern.message() + "\"");
  }

  private static void alert(UUID payment, String alert, String rest) {
    LOG.error("alert={} payment={} {}", alert, TypeId.format(TypeId.PAYMENT, payment), rest);
  }
}
