package dev.millrace.journal;

import static dev.millrace.journal.Payments.MERCHANT;
import static dev.millrace.journal.Payments.payment;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.AcceptWriter.NewPayment;
import dev.millrace.journal.AcceptWriter.Result;
import dev.millrace.platform.PgLink;
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
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class AcceptWriterIT {
  private static final String DATA = EventJson.write(Payments.ASKED);

  private static final String STATEMENT_WAITS = """
    FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
     AND application_name = 'millrace' AND query LIKE '%INSERT INTO idempotency_key%'""";

  private static TestDatabase database;
  private static Loop loop;
  private static int writers;
  private static AcceptWriter writer;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    writer = writer();
  }

  @AfterAll
  static void stop() { loop.close(); }

  private static AcceptWriter writer() {
    String name = "accept-" + ++writers;
    PgLink link = database.link(loop, name);
    return loop
        .on(() -> new AcceptWriter(loop.vertx(), link, name, 1_000, 500, new SimpleMeterRegistry()));
  }

  /** Submits a payment of its own first, so that all of {@code payments} gather into one batch behind it. */
  private static List<Future<Result>> inOneBatch(List<NewPayment> payments) {
    return loop.on(() -> {
      var ahead = writer.accept(payment("ahead-" + UUID.randomUUID())).result();
      var results = new ArrayList<Future<Result>>();
      for (NewPayment payment : payments) results.add(writer.accept(payment).result());
      assertThat(ahead.isComplete()).isFalse();
      return results;
    });
  }

  private static Result accept(NewPayment payment) {
    return loop.result(() -> writer.accept(payment).result());
  }

  private static long rows(String table, NewPayment payment) {
    String column = switch (table) {
      case "journal" -> "subject";
      case "idempotency_key" -> "resource";
      default -> "id";
    };
    return database
        .number("SELECT count(*) FROM " + table + " WHERE " + column + " = '" + payment.id() + "'");
  }

  private static void assertWritten(NewPayment payment, int times) {
    assertThat(rows("payment", payment)).isEqualTo(times);
    assertThat(rows("journal", payment)).isEqualTo(times);
    assertThat(rows("idempotency_key", payment)).isEqualTo(times);
  }

  @Test
  void payment_new_isAcceptedWithItsKeyAndEvent() {
    var payment = payment("new");
    assertThat(accept(payment)).isEqualTo(Result.ACCEPTED);
    assertWritten(payment, 1);
    assertThat(database.number("SELECT count(*) FROM payment WHERE id = '" + payment.id()
        + "' AND merchant = '" + MERCHANT + "' AND NOT livemode AND version = 1 AND status = 'initiated'"
        + " AND amount = 1999 AND currency = 'usd' AND reference = 'order 1'")).isEqualTo(1);
    assertThat(database.number("SELECT count(*) FROM journal WHERE subject = '" + payment.id()
        + "' AND version = 1 AND type = 'payment.initiated' AND actor = 'merchant' AND traceparent = '"
        + Payments.TRACE + "' AND data::text = '" + DATA + "'")).isEqualTo(1);
    assertThat(database.number("SELECT count(*) FROM idempotency_key WHERE resource = '" + payment.id()
        + "' AND id = idempotency_key_id(merchant, livemode, 'new') AND merchant = '" + MERCHANT
        + "' AND key = 'new' AND status = 202 AND answer IS NULL AND wait_until IS NULL"
        + " AND fingerprint = decode('" + "00".repeat(32) + "', 'hex')")).isEqualTo(1);
    assertThat(database.number("SELECT count(*) FROM posting")).isZero();
  }

  @Test
  void key_usedBefore_isADuplicate() {
    var first = payment("again");
    var second = payment("again");
    assertThat(accept(first)).isEqualTo(Result.ACCEPTED);
    assertThat(accept(second)).isEqualTo(Result.DUPLICATE);
    assertWritten(first, 1);
    assertWritten(second, 0);
  }

  /** Of a batch with a used key the others are written, though the batch is tried as all new at first. */
  @Test
  void key_usedBefore_inABatchOfNewOnes_isAloneRefused() {
    assertThat(accept(payment("used"))).isEqualTo(Result.ACCEPTED);
    for (int round = 0; round < 3; round++) {
      var batch = new ArrayList<NewPayment>();
      for (int i = 0; i < 10; i++) batch.add(payment(i == 4 ? "used" : "fresh-" + round + "-" + i));
      var results = inOneBatch(batch).stream().<Result>map(Loop::result).toList();
      for (int i = 0; i < 10; i++) {
        assertThat(results.get(i)).isEqualTo(i == 4 ? Result.DUPLICATE : Result.ACCEPTED);
        assertWritten(batch.get(i), i == 4 ? 0 : 1);
      }
    }
  }

  @Test
  void key_sameInOneBatch_exactlyOneIsAccepted() {
    var payments = new ArrayList<NewPayment>();
    for (int i = 0; i < 20; i++) payments.add(payment("twins"));
    var results = inOneBatch(payments).stream().<Result>map(Loop::result).toList();
    assertThat(results).containsOnlyOnce(Result.ACCEPTED).filteredOn(Result.DUPLICATE::equals).hasSize(19);
    for (int i = 0; i < 20; i++) assertWritten(payments.get(i), results.get(i) == Result.ACCEPTED ? 1 : 0);
  }

  @Test
  void key_sameByTwoWriters_exactlyOneIsAccepted() {
    var other = writer();
    for (int i = 0; i < 30; i++) {
      String key = "rivals-" + i;
      List<Future<Result>> both = loop
          .on(() -> List.of(writer.accept(payment(key)).result(), other.accept(payment(key)).result()));
      assertThat(both.stream().<Result>map(Loop::result)).containsExactlyInAnyOrder(Result.ACCEPTED,
          Result.DUPLICATE);
    }
    assertThat(database.number("SELECT count(*) FROM payment p JOIN idempotency_key k ON k.resource = p.id"
        + " WHERE k.key LIKE 'rivals-%'")).isEqualTo(30);
  }

  @Test
  void key_ofAnotherMerchantOrMode_isAnother() {
    for (var payment : List.of(payment(MERCHANT, false, "shared", 1, DATA),
        payment(MERCHANT, true, "shared", 1, DATA),
        payment(new UUID(7, 7), false, "shared", 1, DATA))) {
      assertThat(accept(payment)).isEqualTo(Result.ACCEPTED);
    }
  }

  @Test
  void row_thatTheServerRefuses_doesNotFailItsNeighbours() {
    var bad = List.of(payment(MERCHANT, false, "bad-json", 1999, "{not json"),
        payment(MERCHANT, false, "bad-nul", 1999, "{\"reference\":\"\u0000\"}"),
        payment(MERCHANT, false, "bad-amount", 0, DATA),
        payment(MERCHANT, false, "bad-key-\u0000", 1999, DATA));
    var batch = new ArrayList<NewPayment>();
    for (int i = 0; i < 40; i++) batch.add(i % 10 == 3 ? bad.get(i / 10) : payment("good-" + i));
    var results = inOneBatch(batch);
    for (int i = 0; i < 40; i++) {
      if (i % 10 == 3) {
        assertThat(Loop.failure(results.get(i))).as(batch.get(i).key()).isInstanceOf(PgException.class);
        assertWritten(batch.get(i), 0);
      } else {
        assertThat(Loop.<Result>result(results.get(i))).as(batch.get(i).key()).isEqualTo(Result.ACCEPTED);
        assertWritten(batch.get(i), 1);
      }
    }
    assertThat(loop.on(writer::depth)).isZero();
  }

  /** JSON may spell a NUL; the column holds text, so it is kept as it was spelt. */
  @Test
  void data_withAnEscapedNul_isKept() {
    var payment = payment(MERCHANT, false, "escaped", 1999, "{\"reference\":\"\\u0000\"}");
    assertThat(accept(payment)).isEqualTo(Result.ACCEPTED);
    assertWritten(payment, 1);
  }

  @Test
  void payment_thatWaits_hasItsKeyMarked() {
    var p = payment("waits");
    var waiting = new NewPayment(p.id(), p.keyId(), p.merchant(), p.livemode(), p.key(), p.fingerprint(),
        30_000,
        p.amount(), p.currency(), null, p.traceparent(), p.data());
    assertThat(accept(waiting)).isEqualTo(Result.ACCEPTED);
    assertThat(database.number("SELECT count(*) FROM idempotency_key WHERE key = 'waits'"
        + " AND wait_until BETWEEN now() + interval '20 s' AND now() + interval '30 s'")).isEqualTo(1);
  }

  @Test
  void work_countsWhatWasAccepted() {
    var counting = writer();
    String mine = "FROM work WHERE writer = 'accept-" + writers + "'";
    for (String key : List.of("counted-1", "counted-2", "counted-1")) {
      loop.result(() -> counting.accept(payment(key)).result());
    }
    assertThat(database.number("SELECT accepted " + mine)).isEqualTo(2);
    assertThat(database.number("SELECT events " + mine)).isEqualTo(2);
    assertThat(database.number("SELECT rested " + mine)).isZero();
  }

  /** Ends the server's side of the connection whose statement waits for a lock. */
  private static void cutTheStatementThatWaits() {
    Await.until(Duration.ofSeconds(10), "the statement waits for the lock",
        () -> database.number("SELECT count(*) " + STATEMENT_WAITS) == 1);
    database.number("SELECT count(pg_terminate_backend(pid)) " + STATEMENT_WAITS);
  }

  /** The connection breaks while the statement runs, and nothing was written. */
  @Test
  void answer_lostBeforeTheCommit_isLost() throws SQLException {
    var cut = writer();
    var payment = payment("cut");
    Future<Result> result;
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      owner.setAutoCommit(false);
      statement.execute("LOCK TABLE idempotency_key IN ACCESS EXCLUSIVE MODE");
      result = loop.on(() -> cut.accept(payment).result());
      cutTheStatementThatWaits();
      owner.rollback();
    }
    assertThat(Loop.<Result>result(result)).isEqualTo(Result.LOST);
    assertWritten(payment, 0);
    Await.until(Duration.ofSeconds(10), "the connection is back", cut::up);
    assertThat(loop.<Result>result(() -> cut.accept(payment("cut")).result())).isEqualTo(Result.ACCEPTED);
  }

  /**
   * The connection breaks after the commit, before its answer: the payment is found by its key once there is
   * a connection again. The lock keeps the question waiting until the row stands there, as the commit would
   * have left it.
   */
  @Test
  void answer_lostAfterTheCommit_isFoundByKey() throws SQLException {
    var cut = writer();
    var payment = payment("committed");
    Future<Result> result;
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      owner.setAutoCommit(false);
      statement.execute("LOCK TABLE idempotency_key IN ACCESS EXCLUSIVE MODE");
      result = loop.on(() -> cut.accept(payment).result());
      cutTheStatementThatWaits();
      statement.execute(
          "INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, resource, status)"
              + " VALUES ('" + payment.keyId() + "', '" + MERCHANT + "', false, 'committed', '\\x00', '"
              + payment.id()
              + "', 202)");
      owner.commit();
    }
    assertThat(Loop.<Result>result(result)).isEqualTo(Result.ACCEPTED);
  }
}
