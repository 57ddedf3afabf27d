package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.chaos.Invariants.Rule;
import dev.millrace.failure.Topic;
import dev.millrace.testing.FaultProxy;
import dev.millrace.testing.Http;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/**
 * The harness itself: each invariant is broken on purpose, one after the other in the same town, and each time the check
 * must see it. What is broken stays broken, so what is seen only grows.
 */
class PlantedIT {
  private static final Duration SHORT = Duration.ofSeconds(4);
  private final Set<Rule> seen = EnumSet.noneOf(Rule.class);

  /** A fault that breaks a rule while payments are made: keys are forgotten as soon as they are written. */
  private static final Scenario KEYS_FORGOTTEN = Scenario.of("planted: keys are forgotten", run -> {
    sql(run.town, """
      CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN DELETE FROM idempotency_key WHERE id = NEW.id; RETURN NULL; END';
      CREATE TRIGGER forget AFTER INSERT ON idempotency_key FOR EACH ROW EXECUTE FUNCTION forget()""");
    run.broke();
    run.load(3);
    sql(run.town, "DROP TRIGGER forget ON idempotency_key");
  });

  @Test
  void everyBreach_isSeen() throws Exception {
    try (var town = new Town(Town.Plan.USUAL)) {
      try (var trial = new Trial(town, Scenario.of("no fault", run -> run.load(2)), 1)) {
        assertThat(trial.run()).as("before anything is broken").isEmpty();
        plant(trial, Rule.I8, () -> append(town, Town.PROVIDER_KEY));
        plant(trial, Rule.I5, () -> publish(town));
        plant(trial, Rule.I7, () -> stick(town, trial));
        town.heal();
        plant(trial, Rule.I2, () -> charge(town));
        plant(trial, Rule.I3, () -> sql(town, "UPDATE posting SET amount = amount + 1 WHERE position = "
            + "(SELECT max(position) FROM posting) AND line = 1"));
        plant(trial, Rule.I6, () -> sql(town, "UPDATE journal SET version = version + 100 WHERE position = "
            + "(SELECT max(position) FROM journal WHERE type = 'payment.settled')"));
      }
      try (var trial = new Trial(town, KEYS_FORGOTTEN, 2)) {
        assertThat(trial.run()).as("when keys are forgotten").containsKeys(Rule.I1, Rule.I4);
      }
    }
  }

  private interface Act {
    void run() throws Exception;
  }

  private void plant(Trial trial, Rule rule, Act act) throws Exception {
    assertThat(seen).as("seen before it was broken").doesNotContain(rule);
    act.run();
    seen.addAll(trial.check(SHORT).keySet());
    assertThat(seen).as("seen after it was broken").contains(rule);
  }

  private static void append(Town town, String secret) throws IOException {
    Files.writeString(town.node("b").log(), "level=INFO key=" + secret + "\n", StandardOpenOption.APPEND);
  }

  /** An event that Postgres does not know, after its successor. */
  private static void publish(Town town) {
    Topic.send(town.site, List.of(event(town, "2"), event(town, "1")));
  }

  private static ProducerRecord<String, byte[]> event(Town town, String version) {
    var record = new ProducerRecord<>(town.site.topic(), "pay_planted", new byte[0]);
    record.headers().add("ce_version", version.getBytes(StandardCharsets.US_ASCII)).add("ce_type",
        "payment.settled".getBytes(StandardCharsets.US_ASCII));
    return record;
  }

  /** A charge of which the gateway knows nothing. */
  private static void charge(Town town) {
    var answer = Http.send("POST", town.site.simulatorUrl() + "/v1/payment_intents",
        Map.of("Authorization", "Bearer " + Town.PROVIDER_KEY, "Content-Type",
            "application/x-www-form-urlencoded",
            "Idempotency-Key", "planted"),
        "amount=100&currency=usd&payment_method=pm_card_visa&confirm=true"
            + "&metadata[millrace_reference]=att_01h455vb4pex5vsknk084sn02q");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  /** A payment that cannot reach its provider. */
  private static void stick(Town town, Trial trial) {
    for (FaultProxy way : town.ways(Town.Part.PROVIDER)) way.hold(FaultProxy.Way.TO_SERVER);
    trial.pay();
  }

  private static void sql(Town town, String sql) throws SQLException {
    try (var connection = town.site.database(); var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
