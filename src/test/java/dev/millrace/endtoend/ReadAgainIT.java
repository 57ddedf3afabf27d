package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.StripeSender;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operator has the provider asked again about what has long ended, and closes letters. */
class ReadAgainIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,relay,processor,settlement,ops",
      Map.of("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "800ms", "MILLRACE_PROCESSOR_RETRY_WINDOWS", "10m",
          "MILLRACE_PROCESSOR_JANITOR_AGE", "10m", "MILLRACE_PROCESSOR_REPLAY_INTERVAL", "100ms",
          "MILLRACE_SETTLEMENT_INTERVAL", "100ms", "MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "1000",
          "MILLRACE_ROUTING_RULES", "eur -> adyen,card -> stripe"))
      .withSimulator(true);

  @AfterEach
  void restore() {
    SimulatorBook.settings(FIXTURE.site(),
        new JsonObject().put("webhooks", true).put("outage", "none").put("refund_ms", 500));
  }

  private static String settled(String currency, String method) {
    String id = FIXTURE.pay(SteadyLoad.body(1_999, currency, method));
    FIXTURE.awaitStatus(id, "settled", SOON);
    return id;
  }

  private static String ops(String path) { return FIXTURE.gateway().opsUrl() + "/ops" + path; }

  private static Http.Answer post(String path, JsonObject body) {
    return Http.send("POST", ops(path), Map.of(), body.encode());
  }

  private static JsonObject done(String path, JsonObject body) {
    var answer = post(path, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  private static void refused(int status, String error, String path, JsonObject body) {
    var answer = post(path, body);
    assertThat(answer.status() + " " + answer.json().getString("error")).isEqualTo(status + " " + error);
  }

  private static JsonObject order(String key, String reason) {
    return new JsonObject().put("operator", "ann").put("reason", reason).put("key", key);
  }

  private static JsonObject readAgain(String id, String key) {
    return awaitLetter(done("/payments/" + id + "/read-again", order(key, "the bank says otherwise")));
  }

  private static JsonObject awaitLetter(JsonObject letter) {
    String path = ops("/dead-letters/" + letter.getLong("id"));
    Await.until(SOON, "the letter has ended",
        () -> !Http.get(path).json().getString("status").equals("replaying"));
    return Http.get(path).json();
  }

  /** Each call without its name, that is, what was answered. */
  private static List<String> answers(JsonObject letter) {
    return List.of(letter.getString("outcome_note").split("; ")).stream()
        .map(line -> line.replaceAll("\\b(att|re|cap)_[0-9a-z]{26}", "$1")).toList();
  }

  /** Refunds the payment, and waits until that is carried out. */
  private static void refund(String id, long amount) {
    var answer = Http.send("POST", FIXTURE.gateway().apiUrl() + "/v1/payments/" + id + "/refunds",
        Http.create(FIXTURE.merchant(), UUID.randomUUID().toString()), "{\"amount\":" + amount + "}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    Await.until(SOON, "it is refunded", () -> FIXTURE.types(id).contains("payment.refunded"));
  }

  @Test
  void readAgain_whereAllIsKnown_saysSo_andIsOneOrderHoweverOftenItIsAsked() {
    String id = settled("usd", "pm_card_visa");
    refund(id, 500);
    String path = "/payments/" + id + "/read-again";
    var asked = IntStream.range(0, 5)
        .mapToObj(i -> Http.sendAsync("POST", ops(path), Map.of(), order("k", "a doubt").encode())).toList()
        .stream().map(CompletableFuture::join).toList();
    assertThat(asked).allSatisfy(a -> assertThat(a.status()).as(a.body()).isEqualTo(200));
    assertThat(asked.stream().map(a -> a.json().getLong("id")).distinct()).hasSize(1);
    var letter = awaitLetter(asked.getFirst().json());
    assertThat(answers(letter)).containsExactly("charge att at stripe: charged 1999 usd, nothing new",
        "refund re at stripe: gave back 500 usd, nothing new");
    assertThat(List.of(letter.getString("task"), letter.getString("status"), letter.getString("outcome"),
        letter.getString("source"), letter.getString("decided_by"), letter.getString("reason")))
        .containsExactly("inquiry", "replayed", "done", "operator/" + id + "/k", "ann", "a doubt");
    assertThat(done(path, order("k", "a doubt"))).isEqualTo(without(letter));
    refused(409, "`key` was used for another order, which is dead letter " + letter.getLong("id")
        + ": give a new order a key of its own", path, order("k", "another doubt"));
    assertThat(GatewayFixture.deadLetters(FIXTURE.gateway(), "task=inquiry&payment=" + id)).hasSize(1);
    assertThat(
        SiteSql.rows(FIXTURE.site(), "SELECT operator, act, data ->> 'reason' FROM audit WHERE subject = '"
            + id + "'"))
        .containsExactly(List.of("ann", "read_again", "a doubt"));
    BookAudit.awaitCleared(FIXTURE.site(), FIXTURE.gateway(), SOON);
  }

  private static JsonObject without(JsonObject letter) {
    var brief = letter.copy();
    brief.remove("errors");
    brief.remove("record");
    return brief;
  }

  /** What the provider tells by webhook alone, and whose webhook was lost. */
  @Test
  void readAgain_booksWhatWasNeverHeard() {
    String id = settled("usd", "pm_card_refundFail");
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhooks", false).put("refund_ms", 1));
    var answer = Http.send("POST", FIXTURE.gateway().apiUrl() + "/v1/payments/" + id + "/refunds",
        Http.create(FIXTURE.merchant(), UUID.randomUUID().toString()), "{\"amount\":500}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    Await.until(SOON, "it failed there", () -> SimulatorBook.of(FIXTURE.site()).entries().stream()
        .flatMap(e -> e.movements().stream())
        .anyMatch(m -> m.kind().equals("refund") && m.status().equals("failed")));
    Await.until(SOON, "it was sent", () -> FIXTURE.types(id).contains("payment.operation_submitted"));
    var letter = readAgain(id, "k");
    assertThat(FIXTURE.types(id)).containsAnyOf("payment.refund_failed", "payment.refund_reversed");
    assertThat(letter.getString("status")).isEqualTo("replayed");
    assertThat(FIXTURE.payment(id).getLong("amount_refunded")).isZero();
    BookAudit.awaitCleared(FIXTURE.site(), FIXTURE.gateway(), SOON);
  }

  /** The provider does something of its own accord. */
  private static void simulate(String id, String act, JsonObject how) {
    String reference = SiteSql.text(FIXTURE.site(), "SELECT reference FROM attempt WHERE payment_id = '"
        + GatewayFixture.uuid(id) + "'");
    var answer = Http.send("POST", FIXTURE.site().simulatorUrl() + act, Map.of(),
        how.put("reference", TypeId.format(TypeId.ATTEMPT, UUID.fromString(reference))).encode());
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  /** The last word counts, and what a provider answers now is the last. */
  @Test
  void readAgain_takesOverWhatADisputeIsOfByNow() throws InterruptedException {
    String id = settled("usd", "pm_card_visa");
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhooks", false));
    simulate(id, "/disputes", new JsonObject().put("amount", 400));
    var name = Pattern.compile("du_\\w+").matcher(readAgain(id, "k").getString("outcome_note"));
    assertThat(name.find()).isTrue();
    // Words of one second have no order.
    Thread.sleep(1_100);
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      var event = new JsonObject(StripeSender.event(StripeSender.eventId(), "charge.dispute.updated",
          new JsonObject().put("id", name.group()).put("object", "dispute").put("amount", 450)
              .put("currency", "usd").put("reason", "fraudulent").put("status", "under_review")
              .put("payment_intent", SiteSql.text(FIXTURE.site(),
                  "SELECT provider_reference FROM payment WHERE id = '" + GatewayFixture.uuid(id) + "'"))));
      event.put("created", StripeSender.now());
      assertThat(sender.send(event.encode()).status()).isEqualTo(200);
    }
    Await.until(SOON, "it is of more", () -> FIXTURE.types(id).contains("payment.dispute_changed"));
    Thread.sleep(1_100);
    assertThat(objects(readAgain(id, "again")))
        .contains("dispute du at stripe: of 400 usd, booked as payment.dispute_changed");
    simulate(id, "/disputes/close", new JsonObject().put("outcome", "won"));
    assertThat(objects(readAgain(id, "won")))
        .contains("dispute du at stripe: won, 400 usd, booked as payment.dispute_won");
    BookAudit.awaitCleared(FIXTURE.site(), FIXTURE.gateway(), SOON);
  }

  /** Made at the provider itself, or by the payer's bank, and never told. */
  @Test
  void readAgain_takesOverWhatNobodyOrdered() {
    String id = settled("usd", "pm_card_visa");
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhooks", false).put("refund_ms", 1));
    simulate(id, "/refunds", new JsonObject().put("amount", 300));
    simulate(id, "/disputes", new JsonObject().put("amount", 400));
    simulate(id, "/disputes", new JsonObject().put("amount", 200));
    var letter = readAgain(id, "k");
    assertThat(objects(letter)).containsExactly("charge att at stripe: charged 1999 usd, nothing new",
        "refund re at stripe: gave back 300 usd, booked as payment.refunded",
        "dispute du at stripe: of 400 usd, booked as payment.disputed",
        "dispute du at stripe: of 200 usd, booked as payment.disputed");
    assertThat(letter.getString("status")).isEqualTo("replayed");
    assertThat(FIXTURE.payment(id).getLong("amount_refunded")).isEqualTo(300);
    assertThat(objects(readAgain(id, "again"))).hasSize(4).allMatch(line -> line.endsWith(", nothing new"));
    simulate(id, "/disputes/close", new JsonObject().put("outcome", "lost"));
    var older = Pattern.compile("du_\\w+").matcher(letter.getString("outcome_note"));
    assertThat(older.find()).isTrue();
    simulate(id, "/disputes/close", new JsonObject().put("outcome", "won").put("dispute", older.group()));
    assertThat(objects(readAgain(id, "decided"))).contains(
        "dispute du at stripe: won, 400 usd, booked as payment.dispute_won",
        "dispute du at stripe: lost, 200 usd, booked as payment.charged_back");
    BookAudit.awaitCleared(FIXTURE.site(), FIXTURE.gateway(), SOON);
  }

  /** What was answered, without the provider's names. */
  private static List<String> objects(JsonObject letter) {
    return answers(letter).stream().map(line -> line.replaceAll("\\b(re|du)_\\w+", "$1")).toList();
  }

  @Test
  void readAgain_whereNobodyAnswers_isOpen_andIsReplayed() {
    String id = settled("usd", "pm_card_visa");
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("outage", "hang"));
    var letter = readAgain(id, "k");
    assertThat(letter.getString("status") + " " + letter.getString("outcome")).isEqualTo("open failed");
    assertThat(answers(letter).getFirst()).startsWith("charge att at stripe: gave no usable answer, ");
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("outage", "none"));
    done("/dead-letters/" + letter.getLong("id") + "/replay", new JsonObject().put("operator", "bob"));
    var again = awaitLetter(letter);
    assertThat(again.getString("status")).isEqualTo("replayed");
    assertThat(answers(again)).containsExactly("charge att at stripe: charged 1999 usd, nothing new");
    assertThat(done("/payments/" + id + "/read-again", order("k", "the bank says otherwise")).getLong("id"))
        .as("the same order, whoever replayed it").isEqualTo(letter.getLong("id"));
  }

  /** An inquiry at Adyen sends the order again: what was refused could be carried out by it. */
  @Test
  void readAgain_orderNothingAnew() {
    String id = settled("eur", "pm_card_visa");
    long requests = SimulatorBook.summary(FIXTURE.site()).getLong("requests");
    var letter = readAgain(id, "k");
    assertThat(answers(letter)).containsExactly("charge att at adyen: has ended, and this provider cannot be"
        + " asked without its being ordered anew: its own pages tell, and its webhooks");
    assertThat(SimulatorBook.summary(FIXTURE.site()).getLong("requests")).isEqualTo(requests);
  }

  @Test
  void letter_isClosedWithWhatWasDone() {
    String id = settled("usd", "pm_card_visa");
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("outage", "hang"));
    var letter = readAgain(id, "k");
    String path = "/dead-letters/" + letter.getLong("id");
    var close = new JsonObject().put("operator", "ann").put("done", "asked by telephone: all is well");
    var closed = done(path + "/close", close);
    assertThat(List.of(closed.getString("status"), closed.getString("done"), closed.getString("decided_by")))
        .containsExactly("closed", "asked by telephone: all is well", "ann");
    assertThat(done(path + "/close", close)).isEqualTo(closed);
    refused(409, "the dead letter was closed by ann with other words: asked by telephone: all is well",
        path + "/close", close.copy().put("done", "nothing"));
    refused(409, "the dead letter is closed; only one that is open or discarded can be replayed. What fails"
        + " after a replay is open again, or a dead letter of its own", path + "/replay",
        new JsonObject().put("operator", "ann"));
    refused(409, "the dead letter is closed; only one that is open, or whose replay has not begun, can be"
        + " discarded", path + "/discard", new JsonObject().put("operator", "ann").put("reason", "x"));
    assertThat(SiteSql.rows(FIXTURE.site(), "SELECT operator, act, data ->> 'done' FROM audit WHERE subject ="
        + " 'dead_letter/" + letter.getLong("id") + "'"))
        .containsExactly(List.of("ann", "close_dead_letter", "asked by telephone: all is well"));
    assertThat(GatewayFixture.deadLetters(FIXTURE.gateway(), "status=closed&payment=" + id)).hasSize(1);
    var timeline = Http.get(FIXTURE.gateway().apiUrl() + "/v1/payments/" + id + "/timeline",
        FIXTURE.merchant());
    assertThat(timeline.json().getJsonArray("data").stream().map(JsonObject.class::cast)
        .filter(moment -> moment.getString("object").equals("act"))
        .map(
            moment -> moment.getString("name") + " by " + moment.getJsonObject("data").getString("operator")))
        .containsExactly("read_again by ann", "close_dead_letter by ann");
  }
}
