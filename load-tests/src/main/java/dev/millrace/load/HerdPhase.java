package dev.millrace.load;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * The provider goes away under full load and comes back: what gathered meanwhile must not storm it. Counts,
 * at the simulator, the calls of every kind from all gateways together, from the moment of recovery until
 * nothing is open, and finds fault with more than 1.2 times the budget in any second.
 */
final class HerdPhase {
  private static final double RATIO_MAX = 1.2;
  /** Less than this part of the budget, and there was no herd to measure. */
  private static final double RATIO_MIN = 0.8;
  private static final int DRAIN_SECONDS_MAX = 580;
  private static final int LOOK_MS = 200;

  private final Options options;
  private final Installation site;
  private final List<Ops> gateways = new ArrayList<>();
  private final LoadAudit audit;

  private HerdPhase(Options options, Installation site) {
    this.options = options;
    this.site = site;
    gateways.add(site.ops);
    for (int number = 2; number <= options.nodes(); number++) {
      gateways.add(site.another(number, SettlePhase.ROLES, settings(options)));
    }
    audit = new LoadAudit(site, true);
  }

  /** A row for each kind of outage. */
  static List<Row> run(Options options, Path logs) {
    var rows = new ArrayList<Row>();
    for (var outage : List.of("unavailable", "hang")) {
      System.out.printf("herd, %s for %d s …%n", outage, options.outageSeconds());
      try (var site = Installation.gateway(options, "herd-" + outage, logs, SettlePhase.ROLES, true,
          settings(options))) {
        rows.add(new HerdPhase(options, site).outage(outage));
      }
    }
    return rows;
  }

  /** The budget is one gateway's own: the provider's is their sum. */
  private static Map<String, String> settings(Options options) {
    var settings = new LinkedHashMap<>(SettlePhase.NO_PROVIDER_WEBHOOKS);
    settings.put("MILLRACE_PROVIDER_STRIPE_REQUESTS_PER_SECOND",
        Integer.toString(options.budget() / options.nodes()));
    return settings;
  }

  /** Load at the rate of the budget before, during and after the outage; then none, until all is at rest. */
  private Row outage(String kind) {
    try (var generator = Generator.payments(options)) {
      generator.startOpen(options.budget());
      long begun = System.currentTimeMillis();
      Clock.sleepSeconds(options.warmUpSeconds());
      var before = ProviderCalls.of(site.ops.arrivals(begun));
      audit.add(generator.cut());
      site.ops.outage(kind);
      Clock.sleepSeconds(options.outageSeconds());
      site.check();
      long recovered = System.currentTimeMillis();
      site.ops.outage("none");
      double closed = waitUntil(recovered, options.seconds(), this::breakersClosed);
      Clock.sleepSeconds(options.seconds() - seconds(recovered));
      var load = generator.stop();
      audit.add(load);
      double drained = waitUntil(recovered, DRAIN_SECONDS_MAX, () -> site.ops.work().open() == 0);
      var row = figures(kind, load, before, ProviderCalls.of(site.ops.arrivals(recovered)))
          .with("breaker closed s", closed).with("drained s", drained);
      System.out.printf(
          "herd, %s: at most %.0f calls in a second, %.2f of the budget; drained after %.1f s%n", kind,
          row.figure("most in 1 s"), row.figure("most / budget"), drained);
      retries().forEach((window, count) -> row.with("retries " + window, count));
      return row.with(problems(row));
    }
  }

  private boolean breakersClosed() {
    return gateways.stream().noneMatch(Ops::breakerOpen);
  }

  private Map<String, Long> retries() {
    var sum = new LinkedHashMap<String, Long>();
    gateways.forEach(
        gateway -> gateway.retries().forEach((window, count) -> sum.merge(window, count, Long::sum)));
    return sum;
  }

  /** Seconds since then until it is so; NaN if it never was. */
  private double waitUntil(long sinceMs, int secondsMax, BooleanSupplier condition) {
    boolean met = Clock.await(secondsMax, LOOK_MS, () -> {
      site.check();
      return condition.getAsBoolean();
    });
    return met ? seconds(sinceMs) : Double.NaN;
  }

  private static double seconds(long sinceMs) {
    return (System.currentTimeMillis() - sinceMs) / 1000.0;
  }

  private Row figures(String kind, Window load, ProviderCalls before, ProviderCalls after) {
    var figures = new LinkedHashMap<String, Double>();
    var seconds = after.seconds();
    int most = seconds[seconds.length - 1];
    figures.put("accepted/s", load.accepted() / load.seconds());
    figures.put("p50 ms", load.latencyMillis(50));
    figures.put("p99 ms", load.latencyMillis(99));
    figures.put("budget/s", (double) budget());
    figures.put("before: most in 1 s", (double) before.seconds()[before.seconds().length - 1]);
    figures.put("most in 1 s", (double) most);
    figures.put("p99 in 1 s", (double) seconds[(int) (0.99 * (seconds.length - 1))]);
    figures.put("most / budget", (double) most / budget());
    figures.put("calls", (double) after.calls());
    figures.put("of these inquiries", (double) after.inquired());
    return new Row("herd, " + kind, figures, load.errors(), List.of());
  }

  /** What the gateways may send together: each has a whole number of calls. */
  private int budget() {
    return options.budget() / options.nodes() * options.nodes();
  }

  private List<String> problems(Row row) {
    double ratio = row.figure("most / budget");
    if (ratio > RATIO_MAX) {
      audit
          .problem("HERD: %.0f calls in one second after the recovery, %.2f times the budget of %d".formatted(
              row.figure("most in 1 s"), ratio, budget()));
    } else if (ratio < RATIO_MIN) {
      audit.problem("NO HERD: %.2f of the budget at most: nothing was proven".formatted(ratio));
    }
    long booked = site.ops.captured();
    long ledger = site.ops.ledger();
    if (booked != ledger) {
      audit.problem("BOOK AND LEDGER DIFFER: " + booked + " and " + ledger + " minor units (-1: unbalanced)");
    }
    return audit.problems();
  }
}
