package dev.millrace.load;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;

/** When an event happened, as its JSON says: the first `timestamp` in it, ISO-8601 in UTC. */
final class EventTime {
  /** What {@link #millis} answers if there is none, or one that cannot be read. */
  static final long NONE = -1;
  private static final byte[] FIELD = "\"timestamp\":\"".getBytes(StandardCharsets.US_ASCII);

  private EventTime() {}

  /** Milliseconds since 1970. */
  static long millis(byte[] json, int from, int to) {
    int begin = find(json, from, to);
    int end = begin;
    while (begin >= 0 && end < to && json[end] != '"') {
      end++;
    }
    if (begin < 0 || end == to) {
      return NONE;
    }
    try {
      return Instant.parse(new String(json, begin, end - begin, StandardCharsets.US_ASCII)).toEpochMilli();
    } catch (DateTimeException unreadable) {
      return NONE;
    }
  }

  /** Where the value begins; -1 if there is none. */
  private static int find(byte[] json, int from, int to) {
    for (int i = from; i <= to - FIELD.length; i++) {
      int matched = 0;
      while (matched < FIELD.length && json[i + matched] == FIELD[matched]) {
        matched++;
      }
      if (matched == FIELD.length) {
        return i + matched;
      }
    }
    return -1;
  }
}
