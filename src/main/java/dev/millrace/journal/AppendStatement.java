package dev.millrace.journal;

import static dev.millrace.platform.Columns.int4;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static dev.millrace.platform.Columns.timestamptz;
import static dev.millrace.platform.Columns.uuid;

import dev.millrace.journal.DisputeChange.OwnEvent;
import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.ledger.Postings;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Columns;
import dev.millrace.platform.Parameters;
import dev.millrace.platform.TypeId;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The one statement that moves payments: new state, events, the postings that those cause, operations,
 * disputes with their events, attempts and work counter of many payments in one transaction. The update of
 * {@code payment} guards each of them: it finds the row only at the expected version, waits for a rival's
 * commit and then looks again, so a handler that runs twice appends once. Returns the payments that moved. At
 * most one {@link Append} a payment in one statement.
 *
 * <p>The journal is followed in the order of (xid, position). A transaction that was given its xid early, by
 * a lock or by another row, must not append to a payment that a younger one has moved since: its events would
 * stand before those that they follow. It finds no such payment ({@code age(xmin)} is negative); its caller
 * begins a new transaction.
 */
public final class AppendStatement {
  private record Move(Append append, Status to, PaymentChange change) {
    /** What it adds to the number of payments at rest: -1, 0 or 1. */
    int rested() {
      return (to.atRest() ? 1 : 0) - (append.from().atRest() ? 1 : 0);
    }

    int settles() {
      return append.netted() != null && append.netted().first() ? 1 : 0;
    }

    @Nullable
    UUID settlement() {
      return append.netted() == null ? null : append.netted().settlement();
    }

    @Nullable
    OffsetDateTime expires() { return time(change.expires); }
  }

  private static @Nullable OffsetDateTime time(@Nullable Long seconds) {
    return seconds == null ? null : Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC);
  }

  private record Event(UUID payment, int version, PaymentEvent event) {}

  private record Call(UUID payment, Append.Attempt attempt) {}

  private record Step(UUID payment, OperationChange change) {}

  /** An event of a dispute's own; {@code after}: how many more of it there are. */
  private record OfDispute(DisputeChange of, int after, OwnEvent event) {}

  private record Named(UUID payment, String provider, String reference) {}

  private static final Parameters PARAMETERS = new Parameters();
  private static final Parameters.Rows<Move> MOVES = PARAMETERS.rows(Columns.of(
      uuid("id", m -> m.append.payment()),
      int4("expected", m -> m.append.expectedVersion()),
      int4("version", m -> m.append.version()),
      text("status", m -> m.to.wire()),
      text("actor", m -> m.append.actor()),
      text("traceparent", m -> m.append.traceparent()),
      int4("rested", Move::rested),
      int4("settles", Move::settles),
      text("provider", m -> m.change.provider),
      text("provider_reference", m -> m.change.providerReference),
      int8("amount_authorized", m -> m.change.amountAuthorized),
      int8("amount_charged", m -> m.change.amountCharged),
      int8("amount_captured", m -> m.change.amountCaptured),
      int8("amount_refunded", m -> m.change.amountRefunded),
      timestamptz("expires", Move::expires),
      text("action_url", m -> m.change.actionUrl),
      text("failure_code", m -> m.change.failureCode),
      text("failure_message", m -> m.change.failureMessage),
      uuid("settlement", Move::settlement)));
  private static final Parameters.Rows<Event> EVENTS = PARAMETERS.rows(Columns.of(
      uuid("subject", Event::payment),
      int4("version", Event::version),
      text("type", e -> e.event.type().wire()),
      text("data", e -> EventJson.write(e.event))));
  private static final Parameters.Rows<Postings.Line> LINES = PARAMETERS.rows(Postings.COLUMNS);
  private static final Parameters.Rows<Call> CALLS = PARAMETERS.rows(Columns.of(
      uuid("reference", c -> c.attempt.reference()),
      uuid("payment_id", Call::payment),
      int4("number", c -> c.attempt.number()),
      text("provider", c -> c.attempt.provider()),
      text("kind", c -> c.attempt.kind()),
      uuid("operation", c -> c.attempt.operation()),
      text("reason", c -> c.attempt.reason()),
      text("outcome", c -> c.attempt.outcome()),
      text("provider_reference", c -> c.attempt.providerReference()),
      text("detail", c -> c.attempt.detail())));
  private static final Parameters.Rows<Step> STEPS = PARAMETERS.rows(Columns.of(
      uuid("id", s -> s.change.id()),
      uuid("payment_id", Step::payment),
      text("kind", s -> s.change.kind().wire()),
      text("status", s -> s.change.state().wire()),
      int8("amount", s -> s.change.amount()),
      text("reason", s -> s.change.reason()),
      uuid("attempt", s -> s.change.attempt()),
      text("provider_reference", s -> s.change.providerReference()),
      text("failure_code", s -> s.change.failureCode()),
      text("failure_message", s -> s.change.failureMessage())));
  private static final Parameters.Rows<Named> NAMES = PARAMETERS.rows(Columns.of(
      text("provider", Named::provider),
      text("reference", Named::reference),
      uuid("payment_id", Named::payment)));
  private static final Parameters.Rows<DisputeChange> DISPUTES = PARAMETERS.rows(Columns.of(
      uuid("id", DisputeChange::id),
      uuid("payment_id", DisputeChange::payment),
      text("provider", DisputeChange::provider),
      text("provider_reference", DisputeChange::providerReference),
      text("status", DisputeChange::status),
      int8("amount", DisputeChange::amount),
      text("currency", DisputeChange::currency),
      text("reason", DisputeChange::reason),
      timestamptz("evidence_due", d -> time(d.evidenceDue())),
      int4("steps", d -> d.events().size())));
  private static final Parameters.Rows<OfDispute> OF_DISPUTES = PARAMETERS.rows(Columns.of(
      uuid("dispute", e -> e.of.id()),
      text("payment", e -> TypeId.format(TypeId.PAYMENT, e.of.payment())),
      int4("after", OfDispute::after),
      text("type", e -> e.event.type().wire()),
      text("status", e -> e.event.status()),
      int8("amount", e -> e.event.amount())));
  private static final Parameters.Text WRITER = PARAMETERS.text();

  public static final String SQL = """
    WITH moved AS (
      UPDATE payment p
         SET version = u.version, status = u.status, updated = now(),
             provider = coalesce(u.provider, p.provider),
             provider_reference = coalesce(u.provider_reference, p.provider_reference),
             amount_authorized = coalesce(p.amount_authorized, u.amount_authorized),
             amount_charged = coalesce(u.amount_charged, p.amount_charged),
             amount_captured = coalesce(u.amount_captured, p.amount_captured),
             amount_refunded = coalesce(u.amount_refunded, p.amount_refunded),
             expires = CASE WHEN u.status IN ('requires_action', 'authorized')
               OR (u.status IN ('refunded', 'disputed', 'charged_back', 'returned')
                 AND coalesce(u.amount_captured, p.amount_captured) = 0) THEN coalesce(u.expires, p.expires) END,
             action_url = CASE WHEN u.status = 'requires_action' THEN coalesce(u.action_url, p.action_url) END,
             failure_code = CASE WHEN u.status IN ('blocked', 'declined', 'expired', 'returned')
               THEN coalesce(u.failure_code, p.failure_code) END,
             failure_message = CASE WHEN u.status IN ('blocked', 'declined', 'expired', 'returned')
               THEN coalesce(u.failure_message, p.failure_message) END,
             settlement = coalesce(p.settlement, u.settlement)
        FROM (:moves) AS u
       WHERE p.id = ANY(:payments) AND p.id = u.id AND p.version = u.expected AND age(p.xmin) >= 0
      RETURNING p.id, p.status, p.merchant, p.livemode, u.actor, u.traceparent, u.rested, u.settles
    ), event AS (
      INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT e.subject, e.version, e.type, m.merchant, m.livemode, m.actor, m.traceparent, e.data::json
        FROM (:events, generate_subscripts(:subjects, 1) AS nr) AS e
        JOIN moved m ON m.id = e.subject
       ORDER BY e.nr
      RETURNING position, subject, version, livemode
    ), posted AS (
      :posted
    ), attempted AS (
      INSERT INTO attempt (reference, payment_id, number, provider, kind, operation, reason, finished, outcome,
                           provider_reference, detail)
      SELECT a.reference, a.payment_id, a.number, a.provider, a.kind, a.operation, a.reason,
             CASE WHEN a.outcome IS NOT NULL THEN clock_timestamp() END, a.outcome, a.provider_reference, a.detail
        FROM (:calls) AS a
        JOIN moved m ON m.id = a.payment_id
      ON CONFLICT (reference) DO UPDATE
        SET finished = excluded.finished, outcome = excluded.outcome,
            provider_reference = excluded.provider_reference, detail = excluded.detail
    ), operated AS (
      INSERT INTO operation AS o (id, payment_id, kind, status, amount, reason, attempt, provider_reference,
                                  failure_code, failure_message)
      SELECT c.id, c.payment_id, c.kind, c.status, c.amount, c.reason, c.attempt, c.provider_reference, c.failure_code,
             c.failure_message
        FROM (:steps) AS c
        JOIN moved m ON m.id = c.payment_id
      ON CONFLICT (id) DO UPDATE
        SET status = excluded.status, updated = now(), attempt = coalesce(excluded.attempt, o.attempt),
            provider_reference = coalesce(excluded.provider_reference, o.provider_reference),
            failure_code = excluded.failure_code, failure_message = excluded.failure_message
    ), named AS (
      INSERT INTO provider_object (provider, reference, payment_id)
      SELECT n.provider, n.reference, n.payment_id FROM (:names) AS n JOIN moved m ON m.id = n.payment_id
      ON CONFLICT DO NOTHING
    ), waits AS (
      :waits
    ), disputed AS (
      INSERT INTO dispute AS d (id, payment_id, merchant, livemode, provider, provider_reference, status, amount,
                                currency, reason, evidence_due, version)
      SELECT c.id, c.payment_id, m.merchant, m.livemode, c.provider, c.provider_reference, c.status, c.amount,
             c.currency, c.reason, c.evidence_due, c.steps
        FROM (:disputes) AS c JOIN moved m ON m.id = c.payment_id
      ON CONFLICT (id) DO UPDATE
        SET status = excluded.status, amount = excluded.amount, version = d.version + excluded.version, updated = now(),
            reason = coalesce(excluded.reason, d.reason),
            evidence_due = coalesce(excluded.evidence_due, d.evidence_due)
      RETURNING d.*
    ), told AS (
      INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT d.id, d.version - e.after, e.type, d.merchant, d.livemode, m.actor, m.traceparent,
             json_build_object('payment', e.payment, 'provider', d.provider, 'provider_reference', d.provider_reference,
               'amount', e.amount, 'currency', d.currency, 'reason', d.reason, 'status', e.status,
               'evidence_due', extract(epoch FROM d.evidence_due)::bigint)
        FROM (:told) AS e JOIN disputed d ON d.id = e.dispute JOIN moved m ON m.id = d.payment_id
       ORDER BY d.id, e.after DESC
      RETURNING position
    ), counted AS (
      INSERT INTO work AS w (writer, rested, settled, events)
      SELECT :writer, coalesce(sum(m.rested), 0), coalesce(sum(m.settles), 0),
             (SELECT count(*) FROM event) + (SELECT count(*) FROM told)
        FROM moved m
      ON CONFLICT (writer) DO UPDATE
        SET rested = w.rested + excluded.rested, settled = w.settled + excluded.settled,
            events = w.events + excluded.events
    )
    SELECT id FROM moved"""
      .replace(":moves", MOVES.select()).replace(":payments", MOVES.array("id"))
      .replace(":events", EVENTS.select()).replace(":subjects", EVENTS.array("subject"))
      .replace(":waits", UnresolvedPayments.NOTE_PROCESSING)
      .replace(":posted", Postings.insert(LINES, "event")).replace(":calls", CALLS.select())
      .replace(":steps", STEPS.select()).replace(":names", NAMES.select())
      .replace(":disputes", DISPUTES.select()).replace(":told", OF_DISPUTES.select())
      .replace(":writer", WRITER.sql());

  private AppendStatement() {}

  /** The statement's parameters. {@code writer} names the work counter. */
  public static Tuple parameters(List<Append> appends, String writer) {
    var rows = new Rows();
    for (Append append : appends) rows.add(append);
    return rows.tuple(writer);
  }

  /** The rows of the statement, table by table. */
  private static final class Rows {
    final List<Move> moves = new ArrayList<>();
    final List<Event> events = new ArrayList<>();
    final List<Postings.Line> lines = new ArrayList<>();
    final List<Call> calls = new ArrayList<>();
    final List<Step> steps = new ArrayList<>();
    final List<Named> names = new ArrayList<>();
    final List<DisputeChange> disputes = new ArrayList<>();
    final List<OfDispute> ofDisputes = new ArrayList<>();

    void add(Append append) {
      var change = new PaymentChange();
      var operations = new LinkedHashMap<UUID, OperationChange>();
      var disputed = new LinkedHashMap<UUID, DisputeChange>();
      String merchant = TypeId.format(TypeId.MERCHANT, append.merchant());
      int version = append.expectedVersion();
      for (PaymentEvent event : append.events()) {
        version++;
        events.add(new Event(append.payment(), version, event));
        change.add(event);
        int number = 0;
        for (Posting posting : PostingRules.postings(event, merchant))
          lines.add(new Postings.Line(append.payment(), version, number++, posting));
        OperationChange operation = OperationChange.of(event);
        if (operation != null) operations.merge(operation.id(), operation, OperationChange::then);
        DisputeChange dispute = DisputeChange.of(append.payment(), event);
        if (dispute != null) disputed.merge(dispute.id(), dispute, DisputeChange::then);
        name(append.payment(), event);
      }
      for (DisputeChange dispute : disputed.values()) add(dispute);
      moves.add(new Move(append, append.to(), change));
      for (var attempt : append.attempts()) calls.add(new Call(append.payment(), attempt));
      for (var operation : operations.values()) steps.add(new Step(append.payment(), operation));
    }

    private void add(DisputeChange dispute) {
      disputes.add(dispute);
      int after = dispute.events().size();
      for (OwnEvent event : dispute.events()) ofDisputes.add(new OfDispute(dispute, --after, event));
    }

    /** A charge's name at its provider; a capture confirms one that has its own already. */
    private void name(UUID payment, PaymentEvent event) {
      if (event instanceof PaymentEvent.NamesCharge n
          && !(event instanceof PaymentEvent.EndsOperation e && e.operation() != null))
        names.add(new Named(payment, n.provider(), n.providerReference()));
    }

    Tuple tuple(String writer) {
      return PARAMETERS.values().with(MOVES, moves).with(EVENTS, events).with(LINES, lines).with(CALLS, calls)
          .with(STEPS, steps).with(NAMES, names).with(DISPUTES, disputes)
          .with(OF_DISPUTES, ofDisputes).with(WRITER, writer).tuple();
    }
  }
}
