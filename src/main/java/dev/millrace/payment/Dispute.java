package dev.millrace.payment;

import org.jspecify.annotations.Nullable;

/**
 * A dispute of a payment: an object of its own at the provider, of which a payment may have several.
 *
 * @param id the provider's name of it
 * @param amount minor units that are, or were, held
 * @param decisions how often it was decided
 * @param decided when for the last time, Unix seconds by the provider's clock; null where it does not say
 * @param told of when the provider's last word on its amount is, by the same clock
 * @param returned what came back of it in parts, and may be taken again
 * @param reason the provider's word for why; null where it does not say
 * @param evidenceDue until when it can be answered, Unix seconds; null where it does not say
 */
public record Dispute(String id, long amount, State state, int decisions, @Nullable Long decided,
    @Nullable Long told, long returned, @Nullable String reason, @Nullable Long evidenceDue) {
  /** How far it has come, seen from the merchant. */
  public enum State {
    OPEN, WON, LOST
  }

  /** Not decided yet. */
  public boolean open() { return state == State.OPEN; }

  /** What is held for it, or was withdrawn. */
  public long taken() {
    return state == State.WON ? 0 : amount;
  }

  /** A dispute that begins. */
  static Dispute opened(String id, long amount, @Nullable Long told, @Nullable String reason,
      @Nullable Long evidenceDue) {
    return new Dispute(id, amount, State.OPEN, 0, null, told, 0, reason, evidenceDue);
  }

  Dispute to(State next, @Nullable Long at) {
    return new Dispute(id, amount, next, decisions + 1, at, at == null ? told : at, returned, reason,
        evidenceDue);
  }

  Dispute reopened(long of) {
    return new Dispute(id, of, State.OPEN, decisions, decided, told, returned, reason, evidenceDue);
  }

  /** With another amount, and another reason and due date unless they are null. */
  Dispute changed(long other, long at, long back, @Nullable String why, @Nullable Long due) {
    return new Dispute(id, other, state, decisions, decided, at, back, why == null ? reason : why,
        due == null ? evidenceDue : due);
  }
}
