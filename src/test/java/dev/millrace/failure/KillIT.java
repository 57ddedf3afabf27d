package dev.millrace.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A gateway killed again and again under load, before a provider with a memory of its own. */
class KillIT {
  private static final int KILLS = 3;
  private static final int PER_SECOND = 80;
  private static final String[] CURRENCIES = {"usd", "eur", "jpy"};
  private static final Map<String, String> SHORT = Map.of("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "500ms",
      "MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "1s", "MILLRACE_PROCESSOR_RETRY_WINDOWS", "500ms,1s,2s,4s",
      "MILLRACE_PROCESSOR_JANITOR_AGE", "5s", "MILLRACE_PROCESSOR_JANITOR_INTERVAL", "1s");

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  @Test
  void gateway_killedUnderLoad_losesAndDoublesNothing() {
    try (var site = Site.on(TestServers.shared())) {
      Book.startSimulator(site);
      var gateway = site.start("api,relay,processor,settlement,ops", SHORT);
      var load = Load.start(List.of(gateway.apiUrl()), gateway.merchantKey(), 16, PER_SECOND, this::payment);
      try {
        for (int kill = 0; kill < KILLS; kill++) {
          killAtRandom(gateway, load, kill);
          gateway.start();
        }
        load.stop();
      } finally {
        load.abandon();
      }
      Audit.awaitRest(site, gateway, Duration.ofSeconds(60));
      assertThat(Sql.statuses(site)).containsOnlyKeys("settled", "declined");
      assertThat(site.number("SELECT count(*) FROM payment")).isEqualTo(load.accepted());
      assertThat(load.tries().stream().filter(t -> t.status() == 0)).as("requests cut by a kill")
          .isNotEmpty();
      load.assertReplays(gateway.apiUrl());
      Audit.assertConsistent(site, gateway);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }

  /** Every second time it waits for payments to get through first, so that provider calls are cut too. */
  private void killAtRandom(GatewayProcess gateway, Load load, int kill) {
    if (kill % 2 == 0) {
      long finished = Audit.work(gateway).getLong("finished");
      Await.until(Duration.ofSeconds(30), "payments get through",
          () -> Audit.work(gateway).getLong("finished") > finished + 20);
    }
    long at = load.nowMs() + 200 + random.nextInt(1_500);
    while (load.nowMs() < at) LockSupport.parkNanos(1_000_000);
    gateway.kill();
  }

  /** The n-th payment; nine in ten simply succeed, so that the breaker stays closed. */
  private String payment(int n) {
    var dice = new Random(seed ^ n * 0x9e3779b97f4a7c15L);
    String method = switch (dice.nextInt(60)) {
      case 0 -> "pm_sim_charge_then_hang";
      case 1 -> "pm_sim_500";
      case 2 -> "pm_sim_malformed";
      case 3 -> "pm_sim_hang";
      case 4 -> "pm_card_visa_chargeDeclined";
      case 5 -> "pm_card_chargeDeclinedInsufficientFunds";
      case 6 -> "pm_sim_wrong_amount";
      default -> "pm_card_visa";
    };
    return Load.body(1 + dice.nextInt(100_000), CURRENCIES[dice.nextInt(CURRENCIES.length)], method);
  }
}
