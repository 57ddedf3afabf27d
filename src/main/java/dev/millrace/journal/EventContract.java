package dev.millrace.journal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.jspecify.annotations.Nullable;

/**
 * The public form of events in Kafka: one Avro schema an event type ({@code src/main/avro}), single-object
 * encoding. Not safe for use by several threads at once: one instance a thread.
 *
 * @see <a href="https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding">Avro 1.12,
 *   single-object encoding</a>
 */
public final class EventContract {
  private static final Map<EventType, Schema> SCHEMAS = new EnumMap<>(EventType.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  static {
    for (EventType type : EventType.values()) SCHEMAS.put(type, load(type));
  }

  private final Map<EventType, BinaryMessageEncoder<GenericRecord>> encoders = new EnumMap<>(EventType.class);
  private final BinaryMessageDecoder<GenericRecord> initiated;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(1024);

  public EventContract() { this(history(EventType.INITIATED)); }

  /**
   * {@code older}: schemas of {@code payment.initiated} that were released before and may still be in a
   * topic.
   */
  EventContract(List<Schema> older) {
    SCHEMAS.forEach(
        (type, schema) -> encoders.put(type, new BinaryMessageEncoder<>(GenericData.get(), schema, false)));
    initiated = new BinaryMessageDecoder<>(GenericData.get(), schema(EventType.INITIATED));
    older.forEach(initiated::addSchema);
  }

  /** The schema that this build writes. */
  public static Schema schema(EventType type) {
    return Objects.requireNonNull(SCHEMAS.get(type));
  }

  private static Schema load(EventType type) {
    String path = "/avro/" + type.wire() + ".avsc";
    return Objects.requireNonNull(load(path), path);
  }

  /** Whoever changes a schema keeps the one before as {@code history/<type>.<n>.avsc}, from 1 up. */
  private static List<Schema> history(EventType type) {
    var older = new ArrayList<Schema>();
    for (int n = 1;; n++) {
      Schema schema = load("/avro/history/" + type.wire() + "." + n + ".avsc");
      if (schema == null) return older;
      older.add(schema);
    }
  }

  private static @Nullable Schema load(String path) {
    try (InputStream in = EventContract.class.getResourceAsStream(path)) {
      return in == null ? null : new Schema.Parser().parse(in);
    } catch (IOException e) {
      throw new UncheckedIOException(path, e);
    }
  }

  /** The bytes of one journal row. */
  public byte[] encode(EventType type, JournalRow row) {
    Schema schema = schema(type);
    var datum = new GenericData.Record(schema);
    JsonNode data = parse(row.data());
    for (Schema.Field field : schema.getFields()) {
      switch (field.name()) {
        case "payment_id" -> datum.put(field.pos(), TypeId.format(TypeId.PAYMENT, row.subject()));
        case "dispute_id" -> datum.put(field.pos(), TypeId.format(TypeId.DISPUTE, row.subject()));
        case "settlement_id" -> datum.put(field.pos(), TypeId.format(TypeId.SETTLEMENT, row.subject()));
        case "endpoint_id" -> datum.put(field.pos(), TypeId.format(TypeId.WEBHOOK_ENDPOINT, row.subject()));
        case "version" -> datum.put(field.pos(), row.version());
        case "previous_version" -> datum.put(field.pos(), row.version() - 1);
        case "merchant" -> datum.put(field.pos(), TypeId.format(TypeId.MERCHANT, row.merchant()));
        case "livemode" -> datum.put(field.pos(), row.livemode());
        case "recorded" -> datum.put(field.pos(), micros(row));
        case "traceparent" -> datum.put(field.pos(), row.traceparent());
        default -> datum.put(field.pos(), value(field.schema(), data.get(field.name())));
      }
    }
    try {
      out.reset();
      Objects.requireNonNull(encoders.get(type)).encode(datum, out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long micros(JournalRow row) {
    return row.recorded().toEpochSecond() * 1_000_000 + row.recorded().getNano() / 1_000;
  }

  private static JsonNode parse(String data) {
    try {
      return JSON.readTree(data);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("event data in the journal is not JSON", e);
    }
  }

  private static @Nullable Object value(Schema schema, @Nullable JsonNode node) {
    return switch (schema.getType()) {
      case UNION -> node == null || node.isNull() ? null : value(schema.getTypes().get(1), node);
      case STRING -> required(node).textValue();
      case LONG -> required(node).longValue();
      case INT -> required(node).intValue();
      case BOOLEAN -> required(node).booleanValue();
      case MAP -> {
        var map = new HashMap<String, String>();
        required(node).properties().forEach(e -> map.put(e.getKey(), e.getValue().textValue()));
        yield map;
      }
      default -> throw new IllegalStateException("no event field has the Avro type " + schema.getType());
    };
  }

  private static JsonNode required(@Nullable JsonNode node) {
    return Objects.requireNonNull(node, "event data lacks a required field");
  }

  /** A decoded {@code payment.initiated} with what its envelope says. */
  public record InitiatedPayment(String paymentId, int version, String merchant, boolean livemode,
      String traceparent,
      PaymentEvent.Initiated event) {}

  /**
   * Reads a {@code payment.initiated}, also one written by an older schema of it.
   *
   * @throws IOException when the bytes are none
   */
  public InitiatedPayment decodeInitiated(byte[] bytes) throws IOException {
    GenericRecord r;
    try {
      r = initiated.decode(bytes);
    } catch (AvroRuntimeException e) {
      throw new IOException(e.getMessage(), e);
    }
    var metadata = new HashMap<String, String>();
    ((Map<?, ?>) r.get("metadata")).forEach((k, v) -> metadata.put(k.toString(), v.toString()));
    return new InitiatedPayment(text(r, "payment_id"), (int) r.get("version"), text(r, "merchant"),
        (boolean) r.get("livemode"), text(r, "traceparent"),
        new PaymentEvent.Initiated((long) r.get("amount"), text(r, "currency"), text(r, "payment_method"),
            text(r, "capture"), optional(r, "reference"), optional(r, "description"), metadata,
            optional(r, "return_url"), optional(r, "payment_method_type"),
            optional(r, "payment_method_bin")));
  }

  private static String text(GenericRecord r, String field) { return r.get(field).toString(); }

  private static @Nullable String optional(GenericRecord r, String field) {
    Object value = r.get(field);
    return value == null ? null : value.toString();
  }
}
