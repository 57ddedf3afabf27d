package dev.millrace.simulator.book;

import dev.millrace.simulator.book.Entry.Opening;
import dev.millrace.simulator.book.Movement.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a payment has come to by its entry and its first movements: computed from them alone, so that it can
 * be told again as it was at any of them.
 */
public final class PaymentState {
  /** Where a payment is. */
  public enum Status {
    REQUIRES_ACTION, PROCESSING, AUTHORIZED, SUCCEEDED, DECLINED, CANCELED
  }

  private final Entry entry;
  private final List<Movement> movements;
  private Status status;
  private long held;
  private long captured;
  private long refunded;
  private long disputed;
  private long returned;
  private @Nullable Movement ending;
  /** By the number of the dispute, how it stands: opened, won or lost. Few payments have any. */
  private @Nullable Map<Integer, Kind> disputes;

  /** {@code movements} may grow; each new one is to be handed to {@link #apply}. */
  PaymentState(Entry entry, List<Movement> movements) {
    this.entry = entry;
    this.movements = movements;
    this.status = switch (entry.opening()) {
      case CHARGED -> Status.SUCCEEDED;
      case DECLINED -> Status.DECLINED;
      case AUTHORIZED -> Status.AUTHORIZED;
      case ACTION -> Status.REQUIRES_ACTION;
      case PROCESSING -> Status.PROCESSING;
    };
    this.captured = status == Status.SUCCEEDED ? entry.amount() : 0;
    this.held = status == Status.AUTHORIZED ? entry.amount() : 0;
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
      case AUTHENTICATION, AUTHENTICATION_FAILURE, REFUND_SUCCESS, NOTICE -> {
        // Nothing has moved.
      }
      case COMPLETION, TRY_CHARGED -> approve(movement.amount());
      case COMPLETION_FAILURE -> status = Status.DECLINED;
      // At Stripe it waits for another payment method then; at Adyen the payer is still on the page.
      case TRY_REFUSED -> status = entry.wire() == Wire.STRIPE ? Status.DECLINED : status;
      case CAPTURE, PARTIAL_CAPTURE -> {
        status = Status.SUCCEEDED;
        captured += movement.amount();
        held = movement.kind() == Kind.CAPTURE ? 0 : held - movement.amount();
      }
      case CAPTURE_FAILURE -> {
        captured -= movement.amount();
        held += movement.amount();
        status = captured == 0 ? Status.AUTHORIZED : status;
      }
      case CANCEL, EXPIRY -> release(movement);
      case REVERSAL -> {
        if (Movement.CANCELED.equals(movement.note())) {
          release(movement);
        } else {
          refunded += movement.amount();
        }
      }
      case REFUND -> refunded += movement.amount();
      case REFUND_FAILURE -> refunded -= movement.amount();
      case DISPUTE, DISPUTE_WON, DISPUTE_LOST -> dispute(movement);
      case RETURN -> returned += movement.amount();
      case RETURN_REVERSED -> returned -= movement.amount();
    }
  }

  private void approve(long amount) {
    boolean manual = entry.terms().manual();
    status = manual ? Status.AUTHORIZED : Status.SUCCEEDED;
    held = manual ? amount : 0;
    captured = manual ? 0 : amount;
    ending = null;
  }

  /** What was captured stays so; a bank cancels what it has taken. */
  private void release(Movement movement) {
    held = 0;
    if (captured == 0 || entry.wire() == Wire.BANK) {
      status = Status.CANCELED;
      captured = 0;
      ending = movement;
    }
  }

  private void dispute(Movement movement) {
    if (disputes == null) {
      disputes = new HashMap<>();
    }
    boolean opens = movement.kind() == Kind.DISPUTE;
    Kind before = disputes.put(opens ? movement.number() : movement.about(), movement.kind());
    if (opens || (movement.kind() == Kind.DISPUTE_LOST && before == Kind.DISPUTE_WON)) {
      disputed += movement.amount();
    } else if (movement.kind() == Kind.DISPUTE_WON) {
      disputed -= movement.amount();
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
        || first(Kind.COMPLETION) != null || first(Kind.TRY_CHARGED) != null;
    return ever ? entry.amount() : 0;
  }

  /** What is held and not captured. */
  public long capturable() {
    return held;
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

  /** What the merchant still has of it; below zero where a dispute took more than there was. */
  public long left() {
    return captured - refunded - disputed - returned;
  }

  /** The cancellation or expiry that ended it. */
  @Nullable
  public Movement ending() {
    return ending;
  }

  /** The newest dispute that is open; where none is, the newest at all. */
  @Nullable
  public Movement dispute() {
    Movement newest = null;
    for (Movement movement : movements.reversed()) {
      if (movement.is(Kind.DISPUTE)) {
        if (decision(movement.number()) == Kind.DISPUTE) {
          return movement;
        }
        newest = newest == null ? movement : newest;
      }
    }
    return newest;
  }

  /** How the dispute of this number stands: {@code DISPUTE} while it is open; null if there is none. */
  @Nullable
  public Kind decision(int dispute) {
    return disputes == null ? null : disputes.get(dispute);
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

  /** The newest movement of a kind that was carried out. */
  @Nullable
  public Movement last(Kind kind) {
    for (Movement movement : movements.reversed()) {
      if (movement.is(kind)) {
        return movement;
      }
    }
    return null;
  }

  /** The newest movement that ended or decided a capture, refund or dispute; null if it is still open. */
  @Nullable
  public Movement endOf(Movement begun) {
    for (Movement movement : movements.reversed()) {
      if (movement.about() == begun.number() && movement.carriedOut()) {
        return movement;
      }
    }
    return null;
  }

  /** Whether a refund of this payment is still on its way. */
  public boolean pending(Movement refund) {
    return refund.is(Kind.REFUND) && entry.method().effect().refundsPend() && endOf(refund) == null;
  }

  /** The one word the book has for it. */
  public String word() {
    return switch (status) {
      case REQUIRES_ACTION -> "requires_action";
      case PROCESSING -> "processing";
      case AUTHORIZED -> "authorized";
      case DECLINED -> "declined";
      case CANCELED -> "canceled";
      case SUCCEEDED -> returned > 0 ? "returned" : disputed > 0 ? disputeWord() : refundWord();
    };
  }

  private String disputeWord() {
    return disputes != null && disputes.containsValue(Kind.DISPUTE) ? "disputed" : "charged_back";
  }

  private String refundWord() {
    return refunded == 0 ? "succeeded" : refunded < captured ? "partially_refunded" : "refunded";
  }
}
