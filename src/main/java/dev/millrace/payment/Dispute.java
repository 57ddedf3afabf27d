package dev.millrace.payment;

import org.jspecify.annotations.Nullable;

/**
 * A dispute of a payment: an object of its own at the provider, of which a payment may have several.
 *
 * @param id the provider's name of it
 * @param amount minor units that are, or were, held
 * @param excess what of them is beyond what the payment had left to take
 * @param decisions how often it was decided
 * @param decided when for the last time, Unix seconds by the provider's clock; null where it does not say
 */
public record Dispute(String id, long amount, long excess, State state, int decisions,
    @Nullable Long decided) {
  /** How far it has come, seen from the merchant. */
  public enum State {
    OPEN, WON, LOST
  }

  /** Not decided yet. */
  public boolean open() { return state == State.OPEN; }

  /** What of the payment is held for it, or was withdrawn. */
  public long taken() {
    return state == State.WON ? 0 : amount - excess;
  }

  /** A dispute that begins. */
  static Dispute opened(String id, long amount, long excess) {
    return new Dispute(id, amount, excess, State.OPEN, 0, null);
  }

  Dispute to(State next, @Nullable Long at) {
    return new Dispute(id, amount, excess, next, decisions + 1, at);
  }

  Dispute reopened(long beyond) {
    return new Dispute(id, amount, beyond, State.OPEN, decisions, decided);
  }
}
