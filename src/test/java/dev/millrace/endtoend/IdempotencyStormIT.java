package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.embedded.EmbeddedServers.Kind;
import dev.millrace.testing.Await;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Ten thousand requests fight over a hundred keys: a hundred payments, whatever Redis does meanwhile. */
@ConcurrentTests
class IdempotencyStormIT {
  private static final int REQUESTS = 10_000;
  private static final int KEYS = 100;
  private static final int CONNECTIONS = 256;

  private record Heard(int key, Http.Answer answer) {}

  private final long seed = new Random().nextLong();
  private final Set<Heard> heard = ConcurrentHashMap.newKeySet();
  private final AtomicInteger done = new AtomicInteger();

  @Test
  void storm_onHundredKeys_makesHundredPayments() throws Exception {
    try (var site = Site.on(TestServers.shared())) {
      var gateway = site.startAll();
      storm(gateway);
      assertHundredPayments(site, gateway);
    }
  }

  @Test
  void storm_redisFlushedAndThenStopped_makesHundredPayments() throws Exception {
    TestServers servers = StoppableServers.get();
    try (var site = Site.on(servers)) {
      var gateway = site.startAll();
      var disturber = CompletableFuture.runAsync(() -> disturb(servers),
          task -> Thread.ofPlatform().start(task));
      storm(gateway);
      disturber.join();
      assertThat(Http.get(gateway.opsUrl() + "/health/ready").json().getString("redis")).isEqualTo("down");
      assertHundredPayments(site, gateway);
    } finally {
      servers.servers().start(Kind.REDIS);
    }
  }

  /** Empties Redis all the time during the first half of the storm, and stops it for the second. */
  private void disturb(TestServers servers) {
    try (var redis = new Socket("127.0.0.1", servers.ports().redis())) {
      var flushes = new AtomicInteger();
      Await.until(Duration.ofSeconds(60), "half of the storm", () -> {
        flush(redis);
        flushes.incrementAndGet();
        return done.get() >= REQUESTS / 2;
      });
      assertThat(flushes.get()).as("flushes").isGreaterThan(2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    servers.servers().stop(Kind.REDIS);
    assertThat(done.get()).as("answers when Redis had stopped").isLessThan(REQUESTS);
  }

  private static void flush(Socket redis) {
    try {
      redis.getOutputStream().write("FLUSHALL\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(redis.getInputStream().readNBytes(5)).asString(StandardCharsets.US_ASCII)
          .isEqualTo("+OK\r\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void storm(GatewayProcess gateway) throws InterruptedException {
    String merchant = gateway.merchantKey();
    var keys = new ArrayList<Integer>();
    for (int i = 0; i < REQUESTS; i++) keys.add(i % KEYS);
    Collections.shuffle(keys, new Random(seed));
    var places = new Semaphore(CONNECTIONS);
    var all = new ArrayList<CompletableFuture<Void>>();
    for (int key : keys) {
      places.acquire();
      all.add(pay(gateway, merchant, key).thenAccept(answer -> heard.add(new Heard(key, answer)))
          .whenComplete((v, e) -> {
            done.incrementAndGet();
            places.release();
          }));
    }
    CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).join();
  }

  /** As a client does that is told to come back when the gateway has less to do. */
  private static CompletableFuture<Http.Answer> pay(GatewayProcess gateway, String merchant, int key) {
    return Http.sendAsync("POST", gateway.apiUrl() + "/v1/payments", Http.create(merchant, "storm-" + key),
        SteadyLoad.visa(key)).thenCompose(answer -> {
          if (answer.status() != 503) return CompletableFuture.completedFuture(answer);
          assertThat(answer.header("Retry-After")).as(answer.body()).isNotNull();
          return CompletableFuture
              .supplyAsync(() -> pay(gateway, merchant, key),
                  CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS))
              .thenCompose(again -> again);
        });
  }

  private void assertHundredPayments(Site site, GatewayProcess gateway) {
    assertThat(heard).as("answers, seed %d", seed).hasSize(REQUESTS);
    for (int k = 0; k < KEYS; k++) {
      int key = k;
      List<Http.Answer> answers = heard.stream().filter(h -> h.key() == key).map(Heard::answer).toList();
      assertThat(answers).as("answers to key %d, seed %d", key, seed)
          .allSatisfy(a -> assertThat(a.status()).as(a.body()).isIn(202, 409));
      var accepted = answers.stream().filter(a -> a.status() == 202).toList();
      assertThat(accepted.stream().map(Http.Answer::body).distinct())
          .as("bodies of key %d, seed %d", key, seed)
          .hasSize(1);
      assertThat(accepted.stream().filter(a -> a.header("Idempotent-Replayed") == null))
          .as("first answers to key %d, seed %d", key, seed).hasSize(1);
      assertThat(answers.stream().filter(a -> a.status() == 409))
          .allSatisfy(a -> assertThat(a.code()).isEqualTo("idempotency_key_in_use"));
    }
    BookAudit.awaitRest(site, gateway, Duration.ofSeconds(30));
    assertThat(site.number("SELECT count(*) FROM payment")).as("seed %d", seed).isEqualTo(KEYS);
    assertThat(SimulatorBook.of(site).entries()).as("seed %d", seed).hasSize(KEYS);
    BookAudit.assertConsistent(site, gateway);
  }
}
