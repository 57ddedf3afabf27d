package dev.millrace.payment;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What can happen to a payment, and to a settlement batch. Wire names are part of the public contract. */
public enum EventType {
  INITIATED("payment.initiated"), SCREENED("payment.screened"), BLOCKED(
      "payment.blocked"), PROVIDER_SUBMITTED("payment.provider_submitted"), UNKNOWN(
          "payment.unknown"), CONFIRMED("payment.confirmed"), DECLINED(
              "payment.declined"), SETTLED("payment.settled"), SETTLEMENT_POSTED("settlement.posted");

  private static final Map<String, EventType> BY_WIRE = Arrays.stream(values())
      .collect(Collectors.toMap(EventType::wire, Function.identity()));

  private final String wire;

  EventType(String wire) { this.wire = wire; }

  /** The name in the journal, in Kafka's {@code ce_type} header and in the API. */
  public String wire() {
    return wire;
  }

  public static @Nullable EventType ofWire(String wire) { return BY_WIRE.get(wire); }
}
