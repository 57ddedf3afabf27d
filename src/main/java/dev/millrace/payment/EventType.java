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
  INITIATED("payment.initiated", Subject.PAYMENT), SCREENED("payment.screened",
      Subject.PAYMENT), BLOCKED("payment.blocked", Subject.PAYMENT), PROVIDER_SUBMITTED(
          "payment.provider_submitted", Subject.PAYMENT), UNKNOWN("payment.unknown",
              Subject.PAYMENT), CONFIRMED("payment.confirmed", Subject.PAYMENT), DECLINED("payment.declined",
                  Subject.PAYMENT), SETTLED("payment.settled", Subject.PAYMENT), SETTLEMENT_POSTED(
                      "settlement.posted", Subject.SETTLEMENT), ENDPOINT_DISABLED("webhook_endpoint.disabled",
                          Subject.WEBHOOK_ENDPOINT), ENDPOINT_TEST("webhook_endpoint.test",
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
