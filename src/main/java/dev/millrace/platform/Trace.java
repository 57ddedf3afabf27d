package dev.millrace.platform;

import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code traceparent} that one payment carries from its request through the journal, Kafka and the
 * provider.
 *
 * @see <a href="https://www.w3.org/TR/trace-context/#traceparent-header">W3C Trace Context, traceparent</a>
 */
public final class Trace {
  private static final Pattern VALID = Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}");
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private Trace() {}

  /**
   * Continues a valid header with a span of our own; starts a new trace for an absent or broken one, and for
   * one that holds a card number.
   */
  public static String continued(@Nullable String header) {
    var random = ThreadLocalRandom.current();
    var out = new char[55];
    out[0] = '0';
    out[1] = '0';
    out[2] = '-';
    if (header != null && header.length() == 55 && VALID.matcher(header).matches()
        && !header.startsWith("00000000000000000000000000000000", 3)
        && !header.startsWith("0000000000000000", 36) && !CardNumbers.in(header)) {
      header.getChars(3, 35, out, 3);
    } else {
      hex(out, 3, random.nextLong() | 1L);
      hex(out, 19, random.nextLong());
    }
    out[35] = '-';
    hex(out, 36, random.nextLong() | 1L);
    out[52] = '-';
    out[53] = '0';
    out[54] = '1';
    return new String(out);
  }

  /** The 32 hexadecimal digits that name the whole trace. */
  public static String id(String traceparent) {
    return traceparent.length() >= 35 ? traceparent.substring(3, 35) : "";
  }

  private static void hex(char[] out, int at, long value) {
    long rest = value;
    for (int i = at + 15; i >= at; i--) {
      out[i] = HEX[(int) (rest & 15)];
      rest >>>= 4;
    }
  }
}
