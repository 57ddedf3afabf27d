package dev.millrace.processing;

import dev.millrace.fraud.Candidate;
import dev.millrace.fraud.Decision;
import dev.millrace.fraud.Screener;
import dev.millrace.fraud.Screening;
import dev.millrace.journal.Append;
import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.EventContract.InitiatedPayment;
import dev.millrace.journal.PaymentRow;
import dev.millrace.journal.Reads;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Initiated;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.GuardedProvider;
import dev.millrace.provider.Provider;
import dev.millrace.provider.Provider.Outcome;
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
 * The steps of a payment: screen, then record, call, record. The intent to call is committed, under our own reference,
 * before the call; the outcome after it; nothing is held across the call. Running it twice for one payment, at once
 * or after a crash, does no harm: only one of two appends finds the version it expects, and the provider is called
 * under the same reference.
 */
final class PaymentFlow {
  private static final Logger LOG = LoggerFactory.getLogger(PaymentFlow.class);
  private static final String ACTOR = "gateway";

  /** What to do with the payment next. */
  sealed interface Next {
    /** Nothing: it is at rest, waits for settlement or is in another's hands. */
    record Done() implements Next {}

    /** Look at it again later. */
    record Again(String reason) implements Next {}
  }

  private static final Next DONE = new Next.Done();

  /** A payment at a version, as far as the steps need it. */
  private record Step(UUID id, UUID merchant, boolean livemode, int version, Status status, Initiated asked,
      String traceparent) {
    static Step of(PaymentRow row) {
      return new Step(row.id(), row.merchant(), row.livemode(), row.version(), row.status(), row.asked(),
          row.traceparent());
    }

    Step after(Append append) {
      return new Step(id, merchant, livemode, append.version(), append.to(), asked, traceparent);
    }

    Append append(@Nullable Attempt attempt, PaymentEvent... events) {
      return new Append(id, merchant, version, status, List.of(events), ACTOR, traceparent, attempt, null);
    }
  }

  private final Screener screener;
  private final GuardedProvider provider;
  private final AppendWriter journal;
  private final Reads reads;
  private final long absenceAfterMs;
  private final MeterRegistry registry;

  PaymentFlow(Screener screener, GuardedProvider provider, AppendWriter journal, Reads reads,
      long absenceAfterMs, MeterRegistry registry) {
    this.screener = screener;
    this.provider = provider;
    this.journal = journal;
    this.reads = reads;
    this.absenceAfterMs = absenceAfterMs;
    this.registry = registry;
  }

  /** A payment fresh from Kafka: nothing is read, everything stands in the event. */
  Future<Next> begin(InitiatedPayment p) {
    UUID id = Objects.requireNonNull(TypeId.parse(TypeId.PAYMENT, p.paymentId()), "payment_id");
    UUID merchant = Objects.requireNonNull(TypeId.parse(TypeId.MERCHANT, p.merchant()), "merchant");
    return screen(
        new Step(id, merchant, p.livemode(), p.version(), Status.INITIATED, p.event(), p.traceparent()));
  }

  /** A payment that was begun before: goes on from where the journal says it is. */
  Future<Next> resume(UUID id) {
    return reads.payment(id).compose(row -> {
      if (row == null)
        return Future
            .failedFuture(new IllegalStateException("no such payment: " + TypeId.format(TypeId.PAYMENT, id)));
      var step = Step.of(row);
      return switch (row.status()) {
        // Version 1 has not been screened; later ones were released from a review.
        case INITIATED -> row.version() == 1 ? screen(step) : submit(step, List.of());
        case PROVIDER_SUBMITTED, UNKNOWN -> inquire(step, row);
        case BLOCKED, IN_REVIEW, CONFIRMED, DECLINED, SETTLED -> Future.succeededFuture(DONE);
      };
    });
  }

  private Future<Next> screen(Step step) {
    var candidate = new Candidate(TypeId.format(TypeId.PAYMENT, step.id),
        TypeId.format(TypeId.MERCHANT, step.merchant), step.livemode,
        step.asked.amount(), step.asked.currency(), step.asked.paymentMethod(), step.asked.metadata());
    return screener.screen(candidate).compose(s -> {
      if (!s.velocityKnown()) registry.counter("millrace.screening.velocity.unknown").increment();
      registry.counter("millrace.screening", "decision", s.decision().name()).increment();
      return switch (s.decision()) {
        case CLEAR -> submit(step, List.of(screened("clear", s)));
        case REVIEW -> rest(step.append(null, screened("review", s)));
        case BLOCK -> rest(step.append(null, new PaymentEvent.Blocked(s.rule(), s.score(), null)));
      };
    });
  }

  private static PaymentEvent screened(String decision, Screening s) {
    return new PaymentEvent.Screened(decision, s.decision() == Decision.CLEAR ? null : s.rule(), s.score(),
        s.velocityKnown(), null);
  }

  /** Appends events after which the gateway has nothing more to do; a payment that moved on is another's. */
  private Future<Next> rest(Append append) {
    return journal.append(append).map(appended -> DONE);
  }

  /** Record, call, record. */
  private Future<Next> submit(Step step, List<PaymentEvent> before) {
    UUID reference = TypeId.next();
    String attempt = TypeId.format(TypeId.ATTEMPT, reference);
    var events = new ArrayList<>(before);
    events.add(new PaymentEvent.ProviderSubmitted(provider.name(), attempt));
    var intent = step.append(new Attempt(reference, 1, provider.name(), null, null, null),
        events.toArray(new PaymentEvent[0]));
    return journal.append(intent).compose(appended -> appended
        // Somebody has begun it before us: go on from what they left, which may be an intent without a call.
        ? call(step.after(intent), reference)
        : resume(step.id));
  }

  private Future<Next> call(Step step, UUID reference) {
    var charge = new Provider.Charge(step.id, step.livemode, TypeId.format(TypeId.ATTEMPT, reference),
        step.asked.amount(),
        step.asked.currency(),
        step.asked.paymentMethod(), step.asked.description(), step.traceparent);
    return provider.charge(charge).compose(outcome -> record(step, reference, outcome));
  }

  private Future<Next> record(Step step, UUID reference, Outcome outcome) {
    String attempt = TypeId.format(TypeId.ATTEMPT, reference);
    return switch (outcome) {
      case Outcome.Charged c when !c.currency().equals(step.asked.currency()) -> {
        LOG.error("alert=currency_mismatch payment={} asked={} charged={}",
            TypeId.format(TypeId.PAYMENT, step.id), step.asked.currency(), c.currency());
        yield unknown(step, reference, "charged in " + c.currency() + " instead of " + step.asked.currency());
      }
      case Outcome.Charged c -> {
        if (c.amount() != step.asked.amount()) {
          registry.counter("millrace.provider.amount.mismatch").increment();
          LOG.error("alert=amount_mismatch payment={} asked={} charged={}",
              TypeId.format(TypeId.PAYMENT, step.id), step.asked.amount(), c.amount());
        }
        yield charged(step,
            step.append(new Attempt(reference, 1, provider.name(), "charged", c.providerReference(), null),
                new PaymentEvent.Confirmed(provider.name(), attempt, c.providerReference(),
                    step.asked.amount(), c.amount(), c.currency())));
      }
      case Outcome.Declined d -> rest(
          step.append(new Attempt(reference, 1, provider.name(), "declined", d.providerReference(), d.code()),
              new PaymentEvent.Declined(provider.name(), attempt, d.providerReference(), d.code(),
                  d.declineCode(), d.message())));
      // Nothing was executed: the intent stands, and the retry finds no record of it and calls again.
      case Outcome.NotExecuted n -> Future.succeededFuture(new Next.Again(n.reason()));
      case Outcome.Deferred _ -> resume(step.id);
      case Outcome.Unknown u -> unknown(step, reference, u.reason());
      case Outcome.Absent _ ->
        Future.failedFuture(new IllegalStateException("a charge cannot be answered `absent`"));
    };
  }

  /** Money has moved: if the payment moved on meanwhile, somebody must have recorded the same, or will by inquiry. */
  private Future<Next> charged(Step step, Append append) {
    return journal.append(append)
        .compose(appended -> appended ? Future.succeededFuture(DONE) : reads.payment(step.id).map(row -> {
          Status status = Objects.requireNonNull(row, "payment").status();
          return switch (status) {
            case CONFIRMED, SETTLED -> DONE;
            case PROVIDER_SUBMITTED, UNKNOWN, INITIATED, IN_REVIEW ->
              new Next.Again("charged while it moved on to " + status.wire());
            case DECLINED, BLOCKED -> {
              chargedAfterDecline(step.id, status);
              yield DONE;
            }
          };
        }));
  }

  private Future<Next> unknown(Step step, UUID reference, String reason) {
    var again = new Next.Again(reason);
    if (step.status == Status.UNKNOWN) return Future.succeededFuture(again);
    registry.counter("millrace.provider.unknown").increment();
    return journal.append(step.append(new Attempt(reference, 1, provider.name(), "unknown", null, reason),
        new PaymentEvent.Unknown(provider.name(), TypeId.format(TypeId.ATTEMPT, reference), reason)))
        .map(appended -> again);
  }

  /** What became of something that a provider told us of its own accord. */
  enum Evidence {
    APPLIED,
    /** It is known already, too late, or says nothing. */
    UNCHANGED,
    /** The payment cannot take it yet. */
    LATER
  }

  /** Takes what a provider told us of a call under {@code reference}: the same evidence as an inquiry's answer. */
  Future<Evidence> evidence(UUID payment, UUID reference, Outcome outcome) {
    if (!(outcome instanceof Outcome.Charged || outcome instanceof Outcome.Declined))
      return Future.succeededFuture(Evidence.UNCHANGED);
    return reads.payment(payment).compose(row -> {
      var step = Step.of(Objects.requireNonNull(row, "an attempt's payment"));
      return switch (row.status()) {
        case PROVIDER_SUBMITTED, UNKNOWN -> openAttempt(payment).compose(open ->
          // A refusal of an earlier call says nothing of the one that is out.
          outcome instanceof Outcome.Declined && !open.reference.equals(reference)
              ? Future.succeededFuture(Evidence.UNCHANGED)
              : record(step, reference, outcome).compose(next -> reads.payment(payment)).map(after -> {
                boolean moved = after != null && after.version() > step.version
                    && after.status() != Status.UNKNOWN;
                return moved ? Evidence.APPLIED : Evidence.LATER;
              }));
        case INITIATED, IN_REVIEW -> Future.succeededFuture(Evidence.LATER);
        case CONFIRMED, SETTLED -> Future.succeededFuture(Evidence.UNCHANGED);
        case DECLINED, BLOCKED -> {
          if (outcome instanceof Outcome.Charged) chargedAfterDecline(step.id, row.status());
          yield Future.succeededFuture(Evidence.UNCHANGED);
        }
      };
    });
  }

  /** Money has moved for a payment that we told everybody had failed: a person must look. */
  private void chargedAfterDecline(UUID payment, Status status) {
    registry.counter("millrace.provider.charged.after.decline").increment();
    LOG.error("alert=charged_after_decline payment={} status={}", TypeId.format(TypeId.PAYMENT, payment),
        status.wire());
  }

  /** {@code ageMs}: since the last call under this reference ended without an answer, or since its intent. */
  private record OpenAttempt(UUID reference, long ageMs) {}

  private Future<OpenAttempt> openAttempt(UUID payment) {
    return reads.query("""
      SELECT reference, (extract(epoch FROM clock_timestamp() - coalesce(finished, started)) * 1000)::bigint
        FROM attempt WHERE payment_id = $1::uuid ORDER BY started DESC LIMIT 1""", Tuple.of(payment))
        .map(rows -> {
          var row = rows.iterator().next();
          return new OpenAttempt(row.getUUID(0), row.getLong(1));
        });
  }

  /** The outcome of a call is not known: ask the provider by our own reference. */
  private Future<Next> inquire(Step step, PaymentRow row) {
    return openAttempt(row.id())
        .compose(open -> provider.inquire(TypeId.format(TypeId.ATTEMPT, open.reference)).compose(outcome -> {
          if (!(outcome instanceof Outcome.Absent)) return record(step, open.reference, outcome);
          // An intent whose call never got an answer, or was never made: the same reference cannot charge twice.
          if (step.status == Status.PROVIDER_SUBMITTED) return call(step, open.reference);
          if (open.ageMs < absenceAfterMs)
            return Future.succeededFuture(new Next.Again("no record of it at " + provider.name() + " yet"));
          return record(step, open.reference, new Outcome.Declined(null, "provider_no_record", null,
              "The provider has no record of the payment: it was never charged."));
        }));
  }
}
