package dev.millrace.webhook;

import dev.millrace.platform.KeyedDigest;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;

/**
 * Signs deliveries under one secret. Not safe for use by several threads at once.
 *
 * @see <a
 *   href="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md">Standard
 *     Webhooks 1.0, signature scheme v1</a>
 * @see <a href="https://docs.stripe.com/webhooks#verify-manually">Stripe, verifying webhook signatures</a>
 */
public final class Signer {
  private static final String PREFIX = "whsec_";
  private static final int SECRET_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Mac standard;
  private final Mac stripe;

  /** {@code secret}: {@code whsec_} and the key in Base64. */
  public Signer(String secret) {
    if (!secret.startsWith(PREFIX)) throw new IllegalArgumentException("a secret begins with " + PREFIX);
    standard = KeyedDigest.hmacSha256(Base64.getDecoder().decode(secret.substring(PREFIX.length())));
    // Stripe's libraries take the whole text as the key.
    stripe = KeyedDigest.hmacSha256(secret.getBytes(StandardCharsets.UTF_8));
  }

  /** A new secret of 32 random bytes. */
  public static String newSecret() {
    var bytes = new byte[SECRET_BYTES];
    RANDOM.nextBytes(bytes);
    return PREFIX + Base64.getEncoder().encodeToString(bytes);
  }

  /**
   * {@code v1,} and the Base64 of HMAC-SHA256 over {@code id.timestamp.body}. {@code timestamp}: Unix
   * seconds.
   */
  public String standard(String id, long timestamp, byte[] body) {
    standard.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
    return "v1," + Base64.getEncoder().encodeToString(standard.doFinal(body));
  }

  /**
   * The {@code v1=} part of a {@code Stripe-Signature}: the hexadecimal HMAC-SHA256 over
   * {@code timestamp.body}.
   */
  public String stripe(long timestamp, byte[] body) {
    stripe.update((timestamp + ".").getBytes(StandardCharsets.UTF_8));
    return "v1=" + HexFormat.of().formatHex(stripe.doFinal(body));
  }
}
