package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.EventContract;
import dev.millrace.journal.JournalRow;
import dev.millrace.payment.EventType;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Somebody writes to Kafka who may not: what records say of a payment, of another merchant's, or of none, and
 * what is put together from true ones. Nothing is charged by it, and each of them is an alert.
 */
@TestMethodOrder(OrderAnnotation.class)
class ForgedRecordIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final long AMOUNT = 100;
  private static final int PAYMENTS = 6;
  private static final List<String> IDS = new ArrayList<>();
  /** Without a relay: what is forged is there before what is true. */
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,processor,settlement,ops",
      Map.of("MILLRACE_PROCESSOR_JANITOR_AGE", "10m")).withSimulator(false);
  private static long forged;

  @Test
  @Order(1)
  void initiated_withAnotherAmountAndMerchant_isNotExecuted() {
    for (int i = 0; i < PAYMENTS; i++) IDS.add(FIXTURE.pay(SteadyLoad.body(AMOUNT, "usd", "pm_card_visa")));
    var records = new ArrayList<ProducerRecord<String, byte[]>>();
    for (int i = 0; i < PAYMENTS; i++) {
      var row = initiated(IDS.get(i));
      byte[] value = new EventContract().encode(EventType.INITIATED, more(row));
      var record = event(IDS.get(i), "payment.initiated", 1, row.traceparent(), value);
      byte[] seal = i % 3 == 0 ? null : i % 3 == 1 ? new byte[33] : new byte[]{1, 2, 3};
      if (seal != null) record.headers().add(Seals.HEADER, seal);
      records.add(record);
    }
    // A payment that nobody has asked for, and a key that does not exist.
    String nobodys = TypeId.format(TypeId.PAYMENT, TypeId.next());
    var unknown = event(nobodys, "payment.initiated", 1, "", records.getFirst().value());
    byte[] seal = new byte[33];
    seal[0] = 99;
    unknown.headers().add(Seals.HEADER, seal);
    records.add(unknown);
    assertForged(records);
    assertThat(SimulatorBook.of(FIXTURE.site()).entries()).isEmpty();
  }

  @Test
  @Order(2)
  void initiated_asItIsInTheJournal_isExecuted() {
    FIXTURE.site().start("relay", Map.of());
    for (String id : IDS) FIXTURE.awaitStatus(id, "settled", SOON);
    assertChargedOnce();
    assertThat(letters()).isEqualTo(forged);
  }

  @Test
  @Order(3)
  void record_putTogetherFromTrueOnes_isNotBelieved() {
    var first = trueRecord(IDS.get(0));
    var second = trueRecord(IDS.get(1));
    byte[] more = new EventContract().encode(EventType.INITIATED, more(initiated(IDS.get(0))));
    var records = List.of(
        copy(first, first.key(), more, null),
        copy(first, first.key(), second.value(), null),
        copy(first, second.key(), first.value(), null),
        copy(first, first.key(), first.value(), "payment.refund_requested"),
        copy(first, first.key(), first.value(), "payment.action_returned"),
        copy(first, null, first.value(), null),
        copy(first, first.key(), null, null));
    assertForged(records);
    // Its version and its trace are sealed as well.
    var other = copy(first, first.key(), first.value(), null);
    other.headers().remove("ce_version").add("ce_version", bytes("7"));
    var traced = copy(first, first.key(), first.value(), null);
    traced.headers().remove("traceparent").add("traceparent",
        bytes("00-11111111111111111111111111111111-2222222222222222-01"));
    assertForged(List.of(other, traced));
    assertChargedOnce();
  }

  @Test
  @Order(4)
  void retryTask_thatIsNotSealed_isNotBelieved() {
    String topic = FIXTURE.site().group() + ".retry.2s";
    var stolen = trueRecord(IDS.get(0)).headers().lastHeader(Seals.HEADER).value();
    var records = new ArrayList<ProducerRecord<String, byte[]>>();
    for (UUID id : List.of(GatewayFixture.uuid(IDS.get(0)), UUID.randomUUID())) {
      byte[] task = bytes(new JsonObject().put("payment", id.toString()).put("handler", "charge")
          .put("window", 0).put("turns", 0).put("attempts", 1).put("due_ms", 0L).put("traceparent", "")
          .encode());
      records.add(new ProducerRecord<>(topic, id.toString(), task));
      var sealed = new ProducerRecord<>(topic, id.toString(), task);
      sealed.headers().add(Seals.HEADER, stolen);
      records.add(sealed);
      // A seal of the right key for another purpose.
      records.add(Seals.sealed(FIXTURE.site(), new ProducerRecord<>(topic, id.toString(), task)));
    }
    assertForged(records);
  }

  @Test
  @Order(5)
  void record_thatComesAgain_orIsSealedWithANewKey_isOurs() {
    SiteSql.run(FIXTURE.site(),
        "INSERT INTO seal_key (id, key) VALUES (1, sha256(uuid_send(gen_random_uuid())))");
    var again = trueRecord(IDS.get(2));
    EventTopic.send(FIXTURE.site(), List.of(copy(again, again.key(), again.value(), null),
        Seals.sealed(FIXTURE.site(), copy(again, again.key(), again.value(), null))));
    Await.until(SOON, "all is committed", () -> EventTopic.uncommitted(FIXTURE.site()) == 0);
    assertThat(letters()).isEqualTo(forged);
    assertThat(FIXTURE.gateway().logText()).contains("seal_key_unknown id=1");
    assertChargedOnce();
  }

  @Test
  @Order(6)
  void letter_ofAForgedRecord_isAnAlert_andNotBelievedByBeingReplayed() {
    assertThat(FIXTURE.gateway().logText()).contains("alert=dead_letter task=forged");
    Await.until(SOON, "they are counted",
        () -> FIXTURE.metric("millrace_dead_letters_open{task=\"forged\"}") == forged);
    long id = FIXTURE.deadLetters("task=forged").getFirst().getLong("id");
    String path = FIXTURE.gateway().opsUrl() + "/ops/dead-letters/" + id;
    Http.send("POST", path + "/replay", Map.of("Content-Type", "application/json"),
        "{\"operator\":\"ann\",\"reason\":\"try\"}");
    Await.until(SOON, "it was replayed",
        () -> "failed".equals(Http.get(path).json().getString("outcome")));
    assertThat(Http.get(path).json().getString("status")).isEqualTo("open");
    assertChargedOnce();
    BookAudit.assertConsistent(FIXTURE.site(), FIXTURE.gateway());
  }

  private static void assertChargedOnce() {
    assertThat(SimulatorBook.of(FIXTURE.site()).charged()).hasSize(PAYMENTS)
        .allSatisfy(entry -> assertThat(entry.captured()).isEqualTo(AMOUNT));
  }

  private static long letters() {
    return FIXTURE.site().number("SELECT count(*) FROM dead_letter WHERE task = 'forged'");
  }

  /** And the partitions go on. */
  private static void assertForged(List<ProducerRecord<String, byte[]>> records) {
    EventTopic.send(FIXTURE.site(), records);
    forged += records.size();
    Await.until(SOON, "each is a dead letter", () -> letters() == forged);
    Await.until(SOON, "all is committed", () -> EventTopic.uncommitted(FIXTURE.site()) == 0);
    assertThat(FIXTURE.site().number("SELECT count(*) FROM dead_letter WHERE task <> 'forged'")).isZero();
  }

  private static ConsumerRecord<String, byte[]> trueRecord(String id) {
    return EventTopic.records(FIXTURE.site()).stream()
        .filter(r -> id.equals(r.key()) && r.offset() >= 0 && r.headers().lastHeader("ce_id") != null
            && new String(r.headers().lastHeader("ce_type").value(), StandardCharsets.US_ASCII)
                .equals("payment.initiated"))
        .findFirst().orElseThrow();
  }

  private static ProducerRecord<String, byte[]> copy(ConsumerRecord<String, byte[]> record, String key,
      byte[] value, String type) {
    var copy = new ProducerRecord<>(record.topic(), null, key, value);
    record.headers().forEach(header -> {
      // So that it is not taken for a true one when those are looked for.
      if (!header.key().equals("ce_id")) copy.headers().add(header);
    });
    if (type != null) copy.headers().remove("ce_type").add("ce_type", bytes(type));
    return copy;
  }

  private static ProducerRecord<String, byte[]> event(String key, String type, int version, String trace,
      byte[] value) {
    var record = new ProducerRecord<>(FIXTURE.site().topic(), key, value);
    record.headers().add("ce_type", bytes(type)).add("ce_version", bytes(Integer.toString(version)))
        .add("traceparent", bytes(trace));
    return record;
  }

  private static JournalRow initiated(String id) {
    var row = SiteSql.rows(FIXTURE.site(), "SELECT merchant, livemode, traceparent, data::text FROM journal"
        + " WHERE version = 1 AND subject = '" + GatewayFixture.uuid(id) + "'").getFirst();
    return new JournalRow("1", 1, GatewayFixture.uuid(id), 1, "payment.initiated",
        UUID.fromString(row.get(0)), row.get(1).equals("t"), "", row.get(2), OffsetDateTime.now(),
        row.get(3));
  }

  private static JournalRow more(JournalRow row) {
    return new JournalRow(row.xid(), row.position(), row.subject(), row.version(), row.type(),
        UUID.randomUUID(), row.livemode(), row.actor(), row.traceparent(), row.recorded(),
        new JsonObject(row.data()).put("amount", 500 * AMOUNT).encode());
  }

  private static byte[] bytes(String text) { return text.getBytes(StandardCharsets.US_ASCII); }
}
