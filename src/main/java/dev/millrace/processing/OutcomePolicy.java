package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.ledger.FeeSchedule;
import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers.Times;
import dev.millrace.provider.WebhookScheme.ProviderEvent.Notice;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.time.InstantSource;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one place that says what a provider's word means: its answers, its answers to inquiries and its
 * webhooks are all judged here, against the payment as it stands. Without side effects, so the same word
 * twice changes nothing twice.
 */
final class OutcomePolicy {
  private final ChargeOutcomes charges;
  private final OperationOutcomes operations;
  private final UnsolicitedChanges changes;

  OutcomePolicy(FeeSchedule fees, Function<String, Times> times, InstantSource clock) {
    var events = new OutcomeEvents(fees);
    changes = new UnsolicitedChanges(events);
    charges = new ChargeOutcomes(events, changes, times, clock);
    operations = new OperationOutcomes(events, times, clock);
  }

  /**
   * Whether a webhook about a call of ours can be let go by without a look at the payment's history: it does
   * not say what became of the call, or, as most do, what we know already because the answer was quicker.
   * That a provider has taken a charge is news only of one of which not more is known.
   *
   * @param call as its payment stood a moment ago
   */
  static boolean saysNothingNew(KnownCall call, Outcome outcome) {
    if (call.attempt().operation() != null) return outcome instanceof Outcome.NoWord;
    return outcome instanceof Outcome.Pending
        ? !ChargeOutcomes.canBegin(call)
        : outcome instanceof Outcome.NoWord || ChargeOutcomes.known(call, outcome);
  }

  /** The call with what a webhook says of it; null where that is not what the call is known for. */
  static @Nullable Attempt ended(Payment p, Attempt attempt, Outcome outcome) {
    if (attempt.operation() != null) return ProviderCall.ended(attempt, outcome);
    Outcome meant = ChargeOutcomes.meant(p, outcome);
    boolean counts = TypeId.format(TypeId.ATTEMPT, attempt.reference()).equals(p.attempt());
    return counts && ChargeOutcomes.beside(p, meant) ? null : ProviderCall.ended(attempt, meant);
  }

  /** What a webhook says of a call of ours, which may be for the charge or for an operation. */
  Finding told(Payment p, Attempt attempt, Outcome outcome) {
    String reference = TypeId.format(TypeId.ATTEMPT, attempt.reference());
    Operation operation = operation(p, attempt);
    return operation == null
        ? charges.told(p, attempt.provider(), reference, outcome)
        : operations.judge(p, operation, attempt.provider(), reference, outcome);
  }

  /** The operation that an attempt is of; null for a charge. */
  static @Nullable Operation operation(Payment p, Attempt attempt) {
    if (attempt.operation() == null) return null;
    String prefix = switch (Operation.Kind.valueOf(attempt.kind().toUpperCase(Locale.ROOT))) {
      case CAPTURE -> TypeId.CAPTURE;
      case CANCEL -> TypeId.CANCELLATION;
      case REFUND -> TypeId.REFUND;
      case REVERSAL -> TypeId.REVERSAL;
    };
    return p.operation(TypeId.format(prefix, attempt.operation()));
  }

  /** What became of the charge under our reference {@code attempt} at {@code provider}. */
  Finding charge(Payment p, String provider, String attempt, Outcome outcome) {
    return charges.judge(p, provider, attempt, outcome);
  }

  /** What became of an operation, under our reference {@code attempt}. */
  Finding operation(Payment p, Operation operation, String provider, String attempt, Outcome outcome) {
    return operations.judge(p, operation, provider, attempt, outcome);
  }

  /** What a provider did of its own accord. */
  Finding unsolicited(Payment p, String provider, UnsolicitedChange change) {
    return changes.judge(p, provider, change);
  }

  /** What moves no money, for the payment's history. {@code event}: the provider's name of it. */
  Finding notice(Payment p, String provider, String event, Notice notice) {
    return UnsolicitedChanges.notice(p, provider, event, notice);
  }
}
