package dev.millrace.journal;

import static dev.millrace.journal.Payments.append;
import static dev.millrace.journal.Payments.cleared;
import static dev.millrace.journal.Payments.confirmed;
import static dev.millrace.journal.Payments.payment;
import static dev.millrace.journal.Payments.submitted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AppendStatementIT {
  private static TestDatabase database;
  private static Loop loop;
  private static int writers;
  private static int keys;
  private static AcceptWriter accepting;
  private static AppendWriter writer;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    PgLink link = database.link(loop, "accept");
    accepting = loop
        .on(() -> new AcceptWriter(loop.vertx(), link, "accept", 1_000, 500,
            new SimpleMeterRegistry()));
    writer = writer();
  }

  @AfterAll
  static void stop() { loop.close(); }

  private static AppendWriter writer() {
    String name = "append-" + ++writers;
    PgLink link = database.link(loop, name);
    return loop.on(() -> new AppendWriter(loop.vertx(), link, name, 1_000, 500, new SimpleMeterRegistry()));
  }

  /** A payment at version 1, {@code initiated}. */
  private static UUID initiated() {
    var payment = payment("k" + ++keys);
    assertThat(loop.result(() -> accepting.accept(payment).result())).isEqualTo(AcceptWriter.Result.ACCEPTED);
    return payment.id();
  }

  /** A payment at version 3, {@code provider_submitted}. */
  private static UUID submittedPayment() {
    UUID id = initiated();
    assertThat(write(append(id, 1, Status.INITIATED, cleared(), submitted()))).isTrue();
    return id;
  }

  private static boolean write(Append append) { return loop.result(() -> writer.append(append)); }

  /** Submits an append of its own first, so that all of {@code appends} gather into one batch behind it. */
  private static List<Future<Boolean>> inOneBatch(List<Append> appends) {
    UUID ahead = initiated();
    return loop.on(() -> {
      var first = writer.append(append(ahead, 1, Status.INITIATED, cleared()));
      var results = new ArrayList<Future<Boolean>>();
      for (Append append : appends) results.add(writer.append(append));
      assertThat(first.isComplete()).isFalse();
      return results;
    });
  }

  private static long events(UUID payment) {
    return database.number("SELECT count(*) FROM journal WHERE subject = '" + payment + "'");
  }

  private static void assertStands(UUID payment, int version, String status) {
    assertThat(
        database.number("SELECT count(*) FROM payment WHERE id = '" + payment + "' AND version = " + version
            + " AND status = '" + status + "'"))
        .as("at version %d, %s", version, status).isEqualTo(1);
    assertThat(events(payment)).isEqualTo(version);
  }

  @Test
  void append_atTheExpectedVersion_movesThePayment() {
    UUID id = submittedPayment();
    assertStands(id, 3, "provider_submitted");
    assertThat(write(append(id, 3, Status.PROVIDER_SUBMITTED, confirmed(1999)))).isTrue();
    assertStands(id, 4, "confirmed");
    assertThat(database.number("SELECT count(*) FROM payment WHERE id = '" + id
        + "' AND provider = 'stripe' AND provider_reference = 'pi_1' AND amount_charged = 1999 AND failure_code IS NULL"))
        .isEqualTo(1);
    assertThat(database.number("SELECT count(*) FROM journal WHERE subject = '" + id
        + "' AND (version, type) IN ((1, 'payment.initiated'), (2, 'payment.screened'),"
        + " (3, 'payment.provider_submitted'), (4, 'payment.confirmed')) AND merchant = '" + Payments.MERCHANT
        + "' AND NOT livemode AND traceparent = '" + Payments.TRACE + "'")).isEqualTo(4);
    assertThat(database
        .number("SELECT count(*) FROM (SELECT position, lag(position) OVER (ORDER BY version) AS before"
            + " FROM journal WHERE subject = '" + id + "') o WHERE position < before"))
        .as("out of order").isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 2, 3, 100})
  void append_atAnotherVersion_writesNothing(int version) {
    UUID id = initiated();
    assertThat(write(append(id, version, Status.INITIATED, cleared(), submitted()))).isFalse();
    assertStands(id, 1, "initiated");
  }

  @Test
  void append_stale_writesNoneOfItsEventsPostingsAndAttempts() {
    UUID id = submittedPayment();
    UUID reference = TypeId.next();
    assertThat(write(
        append(id, 2, Status.PROVIDER_SUBMITTED,
            Attempt.charge(reference, 1, "stripe", null).ended(AttemptOutcome.CHARGED, "pi_1", null),
            new PaymentEvent.Unknown("stripe", "att_1", "timeout"), confirmed(1999))))
        .isFalse();
    assertStands(id, 3, "provider_submitted");
    assertThat(database.number("SELECT count(*) FROM attempt WHERE reference = '" + reference + "'"))
        .isZero();
    assertThat(database.number("SELECT count(*) FROM posting p JOIN journal j USING (xid, position)"
        + " WHERE j.subject = '" + id + "'")).isZero();
  }

  @Test
  void append_toNoPayment_writesNothing() {
    UUID nobody = TypeId.next();
    assertThat(write(append(nobody, 1, Status.INITIATED, cleared()))).isFalse();
    assertThat(events(nobody)).isZero();
  }

  @Test
  void append_twiceInOneBatch_onlyTheFirst() {
    UUID id = initiated();
    var results = inOneBatch(List.of(append(id, 1, Status.INITIATED, cleared(), submitted()),
        append(id, 1, Status.INITIATED, new PaymentEvent.Blocked("r", 100, null)),
        append(id, 3, Status.PROVIDER_SUBMITTED, confirmed(1999))));
    assertThat(results.stream().<Boolean>map(Loop::result)).containsExactly(true, false, false);
    assertStands(id, 3, "provider_submitted");
  }

  @Test
  void append_byTwoWriters_exactlyOneWins() {
    var rival = writer();
    for (int i = 0; i < 30; i++) {
      UUID id = submittedPayment();
      List<Future<Boolean>> both = loop.on(() -> List.of(
          writer.append(append(id, 3, Status.PROVIDER_SUBMITTED, confirmed(1999))),
          rival.append(append(id, 3, Status.PROVIDER_SUBMITTED,
              new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", null, "No.")))));
      assertThat(both.stream().<Boolean>map(Loop::result)).containsExactlyInAnyOrder(true, false);
      assertStands(id, 4, Loop.<Boolean>result(both.getFirst()) ? "confirmed" : "declined");
    }
  }

  /** Two statements over the same payments in opposite order must not end in a deadlock that fails either. */
  @Test
  void batches_ofTwoWritersOverTheSamePayments_eachPaymentMovesOnce() {
    var rival = writer();
    var ids = new ArrayList<UUID>();
    for (int i = 0; i < 100; i++) ids.add(submittedPayment());
    var reversed = ids.reversed();
    List<List<Future<Boolean>>> results = loop.on(() -> {
      var one = new ArrayList<Future<Boolean>>();
      var two = new ArrayList<Future<Boolean>>();
      for (UUID id : ids) one.add(writer.append(append(id, 3, Status.PROVIDER_SUBMITTED, confirmed(1999))));
      for (UUID id : reversed)
        two.add(rival.append(append(id, 3, Status.PROVIDER_SUBMITTED, confirmed(1999))));
      return List.of(one, two);
    });
    for (int i = 0; i < 100; i++) {
      boolean one = Loop.<Boolean>result(results.get(0).get(i));
      boolean two = Loop.<Boolean>result(results.get(1).get(99 - i));
      assertThat(one ^ two).as("payment %d moved once", i).isTrue();
      assertThat(events(ids.get(i))).isEqualTo(4);
    }
  }

  @Test
  void row_thatTheServerRefuses_doesNotFailItsNeighbours() {
    var appends = new ArrayList<Append>();
    for (int i = 0; i < 20; i++) {
      String message = i == 7 ? "a NUL \u0000 in it" : "No.";
      appends.add(append(submittedPayment(), 3, Status.PROVIDER_SUBMITTED,
          new PaymentEvent.Declined("stripe", "att_1", "pi_1", "card_declined", null, message)));
    }
    var results = inOneBatch(appends);
    for (int i = 0; i < 20; i++) {
      if (i == 7) {
        assertThat(Loop.failure(results.get(i))).isInstanceOf(PgException.class);
        assertStands(appends.get(i).payment(), 3, "provider_submitted");
      } else {
        assertThat(Loop.<Boolean>result(results.get(i))).isTrue();
        assertStands(appends.get(i).payment(), 4, "declined");
      }
    }
  }

  /** A caller's defect must cost that caller's payment, not every payment of this writer from then on. */
  @Test
  void append_ofAForbiddenMove_failsAloneAndTheWriterGoesOn() {
    var broken = writer();
    UUID forbidden = initiated();
    UUID good = initiated();
    Future<Boolean> refused = loop.on(() -> {
      try {
        return broken.append(append(forbidden, 1, Status.INITIATED, confirmed(1999)));
      } catch (IllegalStateException e) {
        return Future.failedFuture(e);
      }
    });
    assertThat(Loop.failure(refused)).isInstanceOf(IllegalStateException.class)
        .hasMessage("payment.confirmed may not move a payment from initiated to confirmed");
    Future<Boolean> next = loop.on(() -> broken.append(append(good, 1, Status.INITIATED, cleared())));
    Await.until(Duration.ofSeconds(5), "the next append is written", next::isComplete);
    assertThat(Loop.<Boolean>result(next)).isTrue();
    assertStands(forbidden, 1, "initiated");
  }

  @Test
  void attempt_isWrittenWithItsIntentAndCompletedWithItsOutcome() {
    UUID id = initiated();
    UUID reference = TypeId.next();
    String mine = "FROM attempt WHERE reference = '" + reference + "' AND payment_id = '" + id + "'";
    assertThat(write(
        append(id, 1, Status.INITIATED, Attempt.charge(reference, 1, "stripe", null), cleared(),
            submitted())))
        .isTrue();
    assertThat(database.number("SELECT count(*) " + mine + " AND outcome IS NULL AND finished IS NULL"))
        .isEqualTo(1);
    assertThat(write(append(id, 3, Status.PROVIDER_SUBMITTED,
        Attempt.charge(reference, 1, "stripe", null).ended(AttemptOutcome.DECLINED, "pi_1", "lost_card"),
        new PaymentEvent.Declined("stripe", "att_1", "pi_1", "card_declined", "lost_card", "No.")))).isTrue();
    assertThat(database
        .number("SELECT count(*) " + mine + " AND outcome = 'declined' AND provider_reference = 'pi_1'"
            + " AND detail = 'lost_card' AND finished >= started"))
        .isEqualTo(1);
  }

  @Test
  void postings_ofRandomCharges_balancePerEventAndCurrency() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var charged = new ArrayList<Long>();
    var appends = new ArrayList<Append>();
    for (int i = 0; i < 30; i++) {
      long amount = i % 3 == 0 ? 1999 : 1 + random.nextLong(4_000);
      charged.add(amount);
      appends.add(append(submittedPayment(), 3, Status.PROVIDER_SUBMITTED, confirmed(amount)));
    }
    var results = inOneBatch(appends);
    for (int i = 0; i < 30; i++) {
      assertThat(Loop.<Boolean>result(results.get(i))).isTrue();
      String mine = "FROM posting p JOIN journal j USING (xid, position) WHERE j.subject = '"
          + appends.get(i).payment() + "'";
      assertThat(database.number("SELECT coalesce(sum(amount), 1) " + mine)).as("seed %d", seed).isZero();
      assertThat(
          database.number("SELECT sum(amount) " + mine + " AND account = 'provider_receivable:stripe'"))
          .as("seed %d", seed).isEqualTo(charged.get(i));
      assertThat(
          database.number("SELECT -sum(amount) " + mine + " AND account LIKE 'merchant_pending:mer_%'"))
          .as("seed %d", seed).isEqualTo(Math.min(1999, charged.get(i)));
      assertThat(database.number("SELECT coalesce(-sum(amount), 0) " + mine + " AND account = 'suspense'"))
          .as("seed %d", seed).isEqualTo(Math.max(0, charged.get(i) - 1999));
    }
    assertThat(database.number("SELECT count(*) FROM (SELECT FROM posting GROUP BY xid, position, currency"
        + " HAVING sum(amount) <> 0) unbalanced")).as("seed %d", seed).isZero();
  }

  @Test
  void work_countsEventsAndPaymentsAtRest() {
    var counting = writer();
    String mine = "FROM work WHERE writer = 'append-" + writers + "'";
    UUID id = initiated();
    UUID other = initiated();
    loop.result(() -> counting.append(append(id, 1, Status.INITIATED,
        new PaymentEvent.Screened("review", "r", 70, true, null))));
    assertThat(database.number("SELECT rested " + mine)).isEqualTo(1);
    loop.result(() -> counting.append(append(id, 2, Status.IN_REVIEW,
        new PaymentEvent.Screened("clear", null, 0, true, "ann"), submitted())));
    assertThat(database.number("SELECT rested " + mine)).isZero();
    loop.result(() -> counting.append(append(other, 7, Status.INITIATED, cleared())));
    assertThat(database.number("SELECT events " + mine)).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UPDATE journal SET actor = 'x'", "DELETE FROM journal", "TRUNCATE journal",
      "UPDATE posting SET amount = 1", "DELETE FROM posting", "TRUNCATE posting", "DELETE FROM payment",
      "DELETE FROM attempt", "UPDATE settlement SET amount = 1", "DELETE FROM audit",
      "UPDATE audit SET act = 'x'",
      "DROP TABLE journal", "ALTER TABLE journal DISABLE TRIGGER ALL", "CREATE TABLE mine (id int)"})
  void history_changedByTheServicesRole_refused(String sql) throws SQLException {
    submittedPayment();
    try (var connection = database.service(); var statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute(sql)).isInstanceOf(SQLException.class)
          .extracting(e -> ((SQLException) e).getSQLState()).isEqualTo("42501");
    }
  }

  /**
   * A payment's row is rewritten by each of its events. That stays in its page, and leaves all indexes alone,
   * as long as none of them names a column that changes, in a condition either: one such index made a
   * payment write 51 records to the WAL instead of 40. {@code expires} changes only for those that are held
   * or wait for the payer.
   */
  @Test
  void payment_hasNoIndexOfWhatEveryEventChanges() throws SQLException {
    try (var owner = database.owner();
        var statement = owner.createStatement();
        var rows = statement
            .executeQuery("""
              SELECT DISTINCT a.attname
                FROM pg_index i
                JOIN pg_depend d ON d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
               WHERE i.indrelid = 'payment'::regclass""")) {
      var columns = new ArrayList<String>();
      while (rows.next()) columns.add(rows.getString(1));
      assertThat(columns).contains("merchant").isSubsetOf("id", "merchant", "livemode", "reference",
          "expires");
    }
  }
}
