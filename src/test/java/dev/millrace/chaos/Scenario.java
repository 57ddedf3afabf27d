package dev.millrace.chaos;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A fault, and what must be so that it can be injected.
 *
 * @param bound how long after the healing everything may take to come to rest
 * @param perSecond payments begun a second, all the while
 * @param currencies what is paid in, which decides the provider
 * @param tool what the machine must have; without it the scenario is skipped, and says so
 */
record Scenario(String name, Duration bound, int perSecond, List<String> currencies, Deployment.Plan plan,
    Tool tool,
    Fault fault) {

  private static final List<String> ALL = List.of("usd", "usd", "usd", "eur");

  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int STEADY = 20;

  /**
   * Does its worst while payments are made, and counts what it did; what it leaves broken is healed after it.
   */
  @FunctionalInterface
  interface Fault {
    void inject(ScenarioRun run) throws Exception;
  }

  /** What a machine may lack. */
  enum Tool {
    NONE("nothing"),
    STRACE("strace, and the right to trace"),
    FAKETIME("libfaketime"),
    MOUNT(
        "the right to mount");

    static final Path LIBFAKETIME = Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1");
    final String what;

    Tool(String what) { this.what = what; }

    boolean available() {
      return switch (this) {
        case NONE -> true;
        case STRACE -> ShellCommands.has("strace") && works("strace", "-o", "/dev/null", "true");
        case FAKETIME -> Files.exists(LIBFAKETIME);
        case MOUNT -> works("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/tmp");
      };
    }

    private static boolean works(String... command) {
      try {
        ShellCommands.run(command);
        return true;
      } catch (AssertionError | java.io.UncheckedIOException e) {
        return false;
      }
    }
  }

  static Scenario of(String name, Fault fault) {
    return new Scenario(name, SOON, STEADY, ALL, Deployment.Plan.USUAL, Tool.NONE, fault);
  }

  Scenario within(Duration longer) {
    return new Scenario(name, longer, perSecond, currencies, plan, tool, fault);
  }

  Scenario at(int rate) { return new Scenario(name, bound, rate, currencies, plan, tool, fault); }

  Scenario paidIn(String currency) {
    return new Scenario(name, bound, perSecond, List.of(currency), plan, tool, fault);
  }

  Scenario in(Deployment.Plan other) {
    return new Scenario(name, bound, perSecond, currencies, other, tool, fault);
  }

  Scenario with(Tool needed) { return new Scenario(name, bound, perSecond, currencies, plan, needed, fault); }

  @Override
  public String toString() { return name; }
}
