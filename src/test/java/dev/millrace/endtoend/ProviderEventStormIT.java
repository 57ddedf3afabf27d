package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.StripeSender;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A provider's webhooks doubled, late, in any order, lost, or about nothing, before two nodes that process
 * them.
 */
class ProviderEventStormIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  private static final int PAYMENTS = 300;
  private static final Map<String, String> SETTINGS = Map.of("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "1s",
      "MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "2s", "MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "10000",
      "MILLRACE_PROCESSOR_RETRY_WINDOWS", "1500ms,1s,1s,2s,4s", "MILLRACE_INBOX_PARK_WINDOWS", "200ms,300ms",
      "MILLRACE_SETTLEMENT_INTERVAL", "100ms");
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,relay,processor,settlement,ops", SETTINGS)
      .withSimulator(true);
  private static List<GatewayProcess> processors;

  private final long seed = new Random().nextLong();

  @BeforeAll
  static void startAnother() {
    processors = List.of(FIXTURE.gateway(), FIXTURE.site().start("processor,ops", SETTINGS));
  }

  @AfterEach
  void calm() {
    SimulatorBook.settings(FIXTURE.site(),
        new JsonObject().put("webhook_duplicate_rate", 0).put("webhook_shuffle_ms", 0)
            .put("webhook_loss_rate", 0));
  }

  private static long events() { return FIXTURE.site().number("SELECT count(*) FROM provider_event"); }

  private static long results() {
    return FIXTURE.site().number("SELECT count(*) FROM provider_event_result");
  }

  private static Map<String, Long> outcomes() {
    return SiteSql.numbers(FIXTURE.site(), "SELECT outcome, count(*) FROM provider_event_result GROUP BY 1");
  }

  /** What each of the processors has counted as processed. */
  private static double processed() {
    return processors.stream()
        .mapToDouble(node -> GatewayFixture.metric(node, "millrace_inbox_processed_total")).sum();
  }

  private static void awaitResults() {
    Await.until(SOON, "every webhook has its result", () -> results() == events());
  }

  /** Pays so many times, by the n-th body. */
  private static void pay(int payments, IntFunction<String> bodies) {
    var load = SteadyLoad.start(List.of(FIXTURE.gateway().apiUrl()), FIXTURE.gateway().merchantKey(), 16, 150,
        bodies);
    try {
      Await.until(SOON, payments + " payments", () -> load.accepted() >= payments);
      load.stop();
    } finally {
      load.abandon();
    }
  }

  private String mixed(int n) {
    var dice = new Random(seed ^ n * 0x9e3779b97f4a7c15L);
    String method = switch (n % 20) {
      case 0 -> "pm_sim_charge_then_hang";
      case 1 -> "pm_sim_500";
      case 2, 3, 4 -> "pm_card_visa_chargeDeclined";
      case 5, 6 -> "pm_sim_wrong_amount";
      default -> "pm_card_visa";
    };
    return SteadyLoad.body(1 + dice.nextInt(100_000), "usd", method);
  }

  @Test
  void webhooks_doubledAndShuffled_tellEachPaymentOnce() {
    SimulatorBook.settings(FIXTURE.site(),
        new JsonObject().put("webhook_delay_ms_min", 0).put("webhook_delay_ms_max", 0)
            .put("webhook_duplicate_rate", 0.5).put("webhook_shuffle_ms", 500));
    long before = events();
    double processedBefore = processed();
    int entriesBefore = SimulatorBook.of(FIXTURE.site()).entries().size();
    pay(PAYMENTS, this::mixed);
    BookAudit.awaitRest(FIXTURE.site(), FIXTURE.gateway(), Duration.ofSeconds(30));
    SimulatorBook.awaitWebhooksSent(FIXTURE.site());
    awaitResults();
    var book = SimulatorBook.of(FIXTURE.site());
    assertThat(events() - before).as("webhooks kept, one for each entry of the book; seed %d", seed)
        .isEqualTo(book.entries().size() - entriesBefore).isGreaterThan(PAYMENTS * 9L / 10);
    assertThat(SimulatorBook.webhooks(FIXTURE.site()).getLong("duplicated")).isGreaterThan(PAYMENTS / 4);
    assertThat(processed() - processedBefore).as("processed by both nodes together")
        .isEqualTo(events() - before);
    assertThat(outcomes().keySet()).contains("applied", "unchanged");
    assertThat(SiteSql.statuses(FIXTURE.site())).as("seed %d", seed).containsOnlyKeys("settled", "declined");
    assertThat(declinedByPayment(book)).as("payments that differ from the book; seed %d", seed).isZero();
    assertThat(FIXTURE.site().number("SELECT count(*) FROM provider_event_parked")).isZero();
    BookAudit.assertConsistent(FIXTURE.site(), FIXTURE.gateway());
  }

  /** Refused entries of the book whose payment is not declined. Those charged are {@link BookAudit}'s. */
  private static long declinedByPayment(SimulatorBook book) {
    var statuses = SiteSql.texts(FIXTURE.site(),
        "SELECT a.reference::text, p.status FROM attempt a JOIN payment p ON p.id = a.payment_id");
    return book.entries().stream().filter(e -> !e.charged())
        .filter(e -> !"declined".equals(statuses.get(TypeId.parse(TypeId.ATTEMPT, e.reference()).toString())))
        .count();
  }

  @Test
  void webhooks_allLost_everythingIsFoundByInquiry() {
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhook_loss_rate", 1));
    long before = events();
    pay(20, n -> SteadyLoad.body(1 + n, "usd", n % 2 == 0 ? "pm_sim_charge_then_hang" : "pm_card_visa"));
    BookAudit.awaitRest(FIXTURE.site(), FIXTURE.gateway(), Duration.ofSeconds(20));
    assertThat(SimulatorBook.webhooks(FIXTURE.site()).getLong("lost")).isGreaterThanOrEqualTo(20);
    assertThat(events()).isEqualTo(before);
    assertThat(
        FIXTURE.site().number("SELECT count(DISTINCT subject) FROM journal WHERE type = 'payment.unknown'"))
        .isGreaterThanOrEqualTo(10);
    BookAudit.assertConsistent(FIXTURE.site(), FIXTURE.gateway());
  }

  private static String unknownReference() { return TypeId.format(TypeId.ATTEMPT, TypeId.next()); }

  private static List<List<String>> result(String event) {
    return SiteSql.rows(FIXTURE.site(), "SELECT outcome, type, payment_id FROM provider_event_result"
        + " JOIN provider_event USING (xid, position) WHERE event_id = '" + event + "'");
  }

  private static List<List<String>> deadLetters(String event) {
    return SiteSql.rows(FIXTURE.site(),
        "SELECT payment_id, task, attempts, record_key, error FROM dead_letter"
            + " WHERE source = 'webhook/stripe/default/" + event + "'");
  }

  private static boolean logged(String line) {
    return processors.stream().anyMatch(node -> node.logText().contains(line));
  }

  @Test
  void webhook_aboutNoPaymentOfOurs_isParkedThenADeadLetter() {
    String reference = unknownReference();
    String event = StripeSender.eventId();
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      assertThat(sender.send(StripeSender.succeeded(event, reference, 1_999)).status()).isEqualTo(200);
    }
    Await.until(SOON, "it is parked and tried again", () -> FIXTURE.site().number("""
      SELECT count(*) FROM provider_event_parked JOIN provider_event USING (xid, position)
       WHERE tries = 2 AND event_id = '%s'""".formatted(event)) == 1);
    assertThat(result(event)).isEmpty();
    Await.until(SOON, "it is given up", () -> !result(event).isEmpty());
    assertThat(result(event).getFirst()).containsExactly("unmatched", "payment_intent.succeeded", null);
    assertThat(deadLetters(event)).containsExactly(Arrays.asList(null, "webhook", "3", event,
        "no payment of ours has the reference " + reference));
    assertThat(SiteSql.rows(FIXTURE.site(), """
      SELECT e ->> 'error', count(DISTINCT e ->> 'at') FROM dead_letter d, jsonb_array_elements(d.errors) e
       WHERE record_key = '%s' GROUP BY 1""".formatted(event))).as("the reason of each try, and its time")
        .containsExactly(List.of("no payment of ours has the reference " + reference, "3"));
    assertThat(logged("alert=webhook_unmatched provider=stripe account=default event=" + event)).isTrue();
    assertThat(FIXTURE.site().number("SELECT count(*) FROM provider_event_parked")).isZero();
    assertThat(Http.get(FIXTURE.gateway().opsUrl() + "/ops/dead-letters").body()).contains(event);
  }

  /** Neither what cannot be read nor what cannot be stored holds up what comes behind it. */
  @Test
  void webhook_odd_holdsUpNobody() {
    String unreadable = StripeSender.eventId();
    String cut = StripeSender.eventId();
    String nul = StripeSender.eventId();
    String last = StripeSender.eventId();
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      sender.send("{\"id\":\"" + unreadable + "\",\"type\":\"payment_intent.succeeded\",\"data\":7}");
      sender.send("{\"id\":\"" + cut + "\",\"type\":\"payment_intent.succeeded\"");
      sender.send(StripeSender.succeeded(nul, "a\0b", 1));
      assertThat(sender.send("{\"id\":\"" + last + "\",\"type\":\"ping\"}").status()).isEqualTo(200);
    }
    for (String event : List.of(unreadable, cut, nul, last))
      Await.until(SOON, "a result of " + event, () -> !result(event).isEmpty());
    assertThat(result(unreadable).getFirst()).containsExactly("unreadable", "payment_intent.succeeded", null);
    assertThat(result(cut).getFirst()).containsExactly("unreadable", "", null);
    assertThat(result(nul).getFirst()).containsExactly("foreign", "payment_intent.succeeded", null);
    assertThat(result(last).getFirst()).containsExactly("ignored", "ping", null);
    assertThat(deadLetters(unreadable)).hasSize(1);
    assertThat(deadLetters(cut)).hasSize(1);
    assertThat(logged("alert=webhook_unreadable provider=stripe account=default event=" + cut)).isTrue();
  }

  /** A reference that is none of ours, and one that is not even a reference. */
  @Test
  void webhook_aboutSomebodyElses_isIgnored() {
    String event = StripeSender.eventId();
    var intent = new JsonObject().put("id", "pi_1").put("status", "succeeded").put("amount_received", 5)
        .put("currency", "usd").put("metadata", new JsonObject().put("order", UUID.randomUUID().toString()));
    try (var sender = StripeSender.to(FIXTURE.gateway())) {
      sender.send(StripeSender.event(event, "payment_intent.succeeded", intent));
    }
    Await.until(SOON, "a result", () -> !result(event).isEmpty());
    assertThat(result(event).getFirst()).containsExactly("ignored", "payment_intent.succeeded", null);
    assertThat(deadLetters(event)).isEmpty();
  }
}
