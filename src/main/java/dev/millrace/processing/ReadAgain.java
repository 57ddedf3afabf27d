package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AttemptOutcome;
import dev.millrace.journal.AttemptStore;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import dev.millrace.processing.FollowUp.Waits;
import dev.millrace.provider.GuardedProvider;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks providers about calls that have ended, and for all that they have about the charges, and books what
 * they say as if they had told it by themselves: further captures, refunds that failed or that were made
 * there, disputes, late charges, or an alert. It only looks: what would be carried out by being asked about
 * is left alone. Doing it twice books nothing twice.
 */
final class ReadAgain {
  /**
   * What came of it.
   *
   * @param words a sentence for each call, and for each refund or dispute that is no call of ours
   * @param unsettled whether a person must look: an alert was raised, or a provider gave no usable answer
   * @param waits what of the payment is not decided yet; null when all is
   */
  record Report(List<String> words, boolean unsettled, @Nullable Waits waits) {
    String note() {
      return words.isEmpty() ? "no provider was called for this payment" : String.join("; ", words);
    }
  }

  /** What is said of one call, or of one object. */
  private record Line(String words, boolean unsettled) {}

  /** A charge by its provider's name of it. */
  private record Charge(String provider, String reference) {}

  private final Providers providers;
  private final OutcomePolicy policy;
  private final Recorder recorder;
  private final AttemptStore attempts;
  private final BiFunction<PaymentSnapshot, Attempt, Order> orders;

  /** {@code orders}: what was sent by a call. */
  ReadAgain(Providers providers, OutcomePolicy policy, Recorder recorder, AttemptStore attempts,
      BiFunction<PaymentSnapshot, Attempt, Order> orders) {
    this.providers = providers;
    this.policy = policy;
    this.recorder = recorder;
    this.attempts = attempts;
    this.orders = orders;
  }

  /** {@code driven}: what the payment's steps came to, which have asked about all that is under way. */
  Future<Report> run(UUID payment, String actor, FollowUp driven) {
    return attempts.of(payment).compose(calls -> {
      var lines = new ArrayList<Line>();
      Future<Void> asked = Future.succeededFuture();
      for (Attempt call : calls)
        asked = asked.compose(v -> line(payment, actor, call)).map(line -> {
          lines.add(line);
          return null;
        });
      return asked.compose(v -> recorder.read(payment)).compose(work -> beside(work, actor)).map(more -> {
        lines.addAll(more);
        return report(driven, lines);
      });
    });
  }

  /** What there is of a charge that no call of ours made: from the merchant at the provider, or the bank. */
  private Future<List<Line>> beside(PaymentSnapshot work, String actor) {
    Payment p = work.payment();
    if (!p.moved() || p.provider() == null || p.providerReference() == null)
      return Future.succeededFuture(List.of());
    var charge = new Charge(p.provider(), p.providerReference());
    GuardedProvider provider = providers.named(charge.provider);
    if (!provider.lists()) return Future.succeededFuture(List.of());
    var found = new ArrayList<ProviderEvent>();
    var lines = new ArrayList<Line>();
    String rest = "refunds and disputes of " + charge.reference + " at " + charge.provider + ": ";
    return provider.list(charge.reference, found::add).compose(end -> {
      if (!(end instanceof Outcome.Absent)) lines.add(new Line(rest + words(end), true));
      Future<Void> taken = Future.succeededFuture();
      for (ProviderEvent event : found)
        taken = taken.compose(v -> take(work.id(), actor, charge, event, lines));
      return taken;
    }).recover(failure -> {
      if (failure instanceof Unavailable) return Future.failedFuture(failure);
      lines.add(new Line(rest + "failed, " + failure.getMessage(), true));
      return Future.succeededFuture();
    }).map(v -> lines);
  }

  private Future<Void> take(UUID payment, String actor, Charge charge, ProviderEvent event,
      List<Line> lines) {
    return switch (event) {
      case ProviderEvent.Unsolicited u -> recorder.read(payment)
          .compose(work -> recorder.record(work, null,
              p -> policy.unsolicited(p, charge.provider, u.fact()), actor))
          .map(recorded -> {
            lines.add(booked(words(u.fact(), charge.provider), recorded.finding()));
            return null;
          });
      case ProviderEvent.Notice n when n.endedDispute() != null -> recorder.read(payment)
          .compose(work -> recorder.record(work, null,
              p -> policy.notice(p, charge.provider, n.type(), n), actor))
          .map(recorded -> {
            lines.add(booked(n.detail(), recorded.finding()));
            return null;
          });
      // One that was not told has no name that it could be known by.
      case ProviderEvent.Notice n -> {
        lines.add(new Line(n.detail(), false));
        yield Future.succeededFuture();
      }
      case ProviderEvent.Unreadable u -> {
        lines.add(new Line(
            u.type() + " of " + charge.reference + " at " + charge.provider + ": " + u.reason(), true));
        yield Future.succeededFuture();
      }
      // Calls of ours were asked about one by one.
      case ProviderEvent.AttemptOutcome _, ProviderEvent.Ignored _ -> Future.succeededFuture();
    };
  }

  private static Report report(FollowUp driven, List<Line> lines) {
    var words = lines.stream().map(Line::words).collect(Collectors.toCollection(ArrayList::new));
    if (!driven.stuck().isEmpty()) words.add(driven.problem());
    return new Report(List.copyOf(words),
        !driven.stuck().isEmpty() || lines.stream().anyMatch(Line::unsettled), driven.waits());
  }

  /** Fails only while Postgres is away: what goes wrong with one call hides no other's answer. */
  private Future<Line> line(UUID payment, String actor, Attempt call) {
    return recorder.read(payment).compose(work -> {
      Operation operation = OutcomePolicy.operation(work.payment(), call);
      String name = (operation == null
          ? "charge " + TypeId.format(TypeId.ATTEMPT, call.reference())
          : operation.kind().wire() + " " + operation.id()) + " at " + call.provider() + ": ";
      return Future.succeededFuture().compose(v -> about(work, actor, call, operation))
          .recover(failure -> failure instanceof Unavailable
              ? Future.failedFuture(failure)
              : Future.succeededFuture(new Line("failed, " + failure.getMessage(), true)))
          .map(line -> new Line(name + line.words, line.unsettled));
    });
  }

  private Future<Line> about(PaymentSnapshot work, String actor, Attempt call,
      @Nullable Operation operation) {
    if (underWay(work.payment(), call, operation)) return said("is still under way");
    if (AttemptOutcome.NOT_EXECUTED.wire().equals(call.outcome()))
      return said("never left, there is nothing to ask about");
    if (operation != null
        && (operation.kind() == Operation.Kind.CAPTURE || operation.kind() == Operation.Kind.CANCEL))
      return said("has ended, what became of it is told with its charge");
    GuardedProvider provider = providers.named(call.provider());
    if (provider.inquiresByOrdering())
      return said("has ended, and this provider cannot be asked without its being ordered anew: its own"
          + " pages tell, and its webhooks");
    return provider.inquire(orders.apply(work, call)).compose(outcome -> switch (outcome) {
      case Outcome.Unknown _, Outcome.NotSent _ ->
        Future.succeededFuture(new Line(words(outcome), true));
      case Outcome.NoWord _ -> said(words(outcome));
      case Outcome.Decisive _ -> recorder
          .record(work, OutcomePolicy.ended(work.payment(), call, outcome),
              p -> policy.told(p, call, outcome), actor)
          .map(recorded -> booked(words(outcome), recorded.finding()));
    });
  }

  private static boolean underWay(Payment p, Attempt call, @Nullable Operation operation) {
    if (operation != null)
      return operation.open()
          && TypeId.format(TypeId.ATTEMPT, call.reference()).equals(operation.attempt());
    boolean undecided = p.status() == Status.PROVIDER_SUBMITTED || p.status() == Status.UNKNOWN
        || p.status() == Status.PROCESSING;
    return undecided && TypeId.format(TypeId.ATTEMPT, call.reference()).equals(p.attempt());
  }

  private static Future<Line> said(String words) { return Future.succeededFuture(new Line(words, false)); }

  private static Line booked(String answer, Finding finding) {
    return switch (finding) {
      case Finding.NewEvents e -> new Line(answer + ", booked as " + e.events().stream()
          .map(PaymentEvent::type).map(type -> type.wire()).collect(Collectors.joining(" and ")), false);
      case Finding.NothingNew _ -> new Line(answer + ", nothing new", false);
      case Finding.NotYet w -> new Line(answer + ", not booked: " + w.reason(), true);
      case Finding.Conflict c ->
        new Line(answer + ", not booked, alert " + c.alert() + ": " + c.message(), true);
    };
  }

  private static String words(UnsolicitedChange change, String provider) {
    return switch (change) {
      case UnsolicitedChange.DisputeOpened d ->
        "dispute " + d.dispute() + " at " + provider + ": of " + d.amount() + " " + d.currency();
      case UnsolicitedChange.DisputeClosed d -> "dispute " + d.dispute() + " at " + provider + ": "
          + (d.won() ? "won, " : "lost, ") + d.amount() + " " + d.currency();
      case UnsolicitedChange.DisputeUnanswered d ->
        "dispute " + d.dispute() + " at " + provider + ": not answered in time";
      case UnsolicitedChange.Refunded r ->
        "refund " + r.refund() + " at " + provider + ": gave back " + r.amount() + " " + r.currency();
      case UnsolicitedChange.RefundFailed r ->
        "refund " + r.refund() + " at " + provider + ": came to nothing, " + r.code();
      case UnsolicitedChange.Returned r ->
        "return at " + provider + ": " + r.code() + ", " + r.amount() + " " + r.currency();
      case UnsolicitedChange.ReturnReversed r ->
        "return at " + provider + ": reversed, " + r.amount() + " " + r.currency();
    };
  }

  private static String words(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c -> "charged " + c.amount() + " " + c.currency();
      case Outcome.Approved a -> "charged or holds " + a.amount() + " " + a.currency();
      case Outcome.Authorized a -> "holds " + a.amount() + " " + a.currency();
      case Outcome.ActionRequired _ -> "waits for the payer";
      case Outcome.Voided v -> v.lapsed() ? "lapsed" : "canceled";
      case Outcome.Refunded r -> "gave back " + r.amount() + " " + r.currency();
      case Outcome.Declined d -> "refused, " + d.code();
      case Outcome.TryRefused t -> "refused one try, " + t.refusal().code();
      case Outcome.Pending _ -> "has taken it and not decided yet";
      case Outcome.Absent _ -> "has no record of it";
      case Outcome.Unknown u -> "gave no usable answer, " + u.reason();
      case Outcome.NotSent n -> "was not asked, " + n.reason();
    };
  }
}
