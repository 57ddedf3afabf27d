package dev.millrace.payment;

import org.jspecify.annotations.Nullable;

/**
 * What a merchant may ask of a payment: each answers the event that makes the request durable, or why the
 * payment's state forbids it. Pure.
 */
public final class Commands {
  /** What becomes of a command. */
  public sealed interface Decision {
    /** Permitted; {@code event} is to be appended. */
    record Accepted(PaymentEvent event) implements Decision {}

    /** Forbidden by the state. */
    record Forbidden(String code, String message) implements Decision {}

    /** An amount that this payment cannot take; {@code message} says which it can. */
    record Excessive(String message) implements Decision {}
  }

  private Commands() {}

  /**
   * Captures {@code amount}, or all that is authorized; the rest is released. {@code id} is {@code cap_…}.
   */
  public static Decision capture(Payment p, String id, @Nullable Long amount) {
    String code = "payment_not_capturable";
    if (p.status() != Status.AUTHORIZED)
      return new Decision.Forbidden(code, "The payment is `" + p.status().wire()
          + "`; only one that is `authorized` can be captured."
          + (p.asked().capture().equals("automatic") ? " This one is captured automatically." : ""));
    Decision busy = busy(p, code);
    if (busy != null) return busy;
    long captured = amount == null ? p.amountAuthorized() : amount;
    if (captured > p.amountAuthorized())
      return new Decision.Excessive("must be at most " + p.amountAuthorized() + ", which is authorized.");
    return new Decision.Accepted(new PaymentEvent.CaptureRequested(id, captured));
  }

  /**
   * Gives an authorization back, or ends a payment that waits for its payer or a review. {@code id} is
   * {@code can_…}.
   */
  public static Decision cancel(Payment p, String id, String reason) {
    String code = "payment_not_cancelable";
    return switch (p.status()) {
      case IN_REVIEW -> new Decision.Accepted(new PaymentEvent.Voided(null, null, null, reason));
      case AUTHORIZED, REQUIRES_ACTION -> {
        Decision busy = busy(p, code);
        yield busy != null
            ? busy
            : new Decision.Accepted(new PaymentEvent.CancelRequested(id, reason, p.status()));
      }
      case CONFIRMED, SETTLED, PARTIALLY_REFUNDED -> new Decision.Forbidden(code, "The payment is `"
          + p.status().wire() + "`: the payer was charged. Refund it instead.");
      case INITIATED, PROVIDER_SUBMITTED, UNKNOWN,
          PROCESSING ->
        new Decision.Forbidden(code, "The payment is `"
            + p.status().wire()
            + "`: what becomes of it at the provider is not known yet. Ask again when it has changed.");
      case BLOCKED, DECLINED, VOIDED, EXPIRED, REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        new Decision.Forbidden(code, "The payment is `" + p.status().wire()
            + "`; only one that is `authorized`, `requires_action` or `in_review` can be canceled.");
    };
  }

  /** Gives {@code amount}, or all that is left, back to the payer. {@code id} is {@code re_…}. */
  public static Decision refund(Payment p, String id, @Nullable Long amount, @Nullable String reason) {
    String code = "payment_not_refundable";
    switch (p.status()) {
      case CONFIRMED, SETTLED, PARTIALLY_REFUNDED, DISPUTED, CHARGED_BACK -> {
      }
      case INITIATED, BLOCKED, IN_REVIEW, PROVIDER_SUBMITTED, REQUIRES_ACTION, UNKNOWN, PROCESSING,
          AUTHORIZED,
          DECLINED, VOIDED, EXPIRED, REFUNDED, RETURNED -> {
        return new Decision.Forbidden(code, "The payment is `" + p.status().wire()
            + "`; only one that is `confirmed`, `settled`, `partially_refunded`, `disputed` or `charged_back` can be"
            + " refunded."
            + (p.status() == Status.AUTHORIZED ? " Cancel it instead." : ""));
      }
    }
    long refundable = p.refundable();
    if (refundable == 0)
      return new Decision.Forbidden(code, p.disputed() > 0
          ? "The payment is `" + p.status().wire()
              + "`: disputes hold, or have withdrawn, all that is left of"
              + " it. What they hold can be refunded once they are won."
          : "Refunds of all that was captured are under way.");
    long refunded = amount == null ? refundable : amount;
    if (refunded > refundable)
      return new Decision.Excessive("must be at most " + refundable + ": " + p.amountCaptured()
          + " was captured, " + p.amountRefunded() + " is refunded and " + p.refundsOpen()
          + " is being refunded" + (p.disputed() == 0
              ? "."
              : "; " + p.disputed() + " is held or withdrawn by disputes."));
    return new Decision.Accepted(new PaymentEvent.RefundRequested(id, refunded, reason, p.status()));
  }

  private static @Nullable Decision busy(Payment p, String code) {
    Operation open = p.openCaptureOrCancel();
    return open == null
        ? null
        : new Decision.Forbidden(code,
            "A " + (open.kind() == Operation.Kind.CAPTURE ? "capture" : "cancellation")
                + " of it is under way already (" + open.id() + ").");
  }
}
