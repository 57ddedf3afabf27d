package dev.millrace.journal;

import static dev.millrace.platform.Columns.bool;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static dev.millrace.platform.Columns.uuid;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.Columns;
import dev.millrace.platform.Parameters;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;

/**
 * A payment that is made for a charge of which a provider told under a reference of ours, and that no payment
 * here has: after a restore of an older backup, say. Payments that merchants ask for are made by
 * {@link AcceptWriter}.
 *
 * @param initiated its {@code payment.initiated}, of this amount
 * @param reference our reference of the call that charged
 * @param actor who makes it
 */
public record PaymentForCharge(UUID id, UUID merchant, boolean livemode, long amount, String currency,
    PaymentEvent initiated, UUID reference, String provider, String actor, String traceparent) {

  private static final String REASON = "told by the provider";
  private static final Parameters PARAMETERS = new Parameters();
  private static final Parameters.Rows<PaymentForCharge> PAYMENT = PARAMETERS.rows(Columns.of(
      uuid("id", PaymentForCharge::id),
      uuid("merchant", PaymentForCharge::merchant),
      bool("livemode", PaymentForCharge::livemode),
      int8("amount", PaymentForCharge::amount),
      text("currency", PaymentForCharge::currency),
      text("data", p -> EventJson.write(p.initiated)),
      uuid("attempt", PaymentForCharge::reference),
      text("provider", PaymentForCharge::provider),
      text("actor", PaymentForCharge::actor),
      text("traceparent", PaymentForCharge::traceparent)));
  private static final Parameters.Text WRITER = PARAMETERS.text();

  /** Fails where the reference has a payment by now. */
  private static final String INSERT = """
    WITH n AS (
      SELECT t.* FROM (:payment) AS t
    ), p AS (
      INSERT INTO payment (id, merchant, livemode, version, status, amount, currency)
      SELECT id, merchant, livemode, 1, 'initiated', amount, currency FROM n
    ), j AS (
      :entries
    ), a AS (
      INSERT INTO attempt (reference, payment_id, number, provider, kind, reason)
      SELECT attempt, id, 1, provider, 'charge', ':reason' FROM n
    )
    INSERT INTO work AS w (writer, accepted, events) VALUES (:writer, 1, 1)
    ON CONFLICT (writer) DO UPDATE
      SET accepted = w.accepted + excluded.accepted, events = w.events + excluded.events"""
      .replace(":payment", PAYMENT.select()).replace(":reason", REASON).replace(":writer", WRITER.sql())
      .replace(":entries",
          JournalEntries.insert("n", "1", "'payment.initiated'", "actor", "traceparent", "data"));

  /** Makes it, with the call and {@code payment.initiated}. {@code writer} names the work counter. */
  public Future<Void> insert(Sql sql, String writer) {
    return sql.query(INSERT, PARAMETERS.values().with(PAYMENT, List.of(this)).with(WRITER, writer).tuple())
        .mapEmpty();
  }

  /** The call that charged; the append of the next events gives it its outcome. */
  public Append.Attempt call() {
    return Append.Attempt.charge(reference, 1, provider, REASON);
  }
}
