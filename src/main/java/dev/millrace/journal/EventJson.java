package dev.millrace.journal;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import java.util.EnumMap;
import java.util.Map;

/**
 * The {@code data} of an event as JSON: the components of its record in snake case, absent ones left out,
 * maps in order of their keys, so that equal events give equal text.
 */
public final class EventJson {
  private static final ObjectMapper MAPPER = JsonMapper.builder()
      .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
      .defaultPropertyInclusion(
          JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
      .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
      .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
      .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
      .build();
  private static final ObjectWriter WRITER = MAPPER.writer();
  private static final Map<EventType, ObjectReader> READERS = new EnumMap<>(EventType.class);

  static {
    PaymentEvent.records(PaymentEvent.class)
        .forEach((type, event) -> READERS.put(type, MAPPER.readerFor(event)));
  }

  private EventJson() {}

  public static String write(PaymentEvent event) {
    try {
      return WRITER.writeValueAsString(event);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an event that cannot be written: " + event.type().wire(), e);
    }
  }

  /** Reads back what {@link #write} made of an event of this type. */
  public static PaymentEvent read(EventType type, String json) {
    ObjectReader reader = READERS.get(type);
    if (reader == null) throw new IllegalArgumentException(type.wire() + " is not about a payment");
    try {
      return reader.readValue(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("unreadable data of " + type.wire() + " in the journal", e);
    }
  }

  /** Reads back what {@link #write} made of a {@link PaymentEvent.Initiated}. */
  public static PaymentEvent.Initiated initiated(String json) {
    return (PaymentEvent.Initiated) read(EventType.INITIATED, json);
  }
}
