package dev.millrace.provider.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against Stripe's public list of decline codes, written down a second time. */
final class StripeDeclineTest {
  private static final String HARD = """
    approve_with_id authentication_required call_issuer card_declined card_not_supported card_velocity_exceeded
    currency_not_supported do_not_honor do_not_try_again duplicate_transaction expired_card fraudulent generic_decline
    highest_risk_level incorrect_address incorrect_cvc incorrect_number incorrect_pin incorrect_zip insufficient_funds
    invalid_account invalid_amount invalid_cvc invalid_expiry_month invalid_expiry_year invalid_number invalid_pin
    lost_card merchant_blacklist mobile_device_authentication_required new_account_information_available
    no_action_taken not_permitted offline_pin_required online_or_offline_pin_required
    payment_intent_authentication_failure payment_method_provider_decline pickup_card pin_try_exceeded restricted_card
    revocation_of_all_authorizations revocation_of_authorization security_violation service_not_allowed stolen_card
    stop_payment_order testmode_decline transaction_not_allowed try_again_later withdrawal_count_limit_exceeded""";
  private static final String ELSEWHERE = """
    issuer_not_available processing_error reenter_transaction payment_method_not_available
    payment_method_provider_timeout testmode_charges_only""";

  private static List<String> words(String text) { return List.of(text.trim().split("\\s+")); }

  private static List<String> hard() { return words(HARD); }

  private static List<String> elsewhere() { return words(ELSEWHERE); }

  @ParameterizedTest
  @MethodSource("hard")
  void code_ofAHardRefusal_isFinal(String code) {
    assertThat(StripeDecline.known(code)).isTrue();
    assertThat(StripeDecline.elsewhere("card_declined", code)).isFalse();
    assertThat(StripeDecline.elsewhere(code, null)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("elsewhere")
  void code_ofAFaultOnTheWay_mayBeAcceptedElsewhere(String code) {
    assertThat(StripeDecline.known(code)).isTrue();
    assertThat(StripeDecline.elsewhere("card_declined", code)).isTrue();
    assertThat(StripeDecline.elsewhere(code, null)).isTrue();
  }

  @Test
  void code_unknown_isFinal() {
    assertThat(StripeDecline.known("a_new_one")).isFalse();
    assertThat(StripeDecline.elsewhere("a_new_one", null)).isFalse();
    assertThat(StripeDecline.elsewhere(null, null)).isFalse();
    assertThat(StripeDecline.elsewhere("processing_error", "a_new_one")).isFalse();
  }
}
