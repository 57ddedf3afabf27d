package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.failure.Audit;
import dev.millrace.failure.Book;
import dev.millrace.failure.Sql;
import dev.millrace.failure.Topic;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What must hold after any fault, seen from outside: by the answers, the database, the topic, the provider's book and the files. */
final class Invariants {
  enum Rule {
    I1("every acknowledged request has exactly one payment or operation"), I2(
        "the provider's book has at most one movement per intent and equals the ledger to the cent"), I3(
            "debits equal credits, balances equal their postings, and the journal replayed gives the same tables"), I4(
                "the same key always got the same answer, another body 422"), I5(
                    "every event is in Kafka, in order per payment, and every consumer's effect happened once"), I6(
                        "states never went backwards; no unknown became declined without evidence"), I7(
                            "drained in time; no payment is stuck outside a final state, a retry window or the dead letters"), I8(
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
  private static final String OPEN = """
    SELECT count(*) FROM operation WHERE status IN ('requested', 'submitted', 'unknown')""";
  private static final String UNREAD = """
    SELECT count(*) FROM provider_event e LEFT JOIN provider_event_result r USING (xid, position)
     WHERE r.xid IS NULL""";
  private static final String PENDING = """
    SELECT count(*) FROM (SELECT FROM posting
                           WHERE account LIKE 'merchant\\_pending:%' OR account LIKE 'provider\\_receivable:%'
                           GROUP BY account, currency HAVING sum(amount) <> 0) p""";
  /** Balances as they are rolled up, with the postings above the horizon, against all postings. */
  private static final String WRONG_BALANCES = """
    SELECT count(*) FROM (SELECT account, livemode, currency, sum(amount) AS amount FROM posting GROUP BY 1, 2, 3) f
      FULL JOIN (SELECT account, livemode, currency, sum(amount) AS amount
                   FROM (SELECT account, livemode, currency, amount FROM balance UNION ALL
                         SELECT account, livemode, currency, amount FROM posting
                          WHERE xid >= (SELECT horizon FROM rollup)) b GROUP BY 1, 2, 3) r
        USING (account, livemode, currency)
     WHERE coalesce(f.amount, 0) <> coalesce(r.amount, 0)""";
  /** Declined after it was unknown: what the call is known to have come to. */
  private static final String DECLINED_AFTER_UNKNOWN = """
    SELECT a.reference::text, coalesce(a.outcome, '-') FROM journal d
      JOIN attempt a ON a.payment_id = d.subject AND a.kind = 'charge'
     WHERE d.type = 'payment.declined'
       AND EXISTS (SELECT FROM journal u WHERE u.subject = d.subject AND u.type = 'payment.unknown')""";

  private final Town town;
  private final Driver driver;
  private final UUID merchant;
  private final Shop shop;
  private final List<String> secrets;
  private final List<String> payer;
  private final Instant since;
  private final Map<Rule, String> breaches = new EnumMap<>(Rule.class);
  private long restNanos;

  /** {@code secrets} must be nowhere; {@code payer} in no log. Files that are older than {@code since} were searched before. */
  Invariants(Town town, Driver driver, UUID merchant, Shop shop, List<String> secrets, List<String> payer,
      Instant since) {
    this.since = since;
    this.town = town;
    this.driver = driver;
    this.merchant = merchant;
    this.shop = shop;
    this.secrets = secrets;
    this.payer = payer;
  }

  private interface Check {
    void run() throws Exception;
  }

  private void rule(Rule rule, Check check) {
    try {
      check.run();
    } catch (AssertionError | Exception e) {
      breaches.merge(rule, String.valueOf(e.getMessage()), (a, b) -> a + "\n" + b);
    }
  }

  /** What is broken, by rule; empty when all is well. Waits at most {@code bound} for everything to come to rest. */
  Map<Rule, String> check(Duration bound) {
    GatewayProcess ops = town.node("a");
    rule(Rule.I7, () -> awaitRest(ops, bound));
    rule(Rule.I4, driver::repeatAll);
    rule(Rule.I4, this::sameAnswers);
    rule(Rule.I1, this::oneForEach);
    rule(Rule.I2, () -> Audit.assertMovedAsBooked(town.site));
    rule(Rule.I3, () -> {
      Audit.assertBalanced(town.site, ops);
      assertThat(town.site.number(WRONG_BALANCES)).as("balances that differ from their postings").isZero();
      replay();
    });
    rule(Rule.I5, this::published);
    rule(Rule.I5, () -> Audit.assertCounters(town.site, ops));
    rule(Rule.I5, () -> shop.assertHasEverything(town.site, merchant));
    rule(Rule.I6, () -> Audit.assertOnceAndInOrder(town.site));
    rule(Rule.I6, this::declinedByEvidence);
    rule(Rule.I8, this::secretsStayedSecret);
    return breaches;
  }

  /** When everything was at rest, by {@link System#nanoTime}. */
  long restNanos() { return restNanos; }

  private void awaitRest(GatewayProcess ops, Duration bound) {
    Audit.awaitRest(town.site, ops, bound);
    Await.until(bound,
        "no operation is open, everything is settled, every webhook of a provider is worked off",
        () -> town.site.number(OPEN) == 0 && town.site.number(PENDING) == 0 && town.site.number(UNREAD) == 0);
    restNanos = System.nanoTime();
  }

  private void sameAnswers() {
    var odd = new ArrayList<String>(driver.refusedWrongly());
    for (Intent intent : driver.intents()) odd.addAll(intent.oddities());
    assertThat(odd).as("answers that contradict each other or must not be").isEmpty();
  }

  /** Kafka's files are compressed; here they are not. */
  private String inKafka() {
    var all = new StringBuilder();
    for (var record : Topic.records(town.site)) {
      all.append(new String(record.value(), StandardCharsets.ISO_8859_1));
      record.headers().forEach(h -> all.append(new String(h.value(), StandardCharsets.ISO_8859_1)));
    }
    return all.toString();
  }

  private void oneForEach() {
    var unknown = driver.intents().stream().filter(i -> !i.known()).toList();
    assertThat(unknown).as("requests that were never answered").isEmpty();
    var made = new ArrayList<String>();
    for (var row : Sql.rows(town.site, MADE.formatted(merchant))) made.add(row.getFirst());
    var asked = driver.intents().stream().filter(Intent::accepted)
        .map(i -> i.kind.name().toLowerCase(Locale.ROOT) + " " + uuid(i.id())).toList();
    assertThat(made).as("made, by what was accepted").containsExactlyInAnyOrderElementsOf(asked);
    long keys = town.site.number("SELECT count(*) FROM idempotency_key WHERE merchant = '" + merchant
        + "' AND key LIKE 'chaos-%'");
    assertThat(keys).as("keys").isEqualTo(driver.accepted());
    assertThat(driver.notices()).as("webhooks that were never taken").allMatch(Notice::taken);
    var kept = Sql.rows(town.site, "SELECT event_id FROM provider_event WHERE event_id LIKE '"
        + driver.noticePrefix() + "%'").stream().map(List::getFirst).toList();
    assertThat(kept).as("webhooks kept, by those that were taken")
        .containsExactlyInAnyOrderElementsOf(driver.notices().stream().map(n -> n.id).toList());
  }

  private static String uuid(String id) {
    return Objects.requireNonNull(TypeId.parse(id.substring(0, id.indexOf('_')), id), id).toString();
  }

  /** The operator's command, in a process of its own. */
  private void replay() throws IOException, InterruptedException {
    Path log = Files.createTempFile(Path.of("target", "it"), "rebuild", ".log");
    var process = GatewayProcess.launch(Map.of("MILLRACE_POSTGRES_URI",
        town.site.postgresUri(town.site.ports().postgres())), log, "dev.millrace.Millrace", "rebuild");
    if (!process.waitFor(60, TimeUnit.SECONDS))
      throw new AssertionError("the rebuild takes too long; " + log);
    assertThat(process.exitValue()).as("rebuild: %s", Files.readString(log)).isZero();
  }

  /** At least once, and every first time in the order of the versions. */
  private void published() {
    long events = 0;
    for (var entry : Topic.versions(town.site).entrySet()) {
      List<Integer> firsts = entry.getValue().stream().distinct().toList();
      assertThat(firsts).as(entry.getKey()).isEqualTo(List.copyOf(new TreeSet<>(firsts)));
      events += firsts.size();
    }
    assertThat(events).as("events in the topic").isEqualTo(town.site.number("SELECT count(*) FROM journal"));
  }

  private void declinedByEvidence() {
    var charged = Book.of(town.site).charged().stream()
        .map(entry -> uuid(entry.reference())).toList();
    for (var row : Sql.rows(town.site, DECLINED_AFTER_UNKNOWN)) {
      assertThat(row.get(1)).as("outcome of the call %s", row.getFirst()).isEqualTo("declined");
      assertThat(charged).as("charged by the book").doesNotContain(row.getFirst());
    }
  }

  private void secretsStayedSecret() throws IOException {
    var found = new ArrayList<String>();
    for (Path root : town.files()) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(Files::isRegularFile).toList())
          if (changed(file)) search(file, secrets, found);
      }
    }
    for (Path log : town.logs()) search(log, payer, found);
    String records = inKafka();
    for (String secret : secrets) if (records.contains(secret)) found.add(secret + " in Kafka");
    assertThat(found).as("what was written and must not be").isEmpty();
  }

  private boolean changed(Path file) throws IOException {
    try {
      return !Files.getLastModifiedTime(file).toInstant().isBefore(since);
    } catch (NoSuchFileException e) {
      // The servers remove files as they like.
      return false;
    }
  }

  private static void search(Path file, List<String> marked, List<String> found) throws IOException {
    try {
      String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
      for (String mark : marked) if (text.contains(mark)) found.add(mark + " in " + file);
    } catch (NoSuchFileException e) {
      // The servers remove files as they like.
    }
  }
}
