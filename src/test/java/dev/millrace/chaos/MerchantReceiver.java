package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.endtoend.SiteSql;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The merchant's server that is told by webhooks: keeps what came under each id, and whether it was ever
 * another.
 */
final class MerchantReceiver implements AutoCloseable {
  private static final String DELIVERIES = """
    SELECT d.status, count(*) FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
     WHERE e.merchant = '%s' GROUP BY 1""";

  private final Map<String, String> bodies = new ConcurrentHashMap<>();
  private final AtomicInteger changed = new AtomicInteger();
  private final Vertx vertx = Vertx.vertx();
  private final HttpServer server;
  private volatile String secret = "";

  MerchantReceiver() {
    try {
      server = vertx.createHttpServer().requestHandler(r -> r.body().onSuccess(body -> {
        String id = r.getHeader("webhook-id");
        String before = bodies.put(id, body.toString());
        if (before != null && !before.equals(body.toString())
            || !id.equals(body.toJsonObject().getString("id")))
          changed.incrementAndGet();
        vertx.setTimer(5, t -> r.response().end());
      })).listen(0, "127.0.0.1").await(10, TimeUnit.SECONDS);
    } catch (java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Listens to everything of the merchant from now on. */
  void listen(GatewayProcess node, String merchantKey) {
    var made = Http.send("POST", node.apiUrl() + "/v1/webhook_endpoints",
        Http.create(merchantKey, "endpoint"),
        new JsonObject().put("url", "http://127.0.0.1:" + server.actualPort() + "/hook")
            .put("enabled_events", new io.vertx.core.json.JsonArray().add("*")).encode());
    assertThat(made.status()).as(made.body()).isEqualTo(201);
    secret = made.json().getString("secret");
  }

  /** By which the webhooks to it are signed. */
  String secret() { return secret; }

  /**
   * Every event of the merchant has arrived, always as the same text, and is noted once as delivered. Call it
   * at rest.
   */
  void assertHasEverything(Site site, UUID merchant) {
    long events = site.number("SELECT count(*) FROM journal WHERE merchant = '" + merchant + "'");
    assertThat(bodies.size()).as("events that arrived at the merchant").isEqualTo((int) events);
    assertThat(changed).as("repetitions with another body, or under another id").hasValue(0);
    assertThat(SiteSql.numbers(site, DELIVERIES.formatted(merchant))).as("what is noted of the deliveries")
        .isEqualTo(Map.of("delivered", events));
  }

  @Override
  public void close() { vertx.close(); }
}
