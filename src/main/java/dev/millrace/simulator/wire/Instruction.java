package dev.millrace.simulator.wire;

import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentMethod.LaterEffect;
import dev.millrace.simulator.book.PaymentState.Status;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import org.jspecify.annotations.Nullable;

/**
 * Something asked of a payment that exists, or that happens to it, and the limits it is held to.
 *
 * @param amount
 *          in ISO 4217's minor units; {@link #ALL} for whatever is left
 * @param currency
 *          the currency the caller names; null where the wire has none there
 * @param about
 *          the capture, dispute or refund it ends or decides; {@link Movement#NOTHING} if none
 */
public record Instruction(int payment, Kind kind, long amount, @Nullable String currency,
    @Nullable String reference,
    @Nullable String note, @Nullable String metadata, int about) implements CheckResult, CallParameters {

  public static final long ALL = -1;

  public static Instruction of(int payment, Kind kind, @Nullable String reference) {
    return new Instruction(payment, kind, ALL, null, reference, null, null, Movement.NOTHING);
  }

  public Instruction amount(long wanted) {
    return new Instruction(payment, kind, wanted, currency, reference, note, metadata, about);
  }

  public Instruction currency(String wanted) {
    return new Instruction(payment, kind, amount, wanted, reference, note, metadata, about);
  }

  public Instruction note(@Nullable String text) {
    return new Instruction(payment, kind, amount, currency, reference, text, metadata, about);
  }

  public Instruction metadata(@Nullable String members) {
    return new Instruction(payment, kind, amount, currency, reference, note, members, about);
  }

  public Instruction about(int movement) {
    return new Instruction(payment, kind, amount, currency, reference, note, metadata, movement);
  }

  /** Whether it is one of the calls the {@code pm_sim_ops_…} methods make fail. */
  boolean isOperation() {
    return kind.isOperation();
  }

  /** The movement this comes to as the payment stands; refused ones carry their fault. */
  public Movement movement(PaymentState now, int number, @Nullable String key, long fingerprint,
      long created) {
    String known = reference != null ? reference : key;
    String shared = key != null && key.equals(known) ? known : key;
    Fault fault = fault(now);
    String noted = kind == Kind.REVERSAL
        ? now.captured() > 0 ? Movement.REFUNDED : Movement.CANCELED
        : note;
    return new Movement(number, payment, kind, known, shared, amountOf(now), created, fingerprint, about,
        fault, fault == Fault.CURRENCY ? currency : noted, metadata);
  }

  private long amountOf(PaymentState now) {
    if (amount != ALL) {
      return amount;
    }
    return switch (kind) {
      case REFUND -> Math.max(0, now.left());
      case DISPUTE -> now.left() > 0 ? now.left() : now.captured();
      case PARTIAL_CAPTURE, EXPIRY -> now.capturable();
      case CAPTURE_FAILURE -> now.captured();
      case CANCEL -> now.capturable() == 0 && now.status() == Status.SUCCEEDED
          ? now.captured()
          : now.capturable();
      case REVERSAL -> now.captured() > 0 ? Math.max(0, now.left()) : now.capturable();
      default -> now.entry().amount();
    };
  }

  private @Nullable Fault fault(PaymentState now) {
    if (isOperation() && now.entry().method().effect() == LaterEffect.OPERATIONS_REFUSED) {
      return Fault.REFUSED_FOR_GOOD;
    }
    if (currency != null && !currency.equals(now.entry().currency())) {
      return Fault.CURRENCY;
    }
    return switch (kind) {
      case CAPTURE, PARTIAL_CAPTURE -> captureFault(now);
      case CAPTURE_FAILURE ->
        now.captured() < Math.max(1, amountOf(now)) || ended(now) ? Fault.NOT_CAPTURABLE : null;
      case CANCEL -> cancelable(now) ? null : Fault.NOT_CANCELABLE;
      case EXPIRY -> now.capturable() > 0 ? null : Fault.NOT_CANCELABLE;
      case REFUND -> refundFault(now);
      case REVERSAL -> now.captured() > 0 ? refundFault(now) : cancelable(now) ? null : Fault.NOT_CANCELABLE;
      case DISPUTE -> disputeFault(now);
      case DISPUTE_WON, DISPUTE_LOST -> decisionFault(now);
      case RETURN -> returnFault(now);
      case RETURN_REVERSED -> now.returned() > 0 ? null : Fault.NOT_RETURNED;
      case COMPLETION, COMPLETION_FAILURE ->
        now.status() == Status.REQUIRES_ACTION || now.status() == Status.PROCESSING ? null : Fault.NO_ACTION;
      case AUTHENTICATION, AUTHENTICATION_FAILURE, TRY_REFUSED ->
        now.status() == Status.REQUIRES_ACTION ? null : Fault.NO_ACTION;
      case TRY_CHARGED -> triable(now) ? null : Fault.NO_ACTION;
      case REFUND_FAILURE -> ended(now) ? Fault.NOT_REFUNDABLE : null;
      case REFUND_SUCCESS, NOTICE -> null;
    };
  }

  private @Nullable Fault captureFault(PaymentState now) {
    if (now.capturable() == 0) {
      return Fault.NOT_CAPTURABLE;
    }
    return amountOf(now) > now.capturable() ? Fault.BEYOND_AUTHORIZED : null;
  }

  /** Whether what it is about has come to the same end before. */
  private boolean ended(PaymentState now) {
    return about != Movement.NOTHING
        && now.movements().stream().anyMatch(m -> m.about() == about && m.is(kind));
  }

  /**
   * Stripe also cancels what was declined or is being processed, Adyen the rest of what was captured in part;
   * the bank what it has not returned.
   */
  private static boolean cancelable(PaymentState now) {
    return switch (now.status()) {
      case REQUIRES_ACTION, AUTHORIZED -> true;
      case DECLINED, PROCESSING -> now.entry().wire() == Wire.STRIPE;
      case SUCCEEDED -> now.capturable() > 0
          || (now.entry().wire() == Wire.BANK && now.returned() == 0 && now.refunded() == 0);
      case CANCELED -> false;
    };
  }

  /**
   * Whether a try of the payer can still be charged. At Stripe it is the same intent, which is not to be
   * charged any more once it was canceled; at Adyen a try that was under way comes through.
   *
   * @see <a href="https://docs.stripe.com/payments/paymentintents/lifecycle">Stripe: lifecycle of a
   *   PaymentIntent</a>
   */
  private static boolean triable(PaymentState now) {
    return switch (now.status()) {
      case REQUIRES_ACTION, DECLINED -> true;
      case CANCELED -> now.entry().wire() == Wire.ADYEN;
      case PROCESSING, AUTHORIZED, SUCCEEDED -> false;
    };
  }

  private @Nullable Fault refundFault(PaymentState now) {
    if (now.returned() > 0) {
      return Fault.RETURNED;
    }
    if (now.captured() == 0) {
      return Fault.NOT_REFUNDABLE;
    }
    if (now.disputed() > 0) {
      return Fault.DISPUTED;
    }
    if (now.left() == 0) {
      return Fault.ALREADY_REFUNDED;
    }
    return amountOf(now) > now.left() ? Fault.BEYOND_REFUNDABLE : null;
  }

  /**
   * Whatever the amount, which may be more than was charged; several disputes may be about the same charge.
   *
   * @see <a href="https://docs.stripe.com/api/disputes/object#dispute_object-amount">Stripe: the amount of a
   *   dispute</a>
   * @see <a href="https://docs.stripe.com/refunds">Stripe: no disputes of what was refunded in full</a>
   */
  private static @Nullable Fault disputeFault(PaymentState now) {
    if (now.captured() == 0) {
      return Fault.NOT_REFUNDABLE;
    }
    return now.entry().wire() == Wire.STRIPE && now.refunded() >= now.captured()
        ? Fault.ALREADY_REFUNDED
        : null;
  }

  /** What is decided may be decided anew; at Stripe only what was lost. */
  private @Nullable Fault decisionFault(PaymentState now) {
    Kind stands = now.decision(about);
    boolean again = stands == null || stands == kind
        || (stands == Kind.DISPUTE_WON && now.entry().wire() == Wire.STRIPE);
    return again ? Fault.DISPUTE_CLOSED : null;
  }

  /** A bank returns a whole debit; what has been credited is not debited back from the merchant twice. */
  private static @Nullable Fault returnFault(PaymentState now) {
    if (now.returned() > 0) {
      return Fault.RETURNED;
    }
    return now.captured() == 0 || now.refunded() > 0 ? Fault.NOT_REFUNDABLE : null;
  }
}
