package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.PaymentEvent.Initiated;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MethodTest {
  private static Method method(String token, String type, String bin) {
    return Method.of(
        new Initiated(1_999, "usd", token, "automatic", null, null, Map.of(), null, type, bin));
  }

  /** Stripe's test tokens, by their published numbers. */
  @ParameterizedTest
  @CsvSource({"pm_card_visa,424242", "pm_card_visa_debit,400005", "pm_card_mastercard,555555",
      "pm_card_mastercard_debit,520082", "pm_card_mastercard_prepaid,510510", "pm_card_amex,378282",
      "pm_card_discover,601111", "pm_card_diners,305693", "pm_card_jcb,356600", "pm_card_unionpay,620000"})
  void card_ofStripesTestTokens_hasItsFirstDigits(String token, String bin) {
    assertThat(method(token, null, null)).isEqualTo(new Method("card", bin));
  }

  @Test
  void method_whatTheMerchantNames_leads() {
    assertThat(method("pm_card_visa", "ach", "510000")).isEqualTo(new Method("ach", "510000"));
    assertThat(method("pm_ach_success", "card", null)).isEqualTo(new Method("card", null));
  }

  @Test
  void method_elseTheTokenTells() {
    assertThat(method("pm_ach_success", null, null)).isEqualTo(new Method("ach", null));
    assertThat(method("pm_ach_", null, null)).isEqualTo(new Method("ach", null));
    assertThat(method("pm_ach", null, null)).isEqualTo(new Method("card", null));
    assertThat(method("tok_1", null, null)).isEqualTo(new Method("card", null));
    assertThat(method("pm_1", null, "42424242")).isEqualTo(new Method("card", "42424242"));
  }
}
