package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.testing.Http;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Disputes as a merchant sees them: objects of their own, of which a payment may have several. */
class DisputesIT {
  private static final String NOTHING = "dp_01jd3w5ynkfxmrx1v0a9s2e4zg";
  private static final ContractCalls CALLS = new ContractCalls(ContractCalls.DISPUTES);
  private final TestMerchant merchant = TestMerchant.at(QuietSite.GATEWAY);

  @AfterAll
  static void documentedAnswers_exceptFaults_wereAllProvoked() {
    for (String path : List.of("/v1/disputes", "/v1/disputes/" + NOTHING,
        "/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/disputes"))
      CALLS.assertLimited(HttpMethod.GET, path, null);
    CALLS.close();
  }

  private Http.Answer read(int status, String path) {
    var answer = merchant.get(path);
    assertThat(answer.status()).as("%s: %s", path, answer.body()).isEqualTo(status);
    CALLS.assertFits(HttpMethod.GET, path, status, Contract.lowerCase(answer), answer.bytes());
    return answer;
  }

  private List<JsonObject> list(String path) {
    return TestMerchant.objects(read(200, path).json().getJsonArray("data"));
  }

  private static List<String> names(List<JsonObject> disputes) {
    return disputes.stream().map(d -> d.getString("provider_reference")).toList();
  }

  private static PaymentEvent opened(String name, long amount) {
    return new PaymentEvent.Disputed(name, "stripe", amount, "usd", "fraudulent", 1_800_000_000L);
  }

  /** A payment with as many open disputes of 1 each, one after the other. */
  private String disputed(int count) {
    String id = QuietSite.confirmed(merchant);
    for (int i = 1; i <= count; i++) QuietSite.append(id, opened("du_" + i, 1));
    return id;
  }

  private static JsonObject movement(String event, String account, String direction, long amount) {
    return new JsonObject().put("event", event).put("account", account).put("direction", direction).put(
        "amount",
        amount);
  }

  @Test
  void dispute_isReadWithWhatItMoved() {
    String id = QuietSite.confirmed(merchant);
    QuietSite.append(id, opened("du_1", 1500),
        new PaymentEvent.Disputed("du_2", "stripe", 700, "usd", null, null,
            201L));
    QuietSite.append(id, new PaymentEvent.ChargedBack("du_2", "stripe", 700, "usd", Status.DISPUTED));
    var all = list("/v1/payments/" + id + "/disputes");
    assertThat(names(all)).containsExactlyInAnyOrder("du_1", "du_2");
    var second = all.stream().filter(d -> d.getString("provider_reference").equals("du_2")).findFirst()
        .orElseThrow();
    var read = read(200, "/v1/disputes/" + second.getString("id")).json();
    assertThat(read).isEqualTo(second);
    String pending = "merchant_pending:" + merchant.id();
    String held = "disputes:" + merchant.id();
    var movements = read.getJsonArray("balance_movements");
    assertThat(TestMerchant.objects(movements)).allSatisfy(m -> assertThat(m.remove("created"))
        .isInstanceOf(Integer.class));
    assertThat(movements).isEqualTo(new JsonArray()
        .add(movement("payment.disputed", pending, "debit", 499))
        .add(movement("payment.disputed", "suspense", "debit", 201))
        .add(movement("payment.disputed", held, "credit", 700))
        .add(movement("payment.charged_back", held, "debit", 700))
        .add(movement("payment.charged_back", "provider_receivable:stripe", "credit", 700)));
    assertThat(read.getString("object")).isEqualTo("dispute");
    assertThat(read.getString("payment")).isEqualTo(id);
    assertThat(read.getString("status")).isEqualTo("lost");
    assertThat(read.getLong("amount")).isEqualTo(700);
    assertThat(read.getString("currency")).isEqualTo("usd");
    assertThat(read.getValue("reason")).isNull();
    assertThat(read.getValue("evidence_due")).isNull();
    assertThat(read.getString("provider")).isEqualTo("stripe");
    assertThat(read.getBoolean("livemode")).isFalse();
    assertThat(read.getInteger("version")).isEqualTo(2);
    var first = all.stream().filter(d -> d != second).findFirst().orElseThrow();
    assertThat(first.getString("reason")).isEqualTo("fraudulent");
    assertThat(first.getLong("evidence_due")).isEqualTo(1_800_000_000L);
    assertThat(first.getString("status")).isEqualTo("open");
  }

  @Test
  void events_ofADispute_tellOfIt() {
    String id = QuietSite.confirmed(merchant);
    QuietSite.append(id, opened("du_1", 1999));
    QuietSite.append(id, new PaymentEvent.DisputeWon("du_1", "stripe", 1999, "usd", Status.CONFIRMED));
    QuietSite.append(id, new PaymentEvent.DisputeReopened("du_1", "stripe", 1999, "usd", null),
        new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd"));
    String dispute = list("/v1/disputes").getFirst().getString("id");
    var events = TestMerchant.objects(merchant.get("/v1/events?types=dispute.*&limit=100").json()
        .getJsonArray("data"));
    assertThat(events.stream().map(e -> e.getString("type") + " " + e.getInteger("version")))
        .containsExactlyInAnyOrder("dispute.opened 1", "dispute.won 2", "dispute.reopened 3",
            "dispute.lost 4");
    assertThat(events).allSatisfy(e -> {
      assertThat(e.getString("subject")).isEqualTo(dispute);
      assertThat(e.getJsonObject("data").getJsonObject("object").getString("payment")).isEqualTo(id);
    });
  }

  @Test
  void list_isPagedNewestFirst() {
    String id = disputed(5);
    String other = QuietSite.confirmed(merchant);
    QuietSite.append(other, opened("du_other", 1999));
    for (String path : List.of("/v1/disputes?payment=" + id + "&limit=2", "/v1/payments/" + id
        + "/disputes?limit=2")) {
      var first = read(200, path).json();
      assertThat(names(TestMerchant.objects(first.getJsonArray("data")))).containsExactly("du_5", "du_4");
      assertThat(first.getBoolean("has_more")).isTrue();
      var second = read(200, path + "&starting_after=" + first.getString("next")).json();
      assertThat(names(TestMerchant.objects(second.getJsonArray("data")))).containsExactly("du_3", "du_2");
      var last = read(200, path + "&starting_after=" + second.getString("next")).json();
      assertThat(names(TestMerchant.objects(last.getJsonArray("data")))).containsExactly("du_1");
      assertThat(last.getBoolean("has_more")).isFalse();
      assertThat(last.getValue("next")).isNull();
    }
    assertThat(names(list("/v1/disputes?limit=100"))).startsWith("du_other").hasSize(6);
    assertThat(IntStream.of(1, 2, 3).mapToObj(n -> list("/v1/disputes?limit=" + n).size())).containsExactly(1,
        2,
        3);
  }

  @Test
  void list_byStatus() {
    String id = disputed(3);
    QuietSite.append(id, new PaymentEvent.DisputeWon("du_1", "stripe", 1, "usd", Status.DISPUTED));
    QuietSite.append(id, new PaymentEvent.ChargedBack("du_2", "stripe", 1, "usd", Status.DISPUTED));
    assertThat(names(list("/v1/disputes?status=won"))).containsExactly("du_1");
    assertThat(names(list("/v1/disputes?status=lost"))).containsExactly("du_2");
    assertThat(names(list("/v1/payments/" + id + "/disputes?status=open"))).containsExactly("du_3");
    String none = QuietSite.confirmed(merchant);
    assertThat(list("/v1/payments/" + none + "/disputes")).isEmpty();
    assertThat(list("/v1/disputes?payment=" + none)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    limit=0                     | limit           | `limit` must be an integer from 1 to 100.
    status=closed               | status          | `status` must be `open`, `won` or `lost`.
    starting_after=dp_x         | starting_after  | `starting_after` must be a dispute's id (dp_…), the last one of the page before.
    starting_after=pay_01jd3w5ynkfxmrx1v0a9s2e4zg | starting_after | `starting_after` must be a dispute's id (dp_…), the last one of the page before.
    starting_after=dp_01jd3w5ynkfxmrx1v0a9s2e4zg | starting_after | `starting_after` names no dispute of yours in this mode.
    """)
  void list_withAParameterThatIsWrong_namesIt(String query, String param, String message) {
    String id = QuietSite.confirmed(merchant);
    for (String path : List.of("/v1/disputes", "/v1/payments/" + id + "/disputes")) {
      var error = read(400, path + "?" + query).json().getJsonArray("errors").getJsonObject(0);
      assertThat(error.getString("param")).isEqualTo(param);
      assertThat(error.getString("message")).isEqualTo(message);
    }
  }

  @Test
  void list_ofAPaymentThatIsNone_namesIt() {
    var error = read(400, "/v1/disputes?payment=dp_1").json().getJsonArray("errors").getJsonObject(0);
    assertThat(error.getString("param")).isEqualTo("payment");
    read(404, "/v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/disputes");
  }

  @Test
  void dispute_ofAnother_isNotThere() {
    String id = disputed(1);
    String dispute = list("/v1/disputes").getFirst().getString("id");
    var other = TestMerchant.at(QuietSite.GATEWAY);
    var live = merchant.withOtherKey(true);
    for (var stranger : List.of(other, live)) {
      assertThat(stranger.get("/v1/disputes/" + dispute).status()).isEqualTo(404);
      assertThat(stranger.get("/v1/payments/" + id + "/disputes").status()).isEqualTo(404);
      assertThat(stranger.get("/v1/disputes").json().getJsonArray("data")).isEmpty();
      assertThat(stranger.get("/v1/disputes?payment=" + id).json().getJsonArray("data")).isEmpty();
      var error = stranger.get("/v1/disputes?starting_after=" + dispute);
      assertThat(error.status()).isEqualTo(400);
      assertThat(error.json().getJsonArray("errors").getJsonObject(0).getString("param"))
          .isEqualTo("starting_after");
    }
    read(404, "/v1/disputes/" + NOTHING);
    read(404, "/v1/disputes/du_1");
  }

  @Test
  void call_withoutAKey_orWithAParameterTooMany_isRefused() {
    String id = disputed(1);
    String dispute = list("/v1/disputes").getFirst().getString("id");
    for (String path : List.of("/v1/disputes", "/v1/disputes/" + dispute,
        "/v1/payments/" + id + "/disputes")) {
      read(400, path + "?nonsense=1");
      var answer = Http.get(QuietSite.GATEWAY.apiUrl() + path, "sk_test_nobody");
      assertThat(answer.status()).isEqualTo(401);
      CALLS.assertFits(HttpMethod.GET, path, 401, Contract.lowerCase(answer), answer.bytes());
    }
  }
}
