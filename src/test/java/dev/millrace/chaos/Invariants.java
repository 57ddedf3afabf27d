package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.endtoend.BookAudit;
import dev.millrace.endtoend.SimulatorBook;
import dev.millrace.endtoend.SiteSql;
import dev.millrace.endtoend.EventTopic;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.GatewayProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What must hold after any fault, seen from outside: by the answers, the database, the topic, the provider's
 * book and the files.
 */
final class Invariants {
  enum Rule {
    I1("every acknowledged request has exactly one payment or operation"),
    I2(
        "the provider's book has at most one movement per intent and equals the ledger to the cent"),
    I3(
        "debits equal credits, balances equal their postings, and the journal replayed gives the same tables"),
    I4(
        "the same key always got the same answer, another body 422"),
    I5(
        "every event is in Kafka, in order per payment, and every consumer's effect happened once"),
    I6(
        "states never went backwards; nothing unknown became declined while the provider had it"),
    I7(
        "drained in time; no payment is stuck outside a final state, a retry window or the dead letters"),
    I8(
        "no secret, card number or payer in a file, in the journal or in Kafka where it must not be");

    final String text;

    Rule(String text) { this.text = text; }
  }

  /** What was made for a merchant: kind, and the id that its answer gives. */
  private static final String MADE = """
    SELECT 'payment ' || id FROM payment WHERE merchant = '%1$s' UNION ALL
    SELECT o.kind || ' ' || CASE o.kind WHEN 'refund' THEN o.id ELSE o.payment_id END
      FROM operation o JOIN payment p ON p.id = o.payment_id
     WHERE p.merchant = '%1$s' AND o.reason IS DISTINCT FROM 'expired'""";
  /** Balances as they are rolled up, with the postings above the horizon, against all postings. */
  private static final String WRONG_BALANCES = """
    SELECT count(*) FROM (SELECT account, livemode, currency, sum(amount) AS amount FROM posting GROUP BY 1, 2, 3) f
      FULL JOIN (SELECT account, livemode, currency, sum(amount) AS amount
                   FROM (SELECT account, livemode, currency, amount FROM balance UNION ALL
                         SELECT account, livemode, currency, amount FROM posting
                          WHERE xid >= (SELECT horizon FROM rollup)) b GROUP BY 1, 2, 3) r
        USING (account, livemode, currency)
     WHERE coalesce(f.amount, 0) <> coalesce(r.amount, 0)""";
  /** What ended without money after it was unknown, and what its charge is known to have come to. */
  private static final String ENDED_AFTER_UNKNOWN = """
    SELECT a.reference::text, coalesce(a.outcome, '-'), e.type FROM journal e
      JOIN attempt a ON a.payment_id = e.subject AND a.kind = 'charge'
     WHERE e.type IN ('payment.declined', 'payment.voided', 'payment.expired')
       AND EXISTS (SELECT FROM journal u WHERE u.subject = e.subject AND u.type = 'payment.unknown')""";
  /**
   * What follows what it must not follow: each step of a life has its rank, and none goes back; some are
   * taken once; and after an end without money there is none.
   */
  private static final String BACKWARD = """
    SELECT subject, before || ' -> ' || type FROM (
      SELECT subject, type, rank, lag(type) OVER life AS before, lag(rank) OVER life AS reached
        FROM journal JOIN (VALUES
          ('payment.initiated', 1), ('payment.screened', 2), ('payment.provider_submitted', 3), ('payment.unknown', 4),
          ('payment.requires_action', 5), ('payment.action_returned', 5), ('payment.authorized', 6),
          ('payment.blocked', 7), ('payment.declined', 7), ('payment.voided', 7), ('payment.expired', 7),
          ('payment.confirmed', 7), ('payment.settled', 8), ('payment.refunded', 8), ('payment.disputed', 8),
          ('payment.dispute_won', 8), ('payment.charged_back', 8), ('payment.returned', 8)) s (type, rank) USING (type)
      WINDOW life AS (PARTITION BY subject ORDER BY version)) steps
     WHERE rank < reached OR rank = reached AND rank IN (1, 4, 6, 7)
        OR before IN ('payment.blocked', 'payment.declined', 'payment.voided', 'payment.expired')
     LIMIT 20""";
  /** What the relay had to publish. */
  private static final String EVENTS = "SELECT subject::text, version, type FROM journal";
  private static final Set<Rule> ALL = EnumSet.allOf(Rule.class);

  private final Deployment deployment;
  private final Driver driver;
  private final UUID merchant;
  private final MerchantReceiver receiver;
  private final List<String> secrets;
  private final List<String> payer;
  private final Instant since;
  private final Map<Rule, String> breaches = new EnumMap<>(Rule.class);
  private final List<Path> rebuilds = new ArrayList<>();
  private Set<Rule> wanted = ALL;
  private List<ConsumerRecord<String, byte[]>> records;
  private long restNanos;

  /**
   * {@code secrets} must be nowhere; {@code payer} in no log. Files that are older than {@code since} were
   * searched before.
   */
  Invariants(Deployment deployment, Driver driver, UUID merchant, MerchantReceiver receiver,
      List<String> secrets,
      List<String> payer,
      Instant since) {
    this.since = since;
    this.deployment = deployment;
    this.driver = driver;
    this.merchant = merchant;
    this.receiver = receiver;
    this.secrets = secrets;
    this.payer = payer;
  }

  private interface Check {
    void run() throws Exception;
  }

  private void rule(Rule rule, Check check) {
    if (!wanted.contains(rule)) return;
    try {
      check.run();
    } catch (AssertionError | Exception e) {
      breaches.merge(rule, String.valueOf(e.getMessage()), (a, b) -> a + "\n" + b);
    }
  }

  /**
   * What is broken, by rule; empty when all is well. Waits at most {@code bound} for everything to come to
   * rest.
   */
  Map<Rule, String> check(Duration bound) {
    return check(bound, ALL);
  }

  /** The same of some rules alone. */
  Map<Rule, String> check(Duration bound, Set<Rule> some) {
    wanted = some;
    GatewayProcess ops = deployment.node("a");
    rule(Rule.I7, () -> restNanos = new Quiescence(deployment.site, merchant).await(ops, bound));
    rule(Rule.I4, driver::repeatAll);
    rule(Rule.I4, this::sameAnswers);
    rule(Rule.I1, this::oneForEach);
    rule(Rule.I1, this::everyNotice);
    rule(Rule.I2, () -> BookAudit.assertMovedAsBooked(deployment.site));
    rule(Rule.I2,
        () -> assertThat(Matching.differences(deployment.site)).as("payments unlike the book").isEmpty());
    rule(Rule.I3, () -> BookAudit.assertBalanced(deployment.site, ops));
    rule(Rule.I3, () -> assertThat(deployment.site.number(WRONG_BALANCES))
        .as("balances that differ from their postings").isZero());
    rule(Rule.I3, this::replay);
    rule(Rule.I5, this::published);
    rule(Rule.I5, () -> BookAudit.assertCounters(deployment.site, ops));
    rule(Rule.I5, () -> receiver.assertHasEverything(deployment.site, merchant));
    rule(Rule.I6, () -> BookAudit.assertOnceAndInOrder(deployment.site));
    rule(Rule.I6,
        () -> assertThat(SiteSql.rows(deployment.site, BACKWARD)).as("steps that go backwards").isEmpty());
    rule(Rule.I6, this::endedByTheProvidersWord);
    rule(Rule.I8, this::secretsStayedSecret);
    return breaches;
  }

  /** When everything was at rest, by {@link System#nanoTime}. */
  long restNanos() { return restNanos; }

  private void sameAnswers() {
    var odd = new ArrayList<String>(driver.refusedWrongly());
    for (Intent intent : driver.intents()) odd.addAll(intent.oddities());
    assertThat(odd).as("answers that contradict each other or must not be").isEmpty();
  }

  private void oneForEach() {
    var unknown = driver.intents().stream().filter(i -> !i.known()).toList();
    assertThat(unknown).as("requests that were never answered").isEmpty();
    var made = new ArrayList<String>();
    for (var row : SiteSql.rows(deployment.site, MADE.formatted(merchant))) made.add(row.getFirst());
    var asked = driver.intents().stream().filter(Intent::accepted)
        .map(i -> i.kind.name().toLowerCase(Locale.ROOT) + " " + uuid(i.id())).toList();
    assertThat(made).as("made, by what was accepted").containsExactlyInAnyOrderElementsOf(asked);
    long keys = deployment.site.number("SELECT count(*) FROM idempotency_key WHERE merchant = '" + merchant
        + "' AND key LIKE 'chaos-%'");
    assertThat(keys).as("keys that were kept, by what was accepted").isEqualTo(driver.accepted());
  }

  private void everyNotice() {
    assertThat(driver.webhooks().stream().filter(n -> !n.taken()).map(n -> n.id))
        .as("webhooks that were never taken").isEmpty();
    var kept = SiteSql.rows(deployment.site, "SELECT event_id FROM provider_event WHERE event_id LIKE '"
        + driver.webhookPrefix() + "%'").stream().map(List::getFirst).toList();
    assertThat(kept).as("webhooks kept, by those that were taken")
        .containsExactlyInAnyOrderElementsOf(driver.webhooks().stream().map(n -> n.id).toList());
  }

  private static String uuid(String id) {
    return Objects.requireNonNull(TypeId.parse(id.substring(0, id.indexOf('_')), id), id).toString();
  }

  /** The operator's command, in a process of its own. */
  private void replay() throws IOException, InterruptedException {
    Path log = Files.createTempFile(Path.of("target", "it"), "rebuild", ".log");
    rebuilds.add(log);
    var process = GatewayProcess.launch(Map.of("MILLRACE_POSTGRES_URI",
        deployment.site.postgresUri(deployment.site.ports().postgres())), log, "dev.millrace.Millrace",
        "rebuild");
    try {
      if (!process.waitFor(120, TimeUnit.SECONDS))
        throw new AssertionError("the rebuild takes too long; " + log);
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as("rebuild: %s", Files.readString(log)).isZero();
  }

  /** Kafka holds what the journal holds, at least once, and every first time in the order of the versions. */
  private void published() {
    var sent = new HashMap<String, Set<String>>();
    var last = new HashMap<String, Integer>();
    var odd = new ArrayList<String>();
    for (var record : records()) {
      // What was put there by somebody else is no event.
      if (!record.topic().equals(deployment.site.topic())
          || record.headers().lastHeader("ce_version") == null)
        continue;
      int version = Integer.parseInt(header(record, "ce_version"));
      if (sent.computeIfAbsent(subject(record.key()), k -> new TreeSet<>())
          .add(version + " " + header(record, "ce_type"))
          && last.merge(record.key(), version, Math::max) > version)
        odd.add(record.key() + ": version " + version + " comes first after " + last.get(record.key()));
    }
    var kept = new HashMap<String, Set<String>>();
    for (var row : SiteSql.rows(deployment.site, EVENTS))
      kept.computeIfAbsent(row.get(0), k -> new TreeSet<>()).add(row.get(1) + " " + row.get(2));
    kept.forEach((subject, events) -> {
      if (!sent.getOrDefault(subject, Set.of()).containsAll(events))
        odd.add(subject + ": in the journal " + events + ", in Kafka only " + sent.get(subject));
    });
    sent.forEach((subject, events) -> {
      if (!kept.getOrDefault(subject, Set.of()).containsAll(events))
        odd.add(subject + ": in Kafka " + events + ", in the journal only " + kept.get(subject));
    });
    assertThat(odd).as("events in the topic").isEmpty();
  }

  /** Everything in Kafka, read once. */
  private List<ConsumerRecord<String, byte[]>> records() {
    if (records == null) records = EventTopic.all(deployment.site);
    return records;
  }

  private static String header(ConsumerRecord<String, byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.US_ASCII);
  }

  /** As the tables have it; what is no name of the gateway's stays as it is. */
  private static String subject(String key) {
    var id = TypeId.parse(key.substring(0, Math.max(0, key.indexOf('_'))), key);
    return id == null ? key : id.toString();
  }

  private void endedByTheProvidersWord() {
    var live = new HashMap<String, SimulatorBook.Entry>();
    for (var entry : SimulatorBook.of(deployment.site).entries())
      if (entry.live()) live.put(subject(entry.reference()), entry);
    var odd = new ArrayList<String>();
    for (var row : SiteSql.rows(deployment.site, ENDED_AFTER_UNKNOWN)) {
      if (row.get(2).equals("payment.declined") && !row.get(1).matches("declined|try_refused"))
        odd.add("declined, and its call " + row.getFirst() + " came to: " + row.get(1));
      if (live.containsKey(row.getFirst()))
        odd.add(row.get(2) + ", and by the book it is not: " + live.get(row.getFirst()));
    }
    assertThat(odd).as("ended after it was unknown, although the provider has it").isEmpty();
  }

  private void secretsStayedSecret() throws IOException {
    var secrecy = new Secrecy(secrets, receiver.secret(), payer);
    secrecy.files(deployment.files(), since);
    secrecy.logs(logs());
    secrecy.records(records());
    secrecy.tables(deployment.site, since);
    assertThat(secrecy.found()).as("what was written and must not be").isEmpty();
  }

  /** Of the nodes, the servers and the rebuilds. */
  private List<Path> logs() throws IOException {
    var logs = new ArrayList<>(deployment.logs());
    logs.addAll(rebuilds);
    for (Path root : deployment.files()) if (Files.isDirectory(root)) try (var files = Files.list(root)) {
      logs.addAll(files.filter(file -> file.toString().endsWith(".log")).toList());
    }
    return logs;
  }
}
