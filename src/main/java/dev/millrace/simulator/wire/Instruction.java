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
 * Something asked of a payment that exists, and the limits it is held to.
 *
 * @param amount
 *          in ISO 4217's minor units; {@link #ALL} for whatever is left
 * @param currency
 *          the currency the caller names; null where the wire has none there
 * @param about
 *          the dispute or refund it ends; {@link Movement#NOTHING} if none
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
    return new Movement(number, payment, kind, known, shared, amountOf(now), created, fingerprint, about,
        fault, fault == Fault.CURRENCY ? currency : note, metadata);
  }

  private long amountOf(PaymentState now) {
    if (amount != ALL) {
      return amount;
    }
    return switch (kind) {
      case REFUND, DISPUTE -> Math.max(0, now.left());
      case CANCEL, EXPIRY -> now.status() == Status.SUCCEEDED ? now.captured() : now.capturable();
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
      case CAPTURE -> captureFault(now);
      case CANCEL -> cancelable(now) ? null : Fault.NOT_CANCELABLE;
      case EXPIRY -> now.status() == Status.AUTHORIZED ? null : Fault.NOT_CANCELABLE;
      case REFUND -> refundFault(now);
      case DISPUTE -> disputeFault(now);
      case DISPUTE_WON, DISPUTE_LOST -> now.openDispute() != null ? null : Fault.DISPUTE_CLOSED;
      case RETURN -> returnFault(now);
      case COMPLETION, COMPLETION_FAILURE, AUTHENTICATION, AUTHENTICATION_FAILURE ->
        now.status() == Status.REQUIRES_ACTION ? null : Fault.NO_ACTION;
      case REFUND_SUCCESS, REFUND_FAILURE -> null;
    };
  }

  private @Nullable Fault captureFault(PaymentState now) {
    if (now.status() != Status.AUTHORIZED) {
      return Fault.NOT_CAPTURABLE;
    }
    return amountOf(now) > now.capturable() ? Fault.BEYOND_AUTHORIZED : null;
  }

  /** Stripe also cancels what was declined; the bank what it has not returned. */
  private static boolean cancelable(PaymentState now) {
    return switch (now.status()) {
      case REQUIRES_ACTION, AUTHORIZED -> true;
      case DECLINED -> now.entry().wire() == Wire.STRIPE;
      case SUCCEEDED -> now.entry().wire() == Wire.BANK && now.returned() == 0 && now.refunded() == 0;
      case CANCELED -> false;
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

  private @Nullable Fault disputeFault(PaymentState now) {
    if (now.openDispute() != null) {
      return Fault.DISPUTED;
    }
    return now.left() <= 0 || amountOf(now) > now.left() ? Fault.BEYOND_REFUNDABLE : null;
  }

  /** A bank returns a whole debit; what has been credited is not debited back from the merchant twice. */
  private static @Nullable Fault returnFault(PaymentState now) {
    if (now.returned() > 0) {
      return Fault.RETURNED;
    }
    return now.captured() == 0 || now.refunded() > 0 ? Fault.NOT_REFUNDABLE : null;
  }
}
