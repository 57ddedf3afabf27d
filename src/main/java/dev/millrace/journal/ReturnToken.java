package dev.millrace.journal;

import dev.millrace.platform.KeyedDigest;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind a payment in the address to which its provider sends the payer back: nobody else knows
 * it, so that a stranger who knows the payment's id cannot come back in the payer's place. Always the same
 * for a payment, because a call that is made again must say the same to the provider: 16 bytes of an
 * HMAC-SHA256 under the key of the event ids, in base64url. Not safe for use by several threads at once: one
 * instance an event loop.
 */
public final class ReturnToken {
  private static final int BYTES = 16;
  private static final byte[] USE = "return/".getBytes(StandardCharsets.US_ASCII);

  private final Sql sql;
  private @Nullable Mac mac;

  /** {@code sql} reads the key. */
  public ReturnToken(Sql sql) { this.sql = sql; }

  /** Reads the key; there are no tokens before it has. */
  public Future<Void> load() {
    return sql.query("SELECT key FROM event_id_key", Tuple.tuple()).map(rows -> {
      mac = KeyedDigest.hmacSha256(rows.iterator().next().getBuffer(0).getBytes());
      return null;
    });
  }

  /** {@code pay_…/<token>}: 22 characters after the payment's id. */
  public String path(UUID payment) {
    String id = TypeId.format(TypeId.PAYMENT, payment);
    return id + "/" + token(id);
  }

  /** Whether it is the payment's. */
  public boolean matches(UUID payment, @Nullable String token) {
    return token != null
        && MessageDigest.isEqual(token(TypeId.format(TypeId.PAYMENT, payment))
            .getBytes(StandardCharsets.US_ASCII), token.getBytes(StandardCharsets.UTF_8));
  }

  private String token(String id) {
    Mac current = mac;
    if (current == null) throw new IllegalStateException("the key of the tokens has not been read");
    current.update(USE);
    byte[] whole = current.doFinal(id.getBytes(StandardCharsets.US_ASCII));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(whole, BYTES));
  }
}
