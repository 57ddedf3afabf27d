package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http.Answer;
import dev.millrace.testing.QueueGauge;
import dev.millrace.testing.StripeSender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Each queue of the API, filled at a gateway whose limits are small: who is refused, how, and that it goes
 * on.
 */
class ApiQueuesIT {
  private static final Duration BOUND = Duration.ofSeconds(10);
  private static final int CONNECTIONS = 40;
  private static final int BODY_BYTES = 2_000;
  private static final int WEBHOOK_BYTES = 20_000;
  private static final String PAUSE = "800";
  private static GatewayProcess node;

  @BeforeAll
  static void start() {
    node = QuietSite.SITE.start("api,ops", Map.ofEntries(Map.entry("MILLRACE_PROVIDER_ACCOUNTS", "stripe"),
        Map.entry("MILLRACE_LIMITS_ACCEPT_QUEUE", "4"),
        Map.entry("MILLRACE_LIMITS_MERCHANT_SHARE_PERCENT", "50"),
        Map.entry("MILLRACE_API_WAITERS_MAX", "2"), Map.entry("MILLRACE_API_REQUEST_TIMEOUT", "2s"),
        Map.entry("MILLRACE_API_CONNECTIONS_MAX", Integer.toString(CONNECTIONS)),
        Map.entry("MILLRACE_API_BODY_BYTES_MAX", Integer.toString(BODY_BYTES)),
        Map.entry("MILLRACE_API_HELD_BYTES_MAX", Integer.toString(2 * BODY_BYTES)),
        Map.entry("MILLRACE_API_REFUSALS_MAX", "2"), Map.entry("MILLRACE_API_REFUSAL_PAUSE", PAUSE + "ms"),
        Map.entry("MILLRACE_INBOX_QUEUE", "2"), Map.entry("MILLRACE_INBOX_CONNECTIONS", "1"),
        Map.entry("MILLRACE_INBOX_BODY_BYTES_MAX", Integer.toString(WEBHOOK_BYTES)),
        Map.entry("MILLRACE_INBOX_HELD_BYTES_MAX", Integer.toString(WEBHOOK_BYTES)),
        Map.entry("MILLRACE_POSTGRES_POOL_SIZE", "2"), Map.entry("MILLRACE_POSTGRES_POOL_WAITING_MAX", "2")));
  }

  @AfterAll
  static void stop() { node.kill(); }

  /** One whose key the gateway remembers. */
  private static TestMerchant merchant() {
    var made = TestMerchant.at(node);
    assertThat(made.get("/v1/balances").status()).isEqualTo(200);
    return made;
  }

  private static void assertRefused(Answer answer, int status, String code) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.code()).isEqualTo(code);
    assertThat(answer.header("Retry-After")).isEqualTo("1");
  }

  private static long stored(TestMerchant merchant) { return merchant.list("").size(); }

  private static void assertAll(List<CompletableFuture<Answer>> answers, int status) {
    assertThat(answers).extracting(a -> a.join().status()).containsOnly(status);
  }

  @Test
  void accept_full_is503_andWhatWaitsIsAccepted() {
    TestMerchant one = merchant();
    TestMerchant two = merchant();
    TestMerchant third = merchant();
    var queue = QueueGauge.of(node, "accept");
    var waiting = new ArrayList<CompletableFuture<Answer>>();
    try (var _ = QuietSite.SITE.lockTable("idempotency_key")) {
      for (var merchant : List.of(one, two))
        for (int i = 0; i < 2; i++) waiting.add(merchant.payLater("k" + i, TestMerchant.VISA));
      queue.awaitFull();
      assertRefused(third.pay("k", TestMerchant.VISA), 503, "queue_full");
      assertThat(queue.rejected()).isEqualTo(1);
    }
    assertAll(waiting, 202);
    assertThat(third.pay("k", TestMerchant.VISA).header("Idempotent-Replayed")).as("nothing was kept")
        .isNull();
    assertThat(List.of(stored(one), stored(two), stored(third))).containsExactly(2L, 2L, 1L);
    queue.awaitEmpty();
  }

  @Test
  void merchantShare_full_is429_andOthersAreServed() {
    TestMerchant one = merchant();
    TestMerchant other = merchant();
    var queue = QueueGauge.of(node, "merchant_share");
    var waiting = new ArrayList<CompletableFuture<Answer>>();
    try (var _ = QuietSite.SITE.lockTable("idempotency_key")) {
      for (int i = 0; i < 2; i++) waiting.add(one.payLater("k" + i, TestMerchant.VISA));
      queue.awaitFull();
      assertRefused(one.pay("k", TestMerchant.VISA), 429, "merchant_share_full");
      assertThat(queue.rejected()).isEqualTo(1);
      waiting.add(other.payLater("k", TestMerchant.VISA));
      Await.until(BOUND, "another's payment waits", () -> QueueGauge.of(node, "accept").depth() == 3);
    }
    assertAll(waiting, 202);
    assertThat(one.pay("k", TestMerchant.VISA).status()).isEqualTo(202);
    assertThat(stored(one)).isEqualTo(3);
    queue.awaitEmpty();
  }

  @Test
  void waiters_full_isAnsweredAtOnce() {
    TestMerchant merchant = merchant();
    var queue = QueueGauge.of(node, "waiters");
    var waiting = new ArrayList<CompletableFuture<Answer>>();
    for (int i = 0; i < 2; i++)
      waiting.add(merchant.payLater("k" + i, TestMerchant.VISA, "Prefer", "wait=4"));
    queue.awaitFull();
    assertThat(merchant.pay("k", TestMerchant.VISA, "Prefer", "wait=4").status()).isEqualTo(202);
    assertThat(waiting).as("while the others wait").noneMatch(CompletableFuture::isDone);
    assertThat(queue.rejected()).isEqualTo(1);
    assertAll(waiting, 202);
    queue.awaitEmpty();
  }

  @Test
  void operationWaiters_full_isAnsweredAtOnce() {
    TestMerchant merchant = merchant();
    var queue = QueueGauge.of(node, "operation-waiters");
    var held = List.of(QuietSite.authorized(merchant), QuietSite.authorized(merchant),
        QuietSite.authorized(merchant));
    var waiting = new ArrayList<CompletableFuture<Answer>>();
    for (int i = 0; i < 2; i++)
      waiting.add(merchant.postLater("/v1/payments/" + held.get(i) + "/capture", "c" + i, "{}", "Prefer",
          "wait=4"));
    queue.awaitFull();
    assertThat(
        merchant.post("/v1/payments/" + held.get(2) + "/capture", "c", "{}", "Prefer", "wait=4").status())
        .isEqualTo(202);
    assertThat(waiting).as("while the others wait").noneMatch(CompletableFuture::isDone);
    assertThat(queue.rejected()).isEqualTo(1);
    assertAll(waiting, 202);
    queue.awaitEmpty();
  }

  @Test
  void operations_full_is503_andNothingIsHalfDone() {
    TestMerchant merchant = merchant();
    String one = QuietSite.authorized(merchant);
    String other = QuietSite.authorized(merchant);
    var queue = QueueGauge.of(node, "operations");
    var waiting = new ArrayList<CompletableFuture<Answer>>();
    try (var _ = QuietSite.SITE
        .lock("SELECT 1 FROM payment WHERE id = '" + QuietSite.uuid(one) + "' FOR UPDATE")) {
      for (int i = 0; i < 2; i++)
        waiting.add(merchant.postLater("/v1/payments/" + one + "/capture", "c" + i, "{}"));
      queue.awaitFull();
      assertRefused(merchant.post("/v1/payments/" + other + "/capture", "c", "{}"), 503, "queue_full");
      assertThat(queue.rejected()).isEqualTo(1);
    }
    assertThat(waiting).extracting(a -> a.join().status()).containsExactlyInAnyOrder(202, 409);
    assertThat(QuietSite.events(other)).as("nothing of the refused one").hasSize(4);
    var again = merchant.post("/v1/payments/" + other + "/capture", "c", "{}");
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.header("Idempotent-Replayed")).isNull();
    queue.awaitEmpty();
  }

  @Test
  void inbox_full_is503_andTheProviderMaySendItAgain() {
    var queue = QueueGauge.of(node, "inbox");
    var waiting = new ArrayList<CompletableFuture<Answer>>();
    var ids = List.of(StripeSender.eventId(), StripeSender.eventId(), StripeSender.eventId());
    try (var sender = StripeSender.to(node)) {
      try (var _ = QuietSite.SITE.lockTable("provider_event")) {
        for (int i = 0; i < 2; i++) waiting.add(sender.sendLater(ping(ids.get(i))));
        queue.awaitFull();
        assertRefused(sender.send(ping(ids.get(2))), 503, "queue_full");
        assertThat(queue.rejected()).isEqualTo(1);
      }
      assertAll(waiting, 200);
      assertThat(sender.send(ping(ids.get(2))).status()).isEqualTo(200);
    }
    assertThat(QuietSite.SITE.number("SELECT count(*) FROM provider_event WHERE event_id IN ('"
        + String.join("','", ids) + "')")).isEqualTo(3);
    queue.awaitEmpty();
  }

  private static String ping(String id) { return "{\"id\":\"" + id + "\",\"type\":\"ping\"}"; }

  @Test
  void inboxBytes_full_is503_untilABodyIsThrough() {
    var queue = QueueGauge.of(node, "inbox-bytes");
    String body = ping(StripeSender.eventId());
    try (var sender = StripeSender.to(node)) {
      try (var slow = new RawHttp(node.apiUrl(), 0)) {
        slow.send(
            "POST /webhooks/stripe/default HTTP/1.1\r\nHost: millrace\r\nContent-Length: " + WEBHOOK_BYTES
                + "\r\n\r\n{");
        queue.awaitFull();
        assertRefused(sender.send(body), 503, "queue_full");
        assertThat(queue.rejected()).isEqualTo(1);
      }
      queue.awaitEmpty();
      assertThat(sender.send(body).status()).isEqualTo(200);
    }
  }

  @Test
  void bodies_full_is503_untilOneIsThrough() {
    TestMerchant merchant = merchant();
    var queue = QueueGauge.of(node, "bodies");
    String head = RawHttp.head(merchant, "Content-Type: application/json\r\nIdempotency-Key: slow\r\n"
        + "Content-Length: " + BODY_BYTES + "\r\n");
    try (var one = new RawHttp(node.apiUrl(), 0); var two = new RawHttp(node.apiUrl(), 0)) {
      one.send(head + "{");
      two.send(head + "{");
      queue.awaitFull();
      assertRefused(merchant.pay("k", TestMerchant.VISA), 503, "queue_full");
      assertThat(queue.rejected()).isEqualTo(1);
      assertThat(one.answer().status()).as("who is too slow").isEqualTo(408);
    }
    queue.awaitEmpty();
    assertThat(merchant.pay("k", TestMerchant.VISA).status()).isEqualTo(202);
    assertThat(stored(merchant)).isEqualTo(1);
  }

  @Test
  void connections_full_areClosedAtOnce_untilOneIsFree() {
    var queue = QueueGauge.of(node, "connections");
    var open = new ArrayList<RawHttp>();
    for (int i = 0; i < CONNECTIONS; i++) open.add(new RawHttp(node.apiUrl(), 0));
    queue.awaitFull();
    try (var more = new RawHttp(node.apiUrl(), 0)) {
      assertThat(more.next(1_000)).isEqualTo(RawHttp.Reaction.CLOSED);
    }
    assertThat(queue.rejected()).isPositive();
    open.forEach(RawHttp::close);
    Await.until(BOUND, "they are gone", () -> queue.depth() < CONNECTIONS / 2);
    try (var again = new RawHttp(node.apiUrl(), 0)) {
      assertThat(again.send("GET /v1/balances HTTP/1.1\r\nHost: millrace\r\n\r\n").answer().status())
          .isEqualTo(401);
    }
  }

  @Test
  void refusals_full_areAnsweredWithoutAPause() {
    var limited = TestMerchant.at(node, 1);
    var queue = QueueGauge.of(node, "refusals");
    var paused = new ArrayList<CompletableFuture<Answer>>();
    while (queue.depth() < queue.limit()) paused.add(limited.payLater("k", TestMerchant.VISA));
    var answer = limited.pay("k", TestMerchant.VISA);
    assertRefused(answer, 429, "rate_limited");
    assertThat(queue.rejected()).isPositive();
    queue.awaitEmpty();
    assertThat(paused).extracting(a -> a.join().status()).containsAnyOf(429).isSubsetOf(202, 429);
  }

  /** Reads, each on a connection of the pool, and such as wait for one. */
  @Test
  void pool_full_is503_andReadsGoOn() {
    TestMerchant merchant = merchant();
    String id = merchant.pay(TestMerchant.VISA).json().getString("id");
    var queue = QueueGauge.of(node, "pool", "node-");
    var waiting = new ArrayList<CompletableFuture<Answer>>();
    try (var _ = QuietSite.SITE.lockTable("payment")) {
      for (int i = 0; i < 4; i++) waiting.add(merchant.getLater("/v1/payments/" + id));
      queue.awaitFull();
      assertRefused(merchant.get("/v1/payments/" + id), 503, "storage_unavailable");
      assertThat(queue.rejected()).isPositive();
    }
    assertThat(waiting).extracting(a -> a.join().status()).contains(200).isSubsetOf(200, 503);
    Await.until(BOUND, "reads are answered", () -> merchant.get("/v1/payments/" + id).status() == 200);
  }
}
