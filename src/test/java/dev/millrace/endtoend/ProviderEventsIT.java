package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.StripeSender;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What a provider tells of its own accord, to a gateway that would not ask for ten minutes. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ProviderEventsIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  /** The gateway's connections. */
  private static final String BACKENDS = " WHERE datname = current_database() AND usename = 'millrace'";
  private static final int AFTER_THE_TIMEOUT_MS = 1_800;
  private static Site site;
  private static GatewayProcess gateway;
  private static String merchant;
  private StripeSender sender;

  @BeforeAll
  static void start() {
    site = Site.on(TestServers.shared());
    int port = TestServers.freePort();
    SimulatorBook.startSimulator(site, Site.webhooksTo(port));
    gateway = site.start("api,relay,processor,settlement,ops",
        Map.of("MILLRACE_API_PORT", Integer.toString(port), "MILLRACE_PROVIDER_STRIPE_TIMEOUT",
            "800ms", "MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "10m",
            "MILLRACE_PROCESSOR_RETRY_WINDOWS", "10m", "MILLRACE_PROCESSOR_JANITOR_AGE", "10m",
            "MILLRACE_INBOX_PARK_WINDOWS", "500ms,1s,2s,4s", "MILLRACE_SETTLEMENT_INTERVAL", "100ms",
            "MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "1000"));
    merchant = gateway.merchantKey();
  }

  @AfterAll
  static void stop() { site.close(); }

  @BeforeEach
  void open() {
    sender = StripeSender.to(gateway);
  }

  @AfterEach
  void close() {
    sender.close();
    SimulatorBook.settings(site, new JsonObject().put("webhooks", true).put("webhook_delay_ms_min", 50)
        .put("webhook_delay_ms_max", 150));
  }

  private static void webhooks(boolean on) {
    SimulatorBook.settings(site, new JsonObject().put("webhooks", on));
  }

  private static String pay(String method) {
    var answer = Http.send("POST", gateway.apiUrl() + "/v1/payments",
        Http.create(merchant, UUID.randomUUID().toString()), SteadyLoad.body(1_999, "usd", method));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return answer.json().getString("id");
  }

  private static JsonObject payment(String id) {
    return Http.get(gateway.apiUrl() + "/v1/payments/" + id, merchant).json();
  }

  private static void awaitStatus(String id, String status) {
    Await.until(SOON, id + " is " + status, () -> payment(id).getString("status").equals(status));
  }

  private static UUID uuid(String payment) {
    return Objects.requireNonNull(TypeId.parse(TypeId.PAYMENT, payment));
  }

  private static List<String> types(String id) {
    return SiteSql.rows(site, "SELECT type FROM journal WHERE subject = '" + uuid(id) + "' ORDER BY version")
        .stream().map(List::getFirst).toList();
  }

  /** Our own reference of the payment's one call. */
  private static String reference(String id) {
    return TypeId.format(TypeId.ATTEMPT, UUID.fromString(
        SiteSql.text(site, "SELECT reference FROM attempt WHERE payment_id = '" + uuid(id) + "'")));
  }

  /** A payment that was charged without anybody hearing of it. */
  private static String payUnheard() {
    webhooks(false);
    String id = pay("pm_sim_charge_then_hang");
    awaitStatus(id, "unknown");
    return id;
  }

  /** What became of the webhooks about a payment, in the order in which they came. */
  private static List<String> outcomes(String id) {
    return SiteSql.rows(site, "SELECT outcome FROM provider_event_result WHERE payment_id = '" + uuid(id)
        + "' ORDER BY xid, position").stream().map(List::getFirst).toList();
  }

  /** The result of an event, or none yet. */
  private static List<List<String>> result(String event) {
    return SiteSql.rows(site, "SELECT outcome, type, payment_id FROM provider_event_result"
        + " JOIN provider_event USING (xid, position) WHERE event_id = '" + event + "'");
  }

  private static String awaitOutcome(String event) {
    Await.until(SOON, "a result of " + event, () -> !result(event).isEmpty());
    return result(event).getFirst().getFirst();
  }

  private static double counter(String name) {
    return Http.get(gateway.opsUrl() + "/metrics").body().lines()
        .filter(l -> l.startsWith(name + " ") || l.startsWith(name + "{"))
        .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1))).sum();
  }

  private static void assertConsistent() {
    BookAudit.awaitRest(site, gateway, SOON);
    BookAudit.assertConsistent(site, gateway);
  }

  @Test
  void unknown_isConfirmedByTheWebhookAlone() {
    SimulatorBook.settings(site, new JsonObject().put("webhook_delay_ms_min", AFTER_THE_TIMEOUT_MS)
        .put("webhook_delay_ms_max", AFTER_THE_TIMEOUT_MS));
    String id = pay("pm_sim_charge_then_hang");
    awaitStatus(id, "settled");
    assertThat(types(id)).containsExactly("payment.initiated", "payment.screened",
        "payment.provider_submitted", "payment.unknown", "payment.confirmed", "payment.settled");
    Await.until(SOON, "its result", () -> !outcomes(id).isEmpty());
    assertThat(webhooksInTimeline(id)).hasSize(1).first().satisfies(entry -> {
      assertThat(entry.getString("name")).isEqualTo("payment_intent.succeeded");
      var data = entry.getJsonObject("data");
      assertThat(data.getString("outcome")).isEqualTo("applied");
      assertThat(data.getString("provider")).isEqualTo("stripe");
      assertThat(data.getString("account")).isEqualTo("default");
      assertThat(data.getString("event")).startsWith("evt_");
    });
    assertConsistent();
  }

  private static List<JsonObject> webhooksInTimeline(String id) {
    return Http.get(gateway.apiUrl() + "/v1/payments/" + id + "/timeline", merchant).json()
        .getJsonArray("data").stream().map(JsonObject.class::cast)
        .filter(entry -> entry.getString("object").equals("webhook")).toList();
  }

  /** The call is still out when the webhook says how it ended; its own end changes nothing any more. */
  @Test
  void submitted_isConfirmedByTheWebhook_whileTheCallHangs() {
    SimulatorBook.settings(site,
        new JsonObject().put("webhook_delay_ms_min", 0).put("webhook_delay_ms_max", 0));
    double timedOut = counter("millrace_provider_unknown_total");
    String id = pay("pm_sim_charge_then_hang");
    awaitStatus(id, "settled");
    Await.until(SOON, "the call has timed out",
        () -> counter("millrace_provider_unknown_total") > timedOut);
    assertThat(types(id)).containsExactly("payment.initiated", "payment.screened",
        "payment.provider_submitted", "payment.confirmed", "payment.settled");
    Await.until(SOON, "its result", () -> !outcomes(id).isEmpty());
    assertThat(outcomes(id)).containsExactly("applied");
    assertConsistent();
  }

  @Test
  void unknown_isDeclinedByTheWebhookAlone() {
    String id = pay("pm_sim_hang");
    awaitStatus(id, "unknown");
    String event = StripeSender.eventId();
    assertThat(sender.send(StripeSender.failed(event, reference(id))).status()).isEqualTo(200);
    awaitStatus(id, "declined");
    assertThat(payment(id).getJsonObject("failure").getString("code")).isEqualTo("card_declined");
    assertThat(awaitOutcome(event)).isEqualTo("applied");
    assertConsistent();
  }

  /** As it is where the webhook overtakes our own record: known is only what the database shows. */
  @Test
  void webhook_beforeOurOwnRecord_isParkedAndAppliedLater() throws SQLException {
    String id = payUnheard();
    String reference = reference(id);
    try (var connection = site.database(); var statement = connection.createStatement()) {
      statement
          .execute("CREATE TABLE withheld AS SELECT * FROM attempt WHERE payment_id = '" + uuid(id) + "'");
      statement.execute("DELETE FROM attempt WHERE payment_id = '" + uuid(id) + "'");
      SimulatorBook.resend(site, reference);
      Await.until(SOON, "it is parked",
          () -> site.number("SELECT count(*) FROM provider_event_parked WHERE tries > 0") == 1);
      assertThat(payment(id).getString("status")).isEqualTo("unknown");
      assertThat(outcomes(id)).isEmpty();
      statement.execute("INSERT INTO attempt SELECT * FROM withheld");
      statement.execute("DROP TABLE withheld");
    }
    awaitStatus(id, "settled");
    Await.until(SOON, "its result", () -> !outcomes(id).isEmpty());
    assertThat(outcomes(id)).containsExactly("applied");
    assertThat(site.number("SELECT count(*) FROM provider_event_parked")).isZero();
    assertConsistent();
  }

  @Test
  void failed_afterConfirmed_changesNothing() {
    String id = pay("pm_card_visa");
    awaitStatus(id, "settled");
    var before = types(id);
    String event = StripeSender.eventId();
    sender.send(StripeSender.failed(event, reference(id)));
    assertThat(awaitOutcome(event)).isEqualTo("unchanged");
    assertThat(payment(id).getString("status")).isEqualTo("settled");
    assertThat(types(id)).isEqualTo(before);
    assertConsistent();
  }

  @Test
  void succeeded_afterDeclined_changesNothingAndIsAnAlert() {
    String id = pay("pm_card_visa_chargeDeclined");
    awaitStatus(id, "declined");
    double alerts = counter("millrace_provider_conflict_total");
    String event = StripeSender.eventId();
    sender.send(StripeSender.succeeded(event, reference(id), 1_999));
    assertThat(awaitOutcome(event)).isEqualTo("conflict");
    assertThat(payment(id).getString("status")).isEqualTo("declined");
    assertThat(counter("millrace_provider_conflict_total")).isEqualTo(alerts + 1);
    assertThat(gateway.logText()).contains("alert=charged_after_decline payment=" + id);
    assertThat(result(event)).containsExactly(
        List.of("conflict", "payment_intent.succeeded", uuid(id).toString()));
    assertThat(
        SiteSql.rows(site, "SELECT error, payment_id FROM dead_letter WHERE record_key = '" + event + "'"))
        .containsExactly(
            List.of("charged_after_decline: charged or held at the provider although it is declined",
                uuid(id).toString()));
    assertConsistent();
  }

  /** Postgres refuses what one webhook would have written: that is its own trouble, and nobody else's. */
  @Test
  void evidence_refused_isParkedAndHoldsUpNobody() throws SQLException {
    String refused = payUnheard();
    String other = payUnheard();
    try (var connection = site.database(); var statement = connection.createStatement()) {
      statement.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
          + " 'BEGIN RAISE EXCEPTION ''refused by the test''; END'");
      statement.execute("CREATE TRIGGER refuse BEFORE UPDATE ON attempt FOR EACH ROW WHEN (NEW.payment_id = '"
          + uuid(refused) + "') EXECUTE FUNCTION refuse()");
      try {
        SimulatorBook.resend(site, reference(refused));
        SimulatorBook.resend(site, reference(other));
        awaitStatus(other, "settled");
        Await.until(SOON, "it is parked",
            () -> site.number("SELECT count(*) FROM provider_event_parked WHERE tries > 0") == 1);
      } finally {
        statement.execute("DROP FUNCTION refuse CASCADE");
      }
    }
    awaitStatus(refused, "settled");
    Await.until(SOON, "its result", () -> !outcomes(refused).isEmpty());
    assertThat(outcomes(refused)).containsExactly("applied");
    assertConsistent();
  }

  /** Taken with 200 is taken for good, also where the evidence is in and what became of it is not written. */
  @Test
  @Order(Integer.MAX_VALUE) // The consumers of the killed process keep their partitions for ten seconds.
  void gateway_killedAfterThe200_processesItWhenItIsBack() throws SQLException {
    var ids = List.of(payUnheard(), payUnheard());
    var events = List.of(StripeSender.eventId(), StripeSender.eventId());
    try (var connection = site.database(); var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE provider_event_result IN SHARE MODE");
      sendSucceeded(ids.getFirst(), events.getFirst());
      awaitStatus(ids.getFirst(), "settled");
      sendSucceeded(ids.getLast(), events.getLast());
      gateway.kill();
      // What the servers have in hand for a killed process they would still do.
      statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity" + BACKENDS);
      Await.until(SOON, "nothing is left of it",
          () -> site.number("SELECT count(*) FROM pg_stat_activity" + BACKENDS) == 0);
      connection.rollback();
    }
    for (String event : events) assertThat(result(event)).isEmpty();
    gateway.start();
    assertThat(awaitOutcome(events.getFirst())).isEqualTo("unchanged");
    assertThat(awaitOutcome(events.getLast())).isEqualTo("applied");
    awaitStatus(ids.getLast(), "settled");
    assertConsistent();
  }

  private void sendSucceeded(String id, String event) {
    assertThat(sender.send(StripeSender.succeeded(event, reference(id), 1_999)).status()).isEqualTo(200);
  }
}
