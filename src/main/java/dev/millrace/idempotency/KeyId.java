package dev.millrace.idempotency;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.UUID;

/**
 * What identifies an idempotency key among all merchants': the first 16 bytes of SHA-256 over the merchant's
 * id (16 bytes), the mode (one byte, 1 for live) and the key. Short and of one length, so that the index in
 * Postgres and the names in Redis stay small. The function {@code idempotency_key_id} of the database
 * computes the same. Not safe for use by several threads at once: one instance a thread.
 */
public final class KeyId {
  private final MessageDigest sha256 = Fingerprint.sha256();
  private final ByteBuffer scope = ByteBuffer.allocate(17);

  public UUID of(UUID merchant, boolean livemode, String key) {
    scope.clear().putLong(merchant.getMostSignificantBits()).putLong(merchant.getLeastSignificantBits())
        .put((byte) (livemode ? 1 : 0));
    sha256.update(scope.array());
    var digest = ByteBuffer.wrap(sha256.digest(key.getBytes(StandardCharsets.UTF_8)));
    return new UUID(digest.getLong(), digest.getLong());
  }
}
