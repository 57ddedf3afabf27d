package dev.millrace.simulator.adyen;

import dev.millrace.simulator.book.PaymentMethod.Decline;

/**
 * Why Adyen refused a payment.
 *
 * @see <a href="https://docs.adyen.com/development-resources/refusal-reasons">Adyen: refusal reasons</a>
 */
record AdyenRefusalReason(String reason, String code) {
  static final AdyenRefusalReason NOT_AUTHENTICATED = new AdyenRefusalReason("3D Not Authenticated", "11");
  static final AdyenRefusalReason CANCELLED = new AdyenRefusalReason("Cancelled", "15");
  static final AdyenRefusalReason REFUSED = new AdyenRefusalReason("Refused", "2");
  private static final AdyenRefusalReason UNAVAILABLE = new AdyenRefusalReason("Acquirer Error", "4");

  static AdyenRefusalReason of(Decline decline) {
    String code = decline.declineCode() == null ? decline.code() : decline.declineCode();
    return switch (code) {
      case "insufficient_funds" -> new AdyenRefusalReason("Not enough balance", "12");
      case "lost_card", "stolen_card" -> new AdyenRefusalReason("Blocked Card", "5");
      case "expired_card" -> new AdyenRefusalReason("Expired Card", "6");
      case "incorrect_cvc" -> new AdyenRefusalReason("CVC Declined", "24");
      case "processing_error" -> UNAVAILABLE;
      default -> REFUSED;
    };
  }
}
