package dev.millrace.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Markdown tables of the rows; of several repeats, `min / median / max` in each cell. */
final class LoadReport {
  private static final List<String> LOAD = List.of("accepted/s", "of ceiling %", "settled/s", "of against %",
      "drain s",
      "p50 ms",
      "p99 ms", "p99.9 ms");
  private static final List<String> CPU = List.of("gateway", "postgres", "redis", "kafka", "simulator",
      "generator",
      "heap used MiB", "heap max MiB");
  private static final List<String> EVENTS = List.of("events/s", "deliveries/s", "deliveries", "duplicates",
      "frames/s", "delay p50 ms", "delay p99 ms", "delay max ms");
  private static final List<String> STREAMS = List.of("streams", "ids each", "heap before MiB",
      "heap with MiB", "heap more MiB");
  private static final List<String> OPEN = List.of("open at start", "at 25 %", "at 50 %", "at 75 %", "at end",
      "slope /s", "open max", "rejected/s");

  private static final List<String> HERD = List.of("budget/s", "before: most in 1 s", "most in 1 s",
      "p99 in 1 s",
      "most / budget", "calls", "of these inquiries", "breaker closed s", "drained s", "retries 2s",
      "retries 20s",
      "retries 200s", "retries 2000s", "retries 20000s");
  private static final List<String> IDLE = List.of("gateway %", "postgres %", "redis %", "kafka %",
      "simulator %", "commits/s", "settled p50 ms", "settled p99 ms");
  private static final List<String> GOODPUT = List.of("offered/s", "rejected/s", "of peak %",
      "without Retry-After",
      "generator's share %");

  private final Map<String, List<Row>> rows = new LinkedHashMap<>();

  void add(Row row) {
    rows.computeIfAbsent(row.phase(), phase -> new ArrayList<>()).add(row);
  }

  List<String> problems() {
    return rows.values().stream().flatMap(List::stream)
        .flatMap(row -> row.problems().stream().map(problem -> row.phase() + ": " + problem)).toList();
  }

  String markdown() {
    var text = new StringBuilder();
    text.append("### Load and latency\n\n").append(table(LOAD, true));
    text.append("\n### CPU-µs per accepted payment, webhook, delivery or frame, and the gateway's heap\n\n")
        .append(table(CPU, false));
    section(text, "Backlog: payments not yet at rest", OPEN);
    section(text, "Events told to merchants", EVENTS);
    section(text, "Open streams, and the gateway's heap after a full collection", STREAMS);
    section(text, "A herd after an outage: calls at the recovered provider", HERD);
    section(text, "Goodput under overload", GOODPUT);
    section(text, "At rest: CPU in percent of a core, and payments one by one", IDLE);
    text.append("\n### Lost, doubled, broken\n\n");
    text.append(
        problems().isEmpty() ? "None in the phases above.\n" : "- " + String.join("\n- ", problems()) + "\n");
    return text.toString();
  }

  /** Left out when no phase has such figures. */
  private void section(StringBuilder text, String title, List<String> columns) {
    boolean any = rows.values().stream().flatMap(List::stream)
        .anyMatch(row -> columns.stream().anyMatch(column -> Double.isFinite(row.figure(column))));
    if (any) {
      text.append("\n### ").append(title).append("\n\n").append(table(columns, false));
    }
  }

  private String table(List<String> columns, boolean withErrors) {
    var text = new StringBuilder(
        "| phase | " + String.join(" | ", columns) + (withErrors ? " | errors |\n" : " |\n"));
    text.append("| --- |").append(" ---: |".repeat(columns.size())).append(withErrors ? " --- |\n" : "\n");
    rows.forEach((phase, repeats) -> {
      var cells = columns.stream().map(column -> cell(repeats, column)).toList();
      if (cells.stream().allMatch("–"::equals)) {
        return;
      }
      text.append("| ").append(phase).append(" | ").append(String.join(" | ", cells));
      text.append(withErrors ? " | " + errors(repeats) + " |\n" : " |\n");
    });
    return text.toString();
  }

  private static String cell(List<Row> repeats, String column) {
    var figures = repeats.stream().mapToDouble(row -> row.figure(column)).filter(Double::isFinite).sorted()
        .toArray();
    if (figures.length == 0) {
      return "–";
    }
    var median = (figures[(figures.length - 1) / 2] + figures[figures.length / 2]) / 2;
    return figures.length == 1
        ? number(median)
        : number(figures[0]) + " / " + number(median) + " / " + number(figures[figures.length - 1]);
  }

  private static String number(double figure) {
    return String.format(Locale.ROOT, Math.abs(figure) >= 100 ? "%,.0f" : Math.abs(figure) < 1 ? "%.2f" : "%.1f", figure);
  }

  private static String errors(List<Row> repeats) {
    var sum = new TreeMap<String, Long>();
    repeats.forEach(row -> row.errors().forEach((name, count) -> sum.merge(name, count, Long::sum)));
    return sum.isEmpty()
        ? "none"
        : sum.entrySet().stream().map(error -> error.getKey() + ": " + error.getValue())
            .collect(Collectors.joining(", "));
  }
}
