package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.chaos.Invariants.Rule;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real processes, real faults: pays at two nodes, breaks something, heals it, and looks from outside whether
 * everything that must hold does. {@code -Dmillrace.chaos} chooses the scenarios,
 * {@code -Dmillrace.chaos.seed} the schedule.
 */
@Isolated("others' load looks like slow answers")
class ChaosIT {
  private static final long SEED = Long.getLong("millrace.chaos.seed", 1);
  private static final String CHOICE = System.getProperty("millrace.chaos", "dozen");
  /** Those that run with every build have short schedules. */
  private static final double PACE = CHOICE.equals("dozen") ? 0.5 : 1;
  private static final ScenarioReport REPORT = new ScenarioReport(SEED);
  private static Deployment deployment;

  static List<Scenario> scenarios() { return Catalog.chosen(CHOICE); }

  @AfterAll
  static void close() { closeDeployment(); }

  @ParameterizedTest
  @MethodSource("scenarios")
  void everythingHolds(Scenario scenario) throws Exception {
    if (!scenario.tool().available()) {
      REPORT.skipped(scenario, "this machine lacks " + scenario.tool().what);
      assumeTrue(false, "needs " + scenario.tool().what);
    }
    var breaches = breaches(scenario, SEED ^ scenario.name().hashCode());
    if (!breaches.isEmpty()) closeDeployment();
    assertThat(breaches).as("%s, -Dmillrace.chaos.seed=%d", scenario.name(), SEED).isEmpty();
  }

  private static Map<Rule, String> breaches(Scenario scenario, long seed) throws Exception {
    try (var experiment = new Experiment(deployment(scenario.plan()), scenario, seed, PACE)) {
      var breaches = experiment.run();
      REPORT.add(scenario, experiment.driver(), experiment.injected(), breaches, experiment.restSeconds());
      return breaches;
    } catch (Exception | AssertionError e) {
      REPORT.failed(scenario);
      closeDeployment();
      throw e;
    }
  }

  private static Deployment deployment(Deployment.Plan plan) {
    if (deployment != null && deployment.plan != plan) closeDeployment();
    if (deployment == null) deployment = new Deployment(plan);
    return deployment;
  }

  /** What is broken must not be blamed on the next scenario. */
  private static void closeDeployment() {
    if (deployment != null) deployment.close();
    deployment = null;
  }
}
