package dev.millrace.idempotency;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The syntax of an {@code Idempotency-Key}: 1 to 255 printable characters, sent once. In quotes (a
 * structured-field string, as the draft wants it) and without them it is the same key.
 *
 * @see <a
 *   href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/">draft-ietf-httpapi-
 *   idempotency-key-header</a>
 */
public final class IdempotencyKey {
  public static final int LENGTH_MAX = 255;

  private IdempotencyKey() {}

  /** Either a key or what is wrong with it; both null when the header is absent. */
  public record Parsed(@Nullable String key, @Nullable String problem) {}

  public static Parsed parse(List<String> headers) {
    if (headers.isEmpty()) return new Parsed(null, null);
    if (headers.size() > 1) return new Parsed(null, "was sent " + headers.size() + " times; send it once");
    return parse(headers.getFirst());
  }

  /** Reads one header value (or a key in a path). */
  public static Parsed parse(String header) {
    String value = header.trim();
    if (value.length() >= 2 && value.charAt(0) == '"' && value.charAt(value.length() - 1) == '"') {
      value = value.substring(1, value.length() - 1).replace("\\\"", "\"").replace("\\\\", "\\");
    }
    if (value.isEmpty()) return new Parsed(null, "is empty; send 1 to 255 characters, a UUID for example");
    if (value.length() > LENGTH_MAX) {
      return new Parsed(null,
          "has " + value.length() + " characters; at most " + LENGTH_MAX + " are allowed");
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < 0x20 || c >= 0x7f)
        return new Parsed(null, "has a control or non-ASCII character; use printable ASCII");
    }
    return new Parsed(value, null);
  }
}
