package dev.millrace.simulator;

import org.jspecify.annotations.Nullable;

/**
 * One charge or decline in the book, small because a run has a million of them: every answer is built from
 * it again.
 *
 * @param ordinal
 *          its place in the book, from 0
 * @param metadataReference
 *          the caller's {@code metadata[millrace_reference]}
 * @param key
 *          the Idempotency-Key it came with
 * @param amount
 *          what was charged, or asked for and declined, in minor units
 * @param created
 *          seconds since 1970
 * @param fingerprint
 *          of the parameters it came with, see {@link Form#fingerprint()}
 */
record Entry(int ordinal, @Nullable String metadataReference, @Nullable String key, PaymentMethod method,
    String currency, long amount, long created, long fingerprint, @Nullable Extras extras) {

  /**
   * What few entries have.
   *
   * @param metadata
   *          metadata other than the reference, as escaped JSON members; may be empty
   */
  record Extras(@Nullable String description, String metadata) {}

  static final String REFERENCE_FIELD = "millrace_reference";

  /** What the caller knows the payment by: its metadata, else its idempotency key, else null. */
  @Nullable
  String reference() {
    return metadataReference != null ? metadataReference : key;
  }

  boolean succeeded() {
    return !method.declines();
  }

  long captured() {
    return succeeded() ? amount : 0;
  }

  String status() {
    return succeeded() ? "succeeded" : "declined";
  }

  /** Appends the metadata object: the reference first, then the rest as it came. */
  void metadata(StringBuilder out) {
    out.append('{');
    if (metadataReference != null) {
      out.append('"').append(REFERENCE_FIELD).append("\":");
      JsonText.string(out, metadataReference);
    }
    if (extras != null && !extras.metadata().isEmpty()) {
      out.append(metadataReference != null ? "," : "").append(extras.metadata());
    }
    out.append('}');
  }
}
