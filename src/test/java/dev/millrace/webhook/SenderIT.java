package dev.millrace.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.ScriptedServer;
import dev.millrace.testing.ErrorLog;
import dev.millrace.testing.Loop;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One call against servers that behave well and badly. */
final class SenderIT {
  private static final long TIMEOUT_MS = 700;
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  private final Loop loop = new Loop();
  private final MerchantServer receiver = new MerchantServer(loop.vertx());
  private final Map<String, Queue<String>> names = new HashMap<>();

  @AfterEach
  void close() {
    receiver.close();
    loop.close();
  }

  /** A name resolves to each of its addresses in turn, to the last one for good. */
  private Future<InetAddress> resolve(String host) {
    var addresses = names.get(host);
    try {
      if (addresses == null) return Future.succeededFuture(InetAddress.getByName(host));
      return Future
          .succeededFuture(InetAddress.getByName(addresses.size() > 1 ? addresses.poll() : addresses.peek()));
    } catch (UnknownHostException e) {
      return Future.failedFuture(e);
    }
  }

  private Sender sender(boolean privateAllowed) {
    return loop.on(() -> new Sender(loop.vertx(), this::resolve, new AddressPolicy(privateAllowed),
        InstantSource.fixed(NOW), 16, TIMEOUT_MS));
  }

  private Sender.Reply post(Sender sender, String url) {
    return loop.result(
        () -> sender.post(URI.create(url), Map.of("webhook-id", "evt_1"), Buffer.buffer("{\"a\":1}")));
  }

  @Test
  void post_answered_hasStatusAndBody() {
    var reply = post(sender(true), receiver.url("/hook?a=1"));
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.succeeded()).isTrue();
    assertThat(reply.response()).hasToString("ok");
    var got = receiver.got().getFirst();
    assertThat(got.body()).isEqualTo("{\"a\":1}");
    assertThat(got.id()).isEqualTo("evt_1");
  }

  /**
   * The name resolves to our receiver by the sender's own resolver alone: what was judged is what is
   * connected to.
   */
  @Test
  void post_toAName_connectsToTheAddressThatWasJudged() {
    names.put("merchant.example", new ArrayDeque<>(List.of("127.0.0.1")));
    var reply = post(sender(true), "http://merchant.example:" + receiver.port() + "/");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(receiver.got().getFirst().headers().get("host"))
        .isEqualTo("merchant.example:" + receiver.port());
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:%d/", "http://[::1]:%d/", "http://[::ffff:127.0.0.1]:%d/",
      "http://0.0.0.0:%d/", "http://2130706433:%d/", "http://0x7f000001:%d/", "http://localhost:%d/",
      "http://[::ffff:7f00:1]:%d/"})
  void post_toLoopback_refused(String url) {
    var reply = post(sender(false), url.formatted(receiver.port()));
    assertThat(reply.status()).isNull();
    assertThat(reply.error())
        .startsWithIgnoringCase(reply.error().startsWith("dns") ? "dns" : "address_refused");
    assertThat(receiver.got()).isEmpty();
  }

  @Test
  void post_rebound_isJudgedAgainEachTime() {
    // The first answer is public (and unreachable here), the second is ours: a check made once would let it
    // through.
    names.put("rebind.example", new ArrayDeque<>(List.of("203.0.113.9", "127.0.0.1")));
    Sender sender = sender(false);
    assertThat(post(sender, "http://rebind.example:" + receiver.port() + "/").error())
        .startsWith("address_refused");
    assertThat(post(sender, "http://rebind.example:" + receiver.port() + "/").error())
        .startsWith("address_refused")
        .as("what the name means in here").doesNotContain("127.0.0.1");
    assertThat(receiver.got()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void post_redirected_isNotFollowed(int status) {
    receiver.at("/moved", (r, g) -> r.response().setStatusCode(status)
        .putHeader("Location", receiver.url("/internal")).end());
    var reply = post(sender(true), receiver.url("/moved"));
    assertThat(reply.status()).isEqualTo(status);
    assertThat(reply.succeeded()).isFalse();
    assertThat(receiver.got("/internal")).isEmpty();
  }

  @Test
  void post_endlessBody_isCutAtFourKibibytes() {
    receiver.at("/endless", (r, g) -> MerchantServer.endless(r, 200)).at("/endless-error",
        (r, g) -> MerchantServer.endless(r, 500));
    var good = post(sender(true), receiver.url("/endless"));
    assertThat(good.succeeded()).isTrue();
    assertThat(good.response().length()).isEqualTo(4096);
    assertThat(good.latencyMs()).isLessThan((int) TIMEOUT_MS);
    var bad = post(sender(true), receiver.url("/endless-error"));
    assertThat(bad.status()).isEqualTo(500);
    assertThat(bad.response().length()).isEqualTo(4096);
  }

  @Test
  void post_bodyThatTrickles_isCut_andTheStatusCounts() {
    receiver.at("/trickle", (r, g) -> {
      r.response().setChunked(true).write("begun").onFailure(e -> {
        throw new AssertionError(e);
      });
    });
    var reply = post(sender(true), receiver.url("/trickle"));
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.response()).hasToString("begun");
  }

  @Test
  void post_neverAnswered_timesOut() {
    receiver.silent("/silent");
    var reply = post(sender(true), receiver.url("/silent"));
    assertThat(reply.status()).isNull();
    assertThat(reply.error()).isEqualTo("timeout: no answer within 700 ms");
  }

  @Test
  void post_nobodyThere_isRefused() throws Exception {
    int port;
    try (var socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    names.put("inside.example", new ArrayDeque<>(List.of("127.0.0.1", "::1")));
    for (int i = 0; i < 2; i++) {
      var reply = post(sender(true), "http://inside.example:" + port + "/");
      assertThat(reply.status()).isNull();
      assertThat(reply.error()).startsWith("connection: ").doesNotContain("127.0.0.1", "0:0:0", "::1",
          Integer.toString(port));
    }
  }

  @Test
  void post_nameWithoutAddress_says() {
    names.put("nowhere.example", new ArrayDeque<>(List.of("no such host.invalid")));
    assertThat(post(sender(true), "http://nowhere.example/").error()).startsWith("dns: ");
  }

  @Test
  void post_cutConnection_isAnError() {
    receiver.at("/cut", (r, g) -> r.connection().close());
    var reply = post(sender(true), receiver.url("/cut"));
    assertThat(reply.status()).isNull();
    assertThat(reply.error()).startsWith("connection: ");
  }

  @Test
  void post_tlsTowardsPlain_isAnError() {
    assertThat(post(sender(true), "https://127.0.0.1:" + receiver.port() + "/").status()).isNull();
  }

  /** Each of these asks for half a minute, a day at most, or cannot be read. */
  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {"30, 30", "999999999, 86400", "-, -", "soon, -",
      "'Sat, 21 Nov 2026 12:00:30 GMT', 30", "'Saturday, 21-Nov-26 12:00:30 GMT', 30",
      "'Sat Nov 21 12:00:30 2026', 30", "'Sun, 21 Nov 2027 12:00:00 GMT', 86400"})
  void retryAfter_inEachForm_isRead(String header, Long seconds) {
    receiver.at("/later", (r, g) -> {
      if (header != null) r.response().putHeader("Retry-After", header);
      r.response().setStatusCode(503).end();
    });
    assertThat(post(sender(true), receiver.url("/later")).retryAfter())
        .isEqualTo(seconds == null ? null : Duration.ofSeconds(seconds));
  }

  /** It has no address but the one that the sender's resolver knows. */
  @ParameterizedTest
  @ValueSource(strings = {"http://my_shop.example.com:%d/h", "HTTP://My_Shop.Example.com:%d/h"})
  void post_toANameWithUnderscore_isDelivered(String url) {
    names.put("my_shop.example.com", new ArrayDeque<>(List.of("127.0.0.1")));
    var reply = post(sender(true), url.formatted(receiver.port()));
    assertThat(reply.status()).as(reply.error()).isEqualTo(200);
    assertThat(receiver.got("/h").getFirst().headers().get("host"))
        .isEqualTo("my_shop.example.com:" + receiver.port());
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "nonsense\r\n\r\n",
      "SSH-2.0-OpenSSH_9.9\r\n", "HTTP/3.7 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\na\0b: c\r\n\r\n"})
  void post_answeredByNoHttp_failsForThatReason_andNoLibraryComplains(String answer) {
    try (var server = new ScriptedServer(loop.vertx()); var log = new ErrorLog()) {
      server.raw(answer);
      var reply = post(sender(true), server.url() + "/");
      assertThat(reply.status()).isNull();
      assertThat(reply.error()).startsWith("answer: not valid HTTP: ").doesNotContain("null");
      assertThat(log.lines()).isEmpty();
    }
  }

  /** The status has come, and counts. */
  @Test
  void post_answeredByABrokenBody_hasItsStatus_andNoLibraryComplains() {
    try (var server = new ScriptedServer(loop.vertx()); var log = new ErrorLog()) {
      server.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n");
      assertThat(post(sender(true), server.url() + "/").status()).isEqualTo(200);
      server.raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore than was asked for");
      assertThat(post(sender(true), server.url() + "/").status()).isEqualTo(200);
      assertThat(log.lines()).isEmpty();
    }
  }
}
