package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The journal's readers follow transactions in the order of their numbers, also where those grow by a digit
 * (9999, 10000) and the backlog is longer than a batch.
 */
class JournalOrderIT {
  private static final int PAYMENTS = 30;

  @Test
  void relay_backlogOverATransactionNumberOfOneMoreDigit_publishesAllInOrder() {
    try (var site = Site.on(TestServers.shared())) {
      var accepting = site.start("api,ops", Map.of());
      long boundary = moveTransactionsTo(site, PAYMENTS * 2);
      payAcross(site, accepting, "", boundary);
      assertBothSides(site, boundary, "payment.initiated");
      var relaying = site.start("simulator,relay,processor,settlement,ops",
          Map.of("MILLRACE_RELAY_BATCH_MAX", "5"));
      BookAudit.awaitRest(site, relaying, Duration.ofSeconds(15));
      for (var published : EventTopic.versions(site).entrySet()) {
        assertThat(published.getValue()).as("versions of %s", published.getKey()).doesNotHaveDuplicates()
            .isEqualTo(List.copyOf(new TreeSet<>(published.getValue())));
      }
      BookAudit.assertConsistent(site, relaying);
    }
  }

  @Test
  void settlement_backlogOverATransactionNumberOfOneMoreDigit_settlesAll() {
    try (var site = Site.on(TestServers.shared())) {
      var confirming = site.start("simulator,api,relay,processor,ops", Map.of());
      long boundary = moveTransactionsTo(site, PAYMENTS * 8);
      payAcross(site, confirming, "wait=10", boundary);
      assertBothSides(site, boundary, "payment.confirmed");
      var settling = site.start("settlement,ops", Map.of("MILLRACE_SETTLEMENT_BATCH_MAX", "5"));
      BookAudit.awaitRest(site, settling, Duration.ofSeconds(15));
      assertThat(SiteSql.statuses(site)).containsOnlyKeys("settled");
      BookAudit.assertConsistent(site, settling);
    }
  }

  /**
   * Pays until the numbers have passed the boundary, which others on this Postgres move too, and as often
   * after it.
   */
  private static void payAcross(Site site, GatewayProcess gateway, String prefer, long boundary) {
    String merchant = gateway.merchantKey();
    int after = 0;
    for (int i = 0; after < PAYMENTS / 2; i++) {
      assertThat(i).as("payments before the boundary %d", boundary).isLessThan(PAYMENTS * 20);
      var answer = Http.send("POST", gateway.apiUrl() + "/v1/payments",
          Http.create(merchant, "k" + i, "Prefer", prefer), SteadyLoad.visa(i));
      assertThat(answer.status()).as(answer.body()).isBetween(201, 202);
      if (nextTransaction(site) > boundary) after++;
    }
  }

  private static long nextTransaction(Site site) {
    return site.number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
  }

  /** Uses up transaction numbers until {@code before} are left to the next power of ten, which it answers. */
  private static long moveTransactionsTo(Site site, int before) {
    long now = nextTransaction(site);
    long boundary = 10;
    while (boundary < now + before) boundary *= 10;
    try (var connection = site.database(); var statement = connection.createStatement()) {
      statement.execute("DO $$ BEGIN WHILE pg_current_xact_id()::text::bigint < " + (boundary - before)
          + " LOOP COMMIT; END LOOP; END $$");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return boundary;
  }

  /** The scenario took place: more events than a batch has on either side. */
  private static void assertBothSides(Site site, long boundary, String type) {
    String count = "SELECT count(*) FROM journal WHERE type = '" + type + "' AND xid ";
    assertThat(site.number(count + "< '" + boundary + "'")).isGreaterThan(5);
    assertThat(site.number(count + ">= '" + boundary + "'")).isGreaterThan(5);
  }
}
