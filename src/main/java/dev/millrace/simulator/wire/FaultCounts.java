package dev.millrace.simulator.wire;

import io.vertx.core.json.JsonObject;

/**
 * How often the settings made a call go wrong, so that whoever set them can see that they did. Owned by one
 * event loop.
 */
public final class FaultCounts {
  /** Calls turned away with 429. */
  int throttled;
  /** Calls never answered, moving nothing. */
  int hung;
  /** Calls answered 500, moving nothing. */
  int failed;
  /** Calls that began later than they came. */
  int slowed;
  /** Answers that came later than the movement in the book. */
  int lateAnswers;
  /** Calls whose idempotency key was known, and was not looked at. */
  int keysForgotten;

  public JsonObject toJson() {
    return new JsonObject().put("throttled", throttled).put("hung", hung).put("failed", failed)
        .put("slowed", slowed).put("late_answers", lateAnswers).put("keys_forgotten", keysForgotten);
  }
}
