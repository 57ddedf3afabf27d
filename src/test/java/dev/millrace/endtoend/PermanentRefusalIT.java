package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What trying again cannot mend, before a provider that refuses or answers in the wrong currency: no window is used. */
class PermanentRefusalIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final long BAD_REQUEST = 4_000;
  private static HttpServer provider;
  private static Site site;
  private static GatewayProcess gateway;
  private static String merchant;

  @BeforeAll
  static void start() throws IOException {
    provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    provider.createContext("/", exchange -> {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      boolean bad = body.contains("amount=" + BAD_REQUEST);
      byte[] answer = (bad
          ? "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"parameter_invalid\",\"message\":\"No.\"}}"
          : "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"succeeded\",\"amount\":1999,"
              + "\"amount_received\":1999,\"currency\":\"eur\"}")
          .getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(bad ? 400 : 200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    provider.start();
    site = Site.on(TestServers.shared());
    gateway = site.start("api,relay,processor,ops",
        Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe", "MILLRACE_ROUTING_RULES", "card -> stripe",
            "MILLRACE_PROVIDER_STRIPE_URL", "http://127.0.0.1:" + provider.getAddress().getPort(),
            "MILLRACE_PROVIDER_STRIPE_WEBHOOK_SECRETS", "whsec_own",
            "MILLRACE_PROCESSOR_RETRY_WINDOWS", "10m", "MILLRACE_PROCESSOR_JANITOR_AGE", "10m"));
    merchant = gateway.merchantKey();
  }

  @AfterAll
  static void stop() {
    site.close();
    provider.stop(0);
  }

  private static String pay(long amount) {
    return Http.send("POST", gateway.apiUrl() + "/v1/payments",
        Http.create(merchant, UUID.randomUUID().toString()), SteadyLoad.body(amount, "usd", "pm_card_visa"))
        .json()
        .getString("id");
  }

  private static JsonObject payment(String id) {
    return Http.get(gateway.apiUrl() + "/v1/payments/" + id, merchant).json();
  }

  private static List<JsonObject> letters(String payment) {
    return Http.get(gateway.opsUrl() + "/ops/dead-letters?payment=" + payment).json().getJsonArray("data")
        .stream().map(JsonObject.class::cast).toList();
  }

  private static void assertGivenUpAtOnce(String payment, String error) {
    Await.until(SOON, "a dead letter", () -> !letters(payment).isEmpty());
    var letter = letters(payment).getFirst();
    assertThat(letter.getString("task")).isEqualTo("charge");
    assertThat(letter.getInteger("attempts")).isEqualTo(1);
    assertThat(letter.getString("error")).isEqualTo(error);
    assertNoWindowUsed();
  }

  private static void assertNoWindowUsed() {
    assertThat(Http.get(gateway.opsUrl() + "/metrics").body()).doesNotContain("millrace_retries_total{");
  }

  @Test
  void charge_inAnotherCurrency_isUnknownAndADeadLetterAtOnce() {
    String id = pay(1_999);
    assertGivenUpAtOnce(id, "currency_mismatch: in eur instead of usd");
    assertThat(payment(id).getString("status")).isEqualTo("unknown");
  }

  @Test
  void charge_refusedAsABadRequest_isDeclined() {
    String id = pay(BAD_REQUEST);
    Await.until(SOON, "it is declined", () -> payment(id).getString("status").equals("declined"));
    assertThat(letters(id)).isEmpty();
    assertNoWindowUsed();
  }

  @Test
  void record_ofNoPayment_isADeadLetterAtOnce() {
    String id = TypeId.format(TypeId.PAYMENT, TypeId.next());
    var record = new ProducerRecord<>(site.topic(), 0, id, new byte[0]);
    record.headers().add("ce_type", "payment.capture_requested".getBytes(StandardCharsets.US_ASCII));
    EventTopic.send(site, List.of(record));
    assertGivenUpAtOnce(id, "no such payment: " + id);
  }
}
