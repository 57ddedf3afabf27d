package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.error;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.simulator.WebhookReceiver.Webhook;
import dev.millrace.simulator.book.Wire;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bank's wire: debits, their returns, cancellations and credits, and what its webhooks tell. */
class BankTest extends SimulatorTestBase {
  BankTest() {
    super(Map.of(Wire.BANK, WebhookReceiver.SECRET));
  }

  @Override
  void started() throws Exception {
    settings(WEBHOOKS_AT_ONCE);
  }

  private static JsonObject debit(String token, String reference) {
    return new JsonObject().put("reference", reference).put("amount", 1099).put("currency", "usd")
        .put("account_token", token).put("description", "rent");
  }

  private HttpResponse<String> post(String key, String path, JsonObject body) throws Exception {
    return provider.postJson(key, "/bank" + path, body);
  }

  private String debited(String token) throws Exception {
    return json(post("ref-1", "/debits", debit(token, "ref-1"))).getString("id");
  }

  private HttpResponse<String> credit(String reference, String debit, long amount) throws Exception {
    return post(reference, "/credits",
        new JsonObject().put("reference", reference).put("debit", debit).put("amount", amount));
  }

  private HttpResponse<String> cancel(String reference, String debit) throws Exception {
    return post(reference, "/debits/" + debit + "/cancel", new JsonObject().put("reference", reference));
  }

  /** The object of the n-th webhook, from 1, its signature checked. */
  private JsonObject told(int n, String type) throws Exception {
    Webhook webhook = receiver.await(n).get(n - 1);
    String header = webhook.headers().get("Bank-Signature");
    assertThat(header).matches("t=\\d+,v1=[0-9a-f]{64}");
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(WebhookReceiver.SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    String signed = header.substring(2, header.indexOf(',')) + "." + webhook.body();
    assertThat(header)
        .endsWith(HexFormat.of().formatHex(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8))));
    assertThat(webhook.event().getString("type")).isEqualTo(type);
    assertThat(webhook.event().getString("id")).startsWith("evt_");
    assertThat(webhook.event().getLong("created")).isPositive();
    return webhook.event().getJsonObject("data").getJsonObject("object");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pm_ach_success", "pm_test_review", "pm_sim_unavailable_stripe",
      "pm_sim_unavailable_adyen"})
  void debit_accepted(String token) throws Exception {
    HttpResponse<String> response = post("ref-1", "/debits", debit(token, "ref-1"));
    JsonObject debit = json(response);
    assertThat(response.statusCode()).isEqualTo(201);
    assertThat(debit.getString("id")).startsWith("db_");
    assertThat(debit.getString("effective_date")).matches("\\d{4}-\\d\\d-\\d\\d");
    assertThat(debit).isEqualTo(new JsonObject().put("id", debit.getString("id")).put("object", "debit")
        .put("status", "accepted").put("reference", "ref-1").put("amount", 1099).put("currency", "usd")
        .put("effective_date", debit.getString("effective_date")).put("created", debit.getLong("created"))
        .put("description", "rent"));
    assertThat(told(1, "debit.accepted")).isEqualTo(debit);
    assertThat(json(provider.get("/bank/debits/" + debit.getString("id")))).isEqualTo(debit);
    assertThat(json(provider.get("/bank/debits?reference=ref-1")))
        .isEqualTo(new JsonObject().put("data", new JsonArray().add(debit)));
    assertThat(json(provider.get("/bank/debits?reference=ref-2")).getJsonArray("data")).isEmpty();
    assertThat(provider.bookLine("ref-1").getString("wire")).isEqualTo("bank");
    assertThat(provider.bookLine("ref-1").getInteger("amount_captured")).isEqualTo(1099);
  }

  @ParameterizedTest
  @CsvSource({"pm_ach_decline,debit_refused", "pm_sim_unavailable,processor_unavailable",
      "pm_sim_unavailable_bank,processor_unavailable"})
  void debit_declined(String token, String code) throws Exception {
    HttpResponse<String> refused = post("ref-1", "/debits", debit(token, "ref-1"));
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(error(refused).getString("code")).isEqualTo(code);
    assertThat(error(refused).getString("message")).isNotEmpty();
    assertThat(json(provider.get("/bank/debits?reference=ref-1")).getJsonArray("data")).isEmpty();
    String body = refused.body();
    restart();
    assertThat(post("ref-1", "/debits", debit(token, "ref-1")).body()).isEqualTo(body);
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("declined");
    assertThat(receiver.received()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"currency,eur,400,invalid_request", "currency,,400,invalid_request",
      "account_token,pm_card_visa,422,unsupported_account", "account_token,pm_nope,422,no_such_account",
      "reference,,400,invalid_request"})
  void debit_invalidIsNotSaved(String field, String value, int status, String code) throws Exception {
    HttpResponse<String> refused = post("ref-1", "/debits",
        debit("pm_ach_success", "ref-1").put(field, value));
    assertThat(refused.statusCode()).isEqualTo(status);
    assertThat(error(refused).getString("code")).isEqualTo(code);
    assertThat(post("ref-1", "/debits", debit("pm_ach_success", "ref-1")).statusCode()).isEqualTo(201);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "1000000000000", "\"5\"", "1.5", "null"})
  void debit_badAmount(String amount) throws Exception {
    JsonObject body = debit("pm_ach_success", "ref-1").mergeIn(new JsonObject("{\"amount\":" + amount + "}"));
    assertThat(post("ref-1", "/debits", body).statusCode()).isEqualTo(400);
  }

  @Test
  void request_withoutKeyOrBodyOrPlace() throws Exception {
    var stranger = provider.request("/bank/debits").setHeader("Authorization", "Bearer other");
    assertThat(provider.send(stranger.POST(BodyPublishers.ofString("{}")).build()).statusCode())
        .isEqualTo(401);
    var broken = provider.request("/bank/debits").POST(BodyPublishers.ofString("["));
    assertThat(provider.send(broken.build()).statusCode()).isEqualTo(400);
    assertThat(provider.get("/bank/debits").statusCode()).isEqualTo(400);
    for (String path : new String[]{"/bank/debits/db_1", "/bank/credits/cr_1", "/bank/x"}) {
      assertThat(provider.get(path).statusCode()).isEqualTo(404);
    }
    assertThat(cancel("c", "db_1").statusCode()).isEqualTo(404);
    assertThat(credit("c", "db_1", 5).statusCode()).isEqualTo(404);
    assertThat(post("c", "/nothing", new JsonObject()).statusCode()).isEqualTo(404);
    assertThat(provider.put("/bank/debits", "{}").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({"pm_ach_return,R01,Insufficient funds", "pm_ach_return_R02,R02,Account closed",
      "pm_ach_return_R10,R10,Customer advises originator is not known or not authorized"})
  void debit_isReturned_alsoAfterARestart(String token, String code, String reason) throws Exception {
    settings("{\"return_ms\":600000}");
    String id = debited(token);
    told(1, "debit.accepted");
    restart();
    JsonObject returned = told(2, "debit.returned");
    assertThat(returned.getString("status")).isEqualTo("returned");
    assertThat(returned.getString("return_code")).isEqualTo(code);
    assertThat(returned.getString("return_reason")).isEqualTo(reason);
    assertThat(json(provider.get("/bank/debits/" + id))).isEqualTo(returned);
    JsonObject line = provider.bookLine("ref-1");
    assertThat(line.getString("status")).isEqualTo("returned");
    assertThat(line.getInteger("amount_returned")).isEqualTo(1099);
    assertThat(provider.summary().getJsonObject("by_currency").getJsonObject("usd").getInteger("returned"))
        .isEqualTo(1099);
    assertThat(error(cancel("can-1", id)).getString("code")).isEqualTo("not_cancelable");
    assertThat(error(credit("cr-1", id, 5)).getString("code")).isEqualTo("debit_returned");
    restart();
    assertThat(provider.bookLine("ref-1").getJsonArray("movements")).hasSize(3);
  }

  @Test
  void debit_isCanceled() throws Exception {
    settings("{\"return_ms\":600000}");
    String id = debited("pm_ach_return");
    HttpResponse<String> canceled = cancel("can-1", id);
    assertThat(canceled.statusCode()).isEqualTo(200);
    assertThat(json(canceled).getString("status")).isEqualTo("canceled");
    assertThat(told(2, "debit.canceled")).isEqualTo(json(canceled));
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("canceled");
    assertThat(provider.bookLine("ref-1").getInteger("amount_captured")).isZero();
    assertThat(provider.summary().getInteger("succeeded")).isZero();
    assertThat(error(cancel("can-2", id)).getString("code")).isEqualTo("not_cancelable");
    assertThat(error(credit("cr-1", id, 5)).getString("code")).isEqualTo("debit_canceled");
    // What was to be returned is not any more.
    restart();
    assertThat(returned("{\"reference\":\"ref-1\",\"code\":\"R01\"}").statusCode()).isEqualTo(400);
    assertThat(cancel("can-1", id).body()).isEqualTo(canceled.body());
  }

  private HttpResponse<String> returned(String body) throws Exception {
    return provider.send(provider.request("/returns").POST(BodyPublishers.ofString(body)).build());
  }

  @Test
  void returned_byHand() throws Exception {
    debited("pm_ach_success");
    receiver.await(1);
    assertThat(json(returned("{\"reference\":\"ref-1\",\"code\":\"R03\"}")).getString("status"))
        .isEqualTo("returned");
    assertThat(told(2, "debit.returned").getString("return_code")).isEqualTo("R03");
    assertThat(returned("{\"reference\":\"ref-1\",\"code\":\"R03\"}").statusCode()).isEqualTo(400);
  }

  @Test
  void credit_inParts() throws Exception {
    String id = debited("pm_ach_success");
    HttpResponse<String> response = credit("cr-1", id, 1000);
    JsonObject credit = json(response);
    assertThat(response.statusCode()).isEqualTo(201);
    assertThat(credit.getString("id")).startsWith("cr_");
    assertThat(credit.getString("object")).isEqualTo("credit");
    assertThat(credit.getString("status")).isEqualTo("accepted");
    assertThat(credit.getString("debit")).isEqualTo(id);
    assertThat(credit.getInteger("amount")).isEqualTo(1000);
    assertThat(told(2, "credit.accepted")).isEqualTo(credit);
    assertThat(json(provider.get("/bank/credits/" + credit.getString("id")))).isEqualTo(credit);
    assertThat(json(provider.get("/bank/credits?reference=cr-1")))
        .isEqualTo(new JsonObject().put("data", new JsonArray().add(credit)));
    assertThat(json(provider.get("/bank/credits?reference=cr-2")).getJsonArray("data")).isEmpty();
    assertThat(error(credit("cr-2", id, 100)).getString("code")).isEqualTo("amount_too_large");
    assertThat(credit("cr-3", id, 99).statusCode()).isEqualTo(201);
    assertThat(error(credit("cr-4", id, 1)).getString("code")).isEqualTo("already_credited");
    assertThat(provider.bookLine("ref-1").getString("status")).isEqualTo("refunded");
    assertThat(error(cancel("can-1", id)).getString("code")).isEqualTo("not_cancelable");
    assertThat(returned("{\"reference\":\"ref-1\",\"code\":\"R01\"}").statusCode()).isEqualTo(400);
  }

  @Test
  void replay_alsoAfterARestart() throws Exception {
    HttpResponse<String> debited = post("ref-1", "/debits", debit("pm_ach_success", "ref-1"));
    String id = json(debited).getString("id");
    HttpResponse<String> credited = credit("cr-1", id, 1000);
    HttpResponse<String> refused = credit("cr-2", id, 1000);
    String book = provider.get("/book").body();
    for (int starts = 0; starts < 2; starts++) {
      assertThat(post("ref-1", "/debits", debit("pm_ach_success", "ref-1")).body()).isEqualTo(debited.body());
      assertThat(credit("cr-1", id, 1000).body()).isEqualTo(credited.body());
      assertThat(credit("cr-2", id, 1000).body()).isEqualTo(refused.body());
      assertThat(provider.get("/book").body()).isEqualTo(book);
      HttpResponse<String> other = credit("cr-1", id, 1001);
      assertThat(other.statusCode()).isEqualTo(422);
      assertThat(error(other).getString("code")).isEqualTo("idempotency_key_reused");
      restart();
    }
  }

  @Test
  void ops_misbehave() throws Exception {
    String refusing = json(post("ref-1", "/debits", debit("pm_sim_ops_refused", "ref-1"))).getString("id");
    assertThat(error(credit("cr-1", refusing, 5)).getString("code")).isEqualTo("refused");
    assertThat(cancel("can-1", refusing).statusCode()).isEqualTo(422);
    String failing = json(post("ref-2", "/debits", debit("pm_sim_ops_500", "ref-2"))).getString("id");
    assertThat(credit("cr-2", failing, 5).statusCode()).isEqualTo(500);
    assertThat(credit("cr-2", failing, 5).statusCode()).isEqualTo(201);
    String malformed = json(post("ref-3", "/debits", debit("pm_sim_ops_malformed", "ref-3"))).getString("id");
    HttpResponse<String> garbage = cancel("can-2", malformed);
    assertThatThrownBy(() -> json(garbage)).isInstanceOf(DecodeException.class);
    assertThat(provider.bookLine("ref-3").getString("status")).isEqualTo("canceled");
  }

  @Test
  void debit_misbehaves() throws Exception {
    assertThat(post("ref-1", "/debits", debit("pm_sim_500", "ref-1")).statusCode()).isEqualTo(500);
    HttpResponse<String> garbage = post("ref-2", "/debits", debit("pm_sim_malformed", "ref-2"));
    assertThatThrownBy(() -> json(garbage)).isInstanceOf(DecodeException.class);
    assertThat(json(post("ref-3", "/debits", debit("pm_sim_wrong_amount", "ref-3"))).getInteger("amount"))
        .isEqualTo(1100);
    for (String token : new String[]{"pm_sim_hang", "pm_sim_charge_then_hang"}) {
      var impatient = provider.request("/bank/debits").timeout(Duration.ofMillis(300))
          .header("Idempotency-Key", token).POST(BodyPublishers.ofString(debit(token, token).encode()))
          .build();
      assertThatThrownBy(() -> provider.send(impatient)).isInstanceOf(HttpTimeoutException.class);
    }
    provider.awaitEntries(3);
    assertThat(post("pm_sim_charge_then_hang", "/debits",
        debit("pm_sim_charge_then_hang", "pm_sim_charge_then_hang")).statusCode()).isEqualTo(201);
  }

  @Test
  void credit_hangsAndIsReplayed() throws Exception {
    String id = debited("pm_sim_ops_hang");
    var impatient = provider.request("/bank/credits").timeout(Duration.ofMillis(300))
        .header("Idempotency-Key", "cr-1").POST(BodyPublishers.ofString(new JsonObject()
            .put("reference", "cr-1").put("debit", id).put("amount", 5).encode()))
        .build();
    assertThatThrownBy(() -> provider.send(impatient)).isInstanceOf(HttpTimeoutException.class);
    assertThat(credit("cr-1", id, 5).statusCode()).isEqualTo(201);
    assertThat(provider.bookLine("ref-1").getInteger("amount_refunded")).isEqualTo(5);
  }

  @Test
  void failure_mayBeTriedAgain() throws Exception {
    settings("{\"failure_rate\":1}");
    assertThat(post("ref-1", "/debits", debit("pm_ach_success", "ref-1")).statusCode()).isEqualTo(500);
    settings("{\"failure_rate\":0}");
    assertThat(post("ref-1", "/debits", debit("pm_ach_success", "ref-1")).statusCode()).isEqualTo(201);
  }
}
