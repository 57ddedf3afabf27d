package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.StripeSender;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Payments given up while the provider was away, and what becomes of them by operators' replays, on two
 * nodes.
 */
class DeadLetterReplayIT {
  private static final Duration SOON = Duration.ofSeconds(40);
  private static final Map<String, String> SETTINGS = Map.ofEntries(
      Map.entry("MILLRACE_PROCESSOR_RETRY_WINDOWS", "200ms,300ms,10m"),
      Map.entry("MILLRACE_PROCESSOR_CHARGE_WINDOWS_MAX", "2"),
      Map.entry("MILLRACE_PROCESSOR_REPLAY_LEASE", "300ms"),
      Map.entry("MILLRACE_PROCESSOR_JANITOR_AGE", "10m"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "15s"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "30s"),
      Map.entry("MILLRACE_INBOX_PARK_WINDOWS", "100ms"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "10000"));
  private static final List<String> PAYMENTS = new ArrayList<>();
  /** Those whose letters are replayed together, and by nobody else. */
  private static final List<String> BATCH = new ArrayList<>();
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,relay,processor,settlement,ops",
      settings("300ms"));
  private static GatewayProcess other;
  private static String batchSince;

  @BeforeAll
  static void giveUp() {
    other = FIXTURE.site().start("processor,ops", settings("500ms"));
    EventTopic.awaitShared(FIXTURE.site(), 2);
    giveUp(PAYMENTS, 3);
    batchSince = OffsetDateTime.now().toString();
    giveUp(BATCH, 4);
    FIXTURE.site().startSimulator(Map.of());
  }

  private static void giveUp(List<String> payments, int count) {
    payments.clear();
    for (int i = 0; i < count; i++) payments.add(pay());
    for (String payment : payments)
      Await.until(SOON, "it is given up", () -> !FIXTURE.deadLetters("payment=" + payment).isEmpty());
  }

  private static Map<String, String> settings(String interval) {
    var settings = new HashMap<>(SETTINGS);
    settings.put("MILLRACE_PROCESSOR_REPLAY_INTERVAL", interval);
    return settings;
  }

  private static long letter(String payment) {
    return FIXTURE.deadLetters("payment=" + payment).getFirst().getLong("id");
  }

  private static JsonObject inspect(long id) {
    return Http.get(FIXTURE.gateway().opsUrl() + "/ops/dead-letters/" + id).json();
  }

  private static Http.Answer replay(GatewayProcess node, Object which) {
    return Http.send("POST", node.opsUrl() + "/ops/dead-letters/" + which + "/replay", Map.of(),
        "{\"operator\":\"ann\"}");
  }

  private static JsonObject awaitOutcome(long id, String outcome) {
    try {
      Await.until(SOON, "its replay ends", () -> outcome.equals(inspect(id).getString("outcome")));
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + ": " + inspect(id).encode(), e);
    }
    return inspect(id);
  }

  private static void awaitSettled(String id) { FIXTURE.awaitStatus(id, "settled", SOON); }

  @Test
  void letter_hasItsRecordItsErrorsAndItsTrace_afterTheWindowsOfItsHandler() {
    var letter = inspect(letter(PAYMENTS.getFirst()));
    assertThat(letter.getString("task")).isEqualTo("charge");
    assertThat(letter.getInteger("attempts")).as("one, and two of three windows").isEqualTo(3);
    assertThat(letter.getJsonArray("errors")).hasSize(3).allSatisfy(one -> {
      assertThat(((JsonObject) one).getString("error")).startsWith("no connection: ");
      assertThat(((JsonObject) one).getString("at")).endsWith("Z");
    });
    assertThat(letter.getString("trace_id"))
        .isEqualTo(FIXTURE.payment(PAYMENTS.getFirst()).getString("trace_id"));
    assertThat(letter.getString("source")).matches(".*retry\\.300ms/\\d/\\d+/\\d{13}");
    var record = letter.getJsonObject("record");
    assertThat(record.getString("key")).isEqualTo(GatewayFixture.uuid(PAYMENTS.getFirst()).toString());
    assertThat(new JsonObject(record.getString("value")).getInteger("attempts")).isEqualTo(2);
  }

  @Test
  void letter_replayedTwiceAtOnceByTwoNodes_movesMoneyOnce() {
    String payment = PAYMENTS.get(1);
    long id = letter(payment);
    SimulatorBook.settings(FIXTURE.site(),
        new JsonObject().put("latency_ms_min", 3_000).put("latency_ms_max", 3_000));
    try {
      var asked = Stream.of(FIXTURE.gateway(), other).map(node -> Http.sendAsync("POST",
          node.opsUrl() + "/ops/dead-letters/" + id + "/replay", Map.of(), "{\"operator\":\"ann\"}"))
          .toList();
      asked.forEach(answer -> assertThat(answer.join().status()).isEqualTo(200));
      // Whoever has it is given up for dead, long before the provider answers.
      Await.until(SOON, "it is in hand twice", () -> inspect(id).getInteger("replays") >= 2);
    } finally {
      SimulatorBook.settings(FIXTURE.site(),
          new JsonObject().put("latency_ms_min", 5).put("latency_ms_max", 20));
    }
    awaitSettled(payment);
    // Who asks the provider while the other's call is under way may have to wait.
    Await.until(SOON, "its replay ends", () -> inspect(id).getString("status").equals("replayed"));
    assertThat(inspect(id).getString("outcome")).isIn("done", "waits");
    Await.until(SOON, "whoever had it has ended it", () -> ended(payment).count() >= 2);
    assertThat(FIXTURE.types(payment)).containsOnlyOnce("payment.provider_submitted", "payment.confirmed",
        "payment.settled");
    assertThat(charges(payment)).isEqualTo(1);
    assertThat(SimulatorBook.summary(FIXTURE.site()).getInteger("duplicate_references")).isZero();
    assertThat(replay(FIXTURE.gateway(), id).status()).as("it is done").isEqualTo(409);
  }

  /** What the nodes say of replays of this payment's letters that have ended. */
  private static Stream<String> ended(String payment) {
    return Stream.of(FIXTURE.gateway(), other).flatMap(node -> node.logText().lines())
        .filter(line -> line.contains("dead_letter_replayed ") && line.contains(" payment=" + payment + " "));
  }

  private static Http.Answer replayBatch() {
    return Http.send("POST", FIXTURE.gateway().opsUrl() + "/ops/dead-letters/replay", Map.of(),
        new JsonObject().put("operator", "bea").put("rate", 1).put("task", "charge")
            .put("created_after", batchSince).encode());
  }

  @Test
  void letters_replayedByFilter_areCarriedOutOnceEach_byTheirRate() {
    var ids = BATCH.stream().map(DeadLetterReplayIT::letter).sorted().toList();
    assertThat(replayBatch().json().getInteger("scheduled")).isEqualTo(BATCH.size());
    BATCH.forEach(DeadLetterReplayIT::awaitSettled);
    for (long id : ids)
      Await.until(SOON, "it is done", () -> inspect(id).getString("status").equals("replayed"));
    for (int turn = 0; turn < ids.size(); turn++) {
      var letter = inspect(ids.get(turn));
      assertThat(Duration.between(OffsetDateTime.parse(letter.getString("decided")),
          OffsetDateTime.parse(letter.getString("outcome_at")))).as("%s, one a second", letter)
          .isGreaterThanOrEqualTo(Duration.ofSeconds(turn));
    }
    for (String payment : BATCH) {
      Await.until(SOON, "whoever did it says so", () -> counted(payment) > 0);
      assertThat(counted(payment)).as("replays of %s that counted", payment).isEqualTo(1);
      assertThat(FIXTURE.types(payment)).containsOnlyOnce("payment.provider_submitted", "payment.confirmed",
          "payment.settled");
      assertThat(charges(payment)).isEqualTo(1);
    }
    assertThat(replayBatch().json().getInteger("scheduled")).as("nothing is left").isZero();
    assertThat(SiteSql.rows(FIXTURE.site(),
        "SELECT act, subject, data ->> 'letters', data ->> 'rate' FROM audit"
            + " WHERE operator = 'bea'"))
        .containsExactly(List.of("replay_dead_letters", "dead_letters", ids.toString(), "1"));
  }

  private static long counted(String payment) {
    return ended(payment).filter(line -> line.contains(" counted=true ")).count();
  }

  /** How often it was charged, by the provider's book. */
  private static long charges(String payment) {
    var references = SiteSql
        .rows(FIXTURE.site(),
            "SELECT reference FROM attempt WHERE payment_id = '" + GatewayFixture.uuid(payment)
                + "'")
        .stream().map(row -> TypeId.format(TypeId.ATTEMPT, UUID.fromString(row.getFirst()))).toList();
    return SimulatorBook.of(FIXTURE.site()).charged().stream().filter(e -> references.contains(e.reference()))
        .count();
  }

  /** As after an upgrade that can read what the version before could not. */
  @Test
  void poison_isReadAnew_andStaysOpenWhileItCannotBe() throws SQLException {
    var record = new ProducerRecord<>(FIXTURE.site().topic(), 0, "the key",
        "no Avro\0".getBytes(StandardCharsets.UTF_8));
    record.headers().add("ce_type", "payment.initiated".getBytes(StandardCharsets.US_ASCII));
    EventTopic.send(FIXTURE.site(), List.of(Seals.sealed(FIXTURE.site(), record)));
    Await.until(SOON, "it is a dead letter", () -> !FIXTURE.deadLetters("task=poison").isEmpty());
    long id = FIXTURE.deadLetters("task=poison").getFirst().getLong("id");
    Await.until(SOON, "it is counted",
        () -> FIXTURE.metric("millrace_dead_letters_open{task=\"poison\"}") == 1);
    replay(FIXTURE.gateway(), id);
    var letter = awaitOutcome(id, "failed");
    assertThat(letter.getString("status")).isEqualTo("open");
    assertThat(letter.getJsonArray("errors")).hasSize(2);
    assertThat(letter.getJsonObject("record").getString("form")).isEqualTo("base64");
    assertThat(letter.getJsonObject("record").getJsonObject("headers").getString("ce_type"))
        .isEqualTo("payment.initiated");
    try (var owner = FIXTURE.site().database(); var statement = owner.createStatement()) {
      statement.execute("UPDATE dead_letter SET record_key = '" + PAYMENTS.get(2)
          + "', headers = '{\"ce_type\": \"payment.capture_requested\"}' WHERE id = " + id);
    }
    replay(FIXTURE.gateway(), id);
    awaitOutcome(id, "done");
    awaitSettled(PAYMENTS.get(2));
    Await.until(SOON, "it is counted",
        () -> FIXTURE.metric("millrace_dead_letters_open{task=\"poison\"}") == 0);
  }

  @Test
  void webhook_isWorkedOffAgain_andOpenAgainWhenNothingHasChanged() throws SQLException {
    UUID reference = TypeId.next();
    String event = StripeSender.eventId();
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      sender.send(StripeSender.succeeded(event, TypeId.format(TypeId.ATTEMPT, reference), 1_999));
    }
    Await.until(SOON, "it is a dead letter", () -> !FIXTURE.deadLetters("task=webhook").isEmpty());
    var letter = FIXTURE.deadLetters("task=webhook").getFirst();
    long id = letter.getLong("id");
    assertThat(letter.getInteger("attempts")).isEqualTo(2);
    replay(FIXTURE.gateway(), id);
    Await.until(SOON, "it is given up again", () -> inspect(id).getInteger("attempts") == 4);
    letter = inspect(id);
    assertThat(letter.getString("status")).isEqualTo("open");
    assertThat(letter.getJsonArray("errors")).hasSize(4);
    assertThat(letter.getJsonObject("record").getString("key")).isEqualTo(event);
    assertThat(letter.getJsonObject("record").getString("value")).contains(event);
    String settled = pay();
    awaitSettled(settled);
    try (var owner = FIXTURE.site().database(); var statement = owner.createStatement()) {
      statement
          .execute("INSERT INTO attempt (reference, payment_id, number, provider, kind, finished, outcome)"
              + " VALUES ('" + reference + "', '" + GatewayFixture.uuid(settled)
              + "', 9, 'stripe', 'charge', now(), 'charged')");
    }
    replay(FIXTURE.gateway(), id);
    Await.until(SOON, "its payment is found",
        () -> SiteSql.rows(FIXTURE.site(),
            """
              SELECT outcome FROM provider_event_result JOIN provider_event USING (xid, position) WHERE event_id = '%s'"""
                .formatted(event))
            .equals(List.of(List.of("applied"))));
    assertThat(inspect(id).getString("status")).isEqualTo("replayed");
  }

  private static String pay() { return FIXTURE.pay(SteadyLoad.visa(1)); }
}
