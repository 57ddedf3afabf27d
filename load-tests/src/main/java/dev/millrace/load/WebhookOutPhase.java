package dev.millrace.load;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What it costs to tell a merchant of every event: first more than can be delivered to one quick receiver,
 * then, at a quiet rate, whether ten receivers that do not work delay the one that does. Each measurement
 * ends when the receiver has had every event in the journal.
 */
final class WebhookOutPhase {
  private static final String ROLES = "api,relay,processor,settlement,notifier,ops";
  private static final double ISOLATION_RATE = 100;
  private static final int ISOLATION_WARM_UP_SECONDS_MAX = 30;
  private static final int INTERVALS = 4;
  private static final int RECEIVER = 60;
  private static final int DEAD_ENDS = 61;
  /** Events that failed once may rest a while before they are tried again. */
  private static final int STANDSTILL_SECONDS_MAX = 120;

  private WebhookOutPhase() {}

  /** Rows: as many deliveries as can be; the healthy endpoint alone; the same with ten dead ones beside. */
  static List<Row> run(Options options, Path logs) {
    int warmUp = Math.min(ISOLATION_WARM_UP_SECONDS_MAX, options.warmUpSeconds());
    return List.of(
        measure(options, logs, "webhook-out", options.webhookRate(), options.warmUpSeconds(), false),
        measure(options, logs, "isolation, alone", ISOLATION_RATE, warmUp, false),
        measure(options, logs, "isolation, ten dead", ISOLATION_RATE, warmUp, true));
  }

  private static Row measure(Options options, Path logs, String name, double rate, int warmUpSeconds,
      boolean withDeadEnds) {
    System.out.printf("%s at %.0f payments/s …%n", name, rate);
    try (var receiver = new WebhookSink(options.port(RECEIVER));
        var deadEnds = new BrokenReceivers(options.port(DEAD_ENDS));
        var site = Installation.gateway(options, name.replace(", ", "-").replace(' ', '-'), logs, ROLES, true,
            SettlePhase.NO_PROVIDER_WEBHOOKS);
        var counts = site.tableCounts();
        var generator = Generator.payments(options)) {
      var audit = new LoadAudit(site, true);
      var merchant = new MerchantSetUp(options);
      merchant.subscribe(receiver.address());
      generator.startOpen(rate);
      Clock.sleepSeconds(warmUpSeconds);
      if (withDeadEnds) {
        // As the measurement begins: the time in which nobody knows that they are dead belongs to it.
        deadEnds.addresses().forEach(merchant::subscribe);
      }
      var arrivals = new ArrayList<DeliveryCounts>();
      var measurement = Measurement.measure(site, generator, options.seconds(), INTERVALS, window -> {
        audit.add(window);
        arrivals.add(receiver.cut());
      });
      audit.add(generator.stop());
      long start = System.nanoTime();
      SettlePhase.drainSeconds(site);
      var problems = new ArrayList<>(undelivered(site, counts, receiver));
      var row = row(name, measurement, arrivals.getLast(), receiver)
          .with("drain s", (System.nanoTime() - start) / 1e9);
      problems.addAll(audit.problems());
      return row.with(problems);
    }
  }

  private static Row row(String name, Measurement measurement, DeliveryCounts arrivals, WebhookSink receiver) {
    return arrivals.into(Row.of(name, measurement, arrivals.count()).with("events/s", measurement.eventsPerSecond())
        .with("deliveries/s", arrivals.perSecond()).with("deliveries", arrivals.count())
        .with("duplicates", receiver.duplicates()));
  }

  /**
   * Waits, as long as there is progress, until the receiver has had every event of a payment in the journal.
   * It was subscribed before the first one.
   */
  private static List<String> undelivered(Installation site, TableCounts counts, WebhookSink receiver) {
    long expected = counts.paymentEvents();
    long distinct = receiver.distinct();
    boolean progress = true;
    while (distinct < expected && progress) {
      long before = distinct;
      progress = Clock.await(STANDSTILL_SECONDS_MAX, 200, () -> {
        site.check();
        return receiver.distinct() > before;
      });
      distinct = receiver.distinct();
    }
    var problems = new ArrayList<String>();
    if (distinct != expected) {
      problems.add((distinct < expected ? "UNDELIVERED: " : "OF NOTHING: ") + "the journal has " + expected
          + " events of payments, the receiver has had " + distinct);
    }
    if (receiver.untimed() > 0) {
      problems.add("UNTIMED: " + receiver.untimed() + " events without a `timestamp` that can be read");
    }
    return problems;
  }
}
