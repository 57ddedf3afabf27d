package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.api.Problem.FieldError;
import dev.millrace.payment.PaymentEvent.Initiated;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CreatePaymentTest {
  static final String REQUIRED = "\"amount\":1999,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"";
  static final String CARD = "4242424242424242";
  static final String CARD_REFUSED = " holds what looks like a card number. Card numbers are refused and not"
      + " stored: send a token of your provider's in `payment_method`.";

  static Initiated parse(String json) {
    return CreatePayment.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  static Problem refusal(String json) {
    return refusal(json.getBytes(StandardCharsets.UTF_8));
  }

  private static Problem refusal(byte[] body) {
    ProblemException refusal = catchThrowableOfType(ProblemException.class, () -> CreatePayment.parse(body));
    assertThat(refusal).as("refused").isNotNull();
    Problem problem = refusal.problem();
    assertThat(problem.status()).isEqualTo(400);
    assertThat(problem.type()).isEqualTo("invalid_request_error");
    return problem;
  }

  /** The body, besides the required fields, and its one error. */
  static void refused(String more, String param, String code, String message) {
    refusedWhole("{" + REQUIRED + "," + more + "}", param, code, message);
  }

  private static void refusedWhole(String json, String param, String code, String message) {
    Problem problem = refusal(json);
    assertThat(problem.errors()).containsExactly(new FieldError(param, code, message));
    assertThat(problem.param()).isEqualTo(param);
    assertThat(problem.code()).isEqualTo(code);
    assertThat(problem.message()).isEqualTo(message);
  }

  private static String with(String field, String value) {
    return switch (field) {
      case "amount" -> "{\"amount\":" + value + ",\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}";
      case "currency" -> "{\"amount\":1999,\"currency\":" + value + ",\"payment_method\":\"pm_card_visa\"}";
      case "payment_method" -> "{\"amount\":1999,\"currency\":\"usd\",\"payment_method\":" + value + "}";
      default -> "{" + REQUIRED + ",\"" + field + "\":" + value + "}";
    };
  }

  @Test
  void body_withWhatIsRequired_isAccepted() {
    assertThat(parse("{" + REQUIRED + "}"))
        .isEqualTo(new Initiated(1999, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null));
  }

  @Test
  void body_withEverything_isAccepted() {
    assertThat(parse(
        """
          {"amount": 1, "currency": "kwd", "payment_method": "tok_1", "capture": "automatic", "reference": "order 1",
           "description": "Größe \\ud83d\\ude00", "metadata": {"b": "2", "a": "1"}, "return_url": "https://shop.example/ok?x=1"}
          """))
        .isEqualTo(
            new Initiated(1, "kwd", "tok_1", "automatic", "order 1", "Größe 😀", Map.of("a", "1", "b", "2"),
                "https://shop.example/ok?x=1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"capture", "reference", "description", "metadata", "return_url"})
  void optional_null_isAbsent(String field) {
    assertThat(parse(with(field, "null"))).isEqualTo(parse("{" + REQUIRED + "}"));
  }

  @Test
  void required_missing_areAllNamed() {
    assertThat(refusal("{}").errors()).containsExactly(
        new FieldError("amount", "parameter_missing",
            "`amount` is missing. Send the amount in minor units, 1999 for 19.99 usd."),
        new FieldError("currency", "parameter_missing",
            "`currency` is missing. Send a lower-case ISO 4217 code, usd for example."),
        new FieldError("payment_method", "parameter_missing",
            "`payment_method` is missing. Send a token of your provider's, pm_card_visa for example."));
  }

  @Test
  void required_null_isMissing() {
    refusedWhole(with("currency", "null"), "currency", "parameter_missing",
        "`currency` is missing. Send a lower-case ISO 4217 code, usd for example.");
    refusedWhole(with("payment_method", "null"), "payment_method", "parameter_missing",
        "`payment_method` is missing. Send a token of your provider's, pm_card_visa for example.");
  }

  @Test
  void faults_areReportedTogetherInTheirOrder() {
    var errors = refusal(
        "{\"amount\":0,\"nope\":1,\"currency\":\"xyz\",\"capture\":\"later\",\"reference\":\"\"}").errors();
    assertThat(errors).extracting(FieldError::param).containsExactly("amount", "nope", "reference",
        "currency",
        "payment_method", "capture");
    assertThat(errors).extracting(FieldError::code).containsExactly("amount_out_of_range",
        "parameter_unknown",
        "parameter_empty", "currency_unknown", "parameter_missing", "capture_unsupported");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "{", "[]", "1", "\"a\"", "null", "{\"amount\":1999", "{} {}", "{}]",
      "{'a':1}",
      "{\"a\":01}", "{\"a\":1,}", "{\"a\":NaN}", "{/**/}", "{\"a\":\"\u0001\"}", "{\"a\" 1}",
      "{\"amount\":tru}"})
  void body_notOneJsonObject_refused(String body) {
    Problem problem = refusal(body);
    assertThat(problem.code()).isEqualTo("json_invalid");
    assertThat(problem.param()).isNull();
    assertThat(problem.errors()).isEmpty();
    assertThat(problem.message()).matches("The body is not valid JSON \\(line \\d+, column \\d+\\)\\."
        + " Send one JSON object in UTF-8\\.");
  }

  @Test
  void body_notJson_saysWhere() {
    assertThat(refusal("{\n  \"amount\": 1999,\n  \"currency\" \"usd\"\n}").message())
        .isEqualTo("The body is not valid JSON (line 3, column 14). Send one JSON object in UTF-8.");
  }

  @Test
  void body_notUtf8_refused() {
    byte[] body = ("{" + REQUIRED + ",\"reference\":\"?\"}").getBytes(StandardCharsets.ISO_8859_1);
    body[body.length - 3] = (byte) 0xff;
    assertThat(refusal(body).code()).isEqualTo("json_invalid");
    body[body.length - 3] = (byte) 0xc3;
    assertThat(refusal(body).code()).isEqualTo("json_invalid");
  }

  /** RFC 8259 8.1: JSON between systems is UTF-8. */
  @Test
  void body_utf16_refused() {
    assertThat(refusal(("{" + REQUIRED + "}").getBytes(StandardCharsets.UTF_16LE)).code())
        .isEqualTo("json_invalid");
  }

  @Test
  void body_nestedWithoutEnd_refused() {
    assertThat(refusal("{\"metadata\":" + "[".repeat(50_000)).code()).isEqualTo("json_invalid");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "99999999999"})
  void amount_inRange_isAccepted(String amount) {
    assertThat(parse(with("amount", amount)).amount()).isEqualTo(Long.parseLong(amount));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "-0", "100000000000", "999999999999", "-99999999999",
      "9223372036854775808",
      "1000000000000000000000000000000"})
  void amount_outOfRange_refused(String amount) {
    refusedWhole(with("amount", amount), "amount", "amount_out_of_range",
        "`amount` must be from 1 to 99999999999 minor units (cents, for usd).");
  }

  @ParameterizedTest
  @ValueSource(strings = {"19.99", "1999.0", "1e3", "\"1999\"", "true", "null", "[1999]", "{\"value\":1999}"})
  void amount_noInteger_refused(String amount) {
    refusedWhole(with("amount", amount), "amount", "amount_invalid",
        "`amount` must be an integer in minor units (1999 for 19.99 usd), without quotes or decimals.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"USD", "Usd", "xyz", "us", "$", "btc", "dem"})
  void currency_unknown_refused(String currency) {
    refusedWhole(with("currency", "\"" + currency + "\""), "currency", "currency_unknown",
        "`currency` is not an active ISO 4217 code in lower case. Send usd, eur or jpy, for example.");
  }

  @Test
  void currency_tooLong_refusedOnce() {
    refusedWhole(with("currency", "\"usdollar\""), "currency", "parameter_too_long",
        "`currency` has 8 characters; at most 3 are allowed.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pm_card_visa", "tok_visa", "src_1", "card_1Abc", "pm_1N_x"})
  void paymentMethod_aToken_isAccepted(String token) {
    assertThat(parse(with("payment_method", "\"" + token + "\"")).paymentMethod()).isEqualTo(token);
  }

  @ParameterizedTest
  @ValueSource(strings = {"visa", "pm_", "pm-1", "PM_1", "pm_a b", "pm_a\\n", "pm_é", "xpm_1",
      "pm_a&amount=1"})
  void paymentMethod_noToken_refused(String token) {
    refusedWhole(with("payment_method", "\"" + token + "\""), "payment_method", "payment_method_invalid",
        "`payment_method` must be a token such as pm_card_visa: pm_, tok_, src_ or card_ and then letters, digits or"
            + " underscores.");
  }

  @Test
  void paymentMethod_longest_isAccepted() {
    String token = "card_" + "a".repeat(200);
    assertThat(parse(with("payment_method", "\"" + token + "\"")).paymentMethod()).isEqualTo(token);
    assertThat(refusal(with("payment_method", "\"" + token + "a\"")).code())
        .isEqualTo("payment_method_invalid");
  }

  @Test
  void capture_other_refused() {
    refused("\"capture\":\"later\"", "capture", "capture_unsupported",
        "`capture` must be `automatic` or `manual`.");
  }

  @Test
  void capture_manual_isAccepted() {
    assertThat(parse("{" + REQUIRED + ",\"capture\":\"manual\"}").capture()).isEqualTo("manual");
  }

  @ParameterizedTest
  @CsvSource({"card, 424242", "card, 42424242", "ach, NULL", "NULL, 4242424"})
  void paymentMethod_named_isAccepted(String type, String bin) {
    String named = ",\"payment_method_type\":" + json(type) + ",\"payment_method_bin\":" + json(bin);
    var asked = parse("{" + REQUIRED + named + "}");
    assertThat(asked.paymentMethodType()).isEqualTo(type.equals("NULL") ? null : type);
    assertThat(asked.paymentMethodBin()).isEqualTo(bin.equals("NULL") ? null : bin);
  }

  private static String json(String value) {
    return value.equals("NULL") ? "null" : "\"" + value + "\"";
  }

  @ParameterizedTest
  @ValueSource(strings = {"42424", "4242 42", "42424a", "٤٢٤٢٤٢"})
  void paymentMethodBin_thatIsNone_refused(String bin) {
    refused("\"payment_method_bin\":\"" + bin + "\"", "payment_method_bin", "parameter_invalid",
        "`payment_method_bin` must be the first 6 to 8 digits of the card, as a string.");
  }

  @Test
  void paymentMethodType_other_refused() {
    refused("\"payment_method_type\":\"sepa\"", "payment_method_type", "parameter_invalid",
        "`payment_method_type` must be `card` or `ach`.");
  }

  @ParameterizedTest
  @CsvSource({"reference, 200", "description, 1000", "payment_method, 210", "payment_method_bin, 8"})
  void text_tooLong_refused(String field, int max) {
    refusedWhole(with(field, "\"" + "a".repeat(max + 1) + "\""), field, "parameter_too_long",
        "`" + field + "` has " + (max + 1) + " characters; at most " + max + " are allowed.");
  }

  @Test
  void text_ofTheGreatestLength_isAccepted() {
    assertThat(parse(with("reference", "\"" + "a".repeat(200) + "\"")).reference()).hasSize(200);
    assertThat(parse(with("description", "\"" + "a".repeat(1000) + "\"")).description()).hasSize(1000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"currency", "payment_method", "payment_method_type", "payment_method_bin",
      "capture", "reference", "description", "return_url"})
  void text_noString_refused(String field) {
    for (String value : new String[]{"1", "1.5", "true", "[]", "[\"a\"]", "{}", "{\"a\":{\"b\":[1]}}"}) {
      refusedWhole(with(field, value), field, "parameter_invalid", "`" + field + "` must be a string.");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"currency", "payment_method", "payment_method_type", "payment_method_bin",
      "capture", "reference", "description", "return_url"})
  void text_empty_refused(String field) {
    refusedWhole(with(field, "\"\""), field, "parameter_empty",
        "`" + field + "` is empty. Leave it out or give it a value.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "description"})
  void text_unstorable_refused(String field) {
    refusedWhole(with(field, "\"a\\u0000b\""), field, "parameter_invalid",
        "`" + field + "` holds a NUL character. Remove it.");
    for (String half : new String[]{"\\ud83d", "\\ude00", "\\ude00\\ud83d", "a\\ud83db"}) {
      refusedWhole(with(field, "\"" + half + "\""), field, "parameter_invalid",
          "`" + field + "` holds half of a surrogate pair. Send valid Unicode.");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"currency", "payment_method", "capture", "return_url"})
  void text_withNul_refused(String field) {
    assertThat(refusal(with(field, "\"\\u0000\"")).errors()).extracting(FieldError::param)
        .containsExactly(field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://shop.example", "https://shop.example:8443/a?b=c#d", "https://127.0.0.1/",
      "https://my_shop.example.com/h", "HTTPS://Shop.Example/h", "https://shop.example/größe"})
  void returnUrl_absolute_isAccepted(String url) {
    assertThat(parse(with("return_url", "\"" + url + "\"")).returnUrl()).isEqualTo(url);
  }

  @ParameterizedTest
  @CsvSource({"shop.example, has no scheme. Begin it with https://.",
      "/ok, has no scheme. Begin it with https://.",
      "ftp://shop.example, has a scheme that is neither https nor http. Begin it with https://.",
      "javascript:alert(1), has a scheme that is neither https nor http. Begin it with https://.",
      "https:///x, 'has no host. Name one behind the two slashes, https://shop.example/ for example.'",
      "https://shop.example:0, has a port that is no number from 1 to 65535.",
      "https://shop.example/a b, 'has in its path a character that must be percent-encoded, a space as %20 for"
          + " example.'"})
  void returnUrl_other_refusedByThePart(String url, String message) {
    refused("\"return_url\":\"" + url + "\"", "return_url", "parameter_invalid", "`return_url` " + message);
  }

  @Test
  void parameter_unknown_refused() {
    refused("\"ammount\":1", "ammount", "parameter_unknown",
        "`ammount` is not a parameter of this call. Remove it, or check its spelling.");
    refused("\"Amount\":{\"a\":[1,{}]}", "Amount", "parameter_unknown",
        "`Amount` is not a parameter of this call. Remove it, or check its spelling.");
    refused("\"\":1", "", "parameter_unknown",
        "`` is not a parameter of this call. Remove it, or check its spelling.");
  }

  @Test
  void parameter_unknown_isShownShortAndPrintable() {
    assertThat(refusal("{" + REQUIRED + ",\"" + "a".repeat(70) + "\":1}").param())
        .isEqualTo("a".repeat(60) + "…");
    assertThat(refusal("{" + REQUIRED + ",\"a\\n\\u00e9\":1}").param()).isEqualTo("a??");
    assertThat(refusal("{" + REQUIRED + ",\"" + CARD + "\":1}").param()).isEqualTo("(a card number)");
  }

  @Test
  void parameter_twice_refused() {
    refused("\"amount\":1", "amount", "parameter_duplicate",
        "`amount` stands in the body more than once. Send it once.");
    refused("\"reference\":\"a\",\"reference\":{\"b\":[]}", "reference", "parameter_duplicate",
        "`reference` stands in the body more than once. Send it once.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"amount", "currency", "payment_method", "capture", "reference", "description",
      "return_url"})
  void cardNumber_inAnyField_refusedAndNotRepeated(String field) {
    for (String value : new String[]{CARD, "\"" + CARD + "\"", "\"4242 4242 4242 4242\"",
        "\"4242-4242-4242-4242\"",
        "\"pm_" + CARD + "\""}) {
      if (field.equals("amount") && value.startsWith("\"")) continue;
      Problem problem = refusal(with(field, value));
      assertThat(problem.errors()).as(value).first()
          .isEqualTo(new FieldError(field, "card_number_refused", "`" + field + "`" + CARD_REFUSED));
      assertThat(problem.toString()).doesNotContain("4242");
    }
  }

  @Test
  void faults_withoutEnd_areReportedUpToAHundred() {
    String unknown = IntStream.range(0, 500).mapToObj(i -> "\"x" + i + "\":1")
        .collect(Collectors.joining(","));
    assertThat(refusal("{" + unknown + "}").errors()).hasSize(100);
  }

  /** Whatever stands in the bytes: a payment or a refusal, nothing else. */
  @Test
  void body_random_isAcceptedOrRefused() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    byte[] valid = ("{" + REQUIRED + ",\"metadata\":{\"a\":\"1\"},\"reference\":\"Größe\",\"capture\":null}")
        .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 20_000; i++) {
      byte[] body = valid.clone();
      for (int n = random.nextInt(4); n >= 0; n--)
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      try {
        Initiated accepted = CreatePayment.parse(body);
        assertThat(accepted.amount()).isBetween(1L, 99_999_999_999L);
      } catch (ProblemException refusal) {
        assertThat(List.of(400)).contains(refusal.problem().status());
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + " body " + new String(body, StandardCharsets.ISO_8859_1),
            e);
      }
    }
  }
}
