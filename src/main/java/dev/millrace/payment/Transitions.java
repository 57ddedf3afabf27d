package dev.millrace.payment;

import static dev.millrace.payment.Status.BLOCKED;
import static dev.millrace.payment.Status.CONFIRMED;
import static dev.millrace.payment.Status.DECLINED;
import static dev.millrace.payment.Status.INITIATED;
import static dev.millrace.payment.Status.IN_REVIEW;
import static dev.millrace.payment.Status.PROVIDER_SUBMITTED;
import static dev.millrace.payment.Status.SETTLED;
import static dev.millrace.payment.Status.UNKNOWN;

import java.util.Set;

/** The one table of permitted moves. What does not stand in it is refused. */
public final class Transitions {
  /** From a status, by an event, to a status. */
  public record Move(Status from, EventType event, Status to) {}

  private static final Set<Move> PERMITTED = Set.of(
      new Move(INITIATED, EventType.SCREENED, INITIATED),
      new Move(INITIATED, EventType.SCREENED, IN_REVIEW),
      new Move(INITIATED, EventType.BLOCKED, BLOCKED),
      new Move(IN_REVIEW, EventType.SCREENED, INITIATED),
      new Move(IN_REVIEW, EventType.BLOCKED, BLOCKED),
      new Move(INITIATED, EventType.PROVIDER_SUBMITTED, PROVIDER_SUBMITTED),
      new Move(PROVIDER_SUBMITTED, EventType.CONFIRMED, CONFIRMED),
      new Move(PROVIDER_SUBMITTED, EventType.DECLINED, DECLINED),
      new Move(PROVIDER_SUBMITTED, EventType.UNKNOWN, UNKNOWN),
      new Move(UNKNOWN, EventType.CONFIRMED, CONFIRMED),
      new Move(UNKNOWN, EventType.DECLINED, DECLINED),
      new Move(CONFIRMED, EventType.SETTLED, SETTLED));

  private Transitions() {}

  /** Every permitted move. */
  public static Set<Move> permitted() { return PERMITTED; }

  /**
   * The status after {@code event}.
   *
   * @throws IllegalStateException when the table has no such move: a defect of the caller, which must have read the
   *     status before
   */
  public static Status after(Status from, PaymentEvent event) {
    Status to = event.target();
    if (!PERMITTED.contains(new Move(from, event.type(), to))) {
      throw new IllegalStateException(
          event.type().wire() + " may not move a payment from " + from.wire() + " to " + to.wire());
    }
    return to;
  }
}
