package dev.millrace.payment;

import static dev.millrace.payment.Status.AUTHORIZED;
import static dev.millrace.payment.Status.BLOCKED;
import static dev.millrace.payment.Status.CHARGED_BACK;
import static dev.millrace.payment.Status.CONFIRMED;
import static dev.millrace.payment.Status.DECLINED;
import static dev.millrace.payment.Status.DISPUTED;
import static dev.millrace.payment.Status.EXPIRED;
import static dev.millrace.payment.Status.INITIATED;
import static dev.millrace.payment.Status.IN_REVIEW;
import static dev.millrace.payment.Status.PARTIALLY_REFUNDED;
import static dev.millrace.payment.Status.PROCESSING;
import static dev.millrace.payment.Status.PROVIDER_SUBMITTED;
import static dev.millrace.payment.Status.REFUNDED;
import static dev.millrace.payment.Status.REQUIRES_ACTION;
import static dev.millrace.payment.Status.RETURNED;
import static dev.millrace.payment.Status.SETTLED;
import static dev.millrace.payment.Status.UNKNOWN;
import static dev.millrace.payment.Status.VOIDED;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The one table of permitted moves. What does not stand in it is refused. */
public final class Transitions {
  /** From a status, by an event, to a status. */
  public record Move(Status from, EventType event, Status to) {}

  private static final Set<Move> PERMITTED = new HashSet<>();

  static {
    from(INITIATED).by(EventType.SCREENED, INITIATED, IN_REVIEW).by(EventType.BLOCKED, BLOCKED)
        .by(EventType.PROVIDER_SUBMITTED, PROVIDER_SUBMITTED).by(EventType.DECLINED, DECLINED);
    from(IN_REVIEW).by(EventType.SCREENED, INITIATED).by(EventType.BLOCKED, BLOCKED)
        .by(EventType.VOIDED, VOIDED);

    // A second submission is the failover after a refusal that is certain.
    from(PROVIDER_SUBMITTED).by(EventType.PROVIDER_SUBMITTED, PROVIDER_SUBMITTED)
        .by(EventType.UNKNOWN, UNKNOWN);
    from(PROVIDER_SUBMITTED, UNKNOWN, PROCESSING).by(EventType.REQUIRES_ACTION, REQUIRES_ACTION);
    from(PROVIDER_SUBMITTED, UNKNOWN, REQUIRES_ACTION).by(EventType.PROCESSING, PROCESSING);
    from(PROVIDER_SUBMITTED, UNKNOWN, REQUIRES_ACTION, PROCESSING).by(EventType.AUTHORIZED, AUTHORIZED)
        .by(EventType.CONFIRMED, CONFIRMED).by(EventType.DECLINED, DECLINED);
    from(REQUIRES_ACTION).by(EventType.ACTION_RETURNED, REQUIRES_ACTION)
        .by(EventType.TRY_REFUSED, REQUIRES_ACTION);

    from(AUTHORIZED).by(EventType.CAPTURE_REQUESTED, AUTHORIZED).by(EventType.CONFIRMED, CONFIRMED);
    from(REQUIRES_ACTION, PROCESSING, AUTHORIZED).by(EventType.VOIDED, VOIDED).by(EventType.EXPIRED, EXPIRED);
    stays(EventType.CANCEL_REQUESTED, REQUIRES_ACTION, AUTHORIZED);

    from(CONFIRMED).by(EventType.SETTLED, SETTLED);
    // What is posted later is settled later: the status tells more by then.
    Status[] any = Status.values();
    for (Status status : any) if (status != CONFIRMED) stays(EventType.SETTLED, status);

    // What no dispute holds can be refunded.
    stays(EventType.REFUND_REQUESTED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED, DISPUTED, CHARGED_BACK);
    from(CONFIRMED, SETTLED, PARTIALLY_REFUNDED).by(EventType.REFUNDED, PARTIALLY_REFUNDED, REFUNDED);
    // What was captured came to nothing, and went back or is disputed all the same.
    from(AUTHORIZED).by(EventType.REFUNDED, REFUNDED).by(EventType.DISPUTED, DISPUTED);
    // More than there was went back, or it was carried out before the payer's bank came in between.
    stays(EventType.REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK, RETURNED);

    from(CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED).by(EventType.RETURNED, RETURNED);
    from(CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK)
        .by(EventType.DISPUTED, DISPUTED);
    // One of several disputes may end while another is open.
    from(DISPUTED)
        .by(EventType.DISPUTE_WON, AUTHORIZED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED,
            CHARGED_BACK)
        .by(EventType.CHARGED_BACK, CHARGED_BACK, DISPUTED);

    // A capture that the merchant made at the provider itself.
    stays(EventType.CAPTURED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK,
        RETURNED);
    from(REFUNDED).by(EventType.CAPTURED, PARTIALLY_REFUNDED);

    // The way back: what was final is so no longer.
    from(CONFIRMED, SETTLED).by(EventType.CAPTURE_REVERSED, AUTHORIZED);
    stays(EventType.CAPTURE_REVERSED, AUTHORIZED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED,
        CHARGED_BACK, RETURNED);
    from(PARTIALLY_REFUNDED).by(EventType.CAPTURE_REVERSED, REFUNDED);
    from(PARTIALLY_REFUNDED, REFUNDED)
        .by(EventType.REFUND_REVERSED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED);
    // All that was captured has come to nothing as well.
    from(REFUNDED).by(EventType.REFUND_REVERSED, AUTHORIZED);
    // Of a refund that was all beyond what was left, nothing of the payment's comes back.
    stays(EventType.REFUND_REVERSED, AUTHORIZED, VOIDED, EXPIRED, CONFIRMED, SETTLED, REFUNDED, DISPUTED,
        CHARGED_BACK, RETURNED);
    from(CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK)
        .by(EventType.DISPUTE_REOPENED, DISPUTED);
    from(CHARGED_BACK, DISPUTED).by(EventType.CHARGEBACK_REVERSED, AUTHORIZED, CONFIRMED, SETTLED,
        PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK);
    // A dispute of another amount stands as it did.
    stays(EventType.DISPUTE_CHANGED, AUTHORIZED, VOIDED, EXPIRED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED,
        REFUNDED, DISPUTED, CHARGED_BACK, RETURNED);
    from(RETURNED).by(EventType.RETURN_REVERSED, AUTHORIZED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED,
        REFUNDED);

    // A charge that came after the end, or at another account than the payment's, is given back beside it.
    stays(EventType.LATE_CHARGE, any);
    stays(EventType.LATE_CHARGE_RETURNED, any);
    stays(EventType.LATE_CHARGE_KEPT, any);
    stays(EventType.LATE_CHARGE_RETRIED, any);
    stays(EventType.PROVIDER_NOTICE, any);
    stays(EventType.CORRECTED, any);

    // An operation that is under way ends wherever the payment has got to meanwhile.
    Status[] captureOrCancelOpen = {REQUIRES_ACTION, AUTHORIZED, CONFIRMED, DECLINED, VOIDED, EXPIRED,
        SETTLED,
        PARTIALLY_REFUNDED, REFUNDED, DISPUTED, CHARGED_BACK, RETURNED};
    stays(EventType.OPERATION_SUBMITTED, any);
    stays(EventType.OPERATION_UNKNOWN, any);
    stays(EventType.CANCEL_FAILED, captureOrCancelOpen);
    stays(EventType.CANCEL_FAILED, PROCESSING);
    stays(EventType.CAPTURE_FAILED, AUTHORIZED, CONFIRMED, VOIDED, EXPIRED, SETTLED, PARTIALLY_REFUNDED,
        REFUNDED, DISPUTED, CHARGED_BACK, RETURNED);
    // Also when all that was captured came to nothing meanwhile.
    stays(EventType.REFUND_FAILED, AUTHORIZED, VOIDED, EXPIRED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED,
        REFUNDED, DISPUTED, CHARGED_BACK, RETURNED);
  }

  private Transitions() {}

  private record From(List<Status> statuses) {
    From by(EventType event, Status... targets) {
      for (Status from : statuses) for (Status to : targets) PERMITTED.add(new Move(from, event, to));
      return this;
    }
  }

  private static From from(Status... statuses) { return new From(List.of(statuses)); }

  private static void stays(EventType event, Status... statuses) {
    for (Status status : statuses) PERMITTED.add(new Move(status, event, status));
  }

  /** Every permitted move. */
  public static Set<Move> permitted() { return Set.copyOf(PERMITTED); }

  /** Whether the table has a move from {@code from} by an event of this type. */
  public static boolean permits(Status from, PaymentEvent event) {
    return PERMITTED.contains(new Move(from, event.type(), event.target()));
  }

  /**
   * The status after {@code event}.
   *
   * @throws IllegalStateException when the table has no such move: a defect of the caller, which must have
   *   read the status before
   */
  public static Status after(Status from, PaymentEvent event) {
    Status to = event.target();
    if (!permits(from, event)) {
      throw new IllegalStateException(
          event.type().wire() + " may not move a payment from " + from.wire() + " to " + to.wire());
    }
    return to;
  }
}
