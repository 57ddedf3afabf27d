package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The list of payments: each exactly once in both directions, and no more than the filters let through. */
class ListIT {
  private static final int PAYMENTS = 120;
  private static final int LIMIT_MAX = 100;
  private static final TestMerchant MERCHANT = TestMerchant.create();
  /** All ids, newest first. */
  private static List<String> newestFirst;
  private static List<JsonObject> payments;

  @BeforeAll
  static void create() {
    var sent = new ArrayList<CompletableFuture<Http.Answer>>();
    for (int i = 0; i < PAYMENTS; i++) {
      String body = TestMerchant.paidBy(i % 10 == 0 ? "pm_card_chargeDeclined" : "pm_card_visa")
          .replace("usd", i % 3 == 0 ? "eur" : "usd").replace("}", ",\"reference\":\"r" + i % 40 + "\"}");
      sent.add(MERCHANT.payLater("k" + i, body));
    }
    payments = sent.stream().map(a -> a.join().json()).toList();
    newestFirst = payments.stream().map(p -> p.getString("id")).sorted(Comparator.reverseOrder()).toList();
    assertThat(newestFirst).doesNotContainNull().doesNotHaveDuplicates().hasSize(PAYMENTS);
    for (var p : payments)
      MERCHANT.awaitStatus(p.getString("id"),
          p.getString("payment_method").equals("pm_card_visa") ? "settled" : "declined");
  }

  private static JsonObject page(String query) {
    var answer = MERCHANT.get("/v1/payments" + query);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  private static List<String> ids(JsonObject page) {
    return TestMerchant.objects(page.getJsonArray("data")).stream().map(p -> p.getString("id")).toList();
  }

  @Test
  void list_withoutParameters_isTheNewestTen() {
    var page = page("");
    assertThat(page.getString("object")).isEqualTo("list");
    assertThat(ids(page)).isEqualTo(newestFirst.subList(0, 10));
    assertThat(page.getBoolean("has_more")).isTrue();
    assertThat(page.getString("next")).isEqualTo(newestFirst.get(9));
  }

  @ParameterizedTest
  @CsvSource({"7", "40", "100"})
  void list_forwards_showsEachOnceNewestFirst(int limit) {
    var seen = new ArrayList<String>();
    var page = page("?limit=" + limit);
    seen.addAll(ids(page));
    while (page.getBoolean("has_more")) {
      assertThat(ids(page)).hasSize(limit);
      page = page("?limit=" + limit + "&starting_after=" + page.getString("next"));
      seen.addAll(ids(page));
    }
    assertThat(page.getMap()).containsEntry("next", null);
    assertThat(seen).isEqualTo(newestFirst);
  }

  @ParameterizedTest
  @CsvSource({"7", "40", "100"})
  void list_backwards_showsEachOnceNewestFirst(int limit) {
    String oldest = newestFirst.getLast();
    var seen = new ArrayList<String>(List.of(oldest));
    var page = page("?limit=" + limit + "&ending_before=" + oldest);
    seen.addAll(0, ids(page));
    while (page.getBoolean("has_more")) {
      assertThat(ids(page)).hasSize(limit);
      page = page("?limit=" + limit + "&ending_before=" + seen.getFirst());
      seen.addAll(0, ids(page));
    }
    assertThat(seen).isEqualTo(newestFirst);
  }

  @Test
  void list_ofAFullLastPage_hasNoMore() {
    var page = page("?limit=20&starting_after=" + newestFirst.get(PAYMENTS - 21));
    assertThat(ids(page)).isEqualTo(newestFirst.subList(PAYMENTS - 20, PAYMENTS));
    assertThat(page.getBoolean("has_more")).isFalse();
    assertThat(ids(page("?starting_after=" + newestFirst.getLast()))).isEmpty();
    assertThat(ids(page("?ending_before=" + newestFirst.getFirst()))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"?status=declined,status,declined", "?status=settled,status,settled",
      "?currency=eur,currency,eur",
      "?reference=r7,reference,r7", "?status=confirmed,status,confirmed", "?currency=jpy,currency,jpy",
      "?reference=R7,reference,R7"})
  void list_filtered_showsAllThatFit(String query, String field, String value) {
    var expected = payments.stream().map(p -> MERCHANT.payment(p.getString("id")))
        .filter(p -> p.getString(field).equals(value)).map(p -> p.getString("id"))
        .sorted(Comparator.reverseOrder()).toList();
    assertThat(all(query)).isEqualTo(expected);
  }

  private static List<String> all(String query) {
    var page = page(query + "&limit=" + LIMIT_MAX);
    var ids = new ArrayList<>(ids(page));
    if (page.getBoolean("has_more"))
      ids.addAll(ids(page(query + "&limit=" + LIMIT_MAX + "&starting_after=" + page.getString("next"))));
    return ids;
  }

  @Test
  void list_filteredTogether_showsWhatFitsAll() {
    var page = page("?status=declined&currency=eur&reference=r0");
    assertThat(TestMerchant.objects(page.getJsonArray("data"))).hasSize(1).allMatch(
        p -> p.getString("status").equals("declined") && p.getString("currency").equals("eur"));
  }

  @Test
  void list_filteredByTime_isExactToTheSecond() {
    long first = payments.stream().mapToLong(p -> p.getLong("created")).min().orElseThrow();
    long last = payments.stream().mapToLong(p -> p.getLong("created")).max().orElseThrow();
    assertThat(all("?created%5Bgte%5D=" + first)).isEqualTo(newestFirst);
    assertThat(all("?created%5Blt%5D=" + (last + 1))).isEqualTo(newestFirst);
    assertThat(all("?created%5Blt%5D=" + first)).isEmpty();
    assertThat(all("?created%5Bgte%5D=" + (last + 1))).isEmpty();
    var ofLastSecond = payments.stream().filter(p -> p.getLong("created") == last).map(p -> p.getString("id"))
        .sorted(Comparator.reverseOrder()).toList();
    assertThat(all("?created%5Bgte%5D=" + last + "&created%5Blt%5D=" + (last + 1))).isEqualTo(ofLastSecond);
    assertThat(all("?created%5Bgte%5D=0&created%5Blt%5D=99999999999")).isEqualTo(newestFirst);
  }

  @ParameterizedTest
  @CsvSource({"limit=0,limit", "limit=101,limit", "limit=ten,limit", "limit=-1,limit", "limit=,limit",
      "status=paid,status", "currency=USD,currency", "created%5Bgte%5D=yesterday,created[gte]",
      "created%5Blt%5D=-1,created[lt]", "starting_after=pay_1,starting_after",
      "ending_before=x,ending_before",
      "limit=1&limit=2,limit", "page=2,(unknown)", "created=5,(unknown)"})
  void query_wrong_isRefused(String query, String param) {
    var answer = MERCHANT.get("/v1/payments?" + query);
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.json().getJsonObject("error").getString("param")).isEqualTo(param);
  }

  @Test
  void query_wrongInSeveralWays_isToldAll() {
    var answer = MERCHANT.get("/v1/payments?limit=0&status=x&starting_after=" + newestFirst.getFirst()
        + "&ending_before=" + newestFirst.getFirst());
    assertThat(TestMerchant.objects(answer.json().getJsonArray("errors")))
        .extracting(e -> e.getString("param"))
        .containsExactlyInAnyOrder("limit", "status", "ending_before");
  }

  /** Nothing can have this reference, and no answer may be a fault of ours. */
  @Test
  void reference_withNul_isNoFaultOfOurs() {
    assertThat(MERCHANT.get("/v1/payments?reference=a%00b").status()).isBetween(200, 499);
  }

  @Test
  void list_ofAnotherMerchant_isEmpty() {
    assertThat(TestMerchant.create().list("")).isEmpty();
  }

  /** Neither a payment that does not exist nor one that does not exist for the caller. */
  @ParameterizedTest
  @CsvSource({"starting_after", "ending_before"})
  void list_fromAnUnknownPayment_isRefused(String param) {
    assertUnknown(MERCHANT.get("/v1/payments?" + param + "=pay_01jd3w5ynkfxmrx1v0a9s2e4zg"), param);
    String known = "/v1/payments?limit=1&" + param + "=" + newestFirst.getFirst();
    assertThat(MERCHANT.get(known).status()).isEqualTo(200);
    assertUnknown(TestMerchant.create().get(known), param);
    assertUnknown(MERCHANT.withOtherKey(true).get(known), param);
  }

  private static void assertUnknown(Http.Answer answer, String param) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("parameter_invalid");
    assertThat(answer.json().getString("detail")).isEqualTo("`" + param
        + "` names no payment that you have in this mode. Send `next` of the page before, or leave it out.");
    assertThat(answer.json().getJsonObject("error").getString("param")).isEqualTo(param);
  }
}
