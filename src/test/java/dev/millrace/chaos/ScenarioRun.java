package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.endtoend.SimulatorBook;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * A scenario under way: the deployment, who pays there, the dice that follow from the seed, and how often
 * something was done.
 */
final class ScenarioRun {
  final Deployment deployment;
  final Driver driver;
  final Random dice;
  private final double pace;
  private int injected;

  /** {@code pace}: how much of the time that a fault is given it gets. */
  ScenarioRun(Deployment deployment, Driver driver, Random dice, double pace) {
    this.pace = pace;
    this.deployment = deployment;
    this.driver = driver;
    this.dice = dice;
  }

  Site site() { return deployment.site; }

  int injected() { return injected; }

  /** Notes that something was broken. */
  void broke() { injected++; }

  /** Lets the payments go on for so long, or as long as everything is slow up to a half longer. */
  void load(Duration time) {
    long nanos = time.toNanos() + dice.nextLong(time.toNanos() / 2 + 1);
    long end = System.nanoTime() + (long) (nanos * pace);
    while (System.nanoTime() - end < 0) LockSupport.parkNanos(Math.max(1, end - System.nanoTime()));
  }

  void load(int seconds) { load(Duration.ofSeconds(seconds)); }

  /** One of the nodes. */
  String someNode() {
    return Deployment.NODES.get(dice.nextInt(Deployment.NODES.size()));
  }

  /** The nodes, one of them first. */
  List<String> nodesInTurn() {
    return dice.nextBoolean() ? Deployment.NODES : Deployment.NODES.reversed();
  }

  /** Waits until so many more requests have been accepted: the gateway lives. */
  void awaitAccepted(int more) {
    long before = driver.accepted();
    Await.until(Duration.ofSeconds(30), more + " more requests are accepted; answers " + driver.statuses(),
        () -> driver.accepted() >= before + more);
  }

  /** What is down is none that a merchant would notice. */
  void assertNothingRefused() {
    assertThat(driver.refused()).as("refusals; %s", driver.statuses()).isZero();
    assertThat(driver.errors()).as("errors that a client saw").isEmpty();
    assertThat(driver.late()).as("requests that took too long").isEmpty();
  }

  /** Has the provider behave like this until the healing. */
  void provider(JsonObject settings) {
    SimulatorBook.settings(deployment.site, settings);
  }

  /** What the provider says on a page of numbers, {@code /faults} or {@code /webhooks}. */
  long provider(String page, String counter) {
    return Http.get(deployment.site.simulatorUrl() + page).json().getLong(counter);
  }

  /** Waits until the counter is beyond what it was before, and counts so many injections. */
  void awaitInjected(String what, long before, LongSupplier counter) {
    var seen = new AtomicLong();
    Await.until(Duration.ofSeconds(30), what, () -> {
      seen.set(counter.getAsLong());
      return seen.get() > before;
    });
    injected += Math.toIntExact(seen.get() - before);
  }
}
