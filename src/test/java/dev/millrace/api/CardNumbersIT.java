package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A card number is refused wherever it stands, told to nobody, and neither stored nor logged. */
class CardNumbersIT {
  private static final String VISA = "4242424242424242";
  private static final TestMerchant MERCHANT = TestMerchant.create();

  @AfterAll
  static void cardNumbers_sent_areNowhere() {
    assertThat(MERCHANT.stored()).isZero();
    assertThat(ApiSite.gateway().logText()).doesNotContain(VISA).doesNotContain("4242 4242 4242")
        .doesNotContain("4242-4242-4242").doesNotContain("378282246310005").doesNotContain("3782 822463");
    assertThat(ApiSite.site().number("SELECT count(*) FROM journal WHERE data::text LIKE '%4242%4242%4242%'"))
        .isZero();
    assertThat(
        ApiSite.site().number("SELECT count(*) FROM idempotency_key WHERE key LIKE '%4242424242424242%'"))
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"currency\":\"4242424242424242\"", "\"payment_method\":\"4242424242424242\"",
      "\"payment_method\":\"pm_4242424242424242\"", "\"capture\":\"4242424242424242\"",
      "\"reference\":\"4242424242424242\"", "\"reference\":4242424242424242", "\"amount\":4242424242424242",
      "\"reference\":\"4242 4242 4242 4242\"", "\"reference\":\"4242-4242-4242-4242\"",
      "\"reference\":\"378282246310005\"", "\"reference\":\"3782 822463 10005\"",
      "\"description\":\"Paid with 4242 4242 4242 4242, expires 12/34\"",
      "\"description\":\"card:4242424242424242\"",
      "\"description\":\"2 tickets 4242424242424242\"",
      "\"return_url\":\"https://shop.example/4242424242424242\"",
      "\"return_url\":\"https://shop.example/?c=4242%204242%204242%204242\"",
      "\"return_url\":\"https://shop.example/?c=4242+4242+4242+4242\"",
      "\"reference\":\"4242\u200b4242\u200b4242\u200b4242\"",
      "\"metadata\":{\"card\":\"4242424242424242\"}", "\"metadata\":{\"card\":\"4242-4242-4242-4242\"}",
      "\"metadata\":{\"card\":4242424242424242}", "\"metadata\":{\"4242424242424242\":\"card\"}",
      "\"metadata\":{\"4242 4242 4242 4242\":\"card\"}",
      "\"metadata\":{\"a\":\"4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2\"}",
      "\"description\":\"4242%2D4242%2D4242%2D4242\"", "\"metadata\":{\"a\":\"4242,4242,4242,4242\"}",
      "\"metadata\":{\"cvc\":\"123\"}", "\"metadata\":{\"Security Code\":\"1234\"}",
      "\"description\":\"cvv: 123\"", "\"description\":\"42424242-42424242\"",
      "\"reference\":\"card-4242-4242-4242-4242\"",
      "\"description\":\"\\u0034242424242424242\""})
  void field_withACardNumber_isRefused(String field) {
    String name = field.substring(0, field.indexOf(':') + 1);
    String body = TestMerchant.VISA.contains(name)
        ? TestMerchant.VISA.replaceAll(name + "(\"[^\"]*\"|\\d+)", field)
        : TestMerchant.VISA.replace("}", "," + field + "}");
    var answer = MERCHANT.pay(body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.body()).contains("card_number_refused");
    assertQuiet(answer.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"4242424242424242\":1", "\"card 4242 4242 4242 4242\":1",
      "\"card\":\"4242424242424242\"",
      "\"card\":{\"number\":\"4242424242424242\"}", "\"amount\":1,\"amount\":4242424242424242",
      "\"x\":4242424242424242.5",
      "\"reference\":\"4242424242424242"})
  void body_refusedForMore_doesNotRepeatTheCardNumber(String field) {
    var answer = MERCHANT.pay(TestMerchant.VISA.replace("}", "," + field + "}"));
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertQuiet(answer.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"4242424242424242", "4242%204242%204242%204242", "4242+4242+4242+4242",
      "4242%2d4242%2d4242%2d4242"})
  void endpoint_withACardNumberInItsUrl_isRefused(String number) {
    var answer = MERCHANT.send("POST", "/v1/webhook_endpoints",
        "{\"url\":\"https://shop.example/hook?c=" + number + "\",\"enabled_events\":[\"*\"]}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("card_number_refused");
    assertQuiet(answer.body());
  }

  /** One in ten time stamps passes the Luhn check, and one in ten bank accounts. */
  @ParameterizedTest
  @ValueSource(strings = {"\"reference\":\"ORD-1795996304238\"", "\"reference\":\"1795996304238\"",
      "\"reference\":\"DK50 0040 0440 1162 43\"", "\"reference\":\"DK5000400440116243\"",
      "\"reference\":\"4711 2026 11 30 0819\"",
      "\"description\":\"order 1795996304238 of 2026-11-20 12:30:45\"",
      "\"metadata\":{\"at\":\"1795996304238\"}",
      "\"metadata\":{\"1795996304238\":\"at\"}", "\"return_url\":\"https://shop.example/1795996304238\""})
  void field_withATimeStampOrAnIban_isTaken(String field) {
    var answer = TestMerchant.create().pay(TestMerchant.VISA.replace("}", "," + field + "}"));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
  }

  private static void assertQuiet(String body) {
    assertThat(body).doesNotContain(VISA).doesNotContain("4242 4242").doesNotContain("4242-4242")
        .doesNotContain("378282246310005");
  }

  @ParameterizedTest
  @ValueSource(strings = {"4242424242424242", "\"4242424242424242\"", "order-4242424242424242",
      "4242 4242 4242 4242"})
  void idempotencyKey_withACardNumber_isRefused(String key) {
    var answer = MERCHANT.pay(key, TestMerchant.VISA);
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("card_number_refused");
    assertThat(answer.json().getJsonObject("error").getString("param")).isEqualTo("Idempotency-Key");
    assertQuiet(answer.body());
  }

  /** Its groups of digits together are 13 that pass the Luhn check, as those of one UUID in some hundred. */
  @Test
  void idempotencyKey_uuidWithDigitsLikeACards_isTaken() {
    assertThat(TestMerchant.create().pay("0190abcd-4242-4242-8424-2abcdefabcde", TestMerchant.VISA).status())
        .isEqualTo(202);
  }

  @Test
  void path_query_or_header_withACardNumber_isNotRepeated() {
    assertQuiet(MERCHANT.get("/v1/payments/" + VISA).body());
    assertQuiet(MERCHANT.get("/v1/idempotency_keys/" + VISA).body());
    assertQuiet(MERCHANT.get("/v1/payments?reference=" + VISA).body());
    assertQuiet(MERCHANT.get("/v1/payments?" + VISA + "=1").body());
    assertQuiet(MERCHANT.get("/" + VISA).body());
    assertQuiet(MERCHANT.post(Map.of("Idempotency-Key", "k", "Content-Type", "text/" + VISA), "{}").body());
  }
}
