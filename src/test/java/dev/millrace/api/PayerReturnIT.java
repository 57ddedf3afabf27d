package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.testing.Http;
import dev.millrace.testing.ReturnLink;
import dev.millrace.testing.QueueGauge;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The payer's way back from the provider's page. */
class PayerReturnIT {
  private static final TestMerchant MERCHANT = TestMerchant.at(QuietSite.GATEWAY);

  private static String url(String payment, String query) {
    return QuietSite.GATEWAY.apiUrl() + path(payment) + query;
  }

  private static String path(String payment) {
    return ReturnLink.path(QuietSite.SITE, payment);
  }

  private static String waiting(String returnUrl) {
    return QuietSite.requiresAction(MERCHANT,
        returnUrl == null ? "" : ",\"return_url\":\"" + returnUrl + "\"");
  }

  /** What is kept for the provider; null when there is nothing. */
  private static String brought(String payment) {
    try (var connection = QuietSite.SITE.database();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(
            "SELECT result FROM payer_return WHERE payment_id = '" + QuietSite.uuid(payment) + "'")) {
      return rows.next() ? rows.getString(1) : null;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<PaymentEvent> returns(String payment) {
    return QuietSite.events(payment).stream().filter(e -> e instanceof PaymentEvent.ActionReturned).toList();
  }

  private static void assertSafe(Http.Answer answer) {
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
    assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(answer.header("Content-Security-Policy")).startsWith("default-src 'none';");
  }

  @Test
  void return_thatIsWaitedFor_isKeptAndRecordedAndGoesToTheShop() {
    String id = waiting("https://shop.example/thanks?order=7");
    var answer = Http.get(url(id, "?redirectResult=X6XtfGC3%21Y%2B%2F&utm=1"));
    assertThat(answer.status()).isEqualTo(303);
    assertThat(answer.header("Location")).isEqualTo("https://shop.example/thanks?order=7&payment=" + id);
    assertSafe(answer);
    assertThat(brought(id)).isEqualTo("X6XtfGC3!Y+/");
    assertThat(returns(id)).hasSize(1);
    assertThat(QuietSite.payment(id).status()).isEqualTo(Status.REQUIRES_ACTION);
    assertThat(QuietSite.SITE.number("SELECT count(*) FROM journal WHERE actor = 'payer' AND subject = '"
        + QuietSite.uuid(id) + "' AND version = 5")).isEqualTo(1);
  }

  @Test
  void returns_tooManyAtOnce_are503_andGoOn() {
    var node = QuietSite.SITE.start("api,ops",
        Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe", "MILLRACE_API_IDLE_RETURNS_PER_MINUTE", "10000"));
    String id = waiting("https://shop.example/");
    String url = node.apiUrl() + path(id);
    var queue = QueueGauge.of(node, "payer-returns");
    var answers = new ArrayList<CompletableFuture<Http.Answer>>();
    try (var _ = QuietSite.SITE.lockTable("payment")) {
      for (int i = 0; i < 256; i++) answers.add(Http.sendAsync("GET", url, Map.of(), null));
      queue.awaitFull();
      var refused = Http.get(url);
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      assertThat(queue.rejected()).isEqualTo(1);
    }
    assertThat(answers).extracting(a -> a.join().status()).containsOnly(303);
    assertThat(returns(id)).hasSize(1);
    queue.awaitEmpty();
    assertThat(Http.get(url).status()).isEqualTo(303);
    node.kill();
  }

  @Test
  void return_withStripesParameters_keepsNoneOfThem() {
    String id = waiting("https://shop.example/");
    assertThat(Http.get(url(id, "?payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2"
        + "&redirect_status=succeeded")).status()).isEqualTo(303);
    assertThat(brought(id)).isEmpty();
    assertThat(returns(id)).hasSize(1);
  }

  /** What looks at a link before a person opens it must not count as that person. */
  @Test
  void return_lookedAtByHead_isAnsweredAndIsNone() {
    String id = waiting("https://shop.example/");
    var head = Http.send("HEAD", url(id, "?redirectResult=X"), Map.of(), null);
    assertThat(head.status()).isEqualTo(303);
    assertThat(head.header("Location")).isEqualTo("https://shop.example/?payment=" + id);
    assertThat(brought(id)).isNull();
    assertThat(returns(id)).isEmpty();
  }

  @Test
  void return_withoutAShopToGoTo_isThanked() {
    var answer = Http.get(url(waiting(null), ""));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertThat(answer.body()).contains("<title>Thank you</title>");
    assertSafe(answer);
  }

  @ParameterizedTest
  @CsvSource({"https://shop.example,https://shop.example?payment=",
      "https://shop.example/a#top,https://shop.example/a?payment=#top",
      "https://shop.example/a?b=c&d#top?x,https://shop.example/a?b=c&d&payment=#top?x",
      "https://shop.example/?,https://shop.example/?payment=",
      "https://my_shop.example.com/h?a,https://my_shop.example.com/h?a&payment=",
      "HTTPS://Shop.Example/h,HTTPS://Shop.Example/h?payment=",
      "http://127.0.0.1:3000/ü?ä=%20,http://127.0.0.1:3000/%C3%BC?%C3%A4=%20&payment="})
  void return_goesToTheMerchantsAddress_withThePayment(String returnUrl, String location) {
    String id = waiting(returnUrl);
    assertThat(Http.get(url(id, "")).header("Location"))
        .isEqualTo(location.replace("payment=", "payment=" + id));
  }

  @ParameterizedTest
  @ValueSource(strings = {"?return_url=https://evil.example/", "?redirect=https://evil.example/",
      "?payment=pay_01jd3w5ynkfxmrx1v0a9s2e4zg&next=//evil.example", "?redirectResult=https://evil.example/"})
  void return_neverGoesWhereItsParametersSay(String query) {
    String id = waiting("https://shop.example/");
    assertThat(Http.get(url(id, query)).header("Location")).isEqualTo("https://shop.example/?payment=" + id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pay_01jd3w5ynkfxmrx1v0a9s2e4zg", "pay_1", "x", "%00",
      "mer_01jd3w5ynkfxmrx1v0a9s2e4zg"})
  void return_ofNoPayment_isNotFound(String id) {
    var answer = Http.get(url(id, "?redirectResult=x"));
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.header("Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertSafe(answer);
  }

  @ParameterizedTest
  @ValueSource(strings = {"?redirectResult=%00", "?redirectResult", "?redirectResult=&a=1"})
  void return_withNothingToKeep_countsAllTheSame(String query) {
    String id = waiting("https://shop.example/");
    assertThat(Http.get(url(id, query)).status()).isEqualTo(303);
    assertThat(brought(id)).isEmpty();
    assertThat(returns(id)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"?redirectResult=%", "?%zz"})
  void return_withAQueryThatIsNone_isRefused(String query) {
    String id = waiting("https://shop.example/");
    // Java's client would not send it.
    try (var http = new RawHttp(QuietSite.GATEWAY.apiUrl(), 0)) {
      var answer = http.send("GET " + path(id) + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n").answer();
      assertThat(answer.status()).isEqualTo(400);
    }
    assertThat(returns(id)).isEmpty();
  }

  @Test
  void return_repeated_isOneEvent_andKeepsTheLastThatSaysSomething() {
    String id = waiting("https://shop.example/");
    for (String query : List.of("", "?redirectResult=a", "?redirectResult=b", ""))
      assertThat(Http.get(url(id, query)).status()).isEqualTo(303);
    assertThat(brought(id)).isEqualTo("b");
    assertThat(returns(id)).hasSize(1);
  }

  @Test
  void returns_atOnce_areOneEvent() {
    String id = waiting("https://shop.example/");
    var sent = new ArrayList<CompletableFuture<Http.Answer>>();
    for (int i = 0; i < 20; i++)
      sent.add(Http.sendAsync("GET", url(id, "?redirectResult=r"), Map.of(), null));
    assertThat(sent).allMatch(a -> a.join().status() == 303);
    assertThat(returns(id)).hasSize(1);
    assertThat(brought(id)).isEqualTo("r");
  }

  @Test
  void return_ofAPaymentThatWaitsForNobody_changesNothing() {
    String id = waiting("https://shop.example/");
    QuietSite.append(id, new PaymentEvent.Confirmed("stripe", QuietSite.attempt(), "pi_back_" + id, 1999,
        1999, "usd"));
    var answer = Http.get(url(id, "?redirectResult=late"));
    assertThat(answer.status()).isEqualTo(303);
    assertThat(answer.header("Location")).isEqualTo("https://shop.example/?payment=" + id);
    assertThat(brought(id)).isNull();
    assertThat(returns(id)).isEmpty();
  }

  @Test
  void returns_thatChangeNothing_areLimited_thoseWaitedForAreNot() {
    var strict = QuietSite.SITE.start("api,ops",
        Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe", "MILLRACE_API_IDLE_RETURNS_PER_MINUTE", "3"));
    String unknown = strict.apiUrl() + ReturnLink.ofNobody(QuietSite.SITE);
    for (int i = 0; i < 3; i++) assertThat(Http.get(unknown).status()).isEqualTo(404);
    var limited = Http.get(unknown);
    assertThat(limited.status()).isEqualTo(429);
    assertThat(limited.header("Retry-After")).isEqualTo("60");
    String id = waiting("https://shop.example/");
    assertThat(Http.get(strict.apiUrl() + path(id)).status()).isEqualTo(303);
    assertThat(returns(id)).hasSize(1);
    assertThat(Http.get(strict.apiUrl() + path(id)).status()).isEqualTo(429);
    strict.terminate();
  }

  @Test
  void return_tooLong_isRefused() {
    assertThat(Http.get(url(waiting(null), "?redirectResult=" + "x".repeat(9_000))).status()).isEqualTo(414);
  }

  /** A stranger who knows the payment's id uses up no return, and puts nothing in the payer's place. */
  @Test
  void return_withoutItsToken_isNone() {
    String id = waiting("https://shop.example/");
    String other = path(waiting("https://shop.example/"));
    String token = path(id).substring(path(id).lastIndexOf('/') + 1);
    for (String path : List.of("/return/" + id, "/return/" + id + "/", "/return/" + id + "/x",
        "/return/" + id + other.substring(other.lastIndexOf('/')),
        "/return/" + id + "/" + token.substring(1), "/return/" + id + "/" + token + "x",
        "/return/" + id + "/" + token.toLowerCase(java.util.Locale.ROOT),
        "/return/" + id + "/" + "%00", "/return/" + id + "/" + token + "/x")) {
      var answer = Http.get(QuietSite.GATEWAY.apiUrl() + path + "?redirectResult=forged");
      assertThat(answer.status()).as(path).isIn(404, 429);
      assertThat(answer.header("Location")).isNull();
    }
    assertThat(returns(id)).isEmpty();
    assertThat(brought(id)).isNull();
    assertThat(Http.get(url(id, "?redirectResult=true")).status()).isEqualTo(303);
    assertThat(brought(id)).isEqualTo("true");
  }

  @Test
  void return_ofAPaymentThatSentItsPayerNowhere_isNone() {
    String id = MERCHANT.pay("{\"amount\":1999,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\","
        + "\"return_url\":\"https://shop.example/\"}").json().getString("id");
    var answer = Http.get(url(id, ""));
    assertThat(answer.status()).isIn(404, 429);
    assertThat(answer.header("Location")).isNull();
  }

  @Test
  void location_ofAnId_isAnId() {
    assertThat(PayerReturn.location("https://shop.example/", new UUID(0, 1)))
        .isEqualTo("https://shop.example/?payment=pay_00000000000000000000000001");
  }
}
