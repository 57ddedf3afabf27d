package dev.millrace.payment;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where a payment stands. {@link Transitions} says how it gets from one to another. */
public enum Status {
  /** Accepted and durable; screening passed or still ahead. */
  INITIATED(false),
  /** Refused by a screening rule or an operator. No money moved. */
  BLOCKED(true),
  /** Waits for an operator to release or block it. */
  IN_REVIEW(true),
  /** The intent to call the provider is committed; the outcome is not yet. */
  PROVIDER_SUBMITTED(false),
  /** The payer must do something at the provider, 3-D Secure for example. */
  REQUIRES_ACTION(true),
  /** The provider gave no usable answer: inquired until it is certain, never declined on a guess. */
  UNKNOWN(false),
  /** The provider has taken it and will say later what becomes of it: hours or days, by the method. */
  PROCESSING(true),
  /** The provider holds the amount for us until it is captured, canceled or expires. No money has moved. */
  AUTHORIZED(true),
  /** The provider has charged the payer. */
  CONFIRMED(false),
  /** The provider refused. No money moved. */
  DECLINED(true),
  /** Canceled before any money moved; an authorization was given back. */
  VOIDED(true),
  /** The authorization, or the time for the payer's action, has run out. No money moved. */
  EXPIRED(true),
  /** Netted into a settlement batch, the merchant's to dispose of. */
  SETTLED(true),
  /** A part of what was captured went back to the payer. */
  PARTIALLY_REFUNDED(true),
  /** All that was captured went back to the payer. */
  REFUNDED(true),
  /** The payer disputes it at the bank; the amount is held until that is decided. */
  DISPUTED(true),
  /** The dispute was lost: the amount was withdrawn. */
  CHARGED_BACK(true),
  /** The payer's bank sent a debit back. */
  RETURNED(true);

  private static final Map<String, Status> BY_WIRE = Arrays.stream(values())
      .collect(Collectors.toMap(Status::wire, Function.identity()));

  private final boolean atRest;
  private final String wire;

  Status(boolean atRest) {
    this.atRest = atRest;
    this.wire = name().toLowerCase(Locale.ROOT);
  }

  /** Nothing more happens to the payment by itself: it does not count as open work. */
  public boolean atRest() {
    return atRest;
  }

  /** The name in the API, the journal and the database. */
  public String wire() { return wire; }

  /** The status of a wire name, or null. */
  public static @Nullable Status ofWire(String wire) {
    return BY_WIRE.get(wire);
  }
}
