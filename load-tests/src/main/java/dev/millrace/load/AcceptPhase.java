package dev.millrace.load;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What it costs to accept: the gateway with the roles that accept and publish, nothing that processes. The
 * bare server of {@link Ceiling} is measured right before and after, by the same generator, so that their
 * ratio is fair.
 */
final class AcceptPhase {
  private static final int DRAIN_SECONDS_MAX = 180;
  /** The bare server is little code, soon compiled. */
  private static final int CEILING_WARM_UP_SECONDS_MAX = 15;
  /** The share of its saturation at which an accepting gateway is asked for its latency. */
  private static final double STEADY_SHARE = 0.7;
  private static final int STEADY_WARM_UP_SECONDS_MAX = 10;

  private AcceptPhase() {}

  /** Rows: ceiling before, accept saturated, accept at 70 % of that, ceiling after. */
  static List<Row> run(Options options, Path logs) {
    return options.attached()
        ? accept("accept", options, logs)
        : betweenCeilings(options, logs, "ceiling", Generator::payments, () -> both(options, logs));
  }

  /** With `--against`, that build after this one, and in the row of this one the ratio of the two. */
  private static List<Row> both(Options options, Path logs) {
    var rows = new ArrayList<>(accept("accept", options, logs));
    if (!options.against().isEmpty()) {
      var other = accept("accept against", options.ofTheOther(), logs);
      rows.getFirst().with("of against %",
          100 * rows.getFirst().figure("accepted/s") / other.getFirst().figure("accepted/s"));
      rows.addAll(other);
    }
    return rows;
  }

  /**
   * The rows of `measured`, the bare server under the same kind of load before and after them, and the first
   * one's share of the mean of both.
   */
  static List<Row> betweenCeilings(Options options, Path logs, String name,
      Function<Options, Generator> load, Supplier<List<Row>> measured) {
    var rows = new ArrayList<Row>();
    rows.add(ceiling(options, logs, name + " before", load));
    rows.addAll(measured.get());
    rows.add(ceiling(options, logs, name + " after", load));
    double ceiling = (rows.getFirst().figure("accepted/s") + rows.getLast().figure("accepted/s")) / 2;
    rows.get(1).with("of ceiling %", 100 * rows.get(1).figure("accepted/s") / ceiling);
    return rows;
  }

  /** The bare server alone, saturated for a third of the time (its figure settles sooner). */
  static Row ceiling(Options options, Path logs, String name, Function<Options, Generator> load) {
    System.out.println(name + " …");
    try (var site = new Installation(options, name.replace(' ', '-'), logs)) {
      site.startCeiling();
      return bare(options, site, load, name, Math.min(CEILING_WARM_UP_SECONDS_MAX, options.warmUpSeconds()),
          Math.max(5, options.seconds() / 3), generator -> generator.startClosed(0));
    }
  }

  /** The bare server that makes each payment durable, saturated and at 70 % of that, as the gateway is. */
  static List<Row> durableCeiling(Options options, Path logs) {
    System.out.println("durable ceiling …");
    try (var site = new Installation(options, "durable-ceiling", logs)) {
      site.startDurableCeiling();
      var saturated = bare(options, site, Generator::payments, "durable ceiling", options.warmUpSeconds(),
          options.seconds(), generator -> generator.startClosed(0));
      double rate = STEADY_SHARE * saturated.figure("accepted/s");
      return List.of(saturated, bare(options, site, Generator::payments, "durable ceiling, 70 % of that",
          Math.min(STEADY_WARM_UP_SECONDS_MAX, options.warmUpSeconds()), options.seconds(),
          generator -> generator.startOpen(rate)));
    }
  }

  private static Row bare(Options options, Installation site, Function<Options, Generator> load, String name,
      int warmUpSeconds, int seconds, Consumer<Generator> pace) {
    try (var generator = load.apply(options)) {
      pace.accept(generator);
      Clock.sleepSeconds(warmUpSeconds);
      var measurement = Measurement.measureBare(site, generator, seconds);
      generator.stop();
      return Row.of(name, measurement);
    }
  }

  private static List<Row> accept(String name, Options options, Path logs) {
    System.out.println(name + " …");
    // Nothing settles here, so the limit on unsettled payments would end the measurement: off.
    var settings = Map.of("MILLRACE_LIMITS_UNSETTLED", "0");
    try (var site = Installation.gateway(options, name.replace(' ', '-'), logs, "api,relay,ops", false, settings)) {
      var audit = new LoadAudit(site, false);
      var saturated = saturate(name, options, site, audit);
      var steady = steady(name, options, site, audit,
          STEADY_SHARE * saturated.figure("accepted/s"));
      return List.of(saturated, steady.with(audit.problems()));
    }
  }

  private static Row saturate(String name, Options options, Installation site, LoadAudit audit) {
    try (var generator = Generator.payments(options)) {
      generator.startClosed(0);
      Clock.sleepSeconds(options.warmUpSeconds());
      var measurement = Measurement.measure(site, generator, options.seconds(), 4, audit::add);
      audit.add(generator.stop());
      return Row.of(name + ", saturated", measurement).with("drain s", relayDrainSeconds(site, audit));
    }
  }

  private static Row steady(String name, Options options, Installation site, LoadAudit audit,
      double rate) {
    System.out.printf(name + " at %.0f/s …%n", rate);
    try (var generator = Generator.payments(options)) {
      generator.startOpen(rate);
      Clock.sleepSeconds(Math.min(STEADY_WARM_UP_SECONDS_MAX, options.warmUpSeconds()));
      var measurement = Measurement.measure(site, generator, options.seconds(), 4, audit::add);
      audit.add(generator.stop());
      return Row.of(name + ", 70 % of that", measurement).with("drain s", relayDrainSeconds(site, audit));
    }
  }

  /** From the end of the load until every event in the journal is published. */
  private static double relayDrainSeconds(Installation site, LoadAudit audit) {
    long start = System.nanoTime();
    boolean drained = Clock.await(DRAIN_SECONDS_MAX, 100, () -> {
      site.check();
      var work = site.ops.work();
      return work.published() >= work.journal();
    });
    if (!drained) {
      audit.problem(
          "UNPUBLISHED: the relay had not published the journal " + DRAIN_SECONDS_MAX + " s after the load");
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
