package dev.millrace.simulator.wire;

import dev.millrace.simulator.book.JsonText;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON object that was posted, its fields found by paths such as {@code amount.value}. */
public final class JsonBody {
  private final JsonObject body;

  private JsonBody(JsonObject body) {
    this.body = body;
  }

  /** Null if it is not a JSON object. */
  public static @Nullable JsonBody parse(Buffer buffer) {
    try {
      return new JsonBody(buffer.length() == 0 ? new JsonObject() : new JsonObject(buffer));
    } catch (DecodeException | ClassCastException e) { // The caller says so on its wire.
      return null;
    }
  }

  /** The text at a path; null if there is none, or it is empty. */
  @Nullable
  public String text(String path) {
    return at(path) instanceof String text && !text.isEmpty() ? text : null;
  }

  /** The whole number at a path; null if there is none. */
  @Nullable
  public Long whole(String path) {
    return switch (at(path)) {
      case Integer number -> Long.valueOf(number);
      case Long number -> number;
      case null, default -> null;
    };
  }

  /** Whether there is anything at a path. */
  public boolean has(String path) {
    return at(path) != null;
  }

  /** The texts of the object at a path, as escaped JSON members; empty if there is no such object. */
  public String members(String path) {
    var out = new StringBuilder();
    if (at(path) instanceof JsonObject object) {
      for (var member : object) {
        JsonText.string(out.append(out.isEmpty() ? "" : ","), member.getKey()).append(':');
        JsonText.string(out, String.valueOf(member.getValue()));
      }
    }
    return out.toString();
  }

  /** A number that two bodies posted to the same path share if they say the same in whatever order. */
  public long fingerprint(String path) {
    var flat = new LinkedHashMap<String, String>();
    flatten(flat, "", body);
    return Form.of(flat).fingerprint(path);
  }

  private @Nullable Object at(String path) {
    Object value = body;
    for (String name : path.split("\\.", -1)) {
      value = value instanceof JsonObject object ? object.getValue(name) : null;
    }
    return value;
  }

  private static void flatten(Map<String, String> into, String path, @Nullable Object value) {
    switch (value) {
      case JsonObject object ->
        object.forEach(member -> flatten(into, path + "." + member.getKey(), member.getValue()));
      case JsonArray array -> {
        for (int i = 0; i < array.size(); i++) {
          flatten(into, path + "[" + i + "]", array.getValue(i));
        }
      }
      case null -> into.put(path, "null");
      case String text -> into.put(path, "\"" + text);
      default -> into.put(path, value.toString());
    }
  }
}
