package dev.millrace.payment;

/**
 * A dispute of a payment.
 *
 * @param id the provider's name of it
 * @param amount minor units that are, or were, held
 */
public record Dispute(String id, long amount, State state) {
  /** How far it has come, seen from the merchant. */
  public enum State {
    OPEN, WON, LOST
  }

  /** Not decided yet. */
  public boolean open() { return state == State.OPEN; }
}
