package dev.millrace.idempotency;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What makes two requests the same: SHA-256 over method, route and canonical JSON. Not safe across threads.
 */
public final class Fingerprint {
  private final MessageDigest sha256 = sha256();

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** 32 bytes. {@code canonicalJson} must be equal for requests that mean the same. */
  public Buffer of(String method, String route, String canonicalJson) {
    sha256.update((method + "\n" + route + "\n").getBytes(StandardCharsets.US_ASCII));
    return Buffer.buffer(sha256.digest(canonicalJson.getBytes(StandardCharsets.UTF_8)));
  }

  /** SHA-256 of a text, 32 bytes. */
  public Buffer of(String text) {
    return Buffer.buffer(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
  }
}
