package dev.millrace.documents;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.millrace.inbox.EventOutcome;
import dev.millrace.journal.AttemptOutcome;
import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.Currencies;
import dev.millrace.payment.EventType;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Status;
import dev.millrace.payment.Transitions;
import dev.millrace.provider.MinorUnits;
import dev.millrace.testing.CurrencyList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Tables of the documents that the code knows too say what the code says. */
class DocumentedTablesTest {
  private static final String MERCHANT = "mer_m";
  private static final String ACCOUNT = "stripe";

  private static Status status(String wire) {
    return Arrays.stream(Status.values()).filter(s -> s.wire().equals(wire)).findFirst().orElseThrow();
  }

  private static EventType event(String wire) {
    return Arrays.stream(EventType.values()).filter(t -> t.wire().equals(wire)).findFirst().orElseThrow();
  }

  /** Cells that are empty repeat the event above. */
  @Test
  void states_areTheTransitions() {
    var moves = new HashSet<Transitions.Move>();
    List<String> events = List.of();
    for (var row : Document.page("states").table("event")) {
      if (!row.get(0).isEmpty()) events = Document.code(row.get(0));
      assertThat(events).as("%s", row).isNotEmpty();
      for (String event : events)
        for (String from : statuses(row.get(1)))
          for (String to : row.get(2).equals("=") ? List.of(from) : Document.code(row.get(2)))
            assertThat(moves.add(new Transitions.Move(status(from), event(event), status(to))))
                .as("said once: %s by %s to %s", from, event, to).isTrue();
    }
    assertThat(moves).isEqualTo(Transitions.permitted());
  }

  /** The API's description tells merchants what can follow each status, also by a reversal. */
  @Test
  void statuses_areFollowedByWhatTheDescriptionSays() throws IOException {
    var documented = new TreeMap<String, Set<String>>();
    for (var row : description().table("`status`"))
      assertThat(
          documented.put(Document.code(row.get(0)).getFirst(), new TreeSet<>(Document.code(row.get(2)))))
          .isNull();
    var permitted = new TreeMap<String, Set<String>>();
    for (Status status : Status.values()) permitted.put(status.wire(), new TreeSet<>());
    for (var move : Transitions.permitted())
      if (move.from() != move.to()) permitted.get(move.from().wire()).add(move.to().wire());
    assertThat(documented).isEqualTo(permitted);
  }

  private static JsonNode contract() throws IOException {
    return new ObjectMapper(new YAMLFactory())
        .readTree(Path.of("src/main/resources/openapi.yaml").toFile());
  }

  private static Set<String> documented(String schema, String property) throws IOException {
    var words = new TreeSet<String>();
    contract().at("/components/schemas/" + schema + property).path("enum").forEach(word -> {
      if (!word.isNull()) words.add(word.asText());
    });
    return words;
  }

  /** Words that the timeline takes from the code. */
  @Test
  void timeline_hasTheWordsOfTheCode() throws IOException {
    String of = "/properties/data/properties/";
    var operations = new TreeSet<String>();
    for (var kind : Operation.Kind.values()) operations.add(kind.wire());
    assertThat(documented("OperationMoment", of + "kind")).isEqualTo(operations);
    assertThat(documented("OperationMoment", "/properties/name")).isEqualTo(operations);
    assertThat(documented("OperationMoment", of + "status"))
        .isEqualTo(words(Operation.State.values(), Operation.State::wire));
    operations.addAll(List.of("charge", "complete"));
    assertThat(documented("AttemptMoment", of + "kind")).isEqualTo(operations);
    assertThat(documented("AttemptMoment", of + "outcome"))
        .isEqualTo(words(AttemptOutcome.values(), AttemptOutcome::wire));
    var ofPayments = words(EventOutcome.values(), EventOutcome::wire);
    ofPayments.removeAll(Set.of(EventOutcome.FOREIGN.wire(), EventOutcome.IGNORED.wire()));
    assertThat(documented("WebhookMoment", of + "outcome")).isEqualTo(ofPayments);
    var posting = new TreeSet<String>();
    postings().forEach((type, lines) -> {
      if (!lines.isEmpty()) posting.add(type);
    });
    assertThat(documented("PostingMoment", of + "of")).isEqualTo(posting);
    assertThat(documented("PaymentStatus", "")).isEqualTo(words(Status.values(), Status::wire));
  }

  private static <T> Set<String> words(T[] values, Function<T, String> word) {
    return Arrays.stream(values).map(word).collect(Collectors.toCollection(TreeSet::new));
  }

  private static Document description() throws IOException {
    return new Document(Path.of("src/main/resources/openapi.yaml"),
        contract().at("/info/description").asText());
  }

  @Test
  void refund_saysOfWhatItCanBe() throws IOException {
    var permitted = Transitions.permitted().stream().filter(m -> m.event() == EventType.REFUND_REQUESTED)
        .map(m -> m.from().wire()).toList();
    assertThat(Document.code(contract().at("/paths/~1v1~1payments~1{id}~1refunds/post/description").asText()))
        .containsExactlyInAnyOrderElementsOf(permitted);
  }

  /** Those that a cell names; {@code any}: all, {@code any but …}: all others. */
  private static List<String> statuses(String cell) {
    List<String> named = Document.code(cell);
    return cell.startsWith("any")
        ? Arrays.stream(Status.values()).map(Status::wire).filter(s -> !named.contains(s)).toList()
        : named;
  }

  /** What every event posts, and a settlement, by its type. */
  private static Map<String, List<Posting>> postings() {
    var postings = new TreeMap<String, List<Posting>>();
    for (var event : SampleEvents.all(ACCOUNT))
      postings.put(event.type().wire(), PostingRules.postings(event, MERCHANT));
    postings.put("settlement.posted", PostingRules.settlement(MERCHANT, ACCOUNT, "card", "usd", 5, 6));
    return postings;
  }

  private static String documented(String account) {
    return account.replace("<account>", ACCOUNT).replace("<merchant>", MERCHANT).replace("<rail>", "card");
  }

  @Test
  void ledger_isThePostingRules() {
    var documented = new TreeMap<String, Set<String>>();
    String event = null;
    for (var row : Document.page("ledger").table("event")) {
      if (!row.get(0).isEmpty()) event = Document.code(row.get(0)).getFirst();
      var lines = documented.computeIfAbsent(event, e -> new TreeSet<>());
      Document.code(row.get(1)).forEach(account -> lines.add("debit " + documented(account)));
      Document.code(row.get(2)).forEach(account -> lines.add("credit " + documented(account)));
    }
    var coded = new TreeMap<String, Set<String>>();
    postings().forEach((type, lines) -> lines.forEach(line -> coded
        .computeIfAbsent(type, t -> new TreeSet<>())
        .add((line.amount() > 0 ? "debit " : "credit ") + line.account())));
    assertThat(documented).isEqualTo(coded);
  }

  /**
   * The simulator's are its own, and private: they are asked of the class that has them, wherever it lives.
   */
  @Test
  void paymentMethods_areTheSimulators() throws Exception {
    var documented = new ArrayList<String>();
    Document.page("test-methods").table("`payment_method`")
        .forEach(row -> documented.addAll(Document.code(row.getFirst())));
    assertThat(documented).doesNotHaveDuplicates();
    Path source;
    try (var files = Files.walk(Path.of("src/main/java/dev/millrace/simulator"))) {
      source = files.filter(f -> f.endsWith("PaymentMethod.java")).findFirst().orElseThrow();
    }
    String name = Path.of("src/main/java").relativize(source).toString().replace(".java", "").replace('/',
        '.');
    var known = Class.forName(name).getDeclaredMethod("known");
    known.setAccessible(true);
    assertThat(new TreeSet<>(documented)).isEqualTo(new TreeSet<>(((Map<?, ?>) known.invoke(null)).keySet()));
  }

  private static MinorUnits units(String provider) throws Exception {
    var units = Class.forName("dev.millrace.provider." + provider.toLowerCase(Locale.ROOT) + "." + provider
        + "Amount").getDeclaredField("UNITS");
    units.setAccessible(true);
    return (MinorUnits) units.get(null);
  }

  /** How many decimals a provider has, and of what amounts must be a multiple. */
  private static String unit(MinorUnits units, String currency) {
    Long smallest = units.smallest(currency);
    if (smallest == null) return "none published: not sent";
    int decimals = Currencies.exponent(currency) - 6;
    for (long sent = units.fromIso(1_000_000, currency); sent > 1; sent /= 10) decimals++;
    return decimals + (smallest == 1 ? "" : ", multiples of " + smallest);
  }

  @Test
  void units_areTheConnectors() throws Exception {
    var documented = new TreeMap<String, List<String>>();
    for (var row : Document.page("providers").table("currency"))
      Document.code(row.getFirst())
          .forEach(code -> assertThat(documented.put(code, row.subList(1, row.size()))).isNull());
    var coded = new TreeMap<String, List<String>>();
    for (String code : CurrencyList.all()) {
      var row = List.of(String.valueOf(Currencies.exponent(code)), unit(units("Stripe"), code),
          unit(units("Adyen"), code));
      if (new HashSet<>(row).size() > 1) coded.put(code, row);
    }
    assertThat(documented).isEqualTo(coded);
  }

  @Test
  void readme_namesThePortsThatAreTaken() throws IOException {
    var ports = new TreeSet<String>();
    Pattern.compile("(?m)^ +[a-z-]*port: (\\d+)$").matcher(Files.readString(Path.of("config/millrace.yaml")))
        .results().forEach(m -> ports.add(m.group(1)));
    String cell = Document.read(Path.of("README.md")).table("command").getFirst().get(2);
    assertThat(Pattern.compile("\\b\\d{4,5}\\b").matcher(cell).results().map(m -> m.group()).toList())
        .containsExactlyInAnyOrderElementsOf(ports);
  }

  private static final Pattern GRANT = Pattern
      .compile("GRANT ([A-Z, ]+?)(?: \\([^)]*\\))? ON ([a-z_, ]+?) TO");
  private static final Map<String, String> WORDS = Map.of("SELECT", "read", "INSERT", "insert", "UPDATE",
      "update", "DELETE", "delete");

  @Test
  void grants_areThoseOfTheMigrations() throws IOException {
    var granted = new TreeMap<String, Set<String>>();
    try (var files = Files.list(Path.of("src/main/resources/db/migration"))) {
      for (Path file : files.toList()) {
        String sql = Files.readString(file).replaceAll("\\s+", " ");
        assertThat(sql).as("%s takes nothing back, or this test must know", file).doesNotContain("REVOKE");
        GRANT.matcher(sql).results().forEach(grant -> {
          for (String table : grant.group(2).split(", ?"))
            for (String right : grant.group(1).split(", ?"))
              granted.computeIfAbsent(table, t -> new TreeSet<>()).add(WORDS.get(right));
        });
      }
    }
    var documented = new TreeMap<String, Set<String>>();
    for (var row : Document.page("operate").table("may")) {
      var rights = new TreeSet<String>();
      for (String right : row.get(0).split(", ")) rights.add(right.split(" ")[0]);
      Document.code(row.get(1)).forEach(table -> assertThat(documented.put(table, rights)).isNull());
    }
    assertThat(documented).isEqualTo(granted);
  }
}
