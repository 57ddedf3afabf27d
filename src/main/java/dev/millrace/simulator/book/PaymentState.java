package dev.millrace.simulator.book;

import dev.millrace.simulator.book.Entry.Opening;
import dev.millrace.simulator.book.Movement.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a payment has come to by its entry and its first movements: computed from them alone, so that it can
 * be told again as it was at any of them.
 */
public final class PaymentState {
  /** Where a payment is. */
  public enum Status {
    REQUIRES_ACTION, AUTHORIZED, SUCCEEDED, DECLINED, CANCELED
  }

  private final Entry entry;
  private final List<Movement> movements;
  private Status status;
  private long captured;
  private long refunded;
  private long disputed;
  private long returned;
  private @Nullable Movement ending;
  private @Nullable Movement dispute;

  /** {@code movements} may grow; each new one is to be handed to {@link #apply}. */
  PaymentState(Entry entry, List<Movement> movements) {
    this.entry = entry;
    this.movements = movements;
    this.status = switch (entry.opening()) {
      case CHARGED -> Status.SUCCEEDED;
      case DECLINED -> Status.DECLINED;
      case AUTHORIZED -> Status.AUTHORIZED;
      case ACTION -> Status.REQUIRES_ACTION;
    };
    this.captured = status == Status.SUCCEEDED ? entry.amount() : 0;
    for (Movement movement : movements) {
      apply(movement);
    }
  }

  /** A payment as it was when it began. */
  public static PaymentState opening(Entry entry) {
    return new PaymentState(entry, List.of());
  }

  void apply(Movement movement) {
    if (!movement.carriedOut()) {
      return;
    }
    switch (movement.kind()) {
      case AUTHENTICATION, AUTHENTICATION_FAILURE, REFUND_SUCCESS -> {
        // Nothing has moved.
      }
      case COMPLETION -> {
        status = entry.terms().manual() ? Status.AUTHORIZED : Status.SUCCEEDED;
        captured = entry.terms().manual() ? 0 : movement.amount();
      }
      case COMPLETION_FAILURE -> status = Status.DECLINED;
      case CAPTURE -> {
        status = Status.SUCCEEDED;
        captured = movement.amount();
      }
      case CANCEL, EXPIRY -> {
        status = Status.CANCELED;
        captured = 0;
        ending = movement;
      }
      case REFUND -> refunded += movement.amount();
      case REFUND_FAILURE -> refunded -= movement.amount();
      case DISPUTE -> {
        disputed += movement.amount();
        dispute = movement;
      }
      case DISPUTE_WON -> {
        disputed -= movement.amount();
        dispute = null;
      }
      case DISPUTE_LOST -> dispute = null;
      case RETURN -> returned += movement.amount();
    }
  }

  public Entry entry() {
    return entry;
  }

  /** The movements it was computed from, refused ones too. */
  public List<Movement> movements() {
    return movements;
  }

  public Status status() {
    return status;
  }

  /** What was once authorized or charged, whatever became of it. */
  public long authorized() {
    Opening opening = entry.opening();
    boolean ever = opening == Opening.CHARGED || opening == Opening.AUTHORIZED
        || first(Kind.COMPLETION) != null;
    return ever ? entry.amount() : 0;
  }

  public long capturable() {
    return status == Status.AUTHORIZED ? entry.amount() : 0;
  }

  public long captured() {
    return captured;
  }

  /** Refunds that have arrived or are on their way. */
  public long refunded() {
    return refunded;
  }

  /** Disputes that are open or lost. */
  public long disputed() {
    return disputed;
  }

  public long returned() {
    return returned;
  }

  /** What the merchant still has of it. */
  public long left() {
    return captured - refunded - disputed - returned;
  }

  /** The cancellation or expiry that ended it. */
  @Nullable
  public Movement ending() {
    return ending;
  }

  /** The dispute that is open. */
  @Nullable
  public Movement openDispute() {
    return dispute;
  }

  /** The first movement of a kind that was carried out. */
  @Nullable
  public Movement first(Kind kind) {
    for (Movement movement : movements) {
      if (movement.is(kind)) {
        return movement;
      }
    }
    return null;
  }

  /** The movement that ended a refund or dispute; null if it is still open. */
  @Nullable
  public Movement endOf(Movement begun) {
    for (Movement movement : movements) {
      if (movement.about() == begun.number() && movement.carriedOut()) {
        return movement;
      }
    }
    return null;
  }

  /** Whether a refund of this payment is still on its way. */
  public boolean pending(Movement refund) {
    return refund.is(Kind.REFUND) && entry.method().effect().refundsTakeAWhile() && endOf(refund) == null;
  }

  /** The one word the book has for it. */
  public String word() {
    return switch (status) {
      case REQUIRES_ACTION -> "requires_action";
      case AUTHORIZED -> "authorized";
      case DECLINED -> "declined";
      case CANCELED -> "canceled";
      case SUCCEEDED -> returned > 0 ? "returned" : disputed > 0 ? disputeWord() : refundWord();
    };
  }

  private String disputeWord() {
    return dispute != null ? "disputed" : "charged_back";
  }

  private String refundWord() {
    return refunded == 0 ? "succeeded" : refunded < captured ? "partially_refunded" : "refunded";
  }
}
