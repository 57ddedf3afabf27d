package dev.millrace.payment;

import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened to a payment, with what was known then. The components are the event's {@code data}
 * in the journal (JSON, snake case) and its own fields in the Avro schema of the same name. Amounts are minor
 * units, times Unix seconds. An event after which the payment may stand in more than one status says in
 * which.
 */
public sealed interface PaymentEvent {
  EventType type();

  /** The status the payment has afterwards. */
  default Status target() {
    return Objects.requireNonNull(type().target(), "an event that says itself where it leads");
  }

  /** What a person must look at although it is recorded; null where nothing is. */
  default @Nullable Concern concern() {
    return null;
  }

  /** {@code alert}: what monitoring knows it by. */
  record Concern(String alert, String message) {}

  /** Nothing in the payment's row changes but version and status. */
  sealed interface LeavesPayment extends PaymentEvent {}

  /** The charge has a name at the provider now, by which its webhooks find the payment. */
  sealed interface NamesCharge extends PaymentEvent {
    String provider();

    String providerReference();
  }

  /** What all captures come to. */
  sealed interface SumsCaptures extends PaymentEvent {
    /** What the provider took. */
    long amountCharged();

    /** The merchant's part of that. */
    long amountCaptured();

    /** Until when what is authorized again can be captured; null where nothing is. */
    default @Nullable Long expires() {
      return null;
    }
  }

  /** What all refunds come to. */
  sealed interface SumsRefunds extends PaymentEvent {
    long amountRefunded();
  }

  /** Money moves: it is posted. */
  sealed interface MovesMoney extends PaymentEvent {
    /** The account of ours at a provider where it moves, or where what is corrected had moved. */
    String provider();

    /**
     * The operation that was, or is, to give back the late charge whose money it is; null where it is the
     * payment's own.
     */
    default @Nullable String lateChargeOperation() {
      return null;
    }
  }

  /** A late charge is to be given back, by {@code operation}. */
  sealed interface ReturnsLateCharge extends RequestsOperation {
    /** The operation of the late charge's own event, which names it. */
    String lateCharge();
  }

  /**
   * What moves a merchant's money: the next settlement batch nets it. A new one needs an index of its own
   * (V7).
   */
  sealed interface Nets extends MovesMoney {}

  /** {@code amount} of what was captured went back to the payer, and of the fees what is returned with it. */
  sealed interface GivesBack extends Nets {
    long amount();

    String currency();

    @Nullable
    Long providerFeeReturned();

    @Nullable
    String providerFeeNote();

    @Nullable
    Long gatewayFeeReturned();

    @Nullable
    String gatewayFeeNote();

    /** By how much more of it is beyond what was captured: it stands in suspense. */
    @Nullable
    Long excess();
  }

  /**
   * Part of the merchant's money came, at once or later. {@code amount} is what the provider took,
   * {@code excess} what of it goes beyond what it was entitled to. Fees are what is taken of it.
   */
  sealed interface TakesMoney extends Nets {
    /** What the provider took. */
    long taken();

    /** The merchant's part: never more than was asked for, never more than was received. */
    long captured();

    String currency();

    @Nullable
    Long providerFee();

    @Nullable
    String providerFeeNote();

    @Nullable
    Long gatewayFee();

    @Nullable
    String gatewayFeeNote();
  }

  /**
   * What was final was taken back by the provider, or decided anew. Its postings mirror those of what it
   * reverses. Only by one of these a payment goes back to a status that it had before.
   */
  sealed interface Reverses extends Nets {
    long amount();

    String currency();

    @Nullable
    Long excess();

    /** What of the fees goes with it: back to the merchant where money did not come, else taken anew. */
    default long providerFee() {
      return 0;
    }

    default long gatewayFee() { return 0; }
  }

  /** A capture or refund, of ours where it has an operation, came to nothing after it had succeeded. */
  sealed interface ReversesOperation extends Reverses, OfOperation {
    String code();

    String message();
  }

  /** The payment's dispute {@code dispute}, by the provider's name, has come so far. */
  sealed interface OfDispute extends Nets, LeavesPayment {
    String dispute();

    long amount();

    String currency();

    default @Nullable String reason() {
      return null;
    }

    /** Until when it can be answered, Unix seconds. */
    default @Nullable Long evidenceDue() {
      return null;
    }

    Dispute.State state();

    /** The event of the dispute's own that goes with it. */
    EventType disputeEvent();
  }

  /** It is about the capture, cancellation or refund {@code operation}; null where nobody asked for one. */
  sealed interface OfOperation extends PaymentEvent {
    @Nullable
    String operation();
  }

  /** An operation is to be carried out. */
  sealed interface RequestsOperation extends OfOperation, LeavesPayment {
    @Override
    String operation();

    /** Minor units; 0 where it has none. */
    default long amount() { return 0; }

    default @Nullable String reason() { return null; }
  }

  /** An operation was carried out or failed. */
  sealed interface EndsOperation extends OfOperation {
    default Operation.State end() { return Operation.State.SUCCEEDED; }

    /** What the provider calls what it did; null where it has no name of its own. */
    default @Nullable String providerReference() {
      return null;
    }
  }

  /** An operation was refused or overtaken. */
  sealed interface FailsOperation extends EndsOperation, LeavesPayment {
    @Override
    String operation();

    @Override
    default Operation.State end() { return Operation.State.FAILED; }

    String code();

    String message();
  }

  /** The payment came to nothing, or its money was taken back: why is shown with it. */
  sealed interface FailsPayment extends PaymentEvent {
    String failureCode();

    String failureMessage();
  }

  /**
   * The records of {@code group}, by their types. A record has the name of its type, in the manner of Java.
   */
  static Map<EventType, Class<?>> records(Class<? extends PaymentEvent> group) {
    var records = new EnumMap<EventType, Class<?>>(EventType.class);
    var groups = new ArrayDeque<Class<?>>(List.of(group));
    while (!groups.isEmpty()) {
      Class<?> next = groups.pop();
      if (next.isRecord()) {
        String name = next.getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", "_");
        records.put(EventType.valueOf(name.toUpperCase(Locale.ROOT)), next);
      } else {
        groups.addAll(List.of(next.getPermittedSubclasses()));
      }
    }
    return records;
  }

  /**
   * Accepted over the API. {@code paymentMethodType} and {@code paymentMethodBin} only where the merchant
   * named them.
   */
  record Initiated(long amount, String currency, String paymentMethod, String capture,
      @Nullable String reference, @Nullable String description, Map<String, String> metadata,
      @Nullable String returnUrl, @Nullable String paymentMethodType,
      @Nullable String paymentMethodBin) implements LeavesPayment {
    public Initiated { metadata = Map.copyOf(metadata); }

    public Initiated(long amount, String currency, String paymentMethod, String capture,
        @Nullable String reference, @Nullable String description, Map<String, String> metadata,
        @Nullable String returnUrl) {
      this(amount, currency, paymentMethod, capture, reference, description, metadata, returnUrl, null, null);
    }

    @Override
    public EventType type() { return EventType.INITIATED; }
  }

  /**
   * Screened; {@code decision} is {@code clear} or {@code review}. {@code operator} released it from review.
   */
  record Screened(String decision, @Nullable String rule, int score, boolean velocityKnown,
      @Nullable String operator) implements LeavesPayment {
    @Override
    public EventType type() { return EventType.SCREENED; }

    @Override
    public Status target() { return decision.equals("review") ? Status.IN_REVIEW : Status.INITIATED; }
  }

  /** Refused by a rule, or by an operator after a review. */
  record Blocked(@Nullable String rule, int score, @Nullable String operator) implements FailsPayment {
    @Override
    public String failureCode() { return "blocked"; }

    @Override
    public String failureMessage() {
      return rule == null ? "Blocked after a review." : "Blocked by the rule `" + rule + "`.";
    }

    @Override
    public EventType type() { return EventType.BLOCKED; }
  }

  /**
   * The intent to call {@code provider} under our reference {@code attempt}, committed before the call.
   * {@code route}: the rule that chose it; {@code after}: why the one before was left.
   */
  record ProviderSubmitted(String provider, String attempt, @Nullable String route,
      @Nullable String after) implements PaymentEvent {
    public ProviderSubmitted(String provider, String attempt) { this(provider, attempt, null, null); }

    @Override
    public EventType type() { return EventType.PROVIDER_SUBMITTED; }
  }

  /** The payer must go to {@code url} before {@code expires}. */
  record RequiresAction(String provider, String attempt, String providerReference, String url,
      long expires) implements NamesCharge {
    @Override
    public EventType type() { return EventType.REQUIRES_ACTION; }
  }

  /** The payer came back from the provider; what came of it is asked now. */
  record ActionReturned(String attempt) implements LeavesPayment {
    @Override
    public EventType type() { return EventType.ACTION_RETURNED; }
  }

  /** No usable answer came. */
  record Unknown(String provider, String attempt, String reason) implements LeavesPayment {
    @Override
    public EventType type() { return EventType.UNKNOWN; }
  }

  /** Held for capture until {@code expires}. {@code amountAuthorized} is what the provider says. */
  record Authorized(String provider, String attempt, String providerReference, long amount,
      long amountAuthorized, String currency, long expires) implements NamesCharge {
    @Override
    public EventType type() { return EventType.AUTHORIZED; }
  }

  /**
   * Charged, at once or by the capture {@code operation}. {@code amount} is what was asked for,
   * {@code amountCharged} what the provider says; {@code amountReleased} of the authorization was given back.
   * Fees are absent where no rule takes one; a note tells how a fee was reckoned. {@code capture}: the
   * provider's name of the capture, where it has one.
   */
  record Confirmed(String provider, String attempt, String providerReference, long amount, long amountCharged,
      String currency, @Nullable String operation, @Nullable Long amountReleased, @Nullable Long providerFee,
      @Nullable String providerFeeNote, @Nullable Long gatewayFee, @Nullable String gatewayFeeNote,
      @Nullable String capture) implements NamesCharge, TakesMoney, EndsOperation {
    public Confirmed(String provider, String attempt, String providerReference, long amount,
        long amountCharged, String currency, @Nullable String operation, @Nullable Long amountReleased,
        @Nullable Long providerFee, @Nullable String providerFeeNote, @Nullable Long gatewayFee,
        @Nullable String gatewayFeeNote) {
      this(provider, attempt, providerReference, amount, amountCharged, currency, operation, amountReleased,
          providerFee, providerFeeNote, gatewayFee, gatewayFeeNote, null);
    }

    public Confirmed(String provider, String attempt, String providerReference, long amount,
        long amountCharged, String currency) {
      this(provider, attempt, providerReference, amount, amountCharged, currency, null, null, null, null,
          null, null, null);
    }

    @Override
    public long taken() { return amountCharged; }

    @Override
    public long captured() { return Math.min(amount, amountCharged); }

    @Override
    public EventType type() { return EventType.CONFIRMED; }
  }

  /** Refused by the provider, or proven never to have reached it ({@code provider_no_record}). */
  record Declined(String provider, String attempt, @Nullable String providerReference, String code,
      @Nullable String declineCode, String message) implements FailsPayment {
    @Override
    public String failureCode() { return code; }

    @Override
    public String failureMessage() {
      return message;
    }

    @Override
    public EventType type() { return EventType.DECLINED; }
  }

  /** The merchant wants {@code amount} of the authorization; the rest is to be released. */
  record CaptureRequested(String operation, long amount) implements RequestsOperation {
    @Override
    public EventType type() { return EventType.CAPTURE_REQUESTED; }
  }

  /** The capture was refused, or was overtaken. */
  record CaptureFailed(String operation, String code, String message,
      Status status) implements FailsOperation {
    @Override
    public EventType type() { return EventType.CAPTURE_FAILED; }

    @Override
    public Status target() { return status; }
  }

  /** To be given back before any money moves. {@code reason}: the merchant's, or {@code expired}. */
  record CancelRequested(String operation, String reason, Status status) implements RequestsOperation {
    @Override
    public EventType type() { return EventType.CANCEL_REQUESTED; }

    @Override
    public Status target() { return status; }
  }

  /** The cancellation was refused, or was overtaken. */
  record CancelFailed(String operation, String code, String message,
      Status status) implements FailsOperation {
    @Override
    public EventType type() { return EventType.CANCEL_FAILED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * Given back: by the cancellation {@code operation}, by the provider of its own accord, or before any
   * provider was called.
   */
  record Voided(@Nullable String operation, @Nullable String provider, @Nullable String attempt,
      String reason) implements EndsOperation, LeavesPayment {
    @Override
    public EventType type() { return EventType.VOIDED; }
  }

  /** The authorization, or the time for the payer's action, ran out. */
  record Expired(@Nullable String operation, @Nullable String provider, @Nullable String attempt,
      String reason) implements EndsOperation, FailsPayment {
    @Override
    public String failureCode() { return "expired"; }

    @Override
    public String failureMessage() {
      return "It ran out before it was completed: " + reason + ".";
    }

    @Override
    public EventType type() { return EventType.EXPIRED; }
  }

  /** {@code amount} of what was captured is to go back to the payer. */
  record RefundRequested(String operation, long amount, @Nullable String reason,
      Status status) implements RequestsOperation {
    @Override
    public EventType type() { return EventType.REFUND_REQUESTED; }

    @Override
    public Status target() { return status; }
  }

  /** The refund was refused. */
  record RefundFailed(String operation, String code, String message,
      Status status) implements FailsOperation {
    @Override
    public EventType type() { return EventType.REFUND_FAILED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * Went back to the payer. {@code amountRefunded}: all refunds of the payment, this one included, as far as
   * they are the merchant's; what a refund gave beyond that is its {@code excess}.
   * {@code operation} is absent for a refund that was made at the provider. Fees: what of them is returned to
   * the merchant.
   */
  record Refunded(@Nullable String operation, String provider, @Nullable String attempt,
      String providerReference, long amount, long amountRefunded, String currency,
      @Nullable Long providerFeeReturned, @Nullable String providerFeeNote, @Nullable Long gatewayFeeReturned,
      @Nullable String gatewayFeeNote, @Nullable Long excess,
      Status status) implements GivesBack, SumsRefunds, EndsOperation {
    public Refunded(@Nullable String operation, String provider, @Nullable String attempt,
        String providerReference, long amount, long amountRefunded, String currency,
        @Nullable Long providerFeeReturned, @Nullable String providerFeeNote,
        @Nullable Long gatewayFeeReturned, @Nullable String gatewayFeeNote, Status status) {
      this(operation, provider, attempt, providerReference, amount, amountRefunded, currency,
          providerFeeReturned, providerFeeNote, gatewayFeeReturned, gatewayFeeNote, null, status);
    }

    @Override
    public EventType type() { return EventType.REFUNDED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * The intent to call {@code provider} for an operation, under our reference {@code attempt}, committed
   * before the call.
   */
  record OperationSubmitted(String operation, String provider, String attempt,
      Status status) implements OfOperation, LeavesPayment {
    @Override
    public EventType type() { return EventType.OPERATION_SUBMITTED; }

    @Override
    public Status target() { return status; }
  }

  /** No usable answer came for an operation. */
  record OperationUnknown(String operation, String provider, String attempt, String reason,
      Status status) implements OfOperation, LeavesPayment {
    @Override
    public EventType type() { return EventType.OPERATION_UNKNOWN; }

    @Override
    public Status target() { return status; }
  }

  /**
   * Netted into the batch {@code settlement}. {@code status} is absent for the first settlement of a payment
   * that was confirmed.
   */
  record Settled(String settlement, @Nullable Status status) implements LeavesPayment {
    public Settled(String settlement) { this(settlement, null); }

    @Override
    public EventType type() { return EventType.SETTLED; }

    @Override
    public Status target() { return status == null ? Status.SETTLED : status; }
  }

  /**
   * The payer's bank disputes {@code amount}; it is held. {@code dispute} is the provider's name of it;
   * {@code evidenceDue}: until when it can be answered; {@code excess}: what is disputed beyond what the
   * payment has left; {@code told}: of when this word is, by the provider's clock.
   */
  record Disputed(String dispute, String provider, long amount, String currency, @Nullable String reason,
      @Nullable Long evidenceDue, @Nullable Long excess, @Nullable Long told) implements OfDispute {
    public Disputed(String dispute, String provider, long amount, String currency, @Nullable String reason,
        @Nullable Long evidenceDue, @Nullable Long excess) {
      this(dispute, provider, amount, currency, reason, evidenceDue, excess, null);
    }

    public Disputed(String dispute, String provider, long amount, String currency, @Nullable String reason,
        @Nullable Long evidenceDue) {
      this(dispute, provider, amount, currency, reason, evidenceDue, null);
    }

    @Override
    public Dispute.State state() { return Dispute.State.OPEN; }

    @Override
    public EventType disputeEvent() { return EventType.DISPUTE_OPENED; }

    @Override
    public EventType type() { return EventType.DISPUTED; }
  }

  /** Decided for the merchant; what was held is released. {@code decided}: when, by the provider's clock. */
  record DisputeWon(String dispute, String provider, long amount, String currency, @Nullable Long excess,
      Status status, @Nullable Long decided) implements OfDispute {
    public DisputeWon(String dispute, String provider, long amount, String currency, @Nullable Long excess,
        Status status) {
      this(dispute, provider, amount, currency, excess, status, null);
    }

    public DisputeWon(String dispute, String provider, long amount, String currency, Status status) {
      this(dispute, provider, amount, currency, null, status);
    }

    @Override
    public Dispute.State state() { return Dispute.State.WON; }

    @Override
    public EventType disputeEvent() { return EventType.DISPUTE_CLOSED_WON; }

    @Override
    public EventType type() { return EventType.DISPUTE_WON; }

    @Override
    public Status target() { return status; }
  }

  /**
   * Decided for the payer; what was held is withdrawn. {@code status} is absent where the payment is charged
   * back by it; another dispute may be open. {@code decided}: when, by the provider's clock.
   */
  record ChargedBack(String dispute, String provider, long amount, String currency,
      @Nullable Status status, @Nullable Long decided) implements OfDispute {
    public ChargedBack(String dispute, String provider, long amount, String currency,
        @Nullable Status status) {
      this(dispute, provider, amount, currency, status, null);
    }

    public ChargedBack(String dispute, String provider, long amount, String currency) {
      this(dispute, provider, amount, currency, null);
    }

    @Override
    public Dispute.State state() { return Dispute.State.LOST; }

    @Override
    public EventType disputeEvent() { return EventType.DISPUTE_CLOSED_LOST; }

    @Override
    public EventType type() { return EventType.CHARGED_BACK; }

    @Override
    public Status target() { return status == null ? Status.CHARGED_BACK : status; }
  }

  /** The payer's bank sent the debit back; {@code code} is the rail's, R01 for example. */
  record Returned(String provider, String providerReference, long amount, String currency, String code,
      String message, @Nullable Long providerFeeReturned, @Nullable String providerFeeNote,
      @Nullable Long gatewayFeeReturned, @Nullable String gatewayFeeNote,
      @Nullable Long excess) implements GivesBack, FailsPayment {
    public Returned(String provider, String providerReference, long amount, String currency, String code,
        String message, @Nullable Long providerFeeReturned, @Nullable String providerFeeNote,
        @Nullable Long gatewayFeeReturned, @Nullable String gatewayFeeNote) {
      this(provider, providerReference, amount, currency, code, message, providerFeeReturned, providerFeeNote,
          gatewayFeeReturned, gatewayFeeNote, null);
    }

    @Override
    public String failureCode() { return code; }

    @Override
    public String failureMessage() {
      return message;
    }

    @Override
    public EventType type() { return EventType.RETURNED; }
  }

  /**
   * One try of the payer was refused; another may follow on the provider's page, so the payment waits on.
   */
  record TryRefused(String provider, String attempt, String providerReference, String code,
      @Nullable String declineCode, String message) implements LeavesPayment {
    @Override
    public EventType type() { return EventType.TRY_REFUSED; }
  }

  /** The provider has taken it, and will say what becomes of it: it rests until then. */
  record Processing(String provider, String attempt, String providerReference) implements NamesCharge {
    @Override
    public EventType type() { return EventType.PROCESSING; }
  }

  /**
   * One more capture of an authorization of which some was captured before, made at the provider.
   * {@code capture} is the provider's name of it, {@code amount} what it took, {@code excess} what of it is
   * beyond the authorization, {@code amountCharged} what all captures took, {@code amountCaptured} the
   * merchant's part of that.
   */
  record Captured(String provider, String attempt, String providerReference, String capture, long amount,
      long amountCharged, long amountCaptured, String currency, @Nullable Long excess,
      @Nullable Long providerFee,
      @Nullable String providerFeeNote, @Nullable Long gatewayFee, @Nullable String gatewayFeeNote,
      Status status) implements TakesMoney, SumsCaptures {
    @Override
    public long taken() { return amount; }

    @Override
    public long captured() { return amount - (excess == null ? 0 : excess); }

    @Override
    public EventType type() { return EventType.CAPTURED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * A capture that had been confirmed came to nothing. {@code amount} is what it had taken, {@code
   * amountCharged} what is left of others and {@code amountCaptured} the merchant's part of that; where
   * nothing is, it is held again until {@code expires}. {@code capture} is the provider's
   * name of it, absent where it has none; {@code operation} what of ours it was. Fees are what is given back
   * of them, and what is taken of other captures' money that was beyond the authorization and takes its
   * place. {@code told}: of when this word is, Unix seconds by the provider's clock.
   */
  record CaptureReversed(@Nullable String operation, String provider, @Nullable String capture, long amount,
      long amountCharged, long amountCaptured, String currency, String code, String message,
      @Nullable Long excess,
      @Nullable Long providerFeeReturned, @Nullable Long gatewayFeeReturned, @Nullable Long expires,
      Status status, @Nullable Long providerFeeTaken, @Nullable Long gatewayFeeTaken,
      @Nullable Long told) implements ReversesOperation, SumsCaptures {
    public CaptureReversed(@Nullable String operation, String provider, @Nullable String capture, long amount,
        long amountCharged, long amountCaptured, String currency, String code, String message,
        @Nullable Long excess, @Nullable Long providerFeeReturned, @Nullable Long gatewayFeeReturned,
        @Nullable Long expires, Status status) {
      this(operation, provider, capture, amount, amountCharged, amountCaptured, currency, code, message,
          excess, providerFeeReturned, gatewayFeeReturned, expires, status, null, null, null);
    }

    @Override
    public long providerFee() { return orZero(providerFeeReturned); }

    @Override
    public long gatewayFee() { return orZero(gatewayFeeReturned); }

    @Override
    public EventType type() { return EventType.CAPTURE_REVERSED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * A refund that had been carried out came to nothing: its money is back. {@code amountRefunded} is what is
   * left of others. Fees are what had been given back with it and is taken again.
   */
  record RefundReversed(@Nullable String operation, String provider, String providerReference, long amount,
      long amountRefunded, String currency, String code, String message, @Nullable Long excess,
      @Nullable Long providerFeeTaken, @Nullable Long gatewayFeeTaken,
      Status status) implements ReversesOperation, SumsRefunds {
    @Override
    public long providerFee() { return orZero(providerFeeTaken); }

    @Override
    public long gatewayFee() { return orZero(gatewayFeeTaken); }

    @Override
    public EventType type() { return EventType.REFUND_REVERSED; }

    @Override
    public Status target() { return status; }
  }

  /** A dispute that had been won is open again: its amount, maybe another than before, is held. */
  record DisputeReopened(String dispute, String provider, long amount, String currency,
      @Nullable Long excess) implements Reverses, OfDispute {
    @Override
    public Dispute.State state() { return Dispute.State.OPEN; }

    @Override
    public EventType disputeEvent() { return EventType.DISPUTE_OPENED_AGAIN; }

    @Override
    public EventType type() { return EventType.DISPUTE_REOPENED; }
  }

  /**
   * A dispute that had been lost was decided for the merchant after all: what was withdrawn is back.
   * {@code decided}: when, by the provider's clock.
   */
  record ChargebackReversed(String dispute, String provider, long amount, String currency,
      @Nullable Long excess, Status status, @Nullable Long decided) implements Reverses, OfDispute {
    public ChargebackReversed(String dispute, String provider, long amount, String currency,
        @Nullable Long excess, Status status) {
      this(dispute, provider, amount, currency, excess, status, null);
    }

    @Override
    public Dispute.State state() { return Dispute.State.WON; }

    @Override
    public EventType disputeEvent() { return EventType.DISPUTE_CLOSED_WON; }

    @Override
    public EventType type() { return EventType.CHARGEBACK_REVERSED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * A dispute that is open, or was lost, is of another amount than was known, or can be answered until
   * another time, or is for another reason, and stands as it did ({@code state}). Of the difference
   * {@code excess} is beyond what the payment has. {@code told}: of when this word is, by the provider's
   * clock; {@code returned}: what has come back of it in parts; {@code reason} and {@code evidenceDue} (Unix
   * seconds): null where it says nothing of them.
   */
  record DisputeChanged(String dispute, String provider, long amountBefore, long amount, String currency,
      @Nullable Long excess, Dispute.State state, Status status, long told,
      @Nullable Long returned, @Nullable String reason, @Nullable Long evidenceDue) implements OfDispute {
    public DisputeChanged(String dispute, String provider, long amountBefore, long amount, String currency,
        @Nullable Long excess, Dispute.State state, Status status, long told) {
      this(dispute, provider, amountBefore, amount, currency, excess, state, status, told, null, null, null);
    }

    @Override
    public EventType disputeEvent() { return EventType.DISPUTE_AMOUNT_CHANGED; }

    @Override
    public EventType type() { return EventType.DISPUTE_CHANGED; }

    @Override
    public Status target() { return status; }
  }

  /** A debit that had been sent back was paid after all. Fees are what is taken again. */
  record ReturnReversed(String provider, String providerReference, long amount, String currency,
      String message, @Nullable Long excess, @Nullable Long providerFeeTaken, @Nullable Long gatewayFeeTaken,
      Status status) implements Reverses, LeavesPayment {
    @Override
    public long providerFee() { return orZero(providerFeeTaken); }

    @Override
    public long gatewayFee() { return orZero(gatewayFeeTaken); }

    @Override
    public EventType type() { return EventType.RETURN_REVERSED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * The payer was charged, or {@code amount} is {@code held}, for a payment that does not need it any more:
   * it had ended, or was charged elsewhere ({@code reason}). It is given back by {@code operation}.
   */
  record LateCharge(String operation, String provider, String attempt, String providerReference, long amount,
      String currency, boolean held, String reason,
      Status status) implements NamesCharge, MovesMoney, ReturnsLateCharge {
    @Override
    public String lateCharge() { return operation; }

    @Override
    public String lateChargeOperation() { return operation; }

    @Override
    public Concern concern() {
      return new Concern("late_charge", providerReference + " of " + amount + " " + currency
          + (held ? " is held" : " was charged") + ": " + reason);
    }

    @Override
    public EventType type() { return EventType.LATE_CHARGE; }

    @Override
    public Status target() { return status; }
  }

  /** Such a charge went back to the payer, or such a hold was released. */
  record LateChargeReturned(String operation, String provider, String attempt,
      @Nullable String providerReference, long amount, String currency, boolean held,
      Status status) implements MovesMoney, EndsOperation, LeavesPayment {
    @Override
    public String lateChargeOperation() { return operation; }

    @Override
    public EventType type() { return EventType.LATE_CHARGE_RETURNED; }

    @Override
    public Status target() { return status; }
  }

  /** The provider refused to give such a charge back: a person must. */
  record LateChargeKept(String operation, String code, String message,
      Status status) implements FailsOperation {
    @Override
    public Concern concern() {
      return new Concern("late_charge_kept", operation + ": " + code + ", " + message);
    }

    @Override
    public EventType type() { return EventType.LATE_CHARGE_KEPT; }

    @Override
    public Status target() { return status; }
  }

  /**
   * An operator orders anew that the late charge {@code lateCharge}, whose giving back was refused, is given
   * back, by {@code operation}. {@code lateCharge} names it by the operation of its own event.
   */
  record LateChargeRetried(String operation, String lateCharge, String provider, String providerReference,
      long amount, String currency, boolean held, String operator, String reason,
      Status status) implements ReturnsLateCharge {
    @Override
    public EventType type() { return EventType.LATE_CHARGE_RETRIED; }

    @Override
    public Status target() { return status; }
  }

  /**
   * The provider told something of the payment that moves no money. {@code notice} is its own word for the
   * kind of event, {@code event} its name of this one; {@code expected}: whether the kind is known to the
   * gateway.
   */
  record ProviderNotice(String provider, String notice, String event, String message, boolean expected,
      Status status) implements LeavesPayment {
    @Override
    public @Nullable Concern concern() {
      return expected
          ? null
          : new Concern("provider_notice_unknown", provider + " " + notice + ": " + message);
    }

    @Override
    public EventType type() { return EventType.PROVIDER_NOTICE; }

    @Override
    public Status target() { return status; }
  }

  /**
   * An operator moved {@code amount} from the account {@code credit} to the account {@code debit}, of which
   * one is suspense, for a reason that stands in the audit as well. {@code correction} is {@code cor_…}.
   * {@code provider}: where the money had moved; {@code lateCharge}: the charge whose money it was, by the
   * operation of its own event, null for what was moved beyond the payment.
   */
  record Corrected(String correction, String operator, String reason, long amount, String currency,
      String debit, String credit, String provider, @Nullable String lateCharge,
      Status status) implements Nets, LeavesPayment {
    @Override
    public @Nullable String lateChargeOperation() {
      return lateCharge;
    }

    @Override
    public EventType type() { return EventType.CORRECTED; }

    @Override
    public Status target() { return status; }
  }

  private static long orZero(@Nullable Long amount) { return amount == null ? 0 : amount; }
}
