package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.chaos.Invariants.Rule;
import dev.millrace.testing.ConcurrentTests;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real processes, real faults: pays at two nodes, breaks something, heals it, and looks from outside whether everything
 * that must hold does. {@code -Dmillrace.chaos} chooses the scenarios, {@code -Dmillrace.chaos.seed} the schedule.
 */
@ConcurrentTests
class ChaosIT {
  private static final long SEED = Long.getLong("millrace.chaos.seed", 1);
  private static final String CHOICE = System.getProperty("millrace.chaos", "dozen");
  /** Those that run with every build have short schedules. */
  private static final double PACE = CHOICE.equals("dozen") ? 0.5 : 1;
  private static final ScenarioReport REPORT = new ScenarioReport(SEED);
  private static Deployment town;

  static List<Scenario> scenarios() { return Catalog.chosen(CHOICE); }

  @AfterAll
  static void close() { leaveTown(); }

  @ParameterizedTest
  @MethodSource("scenarios")
  void everythingHolds(Scenario scenario) throws Exception {
    if (!scenario.tool().available()) {
      REPORT.skipped(scenario, "this machine lacks " + scenario.tool().what);
      assumeTrue(false, "needs " + scenario.tool().what);
    }
    var breaches = breaches(scenario, SEED ^ scenario.name().hashCode());
    if (!breaches.isEmpty()) leaveTown();
    assertThat(breaches).as("%s, -Dmillrace.chaos.seed=%d", scenario.name(), SEED).isEmpty();
  }

  private static Map<Rule, String> breaches(Scenario scenario, long seed) throws Exception {
    try (var trial = new Trial(town(scenario.plan()), scenario, seed, PACE)) {
      var breaches = trial.run();
      REPORT.add(scenario, trial.driver(), trial.injected(), breaches, trial.restSeconds());
      return breaches;
    } catch (Exception | AssertionError e) {
      REPORT.failed(scenario);
      leaveTown();
      throw e;
    }
  }

  private static Deployment town(Deployment.Plan plan) {
    if (town != null && town.plan != plan) leaveTown();
    if (town == null) town = new Deployment(plan);
    return town;
  }

  /** What is broken must not be blamed on the next scenario. */
  private static void leaveTown() {
    if (town != null) town.close();
    town = null;
  }
}
