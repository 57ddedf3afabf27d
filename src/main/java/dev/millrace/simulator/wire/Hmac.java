package dev.millrace.simulator.wire;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs with HMAC-SHA256. Owned by one event loop. */
public final class Hmac {
  private final Mac mac;

  public Hmac(byte[] key) {
    try {
      mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, mac.getAlgorithm()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM cannot compute HmacSHA256", e);
    }
  }

  /** The signature of a text followed by bytes. */
  public byte[] sign(String text, byte... more) {
    mac.update(text.getBytes(StandardCharsets.UTF_8));
    return mac.doFinal(more);
  }
}
