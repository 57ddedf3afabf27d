package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.WakeUps.Source;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What two processes of one database say to each other, over a real Postgres. */
final class WakeUpsIT {
  private static final Duration BOUND = Duration.ofSeconds(15);

  private final TestDatabase database = TestDatabase.create();
  private final Loop loop = new Loop();
  private final Process one = new Process();
  private final Process other = new Process();

  /** A process's wake-ups, and how often it has heard of the journal and of the inbox. */
  private final class Process {
    final Servers servers = new Servers(Config.load(Map.of("MILLRACE_POSTGRES_URI", database.uri())));
    final AtomicInteger journal = new AtomicInteger();
    final AtomicInteger inbox = new AtomicInteger();

    /** Once connected, everybody looks once: something may have been missed. */
    void start() {
      loop.run(() -> {
        servers.wakeUps().listen(Set.of(Source.JOURNAL), journal::incrementAndGet);
        servers.wakeUps().listen(Set.of(Source.INBOX), inbox::incrementAndGet);
      });
      Loop.result(loop.vertx()
          .deployVerticle(servers.wakeUps().connection(servers, new SimpleMeterRegistry())));
      Await.until(BOUND, "it listens", () -> inbox.get() == 1);
    }

    /** Says it when it is not too early to be said again. */
    void say(Source source) {
      Loop.result(loop.vertx().timer(2 * WakeUps.GAP_MS));
      servers.wakeUps().say(source);
    }
  }

  @AfterEach
  void stop() { loop.close(); }

  @Test
  void work_saidByOneProcess_wakesBoth_eachOnce_andNobodyElse() {
    one.start();
    other.start();
    one.say(Source.JOURNAL);
    Await.until(BOUND, "both have heard", () -> one.journal.get() == 2 && other.journal.get() == 2);
    other.say(Source.INBOX);
    Await.until(BOUND, "both have heard", () -> one.inbox.get() == 2 && other.inbox.get() == 2);
    assertThat(one.journal).as("its own words came back and were not news").hasValue(2);
    assertThat(other.journal).hasValue(2);
  }

  @Test
  void work_saidOverAndOver_isPassedOnOnceInAWhile() {
    one.start();
    other.start();
    long began = System.nanoTime();
    Loop.result(loop.vertx().timer(WakeUps.GAP_MS));
    for (int i = 0; i < 10_000; i++) one.servers.wakeUps().say(Source.JOURNAL);
    other.say(Source.INBOX);
    Await.until(BOUND, "what was said afterwards is heard", () -> one.inbox.get() == 2);
    long gaps = Duration.ofNanos(System.nanoTime() - began).toMillis() / WakeUps.GAP_MS;
    assertThat(other.journal.get()).isBetween(2, (int) gaps + 2);
    assertThat(one.journal.get()).isBetween(2, (int) gaps + 2);
  }

  @Test
  void process_withoutAConnection_hearsItself() {
    loop.run(() -> one.servers.wakeUps().listen(Set.of(Source.JOURNAL), one.journal::incrementAndGet));
    one.servers.wakeUps().say(Source.JOURNAL);
    Await.until(BOUND, "it has heard", () -> one.journal.get() == 1);
  }

  @Test
  void process_whoseConnectionIsLost_looksOnceItHasAnother_andHearsAgain() throws SQLException {
    one.start();
    other.start();
    try (var connection = database.owner(); var statement = connection.createStatement()) {
      statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          + " WHERE datname = current_database() AND query LIKE 'LISTEN%'");
    }
    Await.until(BOUND, "both look", () -> one.journal.get() == 2 && other.journal.get() == 2);
    one.say(Source.JOURNAL);
    Await.until(BOUND, "both have heard", () -> one.journal.get() == 3 && other.journal.get() == 3);
  }

  @Test
  void words_ofANewerRelease_areNoConcernOfThisOne() throws SQLException {
    one.start();
    try (var connection = database.owner(); var statement = connection.createStatement()) {
      statement.execute("NOTIFY millrace_work, 'payouts'");
      statement.execute("NOTIFY millrace_work, 'inbox'");
    }
    Await.until(BOUND, "what it knows is heard", () -> one.inbox.get() == 2);
    assertThat(one.journal).hasValue(1);
  }
}
