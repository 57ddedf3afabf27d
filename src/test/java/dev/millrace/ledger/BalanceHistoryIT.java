package dev.millrace.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.InstantText;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Balances of past instants against the fold of all postings. The clock is the test's: it stands in the
 * statements' place of the server's.
 */
@ConcurrentTests
class BalanceHistoryIT {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final List<String> ACCOUNTS = List.of("a", "b", "suspense");
  private static final List<String> CURRENCIES = List.of("usd", "eur");
  private static final long TRANSACTION_S_MAX = 300;

  /** One committed posting. */
  private record Posted(String account, boolean livemode, String currency, long amount, Instant recorded) {}

  /** A transaction of the service's that has not ended. */
  private record Open(Connection connection, Instant began, List<Posted> postings) {}

  /** The roll-up at a time of the test's, which writes history after so many postings. */
  private static String rollUp(Instant at, int postings) {
    String literal = "'" + at + "'::timestamptz";
    String sql = Balances.ROLL_UP.replace("now() AS began", literal + " AS began")
        .replace("clock_timestamp() AS at", literal + " AS at")
        .replace(">= " + BalanceHistory.POSTINGS, ">= " + postings);
    assertThat(sql).doesNotContain("clock_timestamp", Integer.toString(BalanceHistory.POSTINGS));
    return sql;
  }

  private static void execute(Connection connection, String sql) {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static Connection transaction(TestDatabase database) {
    try {
      var connection = database.owner();
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void commit(Connection connection) {
    try (connection) {
      connection.commit();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void post(Connection connection, Posted p) {
    execute(connection, """
      WITH j AS (
        INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, recorded, data)
        VALUES (gen_random_uuid(), 1, 'payment.confirmed', gen_random_uuid(), %b, 'test', '', '%s', '{}')
        RETURNING position
      )
      INSERT INTO posting (position, line, livemode, account, currency, amount)
      SELECT position, 0, %b, '%s', '%s', %d FROM j""".formatted(p.livemode, p.recorded, p.livemode,
        p.account, p.currency, p.amount));
  }

  private static Map<String, Long> fold(List<Posted> postings, Instant asOf) {
    var sums = new TreeMap<String, Long>();
    for (Posted p : postings)
      if (!p.recorded.isAfter(asOf))
        sums.merge(p.account + " " + p.livemode + " " + p.currency, p.amount, Long::sum);
    return sums;
  }

  private static Map<String, Long> read(Loop loop, Balances balances, List<String> accounts, Instant asOf) {
    var sums = new TreeMap<String, Long>();
    for (var b : loop.result(() -> balances.of(accounts, asOf)))
      sums.put(b.account() + " " + b.livemode() + " " + b.currency(), b.amount().longValueExact());
    return sums;
  }

  /**
   * A random life of a ledger: transactions that overlap and end late, roll-ups that meet, writers who hold
   * the horizon back.
   */
  private static final class World implements AutoCloseable {
    final TestDatabase database = TestDatabase.create();
    final Random random;
    final Loop loop = new Loop();
    final Balances balances = new Balances(database.reads(loop));
    final Connection service;
    final List<Posted> committed = new ArrayList<>();
    final List<Open> open = new ArrayList<>();
    final List<Instant> moments = new ArrayList<>(List.of(BEGIN));
    Connection foreigner;
    Instant now = BEGIN;

    World(long seed) throws SQLException {
      random = new Random(seed);
      service = database.service();
    }

    void step() {
      now = now.plusMillis(random.nextInt(60_000));
      moments.add(now);
      open.removeIf(t -> {
        boolean late = t.began.plusSeconds(TRANSACTION_S_MAX - 60).isBefore(now);
        if (!late && random.nextInt(4) > 0) return false;
        end(t);
        return true;
      });
      switch (random.nextInt(12)) {
        case 0, 1 -> execute(service, rollUp(now, 5));
        case 2 -> collide();
        case 3 -> hold();
        case 4, 5 -> open.add(new Open(transaction(database), now, new ArrayList<>()));
        default -> write();
      }
    }

    private void end(Open t) {
      commit(t.connection);
      committed.addAll(t.postings);
    }

    private Posted posting(Instant recorded) {
      return new Posted(ACCOUNTS.get(random.nextInt(3)), random.nextInt(5) == 0,
          CURRENCIES.get(random.nextInt(20) == 0 ? 1 : 0), random.nextLong(-1000, 1000) * 2 + 1, recorded);
    }

    private void write() {
      if (!open.isEmpty() && random.nextBoolean()) {
        Open t = open.get(random.nextInt(open.size()));
        Posted p = posting(t.began);
        post(t.connection, p);
        t.postings.add(p);
      } else {
        for (int i = random.nextInt(4); i >= 0; i--) {
          var connection = transaction(database);
          Posted p = posting(now);
          post(connection, p);
          commit(connection);
          committed.add(p);
        }
      }
    }

    /** Another user of the server writes, and takes longer than any transaction of the service may. */
    private void hold() {
      if (foreigner == null) {
        foreigner = transaction(database);
        execute(foreigner, "SELECT pg_current_xact_id()");
      } else if (random.nextInt(3) == 0) {
        commit(foreigner);
        foreigner = null;
      }
    }

    /** A second roll-up begins while the first has not ended, and sees balances of before it. */
    private void collide() {
      try (var first = database.service(); var second = database.service()) {
        first.setAutoCommit(false);
        execute(first, rollUp(now, 1));
        // What these held back, the second takes; of what the first has taken, it knows nothing.
        open.forEach(this::end);
        open.clear();
        String later = rollUp(now.plusMillis(1), 1);
        var waiting = CompletableFuture.runAsync(() -> execute(second, later));
        awaitLocked();
        write();
        first.commit();
        waiting.get(10, TimeUnit.SECONDS);
        now = now.plusMillis(2);
      } catch (SQLException | InterruptedException | ExecutionException | TimeoutException e) {
        throw new IllegalStateException(e);
      }
    }

    private void awaitLocked() {
      dev.millrace.testing.Await.until(java.time.Duration.ofSeconds(10), "the second one waits",
          () -> database.number("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0);
    }

    void check() {
      Instant moment = moments.get(random.nextInt(moments.size()));
      for (Instant asOf : List.of(moment, moment.minusNanos(1_000), moment.plusNanos(1_000),
          BEGIN.plusSeconds(random.nextLong(now.getEpochSecond() - BEGIN.getEpochSecond() + 1)))) {
        assertThat(read(loop, balances, null, asOf)).as("as of %s at %s", asOf, now)
            .isEqualTo(fold(committed, asOf));
        var some = List.of("b", "nobody's");
        assertThat(read(loop, balances, some, asOf))
            .isEqualTo(fold(committed.stream().filter(p -> some.contains(p.account)).toList(), asOf));
      }
    }

    void checkLines() {
      Instant asOf = moments.get(random.nextInt(moments.size()));
      var lines = loop.result(() -> balances.lines("a", false, "usd", null, asOf, 10_000));
      assertThat(lines.stream().mapToLong(Balances.Line::amount).sorted().toArray())
          .isEqualTo(committed.stream().filter(p -> p.account.equals("a") && !p.livemode
              && p.currency.equals("usd") && !p.recorded.isAfter(asOf)).mapToLong(Posted::amount).sorted()
              .toArray());
    }

    @Override
    public void close() throws SQLException {
      open.forEach(t -> commit(t.connection));
      if (foreigner != null) commit(foreigner);
      service.close();
      loop.close();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void balance_atAnyInstant_isTheFoldOfAllPostings(long seed) throws SQLException {
    try (var world = new World(seed)) {
      for (int i = 0; i < 250; i++) {
        world.step();
        if (i % 10 == 0) world.check();
        if (i % 40 == 0) world.checkLines();
      }
      for (Instant moment : new TreeSet<>(world.moments))
        assertThat(read(world.loop, world.balances, null, moment)).as("seed %d, as of %s", seed, moment)
            .isEqualTo(fold(world.committed, moment));
      assertThat(read(world.loop, world.balances, null, null)).isEqualTo(fold(world.committed, world.now));
      // Else it was no test of what history is for.
      assertThat(world.database.number("SELECT count(DISTINCT at) FROM balance_history")).isGreaterThan(5);
      assertThat(world.database.number("SELECT count(*) FROM balance_mark")).isGreaterThan(10);
      assertThat(world.database.number("SELECT count(*) FROM balance_history h JOIN rollup r"
          + " ON h.horizon > r.horizon")).isZero();
    }
  }

  /** 200 000 postings over ten hours: what a read looks at is a small part of them, wherever it looks. */
  @Test
  void balance_ofABusyAccount_isReadFromFewPostings() throws SQLException {
    var database = TestDatabase.create();
    try (var owner = database.owner(); var service = database.service()) {
      for (int i = 0; i < 200; i++) {
        Instant at = BEGIN.plusSeconds(180L * i);
        execute(owner,
            """
              WITH j AS (
                INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, recorded, data)
                SELECT gen_random_uuid(), 1, 'payment.confirmed', gen_random_uuid(), false, 'test', '', '%s', '{}'
                  FROM generate_series(1, 500) RETURNING position
              )
              INSERT INTO posting (position, line, livemode, account, currency, amount)
              SELECT position, line, false, account, 'usd', amount
                FROM j, (VALUES (0, 'busy', 7), (1, 'other', -7)) AS l (line, account, amount)"""
                .formatted(at));
        execute(service, rollUp(at.plusSeconds(1), 10_001));
      }
      execute(owner, "ANALYZE");
      execute(service, "SET enable_seqscan = off");
      execute(service, "SET enable_bitmapscan = off");
      for (int part = 0; part <= 10; part++) {
        Instant asOf = BEGIN.plusSeconds(part * 3_600L);
        var read = new long[2];
        explain(service, asOf, read);
        assertThat(read[0]).as("postings for %s", asOf).isLessThan(25_000);
        assertThat(read[1]).as("events for %s", asOf).isLessThan(8_000);
      }
    }
  }

  /**
   * Runs the statement; counts into {@code read} the rows of postings and of the journal that it went
   * through.
   */
  private static void explain(Connection service, Instant asOf, long[] read) throws SQLException {
    String sql = BalanceHistory.AS_OF.replace("$1::text[]", "'{busy}'::text[]").replace("$2",
        "'" + asOf + "'");
    try (var statement = service.createStatement();
        var rows = statement.executeQuery("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)) {
      rows.next();
      walk(new JsonArray(rows.getString(1)).getJsonObject(0).getJsonObject("Plan"), read);
    }
  }

  private static void walk(JsonObject plan, long[] read) {
    String relation = plan.getString("Relation Name", "");
    long rows = (long) ((plan.getDouble("Actual Rows") + plan.getDouble("Rows Removed by Filter", 0.0))
        * plan.getDouble("Actual Loops"));
    if (relation.equals("posting")) read[0] += rows;
    if (relation.equals("journal")) read[1] += rows;
    for (Object part : plan.getJsonArray("Plans", new JsonArray())) walk((JsonObject) part, read);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1732100000", "2026-11-21T18:00:00Z", "2026-11-21T18:00:00.123456789+02:00", "0"})
  void instant_wellFormed_isRead(String text) { assertThat(InstantText.read(text)).isNotNull(); }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "yesterday", "2026-11-21", "2026-11-21T18:00:00", "2026-13-21T18:00:00Z",
      "2026-11-21T18:00:00 02:00", "123456789012", "1.5", "+12026-11-21T18:00:00Z"})
  void instant_malformed_isNone(String text) { assertThat(InstantText.read(text)).isNull(); }

  @Test
  void instant_isRoundedDownToWhatTheDatabaseKeeps() {
    assertThat(InstantText.read("2026-11-21T18:00:00.123456789Z"))
        .isEqualTo(Instant.parse("2026-11-21T18:00:00.123456Z"));
  }

  /** What the ceiling rests on. */
  @Test
  void serviceRole_hasATransactionTimeout() throws SQLException {
    try (var service = TestDatabase.create().service();
        var statement = service.createStatement();
        var rows = statement.executeQuery("SHOW transaction_timeout")) {
      rows.next();
      assertThat(rows.getString(1)).isEqualTo("5min");
    }
  }
}
