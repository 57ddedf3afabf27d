package dev.millrace.api;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds card numbers: digits that begin as a card scheme's numbers do, are as many as its numbers have, and
 * pass the Luhn check. The check alone would take one in ten time stamps for a card.
 *
 * @see <a href="https://www.iso.org/standard/70484.html">ISO/IEC 7812-1, the check in annex B</a>
 * @see <a href="https://en.wikipedia.org/wiki/Payment_card_number">the schemes' prefixes and lengths</a>
 */
final class CardNumbers {
  private static final int DIGITS_MIN = 13;
  private static final int DIGITS_MAX = 19;
  /** E.164: a number behind a plus that is no longer is a telephone's. */
  private static final int TELEPHONE_DIGITS_MAX = 15;
  private static final int UUID_CHARS = 36;

  /** Numbers of {@code shortest} to {@code longest} digits that begin with {@code from} to {@code to}. */
  private record Range(int from, int to, int shortest, int longest) {}

  /** By the first four digits. */
  private static final Range[] ISSUED = {
      // Visa
      new Range(4000, 4999, 13, 13), new Range(4000, 4999, 16, 16), new Range(4000, 4999, 19, 19),
      // Mastercard, and the debit cards of Maestro, RuPay, Verve and others around it
      new Range(2221, 2720, 16, 16), new Range(5000, 5999, 16, 16),
      new Range(5018, 5018, 13, 19), new Range(5020, 5020, 13, 19), new Range(5038, 5038, 13, 19),
      new Range(5060, 5061, 18, 19), new Range(5893, 5893, 13, 19), new Range(6304, 6304, 13, 19),
      new Range(6759, 6763, 13, 19),
      // American Express, Diners Club
      new Range(3400, 3499, 15, 15), new Range(3700, 3799, 15, 15),
      new Range(3000, 3059, 14, 14), new Range(3000, 3059, 16, 16), new Range(3095, 3095, 14, 14),
      new Range(3095, 3095, 16, 16), new Range(3600, 3699, 14, 19), new Range(3800, 3999, 14, 14),
      new Range(3800, 3999, 16, 16),
      // JCB, Discover, UnionPay, and whatever else begins with 6 and has the usual length
      new Range(3528, 3589, 16, 19), new Range(6000, 6999, 16, 16), new Range(6011, 6011, 17, 19),
      new Range(6200, 6299, 17, 19), new Range(6360, 6369, 17, 19), new Range(6440, 6599, 17, 19),
      new Range(8100, 8171, 16, 19),
      // Mir, Uzcard, Troy, Humo
      new Range(2200, 2204, 16, 19), new Range(8600, 8600, 16, 16), new Range(9792, 9792, 16, 16),
      new Range(9860, 9860, 16, 16)};

  private CardNumbers() {}

  /**
   * Whether the text holds a card number: in one run of digits, or with spaces, hyphens and the like between
   * them. UUIDs and telephone numbers behind a plus are none.
   */
  static boolean in(String text) {
    int length = text.length();
    if (length < DIGITS_MIN) return false;
    int digits = 0;
    for (int i = 0; i < length; i++) if (digit(text.charAt(i)) >= 0) digits++;
    return digits >= DIGITS_MIN && inGroups(text);
  }

  /** Digits that stand together, and what parts them from the group before: an empty text when much does. */
  private record Group(String digits, String parted, boolean plus) {}

  private static boolean inGroups(String text) {
    var groups = new ArrayList<Group>();
    int end = 0;
    for (int i = 0; i < text.length(); i++) {
      if (uuidAt(text, i)) {
        if (found(groups)) return true;
        groups.clear();
        i += UUID_CHARS - 1;
        end = i + 1;
      } else if (digit(text.charAt(i)) >= 0) {
        int from = i;
        var digits = new StringBuilder();
        for (; i < text.length() && digit(text.charAt(i)) >= 0; i++) digits.append(digit(text.charAt(i)));
        String parted = text.substring(end, from);
        if (!parts(parted)) {
          if (found(groups)) return true;
          groups.clear();
        }
        groups.add(new Group(digits.toString(), parted, from > 0 && text.charAt(from - 1) == '+'));
        end = i--;
      }
    }
    return found(groups);
  }

  /** Of any script: what a person reads as a digit. */
  private static int digit(char c) {
    return c < 128 ? c >= '0' && c <= '9' ? c - '0' : -1 : Character.digit(c, 10);
  }

  /** Whether this may stand between the groups of one number. */
  private static boolean parts(String between) {
    if (between.isEmpty() || between.length() > 3) return false;
    for (int i = 0; i < between.length(); i++)
      if (!space(between.charAt(i)) && !dash(between.charAt(i)) && "./_".indexOf(between.charAt(i)) < 0)
        return false;
    return true;
  }

  private static boolean space(char c) { return Character.isSpaceChar(c) || Character.isWhitespace(c); }

  private static boolean dash(char c) {
    return c == '-' || Character.getType(c) == Character.DASH_PUNCTUATION || c == '\u2212';
  }

  private static boolean uuidAt(String text, int start) {
    if (text.length() - start < UUID_CHARS || text.charAt(start + 8) != '-') return false;
    if (start > 0 && hex(text.charAt(start - 1))) return false;
    if (text.length() > start + UUID_CHARS && hex(text.charAt(start + UUID_CHARS))) return false;
    for (int i = 0; i < UUID_CHARS; i++) {
      char c = text.charAt(start + i);
      boolean hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      if (hyphen ? c != '-' : !hex(c)) return false;
    }
    return true;
  }

  private static boolean hex(char c) { return c < 128 && Character.digit(c, 16) >= 0; }

  /** Whether some groups that follow each other are a card number. */
  private static boolean found(List<Group> groups) {
    for (int first = 0; first < groups.size(); first++) {
      var number = new StringBuilder();
      for (int last = first; last < groups.size(); last++) {
        number.append(groups.get(last).digits);
        if (number.length() > DIGITS_MAX) break;
        if (number.length() >= DIGITS_MIN && card(number.toString())
            && together(groups.subList(first, last + 1), number.length()))
          return true;
      }
    }
    return false;
  }

  /**
   * Whether somebody may have meant the groups as one number: they stand as cards print them, or are all
   * parted in the same way, by spaces, or by dashes into parts of one size. Else many lists of numbers would
   * hold a card, and a counter before a time stamp would be one: identifiers are made with dashes.
   */
  private static boolean together(List<Group> groups, int digits) {
    if (groups.getFirst().plus && digits <= TELEPHONE_DIGITS_MAX) return false;
    if (groups.size() == 1) return true;
    return groups.stream().allMatch(g -> g.digits.length() < DIGITS_MIN)
        && (printed(groups) || alike(groups));
  }

  /** 4-4-4-4 with what may follow, or 4-6-5 and 4-6-4. */
  private static boolean printed(List<Group> groups) {
    if (groups.size() == 3 && groups.get(1).digits.length() == 6) return groups.get(0).digits.length() == 4;
    return groups.subList(0, groups.size() - 1).stream().allMatch(g -> g.digits.length() == 4);
  }

  private static boolean alike(List<Group> groups) {
    String parted = groups.get(1).parted;
    boolean spaces = parted.chars().allMatch(c -> space((char) c));
    boolean dashes = parted.chars().allMatch(c -> dash((char) c));
    return (spaces || (dashes && regular(groups)))
        && groups.stream().skip(1).allMatch(g -> g.parted.equals(parted));
  }

  /** All of one size, but for what is left for the last. */
  private static boolean regular(List<Group> groups) {
    int size = groups.getFirst().digits.length();
    return groups.getLast().digits.length() <= size
        && groups.subList(0, groups.size() - 1).stream().allMatch(g -> g.digits.length() == size);
  }

  private static boolean card(String digits) {
    int prefix = Integer.parseInt(digits.substring(0, 4));
    for (Range range : ISSUED) {
      if (prefix >= range.from && prefix <= range.to && digits.length() >= range.shortest
          && digits.length() <= range.longest)
        return luhn(digits);
    }
    return false;
  }

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
