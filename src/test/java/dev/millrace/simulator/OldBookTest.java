package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.form;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A book as it was written when there were charges and declines only. */
class OldBookTest {
  // Written, and answered, by the version before there were movements.
  private static final String BOOK = """
    {"book":"0aZ9bY8cX7dW6e","format":1}
    {"n":0,"reference":"ref-1","key":"ref-1","payment_method":"pm_card_visa","status":"succeeded",\
    "currency":"usd","amount":1099,"created":1795297224,"fingerprint":"e387865cddb59f0d"}
    {"n":1,"reference":"ref-2","key":"ref-2","payment_method":"pm_card_chargeDeclinedLostCard",\
    "status":"declined","currency":"usd","amount":1099,"created":1795297224,\
    "fingerprint":"39248acca67b5116"}
    {"n":2,"reference":"ref-3","key":"key-3","payment_method":"pm_sim_wrong_amount",\
    "status":"succeeded","currency":"eur","amount":701,"created":1795297224,\
    "fingerprint":"003a98b627bbf8ba","description":"\\"a\\"é","metadata":{"order":"7"}}
    """;
  private static final String CHARGED = """
    {"id":"pi_0aZ9bY8cX7dW6e0000000000","object":"payment_intent","amount":1099,"amount_capturable":0,\
    "amount_details":{"tip":{}},"amount_received":1099,"application":null,\
    "application_fee_amount":null,"automatic_payment_methods":null,"canceled_at":null,\
    "cancellation_reason":null,"capture_method":"automatic",\
    "client_secret":"pi_0aZ9bY8cX7dW6e0000000000_secret_1wr83xgrvw71t",\
    "confirmation_method":"automatic","created":1795297224,"currency":"usd","customer":null,\
    "description":null,"last_payment_error":null,"latest_charge":"ch_0aZ9bY8cX7dW6e0000000000",\
    "livemode":false,"metadata":{"millrace_reference":"ref-1"},"next_action":null,"on_behalf_of":null,\
    "payment_method":"pm_card_visa","payment_method_options":{},"payment_method_types":["card"],\
    "processing":null,"receipt_email":null,"review":null,"setup_future_usage":null,"shipping":null,\
    "source":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"status":"succeeded",\
    "transfer_data":null,"transfer_group":null}""";
  private static final String DECLINED = """
    {"error":{"charge":"ch_0aZ9bY8cX7dW6e0000000001","code":"card_declined",\
    "decline_code":"lost_card","doc_url":"https://stripe.com/docs/error-codes/card-declined",\
    "message":"Your card was declined.","payment_intent":{"id":"pi_0aZ9bY8cX7dW6e0000000001",\
    "object":"payment_intent","amount":1099,"amount_capturable":0,"amount_details":{"tip":{}},\
    "amount_received":0,"application":null,"application_fee_amount":null,\
    "automatic_payment_methods":null,"canceled_at":null,"cancellation_reason":null,\
    "capture_method":"automatic","client_secret":"pi_0aZ9bY8cX7dW6e0000000001_secret_f8230j8qhyh2",\
    "confirmation_method":"automatic","created":1795297224,"currency":"usd","customer":null,\
    "description":null,"last_payment_error":{"charge":"ch_0aZ9bY8cX7dW6e0000000001",\
    "code":"card_declined","decline_code":"lost_card",\
    "doc_url":"https://stripe.com/docs/error-codes/card-declined","message":"Your card was declined.",\
    "payment_method":{"id":"pm_card_chargeDeclinedLostCard","object":"payment_method","type":"card"},\
    "type":"card_error"},"latest_charge":"ch_0aZ9bY8cX7dW6e0000000001","livemode":false,\
    "metadata":{"millrace_reference":"ref-2"},"next_action":null,"on_behalf_of":null,\
    "payment_method":null,"payment_method_options":{},"payment_method_types":["card"],\
    "processing":null,"receipt_email":null,"review":null,"setup_future_usage":null,"shipping":null,\
    "source":null,"statement_descriptor":null,"statement_descriptor_suffix":null,\
    "status":"requires_payment_method","transfer_data":null,"transfer_group":null},\
    "payment_method":{"id":"pm_card_chargeDeclinedLostCard","object":"payment_method","type":"card"},\
    "type":"card_error"}}""";
  private static final String DESCRIBED = """
    {"id":"pi_0aZ9bY8cX7dW6e0000000002","object":"payment_intent","amount":701,"amount_capturable":0,\
    "amount_details":{"tip":{}},"amount_received":701,"application":null,\
    "application_fee_amount":null,"automatic_payment_methods":null,"canceled_at":null,\
    "cancellation_reason":null,"capture_method":"automatic",\
    "client_secret":"pi_0aZ9bY8cX7dW6e0000000002_secret_vrl2m4snhyaj",\
    "confirmation_method":"automatic","created":1795297224,"currency":"eur","customer":null,\
    "description":"\\"a\\"é","last_payment_error":null,"latest_charge":"ch_0aZ9bY8cX7dW6e0000000002",\
    "livemode":false,"metadata":{"millrace_reference":"ref-3","order":"7"},"next_action":null,\
    "on_behalf_of":null,"payment_method":"pm_sim_wrong_amount","payment_method_options":{},\
    "payment_method_types":["card"],"processing":null,"receipt_email":null,"review":null,\
    "setup_future_usage":null,"shipping":null,"source":null,"statement_descriptor":null,\
    "statement_descriptor_suffix":null,"status":"succeeded","transfer_data":null,\
    "transfer_group":null}""";

  @TempDir
  private Path directory;

  @Test
  void oldBook_answersTheSameBytes_andGoesOn() throws Exception {
    Files.writeString(directory.resolve("book.ndjson"), BOOK);
    String refunded;
    try (var provider = new RunningSimulator(directory)) {
      assertReplayed(provider.charge("ref-1", "pm_card_visa"), CHARGED);
      assertReplayed(provider.charge("ref-2", "pm_card_chargeDeclinedLostCard"), DECLINED);
      assertReplayed(provider.post("key-3",
          form(700, "pm_sim_wrong_amount", "ref-3").replace("usd", "eur")
              + "&description=%22a%22%C3%A9&metadata[order]=7&capture_method=automatic"),
          DESCRIBED);
      String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
      refunded = provider.post("r-1", "/v1/refunds", "payment_intent=" + id + "&amount=99").body();
      assertThat(new JsonObject(refunded).getString("status")).isEqualTo("succeeded");
      assertThat(Files.readString(directory.resolve("book.ndjson"))).startsWith(BOOK);
    }
    try (var provider = new RunningSimulator(directory)) {
      assertReplayed(provider.charge("ref-1", "pm_card_visa"), CHARGED);
      JsonObject sums = provider.summary().getJsonObject("by_currency");
      assertThat(sums.getJsonObject("usd").getInteger("captured")).isEqualTo(1099);
      assertThat(sums.getJsonObject("usd").getInteger("refunded")).isEqualTo(99);
      assertThat(sums.getJsonObject("eur").getInteger("captured")).isEqualTo(701);
      assertThat(provider.bookLine("ref-2").getString("status")).isEqualTo("declined");
      assertThat(json(provider.get("/v1/refunds/" + new JsonObject(refunded).getString("id"))))
          .isEqualTo(new JsonObject(refunded));
    }
  }

  private static void assertReplayed(HttpResponse<String> replay, String answer) {
    assertThat(replay.headers().firstValue("idempotent-replayed")).hasValue("true");
    assertThat(replay.body()).isEqualTo(answer);
  }
}
