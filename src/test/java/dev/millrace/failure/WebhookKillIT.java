package dev.millrace.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A notifier killed again and again in mid-delivery: every event arrives, repeated ones under the same id. */
class WebhookKillIT {
  private static final int KILLS = 2;
  private final long seed = new Random().nextLong();

  /** What a merchant's server was sent: bodies by webhook-id, and how often in all. */
  private static final class Shop implements AutoCloseable {
    final Map<String, String> bodies = new ConcurrentHashMap<>();
    final AtomicInteger requests = new AtomicInteger();
    final AtomicInteger changed = new AtomicInteger();
    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;

    Shop() throws Exception {
      server = vertx.createHttpServer().requestHandler(r -> r.body().onSuccess(body -> {
        requests.incrementAndGet();
        String before = bodies.put(r.getHeader("webhook-id"), body.toString());
        if (before != null && !before.equals(body.toString())) changed.incrementAndGet();
        // So slow that a kill cuts some of them.
        vertx.setTimer(50, id -> r.response().end());
      })).listen(0, "127.0.0.1").await(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() { vertx.close(); }
  }

  @Test
  void notifier_killedInMidDelivery_everyEventArrives_underItsOwnId() throws Exception {
    var random = new Random(seed);
    try (var site = Site.on(TestServers.shared()); var shop = new Shop()) {
      Book.startSimulator(site);
      var api = site.start("api,relay,processor,settlement,ops",
          Map.of("MILLRACE_WEBHOOKS_PRIVATE_ADDRESSES", "allow"));
      String key = api.merchantKey();
      var made = Http.send("POST", api.apiUrl() + "/v1/webhook_endpoints", Http.create(key, "endpoint"),
          "{\"url\":\"http://127.0.0.1:" + shop.server.actualPort() + "/hook\",\"enabled_events\":[\"*\"]}");
      assertThat(made.status()).as(made.body()).isEqualTo(201);
      var notifier = site.start("notifier,ops", Map.of("MILLRACE_WEBHOOKS_PRIVATE_ADDRESSES", "allow",
          "MILLRACE_WEBHOOKS_LEASE", "1s"));
      var load = Load.start(List.of(api.apiUrl()), key, 8, 40,
          n -> Load.body(100 + n, "usd", "pm_card_visa"));
      try {
        for (int kill = 0; kill < KILLS; kill++) {
          int before = shop.requests.get();
          Await.until(Duration.ofSeconds(30), "deliveries go out", () -> shop.requests.get() > before + 20);
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(300)));
          notifier.kill();
          notifier.start();
        }
        load.stop();
      } finally {
        load.abandon();
      }
      Audit.awaitRest(site, api, Duration.ofSeconds(60));
      long events = site.number("SELECT count(*) FROM journal");
      Await.until(Duration.ofSeconds(60), "every event has arrived: " + shop.bodies.size() + " of " + events,
          () -> shop.bodies.size() == events);
      Await.until(Duration.ofSeconds(20), "every delivery is noted",
          () -> site.number("SELECT count(*) FROM webhook_delivery WHERE status = 'delivered'") == events);
      assertThat(shop.changed).as("repetitions with another body").hasValue(0);
      assertThat(shop.requests.get()).as("a kill cut deliveries, which came again")
          .isGreaterThan((int) events);
      assertThat(shop.bodies)
          .allSatisfy((id, body) -> assertThat(new JsonObject(body).getString("id")).isEqualTo(id));
      assertThat(site.number("SELECT count(*) FROM webhook_delivery")).as("one delivery an event")
          .isEqualTo(events);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }
}
