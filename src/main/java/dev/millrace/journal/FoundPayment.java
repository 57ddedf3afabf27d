package dev.millrace.journal;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.UUID;

/**
 * A payment for a charge that was found at a provider under a reference of ours, and that no payment here
 * has: after a restore of an older backup, say. Payments that merchants ask for are made by
 * {@link AcceptWriter}.
 *
 * @param initiated its {@code payment.initiated}, of this amount
 * @param reference our reference of the call
 * @param actor who found it
 */
public record FoundPayment(UUID id, UUID merchant, boolean livemode, long amount, String currency,
    PaymentEvent initiated, UUID reference, String provider, String actor, String traceparent) {

  /** Fails where the reference has a payment by now. */
  private static final String INSERT = """
    WITH n AS (
      SELECT $1::uuid AS id, $2::uuid AS merchant, $3::bool AS livemode
    ), p AS (
      INSERT INTO payment (id, merchant, livemode, version, status, amount, currency)
      SELECT id, merchant, livemode, 1, 'initiated', $4::bigint, $5::text FROM n
    ), j AS (
      :entries
    ), a AS (
      INSERT INTO attempt (reference, payment_id, number, provider, kind, reason)
      SELECT $9::uuid, id, 1, $10::text, 'charge', 'found at the provider' FROM n
    )
    INSERT INTO work AS w (writer, accepted, events) VALUES ($11::text, 1, 1)
    ON CONFLICT (writer) DO UPDATE
      SET accepted = w.accepted + excluded.accepted, events = w.events + excluded.events"""
      .replace(":entries",
          JournalEntries.insert("n", "1", "'payment.initiated'", "$6::text", "$7::text", "$8::text"));

  /** Makes it, with the call and {@code payment.initiated}. {@code writer} names the work counter. */
  public Future<Void> insert(Sql sql, String writer) {
    return sql.query(INSERT,
        Tuple.tuple().addValue(id).addValue(merchant).addValue(livemode).addValue(amount)
            .addValue(currency).addValue(actor).addValue(traceparent).addValue(EventJson.write(initiated))
            .addValue(reference).addValue(provider).addValue(writer))
        .mapEmpty();
  }

  /** The call, as an append ends it. */
  public Append.Attempt call() {
    return Append.Attempt.charge(reference, 1, provider, "found at the provider");
  }
}
