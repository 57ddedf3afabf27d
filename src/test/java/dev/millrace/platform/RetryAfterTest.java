package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RetryAfterTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  @ParameterizedTest
  @CsvSource({"0, 0", "120, 120", "' 7 ', 7", "007, 7", "86400, 86400", "2678401, 2678400",
      "999999999, 2678400", "99999999999999999999, 2678400"})
  void seconds_areRead_aMonthAtMost(String header, long seconds) {
    assertThat(RetryAfter.of(header, NOW)).isEqualTo(Duration.ofSeconds(seconds));
  }

  /** The three forms of RFC 9110, 5.6.7; the day of the week may be wrong. */
  @ParameterizedTest
  @CsvSource({"'Sat, 21 Nov 2026 12:00:30 GMT', 30", "'Saturday, 21-Nov-26 12:00:30 GMT', 30",
      "'Sat Nov 21 12:00:30 2026', 30", "'Tue, 01 Dec 2026 12:00:00 GMT', 864000",
      "'Tuesday, 01-Dec-26 12:00:00 GMT', 864000", "'Tue Dec  1 12:00:00 2026', 864000",
      "'Tue Dec 1 12:00:00 2026', 864000", "'Mon, 21 Nov 2026 12:00:30 GMT', 30",
      "'Wednesday, 21-Nov-26 12:00:30 GMT', 30", "'Sat, 21 Nov 2026 11:00:00 GMT', 0",
      "'Saturday, 21-Nov-26 11:00:00 GMT', 0", "'Sat Nov 21 11:00:00 2026', 0",
      "'Sun, 21 Nov 2027 12:00:00 GMT', 2678400", "'Sat, 21 Nov 2026 12:00:60 GMT', 59"})
  void date_inEachForm_isRead(String header, long seconds) {
    assertThat(RetryAfter.of(header, NOW)).isEqualTo(Duration.ofSeconds(seconds));
  }

  /** RFC 9110's own example, and its rule for years of two digits. */
  @ParameterizedTest
  @CsvSource({"'Sun, 06 Nov 1994 08:49:37 GMT', 1994-11-06T08:49:37Z",
      "'Sunday, 06-Nov-94 08:49:37 GMT', 1994-11-06T08:49:37Z",
      "'Sun Nov  6 08:49:37 1994', 1994-11-06T08:49:37Z",
      "'Friday, 06-Nov-76 08:49:37 GMT', 2076-11-06T08:49:37Z",
      "'Saturday, 21-Nov-76 12:00:00 GMT', 2076-11-21T12:00:00Z",
      "'Sunday, 21-Nov-76 12:00:01 GMT', 1976-11-21T12:00:01Z",
      "'Friday, 31-Dec-76 08:49:37 GMT', 1976-12-31T08:49:37Z",
      "'Sunday, 06-Nov-77 08:49:37 GMT', 1977-11-06T08:49:37Z",
      "'Monday, 06-Nov-00 08:49:37 GMT', 2000-11-06T08:49:37Z"})
  void date_isThatInstant(String header, Instant instant) {
    assertThat(RetryAfter.date(header, NOW)).isEqualTo(instant);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soon", "-5", "1.5", "+3", "12s", "2026-11-21T12:00:30Z",
      "Sat, 21 Nov 2026 12:00:30", "Sat, 21 Nov 2026 12:00:30 CET", "Sat, 31 Feb 2026 12:00:00 GMT",
      "Sat, 21 Nvm 2026 12:00:00 GMT", "Sat, 21 Nov 2026 25:00:00 GMT", "Saturday, 21-Nov-2026 12:00:30 GMT",
      "Sat Nov 21 12:00:30 2026 GMT"})
  void other_isNone(String header) {
    assertThat(RetryAfter.of(header, NOW)).isNull();
  }
}
