package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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

  /** {@code digits} random digits that pass the check. */
  private static String luhn(Random random, int digits) {
    var number = new StringBuilder();
    for (int i = 0; i < digits - 1; i++) number.append((char) ('0' + random.nextInt(10)));
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

  @Test
  void digits_random13To19_areFoundExactlyWhenTheyPassTheCheck() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int digits = 13; digits <= 19; digits++) {
      for (int i = 0; i < 500; i++) {
        String number = luhn(random, digits);
        assertThat(CardNumbers.in(number)).as("seed %d: %s", seed, number).isTrue();
        char last = number.charAt(digits - 1);
        String other = number.substring(0, digits - 1)
            + (char) ('0' + (last - '0' + 1 + random.nextInt(9)) % 10);
        assertThat(CardNumbers.in(other)).as("seed %d: %s", seed, other).isFalse();
      }
    }
  }

  @Test
  void digits_ofOtherLengths_areNone() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int digits : new int[]{1, 2, 8, 10, 12, 20, 21, 32}) {
      for (int i = 0; i < 200; i++) {
        String number = luhn(random, digits);
        assertThat(CardNumbers.in(number)).as("seed %d: %s", seed, number).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005",
      "3782-822463-10005",
      "pay with 4242 4242 4242 4242 please", "(4242-4242-4242-4242)", "6304 0000 0000 0000 000"})
  void groups_asCardsPrintThem_areFound(String text) {
    assertThat(CardNumbers.in(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4242", "4242424242424241", "4242 4242 4242 4241", "424242424242",
      "42424242424242424242",
      "4242.4242.4242.4242", "4242  4242  4242  4242", "4242/4242/4242/4242", "order 2026-11-20 12:30:45.123",
      "pay_01jd3w5ynkfxmrx1v0a9s2e4zg", "+49 30 901820",
      "\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662"})
  void text_withoutANumber_isNone(String text) {
    assertThat(CardNumbers.in(text)).isFalse();
  }

  /** The groups in the middle of these, read through their hyphens, are 16 digits that pass the check. */
  @ParameterizedTest
  @ValueSource(strings = {"abcdefab-4179-4120-8507-7364fedcbaab", "abcdefab-9116-4944-8657-1638fedcbaab",
      "abcdefab-8991-4903-8719-6139fedcbaab"})
  void uuid_withGroupsOfDigits_isNone(String uuid) {
    assertThat(CardNumbers.in(uuid)).isFalse();
    assertThat(CardNumbers.cardIn(uuid)).isFalse();
  }

  /** A word before or behind the groups makes them no less a card number. */
  @ParameterizedTest
  @ValueSource(strings = {"Visa4242 4242 4242 4242", "4242 4242 4242 4242exp0930", "pan_4242-4242-4242-4242"})
  void groups_gluedToAWord_areFound(String text) {
    assertThat(CardNumbers.in(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"4222222222222", "30569309025904", "378282246310005", "4242424242424242",
      "5555555555554444",
      "2223003122003222", "6011111111111117", "3566002020360505", "6200000000000005", "6205500000000000004",
      "order-4242424242424242-1", "4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005"})
  void key_withANumberThatASchemeIssues_isFound(String key) {
    assertThat(CardNumbers.cardIn(key)).isTrue();
  }

  /** Clocks and counters are good idempotency keys, and one in ten of them passes the check. */
  @Test
  void key_madeOfAClock_isNoCard() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    int passing = 0;
    for (int i = 0; i < 1_000; i++) {
      String millis = Long.toString(1_700_000_000_000L + random.nextLong(200_000_000_000L));
      if (CardNumbers.in(millis)) passing++;
      assertThat(CardNumbers.cardIn(millis)).as("seed %d: %s", seed, millis).isFalse();
      assertThat(CardNumbers.cardIn("order-" + millis + "000")).as("seed %d: %s", seed, millis).isFalse();
    }
    assertThat(passing).as("seed %d", seed).isPositive();
  }
}
