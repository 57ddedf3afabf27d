package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What each answer of a provider, and its silence, makes of a payment. */
class ProviderOutcomesIT {
  private static final String ROLES = "api,relay,processor,settlement,ops";
  private static final int SLOW_MS = 1_500;
  private static final Map<String, String> SETTINGS = Map.ofEntries(
      Map.entry("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "500ms"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "3s"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_BREAKER_WINDOW", "5s"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_BREAKER_COOLDOWN", "1s"),
      Map.entry("MILLRACE_PROVIDER_STRIPE_BREAKER_RAMP", "1s"),
      Map.entry("MILLRACE_PROCESSOR_RETRY_WINDOWS", "500ms,1s,2s,4s"),
      Map.entry("MILLRACE_PROCESSOR_RETRY_JITTER_PERCENT", "0"));
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of(ROLES, SETTINGS).withSimulator(false);

  private record Expected(String status, String failure, boolean unknown) {}

  private static Expected settled() { return new Expected("settled", null, false); }

  private static Expected inquired() { return new Expected("settled", null, true); }

  private static Expected declined(String code) { return new Expected("declined", code, false); }

  private static Expected absent() { return new Expected("declined", "provider_no_record", true); }

  private static Map<String, Expected> expectations() {
    var all = new LinkedHashMap<String, Expected>();
    for (String card : List.of("visa", "mastercard", "amex", "jcb")) all.put("pm_card_" + card, settled());
    for (String card : List.of("pm_card_chargeDeclined", "pm_card_visa_chargeDeclined")) {
      for (String why : List.of("", "InsufficientFunds", "LostCard", "StolenCard"))
        all.put(card + why, declined("card_declined"));
      all.put(card + "ExpiredCard", declined("expired_card"));
      all.put(card + "IncorrectCvc", declined("incorrect_cvc"));
      all.put(card + "ProcessingError", declined("processing_error"));
    }
    all.put("pm_card_nobodyKnows", declined("resource_missing"));
    all.put("pm_sim_slow", inquired());
    all.put("pm_sim_hang", absent());
    all.put("pm_sim_charge_then_hang", inquired());
    all.put("pm_sim_500", absent());
    all.put("pm_sim_malformed", inquired());
    all.put("pm_sim_wrong_amount", settled());
    all.put("pm_test_blocked", new Expected("blocked", "blocked", false));
    return all;
  }

  @Test
  void payment_byMethod_endsAsTheProviderSays() {
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("slow_ms", SLOW_MS));
    var expectations = expectations();
    var ids = new LinkedHashMap<String, String>();
    expectations.keySet().forEach(method -> ids.put(method, pay(method)));
    long suspense = suspense();
    var wrong = new ArrayList<String>();
    expectations.forEach((method, expected) -> {
      try {
        var payment = FIXTURE.awaitStatus(ids.get(method), expected.status(), Duration.ofSeconds(20));
        assertThat(failure(payment)).as(method).isEqualTo(expected.failure());
        assertThat(FIXTURE.types(ids.get(method)).contains("payment.unknown")).as(method + " was unknown")
            .isEqualTo(expected.unknown());
      } catch (AssertionError e) {
        wrong.add(method + ": " + e.getMessage());
      }
    });
    assertThat(wrong).isEmpty();
    var mismatch = FIXTURE.payment(ids.get("pm_sim_wrong_amount"));
    assertThat(mismatch.getLong("amount_charged")).isEqualTo(mismatch.getLong("amount") + 1);
    assertThat(suspense()).as("suspense, a credit of one minor unit more").isEqualTo(suspense - 1);
    BookAudit.awaitRest(FIXTURE.site(), FIXTURE.gateway(), Duration.ofSeconds(10));
    BookAudit.assertConsistent(FIXTURE.site(), FIXTURE.gateway());
  }

  @Test
  void review_releasedOrBlocked_isCarriedOutAndAudited() {
    String released = pay("pm_test_review");
    String blocked = pay("pm_test_review");
    FIXTURE.awaitStatus(released, "in_review", Duration.ofSeconds(10));
    FIXTURE.awaitStatus(blocked, "in_review", Duration.ofSeconds(10));
    assertThat(list("/ops/reviews", "payment")).contains(released, blocked);
    assertThat(decide(released, "release").status()).isEqualTo(200);
    assertThat(decide(blocked, "block").status()).isEqualTo(200);
    assertThat(decide(released, "block").status()).as("too late").isEqualTo(409);
    FIXTURE.awaitStatus(released, "settled", Duration.ofSeconds(15));
    assertThat(failure(FIXTURE.awaitStatus(blocked, "blocked", Duration.ofSeconds(5)))).isEqualTo("blocked");
    assertThat(list("/ops/reviews", "payment")).doesNotContain(released, blocked);
    assertThat(
        FIXTURE.site()
            .number("SELECT count(*) FROM audit WHERE operator = 'ann' AND act IN ('release', 'block')"))
        .isGreaterThanOrEqualTo(2);
  }

  @Test
  void review_ofAChargeableMethodReleased_isSettled() {
    String large = FIXTURE
        .pay("{\"amount\":1000000,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}");
    FIXTURE.awaitStatus(large, "in_review", Duration.ofSeconds(10));
    assertThat(decide(large, "release").status()).isEqualTo(200);
    FIXTURE.awaitStatus(large, "settled", Duration.ofSeconds(15));
    assertThat(FIXTURE.types(large)).containsExactly("payment.initiated", "payment.screened",
        "payment.screened",
        "payment.provider_submitted", "payment.confirmed", "payment.settled");
  }

  @Test
  void provider_unreachable_isDeadLetterAndEndsWhenItIsBack() {
    try (var lonely = Site.on(TestServers.shared())) {
      var node = lonely.start(ROLES, Map.of("MILLRACE_PROCESSOR_RETRY_WINDOWS", "200ms,300ms",
          "MILLRACE_PROCESSOR_JANITOR_AGE", "6s", "MILLRACE_PROCESSOR_JANITOR_INTERVAL", "500ms"));
      String key = node.merchantKey();
      var answer = Http.send("POST", node.apiUrl() + "/v1/payments", Http.create(key, "k"),
          SteadyLoad.visa(1));
      String id = answer.json().getString("id");
      Await.until(Duration.ofSeconds(6), "a dead letter",
          () -> !GatewayFixture.deadLetters(node, "").isEmpty());
      var letter = GatewayFixture.deadLetters(node, "").getFirst();
      assertThat(letter.getString("payment")).isEqualTo(id);
      assertThat(letter.getString("task")).isEqualTo("charge");
      assertThat(letter.getInteger("attempts")).isEqualTo(3);
      assertThat(letter.getString("error")).startsWith("no connection: ");
      assertThat(SiteSql.statuses(lonely)).as("nothing is known, nothing is declined")
          .containsOnlyKeys("provider_submitted");
      lonely.startSimulator(Map.of());
      BookAudit.awaitRest(lonely, node, Duration.ofSeconds(20));
      assertThat(SiteSql.statuses(lonely)).containsOnlyKeys("settled");
      BookAudit.assertConsistent(lonely, node);
    }
  }

  /**
   * The provider is away when the payment comes, so the call goes out seconds after its intent; it is charged
   * slowly, and an inquiry in between finds nothing. Absence counts only so long after the <em>call</em>.
   */
  @Test
  void charge_calledLateAndAnsweredLate_isNotDeclined() {
    try (var late = Site.on(TestServers.shared())) {
      var settings = new HashMap<>(SETTINGS);
      settings.put("MILLRACE_PROCESSOR_RETRY_WINDOWS", "500ms,1s,4s,500ms,1s,3s");
      var node = late.start(ROLES, settings);
      String key = node.merchantKey();
      var answer = Http.send("POST", node.apiUrl() + "/v1/payments", Http.create(key, "k"),
          SteadyLoad.body(1_999, "usd", "pm_sim_slow"));
      assertThat(answer.status()).as(answer.body()).isEqualTo(202);
      Await.until(Duration.ofSeconds(10), "refused three times",
          () -> GatewayFixture.metric(node, "millrace_retries_total") >= 3);
      late.startSimulator(Map.of());
      SimulatorBook.settings(late, new JsonObject().put("slow_ms", 2_500));
      Await.until(Duration.ofSeconds(15), "the provider has charged",
          () -> !SimulatorBook.of(late).charged().isEmpty());
      BookAudit.awaitRest(late, node, Duration.ofSeconds(15));
      assertThat(SiteSql.statuses(late)).as("payments, of which the provider has charged %s; attempts %s",
          SimulatorBook.of(late).charged(),
          SiteSql.rows(late, "SELECT reference, started, finished, outcome FROM attempt"))
          .containsOnlyKeys("settled");
      BookAudit.assertConsistent(late, node);
    }
  }

  @Test
  void breaker_providerFails_opensAndEveryPaymentEndsWhenItIsBack() {
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("failure_rate", 1));
    var ids = new ArrayList<String>();
    try {
      for (int i = 0; i < 60; i++) ids.add(pay("pm_card_visa"));
      Await.until(Duration.ofSeconds(10), "the breaker is open",
          () -> FIXTURE.metric("millrace_breaker_open") == 1);
      assertThat(FIXTURE.metric("millrace_breaker_opened_total")).isPositive();
      assertThat(FIXTURE.gateway().logText()).contains("alert=breaker_open provider=stripe");
      // With the breaker open a payment is accepted, and waits.
      ids.add(pay("pm_card_visa"));
      assertThat(FIXTURE.payment(ids.getLast()).getString("status")).isIn("initiated", "provider_submitted");
    } finally {
      SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("failure_rate", 0));
    }
    Await.until(Duration.ofSeconds(20), "the breaker is closed",
        () -> FIXTURE.metric("millrace_breaker_open") == 0);
    BookAudit.awaitRest(FIXTURE.site(), FIXTURE.gateway(), Duration.ofSeconds(30));
    var ends = new HashMap<String, Integer>();
    for (String id : ids) {
      var payment = FIXTURE.payment(id);
      ends.merge(payment.getString("status") + ":" + failure(payment), 1, Integer::sum);
    }
    assertThat(ends).containsOnlyKeys("settled:null", "declined:provider_no_record");
    BookAudit.assertConsistent(FIXTURE.site(), FIXTURE.gateway());
  }

  @Test
  void poison_inTheTopic_isDeadLetterAndTheConsumerGoesOn() {
    byte[] noise = "no Avro".getBytes(StandardCharsets.UTF_8);
    var poison = new ArrayList<ProducerRecord<String, byte[]>>();
    for (int partition = 0; partition < 8; partition++) {
      poison.add(new ProducerRecord<>(FIXTURE.site().topic(), partition, null, noise));
      poison.add(typed(partition, "pay_nonsense", "payment.initiated", noise));
      poison.add(typed(partition, null, "payment.initiated", null));
      var released = typed(partition, "nonsense", "payment.screened", noise);
      released.headers().add("ce_version", "3".getBytes(StandardCharsets.US_ASCII));
      poison.add(released);
    }
    assertBuried(poison);
  }

  /** Postgres takes no NUL in a text. */
  @Test
  void poison_withNulInItsTrace_isDeadLetterAndTheConsumerGoesOn() {
    var record = typed(0, "pay_nonsense", "payment.initiated", new byte[]{1});
    record.headers().add("traceparent", "a\0b".getBytes(StandardCharsets.US_ASCII));
    assertBuried(List.of(record));
  }

  /** Kafka permits headers without a value. */
  @Test
  void poison_withHeadersWithoutValues_isDeadLetterAndTheConsumerGoesOn() {
    var poison = new ArrayList<ProducerRecord<String, byte[]>>();
    for (String header : List.of("ce_type", "traceparent")) {
      var record = typed(0, "pay_nonsense", "payment.initiated", new byte[]{1});
      record.headers().add(header, null);
      poison.add(record);
    }
    assertBuried(poison);
  }

  /** It can be read, but not be begun. */
  @Test
  void poison_ofAMerchantThatIsNone_isDeadLetterAndTheConsumerGoesOn() {
    FIXTURE.awaitStatus(pay("pm_card_visa"), "settled", Duration.ofSeconds(15));
    var event = EventTopic.records(FIXTURE.site()).stream().filter(r -> r.value() != null
        && new String(r.value(), StandardCharsets.ISO_8859_1).contains("mer_")
        && type(r).equals("payment.initiated")).findFirst().orElseThrow();
    byte[] value = new String(event.value(), StandardCharsets.ISO_8859_1).replace("mer_", "zzz_")
        .getBytes(StandardCharsets.ISO_8859_1);
    assertBuried(List.of(typed(0, event.key(), "payment.initiated", value)));
    assertThat(
        SiteSql.rows(FIXTURE.site(),
            "SELECT error FROM dead_letter WHERE task = 'poison' ORDER BY id DESC LIMIT 1"))
        .containsExactly(List.of("cannot be begun: java.lang.NullPointerException: merchant"));
  }

  private static String type(ConsumerRecord<String, byte[]> record) {
    var type = record.headers().lastHeader("ce_type");
    return type == null || type.value() == null ? "" : new String(type.value(), StandardCharsets.US_ASCII);
  }

  /** And they are passed: none of them holds the offset of its partition. */
  private static void assertBuried(List<ProducerRecord<String, byte[]>> poison) {
    String count = "SELECT count(*) FROM dead_letter WHERE task = 'poison'";
    long before = FIXTURE.site().number(count);
    // Of our own: what is not is forged, whatever it says.
    poison.forEach(record -> Seals.sealed(FIXTURE.site(), record));
    EventTopic.send(FIXTURE.site(), poison);
    FIXTURE.awaitStatus(pay("pm_card_visa"), "settled", Duration.ofSeconds(15));
    Await.until(Duration.ofSeconds(10), poison.size() + " dead letters; log: " + lastWarning(),
        () -> FIXTURE.site().number(count) == before + poison.size());
    assertThat(list("/ops/dead-letters", "task")).contains("poison");
    Await.until(Duration.ofSeconds(10), "all is committed",
        () -> EventTopic.uncommitted(FIXTURE.site()) == 0);
    assertThat(FIXTURE.gateway().logText()).doesNotContain("alert=record_failed");
  }

  private static String lastWarning() {
    return FIXTURE.gateway().logText().lines().filter(l -> l.contains("dead_letter_not_written"))
        .reduce((x, y) -> y)
        .orElse("none");
  }

  private static ProducerRecord<String, byte[]> typed(int partition, String key, String type, byte[] value) {
    var record = new ProducerRecord<>(FIXTURE.site().topic(), partition, key, value);
    record.headers().add("ce_type", type.getBytes(StandardCharsets.US_ASCII));
    return record;
  }

  private static String pay(String method) { return FIXTURE.pay(SteadyLoad.body(1_999, "usd", method)); }

  private static String failure(JsonObject payment) {
    var failure = payment.getJsonObject("failure");
    return failure == null ? null : failure.getString("code");
  }

  private static long suspense() {
    return FIXTURE.site().number("SELECT coalesce(sum(amount), 0) FROM posting WHERE account = 'suspense'");
  }

  private static Http.Answer decide(String id, String act) {
    return Http.send("POST", FIXTURE.gateway().opsUrl() + "/ops/payments/" + id + "/" + act,
        Map.of("Content-Type", "application/json"), "{\"operator\":\"ann\"}");
  }

  private static List<String> list(String path, String field) {
    return Http.get(FIXTURE.gateway().opsUrl() + path).json().getJsonArray("data").stream()
        .map(e -> ((JsonObject) e).getString(field)).toList();
  }
}
