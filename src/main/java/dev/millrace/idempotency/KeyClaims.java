package dev.millrace.idempotency;

import static dev.millrace.platform.Columns.bool;
import static dev.millrace.platform.Columns.bytea;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static dev.millrace.platform.Columns.uuid;

import dev.millrace.platform.Columns;
import dev.millrace.platform.Parameters;
import io.vertx.core.buffer.Buffer;
import io.vertx.pgclient.PgException;
import java.util.UUID;

/**
 * Taking many idempotency keys at once, as a part of the statement that writes the payments which they make:
 * whoever inserts a key's row first has it. The answer that is kept with them is the common one, the payment
 * as it was accepted.
 */
public final class KeyClaims {
  /**
   * A key that a request for a payment would have. {@code keyId} is its {@link KeyId}, {@code resource} the
   * payment.
   */
  public interface Claim {
    UUID keyId();

    UUID merchant();

    boolean livemode();

    String key();

    Buffer fingerprint();

    /** How long the first caller may still be given another answer; 0 for not at all. */
    long waitMs();

    UUID resource();
  }

  public static final Columns<Claim> COLUMNS = Columns.of(
      uuid("id", Claim::keyId),
      uuid("merchant", Claim::merchant),
      bool("livemode", Claim::livemode),
      text("key", Claim::key),
      bytea("fingerprint", Claim::fingerprint),
      int8("wait_ms", Claim::waitMs),
      uuid("resource", Claim::resource));

  private KeyClaims() {}

  /** The {@code INSERT} of keys none of which is taken yet; it fails ({@link #taken}) when one is. */
  public static String insert(Parameters.Rows<Claim> claims) {
    return """
      INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, resource, status, form,
                                   wait_until)
      SELECT id, merchant, livemode, key, fingerprint, resource, 202, 2,
             CASE WHEN wait_ms > 0 THEN now() + wait_ms * interval '1 ms' END
        FROM (%s) AS t
      """
        .formatted(claims.select());
  }

  /** The {@code INSERT} of those keys that are not taken; it returns the {@code resource} of each. */
  public static String insertFree(Parameters.Rows<Claim> claims) {
    return insert(claims) + "ON CONFLICT DO NOTHING RETURNING resource";
  }

  /** Whether a statement failed for a key that is taken. */
  public static boolean taken(Throwable failure) {
    return failure instanceof PgException e && "idempotency_key_pkey".equals(e.getConstraint());
  }
}
