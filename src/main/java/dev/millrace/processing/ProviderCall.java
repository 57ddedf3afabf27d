package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AttemptOutcome;
import dev.millrace.journal.AttemptStore;
import dev.millrace.journal.AppendWriter;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.FaultPoint;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers;
import io.vertx.core.Future;
import java.util.List;

/**
 * How a provider is called, whatever for: the intent is recorded under our own reference, the call made, the
 * outcome recorded; what got no usable answer is inquired, and what the provider has no record of is called
 * again or given up. Nothing is held across a call, and a crash at any point, or two that drive the same
 * payment, leave at most one call under a reference on its way ({@link CallRight}).
 *
 * <p>The fault points of a call stand here alone. They are called after what is called for,
 * {@code charge.during_call}, and when a call is made again {@code charge-repeated.during_call}.
 */
final class ProviderCall {
  private final Providers providers;
  private final AppendWriter journal;
  private final Recorder recorder;
  private final AttemptStore attempts;

  ProviderCall(Providers providers, AppendWriter journal, Recorder recorder, AttemptStore attempts) {
    this.providers = providers;
    this.journal = journal;
    this.recorder = recorder;
    this.attempts = attempts;
  }

  /** One call that is being made. {@code work}: what its fault points are called after. */
  private record Call(CallSubject subject, Attempt attempt, CallRight right, String work) {
    void reach(String point) { FaultPoint.reach(work, point); }
  }

  /**
   * Record, call, record.
   *
   * @param events what records the intent
   * @param calls the call to be made, last, after one before it that ends with the same events
   */
  Future<FollowUp> begin(CallSubject subject, PaymentSnapshot work, List<PaymentEvent> events,
      List<Attempt> calls) {
    Attempt attempt = calls.getLast();
    FaultPoint.reach(attempt.kind(), "before_intent");
    var call = new Call(subject, attempt, right(attempt), attempt.kind());
    return journal.append(work.append(calls, events))
        // Another may have begun it before us, and may have left an intent without a call.
        .compose(appended -> appended ? first(work.after(events), call) : subject.resume(work));
  }

  private CallRight right(Attempt attempt) {
    return CallRight.from(providers.times(attempt.provider()));
  }

  /** The first call of an attempt: only then is it certain that nothing was sent before. */
  private Future<FollowUp> first(PaymentSnapshot work, Call call) {
    call.reach("after_intent");
    if (call.right.expired()) return call.subject.resume(work);
    return execute(work, call).compose(outcome -> {
      Future<FollowUp> elsewhere = call.subject.elsewhere(work, call.attempt, call.right, outcome);
      return elsewhere != null ? elsewhere : used(work, call, outcome);
    });
  }

  /**
   * An intent whose call left no trace: it is made again under the same reference, once nobody else's can
   * arrive.
   */
  private Future<FollowUp> repeat(CallSubject subject, PaymentSnapshot work, Attempt attempt) {
    var call = new Call(subject, attempt, right(attempt), attempt.kind() + "-repeated");
    call.reach("before_intent");
    return attempts.claim(attempt, providers.times(attempt.provider()).absenceAfter()).compose(ours -> {
      if (ours) call.reach("after_intent");
      return !ours || call.right.expired()
          ? again(subject, "a call of it may still be under way")
          : execute(work, call).compose(outcome -> used(work, call, outcome));
    });
  }

  private Future<Outcome> execute(PaymentSnapshot work, Call call) {
    var answer = providers.named(call.attempt.provider()).execute(call.subject.order(work, call.attempt));
    call.reach("during_call");
    return answer.onSuccess(outcome -> call.reach("answered"));
  }

  private Future<FollowUp> used(PaymentSnapshot work, Call call, Outcome outcome) {
    return used(attempts, call.attempt, call.right, outcome)
        .compose(o -> answered(call.subject, work, call.attempt, o, call.work));
  }

  /**
   * What the call came to. When it did not leave, the right is given back, unless it may be another's by now.
   */
  static Future<Outcome> used(AttemptStore attempts, Attempt attempt, CallRight right, Outcome outcome) {
    return outcome instanceof Outcome.NotSent unsent && !right.expired()
        ? attempts.notExecuted(attempt, unsent.reason()).map(outcome)
        : Future.succeededFuture(outcome);
  }

  /** The outcome of the call under {@code reference} is not known: asks the provider by it. */
  Future<FollowUp> inquire(CallSubject subject, PaymentSnapshot work, String reference) {
    return attempts.open(reference).compose(open -> {
      Attempt attempt = open.attempt();
      return providers.named(attempt.provider()).inquire(subject.order(work, attempt))
          .compose(outcome -> outcome instanceof Outcome.Absent
              ? absent(subject, work, open)
              : answered(subject, work, attempt, outcome));
    });
  }

  /**
   * The provider has no record of it. That is proof only when it says so again, {@code absence-after} later.
   */
  private Future<FollowUp> absent(CallSubject subject, PaymentSnapshot work, AttemptStore.Open open) {
    Attempt attempt = open.attempt();
    if (subject.submitted(work.payment())) return repeat(subject, work, attempt);
    if (!open.absentFor(providers.times(attempt.provider()).absenceAfter()))
      return attempts.absent(attempt)
          .compose(v -> again(subject, "no record of it at " + attempt.provider() + " yet"));
    Future<FollowUp> anew = subject.anew(work, attempt);
    return anew != null
        ? anew
        : answered(subject, work, attempt,
            new Outcome.Declined(null, "provider_no_record", null, subject.neverCarriedOut()));
  }

  /** Records what an answer of the provider means; one that says nothing makes the outcome unknown. */
  Future<FollowUp> answered(CallSubject subject, PaymentSnapshot work, Attempt attempt, Outcome outcome) {
    return answered(subject, work, attempt, outcome, attempt.kind());
  }

  private Future<FollowUp> answered(CallSubject subject, PaymentSnapshot work, Attempt attempt,
      Outcome outcome, String name) {
    // It never left. Waiting here would keep others from their turns, at other providers too.
    if (outcome instanceof Outcome.Deferred) return Future.succeededFuture(FollowUp.later(subject.kind()));
    return recorder.record(work, ended(attempt, outcome), p -> subject.judge(p, attempt, outcome))
        .compose(recorded -> {
          FaultPoint.reach(name, "recorded");
          return switch (recorded.finding()) {
            case Finding.NewEvents _, Finding.NothingNew _ -> Future.succeededFuture(FollowUp.DONE);
            case Finding.NotYet w when outcome instanceof Outcome.Unknown ->
              unknown(subject, recorded.work(), attempt, w.reason())
                  .compose(v -> again(subject, w.reason()));
            // It may take days: the webhook tells, or the janitor asks once in a while. Who waits is told so.
            case Finding.NotYet _ when outcome instanceof Outcome.Pending ->
              attempts.finish(ended(attempt, outcome)).map(FollowUp.DONE);
            case Finding.NotYet w -> again(subject, w.reason());
            case Finding.Conflict c -> conflict(subject, recorded.work(), attempt, c);
          };
        });
  }

  private Future<FollowUp> conflict(CallSubject subject, PaymentSnapshot work, Attempt attempt,
      Finding.Conflict c) {
    Future<Void> noted = subject.unknownByConflict()
        ? unknown(subject, work, attempt, c.message())
        : Future.succeededFuture();
    return noted.map(v -> FollowUp.stuck(subject.kind(), c.alert() + ": " + c.message()));
  }

  private Future<Void> unknown(CallSubject subject, PaymentSnapshot work, Attempt attempt, String reason) {
    if (subject.unknown(work.payment(), attempt, reason) instanceof Finding.NothingNew)
      return Future.succeededFuture();
    subject.unanswered();
    return recorder.record(work, attempt.ended(AttemptOutcome.UNKNOWN, null, reason),
        p -> subject.unknown(p, attempt, reason)).mapEmpty();
  }

  private static Future<FollowUp> again(CallSubject subject, String reason) {
    return Future.succeededFuture(FollowUp.again(subject.kind(), subject.label() + reason));
  }

  /** The call with what came of it. */
  static Attempt ended(Attempt attempt, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c -> attempt.ended(AttemptOutcome.CHARGED, c.providerReference(), null);
      case Outcome.Approved a -> attempt.ended(AttemptOutcome.APPROVED, a.providerReference(), null);
      case Outcome.Authorized a -> attempt.ended(AttemptOutcome.AUTHORIZED, a.providerReference(), null);
      case Outcome.ActionRequired a ->
        attempt.ended(AttemptOutcome.ACTION_REQUIRED, a.providerReference(), null);
      case Outcome.Voided v ->
        attempt.ended(AttemptOutcome.VOIDED, v.providerReference(), v.lapsed() ? "lapsed" : null);
      case Outcome.Refunded r -> attempt.ended(AttemptOutcome.REFUNDED, r.providerReference(), null);
      case Outcome.Pending p -> attempt.ended(AttemptOutcome.PENDING, p.providerReference(), null);
      case Outcome.Declined d -> attempt.ended(AttemptOutcome.DECLINED, d.providerReference(), d.code());
      case Outcome.TryRefused t ->
        attempt.ended(AttemptOutcome.TRY_REFUSED, t.refusal().providerReference(), t.refusal().code());
      case Outcome.NotSent n -> attempt.ended(AttemptOutcome.NOT_EXECUTED, null, n.reason());
      case Outcome.Unknown u -> attempt.ended(AttemptOutcome.UNKNOWN, null, u.reason());
      case Outcome.Absent _ -> attempt.ended(AttemptOutcome.DECLINED, null, "provider_no_record");
    };
  }
}
