package dev.millrace.provider;

import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.Future;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A payment provider, as one account of ours there. Answers are values: a failed future is a defect of the
 * connector, not an outcome.
 */
public interface Provider {
  /**
   * What a provider said, or failed to say. Amounts are minor units. {@code providerReference} is its own
   * name.
   */
  sealed interface Outcome {
    /** Minor units of {@code currency}, ISO 4217's code in lower case. */
    record Amount(long minor, String currency) {}

    /** Says what became of the call. */
    sealed interface Decisive extends Outcome {}

    /** Does not say it, or not yet: whoever wants to know asks again. */
    sealed interface NoWord extends Outcome {}

    /** The call certainly never took place, so it may be made again at once. */
    sealed interface NotSent extends NoWord {
      /** Why it did not. */
      String reason();
    }

    /**
     * The payer was charged. A charge's success, with {@code amount} in all, or a capture's.
     *
     * @param capture the provider's name of the capture, where it has one of its own; {@code amount} is that
     *   capture's alone then
     * @param again whether it was made anew by the provider after it had come to nothing
     */
    record Charged(String providerReference, long amount, String currency,
        @Nullable String capture, boolean again) implements Decisive {
      public Charged(String providerReference, long amount, String currency, @Nullable String capture) {
        this(providerReference, amount, currency, capture, false);
      }

      public Charged(String providerReference, long amount, String currency) {
        this(providerReference, amount, currency, null);
      }

      private static final String AGAIN = "/again/";

      /**
       * The name of a capture that was made anew, {@code at} (Unix seconds), where the provider calls it as
       * before.
       */
      public static String again(String capture, @Nullable Long at) {
        return capture + AGAIN + (at == null ? 0 : at);
      }

      /**
       * When the capture of this name was made anew as one of {@code capture}, which is empty for whichever
       * one; null where it was not.
       */
      public static @Nullable Long madeAgain(String name, String capture) {
        int end = capture.isEmpty() ? name.lastIndexOf(AGAIN) : capture.length();
        return end >= 0 && name.startsWith(capture) && name.startsWith(AGAIN, end)
            ? Long.valueOf(name.substring(end + AGAIN.length()))
            : null;
      }
    }

    /** The amount is held until {@code expires} (Unix seconds; null where the provider does not say). */
    record Authorized(String providerReference, long amount, String currency, @Nullable Long expires)
        implements
          Decisive {}

    /**
     * The payer's bank agreed to {@code amount}: it is charged, or held where it is to be captured by hand.
     * Of a provider whose word for both is the same.
     */
    record Approved(String providerReference, long amount, String currency) implements Decisive {}

    /** The payer must go to {@code url}. */
    record ActionRequired(String providerReference, String url) implements Decisive {}

    /**
     * What was held is released, or will never be charged. {@code lapsed}: it ran out at the provider.
     * {@code amount}: how much of it, where that is said; the rest was captured.
     */
    record Voided(String providerReference, boolean lapsed, @Nullable Amount amount) implements Decisive {
      public Voided(String providerReference, boolean lapsed) { this(providerReference, lapsed, null); }
    }

    /** {@code amount} went back to the payer. */
    record Refunded(String providerReference, long amount, String currency) implements Decisive {}

    /**
     * One try of the payer was refused, and another may follow on the same page: only while a payment waits
     * for its payer is that other than {@link Declined}.
     */
    record TryRefused(Declined refusal) implements Decisive {}

    /** Taken by the provider, which tells by webhook what becomes of it: hours or days later perhaps. */
    record Pending(String providerReference) implements NoWord {}

    /**
     * Certainly refused: nothing was done, and the same call would be refused again. {@code elsewhere}:
     * another provider may well accept it, because the fault was on the provider's side. {@code amount}: of
     * the capture or refund that it is the refusal of, where the provider tells it, as {@code at}, when (Unix
     * seconds).
     */
    record Declined(@Nullable String providerReference, String code, @Nullable String declineCode,
        String message, boolean elsewhere, @Nullable Amount amount, @Nullable Long at) implements Decisive {

      /**
       * {@code code}: a capture that seemed done came to nothing, also one that the provider made of its own
       * accord. {@code providerReference} is the provider's name of the capture.
       */
      public static final String CAPTURE_FAILED = "capture_failed";
      /** {@code code}: a capture was refused, and never done. */
      public static final String CAPTURE_REFUSED = "capture_refused";
      /** {@code code}: a cancellation was refused. */
      public static final String CANCEL_FAILED = "cancel_failed";
      /** {@code code}: a refund was refused, or came to nothing after it had been carried out. */
      public static final String REFUND_FAILED = "refund_failed";
      /** {@code code}: a refund that had been carried out came back from the payer's bank. */
      public static final String REFUND_REVERSED = "refund_reversed";
      private static final Set<String> OF_OPERATIONS = Set.of(CAPTURE_FAILED, CAPTURE_REFUSED, CANCEL_FAILED,
          REFUND_FAILED, REFUND_REVERSED);

      /**
       * Whether it speaks of a capture, cancellation or refund, which a merchant may have asked for at the
       * provider itself: it may bear the charge's reference, and refuses no charge.
       */
      public boolean ofAnOperation() {
        return OF_OPERATIONS.contains(code);
      }

      /** Whether it speaks of a refund: one that was refused, or one that came to nothing since. */
      public boolean ofARefund() {
        return code.equals(REFUND_FAILED) || code.equals(REFUND_REVERSED);
      }

      public Declined(@Nullable String providerReference, String code, @Nullable String declineCode,
          String message, boolean elsewhere) {
        this(providerReference, code, declineCode, message, elsewhere, null, null);
      }

      public Declined(@Nullable String providerReference, String code, @Nullable String declineCode,
          String message) {
        this(providerReference, code, declineCode, message, false);
      }
    }

    /**
     * Certainly not executed, and may be tried again: the call never left, or the provider turned it away
     * unread. {@code retryAfterMs}: for how long it asked to be spared, 0 where it did not.
     */
    record NotExecuted(String reason, long retryAfterMs) implements NotSent {
      public NotExecuted(String reason) { this(reason, 0); }
    }

    /** No usable answer: it may or may not have been carried out. */
    record Unknown(String reason) implements NoWord {}

    /** Not called: it waited so long for its turn that the payment must be looked at again first. */
    record Deferred() implements NotSent {
      @Override
      public String reason() { return "waited too long for its turn"; }
    }

    /** The provider has no record of this reference (an inquiry's answer only). */
    record Absent() implements NoWord {}
  }

  /** The account's name in routes, ledger accounts and events. */
  String name();

  /** The rail it settles over: {@code card} or {@code ach}. */
  String rail();

  /** Carries an order out, at most once a reference however often it is called. */
  Future<Outcome> execute(Order order);

  /**
   * Asks what became of an order; carries out nothing that was not ordered before under the same reference.
   */
  Future<Outcome> inquire(Order order);

  /**
   * Whether an inquiry sends the order again under its reference: what never arrived is carried out by it,
   * and so may be what was refused. Else it only looks.
   */
  default boolean inquiresByOrdering() { return false; }

  /** Whether it can be asked for all that it has about a charge, by {@link #list}. */
  default boolean lists() {
    return false;
  }

  /**
   * Asks for what there is about a charge, by the provider's name of it: refunds and disputes, as its
   * webhooks would tell them, oldest first of each. It only looks.
   *
   * @return {@code Absent} when {@code found} was given all of it, else why it was not
   */
  default Future<Outcome> list(String charge, Consumer<ProviderEvent> found) {
    return Future.failedFuture(new UnsupportedOperationException(name() + " cannot list"));
  }

  /** Closes its connections. */
  Future<Void> close();
}
