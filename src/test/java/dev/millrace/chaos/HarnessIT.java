package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.chaos.Invariants.Rule;
import dev.millrace.endtoend.SiteSql;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The harness itself: what each check looks for is broken on purpose, one after the other in the same
 * deployment, and each time it must be found, and called by its name.
 */
@Execution(ExecutionMode.SAME_THREAD)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HarnessIT {
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static Deployment deployment;
  private static Experiment experiment;
  /** All that was found so far. */
  private static final StringBuilder SAID = new StringBuilder();

  /** A fault that breaks rules while payments are made: keys are forgotten as soon as they are written. */
  private static final Scenario KEYS_FORGOTTEN = Scenario.of("planted: keys are forgotten", run -> {
    SiteSql.run(run.site(), """
      CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN DELETE FROM idempotency_key WHERE id = NEW.id; RETURN NULL; END';
      CREATE TRIGGER forget AFTER INSERT ON idempotency_key FOR EACH ROW EXECUTE FUNCTION forget()""");
    run.broke();
    run.load(3);
    SiteSql.run(run.site(), "DROP TRIGGER forget ON idempotency_key");
  });

  @BeforeAll
  static void nothingIsBroken() throws Exception {
    deployment = new Deployment(Deployment.Plan.USUAL);
    experiment = new Experiment(deployment, Scenario.of("no fault", run -> run.load(4)), 1, 1);
    assertThat(experiment.run()).as("before anything is broken").isEmpty();
    for (var kind : Intent.Kind.values())
      assertThat(experiment.driver().intents()).as("accepted").anyMatch(i -> i.kind == kind && i.accepted());
    assertThat(experiment.driver().intents()).as("refused").anyMatch(i -> i.known() && !i.accepted());
    assertThat(experiment.driver().webhooks()).as("told by the provider").isNotEmpty();
  }

  @AfterAll
  static void close() {
    if (experiment != null) experiment.close();
    if (deployment != null) deployment.close();
  }

  /** Where a rule is violated, nothing out of the ordinary has happened. */
  static List<Violation> violations() {
    var quiet = SiteSql.rows(deployment.site, """
      SELECT id FROM payment p WHERE status = 'settled' AND provider = 'stripe' AND version = 5
         AND NOT EXISTS (SELECT FROM operation WHERE payment_id = p.id) ORDER BY id LIMIT 2""");
    String settled = quiet.get(0).getFirst();
    return Stream.of(TableViolations.of(deployment.site, settled),
        OutsideViolations.of(deployment, experiment, settled, quiet.get(1).getFirst())).flatMap(List::stream)
        .toList();
  }

  @Order(1)
  @ParameterizedTest
  @MethodSource("violations")
  void breach_isFound(Violation violation) throws Exception {
    assertThat(SAID).as("found before it was broken").doesNotContain(violation.says());
    violation.breaks().run();
    try {
      SAID.append(experiment.check(SHORT, Set.of(violation.rule())).getOrDefault(violation.rule(), "nothing"))
          .append('\n');
    } finally {
      violation.mends().run();
    }
    assertThat(SAID).as("found after it was broken").contains(violation.says());
  }

  @Order(2)
  @Test
  void forgottenKeys_areFound() throws Exception {
    try (var other = new Experiment(deployment, KEYS_FORGOTTEN, 2, 1)) {
      var breaches = other.run();
      assertThat(breaches.get(Rule.I1)).contains("made, by what was accepted");
      assertThat(breaches.get(Rule.I4)).contains("another body under", ": first 202 ", ", then 202 ");
    }
  }
}
