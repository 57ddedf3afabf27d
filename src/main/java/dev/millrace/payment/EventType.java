package dev.millrace.payment;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What can happen to a payment, to a dispute of one, to a settlement batch and to a webhook endpoint. Wire
 * names are part of the public contract.
 */
public enum EventType {
  // Accepted and screened.
  INITIATED("payment.initiated", Status.INITIATED),
  SCREENED("payment.screened"),
  BLOCKED("payment.blocked", Status.BLOCKED),
  // The charge.
  PROVIDER_SUBMITTED("payment.provider_submitted", Status.PROVIDER_SUBMITTED),
  REQUIRES_ACTION("payment.requires_action", Status.REQUIRES_ACTION),
  ACTION_RETURNED("payment.action_returned", Status.REQUIRES_ACTION),
  TRY_REFUSED("payment.try_refused", Status.REQUIRES_ACTION),
  PROCESSING("payment.processing", Status.PROCESSING),
  UNKNOWN("payment.unknown", Status.UNKNOWN),
  AUTHORIZED("payment.authorized", Status.AUTHORIZED),
  CONFIRMED("payment.confirmed", Status.CONFIRMED),
  DECLINED("payment.declined", Status.DECLINED),
  // What is asked of a payment afterwards.
  CAPTURE_REQUESTED("payment.capture_requested", Status.AUTHORIZED),
  CAPTURE_FAILED("payment.capture_failed"),
  CANCEL_REQUESTED("payment.cancel_requested"),
  CANCEL_FAILED("payment.cancel_failed"),
  VOIDED("payment.voided", Status.VOIDED),
  EXPIRED("payment.expired", Status.EXPIRED),
  REFUND_REQUESTED("payment.refund_requested"),
  REFUND_FAILED("payment.refund_failed"),
  REFUNDED("payment.refunded"),
  OPERATION_SUBMITTED("payment.operation_submitted"),
  OPERATION_UNKNOWN("payment.operation_unknown"),
  // Settlement, and what the payer's bank does.
  SETTLED("payment.settled"),
  DISPUTED("payment.disputed", Status.DISPUTED),
  DISPUTE_WON("payment.dispute_won"),
  CHARGED_BACK("payment.charged_back"),
  RETURNED("payment.returned", Status.RETURNED),
  // What a provider does beyond what was asked, and what it takes back.
  CAPTURED("payment.captured"),
  CAPTURE_REVERSED("payment.capture_reversed"),
  REFUND_REVERSED("payment.refund_reversed"),
  DISPUTE_REOPENED("payment.dispute_reopened", Status.DISPUTED),
  CHARGEBACK_REVERSED("payment.chargeback_reversed"),
  DISPUTE_CHANGED("payment.dispute_changed"),
  RETURN_REVERSED("payment.return_reversed"),
  LATE_CHARGE("payment.late_charge"),
  LATE_CHARGE_RETURNED("payment.late_charge_returned"),
  LATE_CHARGE_KEPT("payment.late_charge_kept"),
  LATE_CHARGE_RETRIED("payment.late_charge_retried"),
  // What moves nothing at the provider.
  PROVIDER_NOTICE("payment.provider_notice"),
  CORRECTED("payment.corrected"),
  // Of a dispute.
  DISPUTE_OPENED("dispute.opened", Subject.DISPUTE),
  DISPUTE_CLOSED_WON("dispute.won", Subject.DISPUTE),
  DISPUTE_CLOSED_LOST("dispute.lost", Subject.DISPUTE),
  DISPUTE_OPENED_AGAIN("dispute.reopened", Subject.DISPUTE),
  DISPUTE_AMOUNT_CHANGED("dispute.changed", Subject.DISPUTE),
  // Not of a payment.
  SETTLEMENT_POSTED("settlement.posted", Subject.SETTLEMENT),
  ENDPOINT_DISABLED("webhook_endpoint.disabled", Subject.WEBHOOK_ENDPOINT),
  ENDPOINT_TEST("webhook_endpoint.test", Subject.WEBHOOK_ENDPOINT);

  /** What an event is about: the object's name in the API. */
  public enum Subject {
    PAYMENT, DISPUTE, SETTLEMENT, WEBHOOK_ENDPOINT
  }

  private static final Map<String, EventType> BY_WIRE = Arrays.stream(values())
      .collect(Collectors.toMap(EventType::wire, Function.identity()));

  private final String wire;
  private final Subject subject;
  private final @Nullable Status target;

  /** Of a payment, which it leaves where the event itself says. */
  EventType(String wire) {
    this(wire, Subject.PAYMENT, null);
  }

  /** Of a payment, which it always leaves in the status {@code target}. */
  EventType(String wire, Status target) {
    this(wire, Subject.PAYMENT, target);
  }

  EventType(String wire, Subject subject) { this(wire, subject, null); }

  EventType(String wire, Subject subject, @Nullable Status target) {
    this.wire = wire;
    this.subject = subject;
    this.target = target;
  }

  public Subject subject() { return subject; }

  /** The status that a payment always has after it; null when there is more than one, or no payment. */
  public @Nullable Status target() {
    return target;
  }

  /** The name in the journal, in Kafka's {@code ce_type} header and in the API. */
  public String wire() {
    return wire;
  }

  public static @Nullable EventType ofWire(String wire) { return BY_WIRE.get(wire); }
}
