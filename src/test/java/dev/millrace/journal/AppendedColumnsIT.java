package dev.millrace.journal;

import static dev.millrace.journal.Payments.cleared;
import static dev.millrace.journal.Payments.submitted;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.AcceptWriter.NewPayment;
import dev.millrace.journal.Append.Attempt;
import dev.millrace.payment.Dispute;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Loop;
import dev.millrace.testing.StoredRow;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.ParameterizedTest;
import java.util.ArrayList;
import java.nio.charset.StandardCharsets;
import java.io.PrintStream;
import java.io.ByteArrayOutputStream;
import dev.millrace.rebuild.Rebuild;

/**
 * Every column that the money statements write, with values of which no two are alike: none can take
 * another's place.
 */
final class AppendedColumnsIT {
  private static final UUID MERCHANT = new UUID(0xA, 0xA);
  private static final String WRITER = "append-columns";
  private static TestDatabase database;
  private static Loop loop;
  private static AcceptWriter accepting;
  private static AppendWriter writer;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    var accept = database.link(loop, "accept");
    var append = database.link(loop, "append");
    accepting = loop
        .on(() -> new AcceptWriter(loop.vertx(), accept, "accept", 100, 50, new SimpleMeterRegistry()));
    writer = loop
        .on(() -> new AppendWriter(loop.vertx(), append, WRITER, 100, 50, new SimpleMeterRegistry()));
  }

  @AfterAll
  static void stop() { loop.close(); }

  private static StoredRow row(String from) { return StoredRow.of(database, "SELECT * FROM " + from); }

  /** An event in the journal. */
  private static StoredRow entry(UUID payment, int version) {
    return row("journal WHERE subject = '" + payment + "' AND version = " + version);
  }

  private static void write(Append append) {
    assertThat(loop.<Boolean>result(() -> writer.append(append))).isTrue();
  }

  /** A live payment of 1999 usd that a provider has been asked to charge, at version 3. */
  private static UUID submittedPayment(String key) {
    var payment = Payments.payment(MERCHANT, true, key, 1999, EventJson.write(Payments.ASKED));
    assertThat(loop.result(() -> accepting.accept(payment).result())).isEqualTo(AcceptWriter.Result.ACCEPTED);
    write(append(payment.id(), 1, Status.INITIATED, cleared(), submitted()));
    return payment.id();
  }

  private static Append append(UUID payment, int version, Status from, PaymentEvent... events) {
    return new Append(payment, MERCHANT, version, from, List.of(events), "provider:stripe", Payments.TRACE,
        List.of(), null);
  }

  @Test
  void acceptedPayment_hasItsKeyItsRowAndItsEvent() {
    UUID keyId = new UUID(0xB, 0xB);
    byte[] fingerprint = new byte[32];
    fingerprint[0] = 0x5a;
    String data = "{\"amount\":1204}";
    var payment = new NewPayment(TypeId.next(), keyId, MERCHANT, true, "the key", Buffer.buffer(fingerprint),
        60_000, 1204, "eur", "order 7", Payments.TRACE, data);
    assertThat(loop.result(() -> accepting.accept(payment).result())).isEqualTo(AcceptWriter.Result.ACCEPTED);
    StoredRow.of(database, "SELECT *, extract(epoch FROM wait_until - created)::int AS waits_s"
        + " FROM idempotency_key WHERE resource = '" + payment.id() + "'")
        .has("id", keyId).has("merchant", MERCHANT).has("livemode", true).has("key", "the key")
        .has("fingerprint", "\\x5a" + "00".repeat(31)).has("object", "payment").has("resource", payment.id())
        .has("status", 202).has("answer", null).has("form", 2).has("waits_s", 60)
        .andOfItself("created", "wait_until");
    row("payment WHERE id = '" + payment.id() + "'")
        .has("id", payment.id()).has("merchant", MERCHANT).has("livemode", true).has("version", 1)
        .has("status", "initiated").has("amount", 1204).has("currency", "eur").has("reference", "order 7")
        .has("provider", null).has("provider_reference", null).has("amount_authorized", null)
        .has("amount_charged", null).has("amount_captured", null).has("amount_refunded", null)
        .has("expires", null).has("action_url", null).has("failure_code", null).has("failure_message", null)
        .has("settlement", null).andOfItself("updated");
    entry(payment.id(), 1)
        .has("subject", payment.id()).has("version", 1).has("type", "payment.initiated")
        .has("merchant", MERCHANT).has("livemode", true).has("actor", "merchant")
        .has("traceparent", Payments.TRACE).has("data", data).andOfItself("position", "xid", "recorded");
    row("work WHERE writer = 'accept'").has("writer", "accept")
        .has("accepted", database.number("SELECT count(*) FROM payment"))
        .has("events", database.number("SELECT count(*) FROM payment")).has("rested", 0).has("settled", 0)
        .andOfItself();
  }

  @Test
  void payment_thatWaitsForItsPayer() {
    UUID id = submittedPayment("waits");
    write(append(id, 3, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.RequiresAction("adyen", "att_1", "pi_w", "https://bank.example", 1795260645)));
    StoredRow
        .of(database, "SELECT provider, provider_reference, action_url, extract(epoch FROM expires)::bigint"
            + " AS expires FROM payment WHERE id = '" + id + "'")
        .has("provider", "stripe").has("provider_reference", "pi_w").has("action_url", "https://bank.example")
        .has("expires", 1795260645).andOfItself();
    row("provider_object WHERE payment_id = '" + id + "'").has("provider", "adyen").has("reference", "pi_w")
        .has("payment_id", id).andOfItself();
    var event = new PaymentEvent.ActionReturned("att_9");
    write(append(id, 4, Status.REQUIRES_ACTION, event));
    entry(id, 5)
        .has("subject", id).has("version", 5).has("type", "payment.action_returned").has("merchant", MERCHANT)
        .has("livemode", true).has("actor", "provider:stripe").has("traceparent", Payments.TRACE)
        .has("data", new JsonObject(EventJson.write(event))).andOfItself("position", "xid", "recorded");
  }

  /**
   * What was captured came to nothing while it had gone back to the payer: once that came back as well, the
   * payment is held again, and expires. In one append and in one each.
   */
  @ParameterizedTest
  @CsvSource({"refund,true", "refund,false", "dispute,true", "dispute,false", "lost,false"})
  void payment_thatIsHeldAgain_expires(String way, boolean atOnce) {
    UUID id = submittedPayment("again/" + way + atOnce);
    var events = new ArrayList<PaymentEvent>(List.of(
        new PaymentEvent.Authorized("stripe", "att_1", "pi_a", 1999, 1999, "usd", 1795000000),
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_a", 1999, 1999, "usd")));
    events.addAll(switch (way) {
      case "refund" -> List.of(
          new PaymentEvent.Refunded(null, "stripe", null, "re_1", 1999, 1999, "usd", null,
              null, null, null, null, Status.REFUNDED),
          reversed(1999L, Status.REFUNDED),
          new PaymentEvent.RefundReversed(null, "stripe", "re_1", 1999, 0, "usd", "c", "m", 1999L, null, null,
              Status.AUTHORIZED));
      case "dispute" -> List.of(new PaymentEvent.Disputed("du_1", "stripe", 1999, "usd", null, null),
          reversed(1999L, Status.DISPUTED),
          new PaymentEvent.DisputeWon("du_1", "stripe", 1999, "usd", 1999L, Status.AUTHORIZED));
      default -> List.of(new PaymentEvent.Disputed("du_1", "stripe", 1999, "usd", null, null),
          new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd"),
          reversed(1999L, Status.CHARGED_BACK),
          new PaymentEvent.ChargebackReversed("du_1", "stripe", 1999, "usd", 1999L, Status.AUTHORIZED));
    });
    if (atOnce) {
      write(append(id, 3, Status.PROVIDER_SUBMITTED, events.toArray(PaymentEvent[]::new)));
    } else {
      Status from = Status.PROVIDER_SUBMITTED;
      for (int i = 0; i < events.size(); i++) {
        write(append(id, 3 + i, from, events.get(i)));
        from = events.get(i).target();
      }
    }
    StoredRow.of(database, "SELECT status, extract(epoch FROM expires)::bigint AS expires FROM payment"
        + " WHERE id = '" + id + "'").has("status", "authorized").has("expires", 1796000000).andOfItself();
    assertRebuilt(id);
  }

  private static PaymentEvent reversed(Long excess, Status status) {
    return new PaymentEvent.CaptureReversed(null, "stripe", null, 1999, 0, 0, "usd", "c", "m", excess, null,
        null, 1796000000L, status);
  }

  /** A failure that was taken back is none any more. */
  @Test
  void payment_whoseReturnIsReversed_hasNoFailure() {
    UUID id = submittedPayment("returned");
    write(append(id, 3, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_r", 1999, 1999, "usd"),
        new PaymentEvent.Returned("stripe", "pi_r", 1999, "usd", "R01", "No funds.", null, null, null,
            null)));
    StoredRow.of(database, "SELECT failure_code FROM payment WHERE id = '" + id + "'")
        .has("failure_code", "R01").andOfItself();
    write(append(id, 5, Status.RETURNED, new PaymentEvent.ReturnReversed("stripe", "pi_r", 1999, "usd",
        "Paid.", null, null, null, Status.CONFIRMED)));
    StoredRow.of(database, "SELECT failure_code, failure_message FROM payment WHERE id = '" + id + "'")
        .has("failure_code", null).has("failure_message", null).andOfItself();
    assertRebuilt(id);
  }

  /** Others here have events that no payment could have. */
  private static void assertRebuilt(UUID id) {
    var bytes = new ByteArrayOutputStream();
    new Rebuild(database.jdbcUrl(), "postgres", "postgres",
        new PrintStream(bytes, true, StandardCharsets.UTF_8)).run(false);
    assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("payment: ")
        .doesNotContain(TypeId.format(TypeId.PAYMENT, id));
  }

  /** A whole life in one append, so that each amount stands beside all others. */
  @Test
  void payment_withAllItsAmounts_andItsPostings() {
    UUID id = submittedPayment("amounts");
    UUID settlement = TypeId.next();
    var events = List.<PaymentEvent>of(
        new PaymentEvent.Authorized("stripe", "att_1", "pi_a", 1999, 1801, "usd", 1795779045),
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_c", 1702, 1750, "usd", null, null, 44L, "a note",
            null, null),
        new PaymentEvent.Refunded(null, "stripe", "att_2", "re_x", 333, 333, "usd", null, null, null, null,
            Status.PARTIALLY_REFUNDED),
        new PaymentEvent.Returned("stripe", "db_1", 1369, "usd", "R01", "No funds.", null, null, null, null));
    long eventsBefore = database
        .number("SELECT coalesce(sum(events), 0) FROM work WHERE writer = '" + WRITER + "'");
    write(new Append(id, MERCHANT, 3, Status.PROVIDER_SUBMITTED, events, "gateway", Payments.TRACE, List.of(),
        new Append.Netted(settlement, true)));
    row("payment WHERE id = '" + id + "'")
        .has("id", id).has("merchant", MERCHANT).has("livemode", true).has("version", 7)
        .has("status", "returned").has("amount", 1999).has("currency", "usd").has("reference", "order 1")
        .has("provider", "stripe").has("provider_reference", "pi_c").has("amount_authorized", 1801)
        .has("amount_charged", 1750).has("amount_captured", 1702).has("amount_refunded", 333)
        .has("expires", null).has("action_url", null).has("failure_code", "R01")
        .has("failure_message", "No funds.").has("settlement", settlement).andOfItself("updated");
    String merchant = TypeId.format(TypeId.MERCHANT, MERCHANT);
    posting(id, 5, 1).has("line", 1).has("livemode", true).has("account", "merchant_pending:" + merchant)
        .has("currency", "usd").has("amount", -1702).has("memo", null).andOfItself("position", "xid");
    posting(id, 5, 3).has("line", 3).has("livemode", true).has("account", "merchant_pending:" + merchant)
        .has("currency", "usd").has("amount", 44).has("memo", "a note").andOfItself("position", "xid");
    posting(id, 6, 0).has("line", 0).has("livemode", true).has("account", "merchant_pending:" + merchant)
        .has("currency", "usd").has("amount", 333).has("memo", null).andOfItself("position", "xid");
    assertThat(database.number("SELECT events FROM work WHERE writer = '" + WRITER + "'")).as("work.events")
        .isEqualTo(eventsBefore + 4);
  }

  /** Opened, decided and opened again: a row, and events of the dispute's own in the same transaction. */
  @Test
  void disputes_withTheirEvents() {
    UUID id = submittedPayment("disputes");
    var opened = new PaymentEvent.Disputed("du_1", "stripe", 1500, "usd", "a reason", 1795779045L);
    write(append(id, 3, Status.PROVIDER_SUBMITTED, Payments.confirmed(1999), opened,
        new PaymentEvent.Disputed("du_2", "adyen", 700, "usd", null, null, 201L)));
    UUID dispute = DisputeChange.id(id, "du_1");
    dispute("du_1").has("id", dispute).has("payment_id", id).has("merchant", MERCHANT).has("livemode", true)
        .has("provider", "stripe").has("provider_reference", "du_1").has("status", "open").has("amount", 1500)
        .has("currency", "usd").has("reason", "a reason").has("due", 1795779045).has("version", 1)
        .andOfItself("evidence_due", "created", "updated");
    dispute("du_2").has("id", DisputeChange.id(id, "du_2")).has("payment_id", id).has("merchant", MERCHANT)
        .has("livemode", true).has("provider", "adyen").has("provider_reference", "du_2")
        .has("status", "open")
        .has("amount", 700).has("currency", "usd").has("reason", null).has("due", null).has("version", 1)
        .has("evidence_due", null).andOfItself("created", "updated");
    long before = database.number("SELECT events FROM work WHERE writer = '" + WRITER + "'");
    write(append(id, 6, Status.DISPUTED,
        new PaymentEvent.DisputeWon("du_1", "stripe", 1500, "usd", Status.DISPUTED),
        new PaymentEvent.DisputeReopened("du_1", "stripe", 1500, "usd", null),
        new PaymentEvent.DisputeChanged("du_1", "stripe", 1500, 1400, "usd", null, Dispute.State.OPEN,
            Status.DISPUTED, 1),
        new PaymentEvent.ChargedBack("du_1", "stripe", 1400, "usd", Status.DISPUTED)));
    assertThat(database.number("SELECT events FROM work WHERE writer = '" + WRITER + "'"))
        .isEqualTo(before + 8);
    dispute("du_1").has("id", dispute).has("payment_id", id).has("merchant", MERCHANT).has("livemode", true)
        .has("provider", "stripe").has("provider_reference", "du_1").has("status", "lost").has("amount", 1400)
        .has("currency", "usd").has("reason", "a reason").has("due", 1795779045).has("version", 5)
        .andOfItself("evidence_due", "created", "updated");
    var types = List.of("dispute.opened", "dispute.won", "dispute.reopened", "dispute.changed",
        "dispute.lost");
    var states = List.of("open", "won", "open", "open", "lost");
    for (int version = 1; version <= 5; version++)
      entry(dispute, version).has("subject", dispute).has("version", version)
          .has("type", types.get(version - 1))
          .has("merchant", MERCHANT).has("livemode", true).has("actor", "provider:stripe")
          .has("traceparent", Payments.TRACE)
          .has("data",
              new JsonObject().put("payment", TypeId.format(TypeId.PAYMENT, id)).put("provider", "stripe")
                  .put("provider_reference", "du_1").put("amount", version < 4 ? 1500 : 1400)
                  .put("currency", "usd")
                  .put("reason", "a reason").put("status", states.get(version - 1))
                  .put("evidence_due", 1795779045L))
          .andOfItself("position", "xid", "recorded");
    assertThat(
        database.number("SELECT count(*) FROM (SELECT j.position > lag(j.position) OVER (ORDER BY version)"
            + " AS after FROM journal j WHERE subject = '" + dispute + "') o WHERE NOT after"))
        .as("out of order")
        .isZero();
  }

  private static StoredRow dispute(String name) {
    return StoredRow.of(database, "SELECT *, extract(epoch FROM evidence_due)::bigint AS due FROM dispute"
        + " WHERE provider_reference = '" + name + "' AND livemode");
  }

  private static StoredRow posting(UUID payment, int version, int line) {
    return StoredRow.of(database,
        "SELECT p.* FROM posting p JOIN journal j USING (xid, position) WHERE j.subject = '"
            + payment + "' AND j.version = " + version + " AND p.line = " + line);
  }

  /** What comes to rest and what is settled are counted apart, with numbers that differ. */
  @Test
  void work_countsRestAndSettlementApart() {
    String name = "counting";
    var link = database.link(loop, name);
    var counting = loop
        .on(() -> new AppendWriter(loop.vertx(), link, name, 100, 50, new SimpleMeterRegistry()));
    UUID settled = submittedPayment("settled");
    UUID declined = submittedPayment("declined");
    write(append(settled, 3, Status.PROVIDER_SUBMITTED, Payments.confirmed(1999)));
    for (var one : List.of(
        new Append(settled, MERCHANT, 4, Status.CONFIRMED,
            List.of(new PaymentEvent.Settled(TypeId.format(TypeId.SETTLEMENT, TypeId.next()))), "gateway",
            Payments.TRACE, List.of(), new Append.Netted(TypeId.next(), true)),
        append(declined, 3, Status.PROVIDER_SUBMITTED, new PaymentEvent.Unknown("stripe", "att_1", "timeout"),
            new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", null, "No."))))
      assertThat(loop.<Boolean>result(() -> counting.append(one))).isTrue();
    row("work WHERE writer = '" + name + "'").has("writer", name).has("accepted", 0).has("rested", 2)
        .has("settled", 1).has("events", 3).andOfItself();
  }

  @Test
  void attempt_thatHasEnded() {
    UUID id = submittedPayment("attempt");
    UUID reference = TypeId.next();
    UUID operation = TypeId.next();
    write(new Append(id, MERCHANT, 3, Status.PROVIDER_SUBMITTED, List.of(Payments.confirmed(1999)), "gateway",
        Payments.TRACE,
        List.of(new Attempt(reference, 3, "adyen", "capture", operation, "a reason", "confirmed", "pi_7",
            "a detail")),
        null));
    row("attempt WHERE payment_id = '" + id + "'")
        .has("reference", reference).has("payment_id", id).has("number", 3).has("provider", "adyen")
        .has("kind", "capture").has("operation", operation).has("reason", "a reason")
        .has("outcome", "confirmed").has("provider_reference", "pi_7").has("detail", "a detail")
        .has("absent_since", null).andOfItself("started", "finished");
  }

  @Test
  void operations_thatSucceedAndFail() {
    UUID id = submittedPayment("operations");
    UUID capture = TypeId.next();
    UUID refund = TypeId.next();
    UUID attempt = TypeId.next();
    String cap = TypeId.format(TypeId.CAPTURE, capture);
    String re = TypeId.format(TypeId.REFUND, refund);
    write(append(id, 3, Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1999, "usd", 1),
        new PaymentEvent.CaptureRequested(cap, 700),
        new PaymentEvent.CaptureFailed(cap, "a code", "A message.", Status.AUTHORIZED),
        Payments.confirmed(1999), new PaymentEvent.RefundRequested(re, 301, "broken", Status.CONFIRMED),
        new PaymentEvent.OperationSubmitted(re, "stripe", TypeId.format(TypeId.ATTEMPT, attempt),
            Status.CONFIRMED),
        new PaymentEvent.Refunded(re, "stripe", "att_2", "re_x", 301, 301, "usd", null, null, null, null,
            Status.PARTIALLY_REFUNDED)));
    row("operation WHERE id = '" + capture + "'")
        .has("id", capture).has("payment_id", id).has("kind", "capture").has("status", "failed")
        .has("amount", 700).has("reason", null).has("attempt", null).has("provider_reference", null)
        .has("failure_code", "a code").has("failure_message", "A message.").andOfItself("created", "updated");
    row("operation WHERE id = '" + refund + "'")
        .has("id", refund).has("payment_id", id).has("kind", "refund").has("status", "succeeded")
        .has("amount", 301).has("reason", "broken").has("attempt", attempt).has("provider_reference", "re_x")
        .has("failure_code", null).has("failure_message", null).andOfItself("created", "updated");
  }
}
