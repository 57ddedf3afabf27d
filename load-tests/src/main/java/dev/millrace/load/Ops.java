package dev.millrace.load;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** What the gateway's operations port and the simulator's book say. A few requests a second at most. */
final class Ops {
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(5)).build();
  private final Options.Endpoints endpoints;

  Ops(Options.Endpoints endpoints) {
    this.endpoints = endpoints;
  }

  boolean ready() {
    try {
      return status(endpoints.ops().resolve("/health/ready")) == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Payments and events as Postgres counts them, since the database began. */
  record Work(long accepted, long finished, long open, long settled, long published, long journal) {}

  Work work() {
    var json = json(endpoints.ops().resolve("/ops/work"));
    return new Work(json.getLong("accepted"), json.getLong("finished"), json.getLong("open"),
        json.getLong("settled"),
        json.getLong("published"), json.getLong("journal"));
  }

  /** Charges that succeeded in the simulator's book; -1 if it does not answer. */
  long succeeded() {
    try {
      return json(endpoints.simulator().resolve("/book/summary")).getLong("succeeded");
    } catch (IllegalStateException notThere) {
      return -1;
    }
  }

  long duplicateReferences() {
    var duplicates = json(endpoints.simulator().resolve("/book/summary")).getValue("duplicate_references");
    return switch (duplicates) {
      case Number count -> count.longValue();
      case io.vertx.core.json.JsonArray list -> list.size();
      case null, default ->
        throw new IllegalStateException("no duplicate_references in the simulator's summary");
    };
  }

  /** How many payments were put off into each retry window so far, by the window's name. */
  Map<String, Long> retries() {
    var retries = new TreeMap<String, Long>();
    get(endpoints.ops().resolve("/metrics")).lines()
        .filter(line -> line.startsWith("millrace_retries_total{"))
        .forEach(
            line -> retries.merge(line.replaceAll(".*window=\"([^\"]*)\".*", "$1"), Math.round(value(line)),
                Long::sum));
    return retries;
  }

  /** Whether an account's breaker is open or half open. */
  boolean breakerOpen() {
    return get(endpoints.ops().resolve("/metrics")).lines()
        .anyMatch(line -> line.startsWith("millrace_breaker_open{") && value(line) > 0);
  }

  private static double value(String sample) {
    return Double.parseDouble(sample.substring(sample.lastIndexOf(' ') + 1));
  }

  /**
   * What merchants' payments brought in as the ledger has it, in minor units; -1 if debits and credits
   * differ.
   */
  long ledger() {
    var balance = json(endpoints.ops().resolve("/ops/trial-balance"));
    if (!balance.getBoolean("balanced")) {
      return -1;
    }
    long sum = 0;
    for (var account : balance.getJsonArray("accounts")) {
      var one = (JsonObject) account;
      if (one.getString("account").matches("(provider_receivable|bank_in_transit):.*")) {
        sum += one.getLong("debit") - one.getLong("credit");
      }
    }
    return sum;
  }

  /** What the simulator's book says it captured, all currencies, minor units. */
  long captured() {
    var currencies = json(endpoints.simulator().resolve("/book/summary")).getJsonObject("by_currency");
    return currencies.stream().mapToLong(one -> ((JsonObject) one.getValue()).getLong("captured")).sum();
  }

  /** Has the simulator be away: {@code none}, {@code hang} or {@code unavailable}. */
  void outage(String kind) {
    var put = HttpRequest.newBuilder(endpoints.simulator().resolve("/settings"))
        .timeout(Duration.ofSeconds(60))
        .PUT(HttpRequest.BodyPublishers.ofString(new JsonObject().put("outage", kind).encode())).build();
    try {
      var response = client.send(put, BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(
            "the simulator answered " + response.statusCode() + ": " + response.body());
      }
    } catch (IOException e) {
      throw new IllegalStateException("the simulator does not answer: " + e, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** The calls that have arrived at the simulator since then. */
  JsonObject arrivals(long sinceMs) {
    return json(endpoints.simulator().resolve("/arrivals?since=" + sinceMs));
  }

  /** Heap in use and its limit, MiB, summed over the pools; NaN where /metrics has none. */
  record Heap(double usedMib, double maxMib) {}

  Heap heap() {
    var text = get(endpoints.ops().resolve("/metrics"));
    return new Heap(sumMib(text, "jvm_memory_used_bytes"), sumMib(text, "jvm_memory_max_bytes"));
  }

  private static double sumMib(String metrics, String name) {
    return metrics.lines().filter(line -> line.startsWith(name + "{") && line.contains("area=\"heap\""))
        .mapToDouble(line -> Math.max(0, Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))))
        .reduce(Double::sum).orElse(Double.NaN) / (1 << 20);
  }

  private JsonObject json(URI address) {
    return new JsonObject(get(address));
  }

  private String get(URI address) {
    try {
      var response = client.send(request(address), BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(
            address + " answered " + response.statusCode() + ": " + response.body());
      }
      return response.body();
    } catch (IOException e) {
      throw new IllegalStateException(address + " does not answer: " + e, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  private int status(URI address) throws IOException {
    try {
      return client.send(request(address), BodyHandlers.discarding()).statusCode();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static HttpRequest request(URI address) {
    return HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(60)).build();
  }
}
