package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.embedded.EmbeddedServers.Kind;
import dev.millrace.testing.Await;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.QueueGauge;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every queue of a gateway stands in the documents, and is filled by a test: those behind the API by the ones
 * of this class, at a gateway whose limits are small.
 */
@ConcurrentTests
class QueuesIT {
  private static final Duration BOUND = Duration.ofSeconds(30);
  /** Each queue and the test that fills it. A new queue needs a row here and one in the page of limits. */
  private static final Map<String, String> FILLED_BY = new TreeMap<>(Map.ofEntries(
      Map.entry("accept", "api.ApiQueuesIT accept_full_is503_andWhatWaitsIsAccepted"),
      Map.entry("answers", "endtoend.QueuesIT answers_full_areDecidedByPostgres"),
      Map.entry("append", "endtoend.QueuesIT processorAndAppend_full_waitInKafka_andSettle"),
      Map.entry("bodies", "api.ApiQueuesIT bodies_full_is503_untilOneIsThrough"),
      Map.entry("connections", "api.ApiQueuesIT connections_full_areClosedAtOnce_untilOneIsFree"),
      Map.entry("inbox", "api.ApiQueuesIT inbox_full_is503_andTheProviderMaySendItAgain"),
      Map.entry("inbox-bytes", "api.ApiQueuesIT inboxBytes_full_is503_untilABodyIsThrough"),
      Map.entry("kafka-buffer", "platform.KafkaBufferIT producer_full_refusesAfterAWhile_andGoesOn"),
      Map.entry("merchant_share", "api.ApiQueuesIT merchantShare_full_is429_andOthersAreServed"),
      Map.entry("operation-waiters", "api.ApiQueuesIT operationWaiters_full_isAnsweredAtOnce"),
      Map.entry("operations", "api.ApiQueuesIT operations_full_is503_andNothingIsHalfDone"),
      Map.entry("payer-returns", "api.PayerReturnIT returns_tooManyAtOnce_are503_andGoOn"),
      Map.entry("pool", "api.ApiQueuesIT pool_full_is503_andReadsGoOn"),
      Map.entry("postgres", "platform.PgLinkIT link_full_refusesAtOnce_andGoesOn"),
      Map.entry("processor", "endtoend.QueuesIT processorAndAppend_full_waitInKafka_andSettle"),
      Map.entry("processor-held", "endtoend.QueuesIT processorAndAppend_full_waitInKafka_andSettle"),
      Map.entry("provider", "endtoend.QueuesIT provider_full_isTriedAgainLater"),
      Map.entry("redis", "endtoend.QueuesIT redis_full_isAsIfItWereDown"),
      Map.entry("refusals", "api.ApiQueuesIT refusals_full_areAnsweredWithoutAPause"),
      Map.entry("relay", "endtoend.QueuesIT relay_full_leavesTheRestInTheJournal"),
      Map.entry("retry", "processing.IntakeIT intake_full_leavesTheRestInKafka_andLosesNothing"),
      Map.entry("retry-held", "processing.IntakeIT intake_full_leavesTheRestInKafka_andLosesNothing"),
      Map.entry("stream-bytes",
          "api.EventStreamIT client_thatStopsReading_isSentAway_andResumes_whileOthersHearEverything"),
      Map.entry("streams", "api.EventStreamIT streams_overTheLimits_areRefused_untilOneIsClosed"),
      Map.entry("unsettled", "endtoend.QueuesIT unsettled_full_is503_untilPaymentsRest"),
      Map.entry("waiters", "api.ApiQueuesIT waiters_full_isAnsweredAtOnce"),
      Map.entry("webhook-calls", "endtoend.QueuesIT webhooks_full_waitInPostgres_andAreDelivered"),
      Map.entry("webhook-log", "endtoend.QueuesIT webhookLog_full_sendsNoMore_andLosesNoAttempt"),
      Map.entry("webhook-memory", "endtoend.QueuesIT webhooks_full_waitInPostgres_andAreDelivered")));
  private static final Map<String, String> SMALL = Map.ofEntries(
      Map.entry("MILLRACE_PROCESSOR_IN_FLIGHT_MAX", "4"), Map.entry("MILLRACE_PROCESSOR_APPEND_QUEUE", "2"),
      Map.entry("MILLRACE_PROCESSOR_RETRY_WINDOWS", "1s,2s,3s,4s,5s"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_CONCURRENCY", "1"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_WAITING_MAX", "1"), Map.entry("MILLRACE_RELAY_BATCH_MAX", "5"),
      Map.entry("MILLRACE_WEBHOOKS_IN_FLIGHT_MAX", "2"),
      Map.entry("MILLRACE_WEBHOOKS_IN_MEMORY_MAX", "2"),
      Map.entry("MILLRACE_WEBHOOKS_PRIVATE_ADDRESSES", "allow"),
      Map.entry("MILLRACE_SETTLEMENT_INTERVAL", "100ms"));
  private static final String VISA = SteadyLoad.body(1999, "usd", "pm_card_visa");
  private static final String SLOW = SteadyLoad.body(1999, "usd", "pm_sim_slow");
  private static final AtomicInteger KEYS = new AtomicInteger();
  private static TestServers servers;
  private static Site site;
  /** All roles, small behind the API. */
  private static GatewayProcess node;
  /** The API alone, which takes few payments and asks Redis little. */
  private static GatewayProcess front;

  @BeforeAll
  static void start() {
    servers = StoppableServers.get();
    site = Site.on(servers);
    node = site.start("simulator,api,relay,processor,settlement,notifier,ops", SMALL);
    front = site.start("api,ops",
        Map.of("MILLRACE_LIMITS_UNSETTLED", "3", "MILLRACE_REDIS_IN_FLIGHT_MAX", "2",
            "MILLRACE_REDIS_COMMAND_TIMEOUT", "5s"));
  }

  @AfterAll
  static void stop() { site.close(); }

  private static Http.Answer pay(GatewayProcess at, String key, String body) {
    return Http.send("POST", at.apiUrl() + "/v1/payments", Http.create(key, "k" + KEYS.incrementAndGet()),
        body);
  }

  private static void accept(int count, String key, String body) {
    for (int i = 0; i < count; i++) assertThat(pay(node, key, body).status()).isEqualTo(202);
  }

  private static void assertAllSettled() {
    BookAudit.awaitRest(site, node, BOUND);
    assertThat(SiteSql.statuses(site)).containsOnlyKeys("settled");
    BookAudit.assertConsistent(site, node);
  }

  private static void simulate(JsonObject settings) {
    assertThat(Http.send("PUT", site.simulatorUrl() + "/settings", Map.of(), settings.encode()).status())
        .isEqualTo(200);
  }

  /** The names in the first column of the page's table. */
  private static List<String> documented() throws IOException {
    String page = Files.readString(Path.of("src/site/markdown/limits.md"));
    return Pattern.compile("(?m)^\\| `([a-z_-]+)` \\|").matcher(page).results().map(r -> r.group(1)).toList();
  }

  @Test
  void page_listsTheQueuesThatAGatewayHas() throws IOException {
    var documented = new ArrayList<>(documented());
    assertThat(documented.removeFirst()).as("the table's head").isEqualTo("queue");
    assertThat(documented).doesNotHaveDuplicates();
    assertThat(new TreeSet<>(documented)).isEqualTo(QueueGauge.names(node)).isEqualTo(FILLED_BY.keySet());
  }

  static List<String> tests() { return List.copyOf(new TreeSet<>(FILLED_BY.values())); }

  @ParameterizedTest
  @MethodSource("tests")
  void queue_isFilledByATestThatExists(String test) throws ReflectiveOperationException {
    String[] parts = test.split(" ");
    var method = Class.forName("dev.millrace." + parts[0]).getDeclaredMethod(parts[1]);
    assertThat(method.isAnnotationPresent(Test.class)).isTrue();
  }

  @Test
  void unsettled_full_is503_untilPaymentsRest() {
    String key = node.merchantKey();
    var queue = QueueGauge.of(front, "unsettled");
    simulate(new JsonObject().put("slow_ms", 2_000));
    accept(3, key, SLOW);
    queue.awaitFull();
    Await.until(BOUND, "it is refused", () -> pay(front, key, VISA).status() == 503);
    var refused = pay(front, key, VISA);
    assertThat(refused.code()).isEqualTo("backlog_full");
    assertThat(refused.header("Retry-After")).isEqualTo("1");
    assertThat(queue.rejected()).isEqualTo(2);
    simulate(new JsonObject().put("slow_ms", 10));
    Await.until(BOUND, "it is accepted again", () -> pay(front, key, VISA).status() == 202);
    assertAllSettled();
  }

  /** One call in flight, one that waits; the others come again by the retry windows. */
  @Test
  void provider_full_isTriedAgainLater() {
    String key = node.merchantKey();
    var queue = QueueGauge.of(node, "provider", "stripe");
    simulate(new JsonObject().put("slow_ms", 1_500));
    accept(5, key, SLOW);
    queue.awaitFull();
    queue.awaitRejected();
    simulate(new JsonObject().put("slow_ms", 10));
    assertAllSettled();
    queue.awaitEmpty();
  }

  @Test
  void processorAndAppend_full_waitInKafka_andSettle() {
    String key = node.merchantKey();
    var inHand = QueueGauge.of(node, "processor");
    var held = QueueGauge.of(node, "processor-held");
    var append = QueueGauge.of(node, "append", "append-");
    try (var _ = site.lock("LOCK TABLE attempt IN EXCLUSIVE MODE")) {
      accept(12, key, VISA);
      inHand.awaitFull();
      append.awaitFull();
      append.awaitRejected();
      Await.until(BOUND, "some are held", () -> held.depth() > 0);
      assertThat(held.rejected()).as("partitions are paused").isPositive();
      assertThat(inHand.rejected()).isPositive();
    }
    assertAllSettled();
    for (var queue : List.of(inHand, held, append)) queue.awaitEmpty();
  }

  @Test
  void relay_full_leavesTheRestInTheJournal() {
    String key = node.merchantKey();
    var relay = QueueGauge.of(node, "relay");
    try {
      servers.servers().stop(Kind.KAFKA);
      accept(12, key, VISA);
      relay.awaitFull();
      assertThat(relay.rejected()).as("a full batch").isPositive();
    } finally {
      servers.servers().start(Kind.KAFKA);
    }
    assertAllSettled();
    relay.awaitEmpty();
  }

  @Test
  void redis_full_isAsIfItWereDown() throws Exception {
    String key = front.merchantKey("{\"name\":\"Limited\",\"operator\":\"test\",\"rate\":100}");
    assertThat(Http.get(front.apiUrl() + "/v1/balances", key).status()).isEqualTo(200);
    var queue = QueueGauge.of(front, "redis");
    var waiting = new ArrayList<CompletableFuture<Http.Answer>>();
    pauseRedis(2_000);
    for (int i = 0; i < 2; i++)
      waiting.add(Http.sendAsync("GET", front.apiUrl() + "/v1/balances", bearer(key), null));
    queue.awaitFull();
    assertThat(Http.get(front.apiUrl() + "/v1/balances", key).status()).as("by its own bucket")
        .isEqualTo(200);
    assertThat(waiting).as("while the others wait for Redis").noneMatch(CompletableFuture::isDone);
    assertThat(queue.rejected()).isEqualTo(1);
    assertThat(waiting).extracting(a -> a.join().status()).containsOnly(200);
    queue.awaitEmpty();
  }

  @Test
  void answers_full_areDecidedByPostgres() throws Exception {
    String key = front.merchantKey();
    assertThat(Http.get(front.apiUrl() + "/v1/balances", key).status()).isEqualTo(200);
    var queue = QueueGauge.of(front, "answers");
    var headers = Http.create(key, "answers");
    var first = Http.send("POST", front.apiUrl() + "/v1/payments", headers, VISA);
    assertThat(first.status()).isEqualTo(202);
    assertAllSettled();
    assertThat(Http.get(front.apiUrl() + "/v1/balances", key).status()).isEqualTo(200);
    pauseRedis(2_000);
    for (int i = 0; i < 2; i++) assertThat(pay(front, key, VISA).status()).isEqualTo(202);
    queue.awaitFull();
    var again = Http.send("POST", front.apiUrl() + "/v1/payments", headers, VISA);
    assertThat(queue.rejected()).isPositive();
    queue.awaitEmpty();
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.bytes()).isEqualTo(first.bytes());
    assertAllSettled();
  }

  private static Map<String, String> bearer(String key) { return Map.of("Authorization", "Bearer " + key); }

  private static void pauseRedis(int ms) throws Exception {
    var vertx = Vertx.vertx();
    try {
      Redis.createClient(vertx, "redis://127.0.0.1:" + servers.ports().redis())
          .send(Request.cmd(Command.CLIENT).arg("PAUSE").arg(Integer.toString(ms)).arg("ALL"))
          .await(5, TimeUnit.SECONDS);
    } finally {
      vertx.close().await(5, TimeUnit.SECONDS);
    }
  }

  /** A merchant's server that keeps its callers waiting until it is told to answer. */
  private static final class SlowReceiver implements AutoCloseable {
    final Vertx vertx = Vertx.vertx();
    final Queue<Runnable> unanswered = new ConcurrentLinkedQueue<>();
    final Queue<String> ids = new ConcurrentLinkedQueue<>();
    volatile boolean patient = true;
    final int port;
    private String key;
    private String endpoint;

    SlowReceiver() throws Exception {
      port = vertx.createHttpServer().requestHandler(request -> {
        ids.add(request.getHeader("webhook-id"));
        Runnable answer = () -> request.response().end();
        if (patient) unanswered.add(answer);
        else answer.run();
      }).listen(0, "127.0.0.1").await(10, TimeUnit.SECONDS).actualPort();
    }

    void answer() {
      patient = false;
      for (Runnable one = unanswered.poll(); one != null; one = unanswered.poll()) one.run();
    }

    void register(String key) {
      this.key = key;
      var made = Http.send("POST", node.apiUrl() + "/v1/webhook_endpoints",
          Http.create(key, "k" + KEYS.incrementAndGet()),
          "{\"url\":\"http://127.0.0.1:" + port + "/\",\"enabled_events\":[\"payment.initiated\"]}");
      assertThat(made.status()).as(made.body()).isEqualTo(201);
      endpoint = made.json().getString("id");
    }

    void awaitAll(int events) {
      Await.until(BOUND, events + " events are delivered", () -> new TreeSet<>(ids).size() == events);
    }

    @Override
    public void close() {
      Http.send("DELETE", node.apiUrl() + "/v1/webhook_endpoints/" + endpoint,
          Http.create(key, "k" + KEYS.incrementAndGet()), null);
      vertx.close();
    }
  }

  private static long delivered() {
    return site.number("SELECT count(*) FROM webhook_delivery WHERE status = 'delivered' AND attempts = 1");
  }

  @Test
  void webhooks_full_waitInPostgres_andAreDelivered() throws Exception {
    String key = node.merchantKey();
    var calls = QueueGauge.of(node, "webhook-calls");
    var memory = QueueGauge.of(node, "webhook-memory");
    long before = delivered();
    try (var receiver = new SlowReceiver()) {
      receiver.register(key);
      accept(8, key, VISA);
      calls.awaitFull();
      // Refused when it was full; a place that was taken from it since is filled when it is empty.
      memory.awaitRejected();
      Await.until(BOUND, "some wait in memory", () -> memory.depth() >= 1);
      assertThat(memory.depth()).isLessThanOrEqualTo(memory.limit());
      calls.awaitRejected();
      Await.until(BOUND, "two calls are out", () -> receiver.unanswered.size() == 2);
      assertThat(receiver.ids).hasSize(2);
      Await.until(BOUND, "all of them wait in Postgres",
          () -> site.number("SELECT count(*) FROM webhook_delivery WHERE status = 'pending'") == 8);
      receiver.answer();
      receiver.awaitAll(8);
      Await.until(BOUND, "each by one attempt", () -> delivered() == before + 8);
    }
    calls.awaitEmpty();
    memory.awaitEmpty();
    assertAllSettled();
  }

  @Test
  void webhookLog_full_sendsNoMore_andLosesNoAttempt() throws Exception {
    String key = node.merchantKey();
    var log = QueueGauge.of(node, "webhook-log");
    long before = delivered();
    try (var receiver = new SlowReceiver()) {
      receiver.register(key);
      accept(6, key, VISA);
      Await.until(BOUND, "two calls are out", () -> receiver.unanswered.size() == 2);
      try (var _ = site.lock("LOCK TABLE webhook_attempt IN EXCLUSIVE MODE")) {
        receiver.answer();
        log.awaitFull();
        assertThat(receiver.ids).as("until their attempts are written").hasSize(2);
      }
      receiver.awaitAll(6);
      Await.until(BOUND, "each attempt is in the log", () -> delivered() == before + 6);
    }
    log.awaitEmpty();
    assertAllSettled();
  }
}
