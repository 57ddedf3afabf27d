package dev.millrace.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * The load test in one command: starts what it measures, measures it, audits it and prints the tables. Exits
 * 0 if every process lived and no payment was lost or doubled, 1 if not, 2 if the command line makes no
 * sense.
 */
public final class LoadTest {
  private LoadTest() {}

  public static void main(String[] args) throws IOException {
    exitWithParent();
    try {
      System.exit(run(Options.of(args), String.join(" ", args)) ? 0 : 1);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  /** Whoever started this process has gone: nobody reads the result, and nobody else would stop it. */
  static void exitWithParent() {
    ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> System.exit(1)));
  }

  private static boolean run(Options options, String commandLine) throws IOException {
    var started = LocalDateTime.now();
    var stamp = started.format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss"));
    var root = Path.of(System.getProperty("load.root", "..")).toAbsolutePath().normalize();
    var logs = Files.createDirectories(root.resolve("load-tests/target/saturate/" + stamp));
    var report = new LoadReport();
    String died = null;
    try {
      for (int repeat = 1; repeat <= options.repeats(); repeat++) {
        System.out.println("repeat " + repeat + " of " + options.repeats());
        for (var phase : options.phases()) {
          phase(phase, options, logs).forEach(report::add);
        }
      }
    } catch (IllegalStateException | UncheckedIOException e) {
      died = e.getMessage();
    }
    var text = "## Saturate, " + stamp
        + "\n\nCommand: `mvn -q -f load-tests/pom.xml compile exec:exec -Dargs=\""
        + commandLine + "\"`\n\n" + machine() + "\n\n" + report.markdown()
        + (died == null ? "" : "\n**Ended early, the phase it was in is not audited:** " + died + "\n");
    System.out.println("\n" + text);
    var file = Files.writeString(logs.resolve("report.md"), text);
    System.out.println("written to " + root.relativize(file) + ", beside the processes' logs");
    return died == null && report.problems().isEmpty();
  }

  private static List<Row> phase(String phase, Options options, Path logs) {
    return switch (phase) {
      case "ceiling" -> List.of(AcceptPhase.ceiling(options, logs, "ceiling", Generator::payments));
      case "durable-ceiling" -> AcceptPhase.durableCeiling(options, logs);
      case "accept" -> AcceptPhase.run(options, logs);
      case "webhook-in" -> WebhookInPhase.run(options, logs);
      case "webhook-out" -> WebhookOutPhase.run(options, logs);
      case "streams" -> List.of(StreamsPhase.run(options, logs));
      case "end-to-end" -> SettlePhase.endToEnd(options, logs);
      case "overload" -> SettlePhase.overload(options, logs);
      case "goodput" -> GoodputPhase.run(options, logs);
      case "herd" -> HerdPhase.run(options, logs);
      case "idle" -> IdlePhase.run(options, logs);
      case "compare" -> ComparePhase.run(options, logs);
      default -> throw new IllegalArgumentException("no phase " + phase);
    };
  }

  /** What the figures depend on besides the code. */
  private static String machine() throws IOException {
    var cpu = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 2)).findFirst().orElse("unknown CPU");
    return "Machine: " + Runtime.getRuntime().availableProcessors() + " cores, " + cpu + ", Linux " + System
        .getProperty("os.version") + ", Java " + Runtime.version() + "; load generator on the same cores.";
  }
}
