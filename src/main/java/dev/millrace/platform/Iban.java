package dev.millrace.platform;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;

/**
 * Tells international bank account numbers from what else has as many digits: a country, as many characters
 * as its numbers have, and check digits that are right.
 *
 * @see <a href="https://www.iso.org/standard/81090.html">ISO 13616-1, the structure</a>
 * @see <a href="https://www.swift.com/resource/iban-registry-pdf">the registry, each country's length</a>
 */
final class Iban {
  private static final int GROUP = 4;
  private static final BigInteger CHECK = BigInteger.valueOf(97);
  private static final Map<String, Integer> LENGTHS = new HashMap<>();

  static {
    String registered = """
      AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20
      EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30
      KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23
      PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26
      UA29 VA22 VG24 XK20 YE30""";
    for (String one : registered.split("\\s+"))
      LENGTHS.put(one.substring(0, 2), Integer.parseInt(one.substring(2)));
  }

  private Iban() {}

  /**
   * How many characters of one begin there, as computers write it or as people do, in groups of four with a
   * space between; 0 when none does.
   */
  static int at(String text, int start) {
    if (start + GROUP >= text.length() || (start > 0 && Character.isLetterOrDigit(text.charAt(start - 1))))
      return 0;
    Integer length = LENGTHS.get(text.substring(start, start + 2));
    if (length == null) return 0;
    boolean grouped = text.charAt(start + GROUP) == ' ';
    int end = start + length + (grouped ? (length - 1) / GROUP : 0);
    if (end > text.length() || (end < text.length() && Character.isLetterOrDigit(text.charAt(end)))) return 0;
    var characters = new StringBuilder(length);
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (grouped && (i - start) % (GROUP + 1) == GROUP) {
        if (c != ' ') return 0;
      } else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) {
        characters.append(c);
      } else {
        return 0;
      }
    }
    return checked(characters) ? end - start : 0;
  }

  /** Country and check digits last, letters as 10 to 35, the number leaves 1 of 97. */
  private static boolean checked(CharSequence characters) {
    if (!Character.isDigit(characters.charAt(2)) || !Character.isDigit(characters.charAt(3))) return false;
    var number = new StringBuilder();
    for (int i = 0; i < characters.length(); i++)
      number.append(Character.digit(characters.charAt((i + GROUP) % characters.length()), 36));
    return new BigInteger(number.toString()).mod(CHECK).equals(BigInteger.ONE);
  }
}
