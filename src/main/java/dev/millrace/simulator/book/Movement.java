package dev.millrace.simulator.book;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a payment after its entry, or was asked for and refused.
 *
 * @param number
 *          its place among the movements, from 0
 * @param payment
 *          the ordinal of the payment's entry
 * @param reference
 *          the caller's own reference of the call
 * @param amount
 *          in ISO 4217's minor units, whatever the wire's are
 * @param about
 *          the number of the capture, refund or dispute that it ends or decides; -1 if there is none
 * @param fault
 *          why it was not carried out; null if it was
 * @param note
 *          the reason the caller or the provider gives: of a cancellation, a dispute, a return...
 * @param metadata
 *          what the caller attached, as escaped JSON members
 */
public record Movement(int number, int payment, Kind kind, @Nullable String reference, @Nullable String key,
    long amount, long created, long fingerprint, int about, @Nullable Fault fault, @Nullable String note,
    @Nullable String metadata) implements BookLine {

  public static final int NOTHING = -1;
  /** The note of a reversal that canceled. */
  public static final String CANCELED = "cancel";
  /** The note of a reversal that refunded. */
  public static final String REFUNDED = "refund";
  /** The note of a refund that arrived and came back. */
  public static final String CAME_BACK = "reversed";

  /** What kinds of movements there are. */
  public enum Kind {
    /** The payer has passed 3-D Secure, or failed it; the money waits for the caller (Adyen). */
    AUTHENTICATION,
    AUTHENTICATION_FAILURE,
    /** The payment that waited for its payer, or was being processed, is charged or authorized. */
    COMPLETION,
    /** The payment that waited for its payer, or was being processed, is declined. */
    COMPLETION_FAILURE,
    /** A try of the payer is refused, and another may follow. */
    TRY_REFUSED,
    /** One more try of the payer is charged or authorized, whatever became of those before. */
    TRY_CHARGED,
    /** Part or all of an authorization is charged, the rest released. */
    CAPTURE,
    /** Part of an authorization is charged, the rest stays held (Adyen's multiple partial captures). */
    PARTIAL_CAPTURE,
    /** A capture came to nothing: what it had charged is held again. */
    CAPTURE_FAILURE,
    /** What has not been captured is given up, as asked for. */
    CANCEL,
    /** The provider let an authorization lapse. */
    EXPIRY,
    /** Money goes back to the payer. */
    REFUND,
    /** What is not captured is given up, what is captured goes back: {@code note} says which it was. */
    REVERSAL,
    /** A refund that was pending has arrived. */
    REFUND_SUCCESS,
    /** A refund did not arrive, also after it had seemed to: the money is the merchant's again. */
    REFUND_FAILURE,
    /** The payer disputes the payment; the provider takes the money back for now. */
    DISPUTE,
    /** A dispute is decided for the merchant, who has the money again. */
    DISPUTE_WON,
    /** A dispute is decided for the payer; where the merchant had the money again, it is taken once more. */
    DISPUTE_LOST,
    /** The payer's bank sent the debit back. */
    RETURN,
    /** The payer's bank had sent the debit back by mistake, and pays it after all. */
    RETURN_REVERSED,
    /** Nothing moves: the provider tells something, an event of the type that is the note. */
    NOTICE;

    private static final Map<String, Kind> BY_TEXT = new HashMap<>();
    static {
      for (Kind kind : values()) {
        BY_TEXT.put(kind.text, kind);
      }
    }
    private final String text = name().toLowerCase(Locale.ROOT);

    /** As the book has it. */
    public String text() {
      return text;
    }

    /** Whether a caller asks for it by a call of its own: a capture, a cancellation or a refund. */
    public boolean isOperation() {
      return this == CAPTURE || this == CANCEL || this == REFUND || this == REVERSAL;
    }

    /** Whether it charges what was held. */
    public boolean isCapture() {
      return this == CAPTURE || this == PARTIAL_CAPTURE;
    }

    static @Nullable Kind of(String text) {
      return BY_TEXT.get(text);
    }
  }

  public boolean carriedOut() {
    return fault == null;
  }

  public boolean is(Kind wanted) {
    return kind == wanted && fault == null;
  }
}
