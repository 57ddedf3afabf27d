package dev.millrace.inbox;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdDictCompress;
import com.github.luben.zstd.ZstdDictDecompress;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/**
 * How bodies of providers' webhooks are stored: compressed by zstd with a dictionary of what such events have
 * in common, to a quarter of their size, so that the write-ahead log, the table and its replicas have that
 * much less to carry. What is read is what came, to the byte. A dictionary, once used, is never changed: a
 * better one gets the next number. Not safe for use by several threads at once.
 */
final class BodyCompression {
  public static final int PLAIN = 0;
  public static final int ZSTD_1 = 1;
  /** Of the quick ones: half the time of level 1 for some percent more bytes. */
  private static final int LEVEL = -1;
  private static final byte[] DICTIONARY = load("/zstd/webhook.1.dict");

  private final ZstdCompressCtx writer = new ZstdCompressCtx();
  private final ZstdDecompressCtx reader = new ZstdDecompressCtx();

  public BodyCompression() {
    writer.setLevel(LEVEL).setContentSize(true).setChecksum(false)
        .loadDict(new ZstdDictCompress(DICTIONARY, LEVEL));
    reader.loadDict(new ZstdDictDecompress(DICTIONARY));
  }

  private static byte[] load(String path) {
    try (InputStream in = Objects.requireNonNull(BodyCompression.class.getResourceAsStream(path), path)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(path, e);
    }
  }

  /** A body in a form, {@link #PLAIN} where compressing does not help. */
  record Written(int form, Buffer bytes) {}

  public Written write(byte[] body) {
    byte[] compressed = writer.compress(body);
    return compressed.length < body.length
        ? new Written(ZSTD_1, Buffer.buffer(compressed))
        : new Written(PLAIN, Buffer.buffer(body));
  }

  public Buffer read(int form, Buffer stored) {
    return switch (form) {
      case PLAIN -> stored;
      case ZSTD_1 -> {
        byte[] bytes = stored.getBytes();
        yield Buffer.buffer(reader.decompress(bytes, (int) Zstd.getFrameContentSize(bytes)));
      }
      default -> throw new IllegalStateException("a newer release has stored this webhook in form " + form);
    };
  }
}
