package dev.millrace.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.api.Problem.FieldError;
import dev.millrace.platform.CardNumbers;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a JSON body, each checked, unknown ones refused, all faults reported at once. {@code null} is
 * absent. For calls that are few; {@link CreatePayment} reads its body in one pass.
 */
final class BodyFields {
  private static final ObjectMapper JSON = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();
  private static final int NAME_CHARS_MAX = 60;

  private final JsonNode body;
  private final List<FieldError> errors = new ArrayList<>();

  private BodyFields(JsonNode body) { this.body = body; }

  /** Reads a body; an empty one has no fields. Unknown fields are faults. */
  static BodyFields of(Buffer bytes, Set<String> known) {
    BodyFields fields;
    try {
      JsonNode body = bytes.length() == 0 ? JSON.createObjectNode() : JSON.readTree(bytes.getBytes());
      if (!body.isObject()) throw new ProblemException(notJson());
      fields = new BodyFields(body);
    } catch (JsonProcessingException e) {
      throw new ProblemException(notJson());
    } catch (IOException e) {
      throw new ProblemException(notJson());
    }
    fields.body.fieldNames().forEachRemaining(name -> {
      if (!known.contains(name)) {
        String shown = CardNumbers.hidden(name).replaceAll("[^\\x20-\\x7e]", "?");
        fields.fault(shown.length() > NAME_CHARS_MAX ? shown.substring(0, NAME_CHARS_MAX) + "…" : shown,
            "parameter_unknown", "is not a parameter of this call. Remove it, or check its spelling.");
      }
    });
    return fields;
  }

  private static Problem notJson() {
    return Problem.invalid("json_invalid",
        "The body is not valid JSON. Send one JSON object in UTF-8, each field once.", null);
  }

  /** Notes a fault of a field; {@code message} follows its name. */
  void fault(String name, String code, String message) {
    if (errors.size() < 100) errors.add(new FieldError(name, code, "`" + name + "` " + message));
  }

  private void invalid(String name, String message) { fault(name, "parameter_invalid", message); }

  private @Nullable JsonNode get(String name) {
    JsonNode value = body.get(name);
    return value == null || value.isNull() ? null : value;
  }

  boolean has(String name) { return get(name) != null; }

  /** Whether the field was sent as {@code null}: where fields are changed, that takes the value away. */
  boolean cleared(String name) {
    return body.has(name) && body.get(name).isNull();
  }

  void missing(String name, String remedy) {
    if (!has(name)) fault(name, "parameter_missing", "is missing. " + remedy);
  }

  @Nullable
  String text(String name, int lengthMax) {
    JsonNode value = get(name);
    return value == null ? null : text(name, value, lengthMax);
  }

  private @Nullable String text(String name, JsonNode value, int lengthMax) {
    if (!value.isTextual()) {
      invalid(name, "must be a string.");
      return null;
    }
    String text = value.textValue();
    if (CardNumbers.in(text)) {
      cardNumber(name);
    } else if (text.isEmpty() || text.length() > lengthMax || text.indexOf('\0') >= 0 || !wellFormed(text)) {
      invalid(name, "must have 1 to " + lengthMax + " characters of valid Unicode, without NUL.");
    } else {
      return text;
    }
    return null;
  }

  private void cardNumber(String name) {
    fault(name, "card_number_refused",
        "holds what looks like a card number. Card numbers are refused and not stored.");
  }

  /** A text that is a URL, or will be refused as none. */
  @Nullable
  String url(String name, int lengthMax) {
    String text = text(name, lengthMax);
    if (text == null || !CardNumbers.inUrl(text)) return text;
    cardNumber(name);
    return null;
  }

  private static boolean wellFormed(String text) {
    return java.nio.charset.StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  @Nullable
  Integer integer(String name, int min, int max) {
    JsonNode value = get(name);
    if (value == null) return null;
    if (value.isIntegralNumber() && value.canConvertToInt() && value.intValue() >= min
        && value.intValue() <= max)
      return value.intValue();
    invalid(name, "must be an integer from " + min + " to " + max + ".");
    return null;
  }

  /** Minor units, 1 to {@value CreatePayment#AMOUNT_MAX}. */
  @Nullable
  Long amount(String name) {
    JsonNode value = get(name);
    if (value == null) return null;
    if (value.isValueNode() && CardNumbers.in(value.asText()))
      cardNumber(name);
    else
      if (!value.isIntegralNumber())
        fault(name, "amount_invalid",
            "must be an integer in minor units (1999 for 19.99 usd), without quotes or decimals.");
      else
        if (!value.canConvertToLong() || value.longValue() < 1
            || value.longValue() > CreatePayment.AMOUNT_MAX)
          fault(name, "amount_out_of_range", "must be from 1 to 99999999999 minor units (cents, for usd).");
        else
          return value.longValue();
    return null;
  }

  /** One of a fixed set of words. */
  @Nullable
  String choice(String name, List<String> words) {
    String value = text(name, 50);
    if (value == null || words.contains(value)) return value;
    invalid(name, "must be one of " + String.join(", ", words) + ".");
    return null;
  }

  /** Unix seconds. */
  @Nullable
  Long time(String name) {
    JsonNode value = get(name);
    if (value == null) return null;
    if (value.isIntegralNumber() && value.canConvertToLong() && value.longValue() >= 0
        && value.longValue() <= 99_999_999_999L)
      return value.longValue();
    invalid(name, "must be a time in Unix seconds.");
    return null;
  }

  @Nullable
  Boolean flag(String name) {
    JsonNode value = get(name);
    if (value == null) return null;
    if (value.isBoolean()) return value.booleanValue();
    invalid(name, "must be true or false.");
    return null;
  }

  /** One to {@code countMax} different strings, each of which is {@code valid}. */
  @Nullable
  List<String> list(String name, int countMax, Predicate<String> valid, String remedy) {
    JsonNode value = get(name);
    if (value == null) return null;
    var list = new ArrayList<String>();
    if (value.isArray() && !value.isEmpty() && value.size() <= countMax) {
      for (JsonNode one : value) {
        if (one.isTextual() && valid.test(one.textValue()) && !list.contains(one.textValue()))
          list.add(one.textValue());
      }
      if (list.size() == value.size()) return list;
    }
    invalid(name, "must be a list of 1 to " + countMax + " different strings, " + remedy);
    return null;
  }

  /** Strings by name. */
  @Nullable
  Map<String, String> map(String name, int countMax, int lengthMax, Predicate<String> validName,
      String remedy) {
    JsonNode value = get(name);
    if (value == null) return null;
    if (!value.isObject() || value.size() > countMax) {
      invalid(name, "must be an object of at most " + countMax + " strings.");
      return null;
    }
    var map = new LinkedHashMap<String, String>();
    for (var field : value.properties()) {
      if (CardNumbers.in(field.getKey()) || !validName.test(field.getKey())) {
        if (CardNumbers.in(field.getKey()))
          fault(name, "card_number_refused", "has a name that looks like a card number.");
        else
          invalid(name, remedy);
        continue;
      }
      if (CardNumbers.code(field.getKey(), field.getValue().asText())) {
        fault(name + "." + field.getKey(), "card_number_refused",
            "is a card's code by its name. Those are refused and not stored.");
        continue;
      }
      String text = text(name + "." + field.getKey(), field.getValue(), lengthMax);
      if (text != null) map.put(field.getKey(), text);
    }
    return map;
  }

  /** The same text for bodies that mean the same: sorted, without what is {@code null}. */
  String canonical() {
    try {
      var sorted = new java.util.TreeMap<String, Object>();
      body.properties().forEach(f -> {
        if (!f.getValue().isNull()) sorted.put(f.getKey(), JSON.convertValue(f.getValue(), Object.class));
      });
      return JSON.writeValueAsString(sorted);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was read can be written", e);
    }
  }

  /** Throws a {@link ProblemException} with all faults, if there are any. */
  void check() {
    if (!errors.isEmpty()) throw new ProblemException(Problem.invalid(errors));
  }
}
