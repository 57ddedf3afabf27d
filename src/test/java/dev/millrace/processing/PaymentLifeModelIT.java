package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.Dispute;
import dev.millrace.payment.Payment;
import dev.millrace.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What holds of random lives in memory holds in Postgres, with real writers that meet and a settlement that
 * runs.
 */
final class PaymentLifeModelIT {
  private static final int PAYMENTS = 300;
  private static final long SEED = Long.getLong("millrace.life.seed", System.nanoTime());
  private static TestDatabase database;
  private static PaymentLivesOnPostgres postgres;
  private static List<PaymentLivesOnPostgres.Lived> lived;

  @BeforeAll
  static void live() {
    database = TestDatabase.create();
    postgres = new PaymentLivesOnPostgres(database);
    lived = postgres.live(PAYMENTS, SEED);
  }

  @AfterAll
  static void stop() { postgres.close(); }

  private static void assertNone(String what, String sql) {
    assertThat(database.number("SELECT count(*) FROM (" + sql + ") found")).as("%s, seed %d", what, SEED)
        .isZero();
  }

  @Test
  void payments_areWhatTheProvidersBookSays() {
    for (var one : lived) {
      Payment p = postgres.read(one.id());
      assertThat(p.amountCharged()).as("charged, seed %d, %s", SEED, p).isEqualTo(one.life().book.charged);
      assertThat(PaymentLifeModelTest.refunded(p)).as("refunded, seed %d, %s", SEED, p)
          .isEqualTo(one.life().book.refunded);
      assertThat(p.disputes().values().stream().filter(d -> d.state() == Dispute.State.LOST)
          .mapToLong(Dispute::amount).sum()).as("withdrawn, seed %d, %s", SEED, p)
          .isEqualTo(one.life().book.withdrawn());
    }
  }

  @Test
  void rows_areWhatTheFoldSays() {
    for (var one : lived) {
      Payment p = postgres.read(one.id());
      assertThat(database.number("SELECT count(*) FROM payment WHERE id = '" + one.id() + "' AND version = "
          + p.version() + " AND status = '" + p.status().wire() + "' AND coalesce(amount_charged, 0) = "
          + p.amountCharged() + " AND coalesce(amount_captured, 0) = " + p.amountCaptured()
          + " AND coalesce(amount_refunded, 0) = " + p.amountRefunded()
          + " AND coalesce(amount_authorized, 0) = " + p.amountAuthorized()
          + " AND (settlement IS NOT NULL) = " + p.settled())).as("seed %d, %s", SEED, p).isEqualTo(1);
    }
  }

  @Test
  void postings_balance() {
    assertNone("unbalanced",
        "SELECT FROM posting GROUP BY xid, position, livemode, currency HAVING sum(amount) <> 0");
  }

  @Test
  void rollUp_andItsTail_areTheSumOfAllPostings() {
    assertNone("balance",
        """
          SELECT account, livemode, currency, sum(amount) FROM (
            SELECT account, livemode, currency, amount FROM balance
            UNION ALL SELECT account, livemode, currency, amount FROM posting WHERE xid >= (SELECT horizon FROM rollup)
            UNION ALL SELECT account, livemode, currency, -amount FROM posting) parts
           GROUP BY account, livemode, currency HAVING sum(amount) <> 0""");
  }

  @Test
  void batches_areWhatWasNettedIntoThem() {
    assertNone("batch",
        """
          SELECT s.id FROM settlement s JOIN journal j ON j.subject = s.id JOIN posting p USING (xid, position)
           GROUP BY s.id, s.amount, s.amount_charged
          HAVING s.amount <> coalesce(sum(p.amount) FILTER (WHERE p.account LIKE 'merchant_pending:%'), 0)
              OR s.amount_charged <> coalesce(sum(p.amount) FILTER (WHERE p.account LIKE 'bank_in_transit:%'), 0)""");
  }

  /** Kafka, and whoever follows the journal, must get the events of a payment in their order. */
  @Test
  void journal_isInTheOrderOfEachPaymentsVersions() {
    assertNone("out of order", """
      SELECT a.subject FROM journal a JOIN journal b ON b.subject = a.subject AND b.version = a.version + 1
       WHERE (b.xid, b.position) < (a.xid, a.position)""");
  }

  @Test
  void work_countsWhatWasSettledAndWhatRests() {
    assertThat(database.number("SELECT sum(settled) FROM work")).as("seed %d", SEED)
        .isEqualTo(lived.stream().filter(l -> postgres.read(l.id()).settled()).count());
    assertThat(database.number("SELECT sum(rested) FROM work")).as("seed %d", SEED)
        .isEqualTo(lived.stream().filter(l -> postgres.read(l.id()).status().atRest()).count());
  }
}
