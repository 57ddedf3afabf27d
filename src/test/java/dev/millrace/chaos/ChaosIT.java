package dev.millrace.chaos;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real processes, real faults: pays at two nodes, breaks something, heals it, and looks from outside whether
 * everything that must hold does. {@code -Dmillrace.chaos} chooses the scenarios,
 * {@code -Dmillrace.chaos.seed} the schedule. Runs beside all other tests, as it mostly waits.
 */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("chaos")
class ChaosIT {
  private static final ScenarioRunner RUNNER = new ScenarioRunner("chaos.md");

  static List<Scenario> scenarios() { return Catalog.chosen(ScenarioRunner.CHOICE); }

  @AfterAll
  static void close() { RUNNER.close(); }

  @ParameterizedTest
  @MethodSource("scenarios")
  void everythingHolds(Scenario scenario) throws Exception {
    RUNNER.run(scenario);
  }
}
