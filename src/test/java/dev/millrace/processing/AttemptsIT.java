package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AttemptStore;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.vertx.core.Future;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may make a call again. */
class AttemptsIT {
  private static final long LONG_MS = 600_000;
  private static TestDatabase database;
  private static Loop loop;
  private static AttemptStore attempts;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    attempts = new AttemptStore(database.reads(loop));
  }

  @AfterAll
  static void stop() { loop.close(); }

  private static void execute(String sql) {
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** A call that was begun so many seconds ago. */
  private static Attempt begun(int secondsAgo) {
    var attempt = Attempt.charge(TypeId.next(), 1, "stripe", null);
    execute("INSERT INTO attempt (reference, payment_id, number, provider, kind, started) VALUES ('"
        + attempt.reference() + "', '" + UUID.randomUUID() + "', 1, 'stripe', 'charge', now() - interval '"
        + secondsAgo + " s')");
    return attempt;
  }

  private static boolean claim(Attempt attempt, long absenceAfterMs) {
    return loop.result(() -> attempts.claim(attempt, absenceAfterMs));
  }

  private static void used(Attempt attempt, CallRight right, Outcome outcome) {
    assertThat(loop.result(() -> ProviderCall.used(attempts, attempt, right, outcome))).isSameAs(outcome);
  }

  @Test
  void call_thatMayBeUnderWay_isNobodyElses() {
    var attempt = begun(10);
    assertThat(claim(attempt, 60_000)).isFalse();
    assertThat(claim(attempt, 5_000)).as("once it has had its time").isTrue();
    assertThat(claim(attempt, 5_000)).as("again, at once").isFalse();
  }

  @Test
  void call_claimedByTwoAtOnce_isGivenToOne() {
    var attempt = begun(10);
    var both = loop.result(
        () -> Future.all(attempts.claim(attempt, 5_000), attempts.claim(attempt, 5_000))
            .map(f -> f.<Boolean>list()));
    assertThat(both).containsExactlyInAnyOrderElementsOf(List.of(true, false));
  }

  @Test
  void call_thatDidNotLeave_isFreeAtOnce() {
    for (Outcome outcome : List.of(new Outcome.NotExecuted("429"), new Outcome.Deferred())) {
      var attempt = begun(0);
      used(attempt, new CallRight(System.nanoTime(), LONG_MS), outcome);
      assertThat(claim(attempt, LONG_MS)).as(outcome.toString()).isTrue();
      assertThat(claim(attempt, LONG_MS)).as("taken").isFalse();
    }
  }

  @Test
  void call_thatLeft_isNotGivenBack() {
    var attempt = begun(0);
    used(attempt, new CallRight(System.nanoTime(), LONG_MS), new Outcome.Unknown("no answer"));
    assertThat(claim(attempt, LONG_MS)).isFalse();
  }

  /** Of one who slept so long that another may have it by now. */
  @Test
  void right_thatIsOver_givesNothingBack() {
    var attempt = begun(0);
    var over = new CallRight(System.nanoTime() - 2_000_000_000, 1_000);
    assertThat(over.expired()).isTrue();
    used(attempt, over, new Outcome.NotExecuted("429"));
    assertThat(claim(attempt, LONG_MS)).isFalse();
  }

  /**
   * A provider that hangs may carry out late what it was sent: only from its first answer on it has had time.
   */
  @Test
  void absence_isProof_onlySinceTheProviderSaidSo() {
    var attempt = begun(100);
    var times = new Providers.Times(1_000, LONG_MS, LONG_MS);
    assertThat(open(attempt).absentFor(times.absenceAfter())).as("begun long ago").isFalse();
    loop.result(() -> attempts.absent(attempt));
    assertThat(open(attempt).absentFor(times.absenceAfter())).as("said for the first time").isFalse();
    execute("UPDATE attempt SET absent_since = absent_since - interval '2 s' WHERE reference = '"
        + attempt.reference() + "'");
    loop.result(() -> attempts.absent(attempt));
    assertThat(open(attempt).absentFor(times.absenceAfter())).as("said again").isTrue();
    assertThat(claim(attempt, 5_000)).isTrue();
    assertThat(open(attempt).absentFor(times.absenceAfter())).as("called again").isFalse();
  }

  private static AttemptStore.Open open(Attempt attempt) {
    return loop.result(() -> attempts.open(TypeId.format(TypeId.ATTEMPT, attempt.reference())));
  }

  @Test
  void call_thatHasItsOutcome_isNeverMadeAgain() {
    var attempt = begun(100);
    execute("UPDATE attempt SET outcome = 'charged' WHERE reference = '" + attempt.reference() + "'");
    assertThat(claim(attempt, 1_000)).isFalse();
  }
}
