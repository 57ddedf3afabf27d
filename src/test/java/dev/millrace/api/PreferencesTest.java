package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The grammar of RFC 7240; lines of one header are parted by {@code /} here. */
final class PreferencesTest {
  @ParameterizedTest
  @CsvSource(nullValues = "-", quoteCharacter = '~', delimiter = '|', value = {
      "wait=5 | 5", "Wait=5 | 5", "WAIT=5 | 5", "wait =5 | 5", "wait= 5 | 5", "wait \t=\t 5 | 5",
      "wait=\"5\" | 5", "wait = \"5\" | 5", "wait=\"\\5\" | 5", "  wait=5   | 5",
      "respond-async, wait=5 | 5", "wait=5, respond-async | 5", "respond-async,wait=5 | 5",
      ",, ,wait=5,, | 5",
      "respond-async/wait=5 | 5", "wait=5/wait=9 | 5", "wait=5, wait=9 | 5", "WAIT=5, wait=9 | 5",
      "wait=5; foo=bar | 5", "wait=5;foo | 5", "wait=5 ; foo = \"a, wait=9\" | 5", "wait=5;;a;b=c | 5",
      "foo; bar=1, wait=5 | 5", "foo=\"a, wait=9\", wait=5 | 5", "foo; bar=\"x\\\", wait=9\", wait=5 | 5",
      "foo; wait=9, wait=5 | 5", "return=minimal/handling=lenient; wait=9/wait=5 | 5", "foo=@@, wait=5 | 5",
      "@, wait=5 | 5", "=9, wait=5 | 5", "foo bar, wait=5 | 5",
      "wait | ~~", "wait= | ~~", "wait=\"\" | ~~", "wait; a=b | ~~", "wait, wait=5 | ~~",
      "wait=@, wait=5 | ~~",
      "wait 5 | ~~", "wait=5 6 | ~~", "wait=\"5 | ~~", "wait=5\"6\" | ~~",
      "~~ | -", "respond-async | -", "nowait=5 | -", "wait-5=5 | -", "x; wait=5 | -", "x=\"wait=5\" | -",
      "x=\"unfinished, wait=5 | -", "x y=wait=5 | -"})
  void value_isThatOfTheFirst(String lines, String value) {
    assertThat(Preferences.value(List.of(lines.split("/", -1)), "wait")).isEqualTo(value);
  }

  @Test
  void value_ofNoLines_isNone() {
    assertThat(Preferences.value(List.of(), "wait")).isNull();
  }

  @ParameterizedTest
  @CsvSource({"wait=0,0", "wait=1,1", "wait=30,30", "wait=31,30", "wait=0007,7", "wait=00000000000007,7",
      "wait=999999999999999999999,30", "wait=-5,0", "wait=+5,0", "wait=5.5,0", "wait=5s,0", "wait=soon,0",
      "wait,0", "respond-async,0", "wait=\u0665,0"})
  void wait_isSeconds_thirtyAtMost(String line, long seconds) {
    assertThat(ApiCall.waitMs(List.of(line))).isEqualTo(seconds * 1_000);
  }
}
