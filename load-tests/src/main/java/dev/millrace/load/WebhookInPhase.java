package dev.millrace.load;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What it costs to take a provider's webhooks: signed events, each a different one, answered 200 once they
 * are durable; nothing that processes them. Between two measurements of the bare server under the same
 * events.
 */
final class WebhookInPhase {
  private static final int INTERVALS = 4;

  private WebhookInPhase() {}

  /** Rows: ceiling before, webhooks saturated, ceiling after. */
  static List<Row> run(Options options, Path logs) {
    return AcceptPhase.betweenCeilings(options, logs, "webhook ceiling", Generator::webhooks,
        () -> List.of(saturated(options, logs)));
  }

  private static Row saturated(Options options, Path logs) {
    System.out.println("webhook-in …");
    var settings = Map.of("MILLRACE_PROVIDER_STRIPE_WEBHOOK_SECRETS", WebhookRequest.SECRET);
    try (var site = Installation.gateway(options, "webhook-in", logs, "api,ops", false, settings);
        var counts = site.tableCounts();
        var generator = Generator.webhooks(options)) {
      var accepted = new AcceptedCounts();
      long before = counts.providerEvents();
      generator.startClosed(0);
      Clock.sleepSeconds(options.warmUpSeconds());
      var measurement = Measurement.measure(site, generator, options.seconds(), INTERVALS, accepted::add);
      accepted.add(generator.stop());
      return Row.of("webhook-in", measurement)
          .with(accepted.check("webhooks", counts.providerEvents() - before));
    }
  }
}
