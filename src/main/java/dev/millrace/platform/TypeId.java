package dev.millrace.platform;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Identifiers as merchants see them: a prefix and a UUIDv7 in 26 characters of Crockford's base 32, for
 * example {@code pay_01jd3w5ynkfxmrx1v0a9s2e4zg}; sortable by time. Inside, and in Postgres, they are plain
 * UUIDs.
 *
 * @see <a href="https://github.com/jetify-com/typeid/tree/main/spec">TypeID specification 0.3</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7">RFC 9562, UUID version 7</a>
 */
public final class TypeId {
  public static final String PAYMENT = "pay";
  public static final String MERCHANT = "mer";
  public static final String KEY = "key";
  public static final String SETTLEMENT = "stl";
  public static final String ATTEMPT = "att";
  public static final String CAPTURE = "cap";
  public static final String CANCELLATION = "can";
  public static final String REFUND = "re";
  public static final String REVERSAL = "rev";
  public static final String DISPUTE = "dp";
  public static final String CORRECTION = "cor";
  public static final String REQUEST = "req";
  public static final String EVENT = "evt";
  public static final String WEBHOOK_ENDPOINT = "whe";
  public static final String WEBHOOK_DELIVERY = "whd";
  public static final String WEBHOOK_REPLAY = "whr";

  private static final char[] ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final byte[] VALUES = new byte[128];
  private static final TimeBasedEpochGenerator GENERATOR = Generators.timeBasedEpochGenerator();
  private static final int LENGTH = 26;

  static {
    Arrays.fill(VALUES, (byte) -1);
    for (int i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET[i]] = (byte) i;
  }

  private TypeId() {}

  /**
   * A new UUIDv7, larger than every one this process made before while its clock goes forward. Under a
   * lock of its own: the library reads the clock outside its one, and who comes late draws a smaller one.
   */
  public static synchronized UUID next() {
    return GENERATOR.generate();
  }

  /** The milliseconds since 1970 that a UUIDv7 carries. */
  public static long millis(UUID id) {
    return id.getMostSignificantBits() >>> 16;
  }

  /** The smallest UUIDv7 of a millisecond, to turn a time range into a range of identifiers. */
  public static UUID floor(long epochMillis) {
    return new UUID(epochMillis << 16 | 0x7000L, 0x8000_0000_0000_0000L);
  }

  /** {@code prefix_suffix}, 27 characters longer than the prefix. */
  public static String format(String prefix, UUID id) {
    var out = new char[prefix.length() + 1 + LENGTH];
    prefix.getChars(0, prefix.length(), out, 0);
    out[prefix.length()] = '_';
    long hi = id.getMostSignificantBits();
    long lo = id.getLeastSignificantBits();
    // 26 digits of 5 bits are 130 bits: two zero bits, then the 128 of the UUID.
    for (int i = LENGTH - 1; i >= 0; i--) {
      out[prefix.length() + 1 + i] = ALPHABET[(int) (lo & 31)];
      lo = lo >>> 5 | hi << 59;
      hi >>>= 5;
    }
    return new String(out);
  }

  /** The UUID inside an identifier, or null when the text is not one of this prefix. */
  public static @Nullable UUID parse(String prefix, String text) {
    int start = prefix.length() + 1;
    if (text.length() != start + LENGTH || !text.startsWith(prefix) || text.charAt(start - 1) != '_')
      return null;
    if (text.charAt(start) > '7') return null;
    long hi = 0;
    long lo = 0;
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      int value = c < 128 ? VALUES[c] : -1;
      if (value < 0) return null;
      hi = hi << 5 | lo >>> 59;
      lo = lo << 5 | value;
    }
    return new UUID(hi, lo);
  }
}
