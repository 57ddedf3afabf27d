package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.endtoend.SimulatorBook;
import dev.millrace.endtoend.SiteSql;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What may happen to a node: it dies anywhere, sleeps, has a wrong clock, is replaced. */
final class NodeFaults {
  private static final Duration DEATH = Duration.ofSeconds(25);
  private static final List<String> CALLS = List.of("charge", "capture", "cancel", "refund");
  private static final List<String> STEPS = List.of("before_intent", "after_intent", "during_call",
      "answered",
      "recorded");
  /** Where a call is made again that left no trace. */
  private static final List<String> REPEATED = List.of("charge-repeated.after_intent",
      "charge-repeated.during_call", "charge-repeated.answered", "charge-repeated.recorded",
      "refund-repeated.during_call");
  private static final List<String> PLACES = List.of("payment.before_commit", "payment.before_answer",
      "operation.before_answer", "relay.before_publish", "relay.published", "relay.marked",
      "settlement.before_commit", "settlement.committed", "webhook.before_send", "webhook.sent",
      "inbox.before_answer", "inbox.before_result");

  /** What a JVM exits with that SIGTERM ended in good order. */
  private static final int TERMINATED = 143;

  private NodeFaults() {}

  static List<Scenario> all() {
    var all = new ArrayList<Scenario>();
    for (String place : PLACES) all.add(kill(place));
    for (String call : CALLS) for (String step : STEPS) all.add(kill(call + "." + step));
    for (String point : REPEATED) all.add(killAgain(point));
    all.add(Scenario.of("kill while calls are under way", NodeFaults::killDuringCalls));
    all.add(Scenario.of("kill while the provider is silent", NodeFaults::killBeforeSilence));
    all.add(Scenario.of("kill one node after the other", NodeFaults::killInTurn));
    all.add(Scenario.of("kill all nodes at once", NodeFaults::killAll));
    for (String lease : List.of("relay", "settlement", "notifier", "inbox"))
      all.add(Scenario.of("stop and wake the holder of " + lease, run -> zombie(run, lease)));
    all.add(Scenario.of("stop and wake the settler in its transaction", NodeFaults::zombieInTransaction));
    for (String shift : List.of("+1h", "-1h"))
      // Meanwhile webhooks seem too old or too new there, and the provider sends them again later and later.
      all.add(Scenario.of("clock " + shift, run -> clock(run, shift)).within(Duration.ofSeconds(60))
          .with(Scenario.Tool.FAKETIME));
    // It judges times: nodes that have just started, all on one machine, must not be busy for that alone.
    all.add(Scenario.of("rolling restart", NodeFaults::rollingRestart).at(10));
    return all;
  }

  /** The first node that comes to this point dies there, and comes back a moment later. */
  private static Scenario kill(String point) {
    return Scenario.of("kill at " + point, run -> {
      run.load(1);
      arm(run, point);
      awaitDeath(run, point);
      run.deployment.disarm();
      run.load(1);
    });
  }

  /**
   * A node dies with a call that it did not live to make. Once that cannot arrive any more it is made again,
   * under the same reference, and there the node dies that makes it.
   */
  private static Scenario killAgain(String point) {
    String first = point.substring(0, point.indexOf('-')) + ".after_intent";
    return Scenario.of("kill at " + point, run -> {
      run.load(1);
      arm(run, first);
      awaitDeath(run, first);
      arm(run, point);
      run.deployment.nodes().stream().filter(node -> !node.alive()).forEach(GatewayProcess::start);
      awaitDeath(run, point);
      run.deployment.disarm();
      run.load(1);
    });
  }

  private static void arm(ScenarioRun run, String point) {
    Deployment.NODES.forEach(node -> run.deployment.arm(node, point));
  }

  private static void awaitDeath(ScenarioRun run, String point) {
    Await.until(DEATH, "a node comes to " + point,
        () -> run.deployment.nodes().stream().anyMatch(node -> !node.alive()));
    run.broke();
  }

  /** The provider has been asked, and carries it out after they are dead. */
  private static void killDuringCalls(ScenarioRun run) {
    run.load(1);
    run.provider(new JsonObject().put("latency_ms_min", 500).put("latency_ms_max", 700));
    run.load(2);
    long slow = run.provider("/faults", "slowed");
    run.awaitInjected("the provider is asked", slow, () -> run.provider("/faults", "slowed"));
    run.deployment.nodes().forEach(GatewayProcess::kill);
    run.broke();
    assertThat(run.site().number("SELECT count(*) FROM attempt WHERE finished IS NULL"))
        .as("calls that were under way").isPositive();
    run.deployment.nodes().parallelStream().forEach(GatewayProcess::start);
    run.load(1);
  }

  private static void killBeforeSilence(ScenarioRun run) {
    long before = SimulatorBook.of(run.site()).silent();
    Await.until(DEATH, "the provider has charged and is silent",
        () -> SimulatorBook.of(run.site()).silent() > before);
    run.deployment.nodes().forEach(GatewayProcess::kill);
    run.broke();
    run.deployment.nodes().parallelStream().forEach(GatewayProcess::start);
    run.load(2);
  }

  private static void killInTurn(ScenarioRun run) {
    for (String name : run.nodesInTurn()) {
      run.load(2);
      run.deployment.node(name).kill();
      run.broke();
      run.load(1);
      run.deployment.node(name).start();
    }
  }

  private static void killAll(ScenarioRun run) {
    run.load(2);
    run.deployment.nodes().forEach(GatewayProcess::kill);
    run.broke();
  }

  /**
   * Longer than every lease and than its place in the consumer group; woken, it must see that it has lost
   * them.
   */
  private static void zombie(ScenarioRun run, String lease) {
    run.load(1);
    String holder = holder(run, lease);
    long epoch = epoch(run, lease);
    run.deployment.node(holder).signal("STOP");
    run.broke();
    Await.until(Duration.ofSeconds(6), "the other has the lease " + lease,
        () -> !holder(run, lease).equals(holder));
    run.load(5);
    run.deployment.node(holder).signal("CONT");
    var places = new ArrayList<Long>();
    for (int i = 0; i < 20; i++) {
      places.add(run.site().number("SELECT passed FROM journal_cursor WHERE name = 'relay'"));
      run.load(Duration.ofMillis(100));
    }
    assertThat(places).as("the relay's cursor").isSorted();
    assertThat(epoch(run, lease)).as("the lease changed hands").isGreaterThan(epoch);
  }

  /** A hung process keeps its transaction, with every lock in it, for as long as its connection stands. */
  private static void zombieInTransaction(ScenarioRun run) {
    run.load(1);
    String holder = holder(run, "settlement");
    GatewayProcess node = run.deployment.node(holder);
    Await.until(Duration.ofSeconds(30), "the node is caught in a transaction", () -> {
      node.signal("STOP");
      if (IntStream.range(0, 5).allMatch(i -> transactions(run) > 0)) return true;
      node.signal("CONT");
      return false;
    });
    run.broke();
    Await.until(Duration.ofSeconds(6), "the other settles", () -> !holder(run, "settlement").equals(holder));
    run.load(5);
    node.signal("CONT");
    run.load(2);
  }

  private static long transactions(ScenarioRun run) {
    return run.site().number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        + " AND state = 'idle in transaction' AND query ~ '(settlement|posting|payment)' AND usename <> 'postgres'");
  }

  private static String holder(ScenarioRun run, String lease) {
    return SiteSql.text(run.site(),
        "SELECT split_part(holder, '-', 1) FROM lease WHERE name = '" + lease + "'");
  }

  private static long epoch(ScenarioRun run, String lease) {
    return run.site().number("SELECT epoch FROM lease WHERE name = '" + lease + "'");
  }

  /**
   * One node's clock is off for a while, beside another that is right; the settings it needs are for this
   * start only.
   */
  private static void clock(ScenarioRun run, String shift) {
    for (String name : run.nodesInTurn()) {
      var node = run.deployment.node(name);
      node.terminate();
      node.start(Map.of("LD_PRELOAD", Scenario.Tool.LIBFAKETIME.toString(), "FAKETIME", shift,
          "FAKETIME_DONT_FAKE_MONOTONIC", "1", "DONT_FAKE_MONOTONIC", "1"));
      run.broke();
      run.load(4);
      assertThat(Duration.between(saidLast(node), Instant.now()).abs()).as("%s's clock is off", name)
          .isGreaterThan(Duration.ofMinutes(50));
      node.kill();
      node.start();
    }
  }

  /** The time of the last line of its log, by its own clock. */
  private static Instant saidLast(GatewayProcess node) {
    String last = node.logText().lines().filter(line -> line.startsWith("time=")).reduce((a, b) -> b)
        .orElseThrow();
    return Instant.parse(last.substring("time=".length(), last.indexOf(' ')));
  }

  /** Every node in turn is told to go and comes back: nobody who keeps to Retry-After may see an error. */
  private static void rollingRestart(ScenarioRun run) {
    run.load(4);
    for (String name : run.nodesInTurn()) {
      assertThat(run.deployment.node(name).terminate()).as("exit code of %s", name).isEqualTo(TERMINATED);
      run.deployment.node(name).start();
      run.broke();
      run.load(1);
    }
    assertThat(run.driver.errors()).as("errors that a client saw").isEmpty();
    assertThat(run.driver.late()).as("requests that took too long").isEmpty();
  }
}
