package dev.millrace.processing;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A payment that is to be looked at again: the value of a record in a retry topic, JSON.
 *
 * @param window which retry window it waits in, from 0
 * @param dueMs wall-clock milliseconds before which it must not start
 */
record RetryTask(UUID payment, int window, int attempts, long dueMs, String error, String traceparent) {

  byte[] encode() {
    return new JsonObject().put("payment", payment.toString()).put("window", window).put("attempts", attempts)
        .put("due_ms", dueMs).put("error", error).put("traceparent", traceparent).toBuffer().getBytes();
  }

  /** Null when the bytes are no task. */
  static @Nullable RetryTask decode(byte[] bytes) {
    try {
      var json = new JsonObject(Buffer.buffer(bytes));
      return new RetryTask(UUID.fromString(json.getString("payment")), json.getInteger("window"),
          json.getInteger("attempts"),
          json.getLong("due_ms"), json.getString("error", ""), json.getString("traceparent", ""));
    } catch (DecodeException | IllegalArgumentException | ClassCastException | NullPointerException e) {
      return null;
    }
  }
}
