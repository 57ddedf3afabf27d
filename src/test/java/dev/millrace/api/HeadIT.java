package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Http;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HEAD is GET without its body, on both ports, and what a 405 says of a path's methods is true. */
class HeadIT {
  private static final TestMerchant MERCHANT = TestMerchant.at(QuietSite.GATEWAY);
  private static final String PAID = MERCHANT.pay(TestMerchant.VISA).json().getString("id");
  /** What differs from answer to answer. */
  private static final Set<String> OF_ONE_ANSWER = Set.of("request-id", "date");

  private static Http.Answer send(String method, String url) {
    return Http.send(method, url, Map.of("Authorization", "Bearer " + MERCHANT.key()), null);
  }

  private static Map<String, List<String>> headers(Http.Answer answer) {
    var headers = new TreeMap<String, List<String>>();
    answer.headers().map().forEach((name, values) -> {
      if (!OF_ONE_ANSWER.contains(name)) headers.put(name, values);
    });
    return headers;
  }

  private static void assertSameWithoutBody(String url) {
    var get = send("GET", url);
    var head = send("HEAD", url);
    assertThat(head.status()).as(url).isEqualTo(get.status());
    assertThat(head.bytes()).isEmpty();
    assertThat(headers(head)).as(url).isEqualTo(headers(get));
    assertThat(head.header("content-length")).isEqualTo(Integer.toString(get.bytes().length));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/openapi.yaml", "/v1/payments", "/v1/payments?limit=1", "/v1/payments/:id",
      "/v1/payments/:id/", "/v1/payments/:id/timeline", "/v1/payments/:id/refunds",
      "/v1/payments/:id/operations",
      "/v1/balances", "/v1/events", "/v1/webhook_endpoints", "/v1/webhook_deliveries",
      "/v1/idempotency_keys/x",
      "/v1/payments?limit=x", "/v1/payments/pay_1", "/v1/nothing", "/return/pay_1/x"})
  void head_ofTheApi_isGetWithoutBody(String path) {
    assertSameWithoutBody(QuietSite.GATEWAY.apiUrl() + path.replace(":id", PAID));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/health/live", "/health/ready", "/ops/work", "/ops/reviews", "/ops/dead-letters",
      "/ops/dead-letters/1", "/ops/trial-balance", "/nothing"})
  void head_ofTheOpsPort_isGetWithoutBody(String path) {
    assertSameWithoutBody(QuietSite.GATEWAY.opsUrl() + path);
  }

  /** Its numbers change while one looks. */
  @Test
  void head_ofTheMetrics_hasTheirHead() {
    var head = send("HEAD", QuietSite.GATEWAY.opsUrl() + "/metrics");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("content-type")).startsWith("text/plain; version=0.0.4");
    assertThat(Integer.parseInt(head.header("content-length"))).isGreaterThan(1_000);
    assertThat(head.bytes()).isEmpty();
  }

  @Test
  void head_withoutAKey_isRefusedAsGetIs() {
    String url = QuietSite.GATEWAY.apiUrl() + "/v1/balances";
    var get = Http.send("GET", url, Map.of(), null);
    var head = Http.send("HEAD", url, Map.of(), null);
    assertThat(head.status()).isEqualTo(401);
    assertThat(headers(head)).isEqualTo(headers(get));
    assertThat(head.bytes()).isEmpty();
  }

  /** A body after the head would be taken for the next answer. */
  @ParameterizedTest
  @ValueSource(strings = {"/openapi.yaml", "/v1/balances", "/v1/events/stream", "/v1/nothing"})
  void head_isFollowedByTheNextAnswer(String path) {
    String key = "Host: a\r\nAuthorization: Bearer " + MERCHANT.key() + "\r\n\r\n";
    try (var http = new RawHttp(QuietSite.GATEWAY.apiUrl(), 0)) {
      http.send("HEAD " + path + " HTTP/1.1\r\n" + key);
      String head = http.read(text -> text.endsWith("\r\n\r\n"));
      assertThat(head).startsWith("HTTP/1.1 ").containsOnlyOnce("\r\n\r\n");
      http.send("GET /v1/payments/" + PAID + " HTTP/1.1\r\n" + key);
      assertThat(http.answer().json().getString("id")).isEqualTo(PAID);
    }
  }

  /** It opens no stream. */
  @Test
  void head_ofTheEventStream_ends() {
    var head = send("HEAD", QuietSite.GATEWAY.apiUrl() + "/v1/events/stream");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("content-type")).isEqualTo("text/event-stream");
    assertThat(send("HEAD", QuietSite.GATEWAY.apiUrl() + "/v1/events/stream?after=x").status())
        .isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"DELETE | /v1/payments | GET, HEAD, POST",
      "DELETE | /v1/payments/ | GET, HEAD, POST", "POST | /v1/payments/pay_1 | GET, HEAD",
      "POST | /v1/payments/pay_1/ | GET, HEAD", "HEAD | /v1/payments/pay_1/capture | POST",
      "GET | /v1/payments/pay_1/cancel/ | POST", "PUT | /v1/payments/pay_1/refunds | GET, HEAD, POST",
      "POST | /v1/webhook_endpoints/whe_1 | DELETE, GET, HEAD, PATCH",
      "PUT | /v1/webhook_endpoints/ | GET, HEAD, POST", "OPTIONS | /v1/balances | GET, HEAD",
      "POST | /openapi.yaml | GET, HEAD", "POST | /return/pay_1/x | GET, HEAD",
      "GET | /webhooks/stripe/default | POST", "HEAD | /webhooks/stripe/default | POST"})
  void method_notOfThePath_isToldWhichAre(String method, String path, String allow) {
    assertNotAllowed(ApiSite.url(path), method, allow);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"POST | /health/live | GET, HEAD", "DELETE | /metrics | GET, HEAD",
      "HEAD | /ops/merchants | POST", "GET | /ops/keys/revoke | POST",
      "PUT | /ops/dead-letters/1 | GET, HEAD",
      "GET | /ops/payments/pay_1/release | POST"})
  void method_notOfThePathOfTheOpsPort_isToldWhichAre(String method, String path, String allow) {
    assertNotAllowed(QuietSite.GATEWAY.opsUrl() + path, method, allow);
  }

  private static void assertNotAllowed(String url, String method, String allow) {
    var headers = new HashMap<String, String>();
    var refused = Http.send(method, url, headers, null);
    assertThat(refused.status()).as(url).isEqualTo(405);
    assertThat(refused.header("Allow")).isEqualTo(allow);
    for (String permitted : allow.split(", "))
      assertThat(Http.send(permitted, url, headers, null).status()).as(permitted + " " + url)
          .isNotEqualTo(405);
  }
}
