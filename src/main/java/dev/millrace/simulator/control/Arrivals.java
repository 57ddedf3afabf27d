package dev.millrace.simulator.control;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * When calls arrived at the wires, whatever became of them: how many of each kind in every ten milliseconds
 * of the last ten minutes. Owned by one event loop.
 */
public final class Arrivals {
  /** What a call is for, by its method and path. */
  enum Kind {
    CHARGE,
    /** Captures, cancellations, refunds: whatever is posted to a payment that exists. */
    OPERATION,
    /** Whatever is only looked up. Adyen knows none: there the call is made again. */
    INQUIRY;

    private final String text = name().toLowerCase(Locale.ROOT);

    static Kind of(HttpMethod method, String path) {
      if (method.equals(HttpMethod.GET)) {
        return INQUIRY;
      }
      return path.endsWith("/payment_intents") || path.endsWith("/payments") || path.endsWith("/debits")
          ? CHARGE
          : OPERATION;
    }
  }

  static final int SLOT_MS = 10;
  private static final int SLOTS = 10 * 60 * 1000 / SLOT_MS;

  private final InstantSource clock;
  private final Map<Kind, int[]> counts = new EnumMap<>(Kind.class);
  private long newest;
  private long total;

  public Arrivals(InstantSource clock) {
    this.clock = clock;
    newest = clock.millis() / SLOT_MS;
    for (Kind kind : Kind.values()) {
      counts.put(kind, new int[SLOTS]);
    }
  }

  public void record(HttpMethod method, String path) {
    advance();
    total++;
    counts.computeIfPresent(Kind.of(method, path), (kind, slots) -> {
      slots[(int) (newest % SLOTS)]++;
      return slots;
    });
  }

  long total() {
    return total;
  }

  /** The slots from the one that holds {@code sinceMs} (Unix), or from the oldest there is, up to now. */
  JsonObject toJson(long sinceMs) {
    advance();
    long from = Math.min(newest, Math.max(newest - SLOTS + 1, sinceMs / SLOT_MS));
    var json = new JsonObject().put("slot_ms", SLOT_MS).put("from_ms", from * SLOT_MS);
    counts.forEach((kind, slots) -> {
      var since = new JsonArray();
      for (long slot = from; slot <= newest; slot++) {
        since.add(slots[(int) (slot % SLOTS)]);
      }
      json.put(kind.text, since);
    });
    return json;
  }

  /** A clock that was put back stands still here. */
  private void advance() {
    long now = clock.millis() / SLOT_MS;
    if (now - newest >= SLOTS) {
      for (int[] slots : counts.values()) {
        Arrays.fill(slots, 0);
      }
      newest = now;
    }
    while (newest < now) {
      newest++;
      for (int[] slots : counts.values()) {
        slots[(int) (newest % SLOTS)] = 0;
      }
    }
  }
}
