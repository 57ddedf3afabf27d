package dev.millrace.deadletter;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One failed try, as a waiting payment carries it and a dead letter keeps it.
 *
 * @param at null where an earlier version did not note it
 * @param error at most {@value #ERROR_CHARS_MAX} characters, none of them NUL: Postgres holds no NUL in a
 *   text
 */
public record Failure(@Nullable Instant at, String error) {
  /** So many of the last tries are kept. */
  static final int KEPT_MAX = 10;
  private static final int ERROR_CHARS_MAX = 500;

  public Failure {
    error = storable(error);
    if (error.length() > ERROR_CHARS_MAX) error = error.substring(0, ERROR_CHARS_MAX - 1) + "…";
  }

  public static Failure now(String error) { return new Failure(Instant.now(), error); }

  public static String storable(String text) {
    return text.replace('\0', '?');
  }

  /** The earlier ones and this, the oldest left out when there are too many. */
  public static List<Failure> with(List<Failure> earlier, Failure last) {
    var all = new ArrayList<>(earlier.subList(Math.max(0, earlier.size() + 1 - KEPT_MAX), earlier.size()));
    all.add(last);
    return List.copyOf(all);
  }

  public static JsonArray json(List<Failure> failures) {
    var array = new JsonArray();
    for (Failure f : failures)
      array.add(new JsonObject().put("at", f.at == null ? null : f.at.toString()).put("error", f.error));
    return array;
  }

  /** The reverse of {@link #json}; fails with a {@link RuntimeException} for what is none. */
  public static List<Failure> of(JsonArray array) {
    var list = new ArrayList<Failure>();
    for (int i = Math.max(0, array.size() - KEPT_MAX); i < array.size(); i++) {
      JsonObject one = array.getJsonObject(i);
      String at = one.getString("at");
      list.add(new Failure(at == null ? null : Instant.parse(at), one.getString("error", "")));
    }
    return List.copyOf(list);
  }
}
