package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A gateway to which nothing comes: how little it asks for, and that the next payment does not wait. */
@ConcurrentTests
final class IdleIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String ROLES = "simulator,api,relay,processor,settlement,notifier,ops";
  /**
   * Leases 4.3, looking for what is due 2, and every 2 s for what nobody said 4. With fixed intervals: 114.
   */
  private static final double STATEMENTS_MAX = 16;
  private static final int WINDOW_S = 5;

  private static Http.Answer pay(GatewayProcess node, String merchant) {
    return Http.send("POST", node.apiUrl() + "/v1/payments",
        Http.create(merchant, UUID.randomUUID().toString(), "Prefer", "wait=10"),
        SteadyLoad.body(1_999, "usd", "pm_card_visa"));
  }

  private static void awaitSettled(GatewayProcess node, String merchant, String payment, Duration bound) {
    Await.within(bound, payment + " is settled",
        () -> Http.get(node.apiUrl() + "/v1/payments/" + payment, merchant)
            .json().getString("status").equals("settled"));
  }

  /** Statements a second of all nodes, over some seconds. Postgres's own counts come in once a second. */
  private static double statements(Site site) {
    String count = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    long began = System.nanoTime();
    long before = site.number(count);
    Await.until(BOUND, "the window is over", () -> System.nanoTime() - began > WINDOW_S * 1_000_000_000L);
    return (site.number(count) - before) * 1e9 / (System.nanoTime() - began);
  }

  private static void awaitIdle(Site site, double statementsMax) {
    Await.until(BOUND, "at most " + statementsMax + " statements a second",
        () -> statements(site) <= statementsMax);
  }

  @Test
  void gateway_withoutWork_asksPostgresForLittle_beforeAndAfterAPayment() {
    try (var site = Site.on(TestServers.shared())) {
      var node = site.start(ROLES, Map.of("MILLRACE_IDLE_INTERVAL", "2s"));
      String merchant = node.merchantKey();
      awaitIdle(site, STATEMENTS_MAX);
      var answer = pay(node, merchant);
      assertThat(answer.status()).as(answer.body()).isEqualTo(201);
      awaitSettled(node, merchant, answer.json().getString("id"), BOUND);
      awaitIdle(site, STATEMENTS_MAX);
    }
  }

  /**
   * Two nodes that share the work, and would look for it hours from now: each step is done because the node
   * of the one before said so.
   */
  @Test
  void payment_afterIdleTime_goesThroughAllNodesWithoutWaitingForThemToLook() {
    Map<String, String> seldom = Map.of("MILLRACE_IDLE_INTERVAL", "1h");
    try (var site = Site.on(TestServers.shared())) {
      site.startSimulator(Map.of());
      var api = site.start("api,ops", seldom);
      site.start("relay,settlement,notifier", seldom);
      site.start("processor", seldom);
      String merchant = api.merchantKey();
      // The first one of a process loads its classes, which is not what is measured.
      awaitSettled(api, merchant, pay(api, merchant).json().getString("id"), BOUND);
      // Without their looks at each other's work it is 6.3; then these are 4 s apart, and the next ones 8.
      awaitIdle(site, 8);
      long began = System.nanoTime();
      var answer = pay(api, merchant);
      assertThat(answer.status()).as(answer.body()).isEqualTo(201);
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(4));
      awaitSettled(api, merchant, answer.json().getString("id"), Duration.ofSeconds(4));
    }
  }
}
