package dev.millrace.processing;

import java.util.TreeSet;

/**
 * How far a partition may be committed when its records finish in any order: to the oldest one still in hand,
 * or behind the last one seen. Owned by one event loop.
 */
final class OffsetTracker {
  private final TreeSet<Long> inHand = new TreeSet<>();
  private long next = -1;
  private long committed = -1;

  void begin(long offset) {
    inHand.add(offset);
    next = Math.max(next, offset + 1);
  }

  void end(long offset) { inHand.remove(offset); }

  /** A record that needs no work. */
  void skip(long offset) { next = Math.max(next, offset + 1); }

  /** The offset to commit, or -1 when nothing has moved since the last call. */
  long commitable() {
    long safe = inHand.isEmpty() ? next : inHand.first();
    if (safe == committed || safe < 0) return -1;
    committed = safe;
    return safe;
  }

  /** A commit that failed is made again. */
  void forget() { committed = -1; }
}
