package dev.millrace.simulator.book;

import dev.millrace.simulator.book.PaymentMethod.Decline;
import dev.millrace.simulator.book.PaymentMethod.Script;
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
 *          what was charged or authorized, or asked for and declined, in ISO 4217's minor units, whatever the
 *          wire's are
 * @param created
 *          seconds since 1970
 * @param fingerprint
 *          of the parameters it came with: the same for every order of them
 */
public record Entry(int ordinal, @Nullable String metadataReference, @Nullable String key,
    PaymentMethod method,
    String currency, long amount, long created, long fingerprint, @Nullable Extras extras, Terms terms)
    implements
      BookLine {

  /**
   * What few entries have.
   *
   * @param metadata
   *          metadata other than the reference, as escaped JSON members; may be empty
   */
  public record Extras(@Nullable String description, String metadata) {}

  /** How a payment begins. */
  public enum Opening {
    CHARGED("succeeded"),
    DECLINED("declined"),
    AUTHORIZED("authorized"),
    ACTION(
        "requires_action"),
    PROCESSING("processing");

    private final String text;

    Opening(String text) {
      this.text = text;
    }

    /** As the book's file says it. */
    String text() {
      return text;
    }
  }

  /** The most of ISO 4217's minor units a payment may be of, on every wire. */
  public static final long AMOUNT_MAX = 999_999_999_999L;
  public static final String REFERENCE_FIELD = "millrace_reference";

  public Wire wire() {
    return terms.wire();
  }

  @Override
  public int payment() {
    return ordinal;
  }

  /** What the caller knows the payment by: its metadata, else its idempotency key, else null. */
  @Nullable
  public String reference() {
    return metadataReference != null ? metadataReference : key;
  }

  public Opening opening() {
    if (method.declines(wire())) {
      return Opening.DECLINED;
    }
    if (method.script() == Script.ACTION) {
      return Opening.ACTION;
    }
    if (method.script() == Script.PROCESSING) {
      return Opening.PROCESSING;
    }
    return terms.manual() ? Opening.AUTHORIZED : Opening.CHARGED;
  }

  /** Why it was declined at once; null if it was not. */
  @Nullable
  public Decline decline() {
    return method.declines(wire()) ? method.decline() : null;
  }
}
