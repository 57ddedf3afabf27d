package dev.millrace.load;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Two builds side by side on one machine whose speed drifts: both are up all the time, each with servers of
 * its own, and are loaded in turns, from the request to the settled payment. What is compared lies seconds
 * apart, and every second round has the other order.
 */
final class ComparePhase {
  private static final String ROLES = "api,relay,processor,settlement,ops";
  /** So few that a turn is over some seconds after its load. */
  private static final Map<String, String> SETTINGS = Map.of("MILLRACE_SIMULATOR_WEBHOOK_URL", "",
      "MILLRACE_LIMITS_UNSETTLED", "5000");
  private static final int PORTS_APART = 500;
  private static final int TURN_SECONDS = 15;
  private static final int LEAD_IN_SECONDS = 3;

  private final Options options;
  private final Path logs;

  private ComparePhase(Options options, Path logs) {
    this.options = options;
    this.logs = logs;
  }

  /**
   * A row for each turn; those of this build with the ratio to the other's turn beside it, and one of all
   * turns.
   */
  static List<Row> run(Options options, Path logs) {
    if (options.against().isEmpty()) {
      throw new IllegalArgumentException("--phases=compare needs --against=<another compiled checkout>");
    }
    return new ComparePhase(options, logs).run();
  }

  /** One of the two builds. */
  private final class Side implements AutoCloseable {
    final String name;
    final Options options;
    final Installation site;
    final LoadAudit audit;
    double settled;
    double seconds;

    Side(String name, Options options) {
      this.name = name;
      this.options = options;
      site = Installation.gateway(options, name.replace(' ', '-'), logs, ROLES, true, SETTINGS);
      audit = new LoadAudit(site, true);
    }

    /** Loads it, and waits until it has nothing more to do. */
    Row turn(int turnSeconds) {
      try (var generator = Generator.payments(options)) {
        generator.startOpen(options.rate());
        Clock.sleepSeconds(LEAD_IN_SECONDS);
        var measurement = Measurement.measure(site, generator, turnSeconds, 1, audit::add);
        audit.add(generator.stop());
        double drain = SettlePhase.drainSeconds(site);
        settled += measurement.settledPerSecond() * turnSeconds;
        seconds += turnSeconds;
        return Row.of(name, measurement).with("settled/s", measurement.settledPerSecond()).with("drain s", drain);
      }
    }

    @Override
    public void close() {
      site.close();
    }
  }

  private List<Row> run() {
    try (
        var before = new Side("compare against",
            options.ofTheOther().withPortBase(options.portBase() + PORTS_APART));
        var now = new Side("compare", options)) {
      for (int warmed = 0; warmed < options.warmUpSeconds(); warmed += TURN_SECONDS) {
        round(before, now, warmed / TURN_SECONDS);
      }
      before.settled = before.seconds = now.settled = now.seconds = 0;
      var rows = new ArrayList<Row>();
      for (int measured = 0; measured < options.seconds(); measured += TURN_SECONDS) {
        rows.addAll(round(before, now, measured / TURN_SECONDS));
      }
      double ratio = 100 * now.settled / now.seconds / (before.settled / before.seconds);
      System.out.printf("all turns: %.1f %%%n", ratio);
      rows.add(new Row("compare, all turns", new LinkedHashMap<>(Map.of("of against %", ratio, "settled/s",
          now.settled / now.seconds)), Map.of(), problems(before, now)));
      return rows;
    }
  }

  private static List<Row> round(Side before, Side now, int number) {
    boolean theOtherFirst = number % 2 == 0;
    Row first = (theOtherFirst ? before : now).turn(TURN_SECONDS);
    Row second = (theOtherFirst ? now : before).turn(TURN_SECONDS);
    Row of = theOtherFirst ? first : second;
    Row mine = theOtherFirst ? second : first;
    mine.with("of against %", 100 * mine.figure("settled/s") / of.figure("settled/s"));
    System.out.printf("round %d: %.0f and %.0f settled/s, %.1f %%%n", number + 1, of.figure("settled/s"),
        mine.figure("settled/s"), mine.figure("of against %"));
    return List.of(of, mine);
  }

  private static List<String> problems(Side before, Side now) {
    var problems = new ArrayList<String>();
    before.audit.problems().forEach(problem -> problems.add("against: " + problem));
    problems.addAll(now.audit.problems());
    return problems;
  }
}
