package dev.millrace.simulator.wire;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A decoded {@code application/x-www-form-urlencoded} body; of a name given twice the last value counts, but
 * of one that ends in {@code []} all do.
 */
public final class Form {
  static final String LIST_SEPARATOR = "\u0000";
  private final Map<String, String> fields;

  private Form(Map<String, String> fields) {
    this.fields = fields;
  }

  /**
   * Decodes a body.
   *
   * @throws IllegalArgumentException
   *           if a percent sign is not followed by two hexadecimal digits
   */
  public static Form parse(Buffer body) {
    byte[] bytes = body.getBytes();
    var fields = new LinkedHashMap<String, String>();
    int from = 0;
    while (from < bytes.length) {
      int end = find(bytes, (byte) '&', from, bytes.length);
      if (end > from) {
        int equals = find(bytes, (byte) '=', from, end);
        String name = decode(bytes, from, equals);
        String value = decode(bytes, Math.min(equals + 1, end), end);
        if (name.endsWith("[]")) {
          fields.merge(name, value, (before, more) -> before + LIST_SEPARATOR + more);
        } else {
          fields.put(name, value);
        }
      }
      from = end + 1;
    }
    return new Form(fields);
  }

  static Form of(Map<String, String> fields) {
    return new Form(fields);
  }

  @Nullable
  public String get(String name) {
    return fields.get(name);
  }

  /** Whether one of the values of a list is this one. */
  public boolean lists(String list, String wanted) {
    for (var field : fields.entrySet()) {
      if (field.getKey().startsWith(list + "[")
          && Arrays.asList(field.getValue().split(LIST_SEPARATOR, -1)).contains(wanted)) {
        return true;
      }
    }
    return false;
  }

  public void forEach(BiConsumer<String, String> each) {
    fields.forEach(each);
  }

  /** A number that two forms share if they say the same in whatever order; the same in every process. */
  public long fingerprint() {
    long sum = 0;
    for (var field : fields.entrySet()) {
      sum += mix(hash(hash(0xcbf29ce484222325L, field.getKey()) * 31, field.getValue()));
    }
    return sum;
  }

  /** The same for a call on a path of its own: the same form says something else elsewhere. */
  public long fingerprint(String path) {
    return mix(fingerprint() + hash(0xcbf29ce484222325L, path));
  }

  private static int find(byte[] bytes, byte wanted, int from, int to) {
    int at = from;
    while (at < to && bytes[at] != wanted) {
      at++;
    }
    return at;
  }

  /** Decodes in place: what is decoded is never longer. */
  private static String decode(byte[] bytes, int from, int to) {
    int length = 0;
    for (int at = from; at < to; at++) {
      byte b = bytes[at];
      if (b == '+') {
        b = ' ';
      } else if (b == '%') {
        if (to - at < 3) {
          throw new IllegalArgumentException("a percent sign stands at the end of a value");
        }
        b = (byte) (digit(bytes[at + 1]) << 4 | digit(bytes[at + 2]));
        at += 2;
      }
      bytes[from + length++] = b;
    }
    return new String(bytes, from, length, StandardCharsets.UTF_8);
  }

  private static int digit(byte b) {
    int digit = Character.digit(b, 16);
    if (digit < 0) {
      throw new IllegalArgumentException("a percent sign is not followed by two hexadecimal digits");
    }
    return digit;
  }

  private static long hash(long seed, String text) {
    long hash = seed;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  private static long mix(long hash) {
    long mixed = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ (mixed >>> 33);
  }
}
