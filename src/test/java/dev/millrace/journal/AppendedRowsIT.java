package dev.millrace.journal;

import static dev.millrace.journal.Payments.append;
import static dev.millrace.journal.Payments.cleared;
import static dev.millrace.journal.Payments.submitted;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What stands in the tables after each stage of a payment's life, row by row. */
final class AppendedRowsIT {
  private static final String CAP = TypeId.format(TypeId.CAPTURE, TypeId.next());
  private static TestDatabase database;
  private static Loop loop;
  private static AcceptWriter accepting;
  private static AppendWriter writer;
  private static int keys;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    PgLink accept = database.link(loop, "accept");
    PgLink append = database.link(loop, "append");
    accepting = loop
        .on(() -> new AcceptWriter(loop.vertx(), accept, "accept", 100, 50, new SimpleMeterRegistry()));
    writer = loop
        .on(() -> new AppendWriter(loop.vertx(), append, "append", 100, 50, new SimpleMeterRegistry()));
  }

  @AfterAll
  static void stop() { loop.close(); }

  private static UUID submittedPayment() {
    var payment = Payments.payment("k" + ++keys);
    assertThat(loop.result(() -> accepting.accept(payment).result())).isEqualTo(AcceptWriter.Result.ACCEPTED);
    write(append(payment.id(), 1, Status.INITIATED, cleared(), submitted()));
    return payment.id();
  }

  private static void write(Append append) {
    assertThat(loop.<Boolean>result(() -> writer.append(append))).isTrue();
  }

  /** The columns of every row, as text; null as {@code -}. */
  private static List<String> rows(String columns, String from) {
    try (var connection = database.owner();
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT " + columns + " FROM " + from)) {
      var list = new ArrayList<String>();
      int width = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        var line = new ArrayList<String>();
        for (int i = 1; i <= width; i++) line.add(rows.getString(i) == null ? "-" : rows.getString(i));
        list.add(String.join(" ", line));
      }
      return list;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String payment(String columns, UUID id) {
    return rows(columns, "payment WHERE id = '" + id + "'").getFirst();
  }

  private static String operation(String id) {
    return rows("kind, status, amount, reason, attempt, provider_reference, failure_code, failure_message",
        "operation WHERE id = '" + TypeId.parse(id.substring(0, id.indexOf('_')), id) + "'").getFirst();
  }

  private static final String AMOUNTS = "status, amount_authorized, amount_charged, amount_captured, amount_refunded";
  private static final String WAITING = "status, extract(epoch FROM expires)::bigint, action_url";

  private static PaymentEvent authorized(long expires) {
    return new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 2500, "usd", expires);
  }

  private static PaymentEvent confirmed(long amount, String operation) {
    return new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", amount, amount, "usd", operation,
        1999 - amount, 44L, "a note", null, null);
  }

  @Test
  void payment_thatWaitsForItsPayer_saysUntilWhenAndWhere() {
    UUID id = submittedPayment();
    assertThat(payment(WAITING, id)).isEqualTo("provider_submitted - -");
    write(append(id, 3, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.RequiresAction("stripe", "att_1", "pi_w", "https://bank.example", 1795260645)));
    assertThat(payment(WAITING, id)).isEqualTo("requires_action 1795260645 https://bank.example");
    write(append(id, 4, Status.REQUIRES_ACTION, new PaymentEvent.ActionReturned("att_1")));
    assertThat(payment(WAITING, id)).isEqualTo("requires_action 1795260645 https://bank.example");
    write(append(id, 5, Status.REQUIRES_ACTION, authorized(1795779045)));
    assertThat(payment(WAITING, id)).isEqualTo("authorized 1795779045 -");
    write(append(id, 6, Status.AUTHORIZED, new PaymentEvent.CaptureRequested(CAP, 500)));
    assertThat(payment(WAITING, id)).isEqualTo("authorized 1795779045 -");
    write(append(id, 7, Status.AUTHORIZED, confirmed(500, CAP)));
    assertThat(payment(WAITING, id)).isEqualTo("confirmed - -");
    assertThat(payment("provider, provider_reference, failure_code", id)).isEqualTo("stripe pi_1 -");
  }

  @Test
  void amounts_areThoseOfTheEvents_andNothingTakesThemBack() {
    UUID id = submittedPayment();
    assertThat(payment(AMOUNTS, id)).isEqualTo("provider_submitted - - - -");
    write(append(id, 3, Status.PROVIDER_SUBMITTED, authorized(1)));
    assertThat(payment(AMOUNTS, id)).isEqualTo("authorized 1999 - - -");
    write(append(id, 4, Status.AUTHORIZED, confirmed(500, null)));
    assertThat(payment(AMOUNTS, id)).isEqualTo("confirmed 1999 500 500 -");
    write(append(id, 5, Status.CONFIRMED, new PaymentEvent.Refunded(null, "stripe", null, "re_x", 200, 200,
        "usd", null, null, null, null, Status.PARTIALLY_REFUNDED)));
    assertThat(payment(AMOUNTS, id)).isEqualTo("partially_refunded 1999 500 500 200");
    write(append(id, 6, Status.PARTIALLY_REFUNDED,
        new PaymentEvent.Disputed("du_1", "stripe", 500, "usd", null, null)));
    write(append(id, 7, Status.DISPUTED, new PaymentEvent.ChargedBack("du_1", "stripe", 500, "usd")));
    assertThat(payment(AMOUNTS, id)).isEqualTo("charged_back 1999 500 500 200");
  }

  @Test
  void amounts_ofACharge_thatWasNotHeldBefore() {
    UUID id = submittedPayment();
    write(append(id, 3, Status.PROVIDER_SUBMITTED, Payments.confirmed(2500)));
    assertThat(payment(AMOUNTS, id)).isEqualTo("confirmed 1999 2500 1999 -");
  }

  @Test
  void failure_isThatOfTheEvent_thatEndedThePayment() {
    UUID declined = submittedPayment();
    write(append(declined, 3, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", null, "No.")));
    assertThat(payment("failure_code, failure_message", declined)).isEqualTo("card_declined No.");
    UUID expired = submittedPayment();
    write(append(expired, 3, Status.PROVIDER_SUBMITTED, authorized(1)));
    write(append(expired, 4, Status.AUTHORIZED, new PaymentEvent.Expired(null, "stripe", null, "it lapsed")));
    assertThat(payment("failure_code, failure_message", expired))
        .isEqualTo("expired It ran out before it was completed: it lapsed.");
    UUID returned = submittedPayment();
    write(append(returned, 3, Status.PROVIDER_SUBMITTED, Payments.confirmed(1999),
        new PaymentEvent.Returned("bank", "db_1", 1999, "usd", "R01", "No funds.", null, null, null, null)));
    assertThat(payment("failure_code, failure_message", returned)).isEqualTo("R01 No funds.");
  }

  @Test
  void operation_isFollowedFromItsRequestToItsEnd() {
    UUID id = submittedPayment();
    String cap = TypeId.format(TypeId.CAPTURE, TypeId.next());
    UUID reference = TypeId.next();
    String attempt = TypeId.format(TypeId.ATTEMPT, reference);
    write(append(id, 3, Status.PROVIDER_SUBMITTED, authorized(1)));
    write(append(id, 4, Status.AUTHORIZED, new PaymentEvent.CaptureRequested(cap, 500)));
    assertThat(operation(cap)).isEqualTo("capture requested 500 - - - - -");
    write(append(id, 5, Status.AUTHORIZED,
        new Attempt(reference, 1, "stripe", "capture", TypeId.parse(TypeId.CAPTURE, cap), "why", null, null,
            null),
        new PaymentEvent.OperationSubmitted(cap, "stripe", attempt, Status.AUTHORIZED)));
    assertThat(operation(cap)).isEqualTo("capture submitted 500 - " + reference + " - - -");
    assertThat(rows("kind, operation, reason, outcome", "attempt WHERE reference = '" + reference + "'"))
        .containsExactly("capture " + TypeId.parse(TypeId.CAPTURE, cap) + " why -");
    write(append(id, 6, Status.AUTHORIZED,
        new PaymentEvent.OperationUnknown(cap, "stripe", attempt, "timeout", Status.AUTHORIZED)));
    assertThat(operation(cap)).isEqualTo("capture unknown 500 - " + reference + " - - -");
    write(append(id, 7, Status.AUTHORIZED, confirmed(500, cap)));
    assertThat(operation(cap)).isEqualTo("capture succeeded 500 - " + reference + " pi_1 - -");
    assertThat(rows("count(*)", "operation WHERE payment_id = '" + id + "' AND updated > created"))
        .containsExactly("1");
  }

  @Test
  void operations_ofOnePayment_thatBeginAndEndInOneAppend() {
    UUID id = submittedPayment();
    String cap = TypeId.format(TypeId.CAPTURE, TypeId.next());
    String can = TypeId.format(TypeId.CANCELLATION, TypeId.next());
    String attempt = TypeId.format(TypeId.ATTEMPT, TypeId.next());
    write(append(id, 3, Status.PROVIDER_SUBMITTED, authorized(1),
        new PaymentEvent.CaptureRequested(cap, 700),
        new PaymentEvent.OperationSubmitted(cap, "stripe", attempt, Status.AUTHORIZED),
        new PaymentEvent.CaptureFailed(cap, "c", "m", Status.AUTHORIZED),
        new PaymentEvent.CancelRequested(can, "changed", Status.AUTHORIZED),
        new PaymentEvent.Voided(can, "stripe", attempt, "changed")));
    assertThat(operation(cap))
        .isEqualTo("capture failed 700 - " + TypeId.parse(TypeId.ATTEMPT, attempt) + " - c m");
    assertThat(operation(can)).isEqualTo("cancel succeeded 0 changed - - - -");
  }

  @Test
  void refund_keepsWhatItWasFor() {
    UUID id = submittedPayment();
    String re = TypeId.format(TypeId.REFUND, TypeId.next());
    write(append(id, 3, Status.PROVIDER_SUBMITTED, Payments.confirmed(1999)));
    write(append(id, 4, Status.CONFIRMED,
        new PaymentEvent.RefundRequested(re, 300, "broken", Status.CONFIRMED)));
    assertThat(operation(re)).isEqualTo("refund requested 300 broken - - - -");
    write(append(id, 5, Status.CONFIRMED, new PaymentEvent.Refunded(re, "stripe", "att_2", "re_x", 300, 300,
        "usd", null, null, null, null, Status.PARTIALLY_REFUNDED)));
    assertThat(operation(re)).isEqualTo("refund succeeded 300 broken - re_x - -");
  }

  @Test
  void stale_writesNoOperationAndNoName() {
    UUID id = submittedPayment();
    String cap = TypeId.format(TypeId.CAPTURE, TypeId.next());
    assertThat(loop.<Boolean>result(() -> writer.append(append(id, 2, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Authorized("stripe", "att_1", "pi_stale", 1999, 1999, "usd", 1),
        new PaymentEvent.CaptureRequested(cap, 1))))).isFalse();
    assertThat(rows("*", "operation WHERE payment_id = '" + id + "'")).isEmpty();
    assertThat(rows("*", "provider_object WHERE payment_id = '" + id + "'")).isEmpty();
  }

  @Test
  void name_atTheProvider_isKeptWhenItIsFirstHeard() {
    UUID id = submittedPayment();
    write(append(id, 3, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.RequiresAction("stripe", "att_1", "pi_n", "https://bank.example", 1),
        new PaymentEvent.Authorized("stripe", "att_1", "pi_n", 1999, 1999, "usd", 1)));
    String names = "provider_object WHERE payment_id = '" + id + "' ORDER BY reference";
    assertThat(rows("provider, reference", names)).containsExactly("stripe pi_n");
    write(append(id, 5, Status.AUTHORIZED, new PaymentEvent.Confirmed("stripe", "att_1", "pi_n2", 1999, 1999,
        "usd")));
    assertThat(rows("provider, reference", names)).containsExactly("stripe pi_n", "stripe pi_n2");
    // The provider's name is somebody's already: it stays his, and the payment goes on.
    UUID other = submittedPayment();
    write(append(other, 3, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_n", 1999, 1999, "usd")));
    assertThat(rows("payment_id", "provider_object WHERE reference = 'pi_n'")).containsExactly(id.toString());
  }

  @Test
  void memo_tellsHowAFeeCameAbout() {
    UUID id = submittedPayment();
    write(append(id, 3, Status.PROVIDER_SUBMITTED, confirmed(1500, null)));
    assertThat(rows("p.line, p.account, p.amount, p.memo", "posting p JOIN journal j USING (xid, position)"
        + " WHERE j.subject = '" + id + "' ORDER BY p.position, p.line")).containsExactly(
            "0 provider_receivable:stripe 1500 -",
            "1 merchant_pending:" + TypeId.format(TypeId.MERCHANT, Payments.MERCHANT) + " -1500 -",
            "2 merchant_pending:" + TypeId.format(TypeId.MERCHANT, Payments.MERCHANT) + " 44 a note",
            "3 provider_receivable:stripe -44 a note");
  }

  @Test
  void settled_isCountedOnce_andItsFirstBatchIsKept() {
    UUID id = submittedPayment();
    UUID first = TypeId.next();
    UUID second = TypeId.next();
    long before = database.number("SELECT settled FROM work WHERE writer = 'append'");
    write(append(id, 3, Status.PROVIDER_SUBMITTED, Payments.confirmed(1999)));
    write(netted(id, 4, Status.CONFIRMED, first, true));
    assertThat(payment("status, settlement", id)).isEqualTo("settled " + first);
    write(netted(id, 5, Status.SETTLED, second, false));
    assertThat(payment("status, settlement", id)).isEqualTo("settled " + first);
    assertThat(database.number("SELECT settled FROM work WHERE writer = 'append'") - before).isEqualTo(1);
  }

  private static Append netted(UUID id, int version, Status from, UUID batch, boolean first) {
    return new Append(id, Payments.MERCHANT, version, from,
        List.of(new PaymentEvent.Settled(TypeId.format(TypeId.SETTLEMENT, batch),
            from == Status.CONFIRMED ? null : from)),
        "gateway", Payments.TRACE, List.of(), new Append.Netted(batch, first));
  }

  /**
   * Whoever follows the journal gets the events of a payment in their order, also from transactions that
   * began early.
   */
  @Test
  void append_ofAnOlderTransaction_doesNotGoBeforeWhatItFollows() {
    UUID id = submittedPayment();
    var pool = database.pool(loop);
    var late = append(id, 4, Status.UNKNOWN, Payments.confirmed(1999));
    int moved = loop.result(() -> pool.withTransaction(older -> older.query("SELECT pg_current_xact_id()")
        .execute().compose(v -> writer.append(append(id, 3, Status.PROVIDER_SUBMITTED,
            new PaymentEvent.Unknown("stripe", "att_1", "timeout"))))
        .compose(appended -> older.preparedQuery(AppendStatement.SQL)
            .execute(AppendStatement.parameters(List.of(late), "older")))
        .map(rows -> rows.size())));
    assertThat(moved).isZero();
    assertThat(payment("version, status", id)).isEqualTo("4 unknown");
    write(late);
    assertThat(payment("version, status", id)).isEqualTo("5 confirmed");
    assertThat(rows("version", "journal WHERE subject = '" + id + "' ORDER BY xid, position"))
        .containsExactly("1", "2", "3", "4", "5");
  }

  /** A failover: the refused call is completed and the next one begun in one append. */
  @Test
  void attempts_ofOneAppend_areAllWritten() {
    var payment = Payments.payment("k" + ++keys);
    assertThat(loop.result(() -> accepting.accept(payment).result())).isEqualTo(AcceptWriter.Result.ACCEPTED);
    UUID one = TypeId.next();
    UUID two = TypeId.next();
    var refused = Attempt.charge(one, 1, "stripe", null);
    write(append(payment.id(), 1, Status.INITIATED, refused, cleared(), submitted()));
    write(new Append(payment.id(), Payments.MERCHANT, 3, Status.PROVIDER_SUBMITTED,
        List.of(new PaymentEvent.ProviderSubmitted("adyen", "att_2", "rule", "stripe: processing_error")),
        "gateway", Payments.TRACE, List.of(refused.ended(AttemptOutcome.DECLINED, null, "processing_error"),
            Attempt.charge(two, 2, "adyen", "stripe: processing_error")),
        null));
    assertThat(rows("number, provider, kind, outcome, detail, reason",
        "attempt WHERE payment_id = '" + payment.id() + "' ORDER BY number"))
        .containsExactly("1 stripe charge declined processing_error -",
            "2 adyen charge - - stripe: processing_error");
    assertThat(payment("provider", payment.id())).isEqualTo("adyen");
  }
}
