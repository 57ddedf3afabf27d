package dev.millrace.fraud;

import org.jspecify.annotations.Nullable;

/** One rule: when it matches it decides (review or block) or, without a decision, adds its score. */
record Rule(String name, Expression when, @Nullable Decision decision, int score) {

  boolean needsVelocity() {
    return !when.velocities().isEmpty();
  }
}
