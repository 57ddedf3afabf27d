package dev.millrace.load;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

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
