package dev.millrace.journal;

import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Event ids as merchants see them ({@code evt_…}), which are at once the cursor of every way of reading
 * events: the event's place in the journal, one block of AES-128 under a key that stands in the database. So
 * an id needs no column and no index of its own, and tells nobody how many events the gateway writes. Not
 * safe for use by several threads at once: one instance an event loop.
 */
public final class EventId {
  /**
   * What a real place's two numbers need at most; a forged id needs more, all but once in four thousand
   * million.
   */
  private static final int USED_BITS = 48;

  private final Cipher encrypt;
  private final Cipher decrypt;
  private final ByteBuffer block = ByteBuffer.allocate(16);

  /** {@code key}: 16 bytes. */
  public EventId(byte[] key) {
    try {
      encrypt = cipher(Cipher.ENCRYPT_MODE, key);
      decrypt = cipher(Cipher.DECRYPT_MODE, key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key of the event ids is not one of AES-128", e);
    }
  }

  /** Reads the key by {@code query}, which runs one statement. */
  public static Future<EventId> load(Sql sql) {
    return sql.query("SELECT key FROM event_id_key", Tuple.tuple()).map(rows -> {
      Buffer key = rows.iterator().next().getBuffer(0);
      return new EventId(key.getBytes());
    });
  }

  /** A single block, and no two places are the same: there is nothing for a mode to hide. */
  private static Cipher cipher(int mode, byte[] key) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"));
    return cipher;
  }

  /** {@code evt_} and 26 characters. */
  public String of(Cursor place) {
    var out = run(encrypt, place.xid(), place.position());
    return TypeId.format(TypeId.EVENT, new UUID(out.getLong(0), out.getLong(8)));
  }

  /** The place of an id; null when it is none of ours. */
  public @Nullable Cursor parse(String id) {
    UUID uuid = TypeId.parse(TypeId.EVENT, id);
    if (uuid == null) return null;
    var out = run(decrypt, uuid.getMostSignificantBits(), uuid.getLeastSignificantBits());
    long xid = out.getLong(0);
    long position = out.getLong(8);
    return xid >>> USED_BITS == 0 && position >>> USED_BITS == 0
        ? new Cursor(xid, position)
        : null;
  }

  private ByteBuffer run(Cipher cipher, long high, long low) {
    block.clear().putLong(high).putLong(low);
    try {
      return ByteBuffer.wrap(cipher.doFinal(block.array()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("one whole block cannot fail", e);
    }
  }
}
