package dev.millrace.journal;

import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The one statement that moves payments: new state, events, the postings that those cause, operations, attempts and
 * work counter of many payments in one transaction. The update of {@code payment} guards each of them: it finds the row
 * only at the expected version, waits for a rival's commit and then looks again, so a handler that runs twice appends
 * once. Returns the payments that moved. At most one {@link Append} a payment in one statement.
 *
 * <p>The journal is followed in the order of (xid, position). A transaction that was given its xid early, by a lock or by
 * another row, must not append to a payment that a younger one has moved since: its events would stand before those that
 * they follow. It finds no such payment ({@code age(xmin)} is negative); its caller begins a new transaction.
 */
public final class AppendStatement {
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
             expires = CASE WHEN u.status IN ('requires_action', 'authorized') THEN coalesce(u.expires, p.expires) END,
             action_url = CASE WHEN u.status = 'requires_action' THEN coalesce(u.action_url, p.action_url) END,
             failure_code = coalesce(u.failure_code, p.failure_code),
             failure_message = coalesce(u.failure_message, p.failure_message),
             settlement = coalesce(p.settlement, u.settlement)
        FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::int4[]) AS expected, unnest($3::int4[]) AS version,
                     unnest($4::text[]) AS status, unnest($5::text[]) AS actor,
                     unnest($6::text[]) AS traceparent, unnest($7::int4[]) AS rested,
                     unnest($8::int4[]) AS settles, unnest($9::text[]) AS provider,
                     unnest($10::text[]) AS provider_reference, unnest($11::int8[]) AS amount_authorized,
                     unnest($12::int8[]) AS amount_charged, unnest($13::int8[]) AS amount_captured,
                     unnest($14::int8[]) AS amount_refunded, unnest($15::timestamptz[]) AS expires,
                     unnest($16::text[]) AS action_url, unnest($17::text[]) AS failure_code,
                     unnest($18::text[]) AS failure_message, unnest($19::uuid[]) AS settlement) AS u
       WHERE p.id = ANY($1::uuid[]) AND p.id = u.id AND p.version = u.expected AND age(p.xmin) >= 0
      RETURNING p.id, p.merchant, p.livemode, u.actor, u.traceparent, u.rested, u.settles
    ), event AS (
      INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT e.subject, e.version, e.type, m.merchant, m.livemode, m.actor, m.traceparent, e.data::json
        FROM (SELECT unnest($20::uuid[]) AS subject, unnest($21::int4[]) AS version,
                     unnest($22::text[]) AS type, unnest($23::text[]) AS data, generate_subscripts($20::uuid[], 1) AS nr) AS e
        JOIN moved m ON m.id = e.subject
       ORDER BY e.nr
      RETURNING position, subject, version, livemode
    ), posted AS (
      INSERT INTO posting (position, line, livemode, account, currency, amount, memo)
      SELECT ev.position, q.line, ev.livemode, q.account, q.currency, q.amount, q.memo
        FROM (SELECT unnest($24::uuid[]) AS subject, unnest($25::int4[]) AS version,
                     unnest($26::int4[]) AS line, unnest($27::text[]) AS account,
                     unnest($28::text[]) AS currency, unnest($29::int8[]) AS amount,
                     unnest($30::text[]) AS memo) AS q
        JOIN event ev ON ev.subject = q.subject AND ev.version = q.version
    ), attempted AS (
      INSERT INTO attempt (reference, payment_id, number, provider, kind, operation, reason, finished, outcome,
                           provider_reference, detail)
      SELECT a.reference, a.payment_id, a.number, a.provider, a.kind, a.operation, a.reason,
             CASE WHEN a.outcome IS NOT NULL THEN clock_timestamp() END, a.outcome, a.provider_reference, a.detail
        FROM (SELECT unnest($31::uuid[]) AS reference, unnest($32::uuid[]) AS payment_id,
                     unnest($33::int4[]) AS number, unnest($34::text[]) AS provider,
                     unnest($35::text[]) AS kind, unnest($36::uuid[]) AS operation,
                     unnest($37::text[]) AS reason, unnest($38::text[]) AS outcome,
                     unnest($39::text[]) AS provider_reference, unnest($40::text[]) AS detail) AS a
        JOIN moved m ON m.id = a.payment_id
      ON CONFLICT (reference) DO UPDATE
        SET finished = excluded.finished, outcome = excluded.outcome,
            provider_reference = excluded.provider_reference, detail = excluded.detail
    ), operated AS (
      INSERT INTO operation AS o (id, payment_id, kind, status, amount, reason, attempt, provider_reference,
                                  failure_code, failure_message)
      SELECT c.id, c.payment_id, c.kind, c.status, c.amount, c.reason, c.attempt, c.provider_reference, c.failure_code,
             c.failure_message
        FROM (SELECT unnest($41::uuid[]) AS id, unnest($42::uuid[]) AS payment_id,
                     unnest($43::text[]) AS kind, unnest($44::text[]) AS status,
                     unnest($45::int8[]) AS amount, unnest($46::text[]) AS reason,
                     unnest($47::uuid[]) AS attempt, unnest($48::text[]) AS provider_reference,
                     unnest($49::text[]) AS failure_code, unnest($50::text[]) AS failure_message) AS c
        JOIN moved m ON m.id = c.payment_id
      ON CONFLICT (id) DO UPDATE
        SET status = excluded.status, updated = now(), attempt = coalesce(excluded.attempt, o.attempt),
            provider_reference = coalesce(excluded.provider_reference, o.provider_reference),
            failure_code = excluded.failure_code, failure_message = excluded.failure_message
    ), named AS (
      INSERT INTO provider_object (provider, reference, payment_id)
      SELECT n.provider, n.reference, n.payment_id FROM (SELECT unnest($51::text[]) AS provider, unnest($52::text[]) AS reference,
                     unnest($53::uuid[]) AS payment_id) AS n JOIN moved m ON m.id = n.payment_id
      ON CONFLICT DO NOTHING
    ), counted AS (
      INSERT INTO work AS w (writer, rested, settled, events)
      SELECT $54::text, coalesce(sum(m.rested), 0), coalesce(sum(m.settles), 0), (SELECT count(*) FROM event)
        FROM moved m
      ON CONFLICT (writer) DO UPDATE
        SET rested = w.rested + excluded.rested, settled = w.settled + excluded.settled,
            events = w.events + excluded.events
    )
    SELECT id FROM moved""";

  private AppendStatement() {}

  /** The statement's parameters. {@code writer} names the work counter. */
  public static Tuple parameters(List<Append> appends, String writer) {
    var rows = new Rows();
    for (Append append : appends) rows.add(append);
    return rows.tuple(writer);
  }

  private record Move(Append append, Status to, PaymentChange change) {
    /** What it adds to the number of payments at rest: -1, 0 or 1. */
    int rested() {
      return (to.atRest() ? 1 : 0) - (append.from().atRest() ? 1 : 0);
    }
  }

  private record Event(UUID payment, int version, PaymentEvent event) {}

  private record Line(UUID payment, int version, int number, Posting posting) {}

  private record Call(UUID payment, Append.Attempt attempt) {}

  private record Step(UUID payment, OperationChange change) {}

  private record Named(UUID payment, String provider, String reference) {}

  /** The rows of the statement, table by table. */
  private static final class Rows {
    final List<Move> moves = new ArrayList<>();
    final List<Event> events = new ArrayList<>();
    final List<Line> lines = new ArrayList<>();
    final List<Call> calls = new ArrayList<>();
    final List<Step> steps = new ArrayList<>();
    final List<Named> names = new ArrayList<>();

    void add(Append append) {
      var change = new PaymentChange();
      var operations = new LinkedHashMap<UUID, OperationChange>();
      String merchant = TypeId.format(TypeId.MERCHANT, append.merchant());
      int version = append.expectedVersion();
      for (PaymentEvent event : append.events()) {
        version++;
        events.add(new Event(append.payment(), version, event));
        change.add(event);
        int number = 0;
        for (Posting posting : PostingRules.postings(event, merchant))
          lines.add(new Line(append.payment(), version, number++, posting));
        OperationChange operation = OperationChange.of(event);
        if (operation != null) operations.merge(operation.id(), operation, OperationChange::then);
        name(append.payment(), event);
      }
      moves.add(new Move(append, append.to(), change));
      for (var attempt : append.attempts()) calls.add(new Call(append.payment(), attempt));
      for (var operation : operations.values()) steps.add(new Step(append.payment(), operation));
    }

    /** A payment's name at its provider, when it is first heard. */
    private void name(UUID payment, PaymentEvent event) {
      if (event instanceof PaymentEvent.Authorized a)
        names.add(new Named(payment, a.provider(), a.providerReference()));
      if (event instanceof PaymentEvent.RequiresAction a)
        names.add(new Named(payment, a.provider(), a.providerReference()));
      if (event instanceof PaymentEvent.Confirmed c && c.operation() == null)
        names.add(new Named(payment, c.provider(), c.providerReference()));
    }

    Tuple tuple(String writer) {
      var t = Tuple.tuple(new ArrayList<>(64));
      t.addValue(column(moves, UUID[]::new, m -> m.append.payment()));
      t.addValue(column(moves, Integer[]::new, m -> m.append.expectedVersion()));
      t.addValue(column(moves, Integer[]::new, m -> m.append.version()));
      t.addValue(column(moves, String[]::new, m -> m.to.wire()));
      t.addValue(column(moves, String[]::new, m -> m.append.actor()));
      t.addValue(column(moves, String[]::new, m -> m.append.traceparent()));
      t.addValue(column(moves, Integer[]::new, Move::rested));
      t.addValue(column(moves, Integer[]::new, m -> settles(m.append)));
      t.addValue(column(moves, String[]::new, m -> m.change.provider));
      t.addValue(column(moves, String[]::new, m -> m.change.providerReference));
      t.addValue(column(moves, Long[]::new, m -> m.change.amountAuthorized));
      t.addValue(column(moves, Long[]::new, m -> m.change.amountCharged));
      t.addValue(column(moves, Long[]::new, m -> m.change.amountCaptured));
      t.addValue(column(moves, Long[]::new, m -> m.change.amountRefunded));
      t.addValue(column(moves, OffsetDateTime[]::new, m -> time(m.change.expires)));
      t.addValue(column(moves, String[]::new, m -> m.change.actionUrl));
      t.addValue(column(moves, String[]::new, m -> m.change.failureCode));
      t.addValue(column(moves, String[]::new, m -> m.change.failureMessage));
      t.addValue(column(moves, UUID[]::new,
          m -> m.append.netted() == null ? null : m.append.netted().settlement()));
      t.addValue(column(events, UUID[]::new, Event::payment));
      t.addValue(column(events, Integer[]::new, Event::version));
      t.addValue(column(events, String[]::new, e -> e.event.type().wire()));
      t.addValue(column(events, String[]::new, e -> EventJson.write(e.event)));
      t.addValue(column(lines, UUID[]::new, Line::payment));
      t.addValue(column(lines, Integer[]::new, Line::version));
      t.addValue(column(lines, Integer[]::new, Line::number));
      t.addValue(column(lines, String[]::new, l -> l.posting.account()));
      t.addValue(column(lines, String[]::new, l -> l.posting.currency()));
      t.addValue(column(lines, Long[]::new, l -> l.posting.amount()));
      t.addValue(column(lines, String[]::new, l -> l.posting.memo()));
      t.addValue(column(calls, UUID[]::new, c -> c.attempt.reference()));
      t.addValue(column(calls, UUID[]::new, Call::payment));
      t.addValue(column(calls, Integer[]::new, c -> c.attempt.number()));
      t.addValue(column(calls, String[]::new, c -> c.attempt.provider()));
      t.addValue(column(calls, String[]::new, c -> c.attempt.kind()));
      t.addValue(column(calls, UUID[]::new, c -> c.attempt.operation()));
      t.addValue(column(calls, String[]::new, c -> c.attempt.reason()));
      t.addValue(column(calls, String[]::new, c -> c.attempt.outcome()));
      t.addValue(column(calls, String[]::new, c -> c.attempt.providerReference()));
      t.addValue(column(calls, String[]::new, c -> c.attempt.detail()));
      t.addValue(column(steps, UUID[]::new, s -> s.change.id()));
      t.addValue(column(steps, UUID[]::new, Step::payment));
      t.addValue(column(steps, String[]::new, s -> s.change.kind().wire()));
      t.addValue(column(steps, String[]::new, s -> s.change.state().wire()));
      t.addValue(column(steps, Long[]::new, s -> s.change.amount()));
      t.addValue(column(steps, String[]::new, s -> s.change.reason()));
      t.addValue(column(steps, UUID[]::new, s -> s.change.attempt()));
      t.addValue(column(steps, String[]::new, s -> s.change.providerReference()));
      t.addValue(column(steps, String[]::new, s -> s.change.failureCode()));
      t.addValue(column(steps, String[]::new, s -> s.change.failureMessage()));
      t.addValue(column(names, String[]::new, Named::provider));
      t.addValue(column(names, String[]::new, Named::reference));
      t.addValue(column(names, UUID[]::new, Named::payment));
      return t.addValue(writer);
    }

    private static int settles(Append append) {
      return append.netted() != null && append.netted().first() ? 1 : 0;
    }

    private static @Nullable OffsetDateTime time(@Nullable Long seconds) {
      return seconds == null ? null : Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC);
    }

    /** One field of every row. */
    private static <R, T> @Nullable T[] column(List<R> rows, IntFunction<@Nullable T[]> array,
        Function<R, @Nullable T> of) {
      @Nullable
      T[] column = array.apply(rows.size());
      for (int i = 0; i < column.length; i++) column[i] = of.apply(rows.get(i));
      return column;
    }
  }
}
