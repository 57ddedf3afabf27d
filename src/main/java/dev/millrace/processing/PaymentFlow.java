package dev.millrace.processing;

import dev.millrace.fraud.Screener;
import dev.millrace.fraud.Candidate;
import dev.millrace.fraud.Decision;
import dev.millrace.fraud.Screening;
import dev.millrace.inbox.ProviderEventHandler;
import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.EventContract.InitiatedPayment;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Database;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.GuardedProvider;
import dev.millrace.provider.Method;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers;
import dev.millrace.provider.Routing;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of a payment: screen, route, then record, call, record. The intent to call is committed, under our own
 * reference, before the call; the outcome after it; nothing is held across the call. Running it twice for one payment,
 * at once or after a crash, does no harm: only one of two appends finds the version it expects, and the provider is
 * called under the same reference. What is asked of the payment later, {@link OperationFlow} carries out.
 */
public final class PaymentFlow implements ProviderEventHandler {
  private static final Logger LOG = LoggerFactory.getLogger(PaymentFlow.class);

  /** What is shared by all steps. {@code returnUrl}: where providers send payers back to, followed by the payment's id. */
  record Parts(Screener screener, Routing routing, Providers providers, AppendWriter journal,
      Database database,
      OutcomePolicy evidence, String returnUrl, MeterRegistry registry) {}

  private final Parts parts;
  private final AppendWriter journal;
  private final Database database;
  private final Attempts attempts;
  private final Recorder recorder;
  private final OperationFlow operations;
  private final PaymentSingleFlight serial = new PaymentSingleFlight();

  PaymentFlow(Parts parts) {
    this.parts = parts;
    this.journal = parts.journal;
    this.database = parts.database;
    this.recorder = new Recorder(parts.journal, parts.database, parts.registry);
    this.attempts = new Attempts(parts.database);
    this.operations = new OperationFlow(parts, recorder, attempts);
  }

  /** A payment fresh from Kafka: nothing is read, everything stands in the event. */
  Future<FollowUp> begin(InitiatedPayment p) {
    UUID id = Objects.requireNonNull(TypeId.parse(TypeId.PAYMENT, p.paymentId()), "payment_id");
    UUID merchant = Objects.requireNonNull(TypeId.parse(TypeId.MERCHANT, p.merchant()), "merchant");
    return screen(new PaymentSnapshot(id, merchant, p.livemode(), p.traceparent(), Payment.of(p.event())));
  }

  /** A payment that was begun before: goes on, one at a time, with all that the journal says is open. */
  Future<FollowUp> resume(UUID id) {
    return serial.run(id, () -> again(id).compose(next -> operations.drive(id).map(next::and)))
        .recover(failure -> failure instanceof Recorder.NoSuchPayment
            ? Future.succeededFuture(FollowUp.stuck(RetryKind.CHARGE, String.valueOf(failure.getMessage())))
            : Future.failedFuture(failure));
  }

  private Future<FollowUp> again(UUID id) { return recorder.read(id).compose(this::drive); }

  private Future<FollowUp> drive(PaymentSnapshot work) {
    Payment p = work.payment();
    return switch (p.status()) {
      // Version 1 has not been screened; later ones were released from a review.
      case INITIATED -> p.version() == 1 ? screen(work) : submit(work, List.of());
      case PROVIDER_SUBMITTED, UNKNOWN -> inquire(work);
      case REQUIRES_ACTION -> p.payerReturned() ? complete(work) : Future.succeededFuture(FollowUp.DONE);
      case BLOCKED, IN_REVIEW, AUTHORIZED, CONFIRMED, DECLINED, VOIDED, EXPIRED, SETTLED, PARTIALLY_REFUNDED,
          REFUNDED, DISPUTED, CHARGED_BACK, RETURNED ->
        Future.succeededFuture(FollowUp.DONE);
    };
  }

  private Future<FollowUp> screen(PaymentSnapshot work) {
    var asked = work.payment().asked();
    var candidate = new Candidate(TypeId.format(TypeId.PAYMENT, work.id()),
        TypeId.format(TypeId.MERCHANT, work.merchant()), work.livemode(), asked.amount(), asked.currency(),
        asked.paymentMethod(), asked.metadata());
    return parts.screener.screen(candidate).compose(s -> {
      if (!s.velocityKnown()) parts.registry.counter("millrace.screening.velocity.unknown").increment();
      parts.registry.counter("millrace.screening", "decision", s.decision().name()).increment();
      return switch (s.decision()) {
        case CLEAR -> submit(work, List.of(screened("clear", s)));
        case REVIEW -> rest(work, screened("review", s));
        case BLOCK -> rest(work, new PaymentEvent.Blocked(s.rule(), s.score(), null));
      };
    });
  }

  private static PaymentEvent screened(String decision, Screening s) {
    return new PaymentEvent.Screened(decision, s.decision() == Decision.CLEAR ? null : s.rule(), s.score(),
        s.velocityKnown(), null);
  }

  /** Appends an event after which the gateway has nothing more to do; a payment that moved on is another's. */
  private Future<FollowUp> rest(PaymentSnapshot work, PaymentEvent... events) {
    return journal.append(work.append(List.of(), List.of(events))).map(appended -> FollowUp.DONE);
  }

  /** Chooses the account and begins. */
  private Future<FollowUp> submit(PaymentSnapshot work, List<PaymentEvent> before) {
    Routing.Route route = route(work);
    if (route == null) return unroutable(work, before);
    String first = route.accounts().stream().filter(a -> !parts.providers.away(a)).findFirst()
        .orElse(route.accounts().getFirst());
    String why = first.equals(route.accounts().getFirst())
        ? null
        : route.accounts().getFirst() + ": its breaker is open";
    return submit(work, before, List.of(), first, route, why);
  }

  private Routing.@Nullable Route route(PaymentSnapshot work) {
    var asked = work.payment().asked();
    return parts.routing.route(new Routing.Subject(work.id(), TypeId.format(TypeId.MERCHANT, work.merchant()),
        asked.amount(), asked.currency(), Method.of(asked)));
  }

  /** No provider takes such a payment: it is refused as by one, without a call. */
  private Future<FollowUp> unroutable(PaymentSnapshot work, List<PaymentEvent> before) {
    var events = new ArrayList<>(before);
    events.add(new PaymentEvent.Declined("none", "none", null, "no_route", null,
        "No routing rule fits this payment: it was sent to no provider."));
    return rest(work, events.toArray(new PaymentEvent[0]));
  }

  /** Record, call, record. {@code ended}: the call before it, which was refused. */
  private Future<FollowUp> submit(PaymentSnapshot work, List<PaymentEvent> before, List<Attempt> ended,
      String account,
      Routing.Route route, @Nullable String after) {
    UUID reference = TypeId.next();
    var events = new ArrayList<>(before);
    events.add(new PaymentEvent.ProviderSubmitted(account, TypeId.format(TypeId.ATTEMPT, reference),
        after == null && route.accounts().size() == 1 ? null : route.rule(), after));
    int number = ended.isEmpty() ? 1 : ended.getLast().number() + 1;
    var calls = new ArrayList<>(ended);
    var attempt = Attempt.charge(reference, number, account, after);
    calls.add(attempt);
    FaultPoint.reach("charge", "before_intent");
    var right = right(account);
    return journal.append(work.append(calls, events)).compose(appended -> appended
        ? first(work.after(events), attempt, route, right)
        // Somebody has begun it before us: go on from what they left, which may be an intent without a call.
        : again(work.id()));
  }

  /** The first call of an attempt: only then is it certain that nothing was sent before. */
  private Future<FollowUp> first(PaymentSnapshot work, Attempt attempt, Routing.Route route,
      Attempts.Right right) {
    GuardedProvider provider = parts.providers.named(attempt.provider());
    FaultPoint.reach("charge", "after_intent");
    if (right.expired()) return again(work.id());
    var call = provider.execute(charge(work));
    FaultPoint.reach("charge", "during_call");
    return call.compose(outcome -> {
      FaultPoint.reach("charge", "answered");
      String refused = switch (outcome) {
        case Outcome.NotExecuted n -> n.reason();
        case Outcome.Deferred _ ->
          provider.open() ? "its breaker is open" : "its turn did not come";
        case Outcome.Declined d when d.elsewhere() -> d.code() + ": " + d.message();
        case Outcome.Charged _, Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Pending _,
            Outcome.Declined _, Outcome.Unknown _, Outcome.Voided _, Outcome.Refunded _, Outcome.Absent _ ->
          null;
      };
      String next = refused == null ? null : following(route, attempt.provider());
      if (next != null && right.expired()) return again(work.id());
      if (next != null) {
        parts.registry.counter("millrace.failover", "from", attempt.provider(), "to", next).increment();
        return submit(work, List.of(), List.of(ended(attempt, outcome)), next, route,
            attempt.provider() + ": " + refused);
      }
      return used(work, attempt, right, outcome);
    });
  }

  private Attempts.Right right(String account) {
    return Attempts.Right.from(parts.providers.times(account));
  }

  private Future<FollowUp> used(PaymentSnapshot work, Attempt attempt, Attempts.Right right,
      Outcome outcome) {
    return attempts.used(attempt, right, outcome).compose(o -> answered(work, attempt, o));
  }

  /** The next account of the route that can be called now. */
  private @Nullable String following(Routing.Route route, String account) {
    var later = route.accounts().subList(route.accounts().indexOf(account) + 1, route.accounts().size());
    return later.stream().filter(a -> !parts.providers.away(a)).findFirst().orElse(null);
  }

  private Order.Charge charge(PaymentSnapshot work) {
    var asked = work.payment().asked();
    return new Order.Charge(work.id(), work.livemode(), Objects.requireNonNull(work.payment().attempt()),
        asked.amount(), asked.currency(), asked.paymentMethod(), Method.of(asked).type(),
        asked.capture().equals("manual"), asked.description(),
        parts.returnUrl + TypeId.format(TypeId.PAYMENT, work.id()), work.traceparent());
  }

  static Attempt ended(Attempt attempt, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c -> attempt.ended("charged", c.providerReference(), null);
      case Outcome.Authorized a -> attempt.ended("authorized", a.providerReference(), null);
      case Outcome.ActionRequired a -> attempt.ended("action_required", a.providerReference(), null);
      case Outcome.Voided v -> attempt.ended("voided", v.providerReference(), v.lapsed() ? "lapsed" : null);
      case Outcome.Refunded r -> attempt.ended("refunded", r.providerReference(), null);
      case Outcome.Pending p -> attempt.ended("pending", p.providerReference(), null);
      case Outcome.Declined d -> attempt.ended("declined", d.providerReference(), d.code());
      case Outcome.NotExecuted n -> attempt.ended("not_executed", null, n.reason());
      case Outcome.Unknown u -> attempt.ended("unknown", null, u.reason());
      case Outcome.Deferred _ -> attempt.ended("not_executed", null, "waited too long for its turn");
      case Outcome.Absent _ -> attempt.ended("declined", null, "provider_no_record");
    };
  }

  /** Writes what an answer means; an answer that says nothing makes the payment unknown. */
  private Future<FollowUp> answered(PaymentSnapshot work, Attempt attempt, Outcome outcome) {
    // It never left. Waiting here would keep others from their turns, at other providers too.
    if (outcome instanceof Outcome.Deferred) return Future.succeededFuture(FollowUp.later(RetryKind.CHARGE));
    String name = TypeId.format(TypeId.ATTEMPT, attempt.reference());
    return recorder.record(work, ended(attempt, outcome),
        p -> parts.evidence.charge(p, attempt.provider(), name, outcome)).compose(recorded -> {
          FaultPoint.reach(attempt.kind(), "recorded");
          if (recorded.finding() instanceof Finding.NewEvents h) checkAmount(work.id(), h);
          return switch (recorded.finding()) {
            case Finding.NewEvents _, Finding.NothingNew _ -> Future.succeededFuture(FollowUp.DONE);
            case Finding.NotYet w when outcome instanceof Outcome.Unknown ->
              unknown(recorded.work(), attempt, w.reason());
            case Finding.NotYet w -> Future.succeededFuture(FollowUp.again(RetryKind.CHARGE, w.reason()));
            case Finding.Conflict c -> unknown(recorded.work(), attempt, c.message())
                .map(v -> FollowUp.stuck(RetryKind.CHARGE, c.alert() + ": " + c.message()));
          };
        });
  }

  /** What was taken beyond or short of what was asked for goes to suspense or is the merchant's loss: a person must look. */
  private void checkAmount(UUID payment, Finding.NewEvents happened) {
    for (PaymentEvent event : happened.events()) {
      if (event instanceof PaymentEvent.Confirmed c && c.amount() != c.amountCharged()) {
        parts.registry.counter("millrace.provider.amount.mismatch").increment();
        LOG.error("alert=amount_mismatch payment={} asked={} charged={}",
            TypeId.format(TypeId.PAYMENT, payment), c.amount(), c.amountCharged());
      }
    }
  }

  private Future<FollowUp> unknown(PaymentSnapshot work, Attempt attempt, String reason) {
    var again = FollowUp.again(RetryKind.CHARGE, reason);
    if (work.payment().status() != Status.PROVIDER_SUBMITTED) return Future.succeededFuture(again);
    parts.registry.counter("millrace.provider.unknown").increment();
    return journal.append(work.append(List.of(attempt.ended("unknown", null, reason)),
        List.of(
            new PaymentEvent.Unknown(attempt.provider(), TypeId.format(TypeId.ATTEMPT, attempt.reference()),
                reason))))
        .map(appended -> again);
  }

  /** The outcome of a call is not known: ask the provider by our own reference. */
  private Future<FollowUp> inquire(PaymentSnapshot work) {
    return attempts.open(Objects.requireNonNull(work.payment().attempt())).compose(open -> {
      GuardedProvider provider = parts.providers.named(open.attempt().provider());
      return provider.inquire(charge(work)).compose(outcome -> {
        if (!(outcome instanceof Outcome.Absent)) return answered(work, open.attempt(), outcome);
        if (work.payment().status() == Status.PROVIDER_SUBMITTED) return repeat(work, open.attempt());
        if (!open.absentFor(parts.providers.times(provider.name())))
          return attempts.absent(open.attempt())
              .map(v -> FollowUp.again(RetryKind.CHARGE, "no record of it at " + provider.name() + " yet"));
        return answered(work, open.attempt(), new Outcome.Declined(null, "provider_no_record", null,
            "The provider has no record of the payment: it was never charged."));
      });
    });
  }

  /** An intent whose call left no trace: it is made again under the same reference, once nobody else's can arrive. */
  private Future<FollowUp> repeat(PaymentSnapshot work, Attempt attempt) {
    var right = right(attempt.provider());
    return attempts.claim(attempt, parts.providers.times(attempt.provider()).absenceAfter())
        .compose(ours -> {
          if (!ours || right.expired())
            return Future
                .succeededFuture(FollowUp.again(RetryKind.CHARGE, "a call of it may still be under way"));
          return parts.providers.named(attempt.provider()).execute(charge(work))
              .compose(outcome -> used(work, attempt, right, outcome));
        });
  }

  /** The payer came back: tell the provider, and ask. */
  private Future<FollowUp> complete(PaymentSnapshot work) {
    return attempts.open(Objects.requireNonNull(work.payment().attempt()))
        .compose(open -> database
            .query("SELECT result FROM payer_return WHERE payment_id = $1::uuid", Tuple.of(work.id()))
            .compose(rows -> {
              String result = rows.size() == 0 ? null : rows.iterator().next().getString(0);
              var order = new Order.Complete(charge(work),
                  Objects.requireNonNull(work.payment().providerReference()), result);
              return parts.providers.named(open.attempt().provider()).execute(order);
            }).compose(outcome -> answered(work, open.attempt(), outcome)));
  }

  /** Takes what a provider told us of a call under our reference {@code attempt}: the same evidence as an answer. */
  @Override
  public Future<Disposition> attemptOutcome(UUID payment, Attempt attempt, Outcome outcome) {
    if (!decisive(outcome)) return Future.succeededFuture(new Disposition.Unchanged());
    String name = TypeId.format(TypeId.ATTEMPT, attempt.reference());
    return recorder.read(payment).compose(work -> {
      Operation operation = operations.of(work.payment(), attempt);
      return recorder.record(work, ended(attempt, outcome), p -> {
        Operation now = operation == null ? null : p.operation(operation.id());
        // Whoever called decides whether it is tried elsewhere, and hears of it as well.
        if (now == null && outcome instanceof Outcome.Declined d && d.elsewhere()
            && p.status() == Status.PROVIDER_SUBMITTED && name.equals(p.attempt()))
          return new Finding.NotYet("it may be tried elsewhere");
        return now == null
            ? parts.evidence.charge(p, attempt.provider(), name, outcome)
            : parts.evidence.operation(p, now, attempt.provider(), name, outcome);
      });
    }).map(PaymentFlow::disposition);
  }

  /** Whether it says what became of a call; that it is under way is no news. */
  private static boolean decisive(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged _, Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Voided _,
          Outcome.Refunded _,
          Outcome.Declined _ ->
        true;
      case Outcome.Pending _, Outcome.NotExecuted _, Outcome.Unknown _, Outcome.Deferred _,
          Outcome.Absent _ ->
        false;
    };
  }

  /** Takes what a provider did to a payment of its own accord. */
  @Override
  public Future<Disposition> unsolicited(UUID payment, String provider, UnsolicitedChange fact) {
    return recorder.read(payment)
        .compose(work -> recorder.record(work, null, p -> parts.evidence.fact(p, provider, fact)))
        .map(PaymentFlow::disposition);
  }

  private static Disposition disposition(Recorder.Recorded recorded) {
    return switch (recorded.finding()) {
      case Finding.NewEvents _ -> new Disposition.Applied();
      case Finding.NothingNew _ -> new Disposition.Unchanged();
      case Finding.NotYet w -> new Disposition.Later(w.reason());
      case Finding.Conflict c -> new Disposition.Conflict(c.alert() + ": " + c.message());
    };
  }
}
