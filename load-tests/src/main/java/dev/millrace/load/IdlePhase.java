package dev.millrace.load;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.HdrHistogram.Histogram;

/**
 * What a gateway with every role costs while nothing comes, in windows after a load and a rest; then how long
 * payments take that come one by one, each after a pause in which everything has come to rest again.
 */
final class IdlePhase {
  private static final String ROLES = "api,relay,processor,settlement,notifier,ops";
  /** Of the load before: enough for the compiler, and soon drained. */
  private static final double RATE_MAX = 500;
  private static final int REST_SECONDS = 30;
  private static final int WINDOWS = 5;
  private static final int PAYMENTS = 30;
  private static final int SETTLED_SECONDS_MAX = 30;

  private IdlePhase() {}

  static List<Row> run(Options options, Path logs) {
    double rate = Math.min(RATE_MAX, options.rate());
    System.out.printf("idle, after %.0f/s …%n", rate);
    var rows = new ArrayList<Row>();
    try (var site = Installation.gateway(options, "idle", logs, ROLES, true, SettlePhase.NO_PROVIDER_WEBHOOKS);
        var counts = site.tableCounts()) {
      var audit = new LoadAudit(site, true);
      try (var generator = Generator.payments(options)) {
        generator.startOpen(rate);
        Clock.sleepSeconds(options.warmUpSeconds());
        audit.add(generator.cut());
        audit.add(generator.stop());
        SettlePhase.drainSeconds(site);
      }
      var problems = audit.problems();
      Clock.sleepSeconds(REST_SECONDS);
      for (int i = 0; i < WINDOWS; i++) {
        rows.add(window(site, counts, (double) options.seconds() / WINDOWS));
      }
      rows.add(payments(site, options).with(problems));
    }
    return rows;
  }

  private static Row window(Installation site, TableCounts counts, double seconds) {
    var before = site.cpuSeconds();
    long commits = counts.commits();
    long start = System.nanoTime();
    Clock.sleepSeconds(seconds);
    site.check();
    var after = site.cpuSeconds();
    double took = (System.nanoTime() - start) / 1e9;
    var row = row("idle").with("commits/s", (counts.commits() - commits) / took);
    after.forEach((component, used) -> row.with(component + " %",
        100 * (used - before.getOrDefault(component, 0.0)) / took));
    return row;
  }

  private static Row row(String phase) {
    return new Row(phase, new LinkedHashMap<>(), Map.of(), List.of());
  }

  /** Latency with `Prefer: wait`, and until settled, which is once a second. */
  private static Row payments(Installation site, Options options) {
    var decided = new Histogram(3);
    var settled = new Histogram(3);
    var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    var payments = options.endpoints().api().resolve("/v1/payments");
    for (int i = 0; i < PAYMENTS; i++) {
      long start = System.nanoTime();
      var answer = send(client, request(payments, options).header("Idempotency-Key", UUID.randomUUID().toString())
          .header("Content-Type", "application/json").header("Prefer", "wait=10").POST(BodyPublishers
              .ofString("{\"amount\":1999,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}")));
      decided.recordValue((System.nanoTime() - start) / 1_000);
      var one = request(URI.create(payments + "/" + answer.getString("id")), options);
      if (!Clock.await(SETTLED_SECONDS_MAX, 10, () -> send(client, one).getString("status").equals("settled"))) {
        throw new IllegalStateException(answer.getString("id") + " is not settled");
      }
      settled.recordValue((System.nanoTime() - start) / 1_000);
      site.check();
      // Not in step with the seconds of the settlement.
      Clock.sleepMillis(1_000 + i * 137 % 1_000);
    }
    return row("idle, payments one by one").with("p50 ms", decided.getValueAtPercentile(50) / 1e3)
        .with("p99 ms", decided.getValueAtPercentile(99) / 1e3)
        .with("settled p50 ms", settled.getValueAtPercentile(50) / 1e3)
        .with("settled p99 ms", settled.getValueAtPercentile(99) / 1e3);
  }

  private static HttpRequest.Builder request(URI address, Options options) {
    return HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(30))
        .header("Authorization", "Bearer " + options.key());
  }

  private static JsonObject send(HttpClient client, HttpRequest.Builder request) {
    try {
      var response = client.send(request.build(), BodyHandlers.ofString());
      if (response.statusCode() / 100 != 2) {
        throw new IllegalStateException("answered " + response.statusCode() + ": " + response.body());
      }
      return new JsonObject(response.body());
    } catch (IOException e) {
      throw new IllegalStateException("the gateway does not answer: " + e, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
