package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.chaos.Invariants.Rule;
import java.util.Map;

/** Runs scenarios one after the other, in one deployment as long as it is as they need it and whole. */
final class ScenarioRunner implements AutoCloseable {
  static final String CHOICE = System.getProperty("millrace.chaos", Catalog.DOZEN);
  private static final long SEED = Long.getLong("millrace.chaos.seed", 1);
  /** Those that run with every build have short schedules and less load: tests run beside them. */
  private static final double PACE = CHOICE.equals(Catalog.DOZEN) ? 0.5 : 1;

  private final ScenarioReport report;
  private Deployment deployment;

  /** {@code file}: the name of its report in {@code target}. */
  ScenarioRunner(String file) {
    this.report = new ScenarioReport(SEED, file);
  }

  /** Fails unless everything holds. */
  void run(Scenario scenario) throws Exception {
    if (!scenario.tool().available()) {
      report.skipped(scenario, "this machine lacks " + scenario.tool().what);
      assumeTrue(false, "needs " + scenario.tool().what);
    }
    var breaches = breaches(scenario, SEED ^ scenario.name().hashCode());
    if (!breaches.isEmpty()) close();
    assertThat(breaches).as("%s, -Dmillrace.chaos.seed=%d", scenario.name(), SEED).isEmpty();
  }

  private Map<Rule, String> breaches(Scenario scenario, long seed) throws Exception {
    try (var experiment = new Experiment(deployment(scenario.plan()), scenario, seed, PACE)) {
      var breaches = experiment.run();
      report.add(scenario, experiment.driver(), experiment.injected(), breaches, experiment.restSeconds());
      return breaches;
    } catch (Exception | AssertionError e) {
      report.failed(scenario);
      close();
      throw e;
    }
  }

  private Deployment deployment(Deployment.Plan plan) {
    if (deployment != null && deployment.plan != plan) close();
    if (deployment == null) deployment = new Deployment(plan);
    return deployment;
  }

  /** What is broken must not be blamed on the next scenario. */
  @Override
  public void close() {
    if (deployment != null) deployment.close();
    deployment = null;
  }
}
