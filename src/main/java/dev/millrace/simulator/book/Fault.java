package dev.millrace.simulator.book;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Why the provider did not carry out what it was asked for; each wire has its own words for it. */
public enum Fault {
  /** There is nothing authorized to capture. */
  NOT_CAPTURABLE,
  /** More than was authorized. */
  BEYOND_AUTHORIZED,
  /** It has been captured, or canceled, or has failed. */
  NOT_CANCELABLE,
  /** Nothing was charged. */
  NOT_REFUNDABLE,
  /** Everything has been refunded. */
  ALREADY_REFUNDED,
  /** More than is left. */
  BEYOND_REFUNDABLE,
  /** The payer has disputed it. */
  DISPUTED,
  /** The payer's bank has sent it back. */
  RETURNED,
  /** The payer's bank has not sent it back. */
  NOT_RETURNED,
  /** The dispute has been decided so. */
  DISPUTE_CLOSED,
  /** The payment does not wait for its payer. */
  NO_ACTION,
  /** In another currency than the payment. */
  CURRENCY,
  /** The payment method has it refused whatever is asked. */
  REFUSED_FOR_GOOD;

  private static final Map<String, Fault> BY_TEXT = new HashMap<>();
  static {
    for (Fault fault : values()) {
      BY_TEXT.put(fault.text, fault);
    }
  }
  private final String text = name().toLowerCase(Locale.ROOT);

  /** As the book has it. */
  public String text() {
    return text;
  }

  static @Nullable Fault of(String text) {
    return BY_TEXT.get(text);
  }
}
