package dev.millrace.processing;

import dev.millrace.provider.Providers;

/**
 * The right to call a provider under a reference, for as long as nobody else can have it. Providers promise
 * that a reference is carried out once; this is what stands between a payer and a provider that forgets it.
 * Writing the intent gives the right to the first call; a later one has to be claimed, and is given once the
 * last one is known not to have left, or has had its time.
 *
 * @param sinceNanos from before it was given
 */
record CallRight(long sinceNanos, long lifetimeMs) {
  /** To be asked for before the intent is written, or the right claimed. */
  static CallRight from(Providers.Times times) {
    return new CallRight(System.nanoTime(), times.turn());
  }

  /**
   * A process that slept in between may find it in another's hands; the call itself needs the rest of the
   * time.
   */
  boolean expired() {
    return System.nanoTime() - sinceNanos > lifetimeMs * 1_000_000;
  }
}
