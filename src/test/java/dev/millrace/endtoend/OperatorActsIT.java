package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import dev.millrace.testing.StripeSender;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a person mends of a payment, at a gateway that would not ask by itself for ten minutes. */
class OperatorActsIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,relay,processor,settlement,ops",
      Map.of("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "800ms", "MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "10m",
          "MILLRACE_PROCESSOR_RETRY_WINDOWS", "10m", "MILLRACE_PROCESSOR_JANITOR_AGE", "10m",
          "MILLRACE_PROCESSOR_REPLAY_INTERVAL", "100ms", "MILLRACE_SETTLEMENT_INTERVAL", "100ms",
          "MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "1000"))
      .withSimulator(true);

  @AfterEach
  void restore() {
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhooks", true).put("outage", "none"));
  }

  private static String pay(String method) { return FIXTURE.pay(SteadyLoad.body(1_999, "usd", method)); }

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

  private static JsonObject ann(String reason) {
    return new JsonObject().put("operator", "ann").put("reason", reason);
  }

  private static JsonObject correction(String key, long amount, String to) {
    return ann("agreed with the bank").put("key", key).put("amount", amount).put("to", to);
  }

  private static List<Http.Answer> atOnce(int times, String path, JsonObject body) {
    return IntStream.range(0, times).mapToObj(i -> Http.sendAsync("POST", ops(path), Map.of(), body.encode()))
        .toList().stream().map(CompletableFuture::join).toList();
  }

  private static String inSuspense(String id) {
    return Http.get(ops("/payments/" + id + "/suspense")).json().getJsonArray("data").encode();
  }

  private static List<List<String>> audited(String id) {
    return SiteSql.rows(FIXTURE.site(), "SELECT operator, act, data ->> 'reason' FROM audit WHERE subject = '"
        + id + "' ORDER BY id");
  }

  /** The events of a type in the payment's timeline. */
  private static List<JsonObject> inTimeline(String id, String type) {
    return Http.get(FIXTURE.gateway().apiUrl() + "/v1/payments/" + id + "/timeline", FIXTURE.merchant())
        .json()
        .getJsonArray("data").stream().map(JsonObject.class::cast)
        .filter(m -> m.getString("object").equals("event") && m.getString("name").equals(type))
        .map(m -> m.getJsonObject("data")).toList();
  }

  /** All sums are zero, and what must return to zero has, once the settlement has come by. */
  private static void awaitCleared() {
    BookAudit.awaitCleared(FIXTURE.site(), FIXTURE.gateway(), SOON);
    assertThat(FIXTURE.site().number("SELECT count(*) FROM work WHERE settled < 0")).isZero();
  }

  private static long sum(String account, String id) {
    return FIXTURE.site().number("SELECT coalesce(sum(p.amount), 0) FROM posting p JOIN journal j"
        + " USING (xid, position) WHERE p.account LIKE '" + account + "' AND j.subject = '"
        + GatewayFixture.uuid(id) + "'");
  }

  @Test
  void correction_isBookedOnce_howeverOftenAndAtOnceItIsAsked() {
    String id = pay("pm_sim_wrong_amount");
    FIXTURE.awaitStatus(id, "settled", SOON);
    assertThat(inSuspense(id)).isEqualTo("[{\"amount\":1,\"currency\":\"usd\",\"direction\":\"credit\","
        + "\"provider\":\"stripe\",\"late_charge\":null}]");
    String path = "/payments/" + id + "/corrections";
    var answers = atOnce(6, path, correction("k1", 1, "merchant"));
    assertThat(answers).allSatisfy(a -> assertThat(a.status()).as(a.body()).isEqualTo(200));
    assertThat(answers.stream().map(Http.Answer::body).distinct()).hasSize(1);
    var booked = answers.getFirst().json();
    assertThat(booked.getString("id")).startsWith("cor_");
    assertThat(booked.getString("debit") + " " + booked.getString("credit"))
        .startsWith("suspense merchant_pending:mer_");
    assertThat(done(path, correction("k1", 1, "merchant"))).isEqualTo(booked);
    refused(409, "`key` was used for another correction, of 1 from " + booked.getString("credit")
        + " to suspense by ann: give a new correction a key of its own", path, correction("k1", 1, "fees"));
    refused(409, "nothing of this payment stands in suspense", path, correction("k2", 1, "merchant"));
    assertThat(inSuspense(id)).isEqualTo("[]");
    assertThat(audited(id)).containsExactly(List.of("ann", "correct_payment", "agreed with the bank"));
    assertThat(inTimeline(id, "payment.corrected")).singleElement().satisfies(c -> {
      assertThat(c.getString("actor")).isEqualTo("operator:ann");
      assertThat(c.getString("correction")).isEqualTo(booked.getString("id"));
      assertThat(c.getLong("amount")).isEqualTo(1);
    });
    awaitCleared();
    assertThat(sum("suspense", id)).isZero();
    assertThat(FIXTURE.payment(id).getString("status")).isEqualTo("settled");
  }

  @Test
  void corrections_atOnceUnderKeysOfTheirOwn_moveNoMoreThanThereIs() {
    String id = pay("pm_sim_wrong_amount");
    FIXTURE.awaitStatus(id, "settled", SOON);
    var statuses = IntStream.range(0, 5)
        .mapToObj(i -> Http.sendAsync("POST", ops("/payments/" + id + "/corrections"), Map.of(),
            correction("own-" + i, 1, List.of("fees", "provider", "merchant").get(i % 3)).encode()))
        .toList().stream().map(answer -> answer.join().status()).sorted().toList();
    assertThat(statuses).containsExactly(200, 409, 409, 409, 409);
    assertThat(audited(id)).hasSize(1);
    awaitCleared();
    assertThat(sum("suspense", id)).isZero();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '!', textBlock = """
    corrections | {}                                   | `key` must be 1 to 100 letters, digits, and `.`, `_`, `:` and `-` in the JSON body: your name of this act, the same when you send it again
    corrections | {"key":"a b"}                        | `key` must be 1 to 100 letters, digits, and `.`, `_`, `:` and `-` in the JSON body: your name of this act, the same when you send it again
    corrections | {"key":"4242-4242-4242-4242"}        | `key` holds what looks like a card number. Card numbers are not stored: take it out
    corrections | {"key":"k","operator":"a","reason":"r","amount":"4242424242424242"} | `amount` must be a positive integer in the currency's minor unit, not (a card number)
    corrections | {"key":"k"}                          | `operator` must be a text of 1 to 200 characters in the JSON body
    corrections | {"key":"k","operator":"a\\u0000"}    | `operator` must be a text of 1 to 200 characters in the JSON body
    corrections | {"key":"k","operator":"a"}           | `reason` must be a text of 1 to 500 characters in the JSON body
    corrections | {"key":"k","operator":"a","reason":"\\ud800"}               | `reason` must be a text of 1 to 500 characters in the JSON body
    corrections | {"key":"k","operator":"a","reason":"r"}                     | `amount` must be a positive integer in the currency's minor unit, not null
    corrections | {"key":"k","operator":"a","reason":"r","amount":0}          | `amount` must be a positive integer in the currency's minor unit, not 0
    corrections | {"key":"k","operator":"a","reason":"r","amount":-1}         | `amount` must be a positive integer in the currency's minor unit, not -1
    corrections | {"key":"k","operator":"a","reason":"r","amount":1.5}        | `amount` must be a positive integer in the currency's minor unit, not 1.5
    corrections | {"key":"k","operator":"a","reason":"r","amount":1}          | `to` must be one of merchant, fees, provider, not null
    corrections | {"key":"k","operator":"a","reason":"r","amount":1,"to":"me"} | `to` must be one of merchant, fees, provider, not me
    corrections | {"key":"k","operator":"a","reason":"r","amount":1,"to":"fees","late_charge":"x"} | `late_charge` must be the id of a late charge (rev_…), or left out, not x
    corrections | {"key":"k","operator":"a","reason":"r","amount":1,"to":"fees","provider":7}      | `provider` must be the name of an account at a provider, or left out, not 7
    corrections | {"account":"fees"}                   | there is no field `account`; there are operator, reason, key, amount, to, late_charge, provider
    read-again  | {"operator":"a","reason":"r"}        | `key` must be 1 to 100 letters, digits, and `.`, `_`, `:` and `-` in the JSON body: your name of this act, the same when you send it again
    read-again  | {"force":true}                       | there is no field `force`; there are operator, reason, key
    late-charges/rev_01h455vb4pex5vsknk084sn02q/return | {"operator":"a"} | `reason` must be a text of 1 to 500 characters in the JSON body
    """)
  void act_notUnderstood_isRefused(String act, String body, String error) {
    String pay = TypeId.format(TypeId.PAYMENT, UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057"));
    var answer = Http.send("POST", ops("/payments/" + pay + "/" + act), Map.of(), body);
    assertThat(answer.status() + " " + answer.json().getString("error")).isEqualTo("400 " + error);
  }

  @Test
  void act_onWhatThereIsNot_isNotFound() {
    String none = TypeId.format(TypeId.PAYMENT, TypeId.next());
    refused(404, "no such payment", "/payments/" + none + "/corrections", correction("k", 1, "fees"));
    refused(404, "no such payment", "/payments/" + none + "/read-again", ann("x").put("key", "k"));
    refused(404, "no such payment: an id looks like pay_…", "/payments/x/corrections",
        correction("k", 1, "fees"));
    String id = pay("pm_card_visa");
    FIXTURE.awaitStatus(id, "settled", SOON);
    String rev = TypeId.format(TypeId.REVERSAL, TypeId.next());
    refused(404,
        "this payment has no late charge " + rev + ": its timeline shows those that it has, with their"
            + " operations",
        "/payments/" + id + "/late-charges/" + rev + "/return", ann("x"));
    refused(404, "no such late charge: an id looks like rev_…", "/payments/" + id + "/late-charges/x/return",
        ann("x"));
    assertThat(audited(id)).isEmpty();
  }

  private static String reference(String id) {
    return TypeId.format(TypeId.ATTEMPT, UUID.fromString(SiteSql.text(FIXTURE.site(),
        "SELECT reference FROM attempt WHERE kind = 'charge' AND payment_id = '" + GatewayFixture.uuid(id)
            + "'")));
  }

  private static void simulator(String path, JsonObject body) {
    var answer = Http.send("POST", FIXTURE.site().simulatorUrl() + path, Map.of(), body.encode());
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  /** A payment that is declined here and was charged there, where the charge is disputed by now. */
  private static String declinedButChargedAndDisputed() {
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhooks", false));
    String id = pay("pm_sim_charge_then_hang");
    FIXTURE.awaitStatus(id, "unknown", SOON);
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      assertThat(sender.send(StripeSender.failed(StripeSender.eventId(), reference(id))).status())
          .isEqualTo(200);
    }
    FIXTURE.awaitStatus(id, "declined", SOON);
    simulator("/disputes", new JsonObject().put("reference", reference(id)));
    return id;
  }

  private static JsonObject awaitLetter(JsonObject letter) {
    String path = ops("/dead-letters/" + letter.getLong("id"));
    Await.until(SOON, "the letter has ended",
        () -> !Http.get(path).json().getString("status").equals("replaying"));
    return Http.get(path).json();
  }

  /** Has it read again, and the charge that is found so kept, because it is disputed. Answers the charge. */
  private static String keptCharge(String id) {
    var letter = awaitLetter(
        done("/payments/" + id + "/read-again", ann("the payer called").put("key", "k")));
    assertThat(letter.getString("outcome_note")).isEqualTo("charge " + reference(id)
        + " at stripe: charged 1999 usd, booked as payment.late_charge");
    Await.until(SOON, "it is kept", () -> FIXTURE.types(id).contains("payment.late_charge_kept"));
    return inTimeline(id, "payment.late_charge").getFirst().getString("operation");
  }

  @Test
  void lateCharge_thatWasKept_isGivenBackAnew() {
    String id = declinedButChargedAndDisputed();
    String charge = keptCharge(id);
    assertThat(inTimeline(id, "payment.late_charge").getFirst().getString("actor")).isEqualTo("operator:ann");
    String path = "/payments/" + id + "/late-charges/" + charge + "/return";
    String refusedAgain = done(path, ann("try it")).getString("id");
    Await.until(SOON, "it is kept again", () -> inTimeline(id, "payment.late_charge_kept").stream()
        .anyMatch(kept -> kept.getString("operation").equals(refusedAgain)));
    simulator("/disputes/close", new JsonObject().put("reference", reference(id)).put("outcome", "won"));
    var answers = atOnce(5, path, ann("the dispute is over"));
    assertThat(answers).allSatisfy(a -> assertThat(a.status()).as(a.body()).isIn(200, 409));
    Await.until(SOON, "it went back", () -> FIXTURE.types(id).contains("payment.late_charge_returned"));
    String back = inTimeline(id, "payment.late_charge_returned").getFirst().getString("operation");
    for (var answer : answers)
      if (answer.status() == 200) assertThat(answer.json().getString("id")).isEqualTo(back);
      else assertThat(answer.json().getString("error")).isEqualTo("the late charge went back by " + back);
    refused(409, "the late charge went back by " + back, path, ann("once more"));
    assertThat(inTimeline(id, "payment.late_charge_retried")).extracting(e -> e.getString("operation"),
        e -> e.getString("late_charge"), e -> e.getString("actor"), e -> e.getString("reason"))
        .containsExactly(tuple(refusedAgain, charge, "operator:ann", "try it"),
            tuple(back, charge, "operator:ann", "the dispute is over"));
    assertThat(audited(id)).containsExactly(List.of("ann", "read_again", "the payer called"),
        List.of("ann", "return_late_charge", "try it"),
        List.of("ann", "return_late_charge", "the dispute is over"));
    assertThat(inSuspense(id)).isEqualTo("[]");
    awaitCleared();
  }

  @Test
  void lateCharge_thatWasKept_isCorrectedToTheMerchant_andPaidOut_andNotGivenBackAsWell() {
    String id = declinedButChargedAndDisputed();
    String charge = keptCharge(id);
    String path = "/payments/" + id + "/corrections";
    refused(409,
        "`amount` must be at most 1999, which is what stands in suspense of the late charge " + charge
            + " at stripe, not 2000",
        path, correction("k1", 2000, "merchant"));
    var booked = done(path, correction("k1", 1999, "merchant").put("late_charge", charge));
    assertThat(booked.getString("late_charge")).isEqualTo(charge);
    refused(409,
        "of the late charge of 1999 only 0 stands in suspense, the rest was corrected: it cannot go back"
            + " to the payer as well",
        "/payments/" + id + "/late-charges/" + charge + "/return", ann("x"));
    Await.until(SOON, "it is netted", () -> FIXTURE.types(id).contains("payment.settled"));
    assertThat(FIXTURE.payment(id).getString("status")).isEqualTo("declined");
    awaitCleared();
    assertThat(FIXTURE.site().number("SELECT s.amount FROM settlement s JOIN payment p ON p.settlement = s.id"
        + " WHERE p.id = '" + GatewayFixture.uuid(id) + "'")).isGreaterThanOrEqualTo(1_999);
  }
}
