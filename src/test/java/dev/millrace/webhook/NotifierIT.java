package dev.millrace.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import dev.millrace.journal.Cursor;
import dev.millrace.payment.EventType;
import dev.millrace.webhook.MerchantServer.Got;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** From the journal to merchants' servers that behave well and badly, with a clock that the test turns. */
final class NotifierIT {
  private final NotifierFixture site = new NotifierFixture(NotifierFixture.POLICY);
  private final MerchantServer receiver = site.receiver;

  @AfterEach
  void close() { site.close(); }

  private static Endpoint.Settings with(Endpoint.Settings s, List<String> events, boolean ordered,
      Integer rate) {
    return new Endpoint.Settings(s.url(), s.description(), events, s.headers(), s.apiVersion(),
        s.stripeSignature(),
        ordered, s.maxInFlight(), rate);
  }

  private static void verify(Got got, String secret) throws WebhookVerificationException {
    // The library compares with the real time: the signature is checked under the test's.
    var signer = new Signer(secret);
    String expected = signer.standard(got.id(), Long.parseLong(got.headers().get("webhook-timestamp")),
        got.body().getBytes(UTF_8));
    if (!List.of(got.headers().get("webhook-signature").split(" ")).contains(expected))
      throw new WebhookVerificationException("no signature of this secret");
  }

  @Test
  void event_goesToEveryEndpointThatWantsIt_once() throws Exception {
    Endpoint all = site.endpoint("/all",
        s -> new Endpoint.Settings(s.url(), null, List.of("*"), Map.of("X-Shop", "7"),
            s.apiVersion(), true, false, 8, null));
    site.endpoint("/settled", s -> with(s, List.of("payment.settled"), false, null));
    site.endpoint("/kind", s -> with(s, List.of("payment.*"), false, null));
    UUID payment = site.event(EventType.INITIATED);
    site.event(payment, 2, EventType.SETTLED);
    site.awaitCount("delivered", 5);
    assertThat(receiver.got("/all")).hasSize(2);
    assertThat(receiver.got("/settled")).hasSize(1);
    assertThat(receiver.got("/kind")).hasSize(2);
    Got got = receiver.got("/settled").getFirst();
    var event = new JsonObject(got.body());
    assertThat(event.getString("id")).isEqualTo(got.id());
    assertThat(event.getString("type")).isEqualTo("payment.settled");
    assertThat(event.getInteger("version")).isEqualTo(2);
    assertThat(event.getJsonObject("data").getJsonObject("object").getString("status")).isEqualTo("settled");
    Got full = receiver.got("/all").getFirst();
    assertThat(full.headers()).containsEntry("x-shop", "7").containsEntry("content-type", "application/json");
    assertThat(full.headers().get("traceparent")).startsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-");
    verify(full, all.secrets().current());
    String t = full.headers().get("webhook-timestamp");
    assertThat(full.headers().get("stripe-signature")).isEqualTo(
        "t=" + t + ","
            + new Signer(all.secrets().current()).stripe(Long.parseLong(t), full.body().getBytes(UTF_8)));
    // What was signed and sent is what is stored.
    assertThat(site.database
        .number("SELECT count(*) FROM webhook_message WHERE body = '" + full.body().replace("'", "''")
            + "'::text::bytea"))
        .isEqualTo(1);
  }

  /** Under the real time, with the library that merchants use. */
  @Test
  void delivery_isVerifiedByTheLibrary() throws Exception {
    site.pass(Duration.between(site.now(), Instant.now()));
    Endpoint e = site.endpoint("/hook");
    site.event(EventType.INITIATED);
    site.awaitGot("/hook", 1);
    Got got = receiver.got("/hook").getFirst();
    var headers = HttpHeaders.of(got.headers().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, h -> List.of(h.getValue()))), (n, v) -> true);
    assertThatCode(() -> new Webhook(e.secrets().current()).verify(got.body(), headers))
        .doesNotThrowAnyException();
  }

  @Test
  void failures_areRetriedAfterEachWindow_thenDead() {
    receiver.status("/fail", 500);
    site.endpoint("/fail");
    site.event(EventType.INITIATED);
    for (int i = 0; i < NotifierFixture.WINDOWS.size(); i++) {
      site.awaitGot("/fail", i + 1);
      int attempts = i + 1;
      site.await("attempt " + attempts + " is in the log",
          () -> site.database.number("SELECT max(attempts) FROM webhook_delivery") == attempts);
      long waits = site.database
          .number("SELECT extract(epoch FROM next_at - '" + site.now() + "')::bigint FROM webhook_delivery");
      long window = NotifierFixture.WINDOWS.get(i).toSeconds();
      assertThat(waits).isBetween(window, window * 120 / 100 + 1);
      site.pass(Duration.ofSeconds(window).minusMillis(1));
      // Not before its time; the breaker opens on the way and must not keep it back longer than the window.
      assertThat(receiver.got("/fail")).hasSize(attempts);
      site.pass(Duration.ofSeconds(window * 20 / 100 + 2));
    }
    site.awaitGot("/fail", 6);
    site.awaitCount("dead", 1);
    assertThat(site.database.number("SELECT count(*) FROM webhook_attempt")).isEqualTo(6);
    assertThat(receiver.got("/fail").stream().map(Got::id).distinct()).hasSize(1);
    assertThat(site.metric("millrace.webhook.dead.letters")).isEqualTo(1);
  }

  @Test
  void attempt_isLogged_withTheAnswersFirstBytes() {
    receiver.at("/why", (r, g) -> r.response().setStatusCode(422).end("no\0thanks " + "x".repeat(9_000)));
    site.endpoint("/why");
    site.event(EventType.INITIATED);
    site.await("logged", () -> site.database.number("SELECT count(*) FROM webhook_attempt") == 1);
    var entry = site.loop.result(() -> site.log().list(site.merchant, false,
        new DeliveryLog.Filter(null, null, null, null, null, 10))).getFirst();
    assertThat(entry.lastStatus()).isEqualTo(422);
    assertThat(entry.status()).isEqualTo("pending");
    var attempt = site.loop.result(() -> site.log().attempts(entry.id())).getFirst();
    assertThat(attempt.status()).isEqualTo(422);
    assertThat(attempt.response().length()).isEqualTo(4096);
    assertThat(attempt.response().toString()).startsWith("no\0thanks x");
  }

  @Test
  void retryAfter_isHonoured_forTheWholeEndpoint() {
    var busy = new boolean[]{true};
    receiver.at("/busy", (r, g) -> {
      if (busy[0]) r.response().setStatusCode(429).putHeader("Retry-After", "300").end();
      else r.response().end();
    });
    site.endpoint("/busy");
    site.event(EventType.INITIATED);
    site.await("logged", () -> site.database.number("SELECT count(*) FROM webhook_attempt") == 1);
    busy[0] = false;
    site.event(EventType.INITIATED);
    site.awaitCount("pending", 2);
    site.pass(Duration.ofSeconds(299));
    // Bounded waiting: others' deliveries show that the scheduler has been at work meanwhile.
    site.endpoint("/other");
    site.event(EventType.INITIATED);
    site.awaitGot("/other", 1);
    assertThat(receiver.got("/busy")).hasSize(1);
    site.pass(Duration.ofSeconds(2));
    site.awaitGot("/busy", 3);
    site.pass(Duration.ofSeconds(60));
    site.awaitGot("/busy", 4);
    site.awaitCount("pending", 0);
  }

  @Test
  void gone_disables_withAnEventForTheOthers() {
    receiver.status("/gone", 410);
    Endpoint gone = site.endpoint("/gone");
    site.endpoint("/other", s -> with(s, List.of("webhook_endpoint.disabled"), false, null));
    site.event(EventType.INITIATED);
    site.awaitGot("/other", 1);
    var data = new JsonObject(receiver.got("/other").getFirst().body()).getJsonObject("data")
        .getJsonObject("object");
    assertThat(data.getString("reason")).isEqualTo("gone");
    assertThat(data.getString("url")).isEqualTo(receiver.url("/gone"));
    Endpoint now = site.reload(gone);
    assertThat(now.enabled()).isFalse();
    assertThat(now.disabledReason()).isEqualTo("gone");
    site.awaitCount("dead", 1);
    site.event(EventType.INITIATED);
    site.await("held while disabled", () -> site.count("held") >= 1);
    assertThat(receiver.got("/gone")).hasSize(1);
  }

  @Test
  void disabled_eventsAreHeld_andReplayed() {
    Endpoint e = site.endpoint("/hook");
    site.loop.result(() -> site.store().update(e, e.settings(), false));
    var events = new ArrayList<UUID>();
    for (int i = 0; i < 3; i++) events.add(site.event(EventType.INITIATED));
    site.event(EventType.SETTLED);
    site.awaitCount("held", 4);
    assertThat(receiver.got()).isEmpty();
    Endpoint off = site.reload(e);
    site.loop.result(() -> site.store().update(off, e.settings(), true));
    site.event(EventType.INITIATED);
    site.awaitGot("/hook", 1);
    replay(e, List.of("payment.initiated"), List.of("held"), null, null);
    site.awaitGot("/hook", 4);
    site.awaitCount("delivered", 4);
    assertThat(site.count("held")).isEqualTo(1);
    assertThat(receiver.got("/hook").stream().map(Got::id).distinct()).hasSize(4);
    assertThat(receiver.got("/hook").stream().map(g -> new JsonObject(g.body()).getString("type")).distinct())
        .containsExactly("payment.initiated");
  }

  private void replay(Endpoint e, List<String> types, List<String> statuses, Cursor from, Cursor until) {
    site.loop.result(() -> site.replays()
        .order(new ReplayOrders.Replay(dev.millrace.platform.TypeId.next(), e.id(), types,
            statuses, null, null, from == null ? Cursor.START : from,
            until == null ? new Cursor(Long.MAX_VALUE, 0) : until)));
  }

  @Test
  void replay_ofARange_sendsAllOfItAgain_underTheSameIds() {
    Endpoint e = site.endpoint("/hook");
    for (int i = 0; i < 5; i++) {
      site.event(EventType.INITIATED);
      site.awaitGot("/hook", i + 1);
    }
    site.awaitCount("delivered", 5);
    var ids = receiver.got("/hook").stream().map(Got::id).toList();
    replay(e, null, null, site.ids.parse(ids.get(0)), site.ids.parse(ids.get(3)));
    site.awaitGot("/hook", 8);
    site.awaitCount("delivered", 5);
    var again = receiver.got("/hook").subList(5, 8).stream().map(Got::id).toList();
    assertThat(again).containsExactlyInAnyOrderElementsOf(ids.subList(1, 4));
    assertThat(site.database.number("SELECT replayed FROM webhook_replay WHERE finished IS NOT NULL"))
        .isEqualTo(3);
  }

  /** An endpoint made later may be given what happened before it. */
  @Test
  void replay_beforeTheEndpointsTime_makesDeliveries() {
    site.event(EventType.INITIATED);
    site.event(EventType.INITIATED);
    Endpoint e = site.endpoint("/late");
    site.event(EventType.INITIATED);
    site.awaitGot("/late", 1);
    replay(e, null, null, null, null);
    site.await("the earlier ones", () -> receiver.got("/late").stream().map(Got::id).distinct().count() == 3);
  }

  @Test
  void breaker_opens_probes_andRecovers_andDrainsTheDead() {
    var down = new boolean[]{true};
    receiver.at("/flaky", (r, g) -> r.response().setStatusCode(down[0] ? 503 : 200).end());
    Endpoint e = site.endpoint("/flaky");
    for (int i = 0; i < 30; i++) site.event(EventType.INITIATED);
    site.await("the breaker opens", () -> site.reload(e).broken());
    site.await("nothing is out", () -> site.metric("millrace.webhook.attempts") == site.database
        .number("SELECT count(*) FROM webhook_attempt"));
    int before = receiver.got("/flaky").size();
    assertThat(before).isLessThan(30);
    site.pass(Duration.ofSeconds(6));
    site.awaitGot("/flaky", before + 1);
    // All of them have died in the end, most without a single attempt of their own.
    for (int i = 0; i < 60 && site.count("pending") > 0; i++) {
      site.pass(Duration.ofSeconds(1_000));
      long pending = site.count("pending");
      site.await("something moves", () -> site.count("pending") < pending || site.count("pending") == 0
          || site.database
              .number("SELECT count(*) FROM webhook_delivery WHERE status = 'pending' AND next_at > '"
                  + site.now() + "'") == site.count("pending")
          || receiver.got("/flaky").size() > before + 1);
    }
    site.await("all dead", () -> {
      site.pass(Duration.ofSeconds(500));
      return site.count("dead") == 30;
    });
    assertThat(site.reload(e).enabled()).isTrue();
    down[0] = false;
    int failed = receiver.got("/flaky").size();
    site.await("a probe brings it back", () -> {
      site.pass(Duration.ofSeconds(61));
      return !site.reload(e).broken() && site.count("delivered") > 0;
    });
    long first = site.count("delivered");
    site.await("the rest follows", () -> {
      site.pass(Duration.ofSeconds(1));
      return site.count("delivered") == 30;
    });
    assertThat(first).isLessThanOrEqualTo(21);
    assertThat(
        receiver.got("/flaky").subList(failed, receiver.got("/flaky").size()).stream().map(Got::id).distinct()
            .count())
        .isGreaterThanOrEqualTo(29);
  }

  @Test
  void failing_forFiveDays_disables() {
    receiver.status("/dead", 500);
    Endpoint dead = site.endpoint("/dead");
    site.endpoint("/other", s -> with(s, List.of("webhook_endpoint.*"), false, null));
    site.event(EventType.INITIATED);
    site.awaitGot("/dead", 1);
    site.await("noted", () -> site.reload(dead).failingSince() != null);
    site.pass(Duration.ofDays(5).minusMinutes(1));
    int before = receiver.got("/dead").size();
    site.awaitGot("/dead", before + 1);
    assertThat(site.reload(dead).enabled()).isTrue();
    site.await("disabled", () -> {
      site.pass(Duration.ofMinutes(2));
      return !site.reload(dead).enabled();
    });
    assertThat(site.reload(dead).disabledReason()).isEqualTo("failing");
    site.awaitGot("/other", 1);
    assertThat(receiver.got("/other").getFirst().body()).contains("\"reason\":\"failing\"", "failing_since");
  }

  @Test
  void ordered_waitsForTheOneBefore_ofThatPaymentAlone() {
    var failing = new HashSet<>(List.of("payment.initiated"));
    receiver.at("/ordered", (r, g) -> r.response()
        .setStatusCode(failing.contains(new JsonObject(g.body()).getString("type")) ? 500 : 200).end());
    site.endpoint("/ordered", s -> with(s, List.of("*"), true, null));
    UUID stuck = site.event(EventType.INITIATED);
    site.event(stuck, 2, EventType.SCREENED);
    site.event(stuck, 3, EventType.CONFIRMED);
    UUID free = dev.millrace.platform.TypeId.next();
    site.event(free, 1, EventType.SCREENED);
    site.event(free, 2, EventType.CONFIRMED);
    site.awaitCount("delivered", 2);
    assertThat(receiver.got("/ordered").stream().map(g -> new JsonObject(g.body()))
        .filter(j -> j.getInteger("version") > 1 && j.getString("subject")
            .equals(dev.millrace.platform.TypeId.format("pay", stuck))))
        .isEmpty();
    failing.clear();
    site.pass(Duration.ofSeconds(3));
    site.awaitCount("delivered", 5);
    var versions = receiver.got("/ordered").stream().map(g -> new JsonObject(g.body()))
        .filter(j -> j.getString("subject").equals(dev.millrace.platform.TypeId.format("pay", stuck)))
        .map(j -> j.getInteger("version")).toList();
    assertThat(versions).containsExactly(1, 1, 2, 3);
  }

  @Test
  void rate_isKept() {
    site.endpoint("/throttled", s -> with(s, List.of("*"), false, 10));
    for (int i = 0; i < 12; i++) site.event(EventType.INITIATED);
    site.awaitCount("pending", 11);
    assertThat(receiver.got("/throttled")).hasSize(1);
    site.pass(Duration.ofMillis(100));
    site.awaitGot("/throttled", 2);
    site.pass(Duration.ofSeconds(30));
    site.awaitGot("/throttled", 4);
    assertThat(receiver.got("/throttled")).hasSizeLessThanOrEqualTo(4);
  }

  @Test
  void rotation_bothSign_untilTheGraceIsOver() throws Exception {
    // The grace is counted by the database's clock.
    site.pass(Duration.between(site.now(), Instant.now()));
    Endpoint e = site.endpoint("/hook");
    String old = e.secrets().current();
    Endpoint rotated = site.loop.result(() -> site.store().rotate(e, 600));
    String current = rotated.secrets().current();
    assertThat(current).isNotEqualTo(old);
    site.event(EventType.INITIATED);
    site.awaitGot("/hook", 1);
    verify(receiver.got("/hook").getFirst(), old);
    verify(receiver.got("/hook").getFirst(), current);
    site.pass(Duration.ofSeconds(700));
    site.event(EventType.INITIATED);
    site.awaitGot("/hook", 2);
    verify(receiver.got("/hook").getLast(), current);
    assertThatThrownBy(() -> verify(receiver.got("/hook").getLast(), old))
        .isInstanceOf(WebhookVerificationException.class);
  }

  /** A backlog of 100 000 for one that never answers, five more that fail, and one that is well. */
  @Test
  void backlogOfADeadEndpoint_delaysNobodyElse() {
    receiver.silent("/silent");
    for (int i = 0; i < 5; i++) receiver.status("/fail" + i, 500);
    Endpoint silent = site.endpoint("/silent");
    var failing = new ArrayList<Endpoint>();
    for (int i = 0; i < 5; i++) failing.add(site.endpoint("/fail" + i));
    site.event(EventType.INITIATED);
    site.awaitGot("/silent", 1);
    for (Endpoint e : List.of(silent, failing.getFirst())) {
      site.sql(
          "INSERT INTO webhook_delivery (id, endpoint, xid, position, api_version, subject, type, traceparent,"
              + " ordered, status, next_at, created) SELECT gen_random_uuid(), '" + e.id()
              + "', m.xid, m.position + 10000 + g,"
              + " m.api_version, gen_random_uuid(), 'payment.initiated', '', false, 'pending', '" + site.now()
              + "', '"
              + site.now()
              + "' FROM webhook_message m, generate_series(1, 100000) g WHERE m.position < 10000");
      site.sql("INSERT INTO webhook_message SELECT m.xid, m.position + 10000 + g, m.api_version, m.body"
          + " FROM webhook_message m, generate_series(1, 100000) g WHERE m.position < 10000 ON CONFLICT DO NOTHING");
    }
    site.sql("UPDATE webhook_endpoint SET changed = clock_timestamp()");
    site.endpoint("/well");
    for (int i = 0; i < 20; i++) {
      long began = System.nanoTime();
      site.event(EventType.INITIATED);
      site.awaitGot("/well", i + 1);
      Duration took = Duration.ofNanos(receiver.got("/well").get(i).atNanos() - began);
      assertThat(took).as("delivery " + i).isLessThan(Duration.ofSeconds(1));
      site.pass(Duration.ofMillis(300));
    }
    assertThat(site.count("pending")).isGreaterThan(199_000);
  }

  @Test
  void notifier_startedAgain_losesNothing() {
    receiver.status("/hook", 500);
    Endpoint e = site.endpoint("/hook");
    for (int i = 0; i < 3; i++) site.event(EventType.INITIATED);
    site.await("tried", () -> site.database.number("SELECT count(*) FROM webhook_attempt") == 3);
    site.stop();
    for (int i = 0; i < 3; i++) site.event(EventType.INITIATED);
    receiver.status("/hook", 200);
    site.pass(Duration.ofSeconds(3));
    site.start(NotifierFixture.POLICY);
    site.awaitCount("delivered", 6);
    assertThat(receiver.got("/hook").stream().map(Got::id).distinct()).hasSize(6);
    // A statement of its own, after that of the deliveries.
    site.await("it is well again", () -> site.reload(e).failingSince() == null);
  }
}
