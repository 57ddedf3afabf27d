package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.EventType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Consumers keep events for years: what this build's schemas say must be able to read what every released one
 * wrote. A release copies {@code src/main/avro/<type>.avsc} to
 * {@code avro-released/<type>/<next number>.avsc}; released files are never changed.
 */
final class AvroCompatibilityTest {
  private static final Path RELEASED = Path.of("src/test/resources/avro-released");

  private static List<Path> versions(String type) {
    try (var files = Files.list(RELEASED.resolve(type))) {
      return files.sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  static Stream<Path> released() {
    return Stream.of(EventType.values()).flatMap(t -> versions(t.wire()).stream());
  }

  private static Schema read(Path file) {
    try {
      return new Schema.Parser().parse(file.toFile());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static EventType typeOf(Path file) {
    return EventType.ofWire(file.getParent().getFileName().toString());
  }

  /** Why {@code reader} cannot read what {@code writer} wrote; empty when it can. */
  private static String incompatibility(Schema reader, Schema writer) {
    var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
    return result.getType() == SchemaCompatibilityType.COMPATIBLE
        ? ""
        : result.getResult().getIncompatibilities().stream()
            .map(i -> i.getType() + " at " + i.getLocation() + ": " + i.getMessage())
            .collect(Collectors.joining("; "));
  }

  @ParameterizedTest
  @EnumSource(EventType.class)
  void type_hasAReleasedSchema(EventType type) {
    assertThat(versions(type.wire())).extracting(f -> f.getFileName().toString()).contains("1.avsc")
        .allMatch(name -> name.matches("[1-9][0-9]*\\.avsc"));
  }

  @Test
  void released_areOnlyTypesThatThereAre() throws IOException {
    try (var types = Files.list(RELEASED)) {
      assertThat(types).allMatch(directory -> EventType.ofWire(directory.getFileName().toString()) != null);
    }
  }

  @ParameterizedTest
  @MethodSource("released")
  void data_ofAReleasedSchema_canBeReadByTodays(Path file) {
    assertThat(incompatibility(EventContract.schema(typeOf(file)), read(file))).isEmpty();
  }

  /** The processor reads {@code payment.initiated} from Kafka, where older releases' records still lie. */
  @Test
  void initiated_ofEveryReleasedSchema_isDecoded() throws IOException {
    for (Path file : versions(EventType.INITIATED.wire())) {
      assertThat(new EventContract().decodeInitiated(encoded(read(file))).paymentId()).as("%s", file)
          .isEqualTo("text");
    }
  }

  /** The promise of {@code decodeInitiated} for a schema that is older than today's by one optional field. */
  @Test
  void initiated_ofAnOlderSchema_isDecoded() throws IOException {
    Schema older = changed(EventContract.schema(EventType.INITIATED),
        fields -> fields.stream().filter(f -> !f.name().equals("return_url")).toList());
    assertThat(incompatibility(EventContract.schema(EventType.INITIATED), older)).isEmpty();
    assertThat(new EventContract(List.of(older)).decodeInitiated(encoded(older)).event().returnUrl())
        .isNull();
  }

  private static byte[] encoded(Schema schema) throws IOException {
    var datum = new GenericData.Record(schema);
    for (Schema.Field field : schema.getFields()) {
      datum.put(field.pos(), switch (field.schema().getType()) {
        case STRING -> "text";
        case LONG -> 1L;
        case INT -> 1;
        case BOOLEAN -> true;
        case MAP -> new HashMap<>(Map.of("k", "v"));
        case UNION -> null;
        default -> throw new IllegalStateException(field.toString());
      });
    }
    var out = new ByteArrayOutputStream();
    new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema).encode(datum, out);
    return out.toByteArray();
  }

  private static Schema changed(Schema schema, UnaryOperator<List<Schema.Field>> change) {
    List<Schema.Field> fields = change.apply(schema.getFields()).stream()
        .map(f -> new Schema.Field(f.name(), f.schema(), f.doc(), f.defaultVal())).toList();
    return Schema.createRecord(schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
  }

  /** The test can fail: these are the changes that it is there to refuse. */
  @Test
  void incompatibility_ofBreakingChanges_isFound() {
    Schema released = read(RELEASED.resolve("payment.confirmed/1.avsc"));
    Schema text = Schema.create(Schema.Type.STRING);
    Schema withRequired = changed(released,
        fields -> Stream.concat(fields.stream(), Stream.of(new Schema.Field("fee", text))).toList());
    assertThat(incompatibility(withRequired, released))
        .isEqualTo("READER_FIELD_MISSING_DEFAULT_VALUE at /fields/13: fee");
    Schema withOtherType = changed(released, fields -> fields.stream()
        .map(f -> f.name().equals("amount") ? new Schema.Field("amount", text) : f).toList());
    assertThat(incompatibility(withOtherType, released)).isEqualTo(
        "TYPE_MISMATCH at /fields/10/type: reader type: STRING not compatible with writer type: LONG");
    Schema renamed = Schema.createRecord("Renamed", null, released.getNamespace(), false,
        released.getFields().stream().map(f -> new Schema.Field(f.name(), f.schema())).toList());
    assertThat(incompatibility(renamed, released))
        .isEqualTo("NAME_MISMATCH at /name: expected: dev.millrace.events.PaymentConfirmed");
  }

  @Test
  void incompatibility_ofHarmlessChanges_isNone() {
    Schema released = read(RELEASED.resolve("payment.confirmed/1.avsc"));
    Schema optional = Schema.createUnion(Schema.create(Schema.Type.NULL), Schema.create(Schema.Type.STRING));
    Schema withOptional = changed(released, fields -> Stream
        .concat(fields.stream(),
            Stream.of(new Schema.Field("fee", optional, null, Schema.Field.NULL_DEFAULT_VALUE)))
        .toList());
    assertThat(incompatibility(withOptional, released)).isEmpty();
    Schema without = changed(released,
        fields -> fields.stream().filter(f -> !f.name().equals("attempt")).toList());
    assertThat(incompatibility(without, released)).isEmpty();
  }
}
