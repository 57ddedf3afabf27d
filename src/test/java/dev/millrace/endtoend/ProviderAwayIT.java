package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.FaultProxy;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.QueueGauge;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One of two providers is away: what goes to the other is not held up, and what waits uses up no try. */
class ProviderAwayIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final int IN_FLIGHT_MAX = 16;
  private static final int WAITING = 3 * IN_FLIGHT_MAX;

  /** Each account has an address of its own, so that the gateway takes the simulator for two providers. */
  private static Map<String, String> settings(Site site, int stripePort) {
    return Map.ofEntries(Map.entry("MILLRACE_PROVIDER_ACCOUNTS", "stripe,adyen"),
        Map.entry("MILLRACE_ROUTING_RULES", "usd -> stripe,eur -> adyen"),
        Map.entry("MILLRACE_PROVIDER_STRIPE_URL", "http://127.0.0.1:" + stripePort),
        Map.entry("MILLRACE_PROVIDER_STRIPE_WEBHOOK_SECRETS", "whsec_of_this_test"),
        Map.entry("MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "5"),
        Map.entry("MILLRACE_PROVIDER_STRIPE_BREAKER_COOLDOWN", "1s"),
        Map.entry("MILLRACE_PROVIDER_STRIPE_BREAKER_RAMP", "500ms"),
        Map.entry("MILLRACE_PROVIDER_STRIPE_CONCURRENCY", "16"),
        Map.entry("MILLRACE_PROVIDER_ADYEN_URL", site.simulatorUrl() + "/adyen/v71"),
        Map.entry("MILLRACE_PROVIDER_ADYEN_WEBHOOK_SECRETS", "00112233445566778899AABBCCDDEEFF"),
        Map.entry("MILLRACE_PROCESSOR_IN_FLIGHT_MAX", Integer.toString(IN_FLIGHT_MAX)),
        Map.entry("MILLRACE_PROCESSOR_RETRY_WINDOWS", "1s,1500ms,2s,4s,8s"),
        Map.entry("MILLRACE_PROCESSOR_JANITOR_AGE", "1h"),
        Map.entry("MILLRACE_SETTLEMENT_INTERVAL", "100ms"));
  }

  private static void pay(GatewayProcess node, String key, String currency, int n) {
    var answer = Http.send("POST", node.apiUrl() + "/v1/payments", Http.create(key, currency + n),
        SteadyLoad.body(100 + n, currency, "pm_card_visa"));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
  }

  private static long settled(Site site, String currency) {
    return site.number(
        "SELECT count(*) FROM payment WHERE status = 'settled' AND currency = '" + currency + "'");
  }

  @Test
  void oneProviderAway_theOtherIsNotHeldUp_andWhatWaitedIsCharged() throws Exception {
    try (var site = Site.on(TestServers.shared())) {
      site.startSimulator(Map.of());
      int stripePort = TestServers.freePort();
      var node = site.start("api,relay,processor,settlement,ops", settings(site, stripePort));
      String key = node.merchantKey();
      var waiting = QueueGauge.of(node, "provider", "stripe");
      for (int i = 0; i < WAITING; i++) pay(node, key, "usd", i);
      Await.until(SOON, "Stripe's breaker is open and more come than may wait", () -> waiting.rejected() > 0);
      for (int i = 0; i < 5; i++) pay(node, key, "eur", i);
      Await.until(SOON, "the other provider's are settled", () -> settled(site, "eur") == 5);
      assertThat(settled(site, "usd")).isZero();
      assertThat(waiting.depth()).as("waiting in memory for Stripe").isLessThanOrEqualTo(2);
      var proxy = new FaultProxy(stripePort, site.simulatorPort());
      try {
        Await.until(SOON, "what waited is settled", () -> settled(site, "usd") == WAITING);
        assertThat(site.number("SELECT count(*) FROM dead_letter")).isZero();
        BookAudit.awaitRest(site, node, SOON);
        BookAudit.assertConsistent(site, node);
      } finally {
        proxy.close();
      }
    }
  }
}
