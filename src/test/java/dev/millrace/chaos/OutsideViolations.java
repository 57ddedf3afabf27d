package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.chaos.Invariants.Rule;
import dev.millrace.chaos.Violation.Act;
import dev.millrace.endtoend.SiteSql;
import dev.millrace.endtoend.EventTopic;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.FaultProxy;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.StripeSender;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * What breaks each rule outside the database: answers, files, Kafka, the merchant's server, the provider.
 * What Kafka holds and what the provider has done stays, so these come last. Two checks have no violation:
 * that what was accepted is answered again at all, and that a rebuild ends in time. Nothing that can be put
 * right afterwards would break them.
 */
final class OutsideViolations {
  private static final Act NEVER = () -> {
  };
  private static final String NOBODYS = "att_01h455vb4pex5vsknk084sn02q";

  private final Deployment deployment;
  private final Site site;
  private final Experiment experiment;
  private final String settled;
  private final String other;
  private final List<Violation> all = new ArrayList<>();

  private OutsideViolations(Deployment deployment, Experiment experiment, String settled, String other) {
    this.deployment = deployment;
    this.site = deployment.site;
    this.experiment = experiment;
    this.settled = settled;
    this.other = other;
  }

  /**
   * {@code settled} and {@code other}: payments that were charged at Stripe, and of which nothing more was
   * asked.
   */
  static List<Violation> of(Deployment deployment, Experiment experiment, String settled, String other) {
    var violations = new OutsideViolations(deployment, experiment, settled, other);
    violations.answers();
    violations.consumers();
    violations.secrets();
    violations.provider();
    return violations.all;
  }

  private void violation(String name, Rule rule, Act breaks, Act mends, String... says) {
    all.add(new Violation(name, rule, breaks, mends, List.of(says)));
  }

  private void answers() {
    var silent = new Intent(Intent.Kind.PAYMENT, "chaos-planted-1", "/v1/payments", "{}");
    violation("never answered", Rule.I1, () -> experiment.driver().adopt(List.of(silent), List.of()),
        () -> experiment.driver().disown(List.of(silent), List.of()), "requests that were never answered");
    var lost = new ForeignWebhook("evt_planted");
    violation("a webhook never taken", Rule.I1, () -> experiment.driver().adopt(List.of(), List.of(lost)),
        () -> experiment.driver().disown(List.of(), List.of(lost)), "webhooks that were never taken");
    var refused = new Intent(Intent.Kind.CAPTURE, "chaos-planted-3", "/v1/payments/pay_0/capture", "{}");
    refused.took(IntentTest.refusal(409, "payment_not_capturable"));
    violation("refused for no reason", Rule.I4, () -> experiment.driver().adopt(List.of(refused), List.of()),
        () -> experiment.driver().disown(List.of(refused), List.of()), "refused for no reason: 409");
  }

  private void consumers() {
    violation("a webhook that changed", Rule.I5, this::changeWebhook, NEVER, "repetitions with another body");
    violation("an event that only Kafka has", Rule.I5,
        () -> EventTopic.send(site, List.of(event("pay_planted", 1))),
        NEVER, "in the journal only");
    violation("events out of order", Rule.I5,
        () -> EventTopic.send(site, List.of(event("pay_shuffled", 2), event("pay_shuffled", 1))), NEVER,
        "version 1 comes first after 2");
  }

  private void changeWebhook() {
    String id = new JsonObject(
        SiteSql.text(site, "SELECT convert_from(body, 'UTF8') FROM webhook_message LIMIT 1")).getString("id");
    String url = SiteSql.text(site, "SELECT url FROM webhook_endpoint ORDER BY created DESC LIMIT 1");
    Http.send("POST", url, Map.of("webhook-id", id),
        new JsonObject().put("id", id).put("planted", true).encode());
  }

  private ProducerRecord<String, byte[]> event(String key, int version) {
    var record = new ProducerRecord<>(site.topic(), key, new byte[0]);
    record.headers().add("ce_version", Integer.toString(version).getBytes(StandardCharsets.US_ASCII))
        .add("ce_type", "payment.settled".getBytes(StandardCharsets.US_ASCII));
    return record;
  }

  private void secrets() {
    violation("a secret in a compressed webhook", Rule.I8, this::tellSecret, NEVER,
        Deployment.PROVIDER_KEY + " in the provider's webhook evt_secret");
    Path log = deployment.node("b").log();
    violation("secrets in a log", Rule.I8,
        () -> Files.writeString(log,
            "planted=" + Deployment.PROVIDER_KEY + "\nplanted=" + Driver.PAYER + "\n",
            StandardOpenOption.APPEND),
        // Logs outlive the deployment, and the next one of this name writes on.
        () -> Files.write(log,
            Files.readAllLines(log).stream().filter(line -> !line.startsWith("planted=")).toList()),
        Deployment.PROVIDER_KEY + " in " + log, Driver.PAYER + " in " + log);
    String retries = site.group() + ".retry.1s";
    violation("secrets in Kafka", Rule.I8, () -> {
      var marked = new ProducerRecord<>(site.topic(), "planted", new byte[0]);
      marked.headers().add("planted", Driver.CARD.getBytes(StandardCharsets.US_ASCII));
      EventTopic.send(site, List.of(marked, new ProducerRecord<>(retries, "planted",
          Deployment.PROVIDER_KEY.getBytes(StandardCharsets.US_ASCII))));
    }, NEVER, Driver.CARD + " in the topic " + site.topic(),
        Deployment.PROVIDER_KEY + " in the topic " + retries);

  }

  private void tellSecret() {
    String body = StripeSender.event("evt_secret", "customer.updated",
        new JsonObject().put("id", "cus_planted").put("object", "customer").put("name",
            Deployment.PROVIDER_KEY));
    var answer = Http.send("POST", deployment.node("a").apiUrl() + Site.WEBHOOK_PATH,
        Map.of("Content-Type", "application/json", "Stripe-Signature",
            StripeSender.signature(Deployment.WEBHOOK_SECRET, StripeSender.now(), body)),
        body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  /** What the provider did can only be undone by doing more. */
  private void provider() {
    violation("held although it was declined", Rule.I2, () -> hold("planted-1", reference(
        """
          SELECT reference FROM attempt WHERE outcome = 'declined' AND kind = 'charge' AND provider = 'stripe' LIMIT 1""")),
        NEVER, "is held and stands declined");
    violation("held although it was charged", Rule.I2,
        () -> hold("planted-2",
            reference("SELECT reference FROM attempt WHERE payment_id = '" + settled + "'")),
        NEVER, "is charged or held more than once", "references that moved money twice");
    violation("a refund of nobody's", Rule.I2, () -> simulate("/v1/refunds", "planted-3", NOBODYS,
        "amount=1&payment_intent=" + SiteSql.text(site,
            "SELECT provider_reference FROM payment WHERE id = '" + other + "'")),
        NEVER, "nobody ordered a refund of payment " + other);
    violation("a charge of nobody's", Rule.I2, () -> simulate("/v1/payment_intents", "planted-4", NOBODYS,
        "amount=100&currency=usd&payment_method=pm_card_visa&confirm=true"), NEVER,
        "nobody ordered a charge", "the payment of Entry");
    violation("a payment that cannot reach its provider", Rule.I7, () -> {
      for (FaultProxy way : deployment.ways(Deployment.Part.PROVIDER)) way.hold(FaultProxy.Way.TO_SERVER);
      experiment.pay();
    }, deployment::heal, "every payment is at rest");
  }

  private String reference(String sql) {
    return TypeId.format(TypeId.ATTEMPT, UUID.fromString(SiteSql.text(site, sql)));
  }

  private void hold(String key, String reference) {
    simulate("/v1/payment_intents", key, reference,
        "amount=100&currency=usd&payment_method=pm_card_visa&confirm=true&capture_method=manual");
  }

  private void simulate(String path, String key, String reference, String form) {
    var answer = Http.send("POST", site.simulatorUrl() + path,
        Map.of("Authorization", "Bearer " + Deployment.PROVIDER_KEY, "Content-Type",
            "application/x-www-form-urlencoded", "Idempotency-Key", key),
        form + "&metadata[millrace_reference]=" + reference);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }
}
