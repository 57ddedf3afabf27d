package dev.millrace.chaos;

import dev.millrace.chaos.Invariants.Rule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A row for each scenario, printed as they come and kept in {@code target}. */
final class ScenarioReport {
  private final Path file;
  private final List<String> rows = new ArrayList<>();
  private final long seed;

  /** {@code seed}: by which the same schedules can be had again; {@code file}: its name in {@code target}. */
  ScenarioReport(long seed, String file) {
    this.seed = seed;
    this.file = Path.of("target", file);
    rows.add("`-Dmillrace.chaos.seed=" + seed
        + "`. `payments`: requests that were accepted; `sent`: requests sent, repetitions and all;"
        + " `injected`: faults; `rest`: seconds from healing until everything was at rest.\n");
    var head = new StringBuilder("| scenario | seed | payments | sent | injected |");
    for (Rule rule : Rule.values()) head.append(' ').append(rule).append(" |");
    rows.add(head.append(" rest |").toString());
    rows.add("| --- | --- | --- | --- | --- |" + " --- |".repeat(Rule.values().length + 1));
  }

  void add(Scenario scenario, Driver driver, int injected, Map<Rule, String> breaches,
      double rest) {
    var row = new StringBuilder(
        "| %s | %d | %d | %d | %d |".formatted(scenario.name(), seed, driver.accepted(),
            driver.sent(), injected));
    for (Rule rule : Rule.values()) row.append(breaches.containsKey(rule) ? " **broken** |" : " ok |");
    write(row.append(rest < 0 ? " - |" : " %.1f |".formatted(rest)).toString());
    breaches.forEach((rule, what) -> System.out.println(rule + " (" + rule.text + "): " + what));
  }

  void skipped(Scenario scenario, String why) { write("| " + scenario.name() + " | skipped: " + why + " |"); }

  /** Its fault, or what was to be seen while it lasted, did not come to pass. */
  void failed(Scenario scenario) {
    write("| " + scenario.name() + " | **failed** |");
  }

  private void write(String row) {
    System.out.println(row);
    rows.add(row);
    try {
      Files.writeString(file, String.join("\n", rows) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
