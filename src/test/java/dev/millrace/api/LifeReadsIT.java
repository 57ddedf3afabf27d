package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Http;
import dev.millrace.testing.ReturnLink;
import io.vertx.core.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The payment object through a payment's life, lists by status, answers of keys from before, and the
 * timeline.
 */
class LifeReadsIT {
  private final TestMerchant merchant = TestMerchant.at(QuietSite.GATEWAY);

  private static void execute(String sql) {
    try (var connection = QuietSite.SITE.database(); var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private void assertAmounts(String id, long authorized, Long charged, long captured, long refunded) {
    var payment = merchant.payment(id);
    assertThat(payment.getLong("amount_authorized")).isEqualTo(authorized);
    assertThat(payment.getLong("amount_charged")).isEqualTo(charged);
    assertThat(payment.getLong("amount_captured")).isEqualTo(captured);
    assertThat(payment.getLong("amount_refunded")).isEqualTo(refunded);
  }

  private String asked(String payment, String act, String body) {
    var answer = merchant.send("POST", "/v1/payments/" + payment + act, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return merchant.get("/v1/payments/" + payment + "/operations").json().getJsonArray("data")
        .getJsonObject(0).getString("id");
  }

  @Test
  void payment_throughItsLife_hasItsAmounts() {
    String id = QuietSite.submitted(merchant, ",\"capture\":\"manual\"");
    assertAmounts(id, 0, null, 0, 0);
    assertThat(merchant.payment(id).getMap()).containsEntry("expires", null)
        .containsEntry("next_action", null).containsEntry("capture", "manual");
    QuietSite.append(id, new PaymentEvent.Authorized("stripe", QuietSite.attempt(), "pi_life", 1999, 1999,
        "usd", QuietSite.EXPIRES));
    assertAmounts(id, 1999, null, 0, 0);
    assertThat(merchant.payment(id).getLong("expires")).isEqualTo(QuietSite.EXPIRES);
    QuietSite.captured(id, asked(id, "/capture", "{\"amount\":1500}"));
    assertAmounts(id, 1999, 1500L, 1500, 0);
    assertThat(merchant.payment(id).getMap()).containsEntry("expires", null)
        .containsEntry("status", "confirmed");
    QuietSite.refunded(id, asked(id, "/refunds", "{\"amount\":500}"));
    assertAmounts(id, 1999, 1500L, 1500, 500);
    QuietSite.refunded(id, asked(id, "/refunds", null));
    assertAmounts(id, 1999, 1500L, 1500, 1500);
    assertThat(merchant.payment(id).getString("status")).isEqualTo("refunded");
  }

  @Test
  void payment_thatWaitsForItsPayer_saysWhereToGo() {
    String id = QuietSite.requiresAction(merchant,
        ",\"payment_method_type\":\"card\",\"payment_method_bin\":\"424242\"");
    var payment = merchant.payment(id);
    assertThat(payment.getJsonObject("next_action")).isEqualTo(new JsonObject()
        .put("type", "redirect_to_url")
        .put("url", "https://hooks.provider.example/3ds/secret-token?client_secret=s3cr3t")
        .put("expires", QuietSite.EXPIRES));
    assertThat(payment.getMap()).containsEntry("expires", QuietSite.EXPIRES)
        .containsEntry("payment_method_type", "card").containsEntry("payment_method_bin", "424242");
    QuietSite.append(id, new PaymentEvent.Declined("stripe", QuietSite.attempt(), "pi_declined_" + id,
        "card_declined", null, "No."));
    assertThat(merchant.payment(id).getMap()).containsEntry("next_action", null)
        .containsEntry("expires", null);
  }

  @ParameterizedTest
  @EnumSource(Status.class)
  void list_ofAnyStatus_isAnswered(Status status) {
    String id = merchant.pay(TestMerchant.VISA).json().getString("id");
    execute("UPDATE payment SET status = '" + status.wire() + "' WHERE id = '" + QuietSite.uuid(id) + "'");
    for (Status other : Status.values())
      assertThat(merchant.list("?status=" + other.wire())).extracting(p -> p.getString("id"))
          .isEqualTo(other == status ? List.of(id) : List.of());
  }

  /** Whoever was answered before the payment object grew gets the same bytes again. */
  @Test
  void repetition_ofACreateFromBefore_hasTheFormOfThen() {
    var now = merchant.pay("from-before", TestMerchant.VISA);
    execute("UPDATE idempotency_key SET form = 1 WHERE key = 'from-before'");
    var again = merchant.pay("from-before", TestMerchant.VISA);
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(again.body()).isEqualTo(now.body()
        .replace("\"payment_method_type\":null,\"payment_method_bin\":null,", "")
        .replace("\"amount_authorized\":0,", "")
        .replace("\"amount_captured\":0,\"amount_refunded\":0,\"next_action\":null,\"expires\":null,", ""));
    assertThat(again.body()).isNotEqualTo(now.body());
  }

  @Test
  void repetition_ofACreateOfNow_hasTheFormOfNow() {
    var now = merchant.pay("of-now", TestMerchant.VISA);
    var again = merchant.pay("of-now", TestMerchant.VISA);
    assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(again.bytes()).isEqualTo(now.bytes());
  }

  private List<JsonObject> timeline(String id) {
    return TestMerchant.objects(merchant.get("/v1/payments/" + id + "/timeline").json().getJsonArray("data"));
  }

  private static List<String> names(List<JsonObject> moments) {
    return moments.stream().map(m -> m.getString("object") + " " + m.getString("name")).toList();
  }

  @Test
  void timeline_ofACapturedPayment_explainsIt() {
    String id = QuietSite.authorized(merchant);
    String operation = asked(id, "/capture", "{\"amount\":1500}");
    UUID attempt = TypeId.next();
    QuietSite.append(id, new PaymentEvent.OperationSubmitted(operation, "stripe",
        TypeId.format(TypeId.ATTEMPT, attempt), Status.AUTHORIZED));
    execute("INSERT INTO attempt (reference, payment_id, number, provider, kind, operation, reason, started,"
        + " finished, outcome) VALUES ('" + attempt + "', '" + QuietSite.uuid(id)
        + "', 1, 'stripe', 'capture', '" + TypeId.parse(TypeId.CAPTURE, operation)
        + "', 'adyen: its breaker is open', clock_timestamp(), clock_timestamp() + interval '40 ms', 'charged')");
    QuietSite.append(id, new PaymentEvent.Confirmed("stripe", TypeId.format(TypeId.ATTEMPT, attempt), "pi_t",
        1500, 1500, "usd", operation, 499L, 43L, "290bp of 1500 = 43.5", null, null));
    var moments = timeline(id);
    assertThat(names(moments)).containsExactly("event payment.initiated", "event payment.screened",
        "event payment.provider_submitted", "event payment.authorized", "event payment.capture_requested",
        "operation capture", "event payment.operation_submitted", "attempt stripe", "event payment.confirmed",
        "posting provider_receivable:stripe", "posting merchant_pending:" + merchant.id(),
        "posting merchant_pending:" + merchant.id(), "posting provider_receivable:stripe");
    var asked = moments.get(5).getJsonObject("data");
    assertThat(asked.getMap()).containsEntry("id", operation).containsEntry("status", "succeeded")
        .containsEntry("amount", 1500).containsEntry("attempt", TypeId.format(TypeId.ATTEMPT, attempt))
        .containsEntry("failure", null);
    var call = moments.get(7).getJsonObject("data");
    assertThat(call.getMap()).containsEntry("kind", "capture").containsEntry("operation", operation)
        .containsEntry("reason", "adyen: its breaker is open").containsEntry("latency_ms", 40)
        .containsEntry("reference", TypeId.format(TypeId.ATTEMPT, attempt));
    assertThat(moments.getLast().getJsonObject("data").getString("memo")).isEqualTo("290bp of 1500 = 43.5");
  }

  @Test
  void timeline_neverShowsWhatLetsAPayerIn() {
    String id = QuietSite.requiresAction(merchant, "");
    Http.get(QuietSite.GATEWAY.apiUrl() + ReturnLink.path(QuietSite.SITE, id)
        + "?redirectResult=what-the-payer-brought");
    var answer = merchant.get("/v1/payments/" + id + "/timeline");
    assertThat(answer.body()).doesNotContain("secret-token", "s3cr3t", "what-the-payer-brought");
    assertThat(names(timeline(id))).endsWith("event payment.requires_action",
        "event payment.action_returned");
    assertThat(timeline(id).get(3).getJsonObject("data").getString("url"))
        .isEqualTo("https://hooks.provider.example");
    var returned = timeline(id).getLast().getJsonObject("data");
    assertThat(returned.getString("actor")).isEqualTo("payer");
  }

  @Test
  void timeline_showsDeliveriesToTheMerchantsEndpoints() {
    String id = QuietSite.confirmed(merchant);
    var endpoint = merchant.send("POST", "/v1/webhook_endpoints",
        "{\"url\":\"https://shop.example/\",\"enabled_events\":[\"*\"]}").json().getString("id");
    UUID delivery = TypeId.next();
    execute("INSERT INTO webhook_delivery (id, endpoint, xid, position, api_version, subject, type,"
        + " traceparent, ordered, status, tries, attempts, next_at, last_status, created)"
        + " SELECT '" + delivery + "', '" + TypeId.parse(TypeId.WEBHOOK_ENDPOINT, endpoint)
        + "', xid, position, '2026-11-21', subject, type, traceparent, false, 'pending', 2, 2, now(), 503,"
        + " clock_timestamp() FROM journal WHERE subject = '" + QuietSite.uuid(id) + "' AND version = 4");
    var shown = timeline(id).getLast();
    assertThat(shown.getString("object")).isEqualTo("delivery");
    assertThat(shown.getString("name")).isEqualTo("payment.confirmed");
    assertThat(shown.getJsonObject("data").getMap())
        .containsEntry("id", TypeId.format(TypeId.WEBHOOK_DELIVERY, delivery))
        .containsEntry("webhook_endpoint", endpoint).containsEntry("status", "pending")
        .containsEntry("attempts", 2).containsEntry("last_status", 503).containsEntry("last_error", null);
    var event = merchant.get("/v1/events/" + shown.getJsonObject("data").getString("event")).json();
    assertThat(event.getString("subject")).isEqualTo(id);
    assertThat(event.getInteger("version")).isEqualTo(4);
    merchant.send("DELETE", "/v1/webhook_endpoints/" + endpoint, null);
    assertThat(names(timeline(id))).doesNotContain("delivery payment.confirmed");
  }

  /** A transaction that began before another one may append after it. */
  @Test
  void timeline_isInTheOrderOfVersions() {
    String id = QuietSite.confirmed(merchant);
    execute("UPDATE journal SET recorded = recorded - interval '1 s' WHERE subject = '" + QuietSite.uuid(id)
        + "' AND version = 4");
    assertThat(timeline(id)).filteredOn(m -> m.getString("object").equals("event"))
        .extracting(m -> m.getInteger("version")).containsExactly(1, 2, 3, 4);
  }

  private static long amount(JsonObject balances, String part) {
    var list = balances.getJsonArray(part);
    return list.isEmpty() ? 0 : list.getJsonObject(0).getLong("amount");
  }

  /** As if the payment's event had been recorded so many days ago. */
  private static void recorded(String id, int version, int daysAgo) {
    execute("UPDATE journal SET recorded = now() - interval '" + daysAgo + " days' WHERE subject = '"
        + QuietSite.uuid(id) + "' AND version = " + version);
  }

  @Test
  void balances_atAPastInstant_areThoseOfThen() {
    String id = QuietSite.confirmed(merchant);
    QuietSite.append(id, new PaymentEvent.Disputed("dp_" + id, "stripe", 1000, "usd", null, null));
    QuietSite.append(id,
        new PaymentEvent.DisputeWon("dp_" + id, "stripe", 1000, "usd", Status.CONFIRMED));
    recorded(id, 4, 9);
    recorded(id, 5, 6);
    recorded(id, 6, 3);
    Instant now = Instant.now();
    long[] pending = {1999, 999, 999, 1999, 0};
    long[] disputed = {0, 1000, 1000, 0, 0};
    int[] daysAgo = {7, 5, 4, 2, 10};
    for (int i = 0; i < daysAgo.length; i++) {
      Instant then = now.minus(Duration.ofDays(daysAgo[i])).truncatedTo(ChronoUnit.SECONDS);
      var bySeconds = merchant.get("/v1/balances?as_of=" + then.getEpochSecond()).json();
      var byText = merchant.get("/v1/balances?as_of=" + then).json();
      assertThat(byText).isEqualTo(bySeconds);
      assertThat(byText.getString("as_of")).isEqualTo(then.toString());
      assertThat(amount(byText, "pending")).as("%d days ago", daysAgo[i]).isEqualTo(pending[i]);
      assertThat(amount(byText, "disputed")).as("%d days ago", daysAgo[i]).isEqualTo(disputed[i]);
      assertThat(merchant.get("/v1/ledger/accounts/disputes:" + merchant.id() + "/postings?as_of=" + then)
          .json().getJsonArray("data")).hasSize(daysAgo[i] > 6 ? 0 : daysAgo[i] > 3 ? 1 : 2);
    }
    assertThat(amount(merchant.get("/v1/balances").json(), "pending")).isEqualTo(1999);
    assertThat(merchant.get("/v1/balances").json().getMap()).containsEntry("as_of", null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"99999999999", "2999-01-01T00:00:00Z", "yesterday", "2026-11-21", "-1",
      "2026-11-21T18:00:00", ""})
  void asOf_thatIsNoPastInstant_isRefused(String asOf) {
    for (String path : List.of("/v1/balances",
        "/v1/ledger/accounts/merchant_pending:" + merchant.id() + "/postings")) {
      var answer = merchant.get(path + "?as_of=" + asOf);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.json().getJsonObject("error").getString("param")).isEqualTo("as_of");
    }
    assertThat(Http.get(QuietSite.GATEWAY.opsUrl() + "/ops/trial-balance?as_of=" + asOf).status())
        .isEqualTo(400);
  }

  @Test
  void trialBalance_atAPastInstant_isBalanced() {
    String id = QuietSite.confirmed(merchant);
    recorded(id, 4, 40);
    String account = "merchant_pending:" + merchant.id();
    for (int daysAgo : new int[]{41, 39}) {
      var then = Instant.now().minus(Duration.ofDays(daysAgo)).getEpochSecond();
      var trial = Http.get(QuietSite.GATEWAY.opsUrl() + "/ops/trial-balance?as_of=" + then).json();
      assertThat(trial.getBoolean("balanced")).isTrue();
      assertThat(trial.getString("as_of")).isEqualTo(Instant.ofEpochSecond(then).toString());
      assertThat(TestMerchant.objects(trial.getJsonArray("accounts")))
          .filteredOn(a -> a.getString("account").equals(account)).hasSize(daysAgo == 41 ? 0 : 1);
    }
    assertThat(Http.get(QuietSite.GATEWAY.opsUrl() + "/ops/trial-balance").json().getMap())
        .containsEntry("as_of", null).containsEntry("balanced", true);
  }
}
