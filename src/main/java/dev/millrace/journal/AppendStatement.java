package dev.millrace.journal;

import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Confirmed;
import dev.millrace.payment.PaymentEvent.Declined;
import dev.millrace.payment.PaymentEvent.ProviderSubmitted;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The one statement that moves payments: new state, events, the postings that those cause, attempts and work counter
 * of many payments in one transaction. The update of {@code payment} guards each of them: it finds the row only at
 * the expected version, waits for a rival's commit and then looks again, so a handler that runs twice appends once.
 * Returns the payments that moved. At most one {@link Append} a payment in one statement.
 */
public final class AppendStatement {
  public static final String SQL = """
    WITH moved AS (
      UPDATE payment p
         SET version = u.version, status = u.status, updated = now(),
             provider = coalesce(u.provider, p.provider),
             provider_reference = coalesce(u.provider_reference, p.provider_reference),
             amount_charged = coalesce(u.amount_charged, p.amount_charged),
             failure_code = coalesce(u.failure_code, p.failure_code),
             failure_message = coalesce(u.failure_message, p.failure_message),
             settlement = coalesce(u.settlement, p.settlement)
        FROM (SELECT unnest($1::uuid[]) AS id, unnest($2::int4[]) AS expected, unnest($3::int4[]) AS version,
                     unnest($4::text[]) AS status, unnest($5::text[]) AS actor, unnest($6::text[]) AS traceparent,
                     unnest($7::int4[]) AS rested, unnest($8::text[]) AS provider,
                     unnest($9::text[]) AS provider_reference, unnest($10::int8[]) AS amount_charged,
                     unnest($11::text[]) AS failure_code, unnest($12::text[]) AS failure_message,
                     unnest($13::uuid[]) AS settlement) AS u
       WHERE p.id = ANY($1::uuid[]) AND p.id = u.id AND p.version = u.expected
      RETURNING p.id, p.merchant, p.livemode, p.status, u.actor, u.traceparent, u.rested
    ), event AS (
      INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT e.subject, e.version, e.type, m.merchant, m.livemode, m.actor, m.traceparent, e.data::json
        FROM (SELECT unnest($14::uuid[]) AS subject, unnest($15::int4[]) AS version, unnest($16::text[]) AS type,
                     unnest($17::text[]) AS data, generate_subscripts($14::uuid[], 1) AS nr) AS e
        JOIN moved m ON m.id = e.subject
       ORDER BY e.nr
      RETURNING position, subject, version, livemode
    ), posted AS (
      INSERT INTO posting (position, line, livemode, account, currency, amount)
      SELECT ev.position, q.line, ev.livemode, q.account, q.currency, q.amount
        FROM (SELECT unnest($18::uuid[]) AS subject, unnest($19::int4[]) AS version, unnest($20::int4[]) AS line,
                     unnest($21::text[]) AS account, unnest($22::text[]) AS currency, unnest($23::int8[]) AS amount) AS q
        JOIN event ev ON ev.subject = q.subject AND ev.version = q.version
    ), attempted AS (
      INSERT INTO attempt (reference, payment_id, number, provider, finished, outcome, provider_reference, detail)
      SELECT a.reference, a.payment_id, a.number, a.provider, CASE WHEN a.outcome IS NOT NULL THEN clock_timestamp() END,
             a.outcome, a.provider_reference, a.detail
        FROM (SELECT unnest($24::uuid[]) AS reference, unnest($25::uuid[]) AS payment_id, unnest($26::int4[]) AS number,
                     unnest($27::text[]) AS provider, unnest($28::text[]) AS outcome,
                     unnest($29::text[]) AS provider_reference, unnest($30::text[]) AS detail) AS a
        JOIN moved m ON m.id = a.payment_id
      ON CONFLICT (reference) DO UPDATE
        SET finished = excluded.finished, outcome = excluded.outcome,
            provider_reference = excluded.provider_reference, detail = excluded.detail
    ), counted AS (
      INSERT INTO work AS w (writer, rested, settled, events)
      SELECT $31::text, coalesce(sum(m.rested), 0), count(*) FILTER (WHERE m.status = 'settled'),
             (SELECT count(*) FROM event)
        FROM moved m
      ON CONFLICT (writer) DO UPDATE
        SET rested = w.rested + excluded.rested, settled = w.settled + excluded.settled,
            events = w.events + excluded.events
    )
    SELECT id FROM moved""";

  private AppendStatement() {}

  /** The statement's parameters. {@code writer} names the work counter. */
  public static Tuple parameters(List<Append> appends, String writer) {
    var columns = new Columns(appends.size());
    for (int i = 0; i < appends.size(); i++) columns.add(i, appends.get(i));
    return columns.tuple(writer);
  }

  /** The arrays of the statement. Units have fixed length; events, postings and attempts grow. */
  private static final class Columns {
    final UUID[] id;
    final Integer[] expected;
    final Integer[] version;
    final String[] status;
    final String[] actor;
    final String[] traceparent;
    final Integer[] rested;
    final String[] provider;
    final String[] providerReference;
    final Long[] amountCharged;
    final String[] failureCode;
    final String[] failureMessage;
    final UUID[] settlement;
    final List<UUID> eventSubject;
    final List<Integer> eventVersion;
    final List<String> eventType;
    final List<String> eventData;
    final List<UUID> postingSubject = new ArrayList<>();
    final List<Integer> postingVersion = new ArrayList<>();
    final List<Integer> postingLine = new ArrayList<>();
    final List<Posting> postings = new ArrayList<>();
    final List<UUID> attemptPayment = new ArrayList<>();
    final List<Append.Attempt> attempts = new ArrayList<>();

    Columns(int n) {
      id = new UUID[n];
      expected = new Integer[n];
      version = new Integer[n];
      status = new String[n];
      actor = new String[n];
      traceparent = new String[n];
      rested = new Integer[n];
      provider = new String[n];
      providerReference = new String[n];
      amountCharged = new Long[n];
      failureCode = new String[n];
      failureMessage = new String[n];
      settlement = new UUID[n];
      eventSubject = new ArrayList<>(n * 2);
      eventVersion = new ArrayList<>(n * 2);
      eventType = new ArrayList<>(n * 2);
      eventData = new ArrayList<>(n * 2);
    }

    void add(int i, Append append) {
      Status to = append.to();
      id[i] = append.payment();
      expected[i] = append.expectedVersion();
      version[i] = append.version();
      status[i] = to.wire();
      actor[i] = append.actor();
      traceparent[i] = append.traceparent();
      rested[i] = append.rested();
      settlement[i] = append.settlement();
      String merchant = TypeId.format(TypeId.MERCHANT, append.merchant());
      for (int e = 0; e < append.events().size(); e++) {
        addEvent(i, append, append.expectedVersion() + 1 + e, append.events().get(e), merchant);
      }
      if (append.attempt() != null) {
        attemptPayment.add(append.payment());
        attempts.add(append.attempt());
      }
    }

    private void addEvent(int i, Append append, int number, PaymentEvent event, String merchant) {
      eventSubject.add(append.payment());
      eventVersion.add(number);
      eventType.add(event.type().wire());
      eventData.add(EventJson.write(event));
      var lines = PostingRules.postings(event, merchant);
      for (int line = 0; line < lines.size(); line++) {
        postingSubject.add(append.payment());
        postingVersion.add(number);
        postingLine.add(line);
        postings.add(lines.get(line));
      }
      switch (event) {
        case ProviderSubmitted s -> provider[i] = s.provider();
        case Confirmed c -> {
          providerReference[i] = c.providerReference();
          amountCharged[i] = c.amountCharged();
        }
        case Declined d -> {
          providerReference[i] = d.providerReference();
          failureCode[i] = d.code();
          failureMessage[i] = d.message();
        }
        case PaymentEvent.Blocked b -> {
          failureCode[i] = "blocked";
          failureMessage[i] = b.rule() == null
              ? "Blocked after a review."
              : "Blocked by the rule `" + b.rule() + "`.";
        }
        case PaymentEvent.Initiated _, PaymentEvent.Screened _, PaymentEvent.Unknown _,
            PaymentEvent.Settled _ ->
          {
          }
      }
    }

    Tuple tuple(String writer) {
      var t = Tuple.tuple(new ArrayList<>(32));
      t.addValue(id).addValue(expected).addValue(version).addValue(status).addValue(actor)
          .addValue(traceparent)
          .addValue(rested).addValue(provider).addValue(providerReference).addValue(amountCharged)
          .addValue(failureCode).addValue(failureMessage).addValue(settlement);
      t.addValue(eventSubject.toArray(new UUID[0])).addValue(eventVersion.toArray(new Integer[0]))
          .addValue(eventType.toArray(new String[0])).addValue(eventData.toArray(new String[0]));
      t.addValue(postingSubject.toArray(new UUID[0])).addValue(postingVersion.toArray(new Integer[0]))
          .addValue(postingLine.toArray(new Integer[0]))
          .addValue(postings.stream().map(Posting::account).toArray(String[]::new))
          .addValue(postings.stream().map(Posting::currency).toArray(String[]::new))
          .addValue(postings.stream().map(Posting::amount).toArray(Long[]::new));
      t.addValue(attempts.stream().map(Append.Attempt::reference).toArray(UUID[]::new))
          .addValue(attemptPayment.toArray(new UUID[0]))
          .addValue(attempts.stream().map(Append.Attempt::number).toArray(Integer[]::new))
          .addValue(attempts.stream().map(Append.Attempt::provider).toArray(String[]::new))
          .addValue(attempts.stream().map(Append.Attempt::outcome).toArray(String[]::new))
          .addValue(attempts.stream().map(Append.Attempt::providerReference).toArray(String[]::new))
          .addValue(attempts.stream().map(Append.Attempt::detail).toArray(String[]::new));
      return t.addValue(writer);
    }
  }
}
