package dev.millrace.processing;

import dev.millrace.journal.Append;
import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.PaymentReads.History;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import java.util.List;
import java.util.UUID;

/** A payment that is being driven on, as it stood when it was read. */
record PaymentSnapshot(UUID id, UUID merchant, boolean livemode, String traceparent, Payment payment) {

  static final String GATEWAY = "gateway";

  static PaymentSnapshot of(History history) {
    return new PaymentSnapshot(history.id(), history.merchant(), history.livemode(), history.traceparent(),
        Payment.of(history.events()));
  }

  /** What appends these events to it. */
  Append append(List<Attempt> attempts, List<PaymentEvent> events) {
    return append(GATEWAY, attempts, events);
  }

  /** The same, caused by {@code actor}. */
  Append append(String actor, List<Attempt> attempts, List<PaymentEvent> events) {
    return new Append(id, merchant, payment.version(), payment.status(), events, actor, traceparent, attempts,
        null);
  }

  /** It with these events. */
  PaymentSnapshot after(List<PaymentEvent> events) {
    Payment next = payment;
    for (PaymentEvent event : events) next = next.after(event);
    return new PaymentSnapshot(id, merchant, livemode, traceparent, next);
  }
}
