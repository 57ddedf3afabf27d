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
import org.junit.jupiter.params.provider.ValueSource;

/** What a person mends of a payment, at a gateway that would not ask by itself for ten minutes. */
class OperatorActsIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,relay,processor,settlement,ops",
      Map.of("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "800ms", "MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "10m",
          "MILLRACE_PROCESSOR_RETRY_WINDOWS", "10m", "MILLRACE_PROCESSOR_JANITOR_AGE", "10m",
          "MILLRACE_PROCESSOR_REPLAY_INTERVAL", "100ms", "MILLRACE_SETTLEMENT_INTERVAL", "100ms",
          "MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "1000", "MILLRACE_INBOX_PARK_WINDOWS", "200ms"))
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

  /** A charge, or hold, at the provider under a reference of ours, which no payment has. Answers that. */
  private static String foundCharge(String form) {
    String reference = TypeId.format(TypeId.ATTEMPT, TypeId.next());
    var answer = Http.send("POST", FIXTURE.site().simulatorUrl() + "/v1/payment_intents",
        Map.of("Authorization", "Bearer sk_test_simulator", "Content-Type",
            "application/x-www-form-urlencoded", "Idempotency-Key", reference),
        "payment_method=pm_card_visa&confirm=true&currency=usd&metadata[millrace_reference]=" + reference
            + form);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return reference;
  }

  /** The letters of the webhooks that tell of it, when there are so many. */
  private static List<Long> letters(String reference, int count) {
    String query = "SELECT id FROM dead_letter WHERE error LIKE '%" + reference + "' ORDER BY id";
    Await.until(SOON, "its webhooks are given up", () -> SiteSql.rows(FIXTURE.site(), query).size() == count);
    return SiteSql.rows(FIXTURE.site(), query).stream().map(row -> Long.valueOf(row.getFirst())).toList();
  }

  private static JsonObject whose() {
    String merchant = SiteSql.text(FIXTURE.site(),
        "SELECT merchant FROM payment WHERE id = '" + GatewayFixture.uuid(pay("pm_card_visa")) + "'");
    return ann("an old backup was restored").put("livemode", false).put("merchant",
        TypeId.format(TypeId.MERCHANT, UUID.fromString(merchant)));
  }

  private static SimulatorBook.Entry entry(String reference) {
    return SimulatorBook.of(FIXTURE.site()).entries().stream().filter(e -> reference.equals(e.reference()))
        .findFirst().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"'&amount=1999',false", "'&amount=1999&capture_method=manual',true"})
  void chargeThatHasNoPayment_isGivenBackOnce_asALateChargeOfAPaymentMadeForIt(String form, boolean held) {
    String reference = foundCharge(form);
    long letter = letters(reference, 1).getFirst();
    String path = "/dead-letters/" + letter + "/give-back";
    var whose = whose();
    var answers = atOnce(5, path, whose);
    assertThat(answers).allSatisfy(a -> assertThat(a.status()).as(a.body()).isEqualTo(200));
    assertThat(answers.stream().map(a -> a.json().getString("id")).distinct()).hasSize(1);
    var ordered = answers.getFirst().json();
    String id = ordered.getString("payment");
    Await.until(SOON, "it went back", () -> FIXTURE.types(id).contains("payment.late_charge_returned"));
    assertThat(FIXTURE.types(id)).startsWith("payment.initiated", "payment.declined", "payment.late_charge");
    var payment = FIXTURE.payment(id);
    assertThat(payment.getString("status")).isEqualTo("declined");
    assertThat(payment.getJsonObject("failure").getString("code")).isEqualTo("charge_without_payment");
    assertThat(payment.getString("description")).startsWith("Told by stripe as pi_");
    assertThat(inTimeline(id, "payment.late_charge")).singleElement().satisfies(charge -> {
      assertThat(charge.getString("actor")).isEqualTo("operator:ann");
      assertThat(charge.getString("reason")).isEqualTo("no payment here has it: an old backup was restored");
      assertThat(charge.getBoolean("held")).isEqualTo(held);
    });
    var there = entry(reference);
    assertThat(List.of(there.captured(), there.refunded(), there.held()))
        .isEqualTo(held ? List.of(0L, 0L, false) : List.of(1_999L, 1_999L, false));
    assertThat(audited(id)).containsExactly(List.of("ann", "give_back_charge", "an old backup was restored"));
    var closed = Http.get(ops("/dead-letters/" + letter)).json();
    assertThat(List.of(closed.getString("status"), closed.getString("payment"), closed.getString("done")))
        .containsExactly("closed", id, "given back as " + id);
    assertThat(done(path, whose).getString("status")).isEqualTo("succeeded");
    assertThat(inSuspense(id)).isEqualTo("[]");
    awaitCleared();
  }

  /** Whether it was captured, the word of this provider does not say. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void chargeThatHasNoPayment_ofAProviderWithOneWordForHoldAndCharge_isWhatTheOperatorSays(boolean held) {
    String reference = TypeId.format(TypeId.ATTEMPT, TypeId.next());
    var order = new JsonObject().put("merchantAccount", "Millrace").put("reference", reference)
        .put("amount", new JsonObject().put("value", 1_200).put("currency", "EUR"))
        .put("paymentMethod",
            new JsonObject().put("type", "scheme").put("storedPaymentMethodId", "pm_card_visa"))
        .put("returnUrl", "https://shop.example/back").put("shopperReference", "shopper-1")
        .put("shopperInteraction", "ContAuth").put("recurringProcessingModel", "CardOnFile");
    if (held) order.put("additionalData", new JsonObject().put("manualCapture", "true"));
    else order.put("captureDelayHours", 0);
    var answer = Http.send("POST", FIXTURE.site().simulatorUrl() + "/adyen/v71/payments",
        Map.of("x-api-key", "sk_test_simulator", "Content-Type", "application/json", "idempotency-key",
            reference),
        order.encode());
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    long letter = letters(reference, 1).getFirst();
    String path = "/dead-letters/" + letter + "/give-back";
    var whose = whose();
    refused(400, "`held` must be true or false: this provider's word for a hold and for a charge is the same."
        + " Look there whether it was captured", path, whose);
    String id = done(path, whose.put("held", held)).getString("payment");
    Await.until(SOON, "it went back", () -> FIXTURE.types(id).contains("payment.late_charge_returned"));
    var there = entry(reference);
    assertThat(List.of(there.captured(), there.refunded(), there.held()))
        .isEqualTo(held ? List.of(0L, 0L, false) : List.of(1_200L, 1_200L, false));
    assertThat(FIXTURE.site().number("SELECT count(*) FROM posting p JOIN journal j USING (xid, position)"
        + " WHERE j.subject = '" + GatewayFixture.uuid(id) + "'") > 0).as("posted").isEqualTo(!held);
    awaitCleared();
  }

  /** Told twice, it has two letters: the second one finds the payment of the first. */
  @Test
  void chargeThatHasNoPayment_toldAgain_isKnownByThen() {
    String reference = foundCharge("&amount=500");
    long first = letters(reference, 1).getFirst();
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      assertThat(sender.send(StripeSender.succeeded(StripeSender.eventId(), reference, 500)).status())
          .isEqualTo(200);
    }
    long second = letters(reference, 2).getLast();
    String id = done("/dead-letters/" + first + "/give-back", whose()).getString("payment");
    refused(409, "the charge has a payment by now, " + id + ": replay the letter",
        "/dead-letters/" + second + "/give-back", whose());
    Await.until(SOON, "it went back", () -> FIXTURE.types(id).contains("payment.late_charge_returned"));
    awaitCleared();
  }

  @Test
  void giveBack_ofWhatIsNoCharge_orForNobody_isRefused_andChangesNothing() {
    String reference = foundCharge("&amount=700");
    long letter = letters(reference, 1).getFirst();
    String path = "/dead-letters/" + letter + "/give-back";
    var whose = whose();
    refused(400, "`livemode` must be true or false: whether it was charged in live mode", path,
        ann("x").put("merchant", whose.getString("merchant")));
    refused(400, "`merchant` must be the id (mer_…) of the merchant for whose payment it was charged", path,
        ann("x").put("livemode", false));
    refused(404, "no such merchant: `merchant` names none", path,
        ann("x").put("livemode", false).put("merchant", TypeId.format(TypeId.MERCHANT, TypeId.next())));
    refused(400, "there is no field `amount`; there are operator, reason, merchant, livemode, held", path,
        whose().put("amount", 1));
    refused(404, "no such dead letter of a provider's webhook", "/dead-letters/999999/give-back", whose);
    refused(400, "`held` must be true or false, or left out: whether the amount is only held", path,
        whose.copy().put("held", "yes"));
    refused(409, "`held` is true, and the provider says that it is charged: leave it out", path,
        whose.copy().put("held", true));
    String declined = TypeId.format(TypeId.ATTEMPT, TypeId.next());
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      assertThat(sender.send(StripeSender.failed(StripeSender.eventId(), declined)).status()).isEqualTo(200);
    }
    refused(409, "the webhook tells of no charge or hold under a reference of ours: there is nothing to give"
        + " back. Close the letter with what was done",
        "/dead-letters/" + letters(declined, 1).getFirst() + "/give-back", whose);
    assertThat(Http.get(ops("/dead-letters/" + letter)).json().getString("status")).isEqualTo("open");
    done("/dead-letters/" + letter + "/close",
        new JsonObject().put("operator", "ann").put("done", "refunded there"));
    refused(409, "the dead letter is closed; a charge is given back by one that is open", path, whose);
    assertThat(FIXTURE.site().number("SELECT count(*) FROM attempt WHERE reference = '"
        + TypeId.parse(TypeId.ATTEMPT, reference) + "'")).isZero();
  }
}
