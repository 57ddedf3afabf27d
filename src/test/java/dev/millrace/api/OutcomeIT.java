package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What becomes of payments, as a merchant sees it: waiting for the outcome, the timeline, balances and
 * postings.
 */
class OutcomeIT {
  private static final String WAIT = "wait=20";
  private final TestMerchant merchant = TestMerchant.create();

  @ParameterizedTest
  @CsvSource({"pm_card_visa,confirmed|settled,", "pm_card_chargeDeclined,declined,card_declined",
      "pm_card_chargeDeclinedExpiredCard,declined,expired_card", "pm_card_nobody,declined,resource_missing",
      "pm_test_blocked,blocked,blocked"})
  void create_waitedFor_isAnsweredWithTheOutcome(String method, String status, String failure) {
    var answer = merchant.pay("k", TestMerchant.paidBy(method), "Prefer", WAIT);
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    var payment = answer.json();
    assertThat(payment.getString("status")).matches(status);
    assertThat(answer.header("Location")).isEqualTo("/v1/payments/" + payment.getString("id"));
    if (failure == null) {
      assertThat(payment.getMap()).containsEntry("failure", null);
      assertThat(payment.getLong("amount_charged")).isEqualTo(1999);
    } else {
      assertThat(payment.getJsonObject("failure").getString("code")).isEqualTo(failure);
      assertThat(payment.getMap()).containsEntry("amount_charged", null);
    }
  }

  /** An operator must decide: waiting would bring nothing. */
  @Test
  void create_thatGoesToReview_isAnsweredAtOnce() {
    long before = System.nanoTime();
    var answer = merchant.pay("k", TestMerchant.paidBy("pm_test_review"), "Prefer", "wait=30");
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.json().getString("status")).isEqualTo("in_review");
    assertThat(answer.header("Preference-Applied")).isEqualTo("wait=30");
    var again = merchant.pay("k", TestMerchant.paidBy("pm_test_review"), "Prefer", "wait=30");
    assertThat(again.body()).isEqualTo(answer.body());
    assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(again.header("Preference-Applied")).as("nobody waited").isNull();
  }

  @Test
  void create_notDecidedInTime_isAccepted() {
    long before = System.nanoTime();
    var answer = TestMerchant.at(QuietSite.GATEWAY)
        .pay("k", TestMerchant.VISA, "Prefer", "respond-async, wait=1");
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.json().getString("status")).isEqualTo("initiated");
    assertThat(answer.header("Preference-Applied")).isEqualTo("wait=1");
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(950));
  }

  /** What RFC 7240 lets a client write; {@code |} parts lines. */
  @ParameterizedTest
  @ValueSource(strings = {"Prefer: Wait=20", "prefer: wait=\"20\"", "Prefer: respond-async|Prefer: wait=20",
      "Prefer: wait = 20; a=\"b, c\"", "Prefer: respond-async, wait=60"})
  void create_preferringToWait_isWaitedFor(String lines) {
    var answer = RawHttp.create(merchant, "Idempotency-Key: k\r\n" + lines.replace("|", "\r\n") + "\r\n",
        TestMerchant.VISA);
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    assertThat(answer.headers()).containsEntry("preference-applied",
        lines.contains("60") ? "wait=30" : "wait=20");
  }

  @ParameterizedTest
  @ValueSource(strings = {"wait=0", "wait", "wait=soon", "wait=-5", "respond-async", "nowait=5"})
  void create_preferringNoWait_isAcceptedAtOnce(String prefer) {
    assertThat(merchant.pay("k", TestMerchant.paidBy("pm_test_review"), "Prefer", prefer).status())
        .isEqualTo(202);
  }

  @Test
  void create_accepted_isReadBackAsAnswered() {
    var answer = merchant.pay("k", TestMerchant.paidBy("pm_test_review"));
    assertThat(answer.status()).isEqualTo(202);
    var made = answer.json();
    assertThat(answer.header("Location")).isEqualTo("/v1/payments/" + made.getString("id"));
    merchant.awaitStatus(made.getString("id"), "in_review");
    var read = merchant.get(answer.header("Location")).json();
    for (String moving : List.of("status", "version", "updated")) {
      made.remove(moving);
      read.remove(moving);
    }
    assertThat(read).isEqualTo(made);
  }

  private List<JsonObject> timeline(String method, String finalStatus) {
    var made = merchant.pay(TestMerchant.paidBy(method)).json();
    merchant.awaitStatus(made.getString("id"), finalStatus);
    var timeline = merchant.get("/v1/payments/" + made.getString("id") + "/timeline").json();
    assertThat(timeline.getString("payment")).isEqualTo(made.getString("id"));
    assertThat(timeline.getString("status")).isEqualTo(finalStatus);
    return TestMerchant.objects(timeline.getJsonArray("data"));
  }

  private static List<String> names(List<JsonObject> moments) {
    return moments.stream().map(m -> m.getString("object") + " " + m.getString("name")).toList();
  }

  @Test
  void timeline_ofSettled_isCompleteAndInOrder() {
    var moments = timeline("pm_card_visa", "settled");
    assertThat(names(moments)).containsExactly("event payment.initiated", "event payment.screened",
        "event payment.provider_submitted", "attempt stripe", "event payment.confirmed",
        "posting provider_receivable:stripe", "posting merchant_pending:" + merchant.id(),
        "event payment.settled",
        "posting merchant_pending:" + merchant.id(), "posting merchant_available:" + merchant.id(),
        "posting bank_in_transit:card", "posting provider_receivable:stripe");
    assertThat(moments).filteredOn(m -> m.getString("object").equals("event"))
        .extracting(m -> m.getInteger("version")).containsExactly(1, 2, 3, 4, 5);
    assertThat(moments).extracting(m -> Instant.parse(m.getString("at"))).isSorted();
    assertThat(moments.get(3).getJsonObject("data").getString("outcome")).isEqualTo("charged");
    assertThat(moments.get(3).getJsonObject("data").getLong("latency_ms")).isBetween(0L, 20_000L);
    assertThat(moments.get(3).getJsonObject("data").getString("reference"))
        .isEqualTo(moments.get(2).getJsonObject("data").getString("attempt"));
    var postings = moments.stream().filter(m -> m.getString("object").equals("posting"))
        .map(m -> m.getJsonObject("data")).toList();
    assertThat(postings).extracting(p -> p.getString("direction") + " " + p.getLong("amount"))
        .containsExactly(
            "debit 1999", "credit 1999", "debit 1999", "credit 1999", "debit 1999", "credit 1999");
    assertThat(postings).extracting(p -> p.getString("of")).containsExactly("payment.confirmed",
        "payment.confirmed",
        "settlement.posted", "settlement.posted", "settlement.posted", "settlement.posted");
  }

  @Test
  void timeline_ofDeclined_isCompleteAndInOrder() {
    assertThat(names(timeline("pm_card_chargeDeclined", "declined"))).containsExactly(
        "event payment.initiated",
        "event payment.screened", "event payment.provider_submitted", "attempt stripe",
        "event payment.declined");
  }

  @Test
  void timeline_ofBlockedAndInReview_endsWithTheScreening() {
    var blocked = timeline("pm_test_blocked", "blocked");
    assertThat(names(blocked)).containsExactly("event payment.initiated", "event payment.blocked");
    assertThat(blocked.getLast().getJsonObject("data").getString("rule")).isEqualTo("blocked_payment_method");
    var held = timeline("pm_test_review", "in_review");
    assertThat(names(held)).containsExactly("event payment.initiated", "event payment.screened");
    assertThat(held.getLast().getJsonObject("data").getString("decision")).isEqualTo("review");
  }

  @Test
  void payment_ofAnother_isNotFoundLikeOneThatDoesNotExist() {
    String id = merchant.pay(TestMerchant.VISA).json().getString("id");
    var stranger = TestMerchant.create();
    String none = id.substring(0, id.length() - 6) + "000000";
    for (String path : new String[]{"", "/timeline"}) {
      var hidden = stranger.get("/v1/payments/" + id + path);
      var missing = stranger.get("/v1/payments/" + none + path);
      assertThat(hidden.status()).isEqualTo(404);
      assertThat(hidden.json().getString("detail")).isEqualTo(missing.json().getString("detail"));
      assertThat(stranger.get("/v1/payments/pay_1" + path).status()).isEqualTo(404);
      assertThat(merchant.get("/v1/payments/" + id + path + "?expand=x").status()).isEqualTo(400);
    }
  }

  @Test
  void balances_ofANewMerchant_areEmpty() {
    var balances = merchant.get("/v1/balances").json();
    assertThat(balances.getJsonArray("available")).isEmpty();
    assertThat(balances.getJsonArray("pending")).isEmpty();
    assertThat(balances.getBoolean("livemode")).isFalse();
    assertThat(balances.getJsonArray("disputed")).isEmpty();
    assertThat(merchant.get("/v1/balances?as_off=1").status()).isEqualTo(400);
  }

  @Test
  void balances_afterManySettled_areExact() {
    var expected = new TreeMap<String, Long>();
    var amounts = new TreeMap<String, Long>();
    for (var made : payMany()) {
      merchant.awaitStatus(made.getString("id"), "settled");
      expected.merge(made.getString("currency"), made.getLong("amount"), Long::sum);
      amounts.put(made.getString("id"), made.getLong("amount"));
    }
    merchant.pay("declined", TestMerchant.paidBy("pm_card_chargeDeclined"), "Prefer", WAIT);
    merchant.pay("blocked", TestMerchant.paidBy("pm_test_blocked"), "Prefer", WAIT);
    var balances = merchant.get("/v1/balances").json();
    assertThat(byCurrency(balances, "available")).isEqualTo(expected);
    expected.replaceAll((currency, amount) -> 0L);
    assertThat(byCurrency(balances, "pending")).isEqualTo(expected);
    assertPostings(amounts, byCurrency(balances, "available"));
  }

  /**
   * 24 in three currencies, every amount another and one that Stripe can carry (kwd in steps of ten); one of
   * them charged a unit too much by the provider.
   */
  private List<JsonObject> payMany() {
    var sent = new ArrayList<CompletableFuture<Http.Answer>>();
    for (int i = 0; i < 24; i++) {
      String body = TestMerchant.paidBy(i == 0 ? "pm_sim_wrong_amount" : "pm_card_visa")
          .replace("1999", Long.toString(1_000 + 370L * i))
          .replace("usd", List.of("usd", "jpy", "kwd").get(i % 3));
      sent.add(merchant.payLater("k" + i, body));
    }
    return sent.stream().map(a -> a.join().json()).toList();
  }

  private static Map<String, Long> byCurrency(JsonObject balances, String part) {
    var map = new TreeMap<String, Long>();
    for (var money : TestMerchant.objects(balances.getJsonArray(part)))
      assertThat(map.put(money.getString("currency"), money.getLong("amount"))).isNull();
    return map;
  }

  /** {@code amounts} of the payments by id; {@code available} per currency. */
  private void assertPostings(Map<String, Long> amounts, Map<String, Long> available) {
    var pending = postings("merchant_pending:" + merchant.id(), 7, "");
    var credited = new TreeMap<String, Long>();
    for (var p : pending)
      if (p.getString("direction").equals("credit"))
        assertThat(credited.put(p.getString("payment"), p.getLong("amount"))).isNull();
    assertThat(credited).isEqualTo(amounts);
    assertThat(sums(pending).values()).containsOnly(0L);
    var settled = postings("merchant_available:" + merchant.id(), 100, "");
    assertThat(sums(settled)).isEqualTo(available);
    assertThat(settled).allMatch(p -> p.getString("settlement").startsWith("stl_"));
    assertThat(postings("merchant_pending:" + merchant.id(), 5, "&currency=kwd"))
        .isEqualTo(pending.stream().filter(p -> p.getString("currency").equals("kwd")).toList());
  }

  private List<JsonObject> postings(String account, int limit, String more) {
    String path = "/v1/ledger/accounts/" + account + "/postings?limit=" + limit + more;
    var all = new ArrayList<JsonObject>();
    var page = merchant.get(path).json();
    all.addAll(TestMerchant.objects(page.getJsonArray("data")));
    while (page.getBoolean("has_more")) {
      assertThat(page.getJsonArray("data")).hasSize(limit);
      page = merchant.get(path + "&starting_after=" + page.getString("next")).json();
      all.addAll(TestMerchant.objects(page.getJsonArray("data")));
    }
    assertThat(all).extracting(p -> Instant.parse(p.getString("recorded"))).isSorted();
    return all;
  }

  private static Map<String, Long> sums(List<JsonObject> postings) {
    var sums = new TreeMap<String, Long>();
    for (var p : postings)
      sums.merge(p.getString("currency"),
          p.getString("direction").equals("credit") ? p.getLong("amount") : -p.getLong("amount"), Long::sum);
    return sums;
  }

  @Test
  void postings_ofAnAccountThatIsNotTheirs_areNotFound() {
    var stranger = TestMerchant.create();
    for (String account : List.of("merchant_pending:" + stranger.id(), "provider_receivable:stripe",
        "suspense", "x"))
      assertThat(merchant.get("/v1/ledger/accounts/" + account + "/postings").status()).isEqualTo(404);
    String own = "/v1/ledger/accounts/merchant_pending:" + merchant.id() + "/postings";
    assertThat(merchant.get(own).json().getJsonArray("data")).isEmpty();
    for (String query : List.of("limit=0", "currency=USD", "starting_after=1.2", "starting_after=x",
        "status=a"))
      assertThat(merchant.get(own + "?" + query).status()).isEqualTo(400);
    for (String unknown : List.of("9999999999999999999.999999999999999999.999999999", "0.0.0", "1.1.0",
        "1.0.1")) {
      var answer = merchant.get(own + "?starting_after=" + unknown);
      assertThat(answer.status()).as(answer.body()).isEqualTo(400);
      assertThat(answer.code()).isEqualTo("parameter_invalid");
      assertThat(answer.json().getString("detail")).isEqualTo("`starting_after` names no posting of this"
          + " account that you have in this mode. Send `next` of the page before, or leave it out.");
    }
  }
}
