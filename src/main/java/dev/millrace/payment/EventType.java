package dev.millrace.payment;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What can happen to a payment, to a settlement batch and to a webhook endpoint. Wire names are part of the public
 * contract.
 */
public enum EventType {
  INITIATED("payment.initiated", Subject.PAYMENT), SCREENED("payment.screened", Subject.PAYMENT), BLOCKED(
      "payment.blocked",
      Subject.PAYMENT), PROVIDER_SUBMITTED("payment.provider_submitted", Subject.PAYMENT), REQUIRES_ACTION(
          "payment.requires_action",
          Subject.PAYMENT), ACTION_RETURNED("payment.action_returned", Subject.PAYMENT), UNKNOWN(
              "payment.unknown",
              Subject.PAYMENT), AUTHORIZED("payment.authorized", Subject.PAYMENT), CONFIRMED(
                  "payment.confirmed",
                  Subject.PAYMENT), DECLINED("payment.declined", Subject.PAYMENT), CAPTURE_REQUESTED(
                      "payment.capture_requested", Subject.PAYMENT), CAPTURE_FAILED("payment.capture_failed",
                          Subject.PAYMENT), CANCEL_REQUESTED("payment.cancel_requested",
                              Subject.PAYMENT), CANCEL_FAILED("payment.cancel_failed",
                                  Subject.PAYMENT), VOIDED("payment.voided", Subject.PAYMENT), EXPIRED(
                                      "payment.expired", Subject.PAYMENT), REFUND_REQUESTED(
                                          "payment.refund_requested", Subject.PAYMENT), REFUND_FAILED(
                                              "payment.refund_failed", Subject.PAYMENT), REFUNDED(
                                                  "payment.refunded", Subject.PAYMENT), OPERATION_SUBMITTED(
                                                      "payment.operation_submitted",
                                                      Subject.PAYMENT), OPERATION_UNKNOWN(
                                                          "payment.operation_unknown",
                                                          Subject.PAYMENT), SETTLED("payment.settled",
                                                              Subject.PAYMENT), DISPUTED("payment.disputed",
                                                                  Subject.PAYMENT), DISPUTE_WON(
                                                                      "payment.dispute_won",
                                                                      Subject.PAYMENT), CHARGED_BACK(
                                                                          "payment.charged_back",
                                                                          Subject.PAYMENT), RETURNED(
                                                                              "payment.returned",
                                                                              Subject.PAYMENT), SETTLEMENT_POSTED(
                                                                                  "settlement.posted",
                                                                                  Subject.SETTLEMENT), ENDPOINT_DISABLED(
                                                                                      "webhook_endpoint.disabled",
                                                                                      Subject.WEBHOOK_ENDPOINT), ENDPOINT_TEST(
                                                                                          "webhook_endpoint.test",
                                                                                          Subject.WEBHOOK_ENDPOINT);

  /** What an event is about: the object's name in the API. */
  public enum Subject {
    PAYMENT, SETTLEMENT, WEBHOOK_ENDPOINT
  }

  private static final Map<String, EventType> BY_WIRE = Arrays.stream(values())
      .collect(Collectors.toMap(EventType::wire, Function.identity()));

  private final String wire;
  private final Subject subject;

  EventType(String wire, Subject subject) {
    this.wire = wire;
    this.subject = subject;
  }

  public Subject subject() { return subject; }

  /** The name in the journal, in Kafka's {@code ce_type} header and in the API. */
  public String wire() {
    return wire;
  }

  public static @Nullable EventType ofWire(String wire) { return BY_WIRE.get(wire); }
}
