package dev.millrace.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http.Answer;
import dev.millrace.webhook.MerchantServer;
import dev.millrace.webhook.MerchantServer.Got;
import dev.millrace.webhook.Signer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What a merchant has its webhook endpoints do, and the log of their deliveries. */
class WebhookActsIT {
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final String ENDPOINTS = "/v1/webhook_endpoints/";
  private static final String DELIVERIES = "/v1/webhook_deliveries";
  private static final AtomicInteger PATHS = new AtomicInteger();
  private static final Vertx VERTX = Vertx.vertx();
  private static final MerchantServer RECEIVER = new MerchantServer(VERTX);

  private final TestMerchant merchant = TestMerchant.create();

  /** An endpoint, and the path at which it is told. */
  private record ListeningEndpoint(String id, String path, String secret) {
    List<Got> got() { return RECEIVER.got(path); }

    List<Got> await(int count) {
      Await.until(BOUND, count + " webhooks at " + path, () -> got().size() >= count);
      return got();
    }
  }

  @AfterAll
  static void close() {
    RECEIVER.close();
    VERTX.close().await();
  }

  private ListeningEndpoint listening(String... events) {
    String path = "/acts/" + PATHS.incrementAndGet();
    var made = merchant.send("POST", "/v1/webhook_endpoints", new JsonObject().put("url", RECEIVER.url(path))
        .put("enabled_events", new JsonArray(List.of(events))).encode()).json();
    return new ListeningEndpoint(made.getString("id"), path, made.getString("secret"));
  }

  private Answer act(ListeningEndpoint endpoint, String what, String body) {
    return merchant.send("POST", ENDPOINTS + endpoint.id + "/" + what, body);
  }

  private Answer test(ListeningEndpoint endpoint) {
    var answer = act(endpoint, "test", null);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return answer;
  }

  private String settle() {
    String id = merchant.pay(TestMerchant.VISA).json().getString("id");
    merchant.awaitStatus(id, "settled");
    return id;
  }

  private static List<String> types(ListeningEndpoint endpoint) {
    return endpoint.got().stream().map(g -> new JsonObject(g.body()).getString("type")).toList();
  }

  @Test
  void endpoints_ofOneMerchant_areToldWhatEachListensTo() {
    var all = listening("*");
    var payments = listening("payment.*");
    var settled = listening("payment.settled", "settlement.posted");
    String id = settle();
    all.await(6);
    payments.await(5);
    settled.await(2);
    assertThat(types(all)).containsExactlyInAnyOrder("payment.initiated", "payment.screened",
        "payment.provider_submitted", "payment.confirmed", "payment.settled", "settlement.posted");
    assertThat(types(payments)).hasSize(5).allMatch(type -> type.startsWith("payment."));
    assertThat(types(settled)).containsExactlyInAnyOrder("payment.settled", "settlement.posted");
    assertThat(payments.got())
        .allSatisfy(g -> assertThat(new JsonObject(g.body()).getString("subject")).isEqualTo(id));
  }

  @Test
  void test_goesToItsEndpointAlone_whateverThatListensTo() {
    var other = listening("*");
    var tested = listening("settlement.posted");
    var answer = test(tested).json();
    var got = tested.await(1).getFirst();
    assertThat(got.id()).isEqualTo(answer.getString("id"));
    assertThat(answer.getString("webhook_endpoint")).isEqualTo(tested.id);
    var event = new JsonObject(got.body());
    assertThat(event.getString("type")).isEqualTo("webhook_endpoint.test");
    assertThat(event.getString("subject")).isEqualTo(tested.id);
    assertThat(merchant.get("/v1/events/" + got.id()).body()).isEqualTo(got.body());
    // What comes after it has come, so the test would have come before.
    settle();
    other.await(6);
    assertThat(types(other)).doesNotContain("webhook_endpoint.test");
    assertThat(new JsonObject(test(other).body()).getString("id")).isNotEqualTo(got.id());
  }

  @Test
  void test_repeated_isSentOnce() {
    var endpoint = listening("*");
    String path = ENDPOINTS + endpoint.id + "/test";
    var first = merchant.post(path, "k", null);
    var again = merchant.post(path, "k", "{}");
    assertThat(again.bytes()).isEqualTo(first.bytes());
    assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    test(endpoint);
    assertThat(endpoint.await(2)).extracting(Got::id).doesNotHaveDuplicates().hasSize(2);
    // Whatever becomes of the endpoint, the answer stays.
    merchant.send("PATCH", ENDPOINTS + endpoint.id, "{\"enabled\":false}");
    assertThat(merchant.post(path, "k", null).bytes()).isEqualTo(first.bytes());
    merchant.send("DELETE", ENDPOINTS + endpoint.id, null);
    assertThat(merchant.post(path, "k", null).bytes()).isEqualTo(first.bytes());
  }

  @Test
  void rotation_withGrace_signsWithBothSecrets() {
    var endpoint = listening("*");
    var rotated = act(endpoint, "rotate_secret", "{\"grace_seconds\":600}");
    assertThat(rotated.status()).isEqualTo(200);
    String secret = rotated.json().getString("secret");
    assertThat(secret).isNotEqualTo(endpoint.secret);
    assertThat(rotated.json().getLong("old_secret_expires"))
        .isBetween(System.currentTimeMillis() / 1_000 + 590, System.currentTimeMillis() / 1_000 + 610);
    awaitSigned(endpoint, secret, endpoint.secret, secret);
    var defaulted = act(endpoint, "rotate_secret", null).json();
    assertThat(defaulted.getLong("old_secret_expires"))
        .isGreaterThan(System.currentTimeMillis() / 1_000 + 86_000);
  }

  @Test
  void rotation_withoutGrace_signsWithTheNewSecretAlone() {
    var endpoint = listening("*");
    var rotated = act(endpoint, "rotate_secret", "{\"grace_seconds\":0}").json();
    String secret = rotated.getString("secret");
    assertThat(rotated.getValue("old_secret_expires")).isNull();
    awaitSigned(endpoint, secret, secret);
    assertThat(
        act(endpoint, "rotate_secret", "{\"grace_seconds\":604801,\"a\":1}").json().getJsonArray("errors"))
        .hasSize(2);
  }

  @Test
  void rotation_repeated_isTheSameSecret() {
    var endpoint = listening("*");
    String path = ENDPOINTS + endpoint.id + "/rotate_secret";
    var first = merchant.post(path, "k", null);
    assertThat(merchant.post(path, "k", "{\"grace_seconds\":86400}").bytes()).isEqualTo(first.bytes());
    assertThat(merchant.post(path, "k", "{\"grace_seconds\":1}").status()).isEqualTo(422);
  }

  /** The notifier hears of a rotation a little later: tests are sent until one is signed by these alone. */
  private void awaitSigned(ListeningEndpoint endpoint, String secret, String... by) {
    Await.until(BOUND, "signed by " + by.length, () -> {
      int had = endpoint.got().size();
      test(endpoint);
      var got = endpoint.await(had + 1).getLast();
      return signers(got, endpoint.secret, secret).equals(List.of(by))
          && got.headers().get("webhook-signature").split(" ").length == by.length;
    });
  }

  private static List<String> signers(Got got, String... secrets) {
    var signed = new ArrayList<String>();
    for (String secret : secrets) {
      String expected = new Signer(secret).standard(got.id(),
          Long.parseLong(got.headers().get("webhook-timestamp")),
          got.body().getBytes(UTF_8));
      if (List.of(got.headers().get("webhook-signature").split(" ")).contains(expected)) signed.add(secret);
    }
    return signed;
  }

  @Test
  void endpoint_disabled_holdsAndRefusesUntilItIsEnabled() {
    var endpoint = listening("payment.settled");
    var other = listening("payment.settled");
    merchant.send("PATCH", ENDPOINTS + endpoint.id, "{\"enabled\":false}");
    awaitHeld(endpoint);
    String held = deliveries("?status=held").getFirst().getString("id");
    for (var answer : List.of(act(endpoint, "test", null), act(endpoint, "replay", null),
        merchant.send("POST", DELIVERIES + "/" + held + "/retry", null))) {
      assertThat(answer.status()).isEqualTo(409);
      assertThat(answer.code()).isEqualTo("endpoint_disabled");
    }
    int had = endpoint.got().size();
    assertThat(other.got()).isNotEmpty();
    merchant.send("PATCH", ENDPOINTS + endpoint.id, "{\"enabled\":true}");
    var replay = act(endpoint, "replay", "{\"statuses\":[\"held\"]}");
    assertThat(replay.status()).isEqualTo(202);
    assertThat(replay.json().getString("id")).startsWith("whr_");
    endpoint.await(had + 1);
    Await.until(BOUND, "none is held", () -> deliveries("?status=held").isEmpty());
  }

  /** The notifier hears of the change a little later: payments are made until one is held. */
  private void awaitHeld(ListeningEndpoint endpoint) {
    Await.until(BOUND, "a delivery is held", () -> {
      settle();
      return !deliveries("?status=held&webhook_endpoint=" + endpoint.id).isEmpty();
    });
  }

  @Test
  void replay_deliversWhatWasBeforeTheEndpoint() {
    String before = settle();
    var endpoint = listening("payment.*");
    assertThat(act(endpoint, "replay", "{\"types\":[\"payment.settled\",\"settlement.*\"]}").status())
        .isEqualTo(202);
    assertThat(endpoint.await(2)).hasSize(2);
    assertThat(types(endpoint)).containsExactlyInAnyOrder("payment.settled", "settlement.posted");
    assertThat(endpoint.got()).anySatisfy(g -> assertThat(g.body()).contains(before));
    var first = act(endpoint, "replay", null);
    endpoint.await(7);
    assertThat(types(endpoint).subList(2, 7)).allMatch(type -> type.startsWith("payment."));
    assertThat(first.json().getString("status")).isEqualTo("accepted");
  }

  @Test
  void replay_ofManyFaults_namesThemAll() {
    var endpoint = listening("*");
    var answer = act(endpoint, "replay",
        "{\"after\":\"evt_x\",\"until\":7,\"created_gte\":-1,\"created_lt\":\"x\",\"types\":[\"x\"],\"statuses\":[\"x\"],\"a\":1}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().getJsonArray("errors")).hasSize(7);
  }

  private List<JsonObject> deliveries(String query) {
    return TestMerchant.objects(merchant.get(DELIVERIES + query).json().getJsonArray("data"));
  }

  @Test
  void deliveries_areListedByEachFilterAndInPages() {
    var fine = listening("*");
    var broken = listening("payment.settled");
    RECEIVER.status(broken.path, 500);
    settle();
    fine.await(6);
    Await.until(BOUND, "what was sent is written", () -> deliveries("?status=delivered").size() == 6
        && deliveries("?webhook_endpoint=" + broken.id).getFirst().getInteger("attempts") > 0);
    assertThat(deliveries("")).hasSize(7);
    assertThat(deliveries("?webhook_endpoint=" + fine.id)).hasSize(6);
    assertThat(deliveries("?type=payment.settled")).hasSize(2);
    assertThat(deliveries("?type=payment.settled&status=pending"))
        .extracting(d -> d.getString("webhook_endpoint"))
        .containsExactly(broken.id);
    String event = fine.got().getFirst().id();
    assertThat(deliveries("?event=" + event)).allMatch(d -> d.getString("event").equals(event)).isNotEmpty();
    assertThat(deliveries("?webhook_endpoint=whe_01jd3w5ynkfxmrx1v0a9s2e4zg")).isEmpty();
    var seen = new ArrayList<String>();
    String next = "";
    while (next != null) {
      var page = merchant.get(DELIVERIES + "?limit=3" + next).json();
      TestMerchant.objects(page.getJsonArray("data")).forEach(d -> seen.add(d.getString("id")));
      next = page.getString("next") == null ? null : "&starting_after=" + page.getString("next");
    }
    assertThat(seen).containsExactlyElementsOf(deliveries("").stream().map(d -> d.getString("id")).toList());
    assertThat(merchant
        .get(DELIVERIES + "?status=x&type=payment.*&event=x&webhook_endpoint=x&starting_after=x&limit=0&a=b")
        .json().getJsonArray("errors")).hasSize(7);
    for (var who : List.of(merchant, TestMerchant.create(), merchant.withOtherKey(true))) {
      String after = who == merchant ? "whd_01jd3w5ynkfxmrx1v0a9s2e4zg" : seen.getFirst();
      var unknown = who.get(DELIVERIES + "?starting_after=" + after);
      assertThat(unknown.status()).as(unknown.body()).isEqualTo(400);
      assertThat(unknown.json().getJsonObject("error").getString("param")).isEqualTo("starting_after");
    }
    String one = DELIVERIES + "/" + seen.getFirst();
    for (var other : List.of(TestMerchant.create(), merchant.withOtherKey(true))) {
      assertThat(other.get(one).status()).isEqualTo(404);
      assertThat(other.send("POST", one + "/retry", null).status()).isEqualTo(404);
      assertThat(other.get(DELIVERIES).json().getJsonArray("data")).isEmpty();
    }
  }

  @Test
  void retry_ofAFailedDelivery_isMadeAtOnceAndStandsInTheLog() {
    var endpoint = listening("*");
    RECEIVER.at(endpoint.path, (request, got) -> request.response().setStatusCode(500).end("broken"));
    test(endpoint);
    endpoint.await(1);
    String id = awaitAttempts(endpoint, 1);
    RECEIVER.at(endpoint.path, (request, got) -> request.response().end("fine"));
    var retried = merchant.post(DELIVERIES + "/" + id + "/retry", "k", null);
    assertThat(retried.status()).isEqualTo(202);
    Await.until(BOUND, "delivered",
        () -> merchant.get(DELIVERIES + "/" + id).json().getString("status").equals("delivered"));
    assertThat(merchant.post(DELIVERIES + "/" + id + "/retry", "k", null).bytes()).isEqualTo(retried.bytes());
    var read = merchant.get(DELIVERIES + "/" + id).json();
    var log = TestMerchant.objects(read.getJsonArray("attempts_log"));
    assertThat(log).hasSize(read.getInteger("attempts")).extracting(a -> a.getInteger("number"))
        .startsWith(1, 2);
    assertThat(log.getFirst().getInteger("status")).isEqualTo(500);
    assertThat(log.getFirst().getString("response")).isEqualTo("broken");
    assertThat(log.getLast().getInteger("status")).isEqualTo(200);
    assertThat(log.getLast().getString("response")).isEqualTo("fine");
    assertThat(read.getInteger("last_status")).isEqualTo(200);
    assertThat(read.getValue("next_attempt")).isNull();
    assertThat(endpoint.got()).extracting(Got::id).containsOnly(read.getString("event"));
    int had = endpoint.got().size();
    assertThat(merchant.send("POST", DELIVERIES + "/" + id + "/retry", null).json().getString("status"))
        .isEqualTo("pending");
    endpoint.await(had + 1);
  }

  private String awaitAttempts(ListeningEndpoint endpoint, int count) {
    String query = "?webhook_endpoint=" + endpoint.id;
    Await.until(BOUND, count + " attempts", () -> !deliveries(query).isEmpty()
        && deliveries(query).getFirst().getInteger("attempts") >= count);
    return deliveries(query).getFirst().getString("id");
  }
}
