package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks what this installation writes before it goes through servers that only carry, Kafka and Redis, so
 * that whatever comes back from there is known to be its own: HMAC-SHA256 under a key that stands in Postgres
 * and that the carriers do not have. A seal is the key's number and 32 bytes. It says who wrote something and
 * under which name, not when: what is old may come again, and must do no harm then.
 *
 * <p>Not safe for use by several threads at once: one instance an event loop.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc2104">RFC 2104, HMAC</a>
 */
public final class Seal {
  /** What is sealed: a seal of one purpose is none for another. */
  public enum Purpose {
    /** An event in Kafka, for the processor. */
    EVENT('e'),
    /** A payment that waits in a retry topic. */
    RETRY('r'),
    /** The answer of a request, in Redis. */
    ANSWER('a');

    private final char code;

    Purpose(char code) { this.code = code; }
  }

  /** Bytes of a seal. */
  public static final int LENGTH = 33;
  private static final Logger LOG = LoggerFactory.getLogger(Seal.class);
  private static final String KEYS = "SELECT id, key FROM seal_key ORDER BY id";
  /** Anyone can write the number of a key that is not there. */
  private static final long LOOK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Sql sql;
  private Map<Byte, Mac> keys = Map.of();
  private byte newest;
  private long lookedNanos;

  /** {@code sql} reads the keys, once more when a seal has one that is not known yet. */
  public Seal(Sql sql) {
    this.sql = sql;
  }

  /** Reads the keys. Nothing can be sealed, and nothing is taken for sealed, before it has. */
  public Future<Void> load() {
    lookedNanos = System.nanoTime();
    return sql.query(KEYS, Tuple.tuple()).map(rows -> {
      var read = new HashMap<Byte, Mac>();
      byte last = 0;
      for (Row row : rows) {
        last = row.getShort(0).byteValue();
        read.put(last, KeyedDigest.hmacSha256(row.getBuffer(1).getBytes()));
      }
      if (read.isEmpty()) throw new IllegalStateException("no key to seal with stands in seal_key");
      keys = read;
      newest = last;
      return null;
    });
  }

  /** The seal of {@code value}, which is kept under {@code name}. */
  public byte[] of(Purpose purpose, String name, byte[] value) {
    return ByteBuffer.allocate(LENGTH).put(newest).put(digest(newest, purpose, name, value)).array();
  }

  private byte[] digest(byte key, Purpose purpose, String name, byte[] value) {
    Mac mac = keys.get(key);
    if (mac == null) throw new IllegalStateException("the keys to seal with have not been read");
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    mac.update(ByteBuffer.allocate(5).put((byte) purpose.code).putInt(bytes.length).array());
    mac.update(bytes);
    return mac.doFinal(value);
  }

  /**
   * Whether it is the seal of {@code value} under {@code name}. Known at once, but where the key is new;
   * fails only when Postgres is asked for that and does not answer.
   */
  public Future<Boolean> holds(byte @Nullable [] seal, Purpose purpose, String name, byte[] value) {
    if (seal == null || seal.length != LENGTH) return Future.succeededFuture(false);
    if (keys.containsKey(seal[0])) return Future.succeededFuture(same(seal, purpose, name, value));
    if (System.nanoTime() - lookedNanos < LOOK_AGAIN_NANOS) return Future.succeededFuture(false);
    LOG.info("seal_key_unknown id={}", seal[0]);
    return load().map(v -> keys.containsKey(seal[0]) && same(seal, purpose, name, value));
  }

  private boolean same(byte[] seal, Purpose purpose, String name, byte[] value) {
    return MessageDigest.isEqual(Arrays.copyOfRange(seal, 1, LENGTH),
        digest(seal[0], purpose, name, value));
  }
}
