package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.error;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.simulator.book.Wire;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each wire says amounts in its provider's units, and the book has them in ISO 4217's. */
class CurrencyUnitsTest extends SimulatorTestBase {
  CurrencyUnitsTest() {
    super(Map.of(Wire.STRIPE, "whsec_1", Wire.ADYEN, "44782DEF547AAA06C910C43932B1EB0C"));
  }

  @Override
  void started() throws Exception {
    settings(WEBHOOKS_AT_ONCE);
  }

  private HttpResponse<String> stripe(String reference, String currency, long amount, String more)
      throws Exception {
    return provider.post(reference, RunningSimulator.form(amount, "pm_card_visa", reference)
        .replace("currency=usd", "currency=" + currency) + more);
  }

  private HttpResponse<String> refund(String key, String intent, long amount) throws Exception {
    return provider.post(key, "/v1/refunds", "payment_intent=" + intent + "&amount=" + amount);
  }

  private JsonObject sums(String currency) throws Exception {
    return provider.summary().getJsonObject("by_currency").getJsonObject(currency);
  }

  @ParameterizedTest
  @CsvSource({"isk,500000,5000,20000,200", "ugx,505000,5050,5000,50", "mga,1000,100000,200,20000",
      "kwd,5050,5050,1000,1000", "jpy,500,500,20,20", "clp,500,500,20,20", "idr,150,150,50,50"})
  void stripe_saysItsUnits_booksIso(String currency, long wire, long book, long part, long bookPart)
      throws Exception {
    JsonObject intent = json(stripe("ref-1", currency, wire, "&capture_method=manual"));
    assertThat(intent.getLong("amount")).isEqualTo(wire);
    assertThat(intent.getLong("amount_capturable")).isEqualTo(wire);
    String id = intent.getString("id");
    JsonObject captured = json(provider.post("cap-1", "/v1/payment_intents/" + id + "/capture",
        "amount_to_capture=" + wire + "&expand[]=latest_charge"));
    assertThat(captured.getLong("amount_received")).isEqualTo(wire);
    assertThat(json(refund("re-1", id, part)).getLong("amount")).isEqualTo(part);
    JsonObject charge = json(provider.get("/v1/payment_intents/" + id + "?expand%5B%5D=latest_charge"))
        .getJsonObject("latest_charge");
    assertThat(charge.getLong("amount")).isEqualTo(wire);
    assertThat(charge.getLong("amount_captured")).isEqualTo(wire);
    assertThat(charge.getLong("amount_refunded")).isEqualTo(part);
    JsonObject line = provider.bookLine("ref-1");
    assertThat(line.getLong("amount")).isEqualTo(book);
    assertThat(line.getLong("amount_captured")).isEqualTo(book);
    assertThat(line.getLong("amount_refunded")).isEqualTo(bookPart);
    assertThat(sums(currency).getLong("captured")).isEqualTo(book);
    assertThat(sums(currency).getLong("refunded")).isEqualTo(bookPart);
  }

  @ParameterizedTest
  @CsvSource({"isk,5050,invalid_charge_amount_no_decimal_compatible,divisible by 100",
      "ugx,1,invalid_charge_amount_no_decimal_compatible,divisible by 100",
      "kwd,1005,parameter_invalid_integer,must be 0", "tnd,1,parameter_invalid_integer,must be 0",
      "isk,100000000000000,amount_too_large,99999999999900", "mga,10000000000,amount_too_large,9999999999",
      "lyd,5000,,Invalid currency", "iqd,5000,,Invalid currency", "uyi,5000,,Invalid currency"})
  void stripe_refusesWhatStripeRefuses(String currency, long wire, String code, String words)
      throws Exception {
    HttpResponse<String> refused = stripe("ref-1", currency, wire, "");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("type")).isEqualTo("invalid_request_error");
    assertThat(error(refused).getString("code")).isEqualTo(code);
    assertThat(error(refused).getString("message")).contains(words);
    assertThat(provider.summary().getInteger("entries")).isZero();
  }

  @Test
  void stripe_partsAreHeldToTheSameRules() throws Exception {
    String id = json(stripe("ref-1", "isk", 500_000, "&capture_method=manual")).getString("id");
    HttpResponse<String> capture = provider.post("cap-1", "/v1/payment_intents/" + id + "/capture",
        "amount_to_capture=150");
    assertThat(error(capture).getString("param")).isEqualTo("amount_to_capture");
    provider.post("cap-2", "/v1/payment_intents/" + id + "/capture", "");
    assertThat(error(refund("re-1", id, 150)).getString("code"))
        .isEqualTo("invalid_charge_amount_no_decimal_compatible");
    assertThat(error(refund("re-2", id, 500_100)).getString("message"))
        .isEqualTo("Refund amount (ISK5001) is greater than unrefunded amount on charge (ISK5000)");
    assertThat(provider.bookLine("ref-1").getLong("amount_captured")).isEqualTo(5_000);
  }

  @Test
  void dispute_byHand_isInIso_andToldInTheWires() throws Exception {
    String id = json(stripe("ref-1", "mga", 1_000, "")).getString("id");
    JsonObject fraction = json(provider.postJson("d-1", "/disputes",
        new JsonObject().put("reference", "ref-1").put("amount", 150)));
    assertThat(fraction.getJsonObject("error").getString("message"))
        .isEqualTo("amount must be a multiple of 100 in mga.");
    JsonObject line = json(provider.postJson("d-2", "/disputes",
        new JsonObject().put("reference", "ref-1").put("amount", 20_000)));
    assertThat(line.getLong("amount_disputed")).isEqualTo(20_000);
    assertThat(json(provider.get("/v1/disputes?payment_intent=" + id)).getJsonArray("data").getJsonObject(0)
        .getLong("amount")).isEqualTo(200);
    JsonObject told = receiver.await(3).stream().map(w -> w.event())
        .filter(e -> e.getString("type").equals("charge.dispute.created")).findFirst().orElseThrow();
    assertThat(told.getJsonObject("data").getJsonObject("object").getLong("amount")).isEqualTo(200);
  }

  /** One more of what the wire can say. */
  @ParameterizedTest
  @CsvSource({"mga,1000,1001,100100", "isk,500000,500100,5001", "kwd,5050,5051,5051"})
  void wrongAmount_isOneMore(String currency, long wire, long told, long book) throws Exception {
    HttpResponse<String> answer = provider.post("ref-1",
        RunningSimulator.form(wire, "pm_sim_wrong_amount", "ref-1").replace("=usd", "=" + currency));
    assertThat(json(answer).getLong("amount_received")).isEqualTo(told);
    assertThat(provider.bookLine("ref-1").getLong("amount_captured")).isEqualTo(book);
  }

  private HttpResponse<String> adyen(String reference, String currency, long value) throws Exception {
    return provider.postJson(reference, "/adyen/v71/payments",
        new JsonObject().put("merchantAccount", "Shop").put("reference", reference)
            .put("amount", new JsonObject().put("currency", currency).put("value", value))
            .put("paymentMethod",
                new JsonObject().put("type", "scheme").put("storedPaymentMethodId", "pm_card_visa")));
  }

  @ParameterizedTest
  @CsvSource({"ISK,500000,5000", "CLP,50000,500", "IDR,15000,1500000", "CVE,500,50000", "UGX,5000,5000",
      "MGA,100000,100000", "KWD,1005,1005", "LYD,1005,1005", "JPY,500,500"})
  void adyen_saysItsUnits_booksIso(String currency, long wire, long book) throws Exception {
    JsonObject result = json(adyen("ref-1", currency, wire));
    assertThat(result.getJsonObject("amount").getLong("value")).isEqualTo(wire);
    JsonObject line = provider.bookLine("ref-1");
    assertThat(line.getLong("amount_captured")).isEqualTo(book);
    provider.postJson("re-1", "/adyen/v71/payments/" + result.getString("pspReference") + "/refunds",
        new JsonObject().put("merchantAccount", "Shop").put("reference", "re-1")
            .put("amount", new JsonObject().put("currency", currency).put("value", wire)));
    assertThat(sums(currency.toLowerCase(Locale.ROOT)).getLong("refunded")).isEqualTo(book);
    assertThat(receiver.await(2)).allSatisfy(webhook -> assertThat(
        webhook.event().getJsonArray("notificationItems").getJsonObject(0)
            .getJsonObject("NotificationRequestItem").getJsonObject("amount").getLong("value"))
        .isEqualTo(wire));
  }

  @ParameterizedTest
  @CsvSource({"ISK,150,137", "CLP,1,137", "IDR,10000000000,137", "BIF,5000,138", "UYI,5000,138"})
  void adyen_refusesWhatItCannotHave(String currency, long wire, String errorCode) throws Exception {
    assertThat(json(adyen("ref-1", currency, wire)).getString("errorCode")).isEqualTo(errorCode);
    assertThat(provider.summary().getInteger("entries")).isZero();
  }
}
