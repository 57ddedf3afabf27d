package dev.millrace.simulator;

import static dev.millrace.simulator.WebhookReceiver.countsOf;
import static dev.millrace.simulator.RunningSimulator.error;
import static dev.millrace.simulator.RunningSimulator.form;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.model.PaymentIntent;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.WebhookReceiver.Webhook;
import dev.millrace.testing.Await;
import dev.millrace.testing.TestServers;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebhooksTest extends SimulatorTestBase {
  private static final String AT_ONCE = "\"webhook_delay_ms_min\":0,\"webhook_delay_ms_max\":0";

  WebhooksTest() {
    super(Map.of(Wire.STRIPE, WebhookReceiver.SECRET));
  }

  @Test
  void charge_isTold() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    Webhook webhook = receiver.await(1).getFirst();
    String intent = provider.get("/v1/payment_intents/" + id).body();
    assertThat(webhook.body()).isEqualTo("{\"id\":\"" + id.replace("pi_", "evt_")
        + "\",\"object\":\"event\",\"api_version\":\"2025-03-31.basil\",\"created\":"
        + new JsonObject(intent).getLong("created") + ",\"data\":{\"object\":" + intent
        + "},\"livemode\":false,\"pending_webhooks\":1,\"request\":{\"id\":null,"
        + "\"idempotency_key\":\"ref-1\"},\"type\":\"payment_intent.succeeded\"}");
    assertThat(webhook.target()).isEqualTo("/webhooks/stripe/default");
    assertThat(webhook.headers().get("Content-Type")).isEqualTo("application/json; charset=utf-8");
    assertThat(webhook.headers().get("User-Agent")).startsWith("MillraceSimulator");
    assertThat(webhook.verifiedSeconds()).isBetween(System.currentTimeMillis() / 1000 - 30,
        System.currentTimeMillis() / 1000);
    awaitCounts(counts -> counts.equals(countsOf(1, 0, 0, 0)));
  }

  /** Stripe's own library takes the simulator for Stripe. */
  @Test
  void charge_isTold_asStripesLibraryReadsIt() throws Exception {
    String id = json(provider.charge("ref-1", "pm_card_visa")).getString("id");
    Webhook webhook = receiver.await(1).getFirst();
    var event = com.stripe.net.Webhook.constructEvent(webhook.body(),
        webhook.headers().get("Stripe-Signature"), WebhookReceiver.SECRET);
    assertThat(event.getId()).isEqualTo(webhook.id());
    assertThat(event.getType()).isEqualTo("payment_intent.succeeded");
    var intent = (PaymentIntent) event.getDataObjectDeserializer().deserializeUnsafe();
    assertThat(intent.getId()).isEqualTo(id);
    assertThat(intent.getStatus()).isEqualTo("succeeded");
    assertThat(intent.getMetadata()).containsEntry("millrace_reference", "ref-1");
  }

  @ParameterizedTest
  @CsvSource({"pm_card_visa,payment_intent.succeeded,succeeded",
      "pm_card_chargeDeclinedLostCard,payment_intent.payment_failed,requires_payment_method",
      "pm_sim_charge_then_hang,payment_intent.succeeded,succeeded",
      "pm_sim_malformed,payment_intent.succeeded,succeeded",
      "pm_sim_wrong_amount,payment_intent.succeeded,succeeded"})
  void entry_isTold_whateverIsAnswered(String method, String type, String status) throws Exception {
    var answered = provider.chargeLater("ref-1", method);
    JsonObject event = receiver.await(1).getFirst().event();
    assertThat(event.getString("type")).isEqualTo(type);
    JsonObject intent = event.getJsonObject("data").getJsonObject("object");
    assertThat(intent.getString("status")).isEqualTo(status);
    assertThat(intent.getJsonObject("metadata").getString("millrace_reference")).isEqualTo("ref-1");
    answered.cancel(true);
  }

  @Test
  void body_withoutKeyAndWithEscapes_verifies() throws Exception {
    var request = provider.request("/v1/payment_intents")
        .POST(
            BodyPublishers.ofString(form(5, "pm_card_visa", "ref-1") + "&description=%22%C3%A9%F0%9F%98%80"));
    assertThat(provider.send(request.build()).statusCode()).isEqualTo(200);
    Webhook webhook = receiver.await(1).getFirst();
    webhook.verifiedSeconds();
    assertThat(webhook.event().getJsonObject("request"))
        .isEqualTo(new JsonObject().putNull("id").putNull("idempotency_key"));
    assertThat(webhook.event().getJsonObject("data").getJsonObject("object").getString("description"))
        .isEqualTo("\"é😀");
  }

  @Test
  void nothingInTheBook_isNotTold() throws Exception {
    provider.put("/settings", "{" + AT_ONCE + "}");
    assertThat(provider.charge("ref-1", "pm_sim_500").statusCode()).isEqualTo(500);
    provider.charge("ref-2", "pm_card_visa");
    provider.charge("ref-2", "pm_card_visa");
    awaitCounts(counts -> counts.equals(countsOf(1, 0, 0, 0)));
    assertThat(receiver.await(1).getFirst().body()).contains("ref-2");
  }

  @Test
  void duplicateRate_one_sendsTheSameTwice() throws Exception {
    provider.put("/settings", "{\"webhook_duplicate_rate\":1}");
    provider.charge("ref-1", "pm_card_visa");
    awaitCounts(counts -> counts.equals(countsOf(2, 0, 0, 1)));
    List<Webhook> both = receiver.await(2);
    assertThat(both.get(0).body()).isEqualTo(both.get(1).body());
    assertThat(both.get(0).id()).startsWith("evt_");
  }

  @Test
  void lossRate_one_sendsNone() throws Exception {
    provider.put("/settings", "{" + AT_ONCE + ",\"webhook_loss_rate\":1,\"webhook_duplicate_rate\":1}");
    provider.charge("ref-1", "pm_card_visa");
    assertThat(counts()).isEqualTo(countsOf(0, 0, 1, 0));
    provider.put("/settings", "{\"webhook_loss_rate\":0,\"webhook_duplicate_rate\":0}");
    provider.charge("ref-2", "pm_card_visa");
    assertThat(receiver.await(1).getFirst().body()).contains("ref-2");
  }

  @Test
  void webhooks_false_sendsNone() throws Exception {
    provider.put("/settings", "{" + AT_ONCE + ",\"webhooks\":false}");
    provider.charge("ref-1", "pm_card_visa");
    assertThat(counts()).isEqualTo(countsOf(0, 0, 0, 0));
    provider.put("/settings", "{\"webhooks\":true}");
    provider.charge("ref-2", "pm_card_visa");
    assertThat(receiver.await(1).getFirst().body()).contains("ref-2");
  }

  @Test
  void delay_isKept() throws Exception {
    provider.put("/settings", "{\"webhook_delay_ms_min\":400,\"webhook_delay_ms_max\":500}");
    long begun = System.nanoTime();
    provider.charge("ref-1", "pm_card_visa");
    assertThat(counts().getInteger("waiting")).isEqualTo(1);
    receiver.await(1);
    assertThat(System.nanoTime() - begun).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(399));
  }

  @Test
  void shuffle_changesTheOrder() throws Exception {
    provider.put("/settings", "{" + AT_ONCE + ",\"webhook_shuffle_ms\":1000}");
    for (int i = 0; i < 20; i++) {
      provider.charge("ref-" + i, "pm_card_visa");
    }
    List<String> ids = receiver.await(20).stream().map(Webhook::id).toList();
    assertThat(ids).doesNotHaveDuplicates();
    // The ids go up with the book: as it happened would be sorted.
    assertThat(ids).isNotEqualTo(ids.stream().sorted(Comparator.naturalOrder()).toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 404, 302})
  void refusedWebhook_isTriedAgain_withTheSameBodyAndAFreshSignature(int status) throws Exception {
    receiver.answering((request, n) -> request.response().setStatusCode(n == 1 ? status : 204).end());
    provider.charge("ref-1", "pm_card_visa");
    awaitCounts(counts -> counts.equals(countsOf(1, 1, 0, 0)));
    List<Webhook> tries = receiver.await(2);
    assertThat(tries.get(1).body()).isEqualTo(tries.get(0).body());
    assertThat(tries.get(1).verifiedSeconds()).isGreaterThan(tries.get(0).verifiedSeconds());
  }

  @Test
  void refusedConnection_isTriedAgain() throws Exception {
    int port = TestServers.freePort();
    provider.close();
    provider = new RunningSimulator(directory, WebhookReceiver.url(port), WebhookReceiver.SECRET);
    provider.charge("ref-1", "pm_card_visa");
    awaitCounts(counts -> counts.getInteger("failed_tries") > 0);
    assertThat(counts().getInteger("waiting") + counts().getInteger("in_flight")).isEqualTo(1);
    try (var late = new WebhookReceiver(port)) {
      late.await(1).getFirst().verifiedSeconds();
    }
  }

  @Test
  void noAnswer_isTriedAgain() throws Exception {
    receiver.answering((request, n) -> {
      if (n > 1) {
        request.response().end();
      }
    });
    provider.charge("ref-1", "pm_card_visa");
    awaitCounts(counts -> counts.equals(countsOf(1, 1, 0, 0)));
    assertThat(receiver.await(2)).extracting(Webhook::id).containsOnly(receiver.received().getFirst().id());
  }

  @Test
  void inFlight_isBounded() throws Exception {
    var held = new ConcurrentLinkedQueue<HttpServerRequest>();
    receiver.answering((request, n) -> held.add(request));
    provider.put("/settings", "{" + AT_ONCE + "}");
    var charges = IntStream.range(0, 100).mapToObj(i -> provider.chargeLater("ref-" + i, "pm_card_visa"))
        .toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(charges).get(20, TimeUnit.SECONDS);
    receiver.await(64);
    assertThat(counts().getInteger("in_flight")).isEqualTo(64);
    assertThat(counts().getInteger("waiting")).isEqualTo(36);
    receiver.answering((request, n) -> request.response().end());
    held.forEach(request -> request.response().end());
    awaitCounts(counts -> counts.equals(countsOf(100, 0, 0, 0)));
    assertThat(receiver.await(100)).extracting(Webhook::id).doesNotHaveDuplicates();
  }

  @Test
  void resend_tellsAgain_whateverTheSettingsAre() throws Exception {
    provider.charge("ref-1", "pm_card_visa");
    provider.charge("ref-2", "pm_card_visa");
    receiver.await(2);
    provider.put("/settings", "{\"webhooks\":false,\"webhook_loss_rate\":1}");
    HttpResponse<String> resent = resend("{\"reference\":\"ref-1\"}");
    assertThat(resent.statusCode()).isEqualTo(200);
    assertThat(json(resent)).isEqualTo(new JsonObject().put("resent", 1));
    List<Webhook> all = receiver.await(3);
    assertThat(all.get(2).body()).contains("\"ref-1\"");
    assertThat(all.subList(0, 2)).extracting(Webhook::body).contains(all.get(2).body());
  }

  @Test
  void resend_everyEntryOfTheReference_alsoAfterARestart() throws Exception {
    provider.put("/settings", "{\"webhooks\":false}");
    provider.post("key-1", form(5, "pm_card_chargeDeclined", "ref-1"));
    provider.post("key-2", form(5, "pm_card_visa", "ref-1"));
    restart();
    assertThat(json(resend("{\"reference\":\"ref-1\"}"))).isEqualTo(new JsonObject().put("resent", 2));
    assertThat(receiver.await(2)).extracting(webhook -> webhook.event().getString("type"))
        .containsExactlyInAnyOrder("payment_intent.payment_failed", "payment_intent.succeeded");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"{\"reference\":\"ref-9\"}|404|'ref-9'", "{}|400|The body must be",
      "{\"reference\":1}|400|The body must be", "[]|400|The body must be", "{|400|The body must be"})
  void resend_refused(String body, int status, String message) throws Exception {
    HttpResponse<String> refused = resend(body);
    assertThat(refused.statusCode()).isEqualTo(status);
    assertThat(error(refused).getString("message")).contains(message);
  }

  @Test
  void url_empty_sendsNone() throws Exception {
    provider.close();
    provider = new RunningSimulator(directory);
    provider.put("/settings", "{" + AT_ONCE + "}");
    provider.charge("ref-1", "pm_card_visa");
    assertThat(counts()).isEqualTo(countsOf(0, 0, 0, 0));
    HttpResponse<String> refused = resend("{\"reference\":\"ref-1\"}");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("message")).contains("nowhere");
  }

  private HttpResponse<String> resend(String body) throws Exception {
    return provider.send(provider.request("/webhooks/resend").POST(BodyPublishers.ofString(body)).build());
  }

  private JsonObject counts() {
    try {
      return json(provider.get("/webhooks"));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void awaitCounts(Predicate<JsonObject> condition) {
    Await.until(Duration.ofSeconds(15), "counts of webhooks", () -> condition.test(counts()));
  }
}
