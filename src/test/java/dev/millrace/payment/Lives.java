package dev.millrace.payment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Payments at every stage of their life, for tests. Asked for: 1999 usd. */
public final class Lives {
  public static final PaymentEvent.Initiated ASKED = new PaymentEvent.Initiated(1999, "usd", "pm_card_visa",
      "automatic", null, null, Map.of(), null);

  private Lives() {}

  /**
   * A payment in this status, reached on the shortest way; {@code more} events follow. Charged: 1999, fees 88
   * and 10.
   */
  public static Payment in(Status status, PaymentEvent... more) {
    Payment payment = Payment.of(to(status));
    for (PaymentEvent event : more) payment = payment.after(event);
    return payment;
  }

  public static PaymentEvent submitted() { return new PaymentEvent.ProviderSubmitted("stripe", "att_1"); }

  public static PaymentEvent authorized() {
    return new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1999, "usd", 1);
  }

  /** Of all that was asked for. */
  public static PaymentEvent confirmed() { return confirmed(1999, null); }

  public static PaymentEvent confirmed(long amount, String operation) {
    return new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", amount, amount, "usd", operation, null, 88L,
        "p", 10L, "g");
  }

  public static PaymentEvent refunded(String name, long amount, long total, Status status) {
    return new PaymentEvent.Refunded(null, "stripe", null, name, amount, total, "usd", null, null, null, null,
        status);
  }

  public static PaymentEvent disputed(String name, long amount) {
    return new PaymentEvent.Disputed(name, "stripe", amount, "usd", null, null);
  }

  /** A further capture, named so, after which all come to {@code total}. */
  public static PaymentEvent captured(String name, long amount, long total, Status status) {
    return new PaymentEvent.Captured("stripe", "att_1", "pi_1", name, amount, total, total, "usd", null, null,
        null, null, null, status);
  }

  /** The first capture, of {@link #confirmed()}, came to nothing. */
  public static PaymentEvent captureReversed(long fees, long gatewayFee, Status status) {
    return new PaymentEvent.CaptureReversed(null, "stripe", null, 1999, 0, 0, "usd", "capture_failed", "No.",
        null, fees == 0 ? null : Long.valueOf(fees), gatewayFee == 0 ? null : Long.valueOf(gatewayFee), 9L,
        status);
  }

  /** The refund of this name came to nothing; {@code left} is refunded by others. */
  public static PaymentEvent refundReversed(String name, long amount, long left, Status status) {
    return new PaymentEvent.RefundReversed(null, "stripe", name, amount, left, "usd", "refund_failed", "No.",
        null, null, null, status);
  }

  /** Of 1999, given back by {@code rev_1}; only held where it says so. */
  public static PaymentEvent lateCharge(boolean held, Status status) {
    return new PaymentEvent.LateCharge("rev_1", "stripe", "att_0", "pi_0", 1999, "usd", held, "why", status);
  }

  private static List<PaymentEvent> to(Status status) {
    return switch (status) {
      case INITIATED -> List.of(ASKED);
      case IN_REVIEW ->
        after(Status.INITIATED, new PaymentEvent.Screened("review", "r", 70, true, null));
      case BLOCKED -> after(Status.INITIATED, new PaymentEvent.Blocked("r", 100, null));
      case PROVIDER_SUBMITTED -> after(Status.INITIATED, submitted());
      case UNKNOWN ->
        after(Status.PROVIDER_SUBMITTED, new PaymentEvent.Unknown("stripe", "att_1", "timeout"));
      case REQUIRES_ACTION -> after(Status.PROVIDER_SUBMITTED,
          new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://bank.example", 1));
      case PROCESSING ->
        after(Status.PROVIDER_SUBMITTED, new PaymentEvent.Processing("stripe", "att_1", "pi_1"));
      case AUTHORIZED -> after(Status.PROVIDER_SUBMITTED, authorized());
      case CONFIRMED -> after(Status.PROVIDER_SUBMITTED, confirmed());
      case DECLINED -> after(Status.PROVIDER_SUBMITTED,
          new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", null, "No."));
      case VOIDED -> after(Status.AUTHORIZED, new PaymentEvent.Voided(null, "stripe", "att_1", "changed"));
      case EXPIRED -> after(Status.AUTHORIZED, new PaymentEvent.Expired(null, "stripe", "att_1", "lapsed"));
      case SETTLED -> after(Status.CONFIRMED, new PaymentEvent.Settled("stl_1"));
      case PARTIALLY_REFUNDED ->
        after(Status.CONFIRMED, refunded("re_a", 500, 500, Status.PARTIALLY_REFUNDED));
      case REFUNDED -> after(Status.CONFIRMED, refunded("re_a", 1999, 1999, Status.REFUNDED));
      case DISPUTED -> after(Status.CONFIRMED, disputed("du_1", 1999));
      case CHARGED_BACK ->
        after(Status.DISPUTED, new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd"));
      case RETURNED -> after(Status.CONFIRMED, new PaymentEvent.Returned("stripe", "pi_1", 1999, "usd", "R01",
          "No funds.", null, null, null, null));
    };
  }

  private static List<PaymentEvent> after(Status before, PaymentEvent event) {
    var events = new ArrayList<>(to(before));
    events.add(event);
    return events;
  }
}
