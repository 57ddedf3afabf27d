package dev.millrace.provider.bank;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.ScriptedServer;
import dev.millrace.testing.Loop;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes over the wire to the bank, and what its answers mean. */
final class BankProviderTest {
  private static final UUID PAYMENT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final String REFERENCE = "att_01h455vb4pex5vsknk084sn02q";
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  private static final Order.Capture CAPTURE = new Order.Capture(PAYMENT, false, REFERENCE, "db_1", 1_500,
      "usd",
      TRACE);
  private static final Order.Cancel CANCEL = new Order.Cancel(PAYMENT, false, REFERENCE, "db_1", TRACE);
  private static final Order.Refund REFUND = new Order.Refund(PAYMENT, false, REFERENCE, "db_1", 500, "usd",
      "duplicate", TRACE);

  private final Loop loop = new Loop();
  private final ScriptedServer server = new ScriptedServer(loop.vertx());
  private final BankProvider provider = loop.on(
      () -> new BankProvider(loop.vertx(), "bank", server.url() + "/bank", "sk_test_1", 2, 2_000));

  private static Order.Charge charge(boolean manual, String description) {
    return new Order.Charge(PAYMENT, false, REFERENCE, 1_999, "usd", "pm_ach_1", "ach", manual, description,
        "https://pay.example.com/return", TRACE);
  }

  private Outcome execute(Order order) { return loop.result(() -> provider.execute(order)); }

  private Outcome inquire(Order order) { return loop.result(() -> provider.inquire(order)); }

  private static String debit(String status) {
    return "{\"id\":\"db_1\",\"object\":\"debit\",\"status\":\"" + status + "\",\"reference\":\"" + REFERENCE
        + "\",\"amount\":1999,\"currency\":\"usd\"}";
  }

  private static String credit(String status) {
    return "{\"id\":\"cr_1\",\"object\":\"credit\",\"status\":\"" + status + "\",\"reference\":\"" + REFERENCE
        + "\",\"debit\":\"db_1\",\"amount\":500,\"currency\":\"usd\"}";
  }

  private static String list(String... items) { return "{\"data\":[" + String.join(",", items) + "]}"; }

  private static String error(String code) {
    return "{\"error\":{\"code\":\"" + code + "\",\"message\":\"No.\"}}";
  }

  @AfterEach
  void close() {
    server.close();
    loop.close();
  }

  @Test
  void charge_isADebitUnderOurReference() {
    server.answer(201, debit("accepted"));
    assertThat(execute(charge(false, "Two tickets"))).isEqualTo(new Outcome.Charged("db_1", 1_999, "usd"));
    var request = server.request();
    assertThat(request.method() + " " + request.uri()).isEqualTo("POST /bank/debits");
    assertThat(request.headers()).containsEntry("authorization", "Bearer sk_test_1")
        .containsEntry("idempotency-key", REFERENCE).containsEntry("content-type", "application/json")
        .containsEntry("traceparent", TRACE);
    assertThat(request.json()).isEqualTo(new JsonObject().put("reference", REFERENCE).put("amount", 1999)
        .put("currency", "usd").put("account_token", "pm_ach_1").put("description", "Two tickets"));
  }

  @Test
  void charge_longDescription_isCut() {
    server.answer(201, debit("accepted"));
    execute(charge(false, "x".repeat(300)));
    assertThat(server.request().json().getString("description")).hasSize(255);
  }

  /** ACH has no hold: nothing is sent, and another provider may know how. */
  @Test
  void charge_manual_isRefusedUnsent() {
    assertThat(execute(charge(true, null))).isEqualTo(new Outcome.Declined(null, "capture_not_supported",
        null, "ACH debits are collected at once: there is nothing to hold and capture.", true));
    assertThat(execute(CAPTURE)).isInstanceOfSatisfying(Outcome.Declined.class,
        d -> assertThat(d.code()).isEqualTo("capture_not_supported"));
    assertThat(inquire(CAPTURE)).isInstanceOf(Outcome.Declined.class);
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void cancel_isVoided_onlyWhenTheDebitIs() {
    server.answer(200, debit("canceled")).answer(200, debit("accepted"));
    assertThat(execute(CANCEL)).isEqualTo(new Outcome.Voided("db_1", false));
    assertThat(server.request().uri()).isEqualTo("/bank/debits/db_1/cancel");
    assertThat(server.request().json()).isEqualTo(new JsonObject().put("reference", REFERENCE));
    assertThat(server.request().headers()).containsEntry("idempotency-key", REFERENCE);
    assertThat(execute(CANCEL)).isInstanceOf(Outcome.Unknown.class);
  }

  @Test
  void refund_isACredit() {
    server.answer(201, credit("accepted")).answer(201, credit("a_new_one"));
    assertThat(execute(REFUND)).isEqualTo(new Outcome.Refunded("cr_1", 500, "usd"));
    assertThat(server.request().uri()).isEqualTo("/bank/credits");
    assertThat(server.request().json()).isEqualTo(
        new JsonObject().put("reference", REFERENCE).put("debit", "db_1").put("amount", 500));
    assertThat(server.request().headers()).containsEntry("idempotency-key", REFERENCE);
    assertThat(execute(REFUND)).isInstanceOf(Outcome.Unknown.class);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    400 | invalid_request        | Declined
    404 | not_found              | Declined
    422 | debit_refused          | Declined
    422 | processor_unavailable  | Declined
    422 | idempotency_key_reused | Unknown
    409 | idempotency_key_in_use | Unknown
    500 | internal_error         | Unknown
    503 | overloaded             | Unknown
    302 | moved                  | Unknown
    401 | unauthorized           | NotExecuted
    403 | forbidden              | NotExecuted
    429 | too_many               | NotExecuted
    """)
  void error_everyKind(int status, String code, String outcome) {
    for (Order order : List.of(charge(false, null), CANCEL, REFUND)) {
      server.answer(status, error(code));
      assertThat(execute(order).getClass().getSimpleName()).as("%s", order).isEqualTo(outcome);
    }
  }

  @Test
  void refused_elsewhereOnlyWhenTheProcessorIsAway() {
    server.answer(422, error("processor_unavailable")).answer(422, error("debit_refused"));
    assertThat(execute(charge(false, null)))
        .isEqualTo(new Outcome.Declined(null, "processor_unavailable", null, "No.", true));
    assertThat(execute(charge(false, null)))
        .isEqualTo(new Outcome.Declined(null, "debit_refused", null, "No.", false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>", "[]", "{}", "{\"id\":\"db_1\"}",
      "{\"id\":\"db_1\",\"status\":\"accepted\"}",
      "{\"id\":\"db_1\",\"status\":\"accepted\",\"amount\":0,\"currency\":\"usd\"}",
      "{\"id\":\"db_1\",\"status\":\"a_new_one\",\"amount\":1,\"currency\":\"usd\"}", "{\"error\":{}}"})
  void answer_thatSaysNothing_isUnknown(String body) {
    for (Order order : List.of(charge(false, null), CANCEL, REFUND)) {
      server.answer(201, body).answer(422, body);
      assertThat(execute(order)).as("%s", order).isInstanceOf(Outcome.Unknown.class);
      assertThat(execute(order)).as("%s", order).isInstanceOf(Outcome.Unknown.class);
    }
  }

  @Test
  void order_brokenConnection_isUnknown() {
    for (Order order : List.of(charge(false, null), CANCEL, REFUND)) {
      server.reset();
      assertThat(execute(order)).isInstanceOf(Outcome.Unknown.class);
      server.reset();
      assertThat(inquire(order)).isInstanceOf(Outcome.Unknown.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"accepted,Charged", "returned,Charged", "canceled,Voided", "a_new_one,Unknown"})
  void charge_inquired_isFoundByOurReference(String status, String outcome) {
    server.answer(200, list(debit(status)));
    assertThat(inquire(charge(false, null)).getClass().getSimpleName()).isEqualTo(outcome);
    assertThat(server.request().method() + " " + server.request().uri())
        .isEqualTo("GET /bank/debits?reference=" + REFERENCE);
  }

  @ParameterizedTest
  @CsvSource({"accepted,Absent", "returned,Charged", "canceled,Voided", "a_new_one,Unknown"})
  void cancel_inquired_isJudgedByTheDebit(String status, String outcome) {
    server.answer(200, debit(status));
    assertThat(inquire(CANCEL).getClass().getSimpleName()).isEqualTo(outcome);
    assertThat(server.request().method() + " " + server.request().uri()).isEqualTo("GET /bank/debits/db_1");
  }

  @Test
  void refund_inquired_isFoundByOurReference() {
    server.answer(200, list(credit("accepted"))).answer(200, list());
    assertThat(inquire(REFUND)).isEqualTo(new Outcome.Refunded("cr_1", 500, "usd"));
    assertThat(server.request().uri()).isEqualTo("/bank/credits?reference=" + REFERENCE);
    assertThat(inquire(REFUND)).isEqualTo(new Outcome.Absent());
  }

  @Test
  void charge_inquiredAndNotFound_isAbsent() {
    server.answer(200, list());
    assertThat(inquire(charge(false, null))).isEqualTo(new Outcome.Absent());
  }

  @Test
  void charge_inquiredAndFoundTwice_theOneThatMovedMoneyCounts() {
    server.answer(200, list(debit("canceled"), debit("accepted")))
        .answer(200, list(debit("a_new_one"), debit("canceled")));
    assertThat(inquire(charge(false, null))).isInstanceOf(Outcome.Charged.class);
    assertThat(inquire(charge(false, null))).isInstanceOf(Outcome.Unknown.class);
  }

  /** A filter that does not filter must not give us another's debit. */
  @Test
  void inquiry_answeredWithOthers_isUnknown() {
    String other = debit("accepted").replace(REFERENCE, "att_2");
    server.answer(200, list(other)).answer(200, list(debit("canceled"), other));
    assertThat(inquire(charge(false, null))).isInstanceOf(Outcome.Unknown.class);
    assertThat(inquire(charge(false, null))).isInstanceOf(Outcome.Unknown.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {201, 302, 400, 401, 404, 409, 500})
  void inquiry_refused_isUnknownNeverAbsent(int status) {
    for (Order order : List.of(charge(false, null), CANCEL, REFUND)) {
      server.answer(status, list());
      assertThat(inquire(order)).isEqualTo(new Outcome.Unknown("inquiry: status " + status));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "[]", "{\"data\":{}}", "{\"data\":[1]}", "{\"data\":null}", "<html>"})
  void inquiry_withoutAList_isUnknownNeverAbsent(String body) {
    for (Order order : List.of(charge(false, null), CANCEL, REFUND)) {
      server.answer(200, body);
      assertThat(inquire(order)).isInstanceOf(Outcome.Unknown.class);
    }
  }

  @Test
  void complete_asksForTheDebit() {
    server.answer(200, list(debit("accepted"))).answer(200, list(debit("accepted")));
    var complete = new Order.Complete(charge(false, null), "db_1", null);
    assertThat(execute(complete)).isInstanceOf(Outcome.Charged.class);
    assertThat(inquire(complete)).isInstanceOf(Outcome.Charged.class);
  }

  @Test
  void order_ofTheOtherMode_isNotSent() {
    var live = new Order.Cancel(PAYMENT, true, REFERENCE, "db_1", TRACE);
    assertThat(execute(live)).isInstanceOfSatisfying(Outcome.Declined.class,
        d -> assertThat(d.code()).isEqualTo("provider_mode_mismatch"));
    assertThat(inquire(live)).isInstanceOf(Outcome.Unknown.class);
    assertThat(server.requests()).isEmpty();
  }
}
