package dev.millrace.payment;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that is to be done to a payment at its provider, and how far it has come.
 *
 * @param id {@code cap_…}, {@code can_…}, {@code re_…} or {@code rev_…}
 * @param amount minor units; 0 for a cancellation
 * @param reason why, where somebody said so
 * @param attempt our reference of the provider call, once it is submitted
 */
public record Operation(String id, Kind kind, State state, long amount, @Nullable String reason,
    @Nullable String attempt) {

  /** What is to be done. */
  public enum Kind {
    CAPTURE,
    CANCEL,
    REFUND,
    /** Gives back what was charged or held for a payment that does not need it ({@link StrayCharge}). */
    REVERSAL;

    /** The name in the API and the database. */
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How far it has come. */
  public enum State {
    /** Durable; the provider has not been called. */
    REQUESTED,
    /** The intent to call the provider is committed; the outcome is not yet. */
    SUBMITTED,
    /** The provider gave no usable answer: inquired until it is certain. */
    UNKNOWN,
    SUCCEEDED,
    FAILED;

    /** The name in the API and the database. */
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Still to be done or under way. */
  public boolean open() {
    return state != State.SUCCEEDED && state != State.FAILED;
  }

  Operation to(State next) { return new Operation(id, kind, next, amount, reason, attempt); }

  Operation submitted(String reference) {
    return new Operation(id, kind, State.SUBMITTED, amount, reason, reference);
  }
}
