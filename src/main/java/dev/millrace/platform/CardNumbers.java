package dev.millrace.platform;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds card numbers: digits that begin as a card scheme's numbers do, are as many as its numbers have, and
 * pass the Luhn check. The check alone would take one in ten time stamps for a card. Nothing of a card number
 * may be stored, logged or told, so whatever a person sends in is looked through.
 *
 * @see <a href="https://www.iso.org/standard/70484.html">ISO/IEC 7812-1, the check in annex B</a>
 * @see <a href="https://en.wikipedia.org/wiki/Payment_card_number">the schemes' prefixes and lengths</a>
 * @see <a href="https://baymard.com/checkout-usability/credit-card-patterns">the groups that cards print</a>
 */
public final class CardNumbers {
  private static final int DIGITS_MIN = 12;
  private static final int DIGITS_MAX = 19;
  /** E.164: a number behind a plus that is no longer is a telephone's. */
  private static final int TELEPHONE_DIGITS_MAX = 15;
  private static final int UUID_CHARS = 36;
  private static final int GROUP = 4;
  /** American Express, Diners Club, Maestro. All others print groups of four. */
  private static final Set<String> PRINTED = Set.of("4-6-5", "4-6-4", "4-4-5");
  /** UnionPay: the issuer's number and the account's, with a space between. */
  private static final String ISSUER_AND_ACCOUNT = "6-13";
  /** Of no width of their own to Unicode's tables, and yet blank: fillers of Hangul, and of Braille. */
  private static final String BLANKS = "\u115f\u1160\u2800\u3164\uffa0";

  /** Numbers of {@code shortest} to {@code longest} digits that begin with {@code from} to {@code to}. */
  private record Range(int from, int to, int shortest, int longest) {}

  /** By the first four digits. */
  private static final Range[] ISSUED = {
      // Visa
      new Range(4000, 4999, 13, 13), new Range(4000, 4999, 16, 16), new Range(4000, 4999, 19, 19),
      // Mastercard, and the debit cards of Maestro, RuPay, Verve and others around it
      new Range(2221, 2720, 16, 16), new Range(5000, 5999, 16, 16),
      new Range(5018, 5018, 12, 19), new Range(5020, 5020, 12, 19), new Range(5038, 5038, 12, 19),
      new Range(5060, 5061, 18, 19), new Range(5893, 5893, 12, 19), new Range(6304, 6304, 12, 19),
      new Range(6759, 6763, 12, 19),
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

  /** What a card's code is called, with the digits behind it. */
  private static final Pattern CODE = Pattern.compile(
      "(?<![a-z0-9])cv[cvn]2?(?![a-z])[^a-z0-9]{0,4}(?:(?:is|code|number|value)[^a-z0-9]{0,4})?"
          + "[0-9]{3,4}(?![0-9a-z]|[-/.:][0-9])",
      Pattern.CASE_INSENSITIVE);
  private static final Pattern CODE_MARK = Pattern.compile("cv[cvn]", Pattern.CASE_INSENSITIVE);
  /** The same, of a field that has such a name. */
  private static final Pattern CODE_NAME = Pattern.compile(
      "(?:card)?(?:cvc|cvv|cvn|csc|cvd|cid)2?(?:code|number|value|data)?"
          + "|(?:card)?(?:security|verification|validation)(?:code|number|value)",
      Pattern.CASE_INSENSITIVE);

  /**
   * Whether the text holds a card number, in one run of digits, or with spaces, hyphens and the like between
   * them, be it percent-encoded; or a card's code behind its name. UUIDs, IBANs and telephone numbers behind
   * a plus are none.
   */
  public static boolean in(String text) {
    return number(text) || code(text) || (text.indexOf('%') >= 0 && inUrl(text));
  }

  /**
   * Whether a field of this name holds a card's code, which PCI DSS 4.0.1, 3.3.1 lets nobody keep: three or
   * four digits.
   */
  public static boolean code(String name, String value) {
    return value.length() <= 12 && plain(value).replace(" ", "").matches("[0-9]{3,4}")
        && CODE_NAME.matcher(name.replaceAll("[^A-Za-z0-9]", "")).matches();
  }

  private static boolean code(String text) {
    // Most texts have none of its names.
    return text.length() >= 6 && CODE_MARK.matcher(text).find() && CODE.matcher(plain(text)).find();
  }

  private static boolean number(String text) {
    if (text.length() < DIGITS_MIN) return false;
    int digits = 0;
    for (int i = 0; i < text.length() && digits < DIGITS_MIN; i += Character.charCount(text.codePointAt(i)))
      if (digit(text.codePointAt(i)) >= 0) digits++;
    return digits == DIGITS_MIN && inGroups(plain(text));
  }

  /** The same of a URL, whose parts may be percent-encoded, those of a URL within it twice. */
  public static boolean inUrl(String url) {
    if (number(url) || code(url)) return true;
    try {
      String before = url;
      for (String decoded = decoded(url); !decoded.equals(before); decoded = decoded(decoded)) {
        if (number(decoded) || code(decoded)) return true;
        before = decoded;
      }
      return false;
    } catch (IllegalArgumentException e) {
      return false; // a percent sign without its digits: no URL is taken with one
    }
  }

  /** A plus is a space between digits; elsewhere it may begin a telephone number. */
  private static String decoded(String url) {
    return URLDecoder.decode(url.replaceAll("(?<![0-9])[+]", "%2B"), StandardCharsets.UTF_8);
  }

  /** What may be repeated to whoever sent it. */
  public static String hidden(String text) {
    return in(text) ? "(a card number)" : text;
  }

  /** As a person reads it: digits of any script, spaces and dashes of any kind, without what is not seen. */
  private static String plain(String text) {
    var plain = new StringBuilder(text.length());
    text.codePoints().forEach(c -> {
      int digit = digit(c);
      if (digit >= 0) {
        plain.append((char) ('0' + digit));
      } else if (space(c)) {
        plain.append(' ');
      } else if (dash(c)) {
        plain.append('-');
      } else if (seen(c)) {
        plain.appendCodePoint(c);
      }
    });
    return plain.toString();
  }

  /** Of any script: what a person reads as a digit. */
  @SuppressWarnings("CharacterGetNumericValue") // of numbers alone, and no letters
  private static int digit(int c) {
    if (c < 128) return c >= '0' && c <= '9' ? c - '0' : -1;
    int digit = Character.digit(c, 10);
    if (digit >= 0 || Character.getType(c) != Character.OTHER_NUMBER) return digit;
    // In a circle, above the line, with a dot.
    int value = Character.getNumericValue(c);
    return value >= 0 && value <= 9 ? value : -1;
  }

  private static boolean space(int c) {
    return Character.isSpaceChar(c) || Character.isWhitespace(c) || BLANKS.indexOf(c) >= 0;
  }

  private static boolean dash(int c) {
    return c == '-' || Character.getType(c) == Character.DASH_PUNCTUATION || c == 0x2212;
  }

  /** Whether it has a place of its own: marks stand on what is before them. */
  private static boolean seen(int c) {
    return switch (Character.getType(c)) {
      case Character.FORMAT, Character.CONTROL, Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> false;
      default -> true;
    };
  }

  /**
   * Digits that stand together, and what parts them from the group before; {@code glued} to a letter at one
   * end.
   */
  private record Group(String digits, String parted, boolean plus, boolean glued) {}

  private static boolean inGroups(String text) {
    var groups = new ArrayList<Group>();
    int end = 0;
    for (int i = 0; i < text.length(); i++) {
      int other = Math.max(uuidAt(text, i), Iban.at(text, i));
      if (other > 0) {
        if (found(groups)) return true;
        groups.clear();
        end = i + other;
        i = end - 1;
      } else if (digit(text.charAt(i)) >= 0) {
        int from = i;
        while (i < text.length() && digit(text.charAt(i)) >= 0) i++;
        String parted = text.substring(end, from);
        if (!parts(parted)) {
          if (found(groups)) return true;
          groups.clear();
        }
        groups.add(new Group(text.substring(from, i), parted, from > 0 && text.charAt(from - 1) == '+',
            letter(text, from - 1) || letter(text, i)));
        end = i--;
      }
    }
    return found(groups);
  }

  private static boolean letter(String text, int index) {
    return index >= 0 && index < text.length() && Character.isLetter(text.charAt(index));
  }

  /** Whether this may stand between the groups of one number. */
  private static boolean parts(String between) {
    return !between.isEmpty() && between.length() <= 3
        && between.codePoints().noneMatch(Character::isLetterOrDigit);
  }

  /** What cards and people mostly have between the groups. */
  private static boolean usual(String parted) {
    return parted.chars().allMatch(c -> " -./_".indexOf(c) >= 0);
  }

  /** How many characters of a UUID begin there; 0 when none does. */
  private static int uuidAt(String text, int start) {
    if (text.length() - start < UUID_CHARS || text.charAt(start + 8) != '-') return 0;
    if (start > 0 && hex(text.charAt(start - 1))) return 0;
    if (text.length() > start + UUID_CHARS && hex(text.charAt(start + UUID_CHARS))) return 0;
    for (int i = 0; i < UUID_CHARS; i++) {
      char c = text.charAt(start + i);
      boolean hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      if (hyphen ? c != '-' : !hex(c)) return 0;
    }
    return UUID_CHARS;
  }

  private static boolean hex(char c) { return c < 128 && Character.digit(c, 16) >= 0; }

  /** Whether some groups that follow each other are a card number. */
  private static boolean found(List<Group> groups) {
    if (telephone(groups)) return false;
    for (int first = 0; first < groups.size(); first++) {
      var number = new StringBuilder();
      for (int last = first; last < groups.size(); last++) {
        number.append(groups.get(last).digits);
        if (number.length() > DIGITS_MAX) break;
        if (number.length() >= DIGITS_MIN && card(number.toString())
            && together(groups.subList(first, last + 1)))
          return true;
      }
    }
    return false;
  }

  private static boolean telephone(List<Group> groups) {
    return !groups.isEmpty() && groups.getFirst().plus
        && groups.stream().mapToInt(g -> g.digits.length()).sum() <= TELEPHONE_DIGITS_MAX;
  }

  /**
   * Whether somebody may have meant the groups as one number: they stand as cards print them, or are of one
   * size and all parted in the same way, by spaces or by dashes. Else many lists of numbers would hold a
   * card: an order's number before a day and a time has as many digits, and the groups of a bank account's.
   */
  private static boolean together(List<Group> groups) {
    if (groups.size() == 1) return true;
    String sizes = groups.stream().map(g -> String.valueOf(g.digits.length()))
        .collect(Collectors.joining("-"));
    if (sizes.equals(ISSUER_AND_ACCOUNT)) return groups.getLast().parted.isBlank();
    boolean printed = PRINTED.contains(sizes) || (groups.size() > 2 && regular(groups, GROUP));
    if (!printed) return alike(groups);
    String parted = groups.get(1).parted;
    return groups.stream().skip(1).allMatch(g -> usual(g.parted))
        || groups.stream().skip(1).allMatch(g -> g.parted.equals(parted));
  }

  /** Parted by spaces or dashes in groups of any size; digit by digit, by anything. */
  private static boolean alike(List<Group> groups) {
    String parted = groups.get(1).parted;
    int size = groups.getFirst().digits.length();
    boolean plain = parted.isBlank() || parted.chars().allMatch(c -> c == '-');
    return (plain || size == 1) && groups.stream().skip(1).allMatch(g -> g.parted.equals(parted))
        && regular(groups, size)
        && (groups.size() > 2 || size == groups.getLast().digits.length())
        && !groups.getFirst().glued && !groups.getLast().glued;
  }

  /** All of one size, but for what is left for the last. */
  private static boolean regular(List<Group> groups, int size) {
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
