package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.EventSource;
import dev.millrace.testing.EventSource.Frame;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Http.Answer;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The event stream and the list of events as merchants have them, at a node with small limits beside
 * the {@link ApiSite}'s, and at a site of its own that keeps events for three seconds.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EventStreamIT {
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final int CLIENTS_MAX = 5;
  private static final int MERCHANT_CLIENTS_MAX = 3;
  private static final int RECENT_BYTES_MAX = 200_000;
  private static final int CLIENT_BYTES_MAX = 16_384;
  private static final List<String> PATH = List.of("payment.initiated", "payment.screened",
      "payment.provider_submitted", "payment.confirmed", "payment.settled");

  private static final AtomicInteger KEYS = new AtomicInteger();

  private static GatewayProcess node;
  private static Site other;
  private static GatewayProcess forgetful;

  private final TestMerchant merchant = TestMerchant.create();
  private final List<EventSource> open = new ArrayList<>();

  @BeforeAll
  static void start() {
    node = ApiSite.site().start("api,ops",
        Map.of("MILLRACE_STREAM_CLIENTS_MAX", Integer.toString(CLIENTS_MAX),
            "MILLRACE_STREAM_MERCHANT_CLIENTS_MAX", Integer.toString(MERCHANT_CLIENTS_MAX),
            "MILLRACE_STREAM_HEARTBEAT", "1s", "MILLRACE_STREAM_RETRY", "3s",
            "MILLRACE_STREAM_CLIENT_BYTES_MAX",
            Integer.toString(CLIENT_BYTES_MAX), "MILLRACE_STREAM_RECENT_BYTES_MAX",
            Integer.toString(RECENT_BYTES_MAX),
            "MILLRACE_STREAM_STALL_TIMEOUT", "2s"));
    other = Site.on(TestServers.shared());
    forgetful = other.start("api,notifier,ops", Map.of("MILLRACE_EVENTS_RETENTION", "3s"));
  }

  @AfterAll
  static void stop() {
    node.kill();
    other.close();
  }

  /** Of the test before: a client that has left is forgotten, or the next test finds the node full. */
  @BeforeEach
  void awaitNobody() {
    Await.until(BOUND, "no stream is open at the node",
        () -> metric("millrace_queue_depth{", "queue=\"streams\"") == 0);
  }

  @AfterEach
  void leave() { open.forEach(EventSource::close); }

  private static double metric(String name, String label) {
    return Http.get(node.opsUrl() + "/metrics").body().lines()
        .filter(line -> line.startsWith(name) && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum();
  }

  private EventSource stream(String query, String... headers) {
    return stream(node, merchant, query, headers);
  }

  private EventSource stream(GatewayProcess at, TestMerchant whose, String query, String... headers) {
    var map = new HashMap<String, String>();
    for (int i = 0; i < headers.length; i += 2) map.put(headers[i], headers[i + 1]);
    var source = EventSource.collect(at.apiUrl() + "/v1/events/stream" + query, whose.key(), map);
    open.add(source);
    return source;
  }

  private static List<String> ids(List<Frame> events) { return events.stream().map(Frame::id).toList(); }

  private static List<String> ids(EventSource source) { return ids(source.events()); }

  /** Everything of the merchant there is, by the list, in pages of seven. */
  private static List<JsonObject> listed(TestMerchant whose, String filter) {
    var all = new ArrayList<JsonObject>();
    String after = "";
    while (true) {
      var page = Http.get(node.apiUrl() + "/v1/events?limit=7" + filter + after, whose.key()).json();
      all.addAll(TestMerchant.objects(page.getJsonArray("data")));
      if (!page.getBoolean("has_more")) return all;
      after = "&after=" + page.getString("next");
    }
  }

  private List<String> listedIds() {
    return listed(merchant, "").stream().map(event -> event.getString("id")).toList();
  }

  /** Pays, and waits until the payments are settled, with their batches. */
  private List<String> settle(int count, String body) {
    var payments = Stream.generate(() -> merchant.pay(body)).limit(count).map(a -> a.json().getString("id"))
        .toList();
    payments.forEach(payment -> merchant.awaitStatus(payment, "settled"));
    awaitListed(payments);
    return payments;
  }

  /** A payment is read as settled before its event lies below the horizon. */
  private void awaitListed(List<String> payments) {
    payments.forEach(payment -> Await.until(BOUND, "the events of " + payment + " are all there",
        () -> listed(merchant, "&payment=" + payment).size() == PATH.size()));
  }

  private static void awaitCount(EventSource source, int count) {
    Await.until(BOUND, count + " events", () -> source.events().size() >= count || source.end() != null);
    assertThat(source.events()).as("the stream's end: " + source.end()).hasSize(count);
  }

  @Test
  void stream_isWrittenAsAgreed() {
    try (var http = new RawHttp(node.apiUrl(), 0)) {
      http.send("GET /v1/events/stream HTTP/1.1\r\nHost: millrace\r\nAuthorization: Bearer " + merchant.key()
          + "\r\n\r\n");
      var head = http.answer();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.headers()).containsEntry("content-type", "text/event-stream")
          .containsEntry("cache-control", "no-store").containsEntry("transfer-encoding", "chunked")
          .containsEntry("x-accel-buffering", "no").doesNotContainKey("content-length");
      assertThat(head.headers().get("request-id")).startsWith("req_");
    }
    var blocks = new CopyOnWriteArrayList<String>();
    var source = EventSource.open(node.apiUrl() + "/v1/events/stream", merchant.key(), Map.of(), blocks::add);
    open.add(source);
    String payment = settle(1, TestMerchant.VISA).getFirst();
    Await.until(BOUND, "the events", () -> blocks.stream().filter(b -> b.contains("data:")).count() == 6);
    assertThat(blocks.getFirst()).matches("retry: 3000\nid: evt_[0-9a-z]{26}\n");
    for (String block : blocks.subList(1, blocks.size())) {
      if (block.startsWith(":")) continue;
      assertThat(block).matches("id: evt_[0-9a-z]{26}\nevent: [a-z_.]+\ndata: \\{.+\\}\n");
      var frame = Frame.of(block);
      assertThat(frame.json().getString("id")).isEqualTo(frame.id());
      assertThat(frame.json().getString("type")).isEqualTo(frame.event());
      var alone = Http.get(node.apiUrl() + "/v1/events/" + frame.id(), merchant.key());
      assertThat(alone.body()).as("the same bytes by either way").isEqualTo(frame.data());
    }
    var events = blocks.stream().filter(b -> b.contains("data:")).map(Frame::of).toList();
    var its = events.stream().filter(f -> f.json().getString("subject").equals(payment)).toList();
    assertThat(its).extracting(Frame::event).containsExactlyElementsOf(PATH);
    assertThat(its).extracting(f -> f.json().getInteger("version")).containsExactly(1, 2, 3, 4, 5);
    assertThat(its).extracting(f -> f.json().getInteger("previous_version")).containsExactly(null, 1, 2, 3,
        4);
    assertThat(events).extracting(Frame::data)
        .isEqualTo(listed(merchant, "").stream().map(JsonObject::encode).toList());
  }

  @Test
  void stream_ofTypesOrAPayment_hasNothingElse() {
    TestMerchant stranger = TestMerchant.create();
    var some = stream("?types=payment.settled,settlement.*");
    var others = stream(node, stranger, "");
    var live = stream(node, merchant.withOtherKey(true), "");
    List<String> payments = settle(2, TestMerchant.VISA);
    var one = stream("?payment=" + payments.getLast() + "&after=" + listedIds().getFirst());
    var two = stream("?payment=" + payments.getLast() + "&types=payment.confirmed,payment.declined&after="
        + listedIds().getFirst());
    awaitCount(one, 5);
    assertThat(one.events()).extracting(Frame::event).containsExactlyElementsOf(PATH);
    assertThat(one.events()).allMatch(f -> f.json().getString("subject").equals(payments.getLast()));
    awaitCount(two, 1);
    assertThat(two.events().getFirst().event()).isEqualTo("payment.confirmed");
    var expected = listed(merchant, "&types=payment.settled,settlement.*").stream()
        .map(e -> e.getString("id"))
        .toList();
    assertThat(expected).hasSizeBetween(3, 4);
    awaitCount(some, expected.size());
    assertThat(ids(some)).isEqualTo(expected);
    String marker = stranger.pay(TestMerchant.paidBy("pm_test_blocked")).json().getString("id");
    awaitCount(others, 2);
    assertThat(others.events()).allMatch(f -> f.json().getString("subject").equals(marker));
    assertThat(live.events()).isEmpty();
  }

  @Test
  void stream_resumed_goesOnBehindTheLastEvent() {
    settle(4, TestMerchant.VISA);
    List<String> all = listedIds();
    for (int at : List.of(0, all.size() / 2, all.size() - 1)) {
      try (var byHeader = stream("?after=" + all.get(at == 0 ? 3 : 0), "Last-Event-ID", all.get(at));
          var byQuery = stream("?after=" + all.get(at), "Last-Event-ID", "");
          var elsewhere = stream(ApiSite.gateway(), merchant, "?after=" + all.get(at))) {
        for (var source : List.of(byHeader, byQuery, elsewhere)) {
          awaitCount(source, all.size() - at - 1);
          assertThat(ids(source)).isEqualTo(all.subList(at + 1, all.size()));
        }
      }
      awaitNobody();
    }
  }

  /** It was cut off before its first event: what came since is not lost. */
  @Test
  void stream_cutBeforeItsFirstEvent_resumesWhereItBegan() {
    var first = stream("");
    Await.until(BOUND, "where it begins", () -> first.lastId() != null);
    first.close();
    settle(1, TestMerchant.VISA);
    var second = stream("", "Last-Event-ID", first.lastId());
    awaitCount(second, 6);
    assertThat(ids(second)).isEqualTo(listedIds());
  }

  @Test
  void stream_withoutEvents_beats_andMovesOn() {
    settle(1, TestMerchant.VISA);
    var blocks = new CopyOnWriteArrayList<String>();
    long before = System.nanoTime();
    String after = listedIds().getLast();
    var source = EventSource.open(node.apiUrl() + "/v1/events/stream?types=payment.blocked&after=" + after,
        merchant.key(), Map.of(), blocks::add);
    open.add(source);
    Await.until(BOUND, "two heartbeats",
        () -> blocks.stream().filter(b -> b.startsWith(": heartbeat\n")).count() == 2);
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isBetween(Duration.ofSeconds(1),
        Duration.ofSeconds(8));
    assertThat(blocks.subList(1, 3)).allMatch(b -> b.matches(": heartbeat\nid: evt_[0-9a-z]{26}\n"));
    assertThat(source.lastId()).isNotEqualTo(after);
    // Where the heartbeat says that it is, nothing lies behind it but what came later.
    String payment = merchant.pay(TestMerchant.paidBy("pm_test_blocked")).json().getString("id");
    var resumed = stream("", "Last-Event-ID", source.lastId());
    awaitCount(resumed, 2);
    assertThat(resumed.events()).allMatch(f -> f.json().getString("subject").equals(payment));
    Await.until(BOUND, "the event that was waited for", () -> blocks.stream()
        .anyMatch(b -> b.contains("data:") && Frame.of(b).json().getString("subject").equals(payment)));
  }

  @ParameterizedTest
  @CsvSource({"/v1/events?after=evt_1,,cursor_invalid", "/v1/events/stream?after=x,,cursor_invalid",
      "/v1/events/stream?after=evt_01h455vb4pex5vsknk084sn02q,,cursor_invalid",
      "/v1/events/stream,pay_01h455vb4pex5vsknk084sn02q,cursor_invalid",
      "/v1/events/stream?types=payment.,,parameter_invalid", "/v1/events/stream?types=,,parameter_invalid",
      "/v1/events?types=payment.settled|x,,parameter_invalid",
      "/v1/events/stream?payment=stl_1,,parameter_invalid",
      "/v1/events/stream?limit=5,,parameter_unknown", "/v1/events?limit=101,,parameter_invalid"})
  void request_invalid_isRefused(String path, String lastEventId, String code) {
    var headers = new HashMap<>(Map.of("Authorization", "Bearer " + merchant.key()));
    if (lastEventId != null) headers.put("Last-Event-ID", lastEventId);
    Answer answer = Http.send("GET", node.apiUrl() + path.replace('|', ','), headers, null);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo(code);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
  }

  @Test
  void event_ofAnother_isNotFound() {
    String id = merchant.pay(TestMerchant.paidBy("pm_test_blocked")).json().getString("id");
    Await.until(BOUND, "the events of " + id, () -> listedIds().size() == 2);
    for (String event : List.of(listedIds().getFirst(), "evt_1", "evt_01h455vb4pex5vsknk084sn02q")) {
      var answer = Http.get(node.apiUrl() + "/v1/events/" + event, TestMerchant.create().key());
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("resource_missing");
    }
    assertThat(listed(TestMerchant.create(), "")).isEmpty();
    var none = Http.get(node.apiUrl() + "/v1/events", TestMerchant.create().key()).json();
    assertThat(none.getBoolean("has_more")).isFalse();
  }

  /**
   * The site keeps events for three seconds, so what was paid first is older soon. Nobody works its payments
   * off.
   */
  @ParameterizedTest
  @ValueSource(strings = {"/v1/events", "/v1/events/stream"})
  void cursor_thatHasExpired_isGone_andTheOldestGoesOn(String path) {
    String key = forgetful.merchantKey();
    String url = forgetful.apiUrl() + path + "?after=";
    pay(forgetful, key);
    var first = new ArrayList<JsonObject>();
    Await.until(BOUND, "its event", () -> first.addAll(
        TestMerchant.objects(Http.get(forgetful.apiUrl() + "/v1/events", key).json().getJsonArray("data"))));
    String old = first.getFirst().getString("id");
    Await.until(BOUND, "the cursor expires", () -> subjects(url + old, key, 0) == null);
    Answer gone = Http.get(url + old, key);
    assertThat(gone.status()).isEqualTo(410);
    assertThat(gone.code()).isEqualTo("cursor_expired");
    assertThat(gone.json().getString("oldest")).matches("evt_[0-9a-z]{26}");
    String payment = pay(forgetful, key);
    // The oldest one moves on as well, every tenth of a second here.
    var found = new ArrayList<String>();
    Await.until(Duration.ofMillis(2_500), "the events since the oldest", () -> {
      var subjects = subjects(url + Http.get(url + old, key).json().getString("oldest"), key, 1);
      if (subjects != null) found.addAll(subjects);
      return !found.isEmpty();
    });
    assertThat(found.getLast()).isEqualTo(payment);
  }

  private static String pay(GatewayProcess at, String key) {
    return Http.send("POST", at.apiUrl() + "/v1/payments", Http.create(key, "key-" + KEYS.incrementAndGet()),
        TestMerchant.VISA).json().getString("id");
  }

  /**
   * What the events are about that a list or a stream has, {@code count} or more of a stream; null for 410.
   */
  private static List<String> subjects(String url, String key, int count) {
    if (!url.contains("/stream")) {
      var page = Http.get(url, key);
      return page.status() == 410 ? null : subjects(TestMerchant.objects(page.json().getJsonArray("data")));
    }
    try (var source = EventSource.collect(url, key, Map.of())) {
      if (source.status() == 410) return null;
      Await.until(BOUND, "the events of the stream", () -> source.events().size() >= count);
      return subjects(source.events().stream().map(Frame::json).toList());
    }
  }

  private static List<String> subjects(List<JsonObject> events) {
    return events.stream().map(event -> event.getString("subject")).toList();
  }

  @Test
  void streams_overTheLimits_areRefused_untilOneIsClosed() {
    for (int i = 0; i < MERCHANT_CLIENTS_MAX; i++) assertThat(stream("").status()).isEqualTo(200);
    Answer more = stream("").refusal();
    assertThat(more.status()).isEqualTo(429);
    assertThat(more.code()).isEqualTo("merchant_share_full");
    assertThat(more.header("Retry-After")).isEqualTo("2");
    TestMerchant other = TestMerchant.create();
    for (int i = MERCHANT_CLIENTS_MAX; i < CLIENTS_MAX; i++)
      assertThat(stream(node, other, "").status()).isEqualTo(200);
    Answer full = stream(node, TestMerchant.create(), "").refusal();
    assertThat(full.status()).isEqualTo(503);
    assertThat(full.code()).isEqualTo("streams_full");
    assertThat(full.header("Retry-After")).isEqualTo("2");
    assertThat(metric("millrace_queue_rejected_total", "queue=\"streams\"")).isGreaterThanOrEqualTo(2);
    open.getFirst().close();
    Await.until(BOUND, "there is room again", () -> stream("").status() == 200);
  }

  /** All at once: the limit holds also while their cursors are looked up. */
  @Test
  void streams_manyAtOnce_areNoMoreThanTheLimit() {
    settle(1, TestMerchant.VISA);
    String after = listedIds().getFirst();
    var asked = new ArrayList<CompletableFuture<EventSource>>();
    for (int i = 0; i < 30; i++)
      asked.add(CompletableFuture.supplyAsync(() -> EventSource.collect(
          node.apiUrl() + "/v1/events/stream?after=" + after, merchant.key(), Map.of()),
          task -> Thread.ofVirtual().start(task)));
    asked.forEach(source -> open.add(source.join()));
    assertThat(open.stream().filter(s -> s.status() == 200)).hasSize(MERCHANT_CLIENTS_MAX);
    assertThat(open.stream().filter(s -> s.status() == 429)).hasSize(30 - MERCHANT_CLIENTS_MAX);
  }

  /**
   * Nobody may be counted who left before he was answered; the next test's {@link #awaitNobody} waits for it.
   */
  @Test
  void clients_thatLeaveWhileTheirCursorIsLookedUp_areForgotten() {
    settle(1, TestMerchant.VISA);
    String after = listedIds().getFirst();
    for (int i = 0; i < 200; i++) {
      try (var http = new RawHttp(node.apiUrl(), 0)) {
        http.send(
            "GET /v1/events/stream?after=" + after + " HTTP/1.1\r\nHost: millrace\r\nAuthorization: Bearer "
                + merchant.key() + "\r\n\r\n");
      }
    }
    awaitNobody();
    awaitCount(stream("?after=" + after), 5);
  }

  private RawHttp silent(String query) {
    return new RawHttp(node.apiUrl(), 4_096).send("GET /v1/events/stream" + query
        + " HTTP/1.1\r\nHost: millrace\r\nAuthorization: Bearer " + merchant.key() + "\r\n\r\n");
  }

  /** The blocks of a chunked response, as far as they are whole. */
  private static List<String> blocks(String raw) {
    String body = raw.substring(raw.indexOf("\r\n\r\n") + 4).replaceAll("(^|\r\n)[0-9a-f]+\r\n", "");
    String[] blocks = body.split("\n\n", -1);
    return List.of(blocks).subList(0, blocks.length - 1);
  }

  private static List<Frame> frames(String raw) {
    return blocks(raw).stream().filter(b -> b.contains("data:")).map(Frame::of).toList();
  }

  private static String lastId(String raw) {
    String id = blocks(raw).getLast().lines().filter(l -> l.startsWith("id: ")).findFirst().orElseThrow();
    return id.substring(4);
  }

  /**
   * A payment each event of which is about 60 kB long: a kernel takes some megabytes for who does not read.
   */
  private static String large() {
    var metadata = new JsonObject();
    for (int i = 0; i < 20; i++) metadata.put("k" + i, "\u0001".repeat(500));
    return new JsonObject(TestMerchant.VISA).put("metadata", metadata).encode();
  }

  @Test
  void client_thatStopsReading_isSentAway_andResumes_whileOthersHearEverything() {
    double slow = metric("millrace_stream_slow_clients_total", "");
    try (var silent = silent("")) {
      var healthy = stream("");
      String raw = silent.read(text -> text.contains("id: "));
      settle(1, TestMerchant.VISA);
      raw += silent.read(text -> frames("\r\n\r\n" + text).size() == 6);
      settle(25, large());
      List<String> all = listedIds();
      Await.until(BOUND, "the silent one is sent away",
          () -> metric("millrace_stream_slow_clients_total", "") > slow);
      awaitCount(healthy, all.size());
      assertThat(metric("millrace_queue_depth{", "queue=\"stream-bytes\"")).as("as much as fits is kept")
          .isBetween(RECENT_BYTES_MAX / 2.0, (double) RECENT_BYTES_MAX);
      assertThat(ids(healthy)).isEqualTo(all);
      assertThat(healthy.end()).isNull();
      raw += silent.rest();
      var had = ids(frames(raw));
      assertThat(had.size()).isBetween(6, all.size() - 1);
      assertThat(had).isEqualTo(all.subList(0, had.size()));
      var resumed = stream("", "Last-Event-ID", lastId(raw));
      awaitCount(resumed, all.size() - had.size());
      assertThat(ids(resumed)).isEqualTo(all.subList(had.size(), all.size()));
      assertSilentCatchUpIsSentAway(all);
    }
  }

  /** What was missed waits for a client only up to the limit, too. */
  private void assertSilentCatchUpIsSentAway(List<String> all) {
    open.forEach(EventSource::close);
    awaitNobody();
    double slow = metric("millrace_stream_slow_clients_total", "");
    double sent = metric("millrace_stream_events_total", "");
    try (var silent = silent("?after=" + all.getFirst())) {
      Await.until(BOUND, "it is sent away for stalling",
          () -> metric("millrace_stream_slow_clients_total", "") > slow);
      assertThat(metric("millrace_stream_events_total", "") - sent).as("events written")
          .isLessThan(100);
      assertThat(ids(frames(silent.rest()))).hasSizeLessThan(100).isSubsetOf(all);
    }
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void node_terminated_endsItsStreamsPromptly() {
    var sources = Stream.generate(forgetful::merchantKey).limit(2)
        .map(key -> EventSource.collect(forgetful.apiUrl() + "/v1/events/stream", key, Map.of())).toList();
    long before = System.nanoTime();
    var ended = CompletableFuture.supplyAsync(forgetful::terminate, task -> Thread.ofVirtual().start(task));
    for (var source : sources)
      assertThat(source.awaitEnd(Duration.ofSeconds(3))).as("a whole response").isEqualTo("ended");
    assertThat(ended.join()).as("exit code of SIGTERM").isEqualTo(143);
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(8));
  }
}
