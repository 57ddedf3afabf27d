package dev.millrace.provider;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one account of a provider tells us what happened: how its webhooks are signed, answered and read. Not
 * safe for use by several threads at once.
 */
public interface WebhookScheme {
  /** What a webhook is, judged by its bytes. */
  sealed interface Verdict {
    /** The provider's own, signed in time. {@code eventId} is the same when it is repeated. */
    record Genuine(String eventId) implements Verdict {}

    /** Several of the provider's own in one request. */
    record Several(List<Event> events) implements Verdict {}

    /** One of them, as if it had come alone. */
    record Event(String eventId, Buffer body) {}

    /** Not signed with a secret of ours, or too long ago or ahead. */
    record Forged(String reason) implements Verdict {}

    /** Signed, and yet not what this provider sends. */
    record Malformed(String reason) implements Verdict {}
  }

  /** What a webhook says. {@code type} is the provider's word for it. */
  sealed interface ProviderEvent {
    String type();

    /** What became of the call under our reference. */
    record AttemptOutcome(String type, String reference, Provider.Outcome outcome) implements ProviderEvent {}

    /**
     * Something that nobody ordered happened to the payment of which the call had our {@code reference}, or
     * that the provider calls {@code providerReference}: it names it by at least one of them.
     */
    record Unsolicited(String type, @Nullable String reference, @Nullable String providerReference,
        UnsolicitedChange fact) implements ProviderEvent {
      public Unsolicited(String type, String providerReference, UnsolicitedChange fact) {
        this(type, null, providerReference, fact);
      }
    }

    /**
     * Moves no money, and yet belongs into the history of a payment, found by our {@code reference} or by
     * {@code providerReference}, what the provider calls it; at least one is given.
     *
     * @param detail what it says, in a sentence without personal data
     * @param expected whether the connector knows such events; a person is told of one that it does not
     * @param endedDispute the provider's name of a dispute that is over without having been won or lost, so
     *   that no money should be held for it; null where the event does not say so
     */
    record Notice(String type, @Nullable String reference, @Nullable String providerReference, String detail,
        boolean expected, @Nullable String endedDispute) implements ProviderEvent {
      public Notice(String type, @Nullable String reference, @Nullable String providerReference,
          String detail, boolean expected) {
        this(type, reference, providerReference, detail, expected, null);
      }
    }

    /** Nothing that concerns a payment of ours, or nothing that another event does not tell as well. */
    record Ignored(String type) implements ProviderEvent {}

    /**
     * Not to be understood: somebody must look, unless it is about others. {@code payment}: what it is about,
     * by our reference or by the provider's name; null when it names nothing.
     */
    record Unreadable(String type, String reason, @Nullable String payment) implements ProviderEvent {
      public Unreadable(String type, String reason) { this(type, reason, null); }
    }
  }

  /** What a provider does of its own accord. Amounts are minor units, times Unix seconds. */
  sealed interface UnsolicitedChange {
    /**
     * The payer disputes {@code amount}. {@code dispute} is the provider's name of the dispute. {@code told}:
     * when it stood so, by the provider's clock.
     */
    record DisputeOpened(String dispute, long amount, String currency, @Nullable String reason,
        @Nullable Long evidenceDue, @Nullable Long told) implements UnsolicitedChange {
      public DisputeOpened(String dispute, long amount, String currency, @Nullable String reason,
          @Nullable Long evidenceDue) {
        this(dispute, amount, currency, reason, evidenceDue, null);
      }
    }

    /**
     * The dispute was decided, {@code won} by the merchant or lost; also anew, the other way than before.
     * {@code decided}: when, by the provider's clock, as decisions may be delivered in any order.
     * {@code moves}: that {@code amount} is what moves by it, and not what the dispute is of.
     */
    record DisputeClosed(String dispute, boolean won, long amount, String currency, @Nullable String reason,
        @Nullable Long decided, boolean moves) implements UnsolicitedChange {
      public DisputeClosed(String dispute, boolean won, long amount, String currency, @Nullable String reason,
          @Nullable Long decided) {
        this(dispute, won, amount, currency, reason, decided, false);
      }

      /** Decided so, of {@code other}. */
      public DisputeClosed of(long other) {
        return new DisputeClosed(dispute, won, other, currency, reason, decided, moves);
      }
    }

    /**
     * The time to answer it is over: a dispute that holds money is lost, and of an inquiry, which holds none,
     * nothing moves. {@code at}: when, by the provider's clock.
     */
    record DisputeUnanswered(String dispute, long amount, String currency, @Nullable Long at)
        implements
          UnsolicitedChange {}

    /** The payer's bank sent the debit back, by the rail's code, R01 for example. */
    record Returned(long amount, String currency, String code, String message) implements UnsolicitedChange {}

    /** A debit that had been sent back was paid after all: its return was reversed. */
    record ReturnReversed(long amount, String currency, String message) implements UnsolicitedChange {}

    /** A refund that was not ordered over the gateway. {@code refund} is the provider's name of it. */
    record Refunded(String refund, long amount, String currency) implements UnsolicitedChange {}

    /** Such a refund came to nothing, before or after it was told as done. {@code amount}: null if untold. */
    record RefundFailed(String refund, String code, String message, Provider.Outcome.@Nullable Amount amount)
        implements
          UnsolicitedChange {}
  }

  /** The provider account's name, in the path. */
  String provider();

  /** Last part of the path. */
  String account();

  /** Judges the raw bytes, in constant time for every secret. */
  Verdict verify(MultiMap headers, byte[] body, Instant now);

  /** What the provider expects as the answer's body, JSON; null for none. */
  @Nullable
  Buffer answer();

  /** Reads what was verified before. */
  ProviderEvent read(Buffer body);
}
