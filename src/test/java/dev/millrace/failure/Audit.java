package dev.millrace.failure;

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
final class Audit {
  private static final String LEDGER = """
    SELECT currency, sum(amount)::bigint FROM posting
     WHERE account LIKE 'provider\\_receivable:%' AND amount > 0 GROUP BY 1""";
  private static final String UNBALANCED = """
    SELECT count(*) FROM (SELECT FROM posting GROUP BY xid, position, currency HAVING sum(amount) <> 0) u""";
  /** Versions are 1, 2, … without a gap, and the payment stands at the last. */
  private static final String GAPS = """
    SELECT count(*) FROM payment p JOIN LATERAL
      (SELECT count(*) n, max(version) last FROM journal WHERE subject = p.id) j ON true
     WHERE p.version <> j.n OR p.version <> j.last""";
  private static final String WRONG_BATCHES = """
    SELECT count(*) FROM settlement s LEFT JOIN
      (SELECT settlement, count(*) n, sum(least(amount, amount_charged)) share, sum(amount_charged) charged
         FROM payment GROUP BY 1) p ON p.settlement = s.id
     WHERE s.payments <> p.n OR s.amount <> p.share OR s.amount_charged <> p.charged OR p.n IS NULL""";
  private static final String SETTLED_TWICE = """
    SELECT count(*) FROM (SELECT FROM journal WHERE type IN ('payment.settled', 'payment.confirmed')
      GROUP BY subject, type HAVING count(*) > 1) t""";

  private Audit() {}

  static JsonObject work(GatewayProcess ops) { return Http.get(ops.opsUrl() + "/ops/work").json(); }

  /** Waits until every payment is at rest and every event is published. */
  static void awaitRest(Site site, GatewayProcess ops, Duration bound) {
    try {
      Await.until(bound, "every payment is at rest", () -> {
        var answer = Http.get(ops.opsUrl() + "/ops/work");
        return answer.status() == 200 && answer.json().getLong("open") == 0
            && answer.json().getLong("published").equals(answer.json().getLong("journal"));
      });
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "; " + work(ops) + "; payments " + Sql.statuses(site)
          + "; dead letters " + Sql.rows(site, "SELECT payment_id, error FROM dead_letter LIMIT 5"), e);
    }
  }

  /** Everything agrees to the cent. Call it at rest. */
  static void assertConsistent(Site site, GatewayProcess ops) {
    var book = Book.of(site);
    assertThat(chargedByPayment(site, book)).as("charged by the book, settled by the gateway")
        .isEqualTo(Sql.numbers(site,
            "SELECT id::text, amount_charged FROM payment WHERE status = 'settled'"));
    assertThat(Sql.numbers(site, LEDGER)).as("ledger and book").isEqualTo(book.captured());
    assertThat(Book.summary(site).getInteger("duplicate_references")).isZero();
    assertThat(site.number(UNBALANCED)).as("positions out of balance").isZero();
    assertThat(site.number(GAPS)).as("payments whose versions have gaps").isZero();
    assertThat(site.number(WRONG_BATCHES)).as("settlements that differ from their payments").isZero();
    assertThat(site.number(SETTLED_TWICE)).as("payments confirmed or settled twice").isZero();
    assertTrialBalance(ops);
    assertCounters(site, ops);
  }

  /** Amounts by payment; fails for a reference without an attempt, or a second charge of a payment. */
  private static Map<String, Long> chargedByPayment(Site site, Book book) {
    var payments = Sql.texts(site, "SELECT reference::text, payment_id::text FROM attempt");
    var charged = new TreeMap<String, Long>();
    for (var entry : book.succeeded()) {
      var reference = Objects.requireNonNull(TypeId.parse(TypeId.ATTEMPT, entry.reference()));
      String payment = payments.get(reference.toString());
      assertThat(payment).as("the payment of " + entry).isNotNull();
      assertThat(charged.put(payment, entry.captured())).as("an earlier charge of payment " + payment)
          .isNull();
    }
    return charged;
  }

  private static void assertTrialBalance(GatewayProcess ops) {
    var balance = Http.get(ops.opsUrl() + "/ops/trial-balance").json();
    assertThat(balance.getBoolean("balanced")).as(balance.encode()).isTrue();
    for (Object each : balance.getJsonArray("accounts")) {
      var account = (JsonObject) each;
      String name = account.getString("account");
      if (name.startsWith("provider_receivable:") || name.startsWith("merchant_pending:")) {
        assertThat(account.getLong("debit") - account.getLong("credit")).as("clearing account " + name)
            .isZero();
      }
    }
  }

  private static void assertCounters(Site site, GatewayProcess ops) {
    var work = work(ops);
    assertThat(work.getLong("accepted")).isEqualTo(site.number("SELECT count(*) FROM payment"));
    assertThat(work.getLong("settled"))
        .isEqualTo(site.number("SELECT count(*) FROM payment WHERE status = 'settled'"));
    long events = site.number("SELECT count(*) FROM journal");
    assertThat(work.getLong("journal")).isEqualTo(events);
    assertThat(work.getLong("published")).as("events that passed the relay's cursor").isEqualTo(events);
    assertThat(site.number("SELECT passed FROM journal_cursor WHERE name = 'settlement'"))
        .as("confirmations that passed the settlement's cursor")
        .isEqualTo(site.number("SELECT count(*) FROM journal WHERE type = 'payment.confirmed'"));
  }
}
