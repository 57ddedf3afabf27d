package dev.millrace.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client would rather have, by its header lines {@code Prefer}. Only the first of several values for
 * one preference counts; what cannot be read is passed over up to the next comma.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7240#section-2">RFC 7240, Prefer</a>
 */
final class Preferences {
  private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";

  private final String line;
  private int at;

  private Preferences(String line) { this.line = line; }

  /**
   * The value of a preference; an empty text when it has none or one that cannot be read, null when it is not
   * there. {@code name} in lower case.
   */
  static @Nullable String value(List<String> lines, String name) {
    for (String line : lines) {
      String value = new Preferences(line).value(name);
      if (value != null) return value;
    }
    return null;
  }

  private @Nullable String value(String name) {
    while (at < line.length()) {
      boolean asked = token().equalsIgnoreCase(name);
      String value = is('=') ? word() : "";
      if (asked) return separated() ? value : "";
      rest();
      at++;
    }
    return null;
  }

  private char next() { return at < line.length() ? line.charAt(at) : '\0'; }

  private void space() { while (next() == ' ' || next() == '\t') at++; }

  /** Whether this comes next, with space around it; then it has been read. */
  private boolean is(char c) {
    space();
    if (next() != c) return false;
    at++;
    space();
    return true;
  }

  /** Whether what was read is at its end. */
  private boolean separated() {
    space();
    return at >= line.length() || next() == ',' || next() == ';';
  }

  /** An empty one when there is none. */
  private String token() {
    space();
    int from = at;
    while (tokenChar(next())) at++;
    return line.substring(from, at);
  }

  private static boolean tokenChar(char c) {
    if (c >= 'a' && c <= 'z') return true;
    if (c >= 'A' && c <= 'Z') return true;
    return (c >= '0' && c <= '9') || TOKEN_MARKS.indexOf(c) >= 0;
  }

  private String word() { return next() == '"' ? quoted() : token(); }

  /** The text between quotes; an empty one, and the whole line read, when they are not closed. */
  private String quoted() {
    var text = new StringBuilder();
    for (at++; at < line.length() && next() != '"'; at++) {
      if (next() == '\\') at++;
      text.append(next());
    }
    return at++ < line.length() ? text.toString() : "";
  }

  /** Passes over parameters and what cannot be read, up to the comma. */
  private void rest() {
    while (at < line.length() && next() != ',') {
      if (next() == '"') quoted();
      else at++;
    }
  }
}
