package dev.millrace.provider;

import dev.millrace.payment.PaymentEvent.Initiated;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a payment method beside its token: what the merchant named, else what the token tells.
 * Tokens of {@code pm_ach_…} are bank accounts, all others cards; of Stripe's test tokens the first digits
 * are known.
 *
 * @param type {@code card} or {@code ach}
 * @param bin the first six to eight digits of the card
 * @see <a href="https://docs.stripe.com/testing#cards">Stripe, test cards by brand</a>
 */
public record Method(String type, @Nullable String bin) {
  public static final String CARD = "card";
  public static final String ACH = "ach";
  private static final Map<String, String> TEST_BINS = Map.of("pm_card_visa", "424242", "pm_card_visa_debit",
      "400005", "pm_card_mastercard", "555555", "pm_card_mastercard_debit", "520082",
      "pm_card_mastercard_prepaid", "510510", "pm_card_amex", "378282", "pm_card_discover", "601111",
      "pm_card_diners", "305693", "pm_card_jcb", "356600", "pm_card_unionpay", "620000");

  public static Method of(Initiated asked) {
    String type = asked.paymentMethodType() != null
        ? asked.paymentMethodType()
        : asked.paymentMethod().startsWith("pm_ach_") ? ACH : CARD;
    String bin = asked.paymentMethodBin();
    return new Method(type, bin != null ? bin : TEST_BINS.get(asked.paymentMethod()));
  }
}
