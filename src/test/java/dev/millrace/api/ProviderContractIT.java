package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.StripeSender;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Holds providers' webhooks and what they are answered against {@code openapi.yaml}. */
class ProviderContractIT {
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final String PROVIDER = "/webhooks/stripe/default";
  private static final String FORGED = "POST " + PROVIDER
      + " HTTP/1.1\r\nHost: millrace\r\nContent-Length: 2\r\n\r\n{}";
  private static final ContractCalls CALLS = new ContractCalls(ContractCalls.PROVIDERS);
  private static final TestMerchant MERCHANT = TestMerchant.create();

  @AfterAll
  static void documentedAnswers_exceptFaults_wereAllProvoked() {
    CALLS.close();
  }

  private static Map<String, String> signed(String body) {
    return Map.of("Content-Type", "application/json", "Stripe-Signature",
        StripeSender.signature(StripeSender.SECRET, StripeSender.now(), body));
  }

  @Test
  void provider_heard_fitsAndStandsInTheTimeline() {
    String id = MERCHANT.pay(TestMerchant.VISA).json().getString("id");
    MERCHANT.awaitStatus(id, "settled");
    String timeline = "/v1/payments/" + id + "/timeline";
    var attempt = TestMerchant.objects(MERCHANT.get(timeline).json().getJsonArray("data")).stream()
        .filter(moment -> moment.getString("object").equals("attempt")).findFirst().orElseThrow();
    String told = StripeSender.succeeded(StripeSender.eventId(),
        attempt.getJsonObject("data").getString("reference"), 1999);
    CALLS.assertValidCall(200, HttpMethod.POST, PROVIDER, signed(told), told);
    CALLS.assertValidCall(200, HttpMethod.POST, PROVIDER, signed(told), told);
    // It names a second charge, which is given back, in vain: its provider has none such.
    Await.until(BOUND, "the webhook and what came of it stand in the timeline", () -> {
      String body = MERCHANT.get(timeline).body();
      return body.contains("payment_intent.succeeded") && body.contains("payment.late_charge_kept");
    });
    CALLS.assertValidCall(200, HttpMethod.GET, timeline, ContractCalls.authorized(MERCHANT), null);
  }

  @Test
  void provider_refused_fits() {
    // Only Stripe's have this header: the contract cannot require it.
    CALLS.assertValidCall(400, HttpMethod.POST, PROVIDER, Map.of("Content-Type", "application/json"),
        "{\"id\":\"evt_1\"}");
    CALLS.assertInvalidCall(HttpMethod.POST, PROVIDER, signed("{}"), "{}");
    CALLS.assertCall(413, HttpMethod.POST, PROVIDER, signed("{}"), " ".repeat(262_145));
    CALLS.assertCall(404, HttpMethod.POST, "/webhooks/stripe/nobody", signed("{}"), "{}");
    try (var http = new RawHttp()) {
      var slow = http.send("POST " + PROVIDER + " HTTP/1.1\r\nHost: millrace\r\nContent-Length: 9\r\n\r\n")
          .answer();
      assertThat(slow.status()).isEqualTo(408);
      CALLS.assertFits(HttpMethod.POST, PROVIDER, 408, slow.headers(), slow.bytes());
    }
    // From an address of its own: others' forgeries are to be judged one by one.
    try (var http = new RawHttp("127.0.0.9")) {
      var answer = http.send(FORGED).answer();
      for (int i = 0; i < 100 && answer.status() == 400; i++) answer = http.send(FORGED).answer();
      assertThat(answer.status()).isEqualTo(429);
      CALLS.assertFits(HttpMethod.POST, PROVIDER, 429, answer.headers(), answer.bytes());
    }
  }
}
