package dev.millrace.provider;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fields of a provider's JSON. One that is missing or of another type is null: nobody promises us their
 * shape.
 */
public final class JsonFields {
  private JsonFields() {}

  /** Null when it is no JSON object. */
  public static @Nullable JsonObject object(Buffer body) {
    try {
      return Json.decodeValue(body) instanceof JsonObject object ? object : null;
    } catch (DecodeException e) {
      return null;
    }
  }

  public static @Nullable JsonObject object(JsonObject json, String field) {
    return json.getValue(field) instanceof JsonObject object ? object : null;
  }

  /** What stands at the end of the path; empty when there is nothing. */
  public static JsonObject at(JsonObject json, String... path) {
    JsonObject here = json;
    for (String field : path) {
      JsonObject next = object(here, field);
      if (next == null) return new JsonObject();
      here = next;
    }
    return here;
  }

  /** The objects of a list; null when it is no list, or one of other things too. */
  public static @Nullable List<JsonObject> objects(JsonObject json, String field) {
    if (!(json.getValue(field) instanceof JsonArray array)) return null;
    var objects = new ArrayList<JsonObject>(array.size());
    for (Object item : array) {
      if (!(item instanceof JsonObject object)) return null;
      objects.add(object);
    }
    return objects;
  }

  /** All texts are stored, and Postgres holds no NUL in one. */
  public static @Nullable String text(JsonObject json, String field) {
    return json.getValue(field) instanceof String s ? s.replace('\0', '?') : null;
  }

  /** A whole number that fits a long. */
  public static @Nullable Long whole(JsonObject json, String field) {
    Object value = json.getValue(field);
    return value instanceof Integer || value instanceof Long
        ? Long.valueOf(((Number) value).longValue())
        : null;
  }

  /** A whole number above zero: an amount of money. */
  public static @Nullable Long amount(JsonObject json, String field) {
    Long value = whole(json, field);
    return value != null && value > 0 ? value : null;
  }
}
