package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Each table belongs to one package, and only that package has SQL that names it: whoever changes a table
 * finds all that must follow in one folder. Statements that must join or write tables of several owners at
 * once take the foreign part as a text from its owner, or stand in {@link #JOINS} with the reason.
 */
final class TableOwnershipTest {
  private static final Path SOURCES = Path.of("src/main/java/dev/millrace");
  private static final Path MIGRATIONS = Path.of("src/main/resources/db/migration");

  private static final Map<String, Set<String>> OWNED = new TreeMap<>(Map.ofEntries(
      Map.entry("audit", Set.of("audit")),
      Map.entry("deadletter", Set.of("dead_letter")),
      Map.entry("idempotency", Set.of("idempotency_key")),
      Map.entry("identity", Set.of("merchant", "api_key")),
      Map.entry("inbox",
          Set.of("provider_event", "provider_event_parked", "provider_event_result", "payer_return")),
      Map.entry("journal",
          Set.of("journal", "journal_cursor", "journal_milestone", "event_id_key", "payment", "operation",
              "dispute",
              "attempt", "provider_object", "work", "unresolved", "janitor", "payment_processing")),
      Map.entry("ledger",
          Set.of("posting", "balance", "balance_depth", "balance_history", "balance_mark", "rollup")),
      Map.entry("platform", Set.of("lease", "seal_key")),
      Map.entry("settlement", Set.of("settlement")),
      Map.entry("webhook",
          Set.of("webhook_endpoint", "webhook_delivery", "webhook_attempt", "webhook_message",
              "webhook_replay"))));

  /** Files that may read tables of others, which ones, and why their owner does not do it for them. */
  private record Join(Set<String> tables, String reason) {}

  private static final Map<String, Join> JOINS = new TreeMap<>(Map.ofEntries(
      Map.entry("journal/Timeline.java",
          new Join(
              Set.of("provider_event", "provider_event_result", "webhook_endpoint", "webhook_delivery",
                  "posting", "audit", "dead_letter"),
              "all that happened to a payment, in order and as of one snapshot: one statement")),
      Map.entry("journal/EventReads.java",
          new Join(Set.of("webhook_endpoint"),
              "the notifier reads only events whose merchant has an endpoint, and pages by what is left")),
      Map.entry("ledger/Balances.java",
          new Join(Set.of("journal"), "a posting is shown with the event that caused it")),
      Map.entry("ledger/BalanceHistory.java",
          new Join(Set.of("journal"), "a balance of the past counts by recorded time")),
      Map.entry("settlement/Settler.java",
          new Join(Set.of("journal", "posting", "payment"),
              "movements and their postings are netted in the transaction that settles them")),
      Map.entry("rebuild/Replacement.java", new Join(
          Set.of("journal", "payment", "operation", "dispute", "posting", "balance_depth", "balance_history",
              "rollup",
              "lease", "audit", "janitor"),
          "an operator's command that puts rebuilt rows in the place of the live ones while no gateway runs")),
      Map.entry("rebuild/Replay.java",
          new Join(Set.of("journal"), "an operator's command that reads all of it once")),
      Map.entry("rebuild/Rebuild.java",
          new Join(Set.of("journal"), "an operator's command that counts what it has to read")),
      Map.entry("rebuild/Comparison.java",
          new Join(Set.of("balance", "posting", "rollup"),
              "an operator's command that lays rebuilt balances beside the live ones")),
      Map.entry("deadletter/DeadLetterActs.java",
          new Join(Set.of("journal"), "a letter without a trace of its own is shown with its payment's")),
      Map.entry("journal/DisputeReads.java",
          new Join(Set.of("posting"), "a dispute is shown with every posting that was made for it"))));

  /** A string literal or text block; comments are matched so that quotes in them count for nothing. */
  private static final Pattern TOKEN = Pattern.compile(
      "\"\"\"(?<block>[\\s\\S]*?)(?<!\\\\)\"\"\"|\"(?<line>[^\"\\\\\\n]*+(?:\\\\.[^\"\\\\\\n]*+)*+)\""
          + "|'(?:[^'\\\\\\n]|\\\\.)+'|//[^\\n]*|/\\*[\\s\\S]*?\\*/");
  /** What stands before the name of a table in SQL. */
  private static final Pattern NAMED = Pattern.compile(
      "\\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ONLY|TRUNCATE|USING|COPY|LOCK)\\s+(?:public\\.|rebuild\\.)?([a-z_]+)\\b"
          + "(?<more>(?:\\s+(?:AS\\s+)?[a-z_]+)?(?:\\s*,\\s*(?:LATERAL\\s*\\(|(?:public\\.)?[a-z_]+\\b)"
          + "(?:\\s+(?:AS\\s+)?[a-z_]+\\b)?)*)");
  private static final Pattern FURTHER = Pattern.compile(",\\s*(?:public\\.)?([a-z_]+)\\b");

  /** The tables that the SQL in a source text names. */
  static Set<String> namedBy(String source, Set<String> tables) {
    var found = new TreeSet<String>();
    var token = TOKEN.matcher(source);
    while (token.find()) {
      String text = token.group("block") != null ? token.group("block") : token.group("line");
      if (text == null) continue;
      var named = NAMED.matcher(text);
      while (named.find()) {
        found.add(named.group(1));
        var further = FURTHER.matcher(named.group("more"));
        while (further.find()) found.add(further.group(1));
      }
    }
    found.retainAll(tables);
    return found;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> files(Path root, String ending) {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(f -> f.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> tables() {
    var created = Pattern.compile("CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?([a-z_]+)");
    var dropped = Pattern.compile("DROP TABLE (?:IF EXISTS )?([a-z_]+)");
    var tables = new TreeSet<String>();
    for (Path migration : files(MIGRATIONS, ".sql")) {
      String sql = read(migration);
      created.matcher(sql).results().forEach(m -> tables.add(m.group(1)));
      dropped.matcher(sql).results().forEach(m -> tables.remove(m.group(1)));
    }
    return tables;
  }

  @Test
  void table_hasOneOwner() {
    var owned = OWNED.values().stream().flatMap(Set::stream).toList();
    assertThat(owned).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(tables());
  }

  @Test
  void sql_namesOnlyTablesOfItsOwnPackage() {
    var strangers = new ArrayList<String>();
    Set<String> tables = tables();
    for (Path file : files(SOURCES, ".java")) {
      String name = SOURCES.relativize(file).toString();
      var foreign = namedBy(read(file), tables);
      foreign.removeAll(OWNED.getOrDefault(name.split("/")[0], Set.of()));
      var join = JOINS.get(name);
      if (join != null) foreign.removeAll(join.tables);
      for (String table : foreign) strangers.add(name + " names " + table);
    }
    assertThat(strangers).as("SQL that names a table of another package: let its owner do it").isEmpty();
  }

  @Test
  void join_isStillNeeded() {
    Set<String> tables = tables();
    JOINS.forEach((name, join) -> assertThat(namedBy(read(SOURCES.resolve(name)), tables))
        .as("%s (%s)", name, join.reason).containsAll(join.tables));
  }

  @Test
  void scanner_findsTables_andNothingElse() {
    Set<String> tables = Set.of("payment", "journal", "work", "lease", "posting");
    assertThat(namedBy("String s = \"SELECT 1 FROM payment WHERE id = $1\";", tables))
        .containsExactly("payment");
    assertThat(
        namedBy("var s = \"\"\"\n  INSERT INTO\n journal (a) SELECT 1 FROM x, work w, lease\"\"\";", tables))
        .containsExactlyInAnyOrder("journal", "work", "lease");
    assertThat(namedBy("\"UPDATE payment SET a = 1\" + \"DELETE FROM public.posting\"", tables))
        .containsExactlyInAnyOrder("payment", "posting");
    assertThat(namedBy("\"FROM payment AS mine, work AS done, lease\" + \"LOCK posting; COPY journal TO x\"",
        tables)).containsExactlyInAnyOrder("payment", "work", "lease", "posting", "journal");
    assertThat(namedBy("\"FROM journal j, LATERAL (SELECT 1 FROM posting)\"", tables))
        .containsExactlyInAnyOrder("journal", "posting");
    assertThat(namedBy("// FROM payment\n/* INSERT INTO journal */ char c = '\"'; String s = \"a payment\";",
        tables))
        .isEmpty();
  }

  /** So that the rule cannot become empty without anybody seeing it. */
  @Test
  void owner_namesEachOfItsTables() {
    Set<String> tables = tables();
    OWNED.forEach((owner, owned) -> assertThat(files(SOURCES.resolve(owner), ".java").stream()
        .flatMap(f -> namedBy(read(f), tables).stream()).collect(Collectors.toSet()))
        .as(owner).containsAll(owned));
  }
}
