package dev.millrace.load;

import java.nio.file.Path;
import java.util.ArrayList;

/**
 * What open event streams cost: the gateway's heap without and with them, and its CPU per frame, at a quiet
 * rate of payments whose every event goes to every stream. Afterwards each must have had the same ids, as
 * many as there were events.
 */
final class StreamsPhase {
  private static final String ROLES = "api,relay,processor,settlement,notifier,ops";
  private static final int WITH_STREAMS_WARM_UP_SECONDS_MAX = 15;
  private static final int INTERVALS = 4;
  private static final int LAST_FRAMES_SECONDS_MAX = 60;

  private StreamsPhase() {}

  static Row run(Options options, Path logs) {
    System.out.printf("%d streams at %.0f payments/s …%n", options.streams(), options.streamsRate());
    try (var site = Installation.gateway(options, "streams", logs, ROLES, true, SettlePhase.NO_PROVIDER_WEBHOOKS);
        var counts = site.tableCounts()) {
      var audit = new LoadAudit(site, true);
      warmUp(options, site, audit);
      double heapBefore = LiveHeap.mib(site);
      // At rest: every stream begins at the same event.
      long eventsBefore = counts.paymentEvents();
      try (var streams = new Streams(options, options.streams())) {
        var row = measure(options, site, streams, audit).with("heap before MiB", heapBefore);
        row.with("heap more MiB", row.figure("heap with MiB") - heapBefore);
        SettlePhase.drainSeconds(site);
        long events = counts.paymentEvents() - eventsBefore;
        Clock.await(LAST_FRAMES_SECONDS_MAX, 200, () -> streams.framesMin() >= events);
        var problems = new ArrayList<>(streams.problems(events));
        problems.addAll(audit.problems());
        return row.with("streams", options.streams()).with("ids each", events).with(problems);
      }
    }
  }

  private static void warmUp(Options options, Installation site, LoadAudit audit) {
    try (var generator = Generator.payments(options)) {
      generator.startOpen(options.streamsRate());
      Clock.sleepSeconds(options.warmUpSeconds());
      audit.add(generator.cut());
      audit.add(generator.stop());
      SettlePhase.drainSeconds(site);
    }
  }

  private static Row measure(Options options, Installation site, Streams streams, LoadAudit audit) {
    try (var generator = Generator.payments(options)) {
      generator.startOpen(options.streamsRate());
      Clock.sleepSeconds(Math.min(WITH_STREAMS_WARM_UP_SECONDS_MAX, options.warmUpSeconds()));
      var cuts = new ArrayList<DeliveryCounts>();
      var measurement = Measurement.measure(site, generator, options.seconds(), INTERVALS, window -> {
        audit.add(window);
        cuts.add(streams.cut());
      });
      var arrivals = cuts.getLast();
      // With the traffic on, but after the measurement: a full collection would show in its delays.
      double heap = LiveHeap.mib(site);
      audit.add(generator.stop());
      return arrivals.into(Row.of("streams", measurement, arrivals.count())
          .with("events/s", measurement.eventsPerSecond()).with("frames/s", arrivals.perSecond())
          .with("heap with MiB", heap));
    }
  }
}
