package dev.millrace.platform;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An absolute http or https URL, taken apart. Scheme and host mean the same in capitals and are told here in
 * lower case. A host may hold underscores, as many names in the DNS do; {@link URI} sees no host in those.
 *
 * @param text as it was written
 * @param https whether the scheme is https, and not http
 * @param userInfo what stands before an {@code @}, null for nothing
 * @param host a name, an IPv4 address, or an IPv6 address in brackets
 * @param port the scheme's own where none is written
 * @param target path and query as a request's first line has them, {@code /} at least
 * @param fragment what stands behind a {@code #}, null for nothing
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-4.2">RFC 9110, http-related URI schemes</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc2181#section-11">RFC 2181, what a name in the DNS is</a>
 */
public record HttpUrl(String text, boolean https, @Nullable String userInfo, String host, int port,
    String target, @Nullable String fragment) implements HttpUrlReading {

  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):");
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?");
  private static final int PORT_MAX = 65_535;
  private static final int HOST_CHARS_MAX = 253;

  /** Why a text is no such URL: {@code message} names the part that is wrong, and follows a field's name. */
  public record Fault(String message) implements HttpUrlReading {}

  /** Takes a text apart. What is found wrong is told without repeating any of it. */
  public static HttpUrlReading read(String text) {
    if (!text.equals(text.strip())) return new Fault("begins or ends with white space. Remove it.");
    Matcher scheme = SCHEME.matcher(text);
    if (!scheme.lookingAt()) return new Fault("has no scheme. Begin it with https://.");
    String name = scheme.group(1).toLowerCase(Locale.ROOT);
    if (!name.equals("https") && !name.equals("http"))
      return new Fault("has a scheme that is neither https nor http. Begin it with https://.");
    if (!text.startsWith("//", scheme.end()))
      return new Fault("has no host: two slashes and a host must follow its scheme, https://shop.example/hook"
          + " for example.");
    int from = scheme.end() + 2;
    int end = end(text, from);
    int at = text.lastIndexOf('@', end - 1);
    String userInfo = at < from ? null : text.substring(from, at);
    String authority = text.substring(userInfo == null ? from : at + 1, end);
    int colon = authority.startsWith("[")
        ? authority.indexOf(':', authority.indexOf(']'))
        : authority.indexOf(':');
    String host = colon < 0 ? authority : authority.substring(0, colon);
    String fault = faultOfHost(host);
    if (fault != null) return new Fault(fault);
    String port = colon < 0 ? "" : authority.substring(colon + 1);
    if (!port.isEmpty() && !validPort(port))
      return new Fault("has a port that is no number from 1 to " + PORT_MAX + ".");
    boolean https = name.equals("https");
    return read(text, end, new HttpUrl(text, https, userInfo, host.toLowerCase(Locale.ROOT),
        port.isEmpty() ? ownPort(https) : Integer.parseInt(port), "/", null));
  }

  private static int end(String text, int from) {
    for (int i = from; i < text.length(); i++) if ("/?#\\".indexOf(text.charAt(i)) >= 0) return i;
    return text.length();
  }

  private static boolean validPort(String port) {
    return PORT.matcher(port).matches() && Integer.parseInt(port) >= 1 && Integer.parseInt(port) <= PORT_MAX;
  }

  private static @Nullable String faultOfHost(String host) {
    if (host.isEmpty())
      return "has no host. Name one behind the two slashes, https://shop.example/ for example.";
    if (host.startsWith("[")) return ipv6(host) ? null : "has a host in brackets that is no IPv6 address.";
    if (host.chars().anyMatch(c -> c > 127))
      return "has a host with characters that are not ASCII. Write it in its xn-- form.";
    if (!host.chars().allMatch(c -> Character.isLetterOrDigit(c) || "-_.".indexOf(c) >= 0))
      return "has a host with a character that no host has: letters, digits, hyphens, underscores and dots make"
          + " one.";
    String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    if (name.length() > HOST_CHARS_MAX) return "has a host of more than " + HOST_CHARS_MAX + " characters.";
    for (String label : name.split("\\.", -1))
      if (!LABEL.matcher(label).matches())
        return "has a host that no name server knows: between its dots there must be 1 to 63 characters, and a"
            + " hyphen neither first nor last.";
    return null;
  }

  private static boolean ipv6(String host) {
    try {
      return host.indexOf('%') < 0 && new URI("http://" + host).getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  /** What follows the host, which begins at {@code end}. */
  private static HttpUrlReading read(String text, int end, HttpUrl url) {
    try {
      var uri = new URI(text);
      String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
      String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
      return new HttpUrl(text, url.https, url.userInfo, url.host, url.port, target, uri.getRawFragment());
    } catch (URISyntaxException e) {
      int index = Math.clamp(e.getIndex(), 0, text.length() - 1);
      String part = index < end ? "user info" : part(text, index);
      return new Fault("has in its " + part + (text.charAt(index) == '%'
          ? " a percent sign that two hexadecimal digits do not follow. Write it as %25."
          : " a character that must be percent-encoded, a space as %20 for example."));
    }
  }

  private static String part(String text, int index) {
    int fragment = text.indexOf('#');
    int query = text.indexOf('?');
    if (fragment >= 0 && index > fragment) return "fragment";
    return query >= 0 && index > query && (fragment < 0 || query < fragment) ? "query" : "path";
  }

  /** Scheme and host, and the port unless it is the scheme's own. */
  public String origin() {
    return (https ? "https://" : "http://") + host + (port == ownPort(https) ? "" : ":" + port);
  }

  private static int ownPort(boolean https) {
    return https ? 443 : 80;
  }

  /** Which part holds a character that is not ASCII; null when none does. */
  public @Nullable String notAscii() {
    for (int i = 0; i < text.length(); i++) if (text.charAt(i) > 127) return part(text, i);
    return null;
  }
}
