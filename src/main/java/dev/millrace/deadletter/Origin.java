package dev.millrace.deadletter;

import io.vertx.core.buffer.Buffer;
import io.vertx.kafka.client.consumer.KafkaConsumerRecord;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a piece of work came from: a record of Kafka or a provider's webhook, as a dead letter keeps it.
 *
 * @param source names it for ever, {@code topic/partition/offset/timestamp} or
 *   {@code webhook/provider/account/event}: a topic that lost its records gives out its offsets anew, but not
 *   at the time of a record that it once had
 * @param value its bytes; of a longer one the first {@value #BYTES_MAX}
 * @param size how many bytes it had
 */
public record Origin(String source, @Nullable String key, Buffer value, int size,
    Map<String, String> headers) {

  private static final int BYTES_MAX = 262_144;
  private static final int HEADERS_MAX = 20;
  private static final int HEADER_CHARS_MAX = 500;
  private static final String TEXT = "text";
  private static final String BASE64 = "base64";

  public static Origin of(String source, @Nullable String key, Buffer value, Map<String, String> headers) {
    return new Origin(source, key, value.slice(0, Math.min(value.length(), BYTES_MAX)), value.length(),
        headers);
  }

  public static Origin of(KafkaConsumerRecord<String, byte[]> record) {
    var headers = new LinkedHashMap<String, String>();
    for (var header : record.record().headers()) {
      if (headers.size() == HEADERS_MAX || header.value() == null) continue;
      String text = new String(header.value(), StandardCharsets.US_ASCII);
      headers.put(Failure.storable(header.key()), Failure.storable(
          text.length() > HEADER_CHARS_MAX ? text.substring(0, HEADER_CHARS_MAX) : text));
    }
    String source = record.topic() + "/" + record.partition() + "/" + record.offset() + "/"
        + record.timestamp();
    return of(source, record.key(),
        record.value() == null ? Buffer.buffer() : Buffer.buffer(record.value()), headers);
  }

  /** A value as text in one of the two forms. */
  record Written(String form, String text) {
    Buffer read() {
      return form.equals(TEXT) ? Buffer.buffer(text) : Buffer.buffer(Base64.getDecoder().decode(text));
    }
  }

  /** The value as it is stored: as it is when it is a text that Postgres takes and people can read. */
  Written written() {
    byte[] bytes = value.getBytes();
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.chars().noneMatch(c -> Character.isISOControl(c) && !Character.isWhitespace(c)))
        return new Written(TEXT, text);
    } catch (CharacterCodingException e) {
      return new Written(BASE64, Base64.getEncoder().encodeToString(bytes));
    }
    return new Written(BASE64, Base64.getEncoder().encodeToString(bytes));
  }

  /** Whether all of its bytes were kept. */
  public boolean whole() {
    return size == value.length();
  }
}
