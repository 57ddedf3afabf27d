package dev.millrace.provider.stripe;

import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Stripe's decline codes, and whether another provider may accept what Stripe declined so. It may where the
 * fault lay on the way to the issuer, and Stripe's own advice is to attempt the payment again. Where the
 * issuer, the card or a fraud check said no, the same card is refused elsewhere too, and sending it there
 * would be shopping for a lenient provider: those, and every code that is not in the table, are final.
 *
 * @see <a href="https://docs.stripe.com/declines/codes">Stripe, decline codes</a>
 * @see <a href="https://docs.stripe.com/error-codes">Stripe, error codes</a>
 */
final class StripeDecline {
  private static final Set<String> ELSEWHERE = codes("""
    issuer_not_available             the issuer could not be reached; another acquirer has other ways to it
    processing_error                 an error while the card was processed
    reenter_transaction              it could not be processed, and nobody knows why
    payment_method_not_available     the processor of this kind of payment method is away for now
    payment_method_provider_timeout  the payment method's own provider did not answer, and nothing was taken
    testmode_charges_only            Stripe has not activated our account for live charges""");

  private static final Set<String> FINAL = codes("""
    approve_with_id                       the issuer's no
    authentication_required               the issuer wants 3-D Secure
    call_issuer                           the issuer's no
    card_declined                         no reason known
    card_velocity_exceeded                over the balance or a limit
    do_not_honor                          the issuer's no
    do_not_try_again                      the issuer's no
    generic_decline                       the issuer's or Radar's no
    insufficient_funds                    the cardholder's
    invalid_account                       the cardholder's
    new_account_information_available     the cardholder's
    no_action_taken                       the issuer's no
    not_permitted                         the issuer's no
    revocation_of_all_authorizations      the cardholder's no
    revocation_of_authorization           the cardholder's no
    service_not_allowed                   the issuer's no
    stop_payment_order                    the cardholder's no
    transaction_not_allowed               the issuer's no
    try_again_later                       the issuer's no, in spite of its name; the cardholder may call it
    withdrawal_count_limit_exceeded       over the balance or a limit
    card_not_supported                    not for such a purchase
    currency_not_supported                not in this currency
    expired_card                          the cardholder's
    invalid_amount                        over what the card permits
    duplicate_transaction                 the same a moment ago: sent elsewhere it might be charged twice
    incorrect_address                     typed wrong
    incorrect_cvc                         typed wrong
    incorrect_number                      typed wrong
    incorrect_pin                         typed wrong
    incorrect_zip                         typed wrong
    invalid_cvc                           typed wrong
    invalid_expiry_month                  typed wrong
    invalid_expiry_year                   typed wrong
    invalid_number                        typed wrong
    invalid_pin                           typed wrong
    mobile_device_authentication_required the cardholder's to do
    offline_pin_required                  the cardholder's to do
    online_or_offline_pin_required        the cardholder's to do
    pin_try_exceeded                      the cardholder's
    payment_intent_authentication_failure 3-D Secure failed
    payment_method_provider_decline       the payer's bank's no
    fraudulent                            Stripe suspects fraud
    highest_risk_level                    Stripe suspects fraud
    lost_card                             fraud
    merchant_blacklist                    on the merchant's own block list
    pickup_card                           fraud
    restricted_card                       fraud
    security_violation                    fraud
    stolen_card                           fraud
    testmode_decline                      a test card in live mode""");

  private StripeDecline() {}

  /** The first word of each line; what follows says why. */
  private static Set<String> codes(String table) {
    return table.lines().map(line -> line.split(" ", 2)[0]).collect(Collectors.toUnmodifiableSet());
  }

  /** Whether the code is in the table. */
  static boolean known(String code) {
    return ELSEWHERE.contains(code) || FINAL.contains(code);
  }

  /** Judges by the decline code, which is the issuer's word; where there is none, by the error's code. */
  static boolean elsewhere(@Nullable String code, @Nullable String declineCode) {
    String word = declineCode != null ? declineCode : code;
    return word != null && ELSEWHERE.contains(word);
  }
}
