package dev.millrace.load;

import java.nio.file.Path;
import java.util.List;

/**
 * Ten times what the gateway can settle is offered to it: first the peak is measured, at the steady rate of
 * end-to-end, then ten times that is offered to the same processes in the open model. Finds fault if less
 * than 0.8 of the peak is settled then, or if a request is refused with anything but 429 or 503 and a
 * `Retry-After`.
 */
final class GoodputPhase {
  private static final int OVERLOAD = 10;
  private static final double OF_PEAK_MIN = 0.8;
  /**
   * A refusal holds a connection for `api.refusal-pause`, 0.1 s by default; half as much again for the rest.
   */
  private static final double CONNECTION_SECONDS = 0.15;
  private static final int CONNECTIONS_MAX = 8192;

  private GoodputPhase() {}

  static List<Row> run(Options options, Path logs) {
    try (var site = Installation.gateway(options, "goodput", logs, SettlePhase.ROLES, true,
        SettlePhase.NO_PROVIDER_WEBHOOKS)) {
      var audit = new LoadAudit(site, true);
      System.out.printf("goodput, peak at %.0f/s …%n", options.rate());
      var peak = measure(site, options, options.rate(), options.connections(), options.warmUpSeconds(),
          audit);
      double offered = OVERLOAD * peak.settledPerSecond();
      int connections = Math.clamp((long) (offered * CONNECTION_SECONDS), 1, CONNECTIONS_MAX);
      System.out.printf("goodput, %d times the peak: %.0f/s over %d connections …%n", OVERLOAD, offered,
          connections);
      var over = measure(site, options, offered, connections, options.warmUpSeconds() / 3, audit);
      double drain = SettlePhase.drainSeconds(site);
      var row = row("goodput, overload", over).with("drain s", drain)
          .with("of peak %", 100 * over.settledPerSecond() / peak.settledPerSecond());
      problems(row, over.window(), audit);
      return List.of(row("goodput, peak", peak), row.with(audit.problems()));
    }
  }

  private static Measurement measure(Installation site, Options options, double rate, int connections, int warmUpSeconds,
      LoadAudit audit) {
    try (var generator = Generator.payments(options, connections)) {
      generator.startOpen(rate);
      Clock.sleepSeconds(warmUpSeconds);
      var measurement = Measurement.measure(site, generator, options.seconds(), options.seconds(), audit::add);
      audit.add(generator.stop());
      return measurement;
    }
  }

  private static Row row(String name, Measurement measurement) {
    var window = measurement.window();
    double cores = window.seconds() * Runtime.getRuntime().availableProcessors();
    return Row.of(name, measurement).with("settled/s", measurement.settledPerSecond())
        .with("open at start", measurement.openAt(0)).with("at end", measurement.openAt(1))
        .with("slope /s", measurement.openSlope()).with("open max", measurement.openMax())
        .with("offered/s", window.answered() / window.seconds())
        .with("rejected/s", window.rejected() / window.seconds())
        .with("without Retry-After", window.withoutRetryAfter())
        .with("generator's share %", 100 * measurement.cpuSeconds().get("generator") / cores);
  }

  private static void problems(Row row, Window window, LoadAudit audit) {
    if (row.figure("of peak %") < 100 * OF_PEAK_MIN) {
      audit.problem(
          "COLLAPSED: %.0f %% of the peak settled under overload".formatted(row.figure("of peak %")));
    }
    if (window.withoutRetryAfter() > 0) {
      audit.problem("NO WORD OF WHEN: " + window.withoutRetryAfter() + " refusals without Retry-After");
    }
    long answered = window.accepted() + window.rejected();
    if (window.answered() > answered) {
      audit.problem("REFUSED OTHERWISE: " + window.errors());
    }
    if (window.rejected() == 0) {
      audit.problem("NO OVERLOAD: nothing was refused: nothing was proven");
    }
  }
}
