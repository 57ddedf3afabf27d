package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Compares, from outside and at rest, payments, ledger, settlement and journal with the simulator's book. */
public final class BookAudit {
  /**
   * What moved at providers by what the ledger says: captured, refunded, charged back and returned, by
   * currency.
   */
  private static final String LEDGER = """
    SELECT p.currency, sum(abs(p.amount))::bigint FROM posting p JOIN journal j USING (xid, position)
     WHERE j.type = '%s' AND p.account LIKE 'provider\\_receivable:%%' AND p.memo IS NULL GROUP BY 1""";
  private static final String MOVEMENTS = """
    type IN ('payment.confirmed', 'payment.refunded', 'payment.returned', 'payment.disputed', 'payment.dispute_won',
             'payment.charged_back')""";
  private static final String UNBALANCED = """
    SELECT count(*) FROM (SELECT FROM posting GROUP BY xid, position, currency HAVING sum(amount) <> 0) u""";
  /** Versions are 1, 2, … without a gap, and the payment stands at the last. */
  private static final String GAPS = """
    SELECT count(*) FROM payment p JOIN LATERAL
      (SELECT count(*) n, max(version) last FROM journal WHERE subject = p.id) j ON true
     WHERE p.version <> j.n OR p.version <> j.last""";
  /** What was netted is what moved, per merchant, currency and provider. */
  private static final String WRONG_BATCHES = """
    SELECT count(*) FROM (SELECT merchant, currency, provider, sum(amount) AS share, sum(amount_charged) AS owed
                            FROM settlement GROUP BY 1, 2, 3) s
      FULL JOIN (SELECT j.merchant, p.currency, y.provider,
                        coalesce(-sum(p.amount) FILTER (WHERE p.account LIKE 'merchant\\_pending:%%'), 0) AS share,
                        coalesce(sum(p.amount) FILTER (WHERE p.account LIKE 'provider\\_receivable:%%'), 0) AS owed
                   FROM posting p JOIN journal j USING (xid, position) JOIN payment y ON y.id = j.subject
                  WHERE j.%s GROUP BY 1, 2, 3) m USING (merchant, currency, provider)
     WHERE s.share IS DISTINCT FROM m.share OR s.owed IS DISTINCT FROM m.owed"""
      .formatted(MOVEMENTS);
  private static final String SETTLED_TWICE = """
    SELECT count(*) FROM (SELECT FROM journal WHERE type = 'payment.confirmed'
         OR type = 'payment.settled' AND data ->> 'status' IS NULL
      GROUP BY subject, type HAVING count(*) > 1) t""";

  private BookAudit() {}

  public static JsonObject work(GatewayProcess ops) { return Http.get(ops.opsUrl() + "/ops/work").json(); }

  /** Waits until every payment is at rest and every event is published. */
  public static void awaitRest(Site site, GatewayProcess ops, Duration bound) {
    try {
      Await.until(bound, "every payment is at rest", () -> {
        var answer = Http.get(ops.opsUrl() + "/ops/work");
        return answer.status() == 200 && answer.json().getLong("open") == 0
            && answer.json().getLong("published").equals(answer.json().getLong("journal"));
      });
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "; " + work(ops) + "; payments " + SiteSql.statuses(site)
          + "; dead letters " + SiteSql.rows(site, "SELECT payment_id, error FROM dead_letter LIMIT 5"), e);
    }
  }

  /** Everything agrees to the cent. Call it at rest. */
  static void assertConsistent(Site site, GatewayProcess ops) {
    assertMovedAsBooked(site);
    assertBalanced(site, ops);
    assertOnceAndInOrder(site);
    assertCounters(site, ops);
  }

  /** What the ledger says was moved at providers is what their book says, payment by payment and in sum. */
  public static void assertMovedAsBooked(Site site) {
    var book = SimulatorBook.of(site);
    assertThat(chargedByPayment(site, book)).as("charged by the book, settled by the gateway")
        .isEqualTo(SiteSql.numbers(site,
            "SELECT id::text, amount_charged FROM payment WHERE amount_charged IS NOT NULL"));
    assertMoved(site, "payment.confirmed", book.sum(SimulatorBook.Entry::captured));
    assertMoved(site, "payment.refunded", book.sum(SimulatorBook.Entry::refunded));
    assertMoved(site, "payment.returned", book.sum(SimulatorBook.Entry::returned));
    assertMoved(site, "payment.charged_back", book.sum(SimulatorBook.Entry::withdrawn));
    assertThat(SimulatorBook.summary(site).getInteger("duplicate_references"))
        .as("references that moved money twice")
        .isZero();
  }

  /** Debits equal credits in every transaction, and clearing accounts are empty. */
  public static void assertBalanced(Site site, GatewayProcess ops) {
    assertThat(site.number(UNBALANCED)).as("positions out of balance").isZero();
    assertTrialBalance(ops);
  }

  /** Payments have one event a version, and are confirmed and netted once. */
  public static void assertOnceAndInOrder(Site site) {
    assertThat(site.number(GAPS)).as("payments whose versions have gaps").isZero();
    assertThat(site.number(WRONG_BATCHES)).as("settlements that differ from their payments").isZero();
    assertThat(site.number(SETTLED_TWICE)).as("payments confirmed or settled twice").isZero();
  }

  /** Amounts by payment; fails for a reference without an attempt, or a second charge of a payment. */
  private static Map<String, Long> chargedByPayment(Site site, SimulatorBook book) {
    var payments = SiteSql.texts(site, "SELECT reference::text, payment_id::text FROM attempt");
    var charged = new TreeMap<String, Long>();
    for (var entry : book.charged()) {
      var reference = Objects.requireNonNull(TypeId.parse(TypeId.ATTEMPT, entry.reference()));
      String payment = payments.get(reference.toString());
      assertThat(payment).as("the payment of " + entry).isNotNull();
      assertThat(charged.put(payment, entry.captured())).as("an earlier charge of payment " + payment)
          .isNull();
    }
    return charged;
  }

  private static void assertMoved(Site site, String event, Map<String, Long> inTheBook) {
    assertThat(SiteSql.numbers(site, LEDGER.formatted(event))).as("by the ledger's %s, by the book", event)
        .isEqualTo(inTheBook);
  }

  private static void assertTrialBalance(GatewayProcess ops) {
    var balance = Http.get(ops.opsUrl() + "/ops/trial-balance").json();
    assertThat(balance.getBoolean("balanced")).as(balance.encode()).isTrue();
    for (Object each : balance.getJsonArray("accounts")) {
      var account = (JsonObject) each;
      String name = account.getString("account");
      if (name.startsWith("provider_receivable:") || name.startsWith("merchant_pending:")
          || name.startsWith("disputes:")) {
        assertThat(account.getLong("debit") - account.getLong("credit")).as("clearing account " + name)
            .isZero();
      }
    }
  }

  /** The counters that every writer keeps add up to what stands in the tables. */
  public static void assertCounters(Site site, GatewayProcess ops) {
    var work = work(ops);
    assertThat(work.getLong("accepted")).as("payments accepted, by the work counters")
        .isEqualTo(site.number("SELECT count(*) FROM payment"));
    assertThat(work.getLong("settled")).as("payments settled, by the work counters")
        .isEqualTo(site.number("SELECT count(*) FROM payment WHERE settlement IS NOT NULL"));
    long events = site.number("SELECT count(*) FROM journal");
    assertThat(work.getLong("journal")).as("events, by the work counters").isEqualTo(events);
    assertThat(work.getLong("published")).as("events that passed the relay's cursor").isEqualTo(events);
    assertThat(site.number("SELECT passed FROM journal_cursor WHERE name = 'settlement'"))
        .as("movements that passed the settlement's cursor")
        .isEqualTo(site.number("SELECT count(*) FROM journal WHERE " + MOVEMENTS));
  }
}
