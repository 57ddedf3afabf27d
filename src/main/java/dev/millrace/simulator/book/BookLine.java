package dev.millrace.simulator.book;

import org.jspecify.annotations.Nullable;

/** A line of the book: a payment's first, or a later movement of it. */
public sealed interface BookLine permits Entry, Movement {
  /** The Idempotency-Key it came with. */
  @Nullable
  String key();

  /** Of the parameters it came with. */
  long fingerprint();

  /** Minor units it is about. */
  long amount();

  /** Seconds since 1970. */
  long created();

  /** The ordinal of the payment it belongs to. */
  int payment();
}
