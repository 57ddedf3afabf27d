package dev.millrace.simulator.wire;

import java.net.URI;
import java.net.URISyntaxException;

/** Where a payer goes back to. */
public final class ReturnUrl {
  private ReturnUrl() {}

  /** Whether it is an http or https URL, or an app's own, that a browser can be sent to. */
  public static boolean valid(String url, int charsMax) {
    try {
      return url.length() <= charsMax && new URI(url).isAbsolute();
    } catch (URISyntaxException e) { // Its text is what we say no to.
      return false;
    }
  }

  /** The URL with one more query, before its fragment. */
  static String with(String url, String query) {
    int hash = url.indexOf('#');
    String base = hash < 0 ? url : url.substring(0, hash);
    String fragment = hash < 0 ? "" : url.substring(hash);
    return base + (base.indexOf('?') < 0 ? '?' : '&') + query + fragment;
  }
}
