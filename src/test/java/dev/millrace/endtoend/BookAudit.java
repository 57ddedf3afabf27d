package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Compares, from outside and at rest, payments, ledger, settlement and journal with the simulator's book.
 * What providers have of others, on the same accounts, is none of ours: its references are no attempts.
 */
public final class BookAudit {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String MOVEMENTS = "type IN ("
      + PaymentEvent.records(PaymentEvent.Nets.class).keySet().stream().map(type -> "'" + type.wire() + "'")
          .collect(Collectors.joining(", "))
      + ")";
  /** What moved at providers by what the journal says, by currency; each type with its sign. */
  private static final String MOVED = """
    SELECT data ->> 'currency', sum(sign * (data ->> CASE type WHEN 'payment.confirmed' THEN 'amount_charged'
                                                      ELSE 'amount' END)::bigint)::bigint
      FROM journal JOIN (VALUES %s) t (type, sign) USING (type)
     WHERE data ->> 'held' IS DISTINCT FROM 'true' GROUP BY 1""";
  /** What providers keep of it as their fees. */
  private static final String FEES = """
    (SELECT sum(coalesce((data ->> 'provider_fee')::bigint, 0)
                - coalesce((data ->> 'provider_fee_returned')::bigint, 0)
                + coalesce((data ->> 'provider_fee_taken')::bigint, 0))::bigint FROM journal f WHERE %s)""";
  /** What the providers have of each payment or have paid out, fees aside; what is disputed is taken off. */
  private static final String BY_PAYMENT = """
    SELECT j.subject::text, sum(p.amount)::bigint + %s
      FROM posting p JOIN journal j USING (xid, position) JOIN payment y ON y.id = j.subject
     WHERE (p.account LIKE 'provider\\_receivable:%%' OR p.account LIKE 'disputes:%%')
       AND j.type <> 'payment.corrected' GROUP BY j.subject"""
      .formatted(FEES.formatted("f.subject = j.subject"));
  /** The same by currency, of the accounts as they stand, whatever moved between them. */
  private static final String BY_CURRENCY = """
    SELECT p.currency, sum(p.amount)::bigint + coalesce(%s, 0)
      FROM posting p JOIN journal j USING (xid, position)
     WHERE (p.account LIKE 'provider\\_receivable:%%' OR p.account LIKE 'bank\\_in\\_transit:%%'
            OR p.account LIKE 'disputes:%%') AND j.type <> 'payment.corrected' GROUP BY p.currency"""
      .formatted(FEES.formatted("f.data ->> 'currency' = p.currency"));
  /** What was charged of each payment, with what came too late for it. */
  private static final String CHARGED = """
    SELECT id::text, coalesce(amount_charged, 0) + coalesce((SELECT sum((data ->> 'amount')::bigint) FROM journal
        WHERE subject = id AND type = 'payment.late_charge' AND data ->> 'held' = 'false'), 0)::bigint
      FROM payment""";
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
    SELECT count(*) FROM (SELECT FROM journal WHERE (type = 'payment.confirmed'
         OR type = 'payment.settled' AND data ->> 'status' IS NULL)
       AND subject NOT IN (SELECT subject FROM journal WHERE type = 'payment.capture_reversed')
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

  /** Waits for rest and for the settlement: all sums are zero then, and clearing accounts are empty. */
  static void awaitCleared(Site site, GatewayProcess ops, Duration bound) {
    awaitRest(site, ops, bound);
    Await.until(bound, "the clearing accounts are empty", () -> site.number("""
      SELECT count(*) FROM (SELECT FROM posting WHERE account LIKE 'merchant\\_pending:%'
         OR account LIKE 'provider\\_receivable:%' GROUP BY account HAVING sum(amount) <> 0) t""") == 0);
    assertBalanced(site, ops);
  }

  /** Everything agrees to the cent. Call it at rest. */
  static void assertConsistent(Site site, GatewayProcess ops) {
    assertMovedAsBooked(site);
    assertBalanced(site, ops);
    assertOnceAndInOrder(site);
    assertCounters(site, ops);
  }

  /** What ledger and journal say was moved at providers is what their book says, payment by payment too. */
  public static void assertMovedAsBooked(Site site) {
    var book = SimulatorBook.of(site).ours();
    var payments = SiteSql.texts(site, "SELECT reference::text, payment_id::text FROM attempt");
    assertThat(moved(byPayment(payments, book, SimulatorBook.Entry::captured)))
        .as("charged by the book, by the payments").isEqualTo(moved(SiteSql.numbers(site, CHARGED)));
    assertThat(moved(byPayment(payments, book, SimulatorBook.Entry::left)))
        .as("kept by the book, by the ledger")
        .isEqualTo(moved(SiteSql.numbers(site, BY_PAYMENT)));
    assertThat(moved(SiteSql.numbers(site, BY_CURRENCY)))
        .as("captured - refunded - disputed - returned by the book, by the ledger's accounts")
        .isEqualTo(book.sum(SimulatorBook.Entry::left));
    assertMoved(site, book.sum(SimulatorBook.Entry::captured), "payment.confirmed", "payment.captured",
        "-payment.capture_reversed", "payment.late_charge");
    assertMoved(site, book.sum(SimulatorBook.Entry::refunded), "payment.refunded", "-payment.refund_reversed",
        "payment.late_charge_returned");
    assertMoved(site, book.sum(SimulatorBook.Entry::returned), "payment.returned",
        "-payment.return_reversed");
    assertMoved(site, book.sum(SimulatorBook.Entry::disputed), "payment.disputed", "payment.dispute_reopened",
        "-payment.dispute_won", "-payment.chargeback_reversed");
    assertKeptOnce(payments, book);
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

  private static String payment(Map<String, String> payments, SimulatorBook.Entry entry) {
    var reference = Objects.requireNonNull(TypeId.parse(TypeId.ATTEMPT, entry.reference()));
    String payment = payments.get(reference.toString());
    assertThat(payment).as("the payment of " + entry).isNotNull();
    return payment;
  }

  private static Map<String, Long> byPayment(Map<String, String> payments, SimulatorBook book,
      ToLongFunction<SimulatorBook.Entry> amount) {
    var sums = new TreeMap<String, Long>();
    for (var entry : book.entries())
      // What was declined may be of a call whose attempt was never written.
      if (entry.charged() || entry.refunded() > 0)
        sums.merge(payment(payments, entry), amount.applyAsLong(entry), Long::sum);
    return sums;
  }

  /** Those where anything is. */
  private static Map<String, Long> moved(Map<String, Long> amounts) {
    var moved = new TreeMap<>(amounts);
    moved.values().removeIf(amount -> amount == 0);
    return moved;
  }

  /** No payment is charged twice, but for what was given back. */
  private static void assertKeptOnce(Map<String, String> payments, SimulatorBook book) {
    var kept = new TreeMap<String, SimulatorBook.Entry>();
    for (var entry : book.charged())
      if (entry.captured() > entry.refunded())
        assertThat(kept.put(payment(payments, entry), entry)).as("an earlier charge beside " + entry)
            .isNull();
  }

  /** {@code types}: of the events that say so, with a minus those that take it back. */
  private static void assertMoved(Site site, Map<String, Long> inTheBook, String... types) {
    String signed = Arrays.stream(types).map(type -> type.startsWith("-")
        ? "('" + type.substring(1) + "', -1)"
        : "('" + type + "', 1)").collect(Collectors.joining(", "));
    assertThat(moved(SiteSql.numbers(site, MOVED.formatted(signed))))
        .as("by the journal's %s, by the book", types[0]).isEqualTo(inTheBook);
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
    // Followers wait for every transaction on the server that began earlier, also for those of other tests.
    Await.until(SOON, "all " + events + " events passed the relay's cursor",
        () -> work(ops).getLong("published") == site.number("SELECT count(*) FROM journal"));
    Await.until(SOON, "all movements passed the settlement's cursor",
        () -> site.number("SELECT passed FROM journal_cursor WHERE name = 'settlement'") == site
            .number("SELECT count(*) FROM journal WHERE " + MOVEMENTS));
  }
}
