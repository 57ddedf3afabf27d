package dev.millrace.api;

import java.util.regex.Pattern;

/** Finds what could be a card number: 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1). */
final class CardNumbers {
  private static final int DIGITS_MIN = 13;
  private static final int DIGITS_MAX = 19;
  private static final String GROUPS = "\\d{4}%1$s(?:\\d{4}%1$s\\d{4}%1$s\\d{1,4}(?:%1$s\\d{1,3})?|\\d{6}%1$s\\d{4,5})";
  /** As cards print them, 4-4-4-4 and the like; with hyphens not where they are part of a UUID. */
  private static final Pattern GROUPED = Pattern.compile("(?<!\\d)" + GROUPS.formatted(" ") + "(?!\\d)"
      + "|(?<![0-9a-fA-F])(?<![0-9a-fA-F]-)" + GROUPS.formatted("-") + "(?!\\d)(?!-?[0-9a-fA-F]{4})");
  /** Prefixes of the card schemes: Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay. */
  private static final Pattern ISSUED = Pattern.compile(
      "(?:4\\d{12}(?:\\d{3}){0,2}|5[1-5]\\d{14}|2(?:22[1-9]|2[3-9]\\d|[3-6]\\d\\d|7[01]\\d|720)\\d{12}"
          + "|3[47]\\d{13}|6(?:011|4[4-9]\\d|5\\d\\d)\\d{12}|3(?:0[0-5]|[68]\\d)\\d{11}|35\\d{14}|62\\d{14,17})");

  private CardNumbers() {}

  /**
   * Whether the text holds a run of digits, or groups of them as cards print them, that could be a card
   * number.
   */
  static boolean in(String text) {
    return found(text, false);
  }

  /**
   * The same for numbers that a card scheme issues. For idempotency keys, which are often made of clocks and
   * counters: one in ten of those passes the Luhn check.
   */
  static boolean cardIn(String text) { return found(text, true); }

  private static boolean found(String text, boolean issuedOnly) {
    int length = text.length();
    if (length < DIGITS_MIN) return false;
    int digits = 0;
    int all = 0;
    for (int i = 0; i <= length; i++) {
      if (i < length && isDigit(text.charAt(i))) {
        digits++;
        all++;
        continue;
      }
      if (digits >= DIGITS_MIN && digits <= DIGITS_MAX && card(text.substring(i - digits, i), issuedOnly))
        return true;
      digits = 0;
    }
    if (all < DIGITS_MIN) return false;
    var grouped = GROUPED.matcher(text);
    while (grouped.find()) {
      if (card(grouped.group().replaceAll("[ -]", ""), issuedOnly)) return true;
    }
    return false;
  }

  private static boolean card(String digits, boolean issuedOnly) {
    return digits.length() >= DIGITS_MIN && luhn(digits) && (!issuedOnly || ISSUED.matcher(digits).matches());
  }

  private static boolean isDigit(char c) { return c >= '0' && c <= '9'; }

  private static boolean luhn(String digits) {
    int sum = 0;
    boolean twice = false;
    for (int i = digits.length() - 1; i >= 0; i--) {
      int digit = digits.charAt(i) - '0';
      if (twice) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
      sum += digit;
      twice = !twice;
    }
    return sum % 10 == 0;
  }
}
