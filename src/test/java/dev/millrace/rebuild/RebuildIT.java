package dev.millrace.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.processing.PaymentLivesOnPostgres;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What random lives leave in the tables is what their journal says; whatever else is done to the tables is
 * found.
 */
@ConcurrentTests
final class RebuildIT {
  private static final int PAYMENTS = 250;
  private static final long SEED = Long.getLong("millrace.life.seed", System.nanoTime());
  private static final List<String> TABLES = List.of("payment", "operation", "dispute", "posting",
      "settlement", "balance", "rollup");
  private static TestDatabase database;

  /** What one run printed, and how it ended. */
  private record Run(int code, String out) {}

  @BeforeAll
  static void live() throws SQLException {
    database = TestDatabase.create();
    try (var lives = new PaymentLivesOnPostgres(database)) {
      lives.fill(PAYMENTS, SEED);
    }
    // The nodes are gone; what they left is kept aside, so that each test can begin with it.
    execute("UPDATE lease SET expires = clock_timestamp()");
    for (String table : TABLES) execute("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table);
    execute("CREATE TABLE kept_journal AS SELECT * FROM journal");
  }

  @BeforeEach
  void restore() throws SQLException {
    for (String table : TABLES)
      execute("TRUNCATE " + table + "; INSERT INTO " + table + " SELECT * FROM kept_" + table);
    execute(
        "TRUNCATE journal; INSERT INTO journal (position, xid, subject, version, type, merchant, livemode,"
            + " actor, traceparent, recorded, data) OVERRIDING SYSTEM VALUE SELECT position, xid, subject, version,"
            + " type, merchant, livemode, actor, traceparent, recorded, data FROM kept_journal");
    execute("DROP SCHEMA IF EXISTS rebuild CASCADE");
  }

  @AfterAll
  static void forget() throws SQLException {
    for (String table : TABLES) execute("DROP TABLE kept_" + table);
  }

  private static void execute(String sql) throws SQLException {
    try (var connection = database.owner(); var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Run rebuild(boolean replace) { return rebuild(replace, 50); }

  /** With so few payments in memory that most are made anew from their events on the way. */
  private static Run rebuild(boolean replace, int paymentsMax) {
    return rebuild(database, replace, paymentsMax);
  }

  private static Run rebuild(TestDatabase database, boolean replace, int paymentsMax) {
    var bytes = new ByteArrayOutputStream();
    var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int code = new Rebuild(database.jdbcUrl(), "postgres", "postgres", out, paymentsMax).run(replace);
    return new Run(code, bytes.toString(StandardCharsets.UTF_8));
  }

  private static String text(String sql) {
    try (var connection = database.owner();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static void assertEqual(Run run) {
    assertThat(run.out).as("seed %d", SEED).contains("rebuild: equal").doesNotContain("different,");
    assertThat(run.code).isEqualTo(Rebuild.EQUAL);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 50, 100_000})
  void rebuild_afterRandomLives_isEqual(int paymentsMax) {
    Run run = rebuild(false, paymentsMax);
    assertEqual(run);
    for (String table : List.of("payment", "operation", "dispute", "posting", "settlement"))
      assertThat(run.out)
          .contains(table + ": " + database.number("SELECT count(*) FROM " + table) + " rows equal");
    assertThat(database.number("SELECT count(*) FROM balance")).isGreaterThan(8);
    assertThat(database.number("SELECT count(*) FROM dispute")).isGreaterThan(8);
    assertThat(run.out).contains("replayed " + database.number("SELECT count(*) FROM journal") + " events");
    assertThat(text("SELECT count(*) FROM pg_namespace WHERE nspname = 'rebuild'")).isEqualTo("0");
  }

  /** Writers, the settlement and the roll-up go on meanwhile. */
  @Test
  void rebuild_besideARunningGateway_isEqual() throws InterruptedException {
    var busy = TestDatabase.create();
    try (var lives = new PaymentLivesOnPostgres(busy)) {
      var running = new Thread(() -> lives.fill(PAYMENTS, SEED + 1), "lives");
      running.start();
      int during = 0;
      for (int i = 0; i < 6 && running.isAlive(); i++) {
        assertEqual(rebuild(busy, false, 50));
        if (running.isAlive()) during++;
        Run replacing = rebuild(busy, true, 50);
        assertThat(replacing.code).as(replacing.out).isEqualTo(Rebuild.IMPOSSIBLE);
      }
      assertThat(during).isPositive();
      running.join(120_000);
      assertThat(running.isAlive()).isFalse();
      assertEqual(rebuild(busy, false, 50));
    }
  }

  /**
   * The rows are the same ones, not only as many: the test of the comparison is in the rows that it compares.
   */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    payment   | status = 'refunded'                    | status is refunded, by the journal
    payment   | amount_captured = 1 + coalesce(amount_captured, 0) | amount_captured is
    payment   | updated = updated + interval '1 us'    | updated is
    payment   | expires = '2031-01-01'                 | expires is 2031-01-01 00:00:00+00, by the journal null
    payment   | reference = ''                         | reference is , by the journal null
    operation | amount = amount + 1                    | amount is
    operation | reason = 'x'                           | reason is x, by the journal
    operation | attempt = NULL                         | attempt is null, by the journal
    dispute   | status = CASE status WHEN 'won' THEN 'lost' ELSE 'won' END | status is
    dispute   | amount = amount + 1                    | amount is
    dispute   | reason = 'x'                           | reason is x, by the journal
    dispute   | evidence_due = '2031-01-01'            | evidence_due is 2031-01-01 00:00:00+00, by the journal
    dispute   | version = version + 1                  | version is
    posting   | amount = amount + 1                    | amount is
    posting   | account = concat(account, 'x')               | account is
    posting   | memo = concat(memo, 'x')       | memo is
    posting   | livemode = NOT livemode                | livemode is
    settlement | payments = payments + 1               | payments is
    balance   | amount = amount + 1                    | amount is
    """)
  void row_thatWasTamperedWith_isNamed(String table, String change, String words) throws SQLException {
    execute("UPDATE " + table + " SET " + change + " WHERE ctid = (SELECT ctid FROM " + table
        + (table.equals("operation") ? " WHERE attempt IS NOT NULL AND reason IS NOT NULL" : "")
        + (table.equals("payment") ? " WHERE status NOT IN ('refunded', 'authorized')" : "")
        + " LIMIT 1)");
    Run run = rebuild(false);
    assertThat(run.code).isEqualTo(Rebuild.DIFFERENT);
    assertThat(run.out).contains(words).contains(table + ": ")
        .contains(", 1 different, 0 missing, 0 superfluous")
        .contains("rebuild: different; the rebuilt tables are in the schema `rebuild`");
    assertThat(run.out.lines().filter(l -> l.startsWith("  "))).as(run.out)
        .anyMatch(
            l -> l.matches(
                "  " + table + " .*(pay_|cap_|can_|re_|rev_|dp_|stl_|\\d+\\.\\d+\\.\\d|merchant|provider"
                    + "|bank|fees|suspense|disputes).*"));
  }

  @Test
  void row_thatIsMissing_orOneTooMany_isNamed() throws SQLException {
    String payment = text("DELETE FROM payment WHERE id = (SELECT id FROM payment LIMIT 1) RETURNING id");
    String operation = text(
        "DELETE FROM operation WHERE id = (SELECT id FROM operation LIMIT 1) RETURNING id");
    execute("DELETE FROM dispute WHERE ctid IN (SELECT ctid FROM dispute LIMIT 1)");
    execute("DELETE FROM posting WHERE ctid IN (SELECT ctid FROM posting LIMIT 2)");
    execute("INSERT INTO posting (position, line, livemode, account, currency, amount)"
        + " VALUES (1, 0, false, 'suspense', 'usd', 5)");
    execute("DELETE FROM settlement WHERE ctid IN (SELECT ctid FROM settlement LIMIT 1)");
    Run run = rebuild(false);
    assertThat(run.code).isEqualTo(Rebuild.DIFFERENT);
    assertThat(run.out).contains("payment: " + (PAYMENTS - 1) + " rows equal, 0 different, 1 missing")
        .containsPattern("operation (cap|can|re|rev)_\\w{26} of pay_\\w{26} is missing")
        .containsPattern("dispute dp_\\w{26} of pay_\\w{26} is missing")
        .containsPattern("posting: .*, 0 different, 2 missing, 1 superfluous")
        .containsPattern("posting \\d+\\.1\\.0 of 5 usd on suspense is not in the journal")
        .containsPattern("settlement stl_\\w{26} is missing")
        .contains("balance of suspense test usd");
    assertThat(payment + operation).isNotBlank();
  }

  @Test
  void rows_thatAllDiffer_areCountedAndTheFirstNamed() throws SQLException {
    execute("UPDATE payment SET version = version + 1");
    Run run = rebuild(false);
    assertThat(run.out).contains("payment: 0 rows equal, " + PAYMENTS + " different")
        .contains("and " + (PAYMENTS - 5) + " more");
  }

  @Test
  void event_thatItsPaymentRefuses_isNamed_andNothingIsReplaced() throws SQLException {
    execute("UPDATE journal SET type = 'payment.blocked', data = '{\"score\":1}' WHERE (subject, version) ="
        + " (SELECT id, version FROM payment WHERE status = 'settled' ORDER BY id LIMIT 1)");
    assertThat(text("SELECT count(*) FROM journal j JOIN kept_journal k USING (xid, position)"
        + " WHERE j.type <> k.type")).as("events changed; seed %d", SEED).isEqualTo("1");
    Run run = rebuild(false);
    assertThat(run.code).as("seed %d: %s", SEED, run.out).isEqualTo(Rebuild.DIFFERENT);
    assertThat(run.out).contains("journal: 1 events cannot be replayed").containsPattern(
        "pay_\\w{26} version \\d+ \\(payment.blocked at \\d+\\.\\d+\\): payment.blocked may not move a payment from");
    Run replaced = rebuild(true);
    assertThat(replaced.code).isEqualTo(Rebuild.IMPOSSIBLE);
    assertThat(replaced.out).contains("nothing was replaced: the journal itself cannot be replayed");
  }

  @Test
  void event_thatIsGone_isNamed() throws SQLException {
    execute(
        "DELETE FROM journal WHERE (subject, version) = (SELECT id, 2 FROM payment WHERE version > 4 LIMIT 1)");
    Run run = rebuild(false);
    assertThat(run.code).isEqualTo(Rebuild.DIFFERENT);
    assertThat(run.out).contains("the version before it is missing");
  }

  /** Journals of before have a few: the settlement's transaction was the older one. */
  @Test
  void event_thatStandsBeforeTheOneItFollows_waitsForIt() throws SQLException {
    execute("""
      WITH two AS (SELECT a.position AS one, b.position AS other, a.xid AS ax, b.xid AS bx
                     FROM journal a JOIN journal b ON b.subject = a.subject AND b.version = a.version + 1
                    WHERE a.version > 2 AND a.xid < b.xid LIMIT 1)
      UPDATE journal j SET xid = CASE j.position WHEN two.one THEN two.bx ELSE two.ax END
        FROM two WHERE j.position IN (two.one, two.other)""");
    assertThat(rebuild(false).out).doesNotContain("cannot be replayed").contains("payment: " + PAYMENTS
        + " rows equal\n");
  }

  @Test
  void rebuild_thatWasBrokenOff_canBeRunAgain() throws SQLException {
    execute(
        "CREATE SCHEMA rebuild; CREATE TABLE rebuild.payment (half int); CREATE TABLE rebuild.other (x int)");
    assertEqual(rebuild(false));
  }

  @Test
  void rebuild_thatIsKilledOnTheWay_canBeRunAgain() throws Exception {
    var killed = new Thread(() -> rebuild(false, 1), "killed");
    try (var connection = database.owner(); var statement = connection.createStatement()) {
      killed.start();
      int ended = 0;
      while (ended == 0 && killed.isAlive())
        try (var rows = statement.executeQuery("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            + " WHERE application_name = 'millrace-rebuild' AND datname = current_database()"
            + " AND EXISTS (SELECT FROM pg_namespace WHERE nspname = 'rebuild')")) {
              rows.next();
              ended = rows.getInt(1);
            }
    }
    killed.join(20_000);
    assertThat(killed.isAlive()).isFalse();
    assertEqual(rebuild(false));
  }

  @Test
  void second_whileOneRuns_isRefused() throws SQLException {
    try (var connection = database.owner(); var statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(" + Rebuild.LOCK + ")");
      Run run = rebuild(false);
      assertThat(run.code).isEqualTo(Rebuild.IMPOSSIBLE);
      assertThat(run.out).contains("could not run: another rebuild of this database is running");
    }
  }

  @Test
  void replace_repairsWhatWasTamperedWith() throws SQLException {
    execute("DELETE FROM payment WHERE id IN (SELECT id FROM payment LIMIT 7)");
    execute("UPDATE payment SET status = 'settled', amount_charged = 1");
    execute("UPDATE posting SET amount = amount + 1 WHERE ctid IN (SELECT ctid FROM posting LIMIT 3)");
    execute("DELETE FROM operation");
    execute("DELETE FROM dispute");
    execute("UPDATE balance SET amount = 0");
    Run run = rebuild(true);
    assertThat(run.out).contains("rebuild: replaced");
    assertThat(run.code).isEqualTo(Rebuild.EQUAL);
    assertThat(text("SELECT act || ' ' || data::text FROM audit ORDER BY id DESC LIMIT 1"))
        .startsWith("rebuild_replace {\"events\" : ");
    assertEqual(rebuild(false));
    for (String table : List.of("payment", "operation", "dispute", "posting", "settlement"))
      assertThat(database.number("SELECT count(*) FROM ((TABLE " + table + " EXCEPT TABLE kept_" + table
          + ") UNION ALL (TABLE kept_" + table + " EXCEPT TABLE " + table + ")) d")).as(table).isZero();
    // The roll-up goes on from where it is now.
    assertThat(database.number("SELECT count(*) FROM posting WHERE xid >= (SELECT horizon FROM rollup)"))
        .isZero();
  }

  /** The migration that makes the table knows the events of before: of those it makes the same rows. */
  @Test
  void disputes_ofBefore_areWhatTheMigrationMakes() throws Exception {
    String migration;
    try (var in = RebuildIT.class.getResourceAsStream("/db/migration/V7__reversals_and_disputes.sql")) {
      migration = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    execute("TRUNCATE dispute");
    execute(migration.substring(migration.indexOf("WITH e AS"), migration.indexOf("ALTER TABLE operation")));
    String before = "FROM dispute d FULL JOIN kept_dispute k USING (id) WHERE NOT EXISTS (SELECT FROM journal j"
        + " WHERE j.subject = coalesce(d.payment_id, k.payment_id)"
        + " AND j.type IN ('payment.dispute_reopened', 'payment.chargeback_reversed', 'payment.dispute_changed'))";
    assertThat(database.number("SELECT count(*) " + before)).isPositive();
    assertThat(database.number("SELECT count(*) " + before + " AND d IS DISTINCT FROM k")).isZero();
  }

  @Test
  void replace_ofEqualTables_doesNothing() {
    long audits = database.number("SELECT count(*) FROM audit");
    assertEqual(rebuild(true));
    assertThat(database.number("SELECT count(*) FROM audit")).isEqualTo(audits);
  }

  @Test
  void replace_whileALeaseIsHeld_isRefused() throws SQLException {
    execute("UPDATE payment SET amount_charged = 7");
    execute("UPDATE lease SET expires = clock_timestamp() + interval '1 minute' WHERE name = 'settlement'");
    try {
      Run run = rebuild(true);
      assertThat(run.code).isEqualTo(Rebuild.IMPOSSIBLE);
      assertThat(run.out).contains("could not run: a gateway runs and holds leases (settlement by test-");
      assertThat(database.number("SELECT count(*) FROM payment WHERE amount_charged = 7"))
          .isEqualTo(PAYMENTS);
    } finally {
      execute("UPDATE lease SET expires = clock_timestamp()");
    }
  }

  @Test
  void replace_whileANodeIsConnected_isRefused() throws SQLException {
    execute("UPDATE payment SET amount_charged = 7");
    try (var connection = database.service()) {
      connection.setClientInfo("ApplicationName", "millrace");
      Run run = rebuild(true);
      assertThat(run.code).isEqualTo(Rebuild.IMPOSSIBLE);
      assertThat(run.out).contains("could not run: a gateway is connected (1 sessions)");
    }
  }

  @Test
  void table_ofANewerRelease_isNotRebuiltWithoutItsColumns() throws SQLException {
    execute("ALTER TABLE settlement ADD COLUMN file text");
    try {
      Run run = rebuild(false);
      assertThat(run.code).isEqualTo(Rebuild.IMPOSSIBLE);
      assertThat(run.out).contains("the table `settlement` is not the one that this release rebuilds")
          .contains("file text");
    } finally {
      execute("ALTER TABLE settlement DROP COLUMN file");
    }
  }

  @Test
  void database_thatIsNotThere_saysSo() {
    var bytes = new ByteArrayOutputStream();
    int code = new Rebuild(database.jdbcUrl() + "_not", "postgres", "postgres",
        new PrintStream(bytes, true, StandardCharsets.UTF_8)).run(false);
    assertThat(code).isEqualTo(Rebuild.IMPOSSIBLE);
    assertThat(bytes.toString(StandardCharsets.UTF_8)).startsWith("rebuild: could not run: ");
  }

  @Test
  void progress_tellsHowFarAndHowFast() {
    var bytes = new ByteArrayOutputStream();
    var progress = new Progress(new PrintStream(bytes, true, StandardCharsets.UTF_8), 3_000);
    progress.passed(1_000);
    var lines = new ArrayList<String>();
    for (long until = System.nanoTime() + 3_000_000_000L; lines.isEmpty() && System.nanoTime() < until;) {
      progress.passed(0);
      bytes.toString(StandardCharsets.UTF_8).lines().forEach(lines::add);
    }
    assertThat(lines).hasSize(1).first().asString()
        .matches("replayed 1000 of 3000 events, 33\\.3 %, \\d+/s, \\d+ s to go");
    progress.end();
    assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("replayed 1000 events in ");
  }
}
