package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.api.RawHttp.Reaction;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are too large, too slow, of the wrong kind, at the wrong place or no HTTP at all. */
class MalformedHttpIT {
  private static final int BODY_BYTES_MAX = 65_536;
  private static final int LATE_MS = (int) ApiSite.REQUEST_TIMEOUT_MS + 2_000;
  private static final TestMerchant MERCHANT = TestMerchant.create();
  private static final String JSON = "Content-Type: application/json\r\nIdempotency-Key: k\r\n";

  @AfterAll
  static void nothingRefused_wasStored() {
    assertThat(MERCHANT.stored()).isZero();
  }

  private static void assertProblem(RawHttp.Answer answer, int status, String code, String title) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
    assertProblem(answer.json(), status, code, title);
  }

  private static void assertProblem(Http.Answer answer, int status, String code, String title) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertProblem(answer.json(), status, code, title);
  }

  private static void assertProblem(JsonObject problem, int status, String code, String title) {
    assertThat(problem.getInteger("status")).isEqualTo(status);
    assertThat(problem.getString("title")).isEqualTo(title);
    assertThat(problem.getJsonObject("error").getString("code")).isEqualTo(code);
  }

  @Test
  void body_ofTheLargestSize_isTaken() {
    String body = TestMerchant.VISA + " ".repeat(BODY_BYTES_MAX - TestMerchant.VISA.length());
    assertThat(TestMerchant.create().pay(body).status()).isEqualTo(202);
  }

  @Test
  void body_declaredTooLarge_isRefused() {
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(MERCHANT, JSON + "Content-Length: " + (BODY_BYTES_MAX + 1) + "\r\n"));
      assertProblem(http.answer(), 413, "body_too_large", "Content Too Large");
    }
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(MERCHANT, JSON + "Content-Length: 99999999999\r\n"));
      assertProblem(http.answer(), 413, "body_too_large", "Content Too Large");
    }
  }

  @Test
  void body_chunkedTooLarge_isRefused() {
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(MERCHANT, JSON + "Transfer-Encoding: chunked\r\n"));
      for (int i = 0; i < 5; i++) http.send("4000\r\n" + " ".repeat(0x4000) + "\r\n");
      assertProblem(http.answer(), 413, "body_too_large", "Content Too Large");
    }
  }

  @Test
  void body_chunked_isTaken() {
    var merchant = TestMerchant.create();
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(merchant, JSON + "Transfer-Encoding: chunked\r\n"));
      int half = TestMerchant.VISA.length() / 2;
      for (String part : new String[]{TestMerchant.VISA.substring(0, half),
          TestMerchant.VISA.substring(half)})
        http.send(Integer.toHexString(part.length()) + "\r\n" + part + "\r\n");
      assertThat(http.send("0\r\n\r\n").answer().status()).isEqualTo(202);
    }
  }

  /** RFC 9110, 10.1.1: a server that reads the body must first say 100, or the client waits for it. */
  @Test
  void body_announced_isAskedFor() {
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(TestMerchant.create(),
          JSON + "Expect: 100-continue\r\nContent-Length: " + TestMerchant.VISA.length() + "\r\n"));
      assertThat(http.answer().status()).isEqualTo(100);
      assertThat(http.send(TestMerchant.VISA).answer().status()).isEqualTo(202);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonx",
      "application/xml",
      "application/problem+json"})
  void body_ofAnotherType_isRefused(String type) {
    var answer = MERCHANT.post(Map.of("Idempotency-Key", "k", "Content-Type", type), TestMerchant.VISA);
    assertProblem(answer, 415, "content_type_unsupported", "Unsupported Media Type");
  }

  @Test
  void body_ofNoType_isRefused() {
    assertProblem(MERCHANT.post(Map.of("Idempotency-Key", "k"), TestMerchant.VISA), 415,
        "content_type_unsupported",
        "Unsupported Media Type");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/v1", "/v2/payments", "/v1/payments/a/b", "/v1/refunds", "/metrics",
      "/ops/work"})
  void path_ofNothing_isNotFound(String path) {
    assertProblem(MERCHANT.get(path), 404, "resource_missing", "Not Found");
  }

  @ParameterizedTest
  @CsvSource({"DELETE,/v1/payments", "PUT,/v1/payments/pay_1", "POST,/v1/balances",
      "PATCH,/v1/idempotency_keys/k",
      "POST,/openapi.yaml"})
  void method_notOfThePath_isRefused(String method, String path) {
    assertProblem(Http.send(method, ApiSite.url(path), Map.of(), null), 405, "method_not_allowed",
        "Method Not Allowed");
  }

  /** RFC 9110, 15.5.6: a 405 must say which methods there are. */
  @Test
  void method_notOfThePath_isToldWhichAre() {
    assertThat(Http.send("DELETE", ApiSite.url("/v1/payments"), Map.of(), null).header("Allow"))
        .contains("GET", "POST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense\r\n\r\n", "GET /v1/balances HTTP/1.1\r\nno colon\r\n\r\n",
      "GET /v1/balances HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "GET /v1/balances HTTP/1.1\r\nContent-Length: x\r\n\r\n", "GET  HTTP/1.1\r\n\r\n"})
  void bytes_noHttp_areRefused(String bytes) {
    try (var http = new RawHttp()) {
      assertProblem(http.send(bytes).answer(), 400, "request_malformed", "Bad Request");
      assertThat(http.next(LATE_MS)).isEqualTo(Reaction.CLOSED);
    }
  }

  @Test
  void head_tooLarge_isRefused() {
    try (var http = new RawHttp()) {
      http.send("GET /v1/balances HTTP/1.1\r\nX: " + "x".repeat(17_000) + "\r\n\r\n");
      assertProblem(http.answer(), 431, "request_malformed", "Request Header Fields Too Large");
      assertThat(http.next(LATE_MS)).isEqualTo(Reaction.CLOSED);
    }
  }

  @Test
  void firstLine_tooLong_isRefused() {
    try (var http = new RawHttp()) {
      http.send("GET /" + "x".repeat(9_000) + " HTTP/1.1\r\n\r\n");
      assertProblem(http.answer(), 414, "request_malformed", "URI Too Long");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/payments/%zz", "/v1/idempotency_keys/a%", "/v1/payments?limit=%zz",
      "/v1/payments?%=1"})
  void path_badlyEncoded_isRefused(String path) {
    try (var http = new RawHttp()) {
      http.send(
          "GET " + path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + MERCHANT.key() + "\r\n\r\n");
      assertThat(http.answer().status()).isEqualTo(400);
    }
  }

  @Test
  void body_slow_isRefusedAndTheConnectionClosed() {
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(MERCHANT, JSON + "Content-Length: 100\r\n") + "{\"amount\":");
      var answer = http.answer();
      assertProblem(answer, 408, "request_timeout", "Request Timeout");
      assertThat(answer.headers()).containsEntry("connection", "close");
      assertThat(http.next(LATE_MS)).isEqualTo(Reaction.CLOSED);
    }
  }

  /** Else the rest of what was refused must be read, or a slow sender keeps the connection. */
  @Test
  void body_refusedUnread_closesTheConnection() {
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(MERCHANT, JSON + "Content-Length: " + (BODY_BYTES_MAX + 1) + "\r\n"));
      assertThat(http.answer().headers()).containsEntry("connection", "close");
      assertThat(http.next(LATE_MS)).isEqualTo(Reaction.CLOSED);
    }
  }

  @Test
  void head_slow_closesTheConnection() {
    try (var http = new RawHttp()) {
      http.send("GET /v1/balances HTTP/1.1\r\nHost: ");
      assertThat(http.next(LATE_MS)).isEqualTo(Reaction.CLOSED);
    }
  }

  @Test
  void connection_silent_isClosed() {
    try (var http = new RawHttp()) {
      assertThat(http.next(LATE_MS)).isEqualTo(Reaction.CLOSED);
    }
  }

  /** What is left of a refused request must not be taken for a request of its own. */
  @Test
  void body_ofARefusedRequest_isNotAnotherRequest() {
    String smuggled = "GET /openapi.yaml HTTP/1.1\r\nHost: a\r\n\r\n";
    try (var http = new RawHttp()) {
      http.send("POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: " + smuggled.length() + "\r\n\r\n");
      assertThat(http.answer().status()).isEqualTo(401);
      try {
        http.send(smuggled);
      } catch (UncheckedIOException closedAlready) {
        return;
      }
      assertThat(http.next(500)).isNotEqualTo(Reaction.SENT_MORE);
    }
  }

  @Test
  void connection_afterARefusal_servesTheNextRequest() {
    try (var http = new RawHttp()) {
      http.send(RawHttp.head(MERCHANT, JSON + "Content-Length: 2\r\n") + "{}");
      assertThat(http.answer().status()).isEqualTo(400);
      http.send(
          "GET /v1/balances HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + MERCHANT.key() + "\r\n\r\n");
      assertThat(http.answer().status()).isEqualTo(200);
    }
  }
}
