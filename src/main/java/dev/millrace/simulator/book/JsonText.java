package dev.millrace.simulator.book;

import org.jspecify.annotations.Nullable;

/**
 * Writes JSON into a StringBuilder, escaped as RFC 8259 section 7 demands; the same value always the same
 * text.
 */
public final class JsonText {
  private static final String HEX = "0123456789abcdef";

  private JsonText() {}

  /** Appends a quoted string, or {@code null}. */
  public static StringBuilder string(StringBuilder out, @Nullable String value) {
    if (value == null) {
      return out.append("null");
    }
    out.append('"');
    int plainFrom = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c >= ' ' && c != '"' && c != '\\' && !Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c) && i + 1 < value.length()
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        i++;
        continue;
      }
      out.append(value, plainFrom, i);
      escape(out, c);
      plainFrom = i + 1;
    }
    return out.append(value, plainFrom, value.length()).append('"');
  }

  private static void escape(StringBuilder out, char c) {
    switch (c) {
      case '"' -> out.append("\\\"");
      case '\\' -> out.append("\\\\");
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default -> {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
          out.append(HEX.charAt((c >> shift) & 0xf));
        }
      }
    }
  }
}
