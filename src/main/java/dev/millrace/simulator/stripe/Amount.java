package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.wire.WireUnits;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A number from 1 up as a form gives it, or what is wrong with it.
 *
 * @see <a href="https://docs.stripe.com/currencies">Stripe: supported currencies</a>
 * @see <a href="https://support.stripe.com/questions/deprecation-of-fractional-isk-charges-and-refunds">
 *   Stripe: deprecation of fractional ISK charges and refunds, with the error's words</a>
 */
record Amount(long number, @Nullable StripeRefusal refusal) {
  private static final Set<String> THREE_DECIMALS = Set.of("bhd", "jod", "kwd", "omr", "tnd");
  /** ISK and UGX are whole numbers, said with two decimals as they were before they became so. */
  static final WireUnits UNITS = new WireUnits(
      "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf", "isk ugx",
      String.join(" ", THREE_DECIMALS));

  private static final long MAX = Entry.AMOUNT_MAX;
  private static final long NUMBER_MAX = MAX * 1_000;

  Amount(@Nullable String text, String param) {
    this(text == null ? 0 : wholeNumber(text), refusal(text, param));
  }

  private static @Nullable StripeRefusal refusal(@Nullable String text, String param) {
    if (text == null || text.isEmpty()) {
      return StripeRefusal.missing(param);
    }
    long number = wholeNumber(text);
    if (number < 0) {
      return StripeRefusal.invalid("parameter_invalid_integer", "Invalid integer: " + text, param);
    }
    return number == 0
        ? StripeRefusal.invalid("parameter_invalid_integer",
            "This value must be greater than or equal to 1.",
            param)
        : null;
  }

  /** As an amount of money: its minor units as the book has them. */
  Amount booked(String currency, String param) {
    if (refusal != null) {
      return this;
    }
    String code = currency.toUpperCase(Locale.ROOT);
    if (THREE_DECIMALS.contains(currency) && number % 10 != 0) {
      // Stripe documents the rule, and not the words of its error.
      return refused("parameter_invalid_integer", "Invalid amount. Currency " + code
          + " is a three-decimal currency and the last digit of amounts must be 0. See "
          + "https://stripe.com/docs/currencies#three-decimal for more information.", param);
    }
    Long minor = UNITS.booked(number, currency);
    if (minor == null) {
      return refused("invalid_charge_amount_no_decimal_compatible", "Invalid amount. Currency " + code
          + " has become effectively zero-decimal and charged amounts must be evenly divisible by 100. See "
          + "https://stripe.com/docs/currencies#special-cases for more information.", param);
    }
    return minor > MAX
        ? refused("amount_too_large", "Amount must be no more than " + UNITS.told(MAX, currency) + ".", param)
        : new Amount(minor, null);
  }

  private static Amount refused(String code, String message, String param) {
    return new Amount(0, StripeRefusal.invalid(code, message, param));
  }

  /** The number, or -1 if the text is not one; any number of digits is one. */
  private static long wholeNumber(String text) {
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = Math.min(number * 10 + digit, NUMBER_MAX);
    }
    return number;
  }
}
