package dev.millrace.documents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.millrace.platform.Config;
import dev.millrace.provider.Routing;
import dev.millrace.testing.Await;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every command of the README and of the site's pages does, pasted by a reader, what the document says: all
 * blocks marked {@code sh} of a document run in their order in one shell, at a gateway that was started as
 * the README says, and print what the block after them shows. Only the ports are others.
 */
@ConcurrentTests
class DocumentedCommandsIT {
  private static final Duration START = Duration.ofSeconds(120);
  private static final Duration DOCUMENT = Duration.ofSeconds(120);
  /** What is shown and cannot be run here, by its first line, with the reason and what covers it. */
  private static final Map<String, String> NOT_RUN = new TreeMap<>(Map.of(
      "docker compose -f docker/compose.yaml up --build",
      "needs a container engine: not covered, as its page says",
      "curl -s -X POST http://127.0.0.1:9090/ops/merchants"
          + " -d '{\"name\":\"Bookshop\",\"livemode\":false,\"operator\":\"you\"}'",
      "at a node in a container: the page operate has the same call",
      "mvn -f load-tests/pom.xml gatling:test -Drate=500 -Dseconds=60"
          + " -DbaseUrl=http://127.0.0.1:8080 -Dkey=sk_test_millrace -Dp99Ms=250",
      "Maven and minutes of load: whoever measures runs it",
      "mvn -B verify -Pchaos", "Maven and most of an hour: chaos.ChaosIT runs a dozen of its scenarios",
      "Millrace is running: api, notifier, ops, processor, relay, servers, settlement, simulator",
      "what the start prints: banner_isWhatTheStartPrints",
      "mvn -q compile exec:exec -Dmillrace.args=rebuild", "Maven: rebuild.RebuildIT, start.RebuildCommandIT",
      "replayed 568000 of 1000200 events, 56.8 %, 28830/s, 15 s to go",
      "a difference that has to be made first: start.RebuildCommandIT",
      "MILLRACE_ROUTING_RULES='ach -> bank,eur 100000.. -> adyen,eur 30% -> adyen stripe,"
          + "card -> stripe adyen'",
      "a setting, which does nothing alone: routingRules_asDocumented_areRead",
      "time=2026-11-20T12:30:54.072Z level=ERROR logger=MoneyAlerts alert=amount_mismatch"
          + " payment=pay_01m7wf0d23enxbj6h122yfvf5h asked=500 charged=501",
      "a line of the log: DocumentsTest holds the alerts' names against the code"));

  static {
    NOT_RUN.put("curl -s 'http://127.0.0.1:9090/ops/dead-letters?status=open&task=webhook'",
        "such a letter is written after 37 minutes: OperatorActsIT gives a charge back");
    NOT_RUN.put(
        "mvn -q verify -Dtest=NONE -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=GeneratedClientsIT",
        "Maven, which runs it with all others: clients.GeneratedClientsIT");
    NOT_RUN.put("mvn -B verify -Pchaos -Dmillrace.chaos.seed=1", "Maven and most of an hour, as above");
    NOT_RUN.put("mvn -B test -Dtest='*ConformanceTest' -Dmillrace.contracts=/path/to/contracts",
        "Maven, and files of the providers: conformance.ExamplesConformanceTest and its like");
  }

  @TempDir
  private static Path directory;
  private static final Map<String, String> PORTS = new LinkedHashMap<>();
  private static Process gateway;
  private static Path log;

  @BeforeAll
  static void start() throws Exception {
    for (String tool : List.of("bash", "curl", "grep", "head", "tee", "python3"))
      assertThat(new ProcessBuilder("which", tool).start().waitFor()).as("%s is there", tool).isZero();
    for (String port : List.of("8080", "9090", "8090", "15432", "16379", "19092", "19093", "9999"))
      PORTS.put(port, Integer.toString(TestServers.freePort()));
    log = directory.resolve("gateway.log");
    gateway = GatewayProcess.launch(environment(), log);
    Await.until(START, "Millrace is running", () -> {
      if (!gateway.isAlive()) throw new AssertionError("ended:\n" + text(log));
      return text(log).contains("Ctrl-C drains and stops.");
    });
  }

  private static Map<String, String> environment() {
    var environment = new HashMap<String, String>();
    environment.put("MILLRACE_DATA_DIRECTORY", directory.resolve("data").toString());
    Map.of("API", "8080", "OPS", "9090", "SIMULATOR", "8090", "EMBEDDED_POSTGRES", "15432", "EMBEDDED_REDIS",
        "16379", "EMBEDDED_KAFKA", "19092", "EMBEDDED_KAFKA_CONTROLLER", "19093")
        .forEach((name, port) -> environment.put("MILLRACE_" + name + "_PORT", PORTS.get(port)));
    return environment;
  }

  @AfterAll
  static void stop() throws InterruptedException {
    if (gateway == null) return;
    gateway.destroy();
    if (!gateway.waitFor(60, TimeUnit.SECONDS)) gateway.destroyForcibly();
  }

  private static String text(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As it must be typed here. */
  private static String toHere(String text) {
    String here = text;
    for (var port : PORTS.entrySet()) here = here.replaceAll("\\b" + port.getKey() + "\\b", port.getValue());
    return here;
  }

  /** As the documents show it. */
  private static String fromHere(String text) {
    String there = text;
    for (var port : PORTS.entrySet())
      there = there.replaceAll("\\b" + port.getValue() + "\\b", port.getKey());
    return there;
  }

  static List<Document> documents() {
    return Document.manual().stream().filter(d -> d.blocks().stream().anyMatch(b -> b.tag().equals("sh")))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("documents")
  void commands_printWhatTheDocumentShows(Document document) throws Exception {
    var blocks = document.blocks();
    List<Integer> commands = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) if (blocks.get(i).tag().equals("sh")) commands.add(i);
    var printed = run(document, commands.stream().map(blocks::get).toList());
    for (int n = 0; n < commands.size(); n++) {
      int next = commands.get(n) + 1;
      String tag = next < blocks.size() ? blocks.get(next).tag() : "";
      String where = document.path() + ":" + blocks.get(commands.get(n)).line();
      if (tag.equals("json"))
        assertThat(DocumentedAnswer.json(printed.get(n))).as(where)
            .isEqualTo(DocumentedAnswer.json(blocks.get(next).text()));
      else
        if (tag.equals("text"))
          assertThat(DocumentedAnswer.text(printed.get(n))).as(where)
              .isEqualTo(DocumentedAnswer.text(blocks.get(next).text()));
        else
          assertThat(printed.get(n).strip()).as("%s prints what is not shown", where).isEmpty();
    }
  }

  /** What each of the blocks printed, pasted into one shell one after the other. */
  private static List<String> run(Document document, List<Document.Block> blocks) throws Exception {
    Path folder = Files.createTempDirectory(directory, "shell");
    String end = "-- end of block --";
    var script = new StringBuilder();
    for (var block : blocks) script.append(toHere(block.text())).append("\necho '").append(end).append("'\n");
    Path file = Files.writeString(folder.resolve("pasted.sh"), script);
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    var shell = new ProcessBuilder("bash", "-eu", file.toString()).directory(folder.toFile())
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      boolean ended = shell.waitFor(DOCUMENT.toSeconds(), TimeUnit.SECONDS);
      String[] parts = fromHere(Files.readString(out)).split(Pattern.quote(end) + "\n", -1);
      String state = document.path() + ", block " + parts.length + " of " + blocks.size() + ", printed:\n"
          + parts[parts.length - 1] + "\nand as errors:\n" + text(err);
      assertThat(ended).as("comes to its end: %s", state).isTrue();
      assertThat(shell.exitValue()).as("exit code: %s", state).isZero();
      return List.of(parts).subList(0, blocks.size());
    } finally {
      shell.descendants().forEach(ProcessHandle::destroyForcibly);
      shell.destroyForcibly();
    }
  }

  @Test
  void blocksThatAreNotRun_areKnown() {
    var shown = new TreeMap<String, String>();
    for (var document : Document.all())
      for (var block : document.blocks())
        if (block.tag().equals("console")) shown.put(block.text().lines().findFirst().orElse(""), "");
    assertThat(shown.keySet()).isEqualTo(NOT_RUN.keySet());
    var repository = new Repository();
    for (String reason : NOT_RUN.values())
      assertThat(Pattern.compile("\\b[A-Z]\\w*(?:IT|Test)\\b").matcher(reason).results().map(m -> m.group()))
          .as(reason).allMatch(repository::hasClass);
  }

  @Test
  void banner_isWhatTheStartPrints() {
    String banner = Document.read(Path.of("README.md")).blocks().stream()
        .filter(b -> b.text().startsWith("Millrace is running")).findFirst().orElseThrow().text();
    assertThat(fromHere(text(log))).contains(banner);
  }

  /** A rule that is none is refused. */
  @Test
  void routingRules_asDocumented_areRead() {
    String line = Document.page("providers").blocks().getFirst().text();
    String rules = line.substring(line.indexOf('\'') + 1, line.lastIndexOf('\''));
    var config = Config.load(Map.of("MILLRACE_ROUTING_RULES", rules));
    assertThatCode(() -> new Routing(config.list("routing.rules"), config.accounts().keySet()))
        .doesNotThrowAnyException();
  }
}
