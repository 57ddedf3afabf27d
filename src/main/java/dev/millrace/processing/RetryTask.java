package dev.millrace.processing;

import dev.millrace.deadletter.Failure;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A payment that is to be looked at again: the value of a record in a retry topic, JSON.
 *
 * @param handler what failed last
 * @param window the last retry window that it used up, from 0; {@link #NO_WINDOW} if none
 * @param turns how many times in a row its turn at the provider has not come, for which it waits elsewhere
 *   than in its window
 * @param dueMs wall-clock milliseconds before which it must not start
 * @param failures of the last tries, oldest first
 */
record RetryTask(UUID payment, RetryKind handler, int window, int turns, int attempts, long dueMs,
    List<Failure> failures, String traceparent) {

  static final int NO_WINDOW = -1;

  /** The same, due then. */
  RetryTask due(long ms) {
    return new RetryTask(payment, handler, window, turns, attempts, ms, failures, traceparent);
  }

  byte[] encode() {
    return new JsonObject().put("payment", payment.toString()).put("handler", handler.wire())
        .put("window", window).put("turns", turns).put("attempts", attempts).put("due_ms", dueMs)
        .put("errors", Failure.json(failures)).put("traceparent", traceparent).toBuffer().getBytes();
  }

  /**
   * Null when the bytes are no task. Tasks that an earlier version wrote name no handler, and their last
   * error alone.
   */
  static @Nullable RetryTask decode(byte[] bytes) {
    try {
      var json = new JsonObject(Buffer.buffer(bytes));
      JsonArray errors = json.getJsonArray("errors");
      String error = json.getString("error", "");
      return new RetryTask(UUID.fromString(json.getString("payment")),
          RetryKind.ofWire(json.getString("handler", RetryKind.CHARGE.wire())), json.getInteger("window"),
          json.getInteger("turns", 0), json.getInteger("attempts"), json.getLong("due_ms"),
          errors != null
              ? Failure.of(errors)
              : error.isEmpty() ? List.of() : List.of(new Failure(null, error)),
          Objects.requireNonNullElse(json.getString("traceparent"), ""));
    } catch (DecodeException | IllegalArgumentException | ClassCastException | NullPointerException
        | DateTimeException e) {
      return null;
    }
  }
}
