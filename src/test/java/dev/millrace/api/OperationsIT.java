package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.millrace.journal.PaymentReads;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Unavailable;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Captures, cancellations and refunds as a merchant asks for them, each against what the journal says
 * afterwards.
 */
class OperationsIT {
  private static final TestMerchant MERCHANT = TestMerchant.at(QuietSite.GATEWAY);
  private static final int CROWD = 100;

  private static String path(String payment, String act) { return "/v1/payments/" + payment + act; }

  private static Http.Answer ask(String payment, String act, String key, String body, String... headers) {
    return MERCHANT.post(path(payment, act), key, body, headers);
  }

  private static PaymentEvent last(String payment) { return QuietSite.events(payment).getLast(); }

  private static void assertRefused(Http.Answer answer, int status, String code, String param) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    var error = answer.json().getJsonObject("error");
    assertThat(error.getString("code")).isEqualTo(code);
    assertThat(error.getString("param")).isEqualTo(param);
  }

  private static List<JsonObject> data(String path) {
    return TestMerchant.objects(MERCHANT.get(path).json().getJsonArray("data"));
  }

  @ParameterizedTest
  @CsvSource(value = {"NULL,1999", "{},1999", "{\"amount\":1999},1999", "{\"amount\":1},1",
      "{\"amount\":null},1999"}, delimiter = ',', quoteCharacter = '\'', nullValues = "NULL")
  void capture_ofAuthorized_isAcceptedAndDurable(String body, long amount) {
    String id = QuietSite.authorized(MERCHANT);
    var answer = ask(id, "/capture", id, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    assertThat(answer.header("Location")).isEqualTo(path(id, ""));
    assertThat(answer.json()).isEqualTo(MERCHANT.payment(id));
    assertThat(answer.json().getString("status")).isEqualTo("authorized");
    assertThat(answer.json().getInteger("version")).isEqualTo(5);
    assertThat(last(id)).isInstanceOf(PaymentEvent.CaptureRequested.class);
    assertThat(((PaymentEvent.CaptureRequested) last(id)).amount()).isEqualTo(amount);
    var operation = data(path(id, "/operations")).getFirst();
    assertThat(operation.getString("id")).startsWith("cap_").isEqualTo(
        ((PaymentEvent.CaptureRequested) last(id)).operation());
    assertThat(operation.getString("object")).isEqualTo("capture");
    assertThat(operation.getString("status")).isEqualTo("pending");
    assertThat(operation.getLong("amount")).isEqualTo(amount);
  }

  @Test
  void capture_ofMoreThanIsAuthorized_isRefused() {
    String id = QuietSite.authorized(MERCHANT);
    var answer = ask(id, "/capture", id, "{\"amount\":2000}");
    assertRefused(answer, 400, "amount_too_large", "amount");
    assertThat(answer.json().getString("detail"))
        .isEqualTo("`amount` must be at most 1999, which is authorized.");
    assertThat(MERCHANT.get("/v1/idempotency_keys/" + id).status()).isEqualTo(404);
    assertThat(ask(id, "/capture", id, "{\"amount\":1999}").status()).isEqualTo(202);
  }

  @ParameterizedTest
  @CsvSource(value = {"/capture|{\"amount\":0}|amount_out_of_range|amount",
      "/capture|{\"amount\":-1}|amount_out_of_range|amount",
      "/capture|{\"amount\":100000000000}|amount_out_of_range|amount",
      "/refunds|{\"amount\":99999999999999999999999}|amount_out_of_range|amount",
      "/capture|{\"amount\":\"1\"}|amount_invalid|amount", "/refunds|{\"amount\":1.5}|amount_invalid|amount",
      "/refunds|{\"amount\":[]}|amount_invalid|amount",
      "/refunds|{\"amount\":4242424242424242}|card_number_refused|amount",
      "/refunds|{\"reason\":\"4242 4242 4242 4242\"}|card_number_refused|reason",
      "/refunds|{\"reason\":\"abandoned\"}|parameter_invalid|reason",
      "/refunds|{\"reason\":1}|parameter_invalid|reason",
      "/cancel|{\"reason\":\"expired\"}|parameter_invalid|reason",
      "/cancel|{\"amount\":1}|parameter_unknown|amount",
      "/capture|{\"reason\":\"duplicate\"}|parameter_unknown|reason",
      "/refunds|{\"ammount\":1}|parameter_unknown|ammount", "/capture|[]|json_invalid|",
      "/capture|{\"amount\":1,\"amount\":2}|json_invalid|", "/capture|{|json_invalid|"}, delimiter = '|')
  void body_wrong_isRefusedWhateverTheState(String act, String body, String code, String param) {
    String id = MERCHANT.pay(TestMerchant.VISA).json().getString("id");
    assertRefused(ask(id, act, "wrong" + id, body), 400, code, param);
    assertThat(QuietSite.events(id)).hasSize(1);
  }

  @Test
  void request_withoutWhatItNeeds_isRefused() {
    String id = QuietSite.authorized(MERCHANT);
    for (String act : List.of("/capture", "/cancel", "/refunds")) {
      assertRefused(MERCHANT.post(path(id, act + "?wait=1"), "k", "{}"), 400, "parameter_unknown",
          "(unknown)");
      var noKey = Http.create(MERCHANT.key(), "x");
      noKey.remove("Idempotency-Key");
      assertRefused(Http.send("POST", QuietSite.GATEWAY.apiUrl() + path(id, act), noKey, "{}"), 400,
          "idempotency_key_missing", "Idempotency-Key");
      var text = Http.create(MERCHANT.key(), "x", "Content-Type", "text/plain");
      assertThat(Http.send("POST", QuietSite.GATEWAY.apiUrl() + path(id, act), text, "{}").status())
          .isEqualTo(415);
    }
    assertThat(QuietSite.events(id)).hasSize(4);
  }

  @Test
  void payment_ofAnother_isNotFound() {
    String id = QuietSite.authorized(MERCHANT);
    var stranger = TestMerchant.at(QuietSite.GATEWAY);
    for (TestMerchant other : List.of(stranger, MERCHANT.withOtherKey(true))) {
      for (String act : List.of("/capture", "/cancel", "/refunds"))
        assertRefused(other.post(path(id, act), "k", null), 404, "resource_missing", null);
      for (String list : List.of("/refunds", "/operations", "/refunds/re_01jd3w5ynkfxmrx1v0a9s2e4zg"))
        assertRefused(other.get(path(id, list)), 404, "resource_missing", null);
    }
    assertRefused(MERCHANT.post("/v1/payments/pay_1/capture", "none", null), 404, "resource_missing", null);
    assertThat(QuietSite.events(id)).hasSize(4);
  }

  @Test
  void cancel_ofAuthorized_isAcceptedAndDurable() {
    String id = QuietSite.authorized(MERCHANT);
    var answer = ask(id, "/cancel", id, "{\"reason\":\"abandoned\"}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    assertThat(answer.json()).isEqualTo(MERCHANT.payment(id));
    assertThat(((PaymentEvent.CancelRequested) last(id)).reason()).isEqualTo("abandoned");
    var operation = data(path(id, "/operations")).getFirst();
    assertThat(operation.getString("object")).isEqualTo("cancellation");
    assertThat(operation.getMap()).containsEntry("amount", null).containsEntry("reason", "abandoned");
  }

  @Test
  void cancel_ofRequiresAction_isAccepted() {
    String id = QuietSite.requiresAction(MERCHANT, "");
    assertThat(ask(id, "/cancel", id, null).status()).isEqualTo(202);
    assertThat(((PaymentEvent.CancelRequested) last(id)).reason()).isEqualTo("requested_by_merchant");
  }

  @Test
  void cancel_ofInReview_isDoneAtOnce() {
    String id = MERCHANT.pay(TestMerchant.VISA).json().getString("id");
    QuietSite.append(id, new PaymentEvent.Screened("review", "rule", 60, true, null));
    var answer = ask(id, "/cancel", id, null, "Prefer", "wait=5");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().getString("status")).isEqualTo("voided");
    assertThat(answer.json()).isEqualTo(MERCHANT.payment(id));
    assertThat(ask(id, "/cancel", id, null).bytes()).isEqualTo(answer.bytes());
    assertThat(data(path(id, "/operations"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"NULL,NULL,1999", "700,fraudulent,700", "1999,NULL,1999", "1,requested_by_customer,1"})
  void refund_ofConfirmed_isAcceptedAndDurable(String amount, String reason, long refunded) {
    String id = QuietSite.confirmed(MERCHANT);
    String body = "{\"amount\":" + amount.toLowerCase() + ",\"reason\":"
        + (reason.equals("NULL") ? "null" : "\"" + reason + "\"") + "}";
    var answer = ask(id, "/refunds", id, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    var refund = answer.json();
    assertThat(answer.header("Location")).isEqualTo(path(id, "/refunds/" + refund.getString("id")));
    assertThat(refund.getMap()).containsEntry("object", "refund").containsEntry("payment", id)
        .containsEntry("currency", "usd").containsEntry("status", "pending").containsEntry("failure", null)
        .containsEntry("provider_reference", null)
        .containsEntry("reason", reason.equals("NULL") ? null : reason);
    assertThat(refund.getLong("amount")).isEqualTo(refunded);
    assertThat(MERCHANT.get(answer.header("Location")).json()).isEqualTo(refund);
    assertThat(data(path(id, "/refunds"))).containsExactly(refund);
    assertThat(data(path(id, "/operations"))).containsExactly(refund);
    assertThat(((PaymentEvent.RefundRequested) last(id)).operation()).isEqualTo(refund.getString("id"));
  }

  @Test
  void refund_carriedOut_isReadAsSucceeded() {
    String id = QuietSite.confirmed(MERCHANT);
    var refund = ask(id, "/refunds", id, "{\"amount\":500}").json();
    QuietSite.refunded(id, refund.getString("id"));
    var read = MERCHANT.get(path(id, "/refunds/" + refund.getString("id"))).json();
    assertThat(read.getString("status")).isEqualTo("succeeded");
    assertThat(read.getString("provider_reference")).startsWith("re_");
    assertThat(MERCHANT.payment(id).getString("status")).isEqualTo("partially_refunded");
  }

  @Test
  void refund_thatFails_saysWhyAndLeavesTheAmount() {
    String id = QuietSite.confirmed(MERCHANT);
    String refund = ask(id, "/refunds", id, null).json().getString("id");
    QuietSite.append(id,
        new PaymentEvent.OperationSubmitted(refund, "stripe", QuietSite.attempt(), Status.CONFIRMED),
        new PaymentEvent.RefundFailed(refund, "insufficient_funds", "No money.", Status.CONFIRMED));
    var read = MERCHANT.get(path(id, "/refunds/" + refund)).json();
    assertThat(read.getString("status")).isEqualTo("failed");
    assertThat(read.getJsonObject("failure")).isEqualTo(
        new JsonObject().put("code", "insufficient_funds").put("message", "No money."));
    assertThat(ask(id, "/refunds", id + "again", "{\"amount\":1999}").status()).isEqualTo(202);
  }

  @Test
  void refunds_beyondWhatIsLeft_areRefused() {
    String id = QuietSite.confirmed(MERCHANT);
    String first = ask(id, "/refunds", id + 1, "{\"amount\":1000}").json().getString("id");
    QuietSite.refunded(id, first);
    assertThat(ask(id, "/refunds", id + 2, "{\"amount\":500}").status()).isEqualTo(202);
    var answer = ask(id, "/refunds", id + 3, "{\"amount\":500}");
    assertRefused(answer, 400, "amount_too_large", "amount");
    assertThat(answer.json().getString("detail")).isEqualTo("`amount` must be at most 499: 1999 was captured,"
        + " 1000 is refunded and 500 is being refunded.");
    var rest = ask(id, "/refunds", id + 4, null);
    assertThat(rest.json().getLong("amount")).isEqualTo(499);
    assertRefused(ask(id, "/refunds", id + 5, null), 409, "payment_not_refundable", null);
  }

  /** A state with what it forbids, and how it is told. */
  static Stream<Arguments> forbidden() {
    Function<TestMerchant, String> fresh = m -> m.pay(TestMerchant.VISA).json().getString("id");
    return Stream.of(
        arguments("initiated", fresh, "/capture", "payment_not_capturable",
            "The payment is `initiated`; only one that is `authorized` can be captured. This one is captured automatically."),
        arguments("initiated", fresh, "/cancel", "payment_not_cancelable", "not known yet"),
        arguments("initiated", fresh, "/refunds", "payment_not_refundable",
            "`confirmed`, `settled`, `partially_refunded`, `disputed` or"),
        arguments("authorized", (Function<TestMerchant, String>) QuietSite::authorized, "/refunds",
            "payment_not_refundable", "Cancel it instead."),
        arguments("requires_action", (Function<TestMerchant, String>) m -> QuietSite.requiresAction(m, ""),
            "/capture", "payment_not_capturable", "`requires_action`"),
        arguments("confirmed", (Function<TestMerchant, String>) QuietSite::confirmed, "/capture",
            "payment_not_capturable", "`confirmed`"),
        arguments("confirmed", (Function<TestMerchant, String>) QuietSite::confirmed, "/cancel",
            "payment_not_cancelable", "Refund it instead."));
  }

  @ParameterizedTest
  @MethodSource("forbidden")
  void operation_thatTheStateForbids_isRefusedAndNothingStored(String status,
      Function<TestMerchant, String> made, String act, String code, String detail) {
    String id = made.apply(MERCHANT);
    int events = QuietSite.events(id).size();
    var answer = ask(id, act, "forbidden" + id, null, "Prefer", "wait=5");
    assertRefused(answer, 409, code, null);
    assertThat(answer.json().getString("detail")).contains("`" + status + "`").contains(detail);
    assertThat(QuietSite.events(id)).hasSize(events);
    assertThat(MERCHANT.get("/v1/idempotency_keys/forbidden" + id).status()).isEqualTo(404);
    assertThat(data(path(id, "/operations"))).isEmpty();
  }

  @Test
  void key_ofARefusedOperation_servesWhenTheStateHasChanged() {
    String id = QuietSite.submitted(MERCHANT, ",\"capture\":\"manual\"");
    assertRefused(ask(id, "/capture", id, null), 409, "payment_not_capturable", null);
    QuietSite.append(id, new PaymentEvent.Authorized("stripe", QuietSite.attempt(), "pi_late_" + id, 1999,
        1999, "usd", QuietSite.EXPIRES));
    assertThat(ask(id, "/capture", id, null).status()).isEqualTo(202);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/capture", "/cancel", "/refunds"})
  void repetition_getsTheSameBytes_whateverHappenedSince(String act) {
    String id = act.equals("/refunds") ? QuietSite.confirmed(MERCHANT) : QuietSite.authorized(MERCHANT);
    var first = ask(id, act, id, "{}");
    assertThat(first.header("Idempotent-Replayed")).isNull();
    String operation = data(path(id, "/operations")).getFirst().getString("id");
    if (act.equals("/refunds")) QuietSite.refunded(id, operation);
    if (act.equals("/capture")) QuietSite.captured(id, operation);
    for (String body : new String[]{null, "{}", " { } "}) {
      var again = ask(id, act, id, body, "Prefer", "wait=5");
      assertThat(again.status()).isEqualTo(202);
      assertThat(again.bytes()).isEqualTo(first.bytes());
      assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    }
    assertThat(data(path(id, "/operations"))).hasSize(1);
  }

  @Test
  void key_usedForSomethingElse_isRefused() {
    String id = QuietSite.authorized(MERCHANT);
    assertThat(ask(id, "/capture", id, null).status()).isEqualTo(202);
    assertRefused(ask(id, "/capture", id, "{\"amount\":1}"), 422, "idempotency_key_reused", null);
    assertRefused(ask(id, "/cancel", id, null), 422, "idempotency_key_reused", null);
    String other = QuietSite.authorized(MERCHANT);
    assertRefused(ask(other, "/capture", id, null), 422, "idempotency_key_reused", null);
    assertRefused(MERCHANT.pay(id, TestMerchant.VISA), 422, "idempotency_key_reused", null);
    var created = MERCHANT.pay("made" + id, TestMerchant.VISA).json().getString("id");
    assertRefused(ask(created, "/capture", "made" + id, null), 422, "idempotency_key_reused", null);
  }

  @Test
  void key_ofAnOperation_saysWhatItWasAbout() {
    String held = QuietSite.authorized(MERCHANT);
    ask(held, "/capture", held, null);
    var key = MERCHANT.get("/v1/idempotency_keys/" + held).json();
    assertThat(key.getInteger("answer_status")).isEqualTo(202);
    assertThat(key.getString("state")).isEqualTo("finished");
    assertThat(key.getJsonObject("resource"))
        .isEqualTo(new JsonObject().put("object", "payment").put("id", held));
    String paid = QuietSite.confirmed(MERCHANT);
    String refund = ask(paid, "/refunds", paid, null).json().getString("id");
    assertThat(MERCHANT.get("/v1/idempotency_keys/" + paid).json().getJsonObject("resource"))
        .isEqualTo(new JsonObject().put("object", "refund").put("id", refund));
  }

  private static void awaitRequest(String payment, int version) {
    Await.until(Duration.ofSeconds(5), "asked", () -> QuietSite.payment(payment).version() == version);
  }

  @Test
  void capture_waitedFor_isAnsweredWhenItHasEnded() {
    String id = QuietSite.authorized(MERCHANT);
    var answer = MERCHANT.postLater(path(id, "/capture"), id, "{\"amount\":1500}", "Prefer", "wait=20");
    awaitRequest(id, 5);
    assertRefused(ask(id, "/capture", id, "{\"amount\":1500}"), 409, "idempotency_key_in_use", null);
    QuietSite.captured(id, QuietSite.payment(id).openCaptureOrCancel().id());
    var done = answer.join();
    assertThat(done.status()).as(done.body()).isEqualTo(200);
    assertThat(done.json().getString("status")).isEqualTo("confirmed");
    assertThat(done.header("Location")).isEqualTo(path(id, ""));
    var again = ask(id, "/capture", id, "{\"amount\":1500}");
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.bytes()).isEqualTo(done.bytes());
  }

  @Test
  void refund_waitedFor_isAnsweredWhenItHasEnded() {
    String id = QuietSite.confirmed(MERCHANT);
    var answer = MERCHANT.postLater(path(id, "/refunds"), id, null, "Prefer", "wait=20");
    awaitRequest(id, 5);
    QuietSite.refunded(id, QuietSite.payment(id).operations().getFirst().id());
    var done = answer.join();
    assertThat(done.status()).as(done.body()).isEqualTo(201);
    assertThat(done.json().getString("status")).isEqualTo("succeeded");
    assertThat(done.header("Location")).isEqualTo(path(id, "/refunds/" + done.json().getString("id")));
    assertThat(ask(id, "/refunds", id, null).bytes()).isEqualTo(done.bytes());
  }

  /** It may take days: what was accepted is the answer, and not only when the wait is over. */
  @Test
  void refund_pendingAtTheProvider_isAnsweredAtOnce() {
    String id = QuietSite.confirmed(MERCHANT);
    long begun = System.nanoTime();
    var answer = MERCHANT.postLater(path(id, "/refunds"), id, null, "Prefer", "wait=20");
    awaitRequest(id, 5);
    String refund = QuietSite.payment(id).operations().getFirst().id();
    assertThat(answer).as("while nothing is known of it").isNotDone();
    QuietSite.pending(id, refund);
    var pending = answer.join();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
    assertThat(pending.status()).as(pending.body()).isEqualTo(202);
    assertThat(pending.json().getString("id")).isEqualTo(refund);
    assertThat(pending.json().getString("status")).isEqualTo("pending");
    assertThat(pending.header("Preference-Applied")).isEqualTo("wait=20");
    assertThat(ask(id, "/refunds", id, null).bytes()).isEqualTo(pending.bytes());
  }

  @Test
  void operation_notEndedInTime_staysAccepted() {
    String id = QuietSite.confirmed(MERCHANT);
    var first = ask(id, "/refunds", id, null, "Prefer", "wait=1");
    assertThat(first.status()).isEqualTo(202);
    QuietSite.refunded(id, first.json().getString("id"));
    var again = ask(id, "/refunds", id, null, "Prefer", "wait=1");
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.bytes()).isEqualTo(first.bytes());
  }

  @Test
  void lists_page_newestFirst() {
    String id = QuietSite.authorized(MERCHANT);
    ask(id, "/capture", id, null);
    QuietSite.captured(id, QuietSite.payment(id).openCaptureOrCancel().id());
    var expected = new ArrayList<String>();
    for (int i = 1; i <= 5; i++)
      expected.addFirst(ask(id, "/refunds", id + i, "{\"amount\":" + i + "}").json().getString("id"));
    for (String list : List.of("/refunds", "/operations")) {
      var seen = new ArrayList<String>();
      var page = MERCHANT.get(path(id, list + "?limit=2")).json();
      while (true) {
        TestMerchant.objects(page.getJsonArray("data")).forEach(o -> seen.add(o.getString("id")));
        if (!page.getBoolean("has_more")) break;
        page = MERCHANT.get(path(id, list + "?limit=2&starting_after=" + page.getString("next"))).json();
      }
      assertThat(page.getMap()).containsEntry("next", null);
      assertThat(seen.subList(0, 5)).isEqualTo(expected);
      assertThat(seen).hasSize(list.equals("/refunds") ? 5 : 6);
    }
    assertThat(data(path(id, "/operations")).getLast().getString("status")).isEqualTo("succeeded");
    assertThat(MERCHANT.get(path(id, "/refunds?starting_after=cap_01jd3w5ynkfxmrx1v0a9s2e4zg")).status())
        .isEqualTo(400);
    String capture = data(path(id, "/operations")).getLast().getString("id");
    for (String unknown : List.of("/refunds?starting_after=re_01jd3w5ynkfxmrx1v0a9s2e4zg",
        "/operations?starting_after=cap_01jd3w5ynkfxmrx1v0a9s2e4zg",
        "/refunds?starting_after=re_" + capture.substring(4))) {
      var refused = MERCHANT.get(path(id, unknown));
      assertThat(refused.status()).as(unknown).isEqualTo(400);
      assertThat(refused.json().getJsonObject("error").getString("param")).isEqualTo("starting_after");
    }
    assertThat(MERCHANT.get(path(id, "/refunds?status=pending")).status()).isEqualTo(400);
    assertThat(MERCHANT.get(path(id, "/refunds/re_01jd3w5ynkfxmrx1v0a9s2e4zg")).status()).isEqualTo(404);
    assertThat(MERCHANT.get(path(id, "/refunds/x")).status()).isEqualTo(404);
  }

  private static List<Http.Answer> crowd(String payment, Function<Integer, String> act,
      Function<Integer, String> body) {
    var sent = new ArrayList<CompletableFuture<Http.Answer>>();
    for (int i = 0; i < CROWD; i++)
      sent.add(MERCHANT.postLater(path(payment, act.apply(i)), payment + i, body.apply(i)));
    return sent.stream().map(CompletableFuture::join).toList();
  }

  private static long count(List<Http.Answer> answers, int status) {
    return answers.stream().filter(a -> a.status() == status).count();
  }

  @Test
  void capturesAndCancels_atOnce_letExactlyOneThrough() {
    String id = QuietSite.authorized(MERCHANT);
    var answers = crowd(id, i -> i % 2 == 0 ? "/capture" : "/cancel", i -> null);
    assertThat(count(answers, 202)).isEqualTo(1);
    assertThat(count(answers, 409)).isEqualTo(CROWD - 1);
    assertThat(answers).filteredOn(a -> a.status() == 409).allMatch(a -> a.code().startsWith("payment_not_"));
    assertThat(QuietSite.events(id)).hasSize(5);
    assertThat(data(path(id, "/operations"))).hasSize(1);
  }

  @Test
  void refunds_atOnce_neverExceedWhatWasCaptured() {
    String id = QuietSite.confirmed(MERCHANT);
    var answers = crowd(id, i -> "/refunds", i -> "{\"amount\":100}");
    assertThat(count(answers, 202)).isEqualTo(19);
    assertThat(count(answers, 400)).isEqualTo(CROWD - 19);
    assertThat(QuietSite.payment(id).refundsOpen()).isEqualTo(1900);
    assertThat(QuietSite.payment(id).operations()).hasSize(19).allMatch(Operation::open);
  }

  @Test
  void sameKey_atOnce_isOneOperation() {
    String id = QuietSite.confirmed(MERCHANT);
    var sent = new ArrayList<CompletableFuture<Http.Answer>>();
    for (int i = 0; i < CROWD; i++)
      sent.add(MERCHANT.postLater(path(id, "/refunds"), id, "{\"amount\":1}"));
    var answers = sent.stream().map(CompletableFuture::join).toList();
    assertThat(answers).allMatch(a -> a.status() == 202);
    assertThat(answers).extracting(Http.Answer::body).containsOnly(answers.getFirst().body());
    assertThat(QuietSite.payment(id).operations()).hasSize(1);
  }

  /**
   * One that has its transaction id, by what it has written or by a lock that it waited for, and is overtaken
   * by a younger one before it has the payment for itself.
   */
  @ParameterizedTest
  @CsvSource({"1,2", "9,10"})
  void transaction_thatWasOvertaken_isBegunAnew(int rivals, int begun) {
    String id = QuietSite.confirmed(MERCHANT);
    var tries = new AtomicInteger();
    var seen = QuietSite.transaction(sql -> {
      int nr = tries.incrementAndGet();
      return sql.query("SELECT pg_current_xact_id()", Tuple.tuple())
          .compose(v -> nr > rivals
              ? Future.succeededFuture(true)
              : QuietSite.tryAppend(id, refunded(id, nr)))
          .compose(v -> PaymentReads.lockedHistory(sql, QuietSite.uuid(id)));
    });
    assertThat(tries).hasValue(begun);
    assertThat(Payment.of(seen.events()).amountRefunded()).isEqualTo(rivals);
  }

  @Test
  void transaction_thatIsOvertakenWithoutEnd_isGivenUp() {
    String id = QuietSite.confirmed(MERCHANT);
    var tries = new AtomicInteger();
    assertThatThrownBy(
        () -> QuietSite.transaction(sql -> sql.query("SELECT pg_current_xact_id()", Tuple.tuple())
            .compose(v -> QuietSite.tryAppend(id, refunded(id, tries.incrementAndGet())))
            .compose(v -> PaymentReads.lockedHistory(sql, QuietSite.uuid(id)))))
        .isInstanceOf(Unavailable.class).hasMessageContaining("overtaken too often");
    assertThat(tries).hasValueBetween(2, 20);
  }

  private static PaymentEvent refunded(String id, int total) {
    return new PaymentEvent.Refunded(null, "stripe", null, "re_other" + id + total, 1, total, "usd", null,
        null,
        null, null, Status.PARTIALLY_REFUNDED);
  }

  /**
   * A provider's refunds come in between, as from a processor: whoever follows the journal sees each version
   * after the one before it.
   */
  @Test
  void journal_ofPaymentsThatManyMove_isInTheOrderOfVersions() {
    var payments = Stream.generate(() -> QuietSite.confirmed(MERCHANT)).limit(4).toList();
    var sent = new ArrayList<CompletableFuture<Http.Answer>>();
    for (int i = 0; i < 60; i++) {
      String id = payments.get(i % 4);
      sent.add(MERCHANT.postLater(path(id, "/refunds"), "order" + id + i, "{\"amount\":1}"));
      if (i % 8 < 4)
        QuietSite.tryAppend(id, new PaymentEvent.Refunded(null, "stripe", null, "re_other" + id + i, 1,
            QuietSite.payment(id).amountRefunded() + 1, "usd", null, null, null, null,
            Status.PARTIALLY_REFUNDED)).otherwise(false);
    }
    assertThat(sent).allMatch(a -> a.join().status() == 202);
    assertThat(QuietSite.SITE.number("""
      SELECT count(*) FROM journal a JOIN journal b ON b.subject = a.subject AND b.version = a.version + 1
       WHERE (b.xid, b.position) < (a.xid, a.position)""")).isZero();
    assertThat(QuietSite.SITE.number("SELECT count(*) FROM journal WHERE type = 'payment.refunded'"))
        .isPositive();
  }
}
