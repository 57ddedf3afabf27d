package dev.millrace.processing;

import dev.millrace.fraud.Screener;
import dev.millrace.fraud.Candidate;
import dev.millrace.fraud.Decision;
import dev.millrace.fraud.Screening;
import dev.millrace.inbox.PayerReturnStore;
import dev.millrace.inbox.ProviderEventHandler;
import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.AttemptStore;
import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.journal.EventContract.InitiatedPayment;
import dev.millrace.journal.PaymentReads;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Database;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Method;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers;
import dev.millrace.provider.Routing;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a payment: screened, routed to an account, charged there or, after a refusal that is certain,
 * at the next, and completed once its payer came back. Running it twice for one payment, at once or after a
 * crash, does no harm: only one of two appends finds the version it expects, and the provider is called under
 * the same reference ({@link ProviderCall}). What is asked of the payment later, {@link OperationFlow}
 * carries out.
 */
public final class PaymentFlow implements ProviderEventHandler {

  /**
   * What is shared by all steps. {@code returnUrl}: where its provider sends a payment's payer back to, by
   * the payment's id.
   */
  record Parts(Screener screener, Routing routing, Providers providers, AppendWriter journal,
      Database database,
      OutcomePolicy policy, Function<UUID, String> returnUrl, MeterRegistry registry) {}

  private final Parts parts;
  private final AppendWriter journal;
  private final AttemptStore attempts;
  private final PayerReturnStore returns;
  private final ProviderCall calls;
  private final Recorder recorder;
  private final OperationFlow operations;
  private final ReadAgain again;
  private final PaymentSingleFlight serial = new PaymentSingleFlight();

  PaymentFlow(Parts parts) {
    this.parts = parts;
    this.journal = parts.journal;
    this.attempts = new AttemptStore(parts.database);
    this.returns = new PayerReturnStore(parts.database);
    this.recorder = new Recorder(parts.journal, new PaymentReads(parts.database), attempts, parts.registry);
    this.calls = new ProviderCall(parts.providers, parts.journal, recorder, attempts);
    this.operations = new OperationFlow(parts.policy, recorder, calls);
    this.again = new ReadAgain(parts.providers, parts.policy, recorder, attempts, this::orderAgain);
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

  /**
   * Drives the payment on, asks its providers about every call of it that has ended, and books what they say,
   * in the name of {@code actor}.
   */
  Future<ReadAgain.Report> readAgain(UUID id, String actor) {
    return resume(id).compose(next -> again.run(id, actor, next));
  }

  private Order orderAgain(PaymentSnapshot work, Attempt attempt) {
    Operation operation = OutcomePolicy.operation(work.payment(), attempt);
    return operation == null
        ? order(work, TypeId.format(TypeId.ATTEMPT, attempt.reference()))
        : operations.order(work, operation, attempt);
  }

  /** The payment as it stands. */
  Future<Payment> read(UUID id) {
    return recorder.read(id).map(PaymentSnapshot::payment);
  }

  private Future<FollowUp> again(UUID id) { return recorder.read(id).compose(this::drive); }

  private Future<FollowUp> drive(PaymentSnapshot work) {
    Payment p = work.payment();
    return switch (p.status()) {
      // Version 1 has not been screened; later ones were released from a review.
      case INITIATED -> p.version() == 1 ? screen(work) : submit(work, List.of());
      case PROVIDER_SUBMITTED, UNKNOWN, PROCESSING ->
        calls.inquire(new Charge(null), work, Objects.requireNonNull(p.attempt()));
      case REQUIRES_ACTION -> p.payerCameBack() ? complete(work) : Future.succeededFuture(FollowUp.DONE);
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

  /**
   * Appends an event after which the gateway has nothing more to do; a payment that moved on is another's.
   */
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
    return submit(work, before, null, first, route, why);
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

  /** Records the intent and calls. {@code refused}: the call before it, which was refused for certain. */
  private Future<FollowUp> submit(PaymentSnapshot work, List<PaymentEvent> before, @Nullable Attempt refused,
      String account, Routing.Route route, @Nullable String after) {
    UUID reference = TypeId.next();
    var events = new ArrayList<>(before);
    events.add(new PaymentEvent.ProviderSubmitted(account, TypeId.format(TypeId.ATTEMPT, reference),
        after == null && route.accounts().size() == 1 ? null : route.rule(), after));
    int number = refused == null ? 1 : refused.number() + 1;
    var attempt = Attempt.charge(reference, number, account, after);
    return calls.begin(new Charge(route), work, events,
        refused == null ? List.of(attempt) : List.of(refused, attempt));
  }

  /** The next account of the route that can be called now. */
  private @Nullable String following(Routing.Route route, String account) {
    var later = route.accounts().subList(route.accounts().indexOf(account) + 1, route.accounts().size());
    return later.stream().filter(a -> !parts.providers.away(a)).findFirst().orElse(null);
  }

  private Order.Charge order(PaymentSnapshot work) {
    return order(work, Objects.requireNonNull(work.payment().attempt()));
  }

  /** The charge under our reference {@code attempt}. */
  private Order.Charge order(PaymentSnapshot work, String attempt) {
    var asked = work.payment().asked();
    return new Order.Charge(work.id(), work.livemode(), attempt,
        asked.amount(), asked.currency(), asked.paymentMethod(), Method.of(asked).type(),
        asked.capture().equals("manual"), asked.description(),
        parts.returnUrl.apply(work.id()), work.traceparent());
  }

  /** The charge. Of a call that is not the first, {@code route} is null: it stays where it was begun. */
  private final class Charge implements CallSubject {
    private final Routing.@Nullable Route route;

    Charge(Routing.@Nullable Route route) { this.route = route; }

    @Override
    public RetryKind kind() { return RetryKind.CHARGE; }

    @Override
    public String label() { return ""; }

    @Override
    public Order order(PaymentSnapshot work, Attempt attempt) { return PaymentFlow.this.order(work); }

    @Override
    public boolean submitted(Payment p) { return p.status() == Status.PROVIDER_SUBMITTED; }

    @Override
    public Finding judge(Payment p, Attempt attempt, Outcome outcome) {
      return parts.policy.charge(p, attempt.provider(), TypeId.format(TypeId.ATTEMPT, attempt.reference()),
          outcome);
    }

    @Override
    public Finding unknown(Payment p, Attempt attempt, String reason) {
      return submitted(p)
          ? new Finding.NewEvents(new PaymentEvent.Unknown(attempt.provider(),
              TypeId.format(TypeId.ATTEMPT, attempt.reference()), reason))
          : new Finding.NothingNew();
    }

    @Override
    public boolean unknownByConflict() { return true; }

    @Override
    public Future<FollowUp> resume(PaymentSnapshot work) { return again(work.id()); }

    /** What was refused for certain, or never left, is tried at the next account of the route. */
    @Override
    public @Nullable Future<FollowUp> elsewhere(PaymentSnapshot work, Attempt attempt, CallRight right,
        Outcome outcome) {
      String refused = refusal(attempt, outcome);
      String next = refused == null || route == null ? null : following(route, attempt.provider());
      if (next == null || route == null) return null;
      if (right.expired()) return again(work.id());
      parts.registry.counter("millrace.failover", "from", attempt.provider(), "to", next).increment();
      return submit(work, List.of(), ProviderCall.ended(attempt, outcome), next, route,
          attempt.provider() + ": " + refused);
    }

    private @Nullable String refusal(Attempt attempt, Outcome outcome) {
      return switch (outcome) {
        case Outcome.NotExecuted n -> n.reason();
        case Outcome.Deferred _ -> parts.providers.named(attempt.provider()).open()
            ? "its breaker is open"
            : "its turn did not come";
        case Outcome.Declined d when d.elsewhere() -> d.code() + ": " + d.message();
        case Outcome.Decisive _, Outcome.NoWord _ -> null;
      };
    }

    @Override
    public @Nullable Future<FollowUp> anew(PaymentSnapshot work, Attempt attempt) { return null; }

    @Override
    public String neverCarriedOut() {
      return "The provider has no record of the payment: it was never charged.";
    }

    @Override
    public void unanswered() { parts.registry.counter("millrace.provider.unknown").increment(); }

  }

  /** The payer came back: tell the provider, and ask. */
  private Future<FollowUp> complete(PaymentSnapshot work) {
    return attempts.open(Objects.requireNonNull(work.payment().attempt()))
        .compose(open -> returns.brought(work.id()).compose(result -> {
          var order = new Order.Complete(order(work),
              Objects.requireNonNull(work.payment().providerReference()), result);
          return parts.providers.named(open.attempt().provider()).execute(order);
        }).compose(outcome -> calls.answered(new Charge(null), work, open.attempt(), outcome)));
  }

  /** Takes what a provider told us of a call of ours: judged as its answer would be. */
  @Override
  public Future<Disposition> attemptOutcome(KnownCall call, Outcome outcome) {
    Attempt attempt = call.attempt();
    if (OutcomePolicy.saysNothingNew(call, outcome))
      return Future.succeededFuture(new Disposition.Unchanged());
    return recorder.read(call.payment())
        .compose(work -> recorder.record(work, OutcomePolicy.ended(work.payment(), attempt, outcome),
            p -> parts.policy.told(p, attempt, outcome)))
        .map(PaymentFlow::disposition);
  }

  /** Takes what a provider did to a payment of its own accord. */
  @Override
  public Future<Disposition> unsolicited(UUID payment, String provider, UnsolicitedChange change) {
    return recorder.read(payment)
        .compose(work -> recorder.record(work, null, p -> parts.policy.unsolicited(p, provider, change)))
        .map(PaymentFlow::disposition);
  }

  /** Takes what moves no money, and belongs into the payment's history. {@code event}: its name of it. */
  @Override
  public Future<Disposition> notice(UUID payment, String provider, String event,
      ProviderEvent.Notice notice) {
    return recorder.read(payment)
        .compose(work -> recorder.record(work, null, p -> parts.policy.notice(p, provider, event, notice)))
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
