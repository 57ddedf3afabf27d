package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a body must be: what is refused, with which code for which field, and what just passes. */
class ValidationIT {
  private static final TestMerchant REFUSED = TestMerchant.create();

  @AfterAll
  static void nothingRefused_wasStored() {
    assertThat(REFUSED.stored()).isZero();
  }

  /** A valid body with one field set to this JSON, or without it for null. */
  private static String with(String field, String json) {
    var fields = new JsonObject(TestMerchant.VISA);
    fields.remove(field);
    String rest = fields.encode();
    return json == null ? rest : rest.substring(0, rest.length() - 1) + ",\"" + field + "\":" + json + "}";
  }

  private static String text(String value) { return "\"" + value + "\""; }

  private static String manyKeys(int count, String value) {
    var json = new JsonObject();
    for (int i = 0; i < count; i++) json.put("k".repeat(37) + (100 + i), value);
    return json.encode();
  }

  static Stream<Arguments> faults() {
    return Stream.of(arguments("amount", null, "parameter_missing"),
        arguments("amount", "0", "amount_out_of_range"), arguments("amount", "-1", "amount_out_of_range"),
        arguments("amount", "100000000000", "amount_out_of_range"),
        arguments("amount", "-10000000000000", "amount_out_of_range"),
        arguments("amount", "1".repeat(40), "amount_out_of_range"),
        arguments("amount", "\"1999\"", "amount_invalid"),
        arguments("amount", "19.99", "amount_invalid"), arguments("amount", "1999.0", "amount_invalid"),
        arguments("amount", "2e3", "amount_invalid"), arguments("amount", "true", "amount_invalid"),
        arguments("amount", "null", "amount_invalid"), arguments("amount", "[1999]", "amount_invalid"),
        arguments("amount", "{\"value\":1999}", "amount_invalid"),
        arguments("currency", null, "parameter_missing"), arguments("currency", "null", "parameter_missing"),
        arguments("currency", text("USD"), "currency_unknown"),
        arguments("currency", text("xyz"), "currency_unknown"),
        arguments("currency", text("xau"), "currency_unknown"),
        arguments("currency", text("us"), "currency_unknown"),
        arguments("currency", text("usdd"), "parameter_too_long"),
        arguments("currency", text(""), "parameter_empty"),
        arguments("currency", "840", "parameter_invalid"),
        arguments("payment_method", null, "parameter_missing"),
        arguments("payment_method", text("visa"), "payment_method_invalid"),
        arguments("payment_method", text("pm_"), "payment_method_invalid"),
        arguments("payment_method", text("pm_a-b"), "payment_method_invalid"),
        arguments("payment_method", text("pm_card_visa&confirm=false"), "payment_method_invalid"),
        arguments("payment_method", text("pm_" + "a".repeat(208)), "parameter_too_long"),
        arguments("payment_method", "{\"card\":1}", "parameter_invalid"),
        arguments("capture", text("later"), "capture_unsupported"),
        arguments("capture", text("AUTOMATIC"), "capture_unsupported"),
        arguments("capture", "true", "parameter_invalid"),
        arguments("reference", text("r".repeat(201)), "parameter_too_long"),
        arguments("reference", text(""), "parameter_empty"),
        arguments("reference", "17", "parameter_invalid"),
        arguments("reference", text("a\\u0000b"), "parameter_invalid"),
        arguments("reference", text("\\ud83d"), "parameter_invalid"),
        arguments("reference", text("\\ud83dx"), "parameter_invalid"),
        arguments("reference", text("\\ude00\\ud83d"), "parameter_invalid"),
        arguments("description", text("d".repeat(1001)), "parameter_too_long"),
        arguments("description", text("a\\u0000"), "parameter_invalid"),
        arguments("return_url", text("ftp://shop.example/"), "parameter_invalid"),
        arguments("return_url", text("/thanks"), "parameter_invalid"),
        arguments("return_url", text("javascript:alert(1)"), "parameter_invalid"),
        arguments("return_url", text("https://shop.example/" + "p".repeat(1980)), "parameter_too_long"),
        arguments("metadata", "[]", "parameter_invalid"),
        arguments("metadata", text("a=b"), "parameter_invalid"),
        arguments("metadata", manyKeys(51, "v"), "metadata_too_large"),
        arguments("metadata", "{\"\":\"v\"}", "metadata_key_invalid"),
        arguments("metadata", "{\"" + "k".repeat(41) + "\":\"v\"}", "metadata_key_invalid"),
        arguments("metadata", "{\"a\\u0000b\":\"v\"}", "metadata_key_invalid"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void field_wrong_isNamed(String field, String json, String code) {
    assertFaults(REFUSED.pay(with(field, json)), field + ":" + code);
  }

  static Stream<Arguments> metadataFaults() {
    return Stream.of(arguments("\"" + "v".repeat(501) + "\"", "parameter_too_long"),
        arguments("\"\"", "parameter_empty"), arguments("5", "parameter_invalid"),
        arguments("false", "parameter_invalid"), arguments("{\"b\":\"c\"}", "parameter_invalid"),
        arguments("[\"b\"]", "parameter_invalid"), arguments("\"\\udc00\"", "parameter_invalid"),
        arguments("\"a\\u0000\"", "parameter_invalid"));
  }

  @ParameterizedTest
  @MethodSource("metadataFaults")
  void metadataValue_wrong_isNamedByItsKey(String json, String code) {
    assertFaults(REFUSED.pay(with("metadata", "{\"a\":" + json + "}")), "metadata.a:" + code);
  }

  @Test
  void field_unknownOrMisspelt_isNamed() {
    assertFaults(REFUSED.pay(with("capture_method", text("manual"))), "capture_method:parameter_unknown");
    assertFaults(REFUSED.pay(with("Amount", "5")), "Amount:parameter_unknown");
    assertFaults(REFUSED.pay(with("nested", "{\"a\":[{\"amount\":1}]}")), "nested:parameter_unknown");
    assertFaults(REFUSED.pay(with("snow\\u2603", "1")), "snow?:parameter_unknown");
  }

  @Test
  void field_twice_isNamed() {
    assertFaults(REFUSED.pay(TestMerchant.VISA.replace("}", ",\"amount\":1}")), "amount:parameter_duplicate");
    assertFaults(REFUSED.pay(with("metadata", "{\"a\":\"1\",\"a\":\"2\"}")),
        "metadata.a:parameter_duplicate");
    assertFaults(REFUSED.pay(TestMerchant.VISA.replace("}", ",\"x\":1,\"x\":2}")), "x:parameter_unknown",
        "x:parameter_duplicate");
  }

  @Test
  void fields_wrongTogether_areAllNamed() {
    var answer = REFUSED.pay(
        """
          {"amount": 0, "currency": "USD", "payment_method": "visa", "capture": "later", "capture_method": "manual",
           "reference": "", "return_url": "nowhere", "metadata": {"a": 1, "b": ""}}""");
    assertFaults(answer, "amount:amount_out_of_range", "currency:currency_unknown",
        "payment_method:payment_method_invalid", "capture:capture_unsupported",
        "capture_method:parameter_unknown",
        "reference:parameter_empty", "return_url:parameter_invalid", "metadata.a:parameter_invalid",
        "metadata.b:parameter_empty");
    var error = answer.json().getJsonObject("error");
    var first = answer.json().getJsonArray("errors").getJsonObject(0);
    assertThat(error.getString("param")).isEqualTo(first.getString("param"));
    assertThat(error.getString("code")).isEqualTo(first.getString("code"));
  }

  @Test
  void body_empty_lacksWhatIsRequired() {
    assertFaults(REFUSED.pay("{}"), "amount:parameter_missing", "currency:parameter_missing",
        "payment_method:parameter_missing");
  }

  @Test
  void faults_told_neverRepeatAValue() {
    var answer = REFUSED
        .pay("{\"amount\":\"hunter2\",\"currency\":\"hunter2\",\"payment_method\":\"hunter2\","
            + "\"capture\":\"hunter2\",\"return_url\":\"hunter2\",\"metadata\":\"hunter2\",\"x\":\"hunter2\"}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).doesNotContain("hunter2");
  }

  private static void assertFaults(Http.Answer answer, String... faults) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(TestMerchant.objects(answer.json().getJsonArray("errors")))
        .extracting(e -> e.getString("param") + ":" + e.getString("code")).containsExactlyInAnyOrder(faults);
  }

  /** Nothing that is not valid Unicode can be written down, so it must be refused like in a value. */
  @Test
  void metadataKey_withHalfASurrogatePair_isRefused() {
    var merchant = TestMerchant.create();
    var answer = merchant.pay(with("metadata", "{\"a\\ud83d\":\"v\",\"a\\ud83e\":\"w\"}"));
    assertThat(answer.status()).as(() -> answer.body() + "\nread back: " + merchant.list("")).isEqualTo(400);
    assertThat(TestMerchant.objects(answer.json().getJsonArray("errors"))).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "[]", "null", "5", "\"text\"", "{", "{\"amount\":1", "{\"amount\":1,}",
      "{'amount':1}",
      "{amount:1}", "{}{}", "{} x", "{\"amount\":NaN}", "{\"amount\":007}", "{\"a\":\"\n\"}",
      "{\"a\":\"\\x\"}",
      "amount=1999&currency=usd"})
  void body_notOneJsonObject_isRefused(String body) {
    assertNoJson(REFUSED.pay(body));
  }

  @Test
  void body_tooDeepOrWithEndlessNumbers_isRefused() {
    assertNoJson(REFUSED.pay(with("x", "[".repeat(3_000) + "]".repeat(3_000))));
    assertNoJson(REFUSED.pay(with("amount", "1".repeat(2_000))));
  }

  @Test
  void body_notUtf8_isRefused() {
    var answer = RawHttp.create(REFUSED, "Idempotency-Key: k\r\n", with("reference", text("caf\u00e9")));
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("json_invalid");
  }

  private static void assertNoJson(Http.Answer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("json_invalid");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 99_999_999_999L})
  void amount_atItsBounds_isTaken(long amount) {
    var answer = TestMerchant.create().pay(with("amount", Long.toString(amount)));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    assertThat(answer.json().getLong("amount")).isEqualTo(amount);
  }

  @ParameterizedTest
  @ValueSource(strings = {"usd", "jpy", "kwd", "xcg"})
  void currency_ofTheStandard_isTaken(String currency) {
    var answer = TestMerchant.create().pay(with("currency", text(currency)));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    assertThat(answer.json().getString("currency")).isEqualTo(currency);
  }

  @Test
  void fields_atTheirLimits_areKeptAsSent() {
    var merchant = TestMerchant.create();
    var body = new JsonObject(TestMerchant.VISA).put("reference", "r".repeat(196) + "\ud83d\ude00\u0001\"")
        .put("description", "\u00fc".repeat(1_000)).put("capture", "automatic")
        .put("return_url", "https://shop.example/?" + "q".repeat(1_978))
        .put("metadata", new JsonObject(manyKeys(49, "v".repeat(500))).put("\u2603 \ud83d\ude00", "\\"));
    var answer = merchant.pay(body.encode());
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    var read = merchant.payment(answer.json().getString("id"));
    for (String field : body.fieldNames()) {
      assertThat(answer.json().getValue(field)).isEqualTo(body.getValue(field));
      assertThat(read.getValue(field)).isEqualTo(body.getValue(field));
    }
  }

  @Test
  void field_null_isAbsent() {
    var answer = TestMerchant.create().pay(TestMerchant.VISA.replace("}",
        ",\"capture\":null,\"reference\":null,\"description\":null,\"return_url\":null,\"metadata\":{\"a\":null}}"));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    assertThat(answer.json().getString("capture")).isEqualTo("automatic");
    assertThat(answer.json().getJsonObject("metadata")).isEmpty();
    for (String field : List.of("reference", "description", "return_url"))
      assertThat(answer.json().getMap()).containsEntry(field, null);
  }

  @Test
  void contentType_withCharset_isTaken() {
    var answer = TestMerchant.create().post(
        Map.of("Idempotency-Key", "k", "Content-Type", "Application/JSON ; charset=utf-8"),
        TestMerchant.VISA);
    assertThat(answer.status()).isEqualTo(202);
  }
}
