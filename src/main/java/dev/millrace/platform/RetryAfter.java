package dev.millrace.platform;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a server asks to be left alone, by its header {@code Retry-After}: seconds, or a date in any of
 * the three forms that HTTP has had.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3">RFC 9110, Retry-After</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7">RFC 9110, Date/Time Formats</a>
 */
public final class RetryAfter {
  /** What is longer is no longer a wait: a month. */
  private static final Duration MAX = Duration.ofDays(31);
  private static final Pattern SECONDS = Pattern.compile("[0-9]+");
  private static final int SECONDS_DIGITS_MAX = 9;
  private static final String TIME = "(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})";
  private static final String MONTH = "(?<month>[A-Za-z]{3})";
  /** The day of the week follows from the date, and may be wrong. */
  private static final List<Pattern> DATES = List.of(
      // Sun, 06 Nov 1994 08:49:37 GMT
      Pattern.compile("[A-Za-z]{3}, (?<day>[0-9]{1,2}) " + MONTH + " (?<year>[0-9]{4}) " + TIME
          + " (?:GMT|UTC|[+]0000)"),
      // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
      Pattern.compile("[A-Za-z]{6,9}, (?<day>[0-9]{2})-" + MONTH + "-(?<year>[0-9]{2}) " + TIME + " GMT"),
      // asctime: Sun Nov  6 08:49:37 1994
      Pattern.compile("[A-Za-z]{3} " + MONTH + " (?<day>[ 0-9]?[0-9]) " + TIME + " (?<year>[0-9]{4})"));
  private static final List<String> MONTHS = List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
      "sep", "oct", "nov", "dec");
  private static final int YEARS_AHEAD_MAX = 50;

  private RetryAfter() {}

  /**
   * How long to wait from {@code now} on, nothing when the date has passed, a month at most; null when there
   * is no header or none that can be read.
   */
  public static @Nullable Duration of(@Nullable String header, Instant now) {
    if (header == null) return null;
    String value = header.strip();
    Duration wait;
    if (SECONDS.matcher(value).matches()) {
      wait = value.length() > SECONDS_DIGITS_MAX ? MAX : Duration.ofSeconds(Long.parseLong(value));
    } else {
      Instant date = date(value, now);
      if (date == null) return null;
      wait = Duration.between(now, date);
    }
    if (wait.isNegative()) return Duration.ZERO;
    return wait.compareTo(MAX) > 0 ? MAX : wait;
  }

  /** The instant of an HTTP-date; null when it is none. */
  static @Nullable Instant date(String value, Instant now) {
    for (Pattern form : DATES) {
      Matcher m = form.matcher(value);
      if (!m.matches()) continue;
      int second = Integer.parseInt(m.group("second"));
      try {
        // A leap second, which the grammar has and the clock here has not, is the one before it.
        var time = LocalDateTime.of(year(m.group("year"), now),
            MONTHS.indexOf(m.group("month").toLowerCase(Locale.ROOT)) + 1,
            Integer.parseInt(m.group("day").strip()), Integer.parseInt(m.group("hour")),
            Integer.parseInt(m.group("minute")), second == 60 ? 59 : second);
        return (m.group("year").length() > 2 ? time : notFarAhead(time, now)).toInstant(ZoneOffset.UTC);
      } catch (DateTimeException e) {
        return null;
      }
    }
    return null;
  }

  /** Two digits mean a year of this century, at first. */
  private static int year(String digits, Instant now) {
    int year = Integer.parseInt(digits);
    if (digits.length() > 2) return year;
    int thisYear = now.atOffset(ZoneOffset.UTC).getYear();
    return thisYear - thisYear % 100 + year;
  }

  /** What would be more than 50 years ahead was in the century before. */
  private static LocalDateTime notFarAhead(LocalDateTime time, Instant now) {
    var farthest = now.atOffset(ZoneOffset.UTC).toLocalDateTime().plusYears(YEARS_AHEAD_MAX);
    return time.isAfter(farthest) ? time.minusYears(100) : time;
  }
}
