package dev.millrace.deadletter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.deadletter.DeadLetterStore.Letter;
import dev.millrace.deadletter.DeadLetterStore.Outcome;
import dev.millrace.deadletter.DeadLetterStore.Taken;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rows of dead letters, as the service's own role writes them. */
final class DeadLetterStoreIT {
  private static final long LONG_MS = 600_000;
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static TestDatabase database;
  private static Loop loop;
  private static DeadLetterStore letters;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    letters = new DeadLetterStore(loop.vertx(), database.reads(loop),
        new SimpleMeterRegistry());
  }

  @AfterAll
  static void stop() { loop.close(); }

  @BeforeEach
  void empty() { execute("TRUNCATE dead_letter RESTART IDENTITY"); }

  private static void execute(String sql) {
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static String text(String sql) {
    try (var owner = database.owner();
        var statement = owner.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static String of(long id, String column) {
    return text("SELECT " + column + " FROM dead_letter WHERE id = " + id);
  }

  private static void bury(String source, String... errors) {
    var failures = new ArrayList<Failure>();
    for (String error : errors) failures.add(Failure.now(error));
    loop.result(() -> letters.bury(new Letter(new UUID(7, 7), "charge", errors.length, failures, TRACE,
        Origin.of(source, "key", Buffer.buffer(new byte[]{0, 1}), Map.of("ce_type", "t")))));
  }

  private static void order() {
    execute("UPDATE dead_letter SET status = 'replaying', due = now(), decided = now()");
  }

  private static List<Taken> take(int max, long leaseMs) {
    return loop.result(() -> letters.take(max, leaseMs, 0));
  }

  private static boolean end(Taken taken, Outcome outcome, String note) {
    return loop.result(() -> letters.end(taken, outcome, note));
  }

  @Test
  void letter_isKeptWithAllOfIt() {
    bury("events/1/2/1700", "first", "second");
    assertThat(of(1, "status")).isEqualTo("open");
    assertThat(of(1, "error")).isEqualTo("second");
    assertThat(of(1, "jsonb_path_query_array(errors, '$[*].error')")).isEqualTo("[\"first\", \"second\"]");
    assertThat(of(1, "traceparent")).isEqualTo(TRACE);
    assertThat(of(1, "record_key || ' ' || record_form || ' ' || record || ' ' || record_size"))
        .isEqualTo("key base64 AAE= 2");
    assertThat(of(1, "headers ->> 'ce_type'")).isEqualTo("t");
  }

  @Test
  void letter_buriedTwice_isOne_alsoWhileItIsOrderedOrPutAway() {
    bury("events/1/2/1700", "first");
    bury("events/1/2/1700", "again");
    order();
    bury("events/1/2/1700", "again");
    assertThat(of(1, "status || ' ' || attempts || ' ' || error")).isEqualTo("replaying 1 first");
    execute("UPDATE dead_letter SET status = 'discarded'");
    bury("events/1/2/1700", "again");
    assertThat(of(1, "status || ' ' || attempts || ' ' || error")).isEqualTo("discarded 1 first");
    assertThat(database.number("SELECT count(*) FROM dead_letter")).isEqualTo(1);
  }

  @Test
  void letter_replayedAndBuriedAgain_isOpenAgainWithBothErrors() {
    bury("events/1/2/1700", "first");
    execute("UPDATE dead_letter SET status = 'replayed', outcome = 'waits'");
    bury("events/1/2/1700", "again");
    assertThat(of(1, "status || ' ' || attempts || ' ' || error || ' ' || outcome"))
        .isEqualTo("open 2 again failed");
    assertThat(of(1, "jsonb_path_query_array(errors, '$[*].error')")).isEqualTo("[\"first\", \"again\"]");
  }

  /** Its webhook was worked off and given up before the replay could note that it had begun. */
  @Test
  void letter_buriedAgainWhileItsReplayIsInHand_isOpen_andTheReplayEndsUnheard() {
    bury("events/1/2/1700", "first");
    order();
    var taken = take(1, LONG_MS).getFirst();
    bury("events/1/2/1700", "again");
    assertThat(end(taken, Outcome.WAITS, "in the park")).isFalse();
    assertThat(of(1, "status || ' ' || error")).isEqualTo("open again");
  }

  @Test
  void letter_ofAPaymentThatHasBecomeKnown_tellsIt_andKeepsIt() {
    for (var payment : Arrays.asList(null, new UUID(1, 1), new UUID(2, 2))) {
      loop.result(
          () -> letters.bury(new Letter(payment, DeadLetterStore.WEBHOOK, 1, List.of(Failure.now("x")),
              "", Origin.of("webhook/stripe/default/evt_1", "evt_1", Buffer.buffer("{}"), Map.of()))));
      execute("UPDATE dead_letter SET status = 'replayed', outcome = 'waits'");
    }
    assertThat(of(1, "attempts || ' ' || payment_id")).isEqualTo("3 " + new UUID(1, 1));
  }

  @Test
  void letter_orderedAgainBeforeItsReplayHasEnded_waitsForTheNewOne() {
    bury("events/1/2/1700", "first");
    order();
    var taken = take(1, LONG_MS).getFirst();
    bury("events/1/2/1700", "again");
    order();
    for (Outcome late : Outcome.values()) assertThat(end(taken, late, "late")).isFalse();
    assertThat(of(1, "status || ' ' || error")).isEqualTo("replaying again");
    assertThat(end(take(1, LONG_MS).getFirst(), Outcome.DONE, "done")).isTrue();
    assertThat(of(1, "status || ' ' || replays")).isEqualTo("replayed 2");
  }

  @Test
  void replay_isTakenByOneOnly() {
    for (int i = 0; i < 40; i++) bury("events/1/" + i + "/1700", "x");
    execute(
        "UPDATE dead_letter SET status = 'replaying', decided = now(), due = now() - interval '1 s' WHERE id <= 30");
    execute(
        "UPDATE dead_letter SET status = 'replaying', decided = now(), due = now() + interval '1 h' WHERE id > 35");
    var both = loop.<List<List<Taken>>>result(() -> Future.all(letters.take(20, LONG_MS, 0),
        letters.take(20, LONG_MS, 0)).map(all -> all.<List<Taken>>list()));
    var ids = new HashSet<Long>();
    both.forEach(list -> {
      assertThat(list).hasSizeLessThanOrEqualTo(20);
      list.forEach(taken -> assertThat(ids.add(taken.id())).as("letter %d twice", taken.id()).isTrue());
    });
    take(20, LONG_MS).forEach(taken -> assertThat(ids.add(taken.id())).isTrue());
    assertThat(ids).hasSize(30).allMatch(id -> id <= 30);
  }

  /** All of them should have been done an hour ago, when no processor ran. */
  private static void orderLate(int count, int rate) {
    for (int i = 0; i < count; i++) bury("events/1/" + i + "/1700", "x");
    execute("UPDATE dead_letter SET status = 'replaying', decided = now() - interval '1 h', rate = " + rate
        + ", due = now() - interval '1 h' + id::float8 / " + rate + " * interval '1 s'");
  }

  /** In how many milliseconds after another one was taken this one is due. */
  private static long dueAfter(long id, long taken) {
    return database.number("SELECT round(extract(epoch FROM d.due - t.taken_until) * 1000) + " + LONG_MS
        + " FROM dead_letter d, dead_letter t WHERE d.id = " + id + " AND t.id = " + taken);
  }

  @Test
  void replays_resumedLate_keepTheirRate_whoeverTakesThem() {
    orderLate(8, 10);
    var ids = new ArrayList<Long>();
    Await.until(Duration.ofSeconds(10), "all are taken", () -> {
      var two = loop.<List<List<Taken>>>result(() -> Future.all(letters.take(20, LONG_MS, 0),
          letters.take(20, LONG_MS, 0)).map(all -> all.<List<Taken>>list()));
      two.forEach(list -> list.forEach(taken -> ids.add(taken.id())));
      return ids.size() >= 8;
    });
    assertThat(ids).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
    assertThat(database.number(
        """
          SELECT min(gap)::bigint FROM (SELECT extract(epoch FROM taken_until - lag(taken_until) OVER (ORDER BY id)) * 1000 AS gap
                                  FROM dead_letter) gaps"""))
        .as("least ms between two").isGreaterThanOrEqualTo(99);
  }

  /** Two polls may lie so far apart: what fell due in between is not late. */
  @Test
  void replays_whoseTurnsWereBetweenTwoPolls_areTakenAtOnce() {
    orderLate(8, 10);
    assertThat(loop.<List<Taken>>result(() -> letters.take(20, LONG_MS, 350))).extracting(Taken::id)
        .containsExactly(1L, 2L, 3L, 4L);
    assertThat(dueAfter(5, 4)).as("ms: 400 after the first one's turn").isEqualTo(50);
  }

  @Test
  void replays_ofSeveralOrders_doNotWaitForEachOther() {
    orderLate(4, 1);
    execute("UPDATE dead_letter SET decided = now() WHERE id > 2");
    assertThat(take(20, LONG_MS)).extracting(Taken::id).containsExactlyInAnyOrder(1L, 3L);
    assertThat(List.of(dueAfter(2, 1), dueAfter(4, 3))).containsExactly(1_000L, 1_000L);
  }

  @Test
  void replays_calledOffInBetween_leaveNoGap() {
    orderLate(4, 10);
    assertThat(take(20, LONG_MS)).extracting(Taken::id).containsExactly(1L);
    execute("UPDATE dead_letter SET status = 'discarded', due = NULL WHERE id = 3");
    var second = new ArrayList<Long>();
    Await.until(Duration.ofSeconds(5), "both are taken", () -> {
      take(20, LONG_MS).forEach(taken -> second.add(taken.id()));
      return second.size() == 2;
    });
    assertThat(second).containsExactly(2L, 4L);
  }

  @Test
  void replay_leftBehind_isTakenAgain_andWhoWakesUpLateChangesNothing() {
    bury("events/1/2/1700", "x");
    order();
    var first = take(1, 50).getFirst();
    var second = new ArrayList<Taken>();
    Await.until(Duration.ofSeconds(5), "it is taken again", () -> {
      second.addAll(take(1, LONG_MS));
      return !second.isEmpty();
    });
    assertThat(List.of(first.replay(), second.getFirst().replay())).containsExactly(1, 2);
    assertThat(end(first, Outcome.FAILED, "late")).isFalse();
    assertThat(of(1, "status || ' ' || error")).isEqualTo("replaying x");
    assertThat(end(second.getFirst(), Outcome.DONE, "done")).isTrue();
    assertThat(of(1, "status || ' ' || outcome || ' ' || replays || ' ' || error"))
        .isEqualTo("replayed done 2 x");
    assertThat(of(1, "coalesce(due::text, taken_until::text, 'free')")).isEqualTo("free");
  }

  @Test
  void replay_failed_isOpenWithOneErrorMore_andTenAtMost() {
    bury("events/1/2/1700", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
    order();
    assertThat(end(take(1, LONG_MS).getFirst(), Outcome.FAILED, "eleventh")).isTrue();
    assertThat(of(1, "status || ' ' || outcome || ' ' || error")).isEqualTo("open failed eleventh");
    assertThat(of(1, "jsonb_path_query_array(errors, '$[*].error')"))
        .isEqualTo("[\"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\", \"10\", \"eleventh\"]");
    assertThat(of(1, "errors -> 9 ->> 'at'")).matches("\\d{4}-.*Z");
  }

  @Test
  void replay_ofPoison_bringsItsRecord() {
    loop.result(() -> letters.bury(new Letter(null, DeadLetterStore.POISON, 1, List.of(Failure.now("x")), "",
        Origin.of("events/0/9/1700", null, Buffer.buffer(new byte[]{0, 1, 2}), Map.of("ce_type", "t")))));
    order();
    var taken = take(1, LONG_MS).getFirst();
    assertThat(taken.origin())
        .isEqualTo(new Origin("events/0/9/1700", null, Buffer.buffer(new byte[]{0, 1, 2}), 3,
            Map.of("ce_type", "t")));
    assertThat(taken.origin().whole()).isTrue();
    assertThat(taken.payment()).isNull();
  }

  @Test
  void open_isCountedByTask() {
    bury("events/1/1/1700", "x");
    bury("events/1/2/1700", "x");
    bury("events/1/3/1700", "x");
    execute("UPDATE dead_letter SET status = 'discarded' WHERE id = 1");
    assertThat(loop.<Map<String, Long>>result(() -> letters.open())).isEqualTo(Map.of("charge", 2L));
  }

  @Test
  void service_mayNotChangeWhatALetterIsAbout() throws SQLException {
    try (var service = database.service(); var statement = service.createStatement()) {
      for (String column : List.of("record", "record_key", "source", "task", "traceparent"))
        assertThatThrownBy(() -> statement.execute("UPDATE dead_letter SET " + column + " = NULL"))
            .hasMessageContaining("permission denied");
    }
  }
}
