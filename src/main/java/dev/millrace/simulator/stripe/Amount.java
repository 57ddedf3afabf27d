package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.Entry;
import org.jspecify.annotations.Nullable;

/** An amount in minor units as a form gives it: a number from 1 up, or what is wrong with it. */
record Amount(long minor, @Nullable StripeRefusal refusal) {
  private static final long MAX = Entry.AMOUNT_MAX;

  Amount(@Nullable String text, String param) {
    this(text == null ? 0 : wholeNumber(text), refusal(text, param));
  }

  private static @Nullable StripeRefusal refusal(@Nullable String text, String param) {
    if (text == null || text.isEmpty()) {
      return StripeRefusal.missing(param);
    }
    long minor = wholeNumber(text);
    if (minor < 0) {
      return StripeRefusal.invalid("parameter_invalid_integer", "Invalid integer: " + text, param);
    }
    if (minor == 0) {
      return StripeRefusal.invalid("parameter_invalid_integer",
          "This value must be greater than or equal to 1.",
          param);
    }
    return minor > MAX
        ? StripeRefusal.invalid("amount_too_large", "Amount must be no more than " + MAX + ".", param)
        : null;
  }

  /** The number, or -1 if the text is not one; any number of digits is one. */
  private static long wholeNumber(String text) {
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = Math.min(number * 10 + digit, MAX + 1);
    }
    return number;
  }
}
