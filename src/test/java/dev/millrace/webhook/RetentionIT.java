package dev.millrace.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.inbox.InboxStore;
import dev.millrace.journal.Milestones;
import dev.millrace.payment.EventType;
import dev.millrace.platform.Capacity;
import dev.millrace.platform.Database;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.retention.Retention;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

final class RetentionIT {
  @Test
  void old_isForgotten_youngIsKept() {
    try (var site = new NotifierFixture(NotifierFixture.POLICY)) {
      site.endpoint("/hook");
      for (int i = 0; i < 3; i++) site.event(EventType.INITIATED);
      site.awaitCount("delivered", 3);
      site.sql(
          "INSERT INTO journal_milestone VALUES (now(), (SELECT max(xid) FROM webhook_message), 1000000)");
      site.sql(
          "INSERT INTO provider_event (provider, account, event_id, body) VALUES ('stripe', 'a', 'evt_1', '')");
      site.sql("INSERT INTO provider_event_result (xid, position, type, outcome)"
          + " SELECT xid, position, '', 'ignored' FROM provider_event");
      assertThat(forget(site, Duration.ofDays(29))).isZero();
      // Deliveries go after 30 days, their bodies a day later, what providers sent after 90.
      assertThat(forget(site, Duration.ofDays(30).plusHours(1))).isEqualTo(6);
      assertThat(site.database.number("SELECT count(*) FROM webhook_message")).isEqualTo(3);
      assertThat(forget(site, Duration.ofDays(31).plusHours(1))).isEqualTo(3);
      assertThat(forget(site, Duration.ofDays(90).plusHours(1))).isEqualTo(2);
      site.event(EventType.INITIATED);
      site.awaitCount("delivered", 1);
      assertThat(site.database.number("SELECT count(*) FROM journal")).isEqualTo(4);
    }
  }

  /** By the last that became of them; whoever deleted an open one would lose what was given up. */
  @Test
  void deadLetter_replayedOrDiscardedLongAgo_isForgotten_openOnesAreKept() {
    try (var site = new NotifierFixture(NotifierFixture.POLICY)) {
      site.sql(
          """
            INSERT INTO dead_letter (task, status, attempts, error, traceparent, record, source, created, decided, outcome_at, due)
            SELECT 'poison', s, 1, 'x', '', '', name, now() - 50 * interval '1 day', now() - d * interval '1 day',
                   now() - o * interval '1 day', now() - interval '40 days'
              FROM (VALUES ('never decided', 'open', NULL, NULL), ('failed again', 'open', 40, 40), ('ordered', 'replaying', 40, NULL),
                           ('put away', 'discarded', 20, NULL), ('put away lately', 'discarded', 1, 30),
                           ('done', 'replayed', 40, 20), ('done lately', 'replayed', 40, 1)) AS v (name, s, d, o)""");
      assertThat(forget(site, Duration.ofDays(39))).isZero();
      assertThat(forget(site, Duration.ofDays(41))).isEqualTo(2);
      assertThat(sources(site))
          .isEqualTo("done lately, failed again, never decided, ordered, put away lately");
      assertThat(forget(site, Duration.ofDays(5_000))).isEqualTo(2);
      assertThat(sources(site)).isEqualTo("failed again, never decided, ordered");
    }
  }

  @Test
  void deadLetters_tooManyForOneRound_areForgottenInSeveral() {
    try (var site = new NotifierFixture(NotifierFixture.POLICY)) {
      site.sql("INSERT INTO dead_letter (task, status, attempts, error, traceparent, record, source)"
          + " SELECT 'poison', 'discarded', 1, 'x', '', '', n FROM generate_series(1, 5001) n");
      assertThat(forget(site, Duration.ofDays(61))).isEqualTo(5_000);
      assertThat(forget(site, Duration.ofDays(61))).isEqualTo(1);
    }
  }

  private static String sources(NotifierFixture site) {
    try (var owner = site.database.owner();
        var statement = owner.createStatement();
        var rows = statement
            .executeQuery("SELECT string_agg(source, ', ' ORDER BY source) FROM dead_letter")) {
      rows.next();
      return rows.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int forget(NotifierFixture site, Duration later) {
    PgLink rows = site.database.link(site.loop, "retention");
    var reads = new Database(site.database.pool(site.loop), 5_000,
        new Capacity(site.registry, "pool", "retention", 8));
    var periods = new Retention.Periods(Duration.ofDays(30), Duration.ofDays(90), Duration.ofDays(60),
        Duration.ofDays(30));
    int deleted = site.loop.result(() -> new Retention(site.loop.vertx(),
        new Lease(site.loop.vertx(), rows, "none", "test", 1_000),
        new Retention.Stores(new DeliveryStore(rows), new InboxStore(rows),
            new DeadLetterStore(site.loop.vertx(), reads, site.registry), new IdempotencyKeyStore(rows),
            new Milestones(rows)),
        InstantSource.fixed(java.time.Instant.now().plus(later)), periods).forget());
    site.loop.result(rows::close);
    return deleted;
  }
}
