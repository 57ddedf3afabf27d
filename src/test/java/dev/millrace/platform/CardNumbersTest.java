package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CardNumbersTest {
  /** Published test numbers of the schemes, one or more of every length that ISO/IEC 7812 issues today. */
  @ParameterizedTest
  @ValueSource(strings = {"4222222222222", "30569309025904", "38520000023237", "36227206271667",
      "378282246310005",
      "371449635398431", "4242424242424242", "4111111111111111", "5555555555554444", "2223003122003222",
      "6011111111111117", "3566002020360505", "6200000000000005", "6304000000000000000",
      "6205500000000000004"})
  void number_ofAScheme_isFound(String number) {
    assertThat(CardNumbers.in(number)).isTrue();
    assertThat(CardNumbers.in("Card " + number + ".")).isTrue();
    assertThat(CardNumbers.in("pm_" + number)).isTrue();
    assertThat(CardNumbers.in("x" + number + "y")).isTrue();
    assertThat(CardNumbers.in("1 of 2: " + number + ", 09/30")).isTrue();
  }

  /** {@code prefix} and random digits that pass the check, {@code digits} in all. */
  private static String luhn(Random random, String prefix, int digits) {
    var number = new StringBuilder(prefix);
    while (number.length() < digits - 1) number.append((char) ('0' + random.nextInt(10)));
    for (char check = '0'; check <= '9'; check++) {
      if (passes(number.toString() + check)) return number.toString() + check;
    }
    throw new AssertionError(number);
  }

  /** The check as ISO/IEC 7812-1 annex B describes it: from the right, every second digit doubled. */
  private static boolean passes(String number) {
    int sum = 0;
    for (int i = 0; i < number.length(); i++) {
      int digit = number.charAt(number.length() - 1 - i) - '0';
      int weighted = i % 2 == 0 ? digit : digit * 2;
      sum += weighted / 10 + weighted % 10;
    }
    return sum % 10 == 0;
  }

  /** Each row is a prefix, and a length that numbers with it have. */
  @ParameterizedTest
  @CsvSource({"4,13", "4,16", "4,19", "51,16", "55,16", "2221,16", "2720,16", "34,15", "37,15", "300,14",
      "305,16", "3095,14", "36,14", "36,16", "38,14", "39,16", "3528,16", "3589,19", "6011,16", "6011,19",
      "644,16", "65,16", "65,19", "62,16", "62,17", "62,18", "62,19", "81,16", "5018,13", "5020,16",
      "5038,18",
      "5893,19", "6304,13", "6759,16", "6761,17", "6763,19", "60,16", "50,16", "56,16", "58,16", "636,19",
      "637,16", "2200,16", "2204,19", "9792,16", "8600,16", "9860,16"})
  void digits_ofAScheme_areFoundExactlyWhenTheyPassTheCheck(String prefix, int digits) {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int i = 0; i < 100; i++) {
      String number = luhn(random, prefix, digits);
      assertThat(CardNumbers.in(number)).as("seed %d: %s", seed, number).isEqualTo(!outside(prefix, number));
      char last = number.charAt(digits - 1);
      String other = number.substring(0, digits - 1)
          + (char) ('0' + (last - '0' + 1 + random.nextInt(9)) % 10);
      assertThat(CardNumbers.in(other)).as("seed %d: %s", seed, other).isFalse();
    }
  }

  /** UnionPay's 81 ends at 8171. */
  private static boolean outside(String prefix, String number) {
    return prefix.equals("81") && Integer.parseInt(number.substring(0, 4)) > 8171;
  }

  /** Right digits of no scheme, or of one that has no numbers of this length. */
  @ParameterizedTest
  @CsvSource({"0,16", "1,13", "1,15", "1,16", "1,19", "2,13", "20,14", "20,17", "2220,16", "2721,16",
      "2205,16",
      "33,15", "34,16", "37,14", "306,14", "3094,14", "3527,16", "3590,16", "4,14", "4,15", "4,17", "4,18",
      "5,13", "51,19", "6,13", "6,15", "7,16", "82,16", "90,16", "978,13"})
  void digits_ofNoScheme_areNone(String prefix, int digits) {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int i = 0; i < 100; i++) {
      String number = luhn(random, prefix, digits);
      // Some of Maestro's ranges have every length.
      if (number.matches("(5018|5020|5038|5893|6304|6759|676[0-3]).*")) continue;
      assertThat(CardNumbers.in(number)).as("seed %d: %s", seed, number).isFalse();
    }
  }

  /** Each line of the corpus: what is refused or taken, and why. */
  @TestFactory
  Stream<DynamicTest> corpus() throws IOException {
    var lines = Files.readAllLines(Path.of("src/test/resources/card-numbers.csv"));
    assertThat(lines.stream().filter(l -> l.startsWith("refused;"))).hasSizeGreaterThanOrEqualTo(200);
    assertThat(lines.stream().filter(l -> l.startsWith("accepted;"))).hasSizeGreaterThanOrEqualTo(200);
    return lines.stream().skip(1).map(line -> {
      int first = line.indexOf(';');
      int last = line.lastIndexOf(';');
      String text = (String) Json.decodeValue(line.substring(first + 1, last));
      return DynamicTest.dynamicTest(line, () -> assertThat(CardNumbers.in(text)).as(line)
          .isEqualTo(line.startsWith("refused;")));
    });
  }

  /** By the name of the field, whatever it is made of. */
  @ParameterizedTest
  @CsvSource({"cvc,123,true", "CVV2,1234,true", "card_cvc,123,true", "security-code,123,true",
      "Card Security Code,123,true", "cvv,'1 2 3',true", "cvc,\uff11\uff12\uff13,true", "cvc,12,false",
      "cvc,12345,false", "cvc,pass,false", "order,123,false", "cvc_check,pass,false", "code,123,false"})
  void code_ofACard_isKnownByItsName(String name, String value, boolean code) {
    assertThat(CardNumbers.code(name, value)).isEqualTo(code);
  }

  @Test
  void digits_ofOtherLengths_areNone() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int digits : new int[]{2, 8, 10, 11, 20, 21, 32}) {
      for (int i = 0; i < 200; i++) {
        String number = luhn(random, i % 2 == 0 ? "4" : "5", digits);
        assertThat(CardNumbers.in(number)).as("seed %d: %s", seed, number).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005",
      "3782-822463-10005", "3056 930902 5904", "4222 2222 2222 2", "6304 0000 0000 0000 000",
      "pay with 4242 4242 4242 4242 please", "(4242-4242-4242-4242)", "card-4242-4242-4242-4242",
      "a4242-4242-4242-4242", "2 4242 4242 4242 4242", "4242 4242 4242 4242 12/34",
      "4242 4242 4242 4242 123", "4242 4242-4242 4242", "4242  4242  4242  4242", "4242 - 4242 - 4242 - 4242",
      "4242.4242.4242.4242", "4242/4242/4242/4242", "4242_4242_4242_4242", "5018 0000 00007",
      "6759 649826 43844", "620550 0000000000004"})
  void groups_asCardsPrintThem_areFound(String text) {
    assertThat(CardNumbers.in(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2", "4-2-4-2-4-2-4-2-4-2-4-2-4-2-4-2",
      "42 42 42 42 42 42 42 42", "42424242 42424242", "42424242-42424242",
      "424 242 424 242 424 2", "378 282 246 310 005", "37828 22463 10005", "1 2 42424242 42424242 3"})
  void groups_partedInOneWay_areFound(String text) {
    assertThat(CardNumbers.in(text)).isTrue();
  }

  /** What looks like a space, a hyphen or a digit to whoever reads it. */
  @ParameterizedTest
  @ValueSource(strings = {"4242\u00a04242\u00a04242\u00a04242", "4242\u20094242\u20094242\u20094242",
      "4242\t4242\t4242\t4242", "4242\n4242\n4242\n4242", "4242\u20134242\u20134242\u20134242",
      "4242\u20114242\u20114242\u20114242", "4242\u22124242\u22124242\u22124242",
      "\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12",
      "\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662",
      "4242\u28004242\u28004242\u28004242"})
  void groups_inOtherScripts_areFound(String text) {
    assertThat(CardNumbers.in(text)).isTrue();
  }

  /** The first of ten digits that Unicode has outside its basic plane: of mathematics, Adlam, Brahmi. */
  @ParameterizedTest
  @ValueSource(ints = {0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7f6, 0x1e950, 0x11066, 0x1fbf0})
  void digits_ofTwoChars_areFound(int zero) {
    var number = new StringBuilder();
    for (int i = 0; i < 8; i++) number.appendCodePoint(zero + 4).appendCodePoint(zero + 2);
    assertThat(CardNumbers.in(number.toString())).isTrue();
    assertThat(CardNumbers.in("42424242" + number.substring(0, 16))).isTrue();
    assertThat(CardNumbers.in(number.substring(0, 30))).isFalse();
  }

  /** What has no width, or stands on the digit before it. */
  @ParameterizedTest
  @ValueSource(strings = {"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202c",
      "\u180e", "\u0001", "\u0336", "\ufe0f\u20e3"})
  void digits_withWhatIsNotSeenBetween_areFound(String unseen) {
    assertThat(CardNumbers.in(String.join(unseen, "4242424242424242".split("")))).isTrue();
    assertThat(CardNumbers.in(String.join(unseen, "4242", "4242", "4242", "4242"))).isTrue();
    assertThat(CardNumbers.in(String.join(" " + unseen, "4242", "4242", "4242", "4242"))).isTrue();
    assertThat(CardNumbers.in(String.join(unseen, "4242", "4242", "4242", "4241"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://shop.example/?c=4242424242424242",
      "https://shop.example/?c=4242%204242%204242%204242", "https://shop.example/?c=4242+4242+4242+4242",
      "https://shop.example/?c=%34%32%34%32%34%32%34%32%34%32%34%32%34%32%34%32",
      "https://shop.example/4242%2D4242%2D4242%2D4242", "https://shop.example/?c=4242%E2%80%8B424242424242",
      "https://shop.example/?next=https%3A%2F%2Fpay.example%2F%3Fc%3D4242%252B4242%252B4242%252B4242"})
  void number_inAUrl_isFound(String url) {
    assertThat(CardNumbers.inUrl(url)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://shop.example/?c=4242%204242%204242%204241", "https://shop.example/50%",
      "https://shop.example/?tel=+4915123456787&off=50%25", "https://shop.example/?at=1795996304238",
      "https://shop.example/?iban=DK50%200040%200440%201162%2043"})
  void url_withoutANumber_isNone(String url) {
    assertThat(CardNumbers.inUrl(url)).isFalse();
  }

  /** All of these pass the check, or hold digits that would in other groups. */
  @ParameterizedTest
  @ValueSource(strings = {"", "4242", "4242424242424241", "4242 4242 4242 4241", "424242424242",
      "42424242424242424242", "4242 42424242-4242 x",
      "chaos-401326352-103-0", "4711-20261120-0811", "order 2026-11-20 12:30:45.123",
      "pay_01jd3w5ynkfxmrx1v0a9s2e4zg", "+49 30 901820", "ORD-1795996304238",
      "1795996304238", "42-1795996304248", "400-1795996304230", "650-1795996304230", "511-1795996304234",
      "+4915123456787", "+49 151 23456787", "+49-151-23456787", "+1 4222 2222 2222 2",
      "12.50 4242.42 4242.42 42.42"})
  void text_withoutANumber_isNone(String text) {
    assertThat(CardNumbers.in(text)).isFalse();
  }

  /** Each passes the check when its spaces or dashes are left out, but nobody prints cards like this. */
  @ParameterizedTest
  @ValueSource(strings = {"4711 2026 11 30 0819", "4711-2026-11-30-0819", "4242 424242424242",
      "4242-424242424242", "4242 4242 42424242", "424242424242 4242", "424242424242-4242",
      "424242 4242424242", "42424 242424 24242", "620550-0000000000004", "380 129 866 46850",
      "A42 42 42 42 42 42 42 42", "42-42-42-42-42-42-42-42b"})
  void groups_ofOtherSizes_areNone(String text) {
    assertThat(passes(text.replaceAll("[^0-9]", ""))).as("the example").isTrue();
    assertThat(CardNumbers.in(text)).isFalse();
  }

  /** From the registry of IBANs; the others have check digits that were made for them. */
  @ParameterizedTest
  @ValueSource(strings = {"DK50 0040 0440 1162 43", "DK5000400440116243", "BE68 5390 0754 7034",
      "DE89 3704 0044 0532 0130 00", "AT61 1904 3002 3457 3201", "NO93 8601 1117 947",
      "GB29 NWBK 6016 1331 9268 19", "FI21 1234 5600 0007 85", "DE65 4242 4242 4242 4242 00"})
  void iban_isNone(String iban) {
    assertThat(CardNumbers.in(iban)).isFalse();
    assertThat(CardNumbers.in("to " + iban + ", order 4711")).isFalse();
    assertThat(CardNumbers.in(iban + " 4242 4242 4242 4242")).isTrue();
  }

  /** Of no country, of another length, with other check digits or behind a letter it is none. */
  @ParameterizedTest
  @ValueSource(strings = {"ZZ4242424242424242", "DE4242424242424242", "DK4242424242424242",
      "DE66 4242 4242 4242 4242 00", "DE65  4242 4242 4242 4242 00", "XDK5000400440116243"})
  void text_likeAnIban_isLookedThrough(String text) {
    assertThat(CardNumbers.in(text)).isTrue();
  }

  /** The groups in the middle of these, read through their hyphens, are 16 digits that pass the check. */
  @ParameterizedTest
  @ValueSource(strings = {"abcdefab-4179-4120-8507-7364fedcbaab", "abcdefab-9116-4944-8657-1638fedcbaab",
      "abcdefab-8991-4903-8719-6139fedcbaab"})
  void uuid_withGroupsOfDigits_isNone(String uuid) {
    assertThat(CardNumbers.in(uuid)).isFalse();
    assertThat(CardNumbers.in("order " + uuid + " 4242")).isFalse();
    assertThat(CardNumbers.in(uuid + "-4242 4242 4242 4242")).isTrue();
  }

  /** A word before or behind the groups makes them no less a card number. */
  @ParameterizedTest
  @ValueSource(strings = {"Visa4242 4242 4242 4242", "4242 4242 4242 4242exp0930", "pan_4242-4242-4242-4242"})
  void groups_gluedToAWord_areFound(String text) {
    assertThat(CardNumbers.in(text)).isTrue();
  }

  /** Clocks and counters are good references and keys, and one in ten of them passes the check. */
  @Test
  void text_madeOfAClock_isNoCard() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    int passing = 0;
    for (int i = 0; i < 1_000; i++) {
      String millis = Long.toString(1_700_000_000_000L + random.nextLong(200_000_000_000L));
      if (passes(millis)) passing++;
      String day = "2026" + (10 + random.nextInt(3)) + (10 + random.nextInt(18));
      String time = "" + (10 + random.nextInt(13)) + (10 + random.nextInt(50)) + (10 + random.nextInt(50));
      for (String text : new String[]{millis, "ORD-" + millis, millis + "-" + i, i + "-" + millis,
          millis + "000",
          "order-" + millis + "000", millis + "000000", day + time, day + time + millis.substring(10),
          day + "-" + time, "inv-" + day + "-" + time + "-" + millis.substring(10)})
        assertThat(CardNumbers.in(text)).as("seed %d: %s", seed, text).isFalse();
    }
    assertThat(passing).as("seed %d", seed).isPositive();
  }

  @Test
  void uuid_random_isNoCard() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int i = 0; i < 100_000; i++) {
      String uuid = new UUID(random.nextLong(), random.nextLong()).toString();
      assertThat(CardNumbers.in(uuid)).as("seed %d: %s", seed, uuid).isFalse();
      assertThat(CardNumbers.in(uuid.toUpperCase(Locale.ROOT))).as("seed %d: %s", seed, uuid).isFalse();
    }
  }
}
