package dev.millrace.load;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.UUID;

/** What a merchant arranges before the load. A few calls, each waited for. */
final class MerchantSetUp {
  private static final int IN_FLIGHT_MAX = 64;
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(5)).build();
  private final URI api;
  private final String key;

  MerchantSetUp(Options options) {
    api = options.endpoints().api();
    key = options.key();
  }

  /** Has every event of this merchant from now on sent to `receiver`. */
  void subscribe(URI receiver) {
    var endpoint = new JsonObject().put("url", receiver.toString())
        .put("enabled_events", JsonArray.of("payment.*"))
        .put("max_in_flight", IN_FLIGHT_MAX);
    var request = HttpRequest.newBuilder(api.resolve("/v1/webhook_endpoints")).timeout(Duration.ofSeconds(30))
        .header("Authorization", "Bearer " + key).header("Idempotency-Key", UUID.randomUUID().toString())
        .header("Content-Type", "application/json").POST(BodyPublishers.ofString(endpoint.encode())).build();
    try {
      var response = client.send(request, BodyHandlers.ofString());
      if (response.statusCode() != 201) {
        throw new IllegalStateException(
            "POST /v1/webhook_endpoints answered " + response.statusCode() + ": " + response.body());
      }
    } catch (IOException e) {
      throw new IllegalStateException("POST /v1/webhook_endpoints was not answered: " + e, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
