package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.adyen.AdyenConnector;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Http.Answer;
import dev.millrace.testing.StripeSender;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers' webhooks at the gateway's door: what is let in is durable, what is not leaves a trace. */
class ProviderWebhookIT {
  private static final int FORGED_PER_MINUTE = 20;
  private static final int BODY_BYTES_MAX = 262_144;
  private static final Duration SOON = Duration.ofSeconds(10);

  private final String id = StripeSender.eventId();
  private final String body = "{\"id\":\"" + id + "\",\"type\":\"customer.created\",\"é\":\"ü\"}";
  private StripeSender sender;

  @BeforeEach
  void open() {
    sender = StripeSender.to(ApiSite.gateway());
  }

  @AfterEach
  void close() { sender.close(); }

  private static long rows(String id) {
    return ApiSite.site().number("SELECT count(*) FROM provider_event WHERE event_id = '" + id + "'"
        + " AND provider = 'stripe' AND account = 'default'");
  }

  /** Refusals of this sender that were written down. */
  private long audited() {
    return audited(sender.address());
  }

  private static long audited(String address) {
    return ApiSite.site().number("SELECT count(*) FROM audit WHERE act = 'webhook_refused'"
        + " AND subject = 'stripe/default' AND data->>'source' = '" + address + "'");
  }

  private static double counter(String name) {
    return Http.get(ApiSite.gateway().opsUrl() + "/metrics").body().lines()
        .filter(l -> l.startsWith(name + " ") || l.startsWith(name + "{"))
        .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1))).sum();
  }

  private static void assertProblem(Answer answer, int status, String code) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.code()).isEqualTo(code);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.header("Request-Id")).startsWith("req_");
  }

  private Answer forged() { return sender.send(body, StripeSender.signature("whsec_x", now(), body)); }

  private static long now() { return StripeSender.now(); }

  @Test
  void genuine_is200AndThere() throws SQLException {
    var answer = sender.send(body);
    assertThat(rows(id)).isEqualTo(1);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"received\":true}");
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    try (var connection = ApiSite.site().database();
        var statement = connection
            .prepareStatement("SELECT form, size, body FROM provider_event WHERE event_id = ?")) {
      statement.setString(1, id);
      var row = statement.executeQuery();
      row.next();
      assertThat(row.getInt(2)).isEqualTo(body.getBytes(StandardCharsets.UTF_8).length);
      assertThat(plain(row.getInt(1), row.getBytes(3), row.getInt(2))).as("as it came")
          .isEqualTo(body.getBytes(StandardCharsets.UTF_8));
    }
    assertThat(audited()).isZero();
  }

  /** By the library alone, as somebody would who has the table and the dictionary. */
  private static byte[] plain(int form, byte[] stored, int size) {
    if (form == 0) return stored;
    try (var in = ProviderWebhookIT.class.getResourceAsStream("/zstd/webhook.1.dict");
        var zstd = new com.github.luben.zstd.ZstdDecompressCtx()) {
      zstd.loadDict(in.readAllBytes());
      return zstd.decompress(stored, size);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void genuine_isNotAnsweredBeforeItIsDurable() throws SQLException {
    CompletableFuture<Answer> answer;
    try (var connection = ApiSite.site().database(); var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE provider_event IN ACCESS EXCLUSIVE MODE");
      answer = sender.sendLater(body);
      Await.until(SOON, "the gateway is about to write", () -> ApiSite.site().number(
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
              + " AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO provider_event %'") == 1);
      assertThat(answer).isNotDone();
      connection.rollback();
    }
    assertThat(answer.join().status()).isEqualTo(200);
    assertThat(rows(id)).isEqualTo(1);
  }

  @Test
  void duplicate_is200AndOneRow() {
    for (int i = 0; i < 3; i++) {
      assertThat(sender.send(body, StripeSender.signature(StripeSender.SECRET, now() - i, body)).status())
          .isEqualTo(200);
    }
    assertThat(rows(id)).isEqualTo(1);
  }

  @Test
  void duplicates_fiftyAtOnce_areFiftyTimes200AndOneRow() {
    var answers = Stream.generate(() -> sender.sendLater(body)).limit(50).toList();
    assertThat(answers.stream().map(a -> a.join().status())).hasSize(50).containsOnly(200);
    assertThat(rows(id)).isEqualTo(1);
    assertThat(sender.send(body.replace(id, id + "2")).status()).isEqualTo(200);
    assertThat(rows(id + "2")).isEqualTo(1);
  }

  /** The gateway goes on with what comes after: the table is read in the order of its commits. */
  @Test
  void genuine_isProcessedOnce() {
    sender.send(body);
    sender.send(body);
    String results = "SELECT count(*) FROM provider_event_result r JOIN provider_event USING (xid, position)"
        + " WHERE event_id = '" + id + "' AND outcome = 'ignored' AND type = 'customer.created'";
    Await.until(SOON, "it is processed", () -> ApiSite.site().number(results) == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe/other", "stripe/", "stripe", "", "worldpay/default", "stripe/default/",
      "stripe/default/x", "Stripe/default", "stripe%2Fdefault"})
  void unknownAccount_is404(String account) {
    try (var lost = new StripeSender(ApiSite.url("/webhooks/" + account))) {
      assertProblem(lost.send(body), 404, "resource_missing");
    }
    assertThat(rows(id)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "DELETE", "HEAD", "OPTIONS"})
  void otherMethod_is405(String method) {
    var answer = Http.send(method, ApiSite.url("/webhooks/stripe/default"), Map.of(), null);
    assertThat(answer.header("Allow")).isEqualTo("POST");
    if (!method.equals("HEAD")) assertProblem(answer, 405, "method_not_allowed");
    assertThat(answer.status()).isEqualTo(405);
  }

  @Test
  void forged_is400AuditedAndCounted() {
    double before = counter("millrace_inbox_forged_total");
    var answer = forged();
    assertProblem(answer, 400, "webhook_signature_invalid");
    assertThat(answer.body()).doesNotContain("whsec_");
    Await.until(SOON, "it is audited", () -> audited() == 1);
    assertThat(ApiSite.site().number("SELECT (data->>'bytes')::int FROM audit WHERE data->>'source' = '"
        + sender.address() + "'")).isEqualTo(body.getBytes(StandardCharsets.UTF_8).length);
    assertThat(counter("millrace_inbox_forged_total")).isEqualTo(before + 1);
    assertThat(rows(id)).isZero();
  }

  @Test
  void unsigned_is400() {
    assertProblem(sender.send(body, null), 400, "webhook_signature_invalid");
    assertProblem(sender.send(body, "t=1,v1="), 400, "webhook_signature_invalid");
    assertProblem(sender.send(body, StripeSender.signature(StripeSender.SECRET, now(), body + " ")), 400,
        "webhook_signature_invalid");
    Await.until(SOON, "they are audited", () -> audited() == 3);
    assertThat(rows(id)).isZero();
  }

  @Test
  void stale_is400() {
    for (long off : List.of(-330L, 330L)) {
      var answer = sender.send(body, StripeSender.signature(StripeSender.SECRET, now() + off, body));
      assertProblem(answer, 400, "webhook_signature_invalid");
      assertThat(answer.body()).contains("off by more than 300 s");
    }
    Await.until(SOON, "they are audited", () -> audited() == 2);
    assertThat(rows(id)).isZero();
    assertThat(sender.send(body, StripeSender.signature(StripeSender.SECRET, now() - 270, body)).status())
        .isEqualTo(200);
  }

  @Test
  void flood_isRefusedUnaudited_andTheSignedGetsThrough() {
    double before = counter("millrace_inbox_forged_total");
    for (int i = 0; i < FORGED_PER_MINUTE; i++) assertThat(forged().status()).isEqualTo(400);
    for (int i = 0; i < 30; i++) {
      var answer = forged();
      assertProblem(answer, 429, "rate_limited");
      assertThat(answer.header("Retry-After")).isEqualTo("60");
    }
    assertThat(sender.send(body).status()).as("signed, from the same address").isEqualTo(200);
    assertThat(forged().status()).isEqualTo(429);
    try (var other = StripeSender.to(ApiSite.gateway())) {
      assertThat(other.send(body, "forged").status()).as("from another address").isEqualTo(400);
      Await.until(SOON, "what was written after them", () -> audited(other.address()) == 1);
    }
    Await.until(SOON, "the first are audited", () -> audited() >= FORGED_PER_MINUTE);
    assertThat(audited()).isEqualTo(FORGED_PER_MINUTE);
    assertThat(counter("millrace_inbox_forged_total")).isEqualTo(before + FORGED_PER_MINUTE + 30 + 2);
    assertThat(rows(id)).isEqualTo(1);
  }

  @Test
  void largeBody_upToTheLimitIs200_overItIs413() {
    String large = body.substring(0, body.length() - 1) + ",\"x\":\"";
    int rest = BODY_BYTES_MAX - large.getBytes(StandardCharsets.UTF_8).length - 2;
    assertThat(sender.send(large + "x".repeat(rest) + "\"}").status()).isEqualTo(200);
    assertThat(rows(id)).isEqualTo(1);
    String other = StripeSender.eventId();
    assertProblem(sender.send(large.replace(id, other) + "x".repeat(rest + 1) + "\"}"), 413,
        "body_too_large");
    assertThat(rows(other)).isZero();
  }

  /** Its length is not announced: what comes is counted. */
  @Test
  void largeBody_inChunks_is413() {
    try (var http = new RawHttp()) {
      http.send(
          "POST /webhooks/stripe/default HTTP/1.1\r\nHost: millrace\r\nTransfer-Encoding: chunked\r\n\r\n");
      String chunk = Integer.toHexString(65_536) + "\r\n" + "x".repeat(65_536) + "\r\n";
      for (int i = 0; i < 4; i++) http.send(chunk);
      http.send("1\r\nx\r\n");
      assertThat(http.answer().status()).isEqualTo(413);
    }
  }

  @Test
  void slowBody_is408() {
    try (var http = new RawHttp()) {
      http.send("POST /webhooks/stripe/default HTTP/1.1\r\nHost: millrace\r\nContent-Length: 100\r\n\r\n{");
      assertThat(http.answer().status()).isEqualTo(408);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "[]", "{\"type\":\"ping\"}", "{\"id\":7}"})
  void malformed_is400(String malformed) {
    long before = ApiSite.site().number("SELECT count(*) FROM provider_event");
    assertProblem(sender.send(malformed), 400, "webhook_malformed");
    assertThat(ApiSite.site().number("SELECT count(*) FROM provider_event")).isEqualTo(before);
    assertThat(audited()).as("the provider's own").isZero();
  }

  @Test
  void rotation_bothSecretsAreGood_andBothInOneHeader() {
    for (String secret : List.of(StripeSender.SECRET, ApiSite.NEXT_SECRET)) {
      String one = body.replace(id, id + secret);
      assertThat(sender.send(one, StripeSender.signature(secret, now(), one)).status()).isEqualTo(200);
      assertThat(rows(id + secret)).isEqualTo(1);
    }
    String signatures = StripeSender.signature("whsec_not_yet_ours", now(), body)
        + StripeSender.signature(ApiSite.NEXT_SECRET, now(), body).replaceFirst("t=\\d+", "");
    assertThat(sender.send(body, signatures).status()).isEqualTo(200);
  }

  @Test
  void connection_isKeptAfterRefusals() {
    try (var http = new RawHttp()) {
      for (int i = 0; i < 3; i++) {
        http.send("POST /webhooks/stripe/default HTTP/1.1\r\nHost: millrace\r\nContent-Length: 2\r\n\r\n{}");
        assertThat(http.answer().status()).isIn(400, 429);
      }
    }
  }

  private static String adyenItem(String psp) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(
        new SecretKeySpec(HexFormat.of().parseHex(new AdyenConnector().simulatorSecret()), "HmacSHA256"));
    byte[] signature = mac
        .doFinal((psp + ":::::" + ":REPORT_AVAILABLE:true").getBytes(StandardCharsets.UTF_8));
    return "{\"NotificationRequestItem\":{\"pspReference\":\"" + psp
        + "\",\"eventCode\":\"REPORT_AVAILABLE\","
        + "\"success\":\"true\",\"additionalData\":{\"hmacSignature\":\""
        + Base64.getEncoder().encodeToString(signature) + "\"}}}";
  }

  /** One answer says that all of them are there. */
  @Test
  void severalInOneRequest_areKeptEach() throws GeneralSecurityException {
    String sent = "{\"live\":\"false\",\"notificationItems\":[" + adyenItem(id + "a") + ","
        + adyenItem(id + "b")
        + "]}";
    for (int i = 0; i < 2; i++) {
      var answer = Http.send("POST", ApiSite.url("/webhooks/adyen/default"), Map.of(), sent);
      assertThat(answer.status() + " " + answer.body()).isEqualTo("200 [accepted]");
    }
    String results = "SELECT count(*) FROM provider_event_result r JOIN provider_event USING (xid, position)"
        + " WHERE provider = 'adyen' AND r.outcome = 'ignored' AND (starts_with(event_id, '" + id
        + "a:REPORT_AVAILABLE:true:') OR starts_with(event_id, '" + id + "b:REPORT_AVAILABLE:true:'))";
    Await.until(SOON, "both are worked off", () -> ApiSite.site().number(results) == 2);
  }
}
