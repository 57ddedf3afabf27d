package dev.millrace.chaos;

import dev.millrace.chaos.Invariants.Rule;
import java.util.List;

/**
 * A rule broken on purpose, and what must be said of it.
 *
 * @param mends puts it right again, if it can be
 * @param says each is a part of what is found, and of nothing that was found before
 */
record Violation(String name, Rule rule, Act breaks, Act mends, List<String> says) {
  interface Act {
    void run() throws Exception;
  }

  @Override
  public String toString() { return rule + " " + name; }
}
