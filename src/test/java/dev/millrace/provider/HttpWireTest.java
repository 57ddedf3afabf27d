package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.ConfigException;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HttpWireTest {
  private static final Function<HttpWire.Answer, Outcome> PENDING = answer -> new Outcome.Pending(
      answer.status() + " " + answer.body());

  private final Loop loop = new Loop();
  private final ScriptedServer server = new ScriptedServer(loop.vertx());

  private HttpWire wire(String url, int connections, long timeoutMs) {
    return loop.on(
        () -> new HttpWire(loop.vertx(), url, Map.of("X-Key", "k"), connections, timeoutMs,
            InstantSource.fixed(Instant.parse("2026-11-21T12:00:00Z"))));
  }

  private Outcome post(HttpWire wire) {
    return loop.result(() -> wire.post("/a?b=c", Map.of("X-More", "m"), Buffer.buffer("body"), PENDING));
  }

  @AfterEach
  void close() {
    server.close();
    loop.close();
  }

  @Test
  void post_answered_isWhatTheAnswerMeans() {
    server.answer(201, "{}");
    assertThat(post(wire(server.url() + "/base", 1, 5_000))).isEqualTo(new Outcome.Pending("201 {}"));
    var request = server.request();
    assertThat(request.method() + " " + request.uri()).isEqualTo("POST /base/a?b=c");
    assertThat(request.headers()).containsEntry("x-key", "k").containsEntry("x-more", "m");
    assertThat(request.body()).isEqualTo("body");
  }

  @Test
  void url_endingWithASlash_isTheSame() {
    server.answer(200, "{}");
    post(wire(server.url() + "/base//", 1, 5_000));
    assertThat(server.request().uri()).isEqualTo("/base/a?b=c");
    server.answer(200, "{}");
    post(wire(server.url() + "/", 1, 5_000));
    assertThat(server.request().uri()).isEqualTo("/a?b=c");
  }

  /** A slip of the pen must not send the key to whatever listens on this machine. */
  @ParameterizedTest
  @ValueSource(strings = {"", "api.stripe.com", "//api.stripe.com", "https:api.stripe.com",
      "ftp://api.stripe.com",
      "https://", "https://api.stripe.com?v=1", "https://api.stripe.com#v1", "https://api stripe com",
      "stripe"})
  void url_thatIsNone_isRefused(String url) {
    assertThatThrownBy(() -> wire(url, 1, 5_000)).isInstanceOf(ConfigException.class)
        .hasMessage(
            "a provider's `url` must be `simulator` or one like https://api.stripe.com, not `" + url + "`");
  }

  @Test
  void get_sendsNoBody() {
    server.answer(200, "{}");
    HttpWire wire = wire(server.url(), 1, 5_000);
    assertThat(got(wire)).isEqualTo(new Outcome.Pending("200 {}"));
    assertThat(server.request().method()).isEqualTo("GET");
    assertThat(server.request().body()).isEmpty();
  }

  private Outcome got(HttpWire wire) { return loop.result(() -> wire.get("/a", PENDING)); }

  /** Whoever says so, and in whatever words: it was turned away, an inquiry too. */
  @ParameterizedTest
  @CsvSource({"'',0", "1,1000", "30,30000", "'Wed, 21 Oct 2015 07:28:00 GMT',0", "-1,0", "1.5,0",
      "9999999,2678400000", "soon,0", "'Sat, 21 Nov 2026 12:00:30 GMT',30000",
      "'Saturday, 21-Nov-26 12:00:30 GMT',30000", "'Sat Nov 21 12:00:30 2026',30000"})
  void answered429_isNotExecuted(String retryAfter, long retryAfterMs) {
    String head = "HTTP/1.1 429 X\r\nContent-Length: 6\r\n"
        + (retryAfter.isEmpty() ? "" : "Retry-After: " + retryAfter + "\r\n");
    server.raw(head + "\r\n<html>").raw(head + "\r\n{\"a\":1").answer(200, "{}");
    HttpWire wire = wire(server.url(), 1, 5_000);
    var turnedAway = new Outcome.NotExecuted("status 429", retryAfterMs);
    assertThat(post(wire)).isEqualTo(turnedAway);
    assertThat(got(wire)).isEqualTo(turnedAway);
    assertThat(post(wire)).isEqualTo(new Outcome.Pending("200 {}"));
  }

  /** It may be carried out at this very moment. */
  @Test
  void post_neverAnswered_isUnknownInTime() {
    server.hang();
    long begun = System.nanoTime();
    assertThat(post(wire(server.url(), 1, 300))).isEqualTo(new Outcome.Unknown("timeout"));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isBetween(Duration.ofMillis(290),
        Duration.ofSeconds(3));
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void post_answerThatNeverEnds_isUnknownInTime() {
    server.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{");
    assertThat(post(wire(server.url(), 1, 300))).isEqualTo(new Outcome.Unknown("timeout"));
  }

  @Test
  void post_connectionClosed_isUnknown_andSentOnce() {
    server.reset();
    assertThat(post(wire(server.url(), 1, 5_000))).isInstanceOf(Outcome.Unknown.class);
    assertThat(server.requests()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/9.9 hello\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"})
  void post_malformedAnswer_isUnknown(String answer) {
    server.rawAndClose(answer);
    assertThat(post(wire(server.url(), 1, 2_000))).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void post_oversizedBody_isUnknown() {
    server.answer(200, "x".repeat(256 * 1024 + 1));
    assertThat(post(wire(server.url(), 1, 5_000)))
        .isEqualTo(new Outcome.Unknown("connection: the answer has more than 262144 bytes"));
    server.answer(200, "x".repeat(256 * 1024));
    assertThat(post(wire(server.url(), 1, 5_000))).isInstanceOf(Outcome.Pending.class);
  }

  @Test
  void post_oversizedHeaders_isUnknown() {
    server
        .rawAndClose("HTTP/1.1 200 OK\r\nX-Long: " + "x".repeat(20_000) + "\r\nContent-Length: 2\r\n\r\n{}");
    assertThat(post(wire(server.url(), 1, 5_000))).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void post_redirect_isNotFollowed() {
    server.raw("HTTP/1.1 302 Found\r\nLocation: " + server.url() + "/there\r\nContent-Length: 0\r\n\r\n");
    assertThat(post(wire(server.url(), 1, 5_000))).isEqualTo(new Outcome.Pending("302 "));
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void post_refusedConnection_isNotExecuted() throws IOException {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    assertThat(post(wire("http://127.0.0.1:" + port, 1, 5_000)))
        .isInstanceOfSatisfying(Outcome.NotExecuted.class,
            n -> assertThat(n.reason()).startsWith("no connection: "));
  }

  @Test
  void post_unknownHost_isNotExecuted() {
    assertThat(post(wire("http://no-such-host.invalid", 1, 5_000))).isInstanceOf(Outcome.NotExecuted.class);
  }

  /** A TLS handshake that fails: not one byte of the call was sent. */
  @Test
  void post_noTls_isNotExecuted() {
    server.rawAndClose("no TLS\r\n\r\n");
    assertThat(post(wire(server.url().replace("http", "https"), 1, 1_000)))
        .isInstanceOf(Outcome.NotExecuted.class);
  }

  /** A handshake that never ends holds up a call no longer than anything else. */
  @Test
  void post_noConnectionInTime_isNotExecuted() {
    long begun = System.nanoTime();
    assertThat(post(wire(server.url().replace("http", "https"), 1, 300)))
        .isEqualTo(new Outcome.NotExecuted("no connection: none came free in time"));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
  }

  /** One connection, which hangs, and one place to wait for it. */
  @Test
  void post_noPlaceToWait_isNotExecuted() {
    server.hang();
    HttpWire wire = wire(server.url(), 1, 1_000);
    var first = loop.on(() -> call(wire, "/0"));
    Await.until(Duration.ofSeconds(5), "the first call came", () -> server.requests().size() == 1);
    loop.on(() -> call(wire, "/1"));
    assertThat(Loop.<Outcome>result(loop.on(() -> call(wire, "/2"))))
        .isInstanceOfSatisfying(Outcome.NotExecuted.class,
            n -> assertThat(n.reason()).contains("max wait queue size of 1"));
    assertThat(Loop.<Outcome>result(first)).isEqualTo(new Outcome.Unknown("timeout"));
  }

  /** What timed out or broke leaves its connection to nobody. */
  @Test
  void post_afterOneThatBroke_goesOutAfresh() {
    server.hang().reset().answer(200, "x".repeat(300_000)).answer(200, "{}").answer(200, "{}");
    HttpWire wire = wire(server.url(), 1, 300);
    for (int i = 0; i < 3; i++) assertThat(post(wire)).isInstanceOf(Outcome.Unknown.class);
    for (int i = 0; i < 2; i++) assertThat(post(wire)).isEqualTo(new Outcome.Pending("200 {}"));
  }

  /** A key that is no header leaves no connection behind, however often it is tried. */
  @Test
  void post_headerThatIsNone_isNotExecuted() {
    HttpWire wire = wire(server.url(), 1, 1_000);
    for (int i = 0; i < 3; i++) {
      var outcome = loop.result(
          () -> wire.post("/a", Map.of("X-More", "line\nbreak"), Buffer.buffer(), PENDING));
      assertThat(outcome).isInstanceOfSatisfying(Outcome.NotExecuted.class,
          n -> assertThat(n.reason()).startsWith("not sent: "));
    }
    server.answer(200, "{}");
    assertThat(post(wire)).isEqualTo(new Outcome.Pending("200 {}"));
    assertThat(server.requests()).hasSize(1);
  }

  private static Future<Outcome> call(HttpWire wire, String path) {
    return wire.post(path, Map.of(), Buffer.buffer(), PENDING);
  }

  /** A defect of the reading is no outcome: it is told to the guards, which say so aloud. */
  @Test
  void post_meaningThatFails_failsTheFuture() {
    server.answer(200, "{}");
    HttpWire wire = wire(server.url(), 1, 5_000);
    var failed = loop.on(() -> wire.post("/", Map.of(), Buffer.buffer(), answer -> {
      throw new IllegalStateException("defect");
    }));
    assertThat(Loop.failure(failed)).hasMessage("defect");
  }
}
