package dev.millrace.platform;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes digests under a key.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc2104">RFC 2104, HMAC</a>
 */
public final class KeyedDigest {
  private static final String SHA_256 = "HmacSHA256";

  private KeyedDigest() {}

  /** HMAC-SHA256 under this key. Not safe for use by several threads at once. */
  public static Mac hmacSha256(byte[] key) {
    try {
      Mac mac = Mac.getInstance(SHA_256);
      mac.init(new SecretKeySpec(key, SHA_256));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + SHA_256, e);
    }
  }
}
