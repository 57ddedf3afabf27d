package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.millrace.journal.EventContract;
import dev.millrace.payment.EventType;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code data.details} of an event in the API is what the journal has of it, which the Avro schema of the
 * event lists as well: the two contracts name the same fields.
 */
class EventDetailsTest {
  /** What Kafka's form of every event has besides its own fields. */
  private static final Set<String> ENVELOPE = Set.of("payment_id", "dispute_id", "settlement_id",
      "endpoint_id", "version", "previous_version", "merchant", "livemode", "recorded", "traceparent");
  /** Of what other classes of names stand for. */
  private static final JsonNode SCHEMAS = schemas();

  private static JsonNode schemas() {
    try (InputStream in = EventDetailsTest.class.getResourceAsStream("/openapi.yaml")) {
      return new YAMLMapper().readTree(in).at("/components/schemas");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String schema(EventType type) {
    String name = switch (type) {
      case PROVIDER_SUBMITTED -> "submitted";
      case REQUIRES_ACTION -> "action_required";
      default -> type.wire().substring(type.wire().indexOf('.') + 1);
    };
    var pascal = new StringBuilder();
    Arrays.stream(name.split("_"))
        .forEach(word -> pascal.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1)));
    return pascal + "Details";
  }

  @ParameterizedTest
  @EnumSource(EventType.class)
  void details_haveTheFieldsOfTheEvent(EventType type) {
    var fields = new TreeSet<String>();
    EventContract.schema(type).getFields().forEach(field -> {
      if (!ENVELOPE.contains(field.name())) fields.add(field.name());
    });
    JsonNode schema = SCHEMAS.get(schema(type));
    // What was asked for is the payment itself; what is of disputes, settlements and endpoints is the object.
    if (type == EventType.INITIATED || type.subject() != EventType.Subject.PAYMENT) {
      assertThat(schema).isNull();
      return;
    }
    assertThat(schema).as(schema(type)).isNotNull();
    var named = new TreeSet<String>();
    schema.get("properties").fieldNames().forEachRemaining(named::add);
    assertThat(named).isEqualTo(fields);
  }
}
