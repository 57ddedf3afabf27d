package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where the journal stood at which time, on a real Postgres. */
class MilestonesIT {
  private static final Duration BOUND = Duration.ofSeconds(15);
  private static final Duration RETENTION = Duration.ofMillis(500);
  private static final String OLD = "SELECT count(*) FROM journal_milestone WHERE at < now() - interval '500 ms'";

  private static TestDatabase database;

  private final Loop loop = new Loop();
  private final PgLink link = database.link(loop, "milestones");
  private final EventReads reads = new EventReads(link);
  private final Milestones milestones = new Milestones(link);

  @BeforeAll
  static void create() { database = TestDatabase.create(); }

  @AfterEach
  void close() {
    Loop.result(loop.vertx().close());
    try (var journal = TestJournal.open(database, true)) {
      journal.execute("DELETE FROM journal_milestone");
      journal.execute("DELETE FROM lease");
    }
  }

  private void start(Lease lease) {
    loop.run(() -> {
      milestones.start(loop.vertx(), lease, RETENTION);
      loop.vertx().setPeriodic(100, id -> milestones.forgetBefore(RETENTION));
    });
  }

  private Lease lease(String holder) {
    return loop.on(() -> {
      var lease = new Lease(loop.vertx(), link, "notifier", holder, 3_000);
      lease.start();
      return lease;
    });
  }

  private Cursor oldest(OffsetDateTime at) { return loop.result(() -> reads.oldest(at)); }

  @Test
  void milestones_ofTheHolder_areNoted_andTheOldOnesForgottenButOne() {
    start(lease("a"));
    Await.until(BOUND, "the first milestone",
        () -> database.number("SELECT count(*) FROM journal_milestone") > 0);
    long first = database.number("SELECT extract(epoch FROM min(at)) * 1000000 FROM journal_milestone");
    assertThat(oldest(OffsetDateTime.now().minus(Duration.ofHours(1)))).isNull();
    Await.until(BOUND, "the first is old and forgotten", () -> database
        .number("SELECT extract(epoch FROM min(at)) * 1000000 FROM journal_milestone") > first);
    Await.until(BOUND, "one that is old enough remains, as the boundary", () -> database.number(OLD) == 1);
    assertThat(oldest(OffsetDateTime.now().minus(RETENTION))).isNotNull();
  }

  @Test
  void milestone_liesBeforeWhatIsRecordedAfterIt_andBehindWhatWasCommitted() {
    UUID merchant = UUID.randomUUID();
    try (var journal = TestJournal.open(database, true); var open = TestJournal.open(database, false)) {
      Cursor committed = journal.add(merchant, "payment.initiated");
      Await.until(BOUND, "no older transaction is open",
          () -> loop.result(reads::horizon).after(committed));
      Cursor late = open.add(merchant, "payment.initiated");
      start(lease("a"));
      Await.until(BOUND, "a milestone", () -> database.number("SELECT count(*) FROM journal_milestone") > 0);
      Cursor after = journal.add(merchant, "payment.initiated");
      Cursor milestone = oldest(OffsetDateTime.now());
      assertThat(milestone.after(committed)).as("%s is behind %s", milestone, committed).isTrue();
      assertThat(late.after(milestone)).as("%s, still open, is behind %s", late, milestone).isTrue();
      assertThat(after.after(milestone)).isTrue();
    }
  }

  @Test
  void milestones_ofWhoHasNotTheLease_areNone() {
    Lease holder = lease("a");
    Await.until(BOUND, "the lease is held", holder::held);
    Lease other = lease("b");
    start(other);
    var periods = new AtomicInteger();
    loop.run(() -> loop.vertx().setPeriodic(100, id -> periods.incrementAndGet()));
    Await.until(BOUND, "some of its periods have passed", () -> periods.get() >= 5);
    assertThat(database.number("SELECT count(*) FROM journal_milestone")).isZero();
    assertThat(other.held()).isFalse();
    start(holder);
    Await.until(BOUND, "the holder's", () -> database.number("SELECT count(*) FROM journal_milestone") > 0);
  }
}
