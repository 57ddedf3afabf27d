package dev.millrace.chaos;

import dev.millrace.chaos.Invariants.Rule;
import dev.millrace.endtoend.SiteSql;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** What breaks each rule in the database, as its owner: all of it is put right again afterwards. */
final class TableViolations {
  private final Site site;
  private final String settled;
  private final List<Violation> all = new ArrayList<>();

  private TableViolations(Site site, String settled) {
    this.site = site;
    this.settled = settled;
  }

  /** {@code settled}: a payment of which nothing more was asked. */
  static List<Violation> of(Site site, String settled) {
    var violations = new TableViolations(site, settled);
    violations.answers();
    violations.lives();
    violations.rest();
    violations.postings();
    violations.calls();
    violations.consumers();
    violations.secrets();
    return violations.all;
  }

  /** {@code $settled} in its SQL stands for the settled payment. */
  private void violation(String name, Rule rule, String breaks, String mends, String... says) {
    all.add(new Violation(name, rule, () -> sql(breaks), () -> sql(mends), List.of(says)));
  }

  private void sql(String sql) {
    SiteSql.run(site, sql.replace("$settled", "'" + settled + "'"));
  }

  private void answers() {
    violation("a payment nobody asked for", Rule.I1,
        """
          INSERT INTO payment (id, merchant, livemode, version, status, amount, currency, reference)
          SELECT gen_random_uuid(), merchant, livemode, 1, 'declined', 1, 'usd', 'planted' FROM payment WHERE id = $settled""",
        "DELETE FROM payment WHERE reference = 'planted'", "made, by what was accepted");
    violation("a key for nothing", Rule.I1,
        """
          INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, resource, status)
          SELECT gen_random_uuid(), merchant, livemode, 'chaos-planted-2', '', $settled, 202 FROM payment WHERE id = $settled""",
        "DELETE FROM idempotency_key WHERE key = 'chaos-planted-2'", "keys that were kept");
    violation("a webhook not kept", Rule.I1, """
      UPDATE provider_event SET event_id = 'planted_' || event_id
       WHERE event_id = (SELECT min(event_id) FROM provider_event WHERE event_id LIKE 'evt\\_chaos%')""",
        "UPDATE provider_event SET event_id = substr(event_id, 9) WHERE event_id LIKE 'planted\\_%'",
        "webhooks kept, by those that were taken");
  }

  /** An event that no reader of the journal will come to any more, after the last. */
  private static String append(String type) {
    return """
      INSERT INTO journal (xid, subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT '3', id, version + 1, '%s', merchant, livemode, 'planted', '', '{}' FROM payment WHERE id = $settled;
      UPDATE payment SET version = version + 1 WHERE id = $settled"""
        .formatted(type);
  }

  private static final String UNAPPENDED = """
    DELETE FROM journal WHERE actor = 'planted'; UPDATE payment SET version = version - 1 WHERE id = $settled""";

  private void lives() {
    violation("a gap", Rule.I6,
        "UPDATE journal SET version = version + 100 WHERE subject = $settled AND type = 'payment.settled'",
        "UPDATE journal SET version = version - 100 WHERE subject = $settled AND type = 'payment.settled'",
        "payments whose versions have gaps");
    violation("a wrong settlement", Rule.I6,
        "UPDATE settlement SET amount = amount + 1 WHERE id = (SELECT settlement FROM payment WHERE id = $settled)",
        "UPDATE settlement SET amount = amount - 1 WHERE id = (SELECT settlement FROM payment WHERE id = $settled)",
        "settlements that differ from their payments");
    violation("settled twice", Rule.I6, append("payment.settled"), UNAPPENDED,
        "payments confirmed or settled twice");
    violation("unknown again after it was settled", Rule.I6, append("payment.unknown"), UNAPPENDED,
        "steps that go backwards", "payment.settled -> payment.unknown");
    violation("charged, and declined after it was unknown", Rule.I6, """
      UPDATE journal SET type = 'payment.unknown' WHERE subject = $settled AND type = 'payment.screened';
      UPDATE journal SET type = 'payment.declined' WHERE subject = $settled AND type = 'payment.confirmed'""",
        """
          UPDATE journal SET type = 'payment.screened' WHERE subject = $settled AND type = 'payment.unknown';
          UPDATE journal SET type = 'payment.confirmed' WHERE subject = $settled AND type = 'payment.declined'""",
        "declined, and its call", "payment.declined, and by the book it is not");
  }

  /**
   * Moves money between accounts of nobody, or back: what was rolled up already must be undone by its
   * opposite.
   */
  private static String shift(int amount) {
    return """
      INSERT INTO posting (position, line, livemode, account, currency, amount)
      VALUES (-1, 0, false, 'provider_receivable:planted', 'usd', %1$d), (-1, 1, false, 'fees', 'usd', -%1$d)"""
        .formatted(amount).replace("--", "");
  }

  private void rest() {
    violation("work that the counters do not know of", Rule.I7,
        """
          UPDATE payment SET status = 'unknown', failure_code = 'planted' WHERE id = $settled;
          UPDATE operation SET status = 'submitted', failure_code = 'planted'
           WHERE id = (SELECT id FROM operation WHERE status = 'succeeded' LIMIT 1);
          UPDATE webhook_delivery SET status = 'held' WHERE id = (SELECT id FROM webhook_delivery LIMIT 1);
          UPDATE provider_event_result SET position = -position
           WHERE (xid, position) = (SELECT xid, position FROM provider_event_result ORDER BY xid, position LIMIT 1);"""
            + shift(1),
        """
          UPDATE payment SET status = 'settled', failure_code = NULL WHERE failure_code = 'planted';
          UPDATE operation SET status = 'succeeded', failure_code = NULL WHERE failure_code = 'planted';
          UPDATE webhook_delivery SET status = 'delivered' WHERE status = 'held';
          UPDATE provider_event_result SET position = -position WHERE position < 0;""" + shift(-1),
        "payments unknown=1", "operations submitted=1", "webhooks not delivered=1",
        "webhooks of providers not worked off=1", "accounts not cleared=1");
  }

  private void postings() {
    violation("a payment unlike its journal", Rule.I3,
        "UPDATE payment SET failure_code = 'planted' WHERE id = $settled",
        "UPDATE payment SET failure_code = NULL WHERE id = $settled", "rebuild: ");
    String balance = " WHERE account = (SELECT min(account) FROM balance WHERE account LIKE 'fee%' OR account LIKE 'merchant\\_available:%')";
    violation("a wrong balance", Rule.I3, "UPDATE balance SET amount = amount + 1" + balance,
        "UPDATE balance SET amount = amount - 1" + balance, "balances that differ from their postings");
    violation("a clearing account that is not empty", Rule.I3, shift(1), shift(-1), "clearing account");
    String first = " WHERE (xid, position, line) = (SELECT xid, position, line FROM posting"
        + " WHERE position > 0 ORDER BY xid, position, line LIMIT 1)";
    violation("a changed posting", Rule.I3, "UPDATE posting SET amount = amount + 1" + first,
        "UPDATE posting SET amount = amount - 1" + first, "positions out of balance");
  }

  private void calls() {
    violation("another amount than was charged", Rule.I2,
        "UPDATE payment SET amount_charged = amount_charged + 1 WHERE id = $settled",
        "UPDATE payment SET amount_charged = amount_charged - 1 WHERE id = $settled",
        "charged by the book, settled by the gateway");
    String charge = """
      WHERE (xid, position, line) = (SELECT xid, position, line FROM posting
        WHERE account LIKE 'provider\\_receivable:%' AND position > 0 AND amount > 0 ORDER BY xid, position LIMIT 1)""";
    violation("another amount in the ledger", Rule.I2, "UPDATE posting SET amount = amount + 1 " + charge,
        "UPDATE posting SET amount = amount - 1 " + charge, "by the ledger's payment.confirmed");
    violation("refunded of another payment", Rule.I2, """
      UPDATE attempt SET payment_id = $settled, reason = 'planted' WHERE reference =
        (SELECT attempt FROM operation WHERE kind = 'refund' AND status = 'succeeded' ORDER BY id LIMIT 1)""",
        """
          UPDATE attempt a SET payment_id = o.payment_id, reason = NULL FROM operation o
           WHERE o.id = a.operation AND a.reason = 'planted'""", "was carried out as a refund of payment");
    violation("failed, and carried out", Rule.I2, """
      UPDATE operation SET status = 'failed', failure_code = 'planted'
       WHERE id = (SELECT id FROM operation WHERE status = 'succeeded' ORDER BY id LIMIT 1)""",
        "UPDATE operation SET status = 'succeeded', failure_code = NULL WHERE failure_code = 'planted'",
        "failed and was carried out 1 times");
    violation("succeeded, and carried out by nobody", Rule.I2, """
      INSERT INTO operation (id, payment_id, kind, status, amount, reason)
      VALUES (gen_random_uuid(), $settled, 'refund', 'succeeded', 1, 'planted')""",
        "DELETE FROM operation WHERE reason = 'planted'", "succeeded and was carried out 0 times");
    violation("refunded here alone", Rule.I2, "UPDATE payment SET amount_refunded = 7 WHERE id = $settled",
        "UPDATE payment SET amount_refunded = NULL WHERE id = $settled",
        "7 by the gateway, null by the book");
    violation("authorized here alone", Rule.I2,
        "UPDATE payment SET status = 'authorized', amount_authorized = 7 WHERE id = $settled",
        "UPDATE payment SET status = 'settled', amount_authorized = NULL WHERE id = $settled",
        "stands authorized, 7, and the book says");
  }

  private void consumers() {
    violation("an event that only the journal has", Rule.I5, append("payment.settled"), UNAPPENDED,
        "in Kafka only", "events, by the work counters", "events that arrived at the merchant");
    String counter = " WHERE writer = (SELECT min(writer) FROM work)";
    violation("a payment counted twice", Rule.I5, "UPDATE work SET accepted = accepted + 1" + counter,
        "UPDATE work SET accepted = accepted - 1" + counter, "payments accepted, by the work counters");
    violation("a settlement counted twice", Rule.I5, "UPDATE work SET settled = settled + 1" + counter,
        "UPDATE work SET settled = settled - 1" + counter, "payments settled, by the work counters");
    violation("a movement passed twice", Rule.I5,
        "UPDATE journal_cursor SET passed = passed + 1 WHERE name = 'settlement'",
        "UPDATE journal_cursor SET passed = passed - 1 WHERE name = 'settlement'",
        "movements that passed the settlement's cursor");
    violation("a webhook noted as dead", Rule.I5,
        "UPDATE webhook_delivery SET status = 'dead' WHERE id = (SELECT id FROM webhook_delivery LIMIT 1)",
        "UPDATE webhook_delivery SET status = 'delivered' WHERE status = 'dead'",
        "what is noted of the deliveries");
  }

  private void secrets() {
    violation("a secret in a table", Rule.I8, """
      UPDATE attempt SET detail = '%s' WHERE payment_id = $settled;
      UPDATE webhook_attempt SET response = '%s'
       WHERE (delivery, number) = (SELECT delivery, number FROM webhook_attempt LIMIT 1)"""
        .formatted(Deployment.PROVIDER_KEY, Driver.CARD),
        "UPDATE attempt SET detail = NULL WHERE payment_id = $settled; UPDATE webhook_attempt SET response = NULL",
        Deployment.PROVIDER_KEY + " in the table attempt",
        HexFormat.of().formatHex(Driver.CARD.getBytes(StandardCharsets.US_ASCII))
            + " in the table webhook_attempt");
    violation("a merchant's secret where it is not kept", Rule.I8,
        "UPDATE webhook_delivery SET last_error = (SELECT secret FROM webhook_endpoint LIMIT 1)"
            + " WHERE id = (SELECT id FROM webhook_delivery LIMIT 1)",
        "UPDATE webhook_delivery SET last_error = NULL", " in the table webhook_delivery");
  }

}
