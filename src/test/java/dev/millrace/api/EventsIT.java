package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code GET /v1/events} as a merchant reads it. */
class EventsIT {
  private static final TestMerchant MERCHANT = TestMerchant.create();
  private static final int STAGES = 5;
  private static String first;
  private static String second;

  @BeforeAll
  static void payTwice() {
    first = MERCHANT.pay(TestMerchant.VISA).json().getString("id");
    MERCHANT.awaitStatus(first, "settled");
    second = MERCHANT.pay(TestMerchant.VISA).json().getString("id");
    MERCHANT.awaitStatus(second, "settled");
    Await.until(Duration.ofSeconds(10), "all are there", () -> list("?types=payment.settled").size() == 2
        && list("?types=settlement.posted").size() == 2);
  }

  private static List<JsonObject> list(String query) {
    var answer = MERCHANT.get("/v1/events" + query);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return TestMerchant.objects(answer.json().getJsonArray("data"));
  }

  private static List<String> field(List<JsonObject> events, String name) {
    return events.stream().map(e -> e.getString(name)).toList();
  }

  @Test
  void list_isOldestFirstAndEachVersionFollowsTheOneBefore() {
    var all = list("?limit=100");
    assertThat(field(all, "id")).doesNotHaveDuplicates().hasSize(2 * STAGES + 2);
    for (String payment : List.of(first, second)) {
      var own = all.stream().filter(e -> e.getString("subject").equals(payment)).toList();
      assertThat(field(own, "type")).containsExactly("payment.initiated", "payment.screened",
          "payment.provider_submitted", "payment.confirmed", "payment.settled");
      for (int i = 0; i < STAGES; i++) {
        assertThat(own.get(i).getInteger("version")).isEqualTo(i + 1);
        assertThat(own.get(i).getInteger("previous_version")).isEqualTo(i == 0 ? null : i);
      }
      var last = own.getLast().getJsonObject("data");
      assertThat(last.getJsonObject("object").getString("status")).isEqualTo("settled");
      assertThat(last.getJsonObject("object").getInteger("amount")).isEqualTo(1999);
      assertThat(last.getJsonObject("details").getString("settlement"))
          .isEqualTo(MERCHANT.payment(payment).getString("settlement"));
      assertThat(own.getLast().getString("trace_id"))
          .isEqualTo(MERCHANT.payment(payment).getString("trace_id"));
    }
  }

  @Test
  void event_isReadAsItIsListed() {
    for (var event : list("?limit=100"))
      assertThat(MERCHANT.get("/v1/events/" + event.getString("id")).json()).isEqualTo(event);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"payment.settled|2", "payment.settled,payment.confirmed|4",
      "payment.*|10",
      "settlement.*|2", "*|12", "payment.declined|0", "webhook_endpoint.*,settlement.posted|2"})
  void list_ofTypes_hasThose(String types, int count) {
    var found = list("?limit=100&types=" + types);
    assertThat(found).hasSize(count);
    assertThat(list("?limit=100&types=" + types + "&payment=" + first).size())
        .isEqualTo(found.stream().filter(e -> e.getString("subject").equals(first)).count());
  }

  @Test
  void list_ofPayment_hasItsEvents() {
    assertThat(list("?payment=" + second)).hasSize(STAGES)
        .allMatch(e -> e.getString("subject").equals(second));
    assertThat(list("?payment=pay_01jd3w5ynkfxmrx1v0a9s2e4zg")).isEmpty();
    assertThat(
        TestMerchant
            .objects(TestMerchant.create().get("/v1/events?payment=" + first).json().getJsonArray("data")))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "&types=payment.*", "&types=payment.settled"})
  void list_inPages_losesAndRepeatsNothing(String filter) {
    for (int limit : new int[]{1, 3, 5}) {
      var seen = new ArrayList<String>();
      String after = "";
      for (boolean more = true; more;) {
        var page = MERCHANT.get("/v1/events?limit=" + limit + after + filter).json();
        var data = TestMerchant.objects(page.getJsonArray("data"));
        assertThat(data.size()).isLessThanOrEqualTo(limit);
        seen.addAll(field(data, "id"));
        after = "&after=" + page.getString("next");
        more = page.getBoolean("has_more");
      }
      assertThat(seen).isEqualTo(field(list("?limit=100" + filter), "id"));
      assertThat(list("?limit=1" + after + filter)).isEmpty();
    }
  }

  /** Whoever has read to the end keeps its place, and is told what comes after. */
  @Test
  void list_atItsEnd_goesOnFromThere() {
    var merchant = TestMerchant.create();
    String before = merchant.pay(TestMerchant.paidBy("pm_test_blocked")).json().getString("id");
    merchant.awaitStatus(before, "blocked");
    Await.until(Duration.ofSeconds(10), "its events",
        () -> merchant.get("/v1/events?types=payment.blocked").body()
            .contains(before));
    String next = merchant.get("/v1/events").json().getString("next");
    var empty = merchant.get("/v1/events?after=" + next).json();
    assertThat(empty.getJsonArray("data")).isEmpty();
    assertThat(empty.getBoolean("has_more")).isFalse();
    assertThat(empty.getString("next")).isEqualTo(next);
    String id = merchant.pay(TestMerchant.paidBy("pm_test_blocked")).json().getString("id");
    merchant.awaitStatus(id, "blocked");
    Await.until(Duration.ofSeconds(10), "the next", () -> TestMerchant
        .objects(merchant.get("/v1/events?after=" + next).json().getJsonArray("data")).stream()
        .filter(e -> e.getString("subject").equals(id)).count() == 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"evt_01jd3w5ynkfxmrx1v0a9s2e4zg", "evt_", "x", "pay_01jd3w5ynkfxmrx1v0a9s2e4zg",
      "1.2"})
  void cursor_thatIsNone_isRefused(String cursor) {
    for (String path : List.of("/v1/events", "/v1/events/stream")) {
      var answer = MERCHANT.get(path + "?after=" + cursor);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.code()).isEqualTo("cursor_invalid");
      assertThat(answer.json().getJsonObject("error").getString("param")).isEqualTo("after");
    }
    assertThat(MERCHANT.get("/v1/events/" + cursor).status()).isEqualTo(404);
  }

  @Test
  void cursor_tooOld_isRefusedWithTheOldest() {
    try (var old = OldCursor.make()) {
      for (String path : List.of("/v1/events", "/v1/events/stream")) {
        var answer = MERCHANT.get(path + "?after=" + old.id());
        assertThat(answer.status()).isEqualTo(410);
        assertThat(answer.code()).isEqualTo("cursor_expired");
        assertThat(field(list("?limit=100&after=" + answer.json().getString("oldest")), "id"))
            .isEqualTo(field(list("?limit=100"), "id"));
      }
    }
  }

  @Test
  void query_ofManyFaults_namesThemAll() {
    var answer = MERCHANT.get("/v1/events?limit=101&types=payment.nonsense&payment=x&after=&status=settled");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().getJsonArray("errors")).hasSize(5);
  }

  @Test
  void event_ofAnotherMerchantOrMode_isNotThere() {
    String id = list("?limit=1").getFirst().getString("id");
    for (var other : List.of(TestMerchant.create(), MERCHANT.withOtherKey(true))) {
      var answer = other.get("/v1/events/" + id);
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("resource_missing");
      assertThat(other.get("/v1/events").json().getJsonArray("data")).isEmpty();
      // As a cursor it is a place in the journal and shows nothing of whose it is.
      assertThat(other.get("/v1/events?after=" + id).json().getJsonArray("data")).isEmpty();
    }
  }
}
