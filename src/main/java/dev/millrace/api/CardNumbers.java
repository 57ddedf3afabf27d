package dev.millrace.api;

/** Finds what could be a card number: 13 to 19 digits, also in groups, that pass the Luhn check (ISO/IEC 7812-1). */
final class CardNumbers {
  private static final int DIGITS_MIN = 13;
  private static final int DIGITS_MAX = 19;

  private CardNumbers() {}

  /** Whether a run of digits (single spaces or hyphens between them allowed) in the text could be a card number. */
  static boolean in(String text) {
    int length = text.length();
    if (length < DIGITS_MIN) return false;
    int digits = 0;
    int start = 0;
    for (int i = 0; i <= length; i++) {
      char c = i < length ? text.charAt(i) : '\0';
      if (c >= '0' && c <= '9') {
        if (digits++ == 0) start = i;
      } else if (!(digits > 0 && (c == ' ' || c == '-') && i + 1 < length && isDigit(text.charAt(i + 1)))) {
        if (digits >= DIGITS_MIN && digits <= DIGITS_MAX && luhn(text, start, i)) return true;
        digits = 0;
      }
    }
    return false;
  }

  private static boolean isDigit(char c) { return c >= '0' && c <= '9'; }

  private static boolean luhn(String text, int from, int to) {
    int sum = 0;
    boolean twice = false;
    for (int i = to - 1; i >= from; i--) {
      char c = text.charAt(i);
      if (!isDigit(c)) continue;
      int digit = c - '0';
      if (twice) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
      sum += digit;
      twice = !twice;
    }
    return sum % 10 == 0;
  }
}
