package dev.millrace.simulator;

import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.webhook.WebhookTarget;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** A simulator on a free port with a plain HTTP client to talk to it. */
final class RunningSimulator implements AutoCloseable {
  static final String API_KEY = "sk_test_simulator";
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Simulator simulator;

  RunningSimulator(Path directory) throws Exception {
    this(directory, "", "");
  }

  RunningSimulator(Path directory, String webhookUrl, String webhookSecret) throws Exception {
    this(directory,
        webhookUrl.isEmpty() ? Map.of() : Map.of(Wire.STRIPE, new WebhookTarget(webhookUrl, webhookSecret)));
  }

  RunningSimulator(Path directory, Map<Wire, WebhookTarget> webhooks) throws Exception {
    try {
      var options = new SimulatorOptions("127.0.0.1", 0, directory, API_KEY, 0, 0, 0, webhooks);
      simulator = Simulator.start(vertx, options, new Random(1), InstantSource.system()).toCompletionStage()
          .toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      vertx.close().await(10, TimeUnit.SECONDS);
      throw e;
    }
  }

  int port() {
    return simulator.port();
  }

  HttpResponse<String> charge(String key, String method) throws Exception {
    return post(key, form(1099, method, key));
  }

  CompletableFuture<HttpResponse<String>> chargeLater(String key, String method) {
    return client.sendAsync(charging(key, form(1099, method, key)), BodyHandlers.ofString());
  }

  HttpResponse<String> post(String key, String form) throws Exception {
    return client.send(charging(key, form), BodyHandlers.ofString());
  }

  HttpResponse<String> post(String key, String path, String form) throws Exception {
    return client.send(request(path).header("Idempotency-Key", key)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(form)).build(), BodyHandlers.ofString());
  }

  /** Posts JSON with every wire's key. */
  HttpResponse<String> postJson(String key, String path, JsonObject body) throws Exception {
    return client.send(request(path).header("Idempotency-Key", key).header("x-api-key", API_KEY)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body.encode())).build(), BodyHandlers.ofString());
  }

  /** The book's line of a reference. */
  JsonObject bookLine(String reference) throws Exception {
    return get("/book").body().lines().map(JsonObject::new)
        .filter(line -> line.getString("reference").equals(reference)).findFirst().orElseThrow();
  }

  HttpResponse<String> get(String path) throws Exception {
    return client.send(request(path).GET().build(), BodyHandlers.ofString());
  }

  HttpResponse<String> put(String path, String body) throws Exception {
    return client.send(request(path).PUT(HttpRequest.BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString());
  }

  HttpResponse<String> send(HttpRequest request) throws Exception {
    return client.send(request, BodyHandlers.ofString());
  }

  CompletableFuture<HttpResponse<String>> sendLater(HttpRequest request) {
    return client.sendAsync(request, BodyHandlers.ofString());
  }

  HttpResponse<String> search(String reference) throws Exception {
    return get("/v1/payment_intents/search?query="
        + URLEncoder.encode("metadata['millrace_reference']:'" + reference + "'", StandardCharsets.UTF_8));
  }

  JsonObject summary() throws Exception {
    return new JsonObject(get("/book/summary").body());
  }

  /** Asks the book until it has so many entries. */
  void awaitEntries(int entries) throws Exception {
    await(() -> {
      try {
        return summary().getInteger("entries") == entries;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    });
  }

  /** Asks for something until it is as wanted. */
  void await(String path, Predicate<JsonObject> wanted) {
    await(() -> {
      try {
        return wanted.test(json(get(path)));
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    });
  }

  static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("condition not met within " + PATIENCE);
      }
      Thread.onSpinWait();
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path)).timeout(PATIENCE)
        .header("Authorization", "Bearer " + API_KEY);
  }

  static String form(long amount, String method, String reference) {
    return "amount=" + amount + "&currency=usd&payment_method=" + method
        + "&confirm=true&payment_method_types[]=card&metadata[millrace_reference]=" + reference;
  }

  private HttpRequest charging(String key, String form) {
    return request("/v1/payment_intents").header("Idempotency-Key", key)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(form)).build();
  }

  static JsonObject json(HttpResponse<String> response) {
    return new JsonObject(response.body());
  }

  static JsonObject error(HttpResponse<String> response) {
    return json(response).getJsonObject("error");
  }

  @Override
  public void close() throws TimeoutException {
    client.shutdownNow();
    simulator.close().await(10, TimeUnit.SECONDS);
    vertx.close().await(10, TimeUnit.SECONDS);
    client.close();
  }
}
