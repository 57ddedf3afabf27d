package dev.millrace.chaos;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** The one of the dozen that looks at how long answers take, which others' load would make too long. */
@Isolated("others' load looks like slow answers")
class ChaosAloneIT {
  private static final ScenarioRunner RUNNER = new ScenarioRunner("chaos-alone.md");

  @AfterAll
  static void close() { RUNNER.close(); }

  @Test
  void rollingRestart_nobodyNotices() throws Exception {
    assumeTrue(ScenarioRunner.CHOICE.equals(Catalog.DOZEN), "other scenarios were chosen");
    RUNNER.run(Catalog.chosen("^rolling restart$").getFirst());
  }
}
