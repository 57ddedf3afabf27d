package dev.millrace.provider.stripe;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Stripe's decline codes, and whether another provider may accept what Stripe declined so. It may where the fault lay on
 * the way to the issuer, and Stripe's own advice is to attempt the payment again. Where the issuer, the card or a fraud
 * check said no, the same card is refused elsewhere too, and sending it there would be shopping for a lenient provider:
 * those, and every code that is not in the table, are final.
 *
 * @see <a href="https://docs.stripe.com/declines/codes">Stripe, decline codes</a>
 * @see <a href="https://docs.stripe.com/error-codes">Stripe, error codes</a>
 */
enum StripeDecline {
  // On the way to the issuer.
  /** The issuer could not be reached; attempt the payment again. Another acquirer has other ways to it. */
  ISSUER_NOT_AVAILABLE(true),
  /** An error while the card was processed; attempt the payment again. */
  PROCESSING_ERROR(true),
  /** Could not be processed, reason unknown; attempt the payment again. */
  REENTER_TRANSACTION(true),
  /** The processor of this kind of payment method is away for now; try again later. */
  PAYMENT_METHOD_NOT_AVAILABLE(true),
  /** The payment method's own provider did not answer in time, and Stripe took nothing. */
  PAYMENT_METHOD_PROVIDER_TIMEOUT(true),
  /** Stripe has not activated our account for live charges. */
  TESTMODE_CHARGES_ONLY(true),

  // The issuer's no, with or without a reason; what is to be done, the cardholder must do.
  APPROVE_WITH_ID, AUTHENTICATION_REQUIRED, CALL_ISSUER, CARD_DECLINED, CARD_VELOCITY_EXCEEDED, DO_NOT_HONOR, DO_NOT_TRY_AGAIN, GENERIC_DECLINE, INSUFFICIENT_FUNDS, INVALID_ACCOUNT, NEW_ACCOUNT_INFORMATION_AVAILABLE, NO_ACTION_TAKEN, NOT_PERMITTED, REVOCATION_OF_ALL_AUTHORIZATIONS, REVOCATION_OF_AUTHORIZATION, SERVICE_NOT_ALLOWED, STOP_PAYMENT_ORDER, TRANSACTION_NOT_ALLOWED, WITHDRAWAL_COUNT_LIMIT_EXCEEDED,
  /** In spite of its name an issuer's refusal without a reason: asked again, the cardholder may call the issuer. */
  TRY_AGAIN_LATER,

  // What was asked does not fit the card.
  CARD_NOT_SUPPORTED, CURRENCY_NOT_SUPPORTED, EXPIRED_CARD, INVALID_AMOUNT,
  /** The same amount on the same card a moment ago: sent elsewhere it might be charged twice. */
  DUPLICATE_TRANSACTION,

  // What the cardholder typed.
  INCORRECT_ADDRESS, INCORRECT_CVC, INCORRECT_NUMBER, INCORRECT_PIN, INCORRECT_ZIP, INVALID_CVC, INVALID_EXPIRY_MONTH, INVALID_EXPIRY_YEAR, INVALID_NUMBER, INVALID_PIN, MOBILE_DEVICE_AUTHENTICATION_REQUIRED, OFFLINE_PIN_REQUIRED, ONLINE_OR_OFFLINE_PIN_REQUIRED, PIN_TRY_EXCEEDED, PAYMENT_INTENT_AUTHENTICATION_FAILURE,

  // Fraud, or the suspicion of it.
  FRAUDULENT, HIGHEST_RISK_LEVEL, LOST_CARD, MERCHANT_BLACKLIST, PICKUP_CARD, RESTRICTED_CARD, SECURITY_VIOLATION, STOLEN_CARD,

  /** A test card in live mode. */
  TESTMODE_DECLINE;

  private static final Map<String, StripeDecline> BY_CODE = Arrays.stream(values())
      .collect(Collectors.toMap(StripeDecline::code, Function.identity()));

  final boolean elsewhere;

  StripeDecline() { this(false); }

  StripeDecline(boolean elsewhere) { this.elsewhere = elsewhere; }

  /** Stripe's text. */
  String code() { return name().toLowerCase(Locale.ROOT); }

  /** Judges by the decline code, which is the issuer's word; where there is none, by the error's code. */
  static boolean elsewhere(@Nullable String code, @Nullable String declineCode) {
    StripeDecline known = BY_CODE.get(declineCode != null ? declineCode : code == null ? "" : code);
    return known != null && known.elsewhere;
  }
}
