package dev.millrace.load;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * Every role, from the request to the settled payment: at a steady rate (end-to-end), where the backlog must
 * not grow, and saturated (overload), where refusals must keep it bounded. Then waits for the last payment to
 * come to rest and compares the books.
 */
final class SettlePhase {
  /** Payments settle by the answers to the gateway's own calls: the simulator tells it nothing besides. */
  static final Map<String, String> NO_PROVIDER_WEBHOOKS = Map.of("MILLRACE_SIMULATOR_WEBHOOK_URL", "");
  static final String ROLES = "api,relay,processor,settlement,ops";
  private static final int DRAIN_SECONDS_MAX = 300;
  private static final int STEADY_INTERVALS = 12;

  private SettlePhase() {}

  static List<Row> endToEnd(Options options, Path logs) {
    return both("end-to-end", options, (name, build) -> {
      System.out.printf("%s at %.0f/s …%n", name, build.rate());
      return run(name, build, logs, STEADY_INTERVALS, generator -> generator.startOpen(build.rate()));
    });
  }

  static List<Row> overload(Options options, Path logs) {
    return both("overload", options, (name, build) -> {
      System.out.println(name + " …");
      // One sample a second: the highest point of the backlog is the figure.
      return run(name, build, logs, build.seconds(),
          generator -> generator.startClosed(build.backoffMillis()));
    });
  }

  /** With `--against`, that build before this one, and in the row of this one the ratio of the two. */
  private static List<Row> both(String phase, Options options, BiFunction<String, Options, Row> measure) {
    if (options.against().isEmpty()) {
      return List.of(measure.apply(phase, options));
    }
    Row before = measure.apply(phase + " against", options.ofTheOther());
    Row now = measure.apply(phase, options);
    return List.of(before,
        now.with("of against %", 100 * now.figure("settled/s") / before.figure("settled/s")));
  }

  private static Row run(String phase, Options options, Path logs, int intervals,
      Consumer<Generator> load) {
    try (var site = Installation.gateway(options, phase, logs, ROLES, true, NO_PROVIDER_WEBHOOKS);
        var generator = Generator.payments(options)) {
      var audit = new LoadAudit(site, true);
      load.accept(generator);
      Clock.sleepSeconds(options.warmUpSeconds());
      var measurement = Measurement.measure(site, generator, options.seconds(), intervals, audit::add);
      audit.add(generator.stop());
      double drainSeconds = drainSeconds(site);
      return backlog(Row.of(phase, measurement), measurement).with("settled/s", measurement.settledPerSecond())
          .with("drain s", drainSeconds)
          .with("rejected/s", measurement.window().rejected() / measurement.window().seconds())
          .with(audit.problems());
    }
  }

  private static Row backlog(Row row, Measurement measurement) {
    return row.with("open at start", measurement.openAt(0)).with("at 25 %", measurement.openAt(0.25))
        .with("at 50 %", measurement.openAt(0.5)).with("at 75 %", measurement.openAt(0.75))
        .with("at end", measurement.openAt(1))
        .with("slope /s", measurement.openSlope()).with("open max", measurement.openMax());
  }

  /** From the end of the load until nothing is open; the audit says so if that never came. */
  static double drainSeconds(Installation site) {
    long start = System.nanoTime();
    Clock.await(DRAIN_SECONDS_MAX, 200, () -> {
      site.check();
      return site.ops.work().open() == 0;
    });
    return (System.nanoTime() - start) / 1e9;
  }
}
