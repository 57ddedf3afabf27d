package dev.millrace.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds real requests and answers of the calls on events against {@code openapi.yaml}. */
class EventsContractIT {
  private static final String NOTHING = "evt_01jd3w5ynkfxmrx1v0a9s2e4zg";
  private static final ContractCalls CALLS = new ContractCalls(ContractCalls.EVENTS);
  private static final TestMerchant MERCHANT = TestMerchant.create();
  private static String event;

  @BeforeAll
  static void makeEvents() {
    String id = MERCHANT.pay(TestMerchant.VISA).json().getString("id");
    MERCHANT.awaitStatus(id, "settled");
    Await.until(Duration.ofSeconds(10), "its events", () -> !events("?types=payment.settled").isEmpty());
    event = events("?limit=1").getFirst();
  }

  @AfterAll
  static void documentedAnswers_exceptFaults_wereAllProvoked() {
    CALLS.close();
  }

  private static List<String> events(String query) {
    return TestMerchant.objects(MERCHANT.get("/v1/events" + query).json().getJsonArray("data")).stream()
        .map(e -> e.getString("id")).toList();
  }

  private static Stream<String> reads() {
    return Stream.of("/v1/events", "/v1/events?limit=100", "/v1/events/" + event);
  }

  @ParameterizedTest
  @MethodSource("reads")
  void read_fits(String path) { CALLS.assertRead(MERCHANT, path); }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/events", "/v1/events/" + NOTHING})
  void read_overTheRate_fits(String path) {
    CALLS.assertLimited(HttpMethod.GET, path, null);
  }

  @Test
  void read_ofNothing_fits() {
    CALLS.assertValidCall(404, HttpMethod.GET, "/v1/events/" + NOTHING, ContractCalls.authorized(MERCHANT),
        null);
  }

  @Test
  void list_withParameters_fits() {
    for (String query : List.of("after=" + event, "types=payment.settled,settlement.*", "types=*",
        "payment=pay_01jd3w5ynkfxmrx1v0a9s2e4zg", "limit=1&types=payment.*"))
      CALLS.assertValidCall(200, HttpMethod.GET, "/v1/events?" + query, ContractCalls.authorized(MERCHANT),
          null);
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/events", ContractCalls.authorized(TestMerchant.create()),
        null);
  }

  /** Every event that a payment, a settlement and a webhook endpoint can have. */
  @Test
  void events_ofEveryType_fit() {
    var merchant = TestMerchant.create();
    for (String method : List.of("pm_card_visa", "pm_card_chargeDeclined", "pm_card_nobody",
        "pm_sim_wrong_amount", "pm_test_blocked", "pm_test_review", "pm_sim_malformed"))
      merchant
          .pay(TestMerchant.paidBy(method).replace("}", ",\"reference\":\"r\",\"metadata\":{\"a\":\"b\"}}"));
    for (String act : List.of("release", "block")) {
      String id = merchant.pay(TestMerchant.paidBy("pm_test_review")).json().getString("id");
      merchant.awaitStatus(id, "in_review");
      TestMerchant.ops("/ops/payments/" + id + "/" + act, new io.vertx.core.json.JsonObject());
    }
    String made = merchant.send("POST", "/v1/webhook_endpoints",
        "{\"url\":\"http://127.0.0.1:1/\",\"enabled_events\":[\"*\"]}").json().getString("id");
    merchant.send("POST", "/v1/webhook_endpoints/" + made + "/test", null);
    for (String type : List.of("payment.initiated", "payment.screened", "payment.blocked",
        "payment.provider_submitted", "payment.unknown", "payment.confirmed", "payment.declined",
        "payment.settled", "settlement.posted", "webhook_endpoint.test"))
      Await.until(Duration.ofSeconds(20), type, () -> !merchant.get("/v1/events?types=" + type).json()
          .getJsonArray("data").isEmpty());
    CALLS.assertValidCall(200, HttpMethod.GET, "/v1/events?limit=100", ContractCalls.authorized(merchant),
        null);
  }

  @Test
  void expired_fits() {
    try (var old = OldCursor.make()) {
      for (String path : List.of("/v1/events", "/v1/events/stream"))
        CALLS.assertValidCall(410, HttpMethod.GET, path + "?after=" + old.id(),
            ContractCalls.authorized(MERCHANT), null);
    }
  }

  @Test
  void stream_fits() throws IOException, InterruptedException {
    assertStream("/v1/events/stream?after=" + event, Map.of(), "event: payment.settled");
    assertStream("/v1/events/stream", Map.of("Last-Event-ID", event), "event: payment.settled");
    assertStream("/v1/events/stream?types=payment.settled&payment=pay_01jd3w5ynkfxmrx1v0a9s2e4zg", Map.of(),
        "retry: ");
  }

  /** A stream has no end: what has come by {@code until} is held against the contract. */
  private static void assertStream(String path, Map<String, String> more, String until)
      throws IOException, InterruptedException {
    var headers = new HashMap<>(ContractCalls.authorized(MERCHANT));
    headers.putAll(more);
    assertThat(CALLS.faultsOfRequest("GET", path, headers, null)).isEmpty();
    var request = HttpRequest.newBuilder(URI.create(ApiSite.url(path)));
    headers.forEach(request::header);
    try (var client = HttpClient.newHttpClient()) {
      var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      var lower = new HashMap<String, String>();
      response.headers().map().forEach((name, values) -> lower.put(name, String.join(", ", values)));
      try (var in = response.body()) {
        var text = new StringBuilder();
        for (byte[] some = in.readNBytes(1); text.indexOf(until) < 0; some = in.readNBytes(1))
          text.append(new String(some, UTF_8));
        CALLS.assertFits(HttpMethod.GET, path, 200, lower, text.toString().getBytes(UTF_8));
      }
      client.shutdownNow();
    }
  }

  @Test
  void stream_refused_fits() {
    CALLS.assertUnauthorized(HttpMethod.GET, "/v1/events/stream", null);
    for (String query : List.of("after=" + "evt_nonsense", "types=nonsense", "nonsense=1"))
      CALLS.assertCall(400, HttpMethod.GET, "/v1/events/stream?" + query, ContractCalls.authorized(MERCHANT),
          null);
    // Refused too, so that it ends: over the rate it is refused before it is read.
    CALLS.assertLimited(HttpMethod.GET, "/v1/events/stream?limit=1", null);
  }
}
