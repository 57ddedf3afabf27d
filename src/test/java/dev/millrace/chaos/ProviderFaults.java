package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.FaultProxy.Way;
import dev.millrace.chaos.Deployment.Part;
import dev.millrace.endtoend.SimulatorBook;
import dev.millrace.testing.Await;
import dev.millrace.testing.FaultProxy;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.StripeSender;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What providers do: hang, fail, throttle, talk nonsense, forget, and tell the truth late, twice, shuffled or
 * forged.
 */
final class ProviderFaults {
  private ProviderFaults() {}

  static List<Scenario> all() {
    return List.of(
        Scenario.of("provider hangs before charging",
            counted("/faults", "hung", new JsonObject().put("hang_rate", 1.0))),
        // At Stripe: what became of a capture or a refund, Adyen tells by webhook alone.
        Scenario.of("provider charges and never answers", ProviderFaults::neverAnswers).paidIn("usd"),
        Scenario.of("provider slows down", ProviderFaults::slowRamp),
        Scenario.of("provider fails half of all calls", ProviderFaults::halfFails)
            .in(Deployment.Plan.SMALL_LIMITS),
        Scenario.of("provider answers with garbage", ProviderFaults::garbage),
        Scenario.of("provider charges a wrong amount", ProviderFaults::wrongAmount),
        Scenario.of("provider away", ProviderFaults::away),
        Scenario.of("provider throttles",
            counted("/faults", "throttled", new JsonObject().put("throttle_rate", 0.5))),
        // At Stripe: at Adyen the only way to ask is to repeat the request, and the key is all that stands in
        // between.
        Scenario.of("provider forgets its keys", ProviderFaults::forgetsKeys).paidIn("usd"),
        Scenario.of("provider answers after its webhooks",
            counted("/faults", "late_answers",
                new JsonObject().put("answer_delay_ms_min", 100).put("answer_delay_ms_max", 600))),
        Scenario.of("provider webhooks duplicated",
            counted("/webhooks", "duplicated", new JsonObject().put("webhook_duplicate_rate", 1.0))),
        Scenario.of("provider webhooks late", ProviderFaults::lateWebhooks),
        Scenario.of("provider webhooks shuffled",
            counted("/webhooks", "sent", new JsonObject().put("webhook_shuffle_ms", 2_000))),
        Scenario.of("provider webhooks lost",
            counted("/webhooks", "lost", new JsonObject().put("webhook_loss_rate", 1.0))).paidIn("usd"),
        Scenario.of("provider webhooks forged", ProviderFaults::forged));
  }

  /** Has the provider behave like this for a while; its counter says how often it did. */
  private static Scenario.Fault counted(String page, String counter, JsonObject settings) {
    return run -> {
      run.load(1);
      long before = run.provider(page, counter);
      run.provider(settings);
      run.load(4);
      run.awaitInjected(settings.encode(), before, () -> run.provider(page, counter));
    };
  }

  /** So late that the first webhooks are still not there when the last payments are made. */
  private static void lateWebhooks(ScenarioRun run) {
    run.provider(new JsonObject().put("webhook_delay_ms_min", 1_000).put("webhook_delay_ms_max", 4_000));
    run.load(1);
    run.awaitInjected("webhooks wait", 0, () -> run.provider("/webhooks", "waiting"));
    run.load(4);
  }

  /** It has done it; that it has, nobody hears. */
  private static void neverAnswers(ScenarioRun run) {
    run.load(1);
    long before = disturbed(run);
    for (FaultProxy way : run.deployment.ways(Part.PROVIDER)) way.hold(Way.TO_CLIENT);
    run.provider(new JsonObject().put("webhook_loss_rate", 1.0));
    run.load(3);
    run.awaitInjected("answers are held up", before, () -> disturbed(run));
    for (FaultProxy way : run.deployment.ways(Part.PROVIDER)) {
      way.loseAnswers();
      way.cut();
    }
  }

  private static long disturbed(ScenarioRun run) {
    return run.deployment.ways(Part.PROVIDER).stream().mapToLong(FaultProxy::disturbed).sum();
  }

  /** And a node dies meanwhile: what it had called must not be called again while it may still arrive. */
  private static void forgetsKeys(ScenarioRun run) {
    run.load(1);
    run.provider(new JsonObject().put("forget_keys", true));
    run.load(2);
    String name = run.someNode();
    run.deployment.node(name).kill();
    run.broke();
    run.deployment.node(name).start();
    run.load(4);
  }

  private static void slowRamp(ScenarioRun run) {
    long before = run.provider("/faults", "slowed");
    for (int ms = 100; ms <= 1_600; ms *= 2) {
      run.provider(new JsonObject().put("latency_ms_min", ms / 2).put("latency_ms_max", ms));
      run.load(2);
    }
    run.awaitInjected("calls were slow", before, () -> run.provider("/faults", "slowed"));
  }

  /** The breaker opens, and closes again when the provider has recovered. */
  private static void halfFails(ScenarioRun run) {
    double before = breakers(run, "opened_total");
    long failed = run.provider("/faults", "failed");
    run.load(1);
    run.provider(new JsonObject().put("failure_rate", 0.5));
    Await.until(Duration.ofSeconds(20), "a breaker opens", () -> breakers(run, "opened_total") > before);
    run.load(3);
    run.awaitInjected("calls failed", failed, () -> run.provider("/faults", "failed"));
    run.provider(new JsonObject().put("failure_rate", 0.0));
    Await.until(Duration.ofSeconds(20), "every breaker has closed", () -> breakers(run, "open") == 0);
    run.awaitAccepted(20);
  }

  /** What the nodes say of their breakers, added up. */
  private static double breakers(ScenarioRun run, String what) {
    return run.deployment.nodes().stream()
        .flatMap(node -> Http.get(node.opsUrl() + "/metrics").body().lines())
        .filter(line -> line.startsWith("millrace_breaker_" + what + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum();
  }

  /**
   * What it was asked for it does, and says something that nobody can read: first of charges, then of what
   * follows them.
   */
  private static void garbage(ScenarioRun run) {
    paid(run, "pm_sim_malformed", entry -> entry.charged() ? 1 : 0);
    paid(run, "pm_sim_ops_malformed", SimulatorBook.Entry::operations);
  }

  private static void wrongAmount(ScenarioRun run) {
    paid(run, "pm_sim_wrong_amount", entry -> entry.charged() ? 1 : 0);
  }

  /** Has everybody pay by something odd, until the book has some oddities of it. */
  private static void paid(ScenarioRun run, String method, ToLongFunction<SimulatorBook.Entry> oddities) {
    run.load(1);
    long before = oddities(run, method, oddities);
    run.driver.payBy(method);
    run.load(4);
    run.awaitInjected(method + " has shown itself", before, () -> oddities(run, method, oddities));
    run.driver.payBy("pm_card_visa");
  }

  private static long oddities(ScenarioRun run, String method, ToLongFunction<SimulatorBook.Entry> oddities) {
    return SimulatorBook.of(run.site()).entries().stream().filter(e -> e.method().equals(method))
        .mapToLong(oddities).sum();
  }

  private static void away(ScenarioRun run) {
    run.load(1);
    run.deployment.simulator().signal("STOP");
    run.broke();
    run.load(5);
    run.deployment.simulator().signal("CONT");
    run.load(1);
  }

  /** Somebody who does not know the secret says that payments were made. */
  private static void forged(ScenarioRun run) {
    String url = run.deployment.node("a").apiUrl() + Site.WEBHOOK_PATH;
    long before = audited(run);
    int refused = 0;
    for (int i = 0; i < 40; i++) {
      String body = "{\"id\":\"" + StripeSender.eventId()
          + "\",\"type\":\"charge.succeeded\",\"data\":{\"object\":{}}}";
      var answer = Http.send("POST", url, Map.of("Content-Type", "application/json", "Stripe-Signature",
          "t=" + System.currentTimeMillis() / 1_000 + ",v1=" + "0".repeat(64)), body);
      assertThat(answer.status()).as(answer.body()).isIn(400, 429);
      if (answer.status() == 400) refused++;
      run.broke();
      run.load(Duration.ofMillis(50));
    }
    assertThat(refused).as("refused as forged").isPositive();
    assertThat(audited(run)).as("audited").isEqualTo(before + refused);
  }

  private static long audited(ScenarioRun run) {
    return run.site().number("SELECT count(*) FROM audit WHERE act LIKE 'webhook%'");
  }
}
