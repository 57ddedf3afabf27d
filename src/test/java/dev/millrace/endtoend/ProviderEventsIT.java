package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import dev.millrace.testing.StripeSender;
import io.vertx.core.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a provider tells of its own accord, to a gateway that would not ask for ten minutes. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ProviderEventsIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  /** The gateway's connections. */
  private static final String BACKENDS = " WHERE datname = current_database() AND usename = 'millrace'";
  private static final int AFTER_THE_TIMEOUT_MS = 1_800;
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,relay,processor,settlement,ops",
      Map.of("MILLRACE_PROVIDER_STRIPE_TIMEOUT", "800ms", "MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "10m",
          "MILLRACE_PROCESSOR_RETRY_WINDOWS", "10m", "MILLRACE_PROCESSOR_JANITOR_AGE", "10m",
          "MILLRACE_INBOX_PARK_WINDOWS", "500ms,1s,2s,4s", "MILLRACE_SETTLEMENT_INTERVAL", "100ms",
          "MILLRACE_PROVIDER_STRIPE_BREAKER_CALLS_MIN", "1000", "MILLRACE_PROCESSOR_SESSION_TIMEOUT", "6s"))
      .withSimulator(true);
  private StripeSender sender;

  @BeforeEach
  void open() {
    sender = StripeSender.to(FIXTURE.gateway());
  }

  @AfterEach
  void close() {
    sender.close();
    SimulatorBook.settings(FIXTURE.site(),
        new JsonObject().put("webhooks", true).put("webhook_delay_ms_min", 50)
            .put("webhook_delay_ms_max", 150));
  }

  private static void webhooks(boolean on) {
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhooks", on));
  }

  private static String pay(String method) { return FIXTURE.pay(SteadyLoad.body(1_999, "usd", method)); }

  private static void awaitStatus(String id, String status) { FIXTURE.awaitStatus(id, status, SOON); }

  /** Our own reference of the payment's one call. */
  private static String reference(String id) {
    return TypeId.format(TypeId.ATTEMPT, UUID.fromString(
        SiteSql.text(FIXTURE.site(),
            "SELECT reference FROM attempt WHERE payment_id = '" + GatewayFixture.uuid(id) + "'")));
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
    return SiteSql.rows(FIXTURE.site(),
        "SELECT outcome FROM provider_event_result WHERE payment_id = '" + GatewayFixture.uuid(id)
            + "' ORDER BY xid, position")
        .stream().map(List::getFirst).toList();
  }

  /** The result of an event, or none yet. */
  private static List<List<String>> result(String event) {
    return SiteSql.rows(FIXTURE.site(), "SELECT outcome, type, payment_id FROM provider_event_result"
        + " JOIN provider_event USING (xid, position) WHERE event_id = '" + event + "'");
  }

  private static String awaitOutcome(String event) {
    Await.until(SOON, "a result of " + event, () -> !result(event).isEmpty());
    return result(event).getFirst().getFirst();
  }

  private static void assertConsistent() {
    BookAudit.awaitRest(FIXTURE.site(), FIXTURE.gateway(), SOON);
    BookAudit.assertConsistent(FIXTURE.site(), FIXTURE.gateway());
  }

  @Test
  void unknown_isConfirmedByTheWebhookAlone() {
    SimulatorBook.settings(FIXTURE.site(), new JsonObject().put("webhook_delay_ms_min", AFTER_THE_TIMEOUT_MS)
        .put("webhook_delay_ms_max", AFTER_THE_TIMEOUT_MS));
    String id = pay("pm_sim_charge_then_hang");
    awaitStatus(id, "settled");
    assertThat(FIXTURE.types(id)).containsExactly("payment.initiated", "payment.screened",
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
    return Http.get(FIXTURE.gateway().apiUrl() + "/v1/payments/" + id + "/timeline", FIXTURE.merchant())
        .json()
        .getJsonArray("data").stream().map(JsonObject.class::cast)
        .filter(entry -> entry.getString("object").equals("webhook")).toList();
  }

  /** The call is still out when the webhook says how it ended; its own end changes nothing any more. */
  @Test
  void submitted_isConfirmedByTheWebhook_whileTheCallHangs() {
    SimulatorBook.settings(FIXTURE.site(),
        new JsonObject().put("webhook_delay_ms_min", 0).put("webhook_delay_ms_max", 0));
    double timedOut = FIXTURE.metric("millrace_provider_unknown_total");
    String id = pay("pm_sim_charge_then_hang");
    awaitStatus(id, "settled");
    Await.until(SOON, "the call has timed out",
        () -> FIXTURE.metric("millrace_provider_unknown_total") > timedOut);
    assertThat(FIXTURE.types(id)).containsExactly("payment.initiated", "payment.screened",
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
    assertThat(FIXTURE.payment(id).getJsonObject("failure").getString("code")).isEqualTo("card_declined");
    assertThat(awaitOutcome(event)).isEqualTo("applied");
    assertConsistent();
  }

  /** As it is where the webhook overtakes our own record: known is only what the database shows. */
  @Test
  void webhook_beforeOurOwnRecord_isParkedAndAppliedLater() throws SQLException {
    String id = payUnheard();
    String reference = reference(id);
    try (var connection = FIXTURE.site().database(); var statement = connection.createStatement()) {
      statement
          .execute("CREATE TABLE withheld AS SELECT * FROM attempt WHERE payment_id = '"
              + GatewayFixture.uuid(id) + "'");
      statement.execute("DELETE FROM attempt WHERE payment_id = '" + GatewayFixture.uuid(id) + "'");
      SimulatorBook.resend(FIXTURE.site(), reference);
      Await.until(SOON, "it is parked",
          () -> FIXTURE.site().number("SELECT count(*) FROM provider_event_parked WHERE tries > 0") == 1);
      assertThat(FIXTURE.payment(id).getString("status")).isEqualTo("unknown");
      assertThat(outcomes(id)).isEmpty();
      statement.execute("INSERT INTO attempt SELECT * FROM withheld");
      statement.execute("DROP TABLE withheld");
    }
    awaitStatus(id, "settled");
    Await.until(SOON, "its result", () -> !outcomes(id).isEmpty());
    assertThat(outcomes(id)).containsExactly("applied");
    assertThat(FIXTURE.site().number("SELECT count(*) FROM provider_event_parked")).isZero();
    assertConsistent();
  }

  @Test
  void failed_afterConfirmed_changesNothing() {
    String id = pay("pm_card_visa");
    awaitStatus(id, "settled");
    var before = FIXTURE.types(id);
    String event = StripeSender.eventId();
    sender.send(StripeSender.failed(event, reference(id)));
    assertThat(awaitOutcome(event)).isEqualTo("unchanged");
    assertThat(FIXTURE.payment(id).getString("status")).isEqualTo("settled");
    assertThat(FIXTURE.types(id)).isEqualTo(before);
    assertConsistent();
  }

  /** Postgres refuses what one webhook would have written: that is its own trouble, and nobody else's. */
  @Test
  void change_refusedByPostgres_isParkedAndHoldsUpNobody() throws SQLException {
    String refused = payUnheard();
    String other = payUnheard();
    try (var connection = FIXTURE.site().database(); var statement = connection.createStatement()) {
      statement.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
          + " 'BEGIN RAISE EXCEPTION ''refused by the test''; END'");
      statement.execute("CREATE TRIGGER refuse BEFORE UPDATE ON attempt FOR EACH ROW WHEN (NEW.payment_id = '"
          + GatewayFixture.uuid(refused) + "') EXECUTE FUNCTION refuse()");
      try {
        SimulatorBook.resend(FIXTURE.site(), reference(refused));
        SimulatorBook.resend(FIXTURE.site(), reference(other));
        awaitStatus(other, "settled");
        Await.until(SOON, "it is parked",
            () -> FIXTURE.site().number("SELECT count(*) FROM provider_event_parked WHERE tries > 0") == 1);
      } finally {
        statement.execute("DROP FUNCTION refuse CASCADE");
      }
    }
    awaitStatus(refused, "settled");
    Await.until(SOON, "its result", () -> !outcomes(refused).isEmpty());
    assertThat(outcomes(refused)).containsExactly("applied");
    assertConsistent();
  }

  /**
   * Taken with 200 is taken for good, also where the payment has changed and the result of the webhook is not
   * written.
   */
  @Test
  @Order(Integer.MAX_VALUE) // The consumers of the killed process keep their partitions for six seconds.
  void gateway_killedAfterThe200_processesItWhenItIsBack() throws SQLException {
    var ids = List.of(payUnheard(), payUnheard());
    var events = List.of(StripeSender.eventId(), StripeSender.eventId());
    try (var connection = FIXTURE.site().database(); var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE provider_event_result IN SHARE MODE");
      sendSucceeded(ids.getFirst(), events.getFirst());
      awaitStatus(ids.getFirst(), "settled");
      sendSucceeded(ids.getLast(), events.getLast());
      FIXTURE.gateway().kill();
      // What the servers have in hand for a killed process they would still do.
      statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity" + BACKENDS);
      Await.until(SOON, "nothing is left of it",
          () -> FIXTURE.site().number("SELECT count(*) FROM pg_stat_activity" + BACKENDS) == 0);
      connection.rollback();
    }
    for (String event : events) assertThat(result(event)).isEmpty();
    FIXTURE.gateway().start();
    assertThat(awaitOutcome(events.getFirst())).isEqualTo("unchanged");
    assertThat(awaitOutcome(events.getLast())).isEqualTo("applied");
    awaitStatus(ids.getLast(), "settled");
    assertConsistent();
  }

  private void sendSucceeded(String id, String event) {
    assertThat(sender.send(StripeSender.succeeded(event, reference(id), 1_999)).status()).isEqualTo(200);
  }
}
