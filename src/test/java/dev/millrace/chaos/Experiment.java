package dev.millrace.chaos;

import dev.millrace.chaos.Invariants.Rule;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Http;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** One scenario from its first payment to its verdict, with a merchant of its own. */
final class Experiment implements AutoCloseable {
  private final Deployment deployment;
  private final Scenario scenario;
  private final Instant began = Instant.now();
  private final MerchantReceiver receiver = new MerchantReceiver();
  private final Balancer balancer;
  private final Driver driver;
  private final ScenarioRun run;
  private final UUID merchant;
  private final String key;
  private double restSeconds = -1;

  /** {@code pace}: how long faults last and how much is paid, as a part of what is in full. */
  Experiment(Deployment deployment, Scenario scenario, long seed, double pace) {
    this.deployment = deployment;
    this.scenario = scenario;
    var node = deployment.node("a");
    var made = Http.send("POST", node.opsUrl() + "/ops/merchants", Map.of("Content-Type", "application/json"),
        "{\"name\":\"Chaos\",\"operator\":\"chaos\"}").json();
    key = made.getString("key");
    merchant = Objects.requireNonNull(TypeId.parse(TypeId.MERCHANT, made.getString("merchant")));
    receiver.listen(node, key);
    balancer = Balancer.of(deployment.nodes());
    driver = Driver.start(balancer, key, scenario.currencies(), seed,
        Math.toIntExact(Math.round(scenario.perSecond() * pace)));
    run = new ScenarioRun(deployment, driver, new Random(seed), pace);
  }

  /** Breaks, heals, waits and looks; answers what does not hold. */
  Map<Rule, String> run() throws Exception {
    try {
      run.awaitAccepted(10);
      scenario.fault().inject(run);
    } finally {
      deployment.heal();
    }
    long healed = System.nanoTime();
    driver.stop();
    var invariants = invariants();
    var breaches = invariants.check(scenario.bound());
    if (!breaches.containsKey(Rule.I7))
      restSeconds = TimeUnit.NANOSECONDS.toMillis(invariants.restNanos() - healed) / 1_000.0;
    return breaches;
  }

  private Invariants invariants() {
    return new Invariants(deployment, driver, merchant, receiver,
        List.of(Deployment.PROVIDER_KEY, Deployment.WEBHOOK_SECRET, Driver.CARD, key), List.of(Driver.PAYER),
        began);
  }

  /** Looks once more, at these rules only; answers what does not hold. */
  Map<Rule, String> check(Duration bound, Set<Rule> rules) {
    return invariants().check(bound, rules);
  }

  /** One more payment, of which the driver knows nothing. */
  void pay() {
    Http.send("POST", deployment.node("a").apiUrl() + "/v1/payments", Http.create(key, "one-more"),
        "{\"amount\":100,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}");
  }

  Driver driver() { return driver; }

  int injected() { return run.injected(); }

  /** From healing until everything was at rest; negative when it was not. */
  double restSeconds() {
    return restSeconds;
  }

  @Override
  public void close() {
    driver.abandon();
    balancer.close();
    receiver.close();
  }
}
