package dev.millrace.chaos;

import dev.millrace.chaos.Invariants.Rule;
import java.util.List;

/**
 * A rule broken on purpose, and what its check must report.
 *
 * @param mends puts it right again, if it can be
 * @param says parts of the report, none of which was in a report before
 */
record Violation(String name, Rule rule, Act breaks, Act mends, List<String> says) {
  interface Act {
    void run() throws Exception;
  }

  @Override
  public String toString() { return rule + " " + name; }
}
