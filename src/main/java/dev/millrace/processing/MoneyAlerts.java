package dev.millrace.processing;

import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
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

  /** After they are durable. {@code before}: the payment to which they were appended. */
  void of(UUID payment, Payment before, List<PaymentEvent> events) {
    for (PaymentEvent event : events) {
      PaymentEvent.Concern concern = event.concern();
      if (concern != null) raise(payment, concern.alert(), concern.message());
      // Short of what was asked for it is the merchant's loss, beyond it suspense.
      if (event instanceof PaymentEvent.Confirmed c && c.amount() != c.amountCharged()) {
        registry.counter("millrace.provider.amount.mismatch").increment();
        alert(payment, "amount_mismatch", "asked=" + c.amount() + " charged=" + c.amountCharged());
      }
    }
    if (events.stream().anyMatch(MoneyAlerts::mayGoBeyond)) beyond(payment, before, events);
  }

  /** But for the charge itself, of which an amount that is not the one asked for has an alert of its own. */
  private static boolean mayGoBeyond(PaymentEvent event) {
    return event instanceof PaymentEvent.Nets && !(event instanceof PaymentEvent.Confirmed);
  }

  private void beyond(UUID payment, Payment before, List<PaymentEvent> events) {
    Payment p = before;
    for (PaymentEvent event : events) {
      Payment next = p.after(event);
      if (mayGoBeyond(event)) suspended(payment, p, event, next);
      p = next;
    }
  }

  private void suspended(UUID payment, Payment before, PaymentEvent event, Payment after) {
    long beyond = after.beyond() - before.beyond();
    long surplus = after.surplus() - before.surplus();
    String type = event.type().wire();
    if (beyond > 0 || surplus > 0)
      raise(payment, "beyond_payment",
          type + " of " + Math.max(beyond, surplus) + " more than the payment has: it stands in suspense");
    else
      if ((beyond < 0 || surplus < 0) && before.corrected())
        raise(payment, "moved_after_correction", type + " takes " + -Math.min(beyond, surplus)
            + " back out of suspense, of which a correction has moved some before");
  }

  private void raise(UUID payment, String alert, String message) {
    registry.counter("millrace.provider.conflict", "alert", alert).increment();
    alert(payment, alert, "message=\"" + message + "\"");
  }

  private static void alert(UUID payment, String alert, String rest) {
    LOG.error("alert={} payment={} {}", alert, TypeId.format(TypeId.PAYMENT, payment), rest);
  }
}
