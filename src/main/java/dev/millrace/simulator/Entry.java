package dev.millrace.simulator;

import dev.millrace.simulator.PaymentMethod.Decline;
import dev.millrace.simulator.PaymentMethod.Script;
import org.jspecify.annotations.Nullable;

/**
 * The first line of a payment in the book, small because a run has a million of them: every answer is built
 * from it again, and from the payment's movements if it has any.
 *
 * @param ordinal
 *          its place among the entries, from 0
 * @param metadataReference
 *          the caller's {@code metadata[millrace_reference]}, or {@code reference} where a wire has one
 * @param key
 *          the Idempotency-Key it came with
 * @param amount
 *          what was charged or authorized, or asked for and declined, in minor units
 * @param created
 *          seconds since 1970
 * @param fingerprint
 *          of the parameters it came with, see {@link Form#fingerprint()}
 */
record Entry(int ordinal, @Nullable String metadataReference, @Nullable String key, PaymentMethod method,
    String currency, long amount, long created, long fingerprint, @Nullable Extras extras, Terms terms)
    implements
      Line {

  /**
   * What few entries have.
   *
   * @param metadata
   *          metadata other than the reference, as escaped JSON members; may be empty
   */
  record Extras(@Nullable String description, String metadata) {}

  /** How a payment begins. */
  enum Opening {
    CHARGED("succeeded"), DECLINED("declined"), AUTHORIZED("authorized"), ACTION("requires_action");

    private final String text;

    Opening(String text) {
      this.text = text;
    }

    /** As the book's file says it. */
    String text() {
      return text;
    }
  }

  static final String REFERENCE_FIELD = "millrace_reference";

  Wire wire() {
    return terms.wire();
  }

  @Override
  public int payment() {
    return ordinal;
  }

  /** What the caller knows the payment by: its metadata, else its idempotency key, else null. */
  @Nullable
  String reference() {
    return metadataReference != null ? metadataReference : key;
  }

  Opening opening() {
    if (method.declines(wire())) {
      return Opening.DECLINED;
    }
    if (method.script() == Script.ACTION) {
      return Opening.ACTION;
    }
    return terms.manual() ? Opening.AUTHORIZED : Opening.CHARGED;
  }

  /** Why it was declined at once; null if it was not. */
  @Nullable
  Decline decline() {
    return method.declines(wire()) ? method.decline() : null;
  }
}
