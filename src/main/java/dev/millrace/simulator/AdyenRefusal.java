package dev.millrace.simulator;

import dev.millrace.simulator.PaymentMethod.Decline;

/**
 * Why Adyen refused a payment.
 *
 * @see <a href="https://docs.adyen.com/development-resources/refusal-reasons">Adyen: refusal reasons</a>
 */
record AdyenRefusal(String reason, String code) {
  static final AdyenRefusal NOT_AUTHENTICATED = new AdyenRefusal("3D Not Authenticated", "11");
  static final AdyenRefusal CANCELLED = new AdyenRefusal("Cancelled", "15");
  private static final AdyenRefusal UNAVAILABLE = new AdyenRefusal("Acquirer Error", "4");

  static AdyenRefusal of(Decline decline) {
    String code = decline.declineCode() == null ? decline.code() : decline.declineCode();
    return switch (code) {
      case "insufficient_funds" -> new AdyenRefusal("Not enough balance", "12");
      case "lost_card", "stolen_card" -> new AdyenRefusal("Blocked Card", "5");
      case "expired_card" -> new AdyenRefusal("Expired Card", "6");
      case "incorrect_cvc" -> new AdyenRefusal("CVC Declined", "24");
      case "processing_error" -> UNAVAILABLE;
      default -> new AdyenRefusal("Refused", "2");
    };
  }
}
