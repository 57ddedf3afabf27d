package dev.millrace.endtoend;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the process begins and ends: by its environment, its ports, SIGTERM and SIGKILL. */
@ConcurrentTests
class StartIT {
  private static final String DEMO_KEY = "sk_test_millrace";
  private static Site site;
  @TempDir
  private Path directory;

  @BeforeAll
  static void database() { site = Site.on(TestServers.shared()); }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "MILLRACE_API_PROT            | 8080      | MILLRACE_API_PROT",
      "MILLRACE_API_PORT            | eighty    | api.port",
      "MILLRACE_API_PORT            | 70000     | api.port",
      "MILLRACE_RELAY_LEASE         | 3 seconds | relay.lease",
      "MILLRACE_POSTGRES_MIGRATE    | perhaps   | postgres.migrate",
      "MILLRACE_ROLES               | api,rely  | rely",
      "MILLRACE_POSTGRES_URI        | localhost | postgres.uri",
      "MILLRACE_FRAUD_RULES         | none.yaml | none.yaml",
      "MILLRACE_SIMULATOR_FAILURE_RATE | 2.5    | failure",
      "MILLRACE_CONFIG              | none.yaml | none.yaml"})
  void start_wrongSetting_endsWithOneLineThatNamesIt(String variable, String value, String named)
      throws Exception {
    var environment = onSharedServers();
    environment.put(variable, value);
    var lines = failedStart(environment);
    assertThat(lines.stream().filter(l -> l.startsWith("millrace: "))).as("%s", lines).hasSize(1)
        .allSatisfy(l -> assertThat(l).contains(named));
    assertThat(lines).as("a mistake of the user's is no stack trace")
        .noneMatch(l -> l.startsWith("\tat ") || l.contains("start_failed"));
  }

  @ParameterizedTest
  @CsvSource({"MILLRACE_API_PORT,api.port", "MILLRACE_OPS_PORT,ops.port",
      "MILLRACE_SIMULATOR_PORT,simulator.port"})
  void start_portTaken_endsWithOneLineThatNamesIt(String variable, String setting) throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      var environment = onSharedServers();
      environment.put(variable, Integer.toString(taken.getLocalPort()));
      assertThat(failedStart(environment)).contains("millrace: port " + taken.getLocalPort() + " (" + setting
          + ") is taken by another process: free it or set " + variable);
    }
  }

  @Test
  void sigterm_underLoad_answersWhatItAcceptedAndLeavesNothing() {
    try (var loaded = Site.on(TestServers.shared())) {
      loaded.startSimulator(Map.of());
      var gateway = loaded.start("api,relay,processor,settlement,ops", Map.of());
      String merchant = gateway.merchantKey();
      var load = SteadyLoad.start(List.of(gateway.apiUrl()), merchant, 32, 100, SteadyLoad::visa);
      try {
        Await.until(Duration.ofSeconds(20), "payments settle",
            () -> load.accepted() > 300 && BookAudit.work(gateway).getLong("settled") > 100);
        var children = ProcessHandle.of(gateway.pid()).orElseThrow().descendants().toList();
        assertThat(gateway.terminate()).isEqualTo(143);
        assertThat(children).noneMatch(ProcessHandle::isAlive);
        assertThat(gateway.logText()).contains("stopped node=").doesNotContain("stop_step_failed")
            .doesNotContain("stop_incomplete").doesNotContain("drain_incomplete");
        assertThat(loaded.number("SELECT count(*) FROM payment")).as("payments whose 202 got lost")
            .isEqualTo(load.accepted());
        assertThat(callsWithoutOutcome(loaded)).as("provider calls without an outcome").isEmpty();
        gateway.start();
        load.stop();
      } finally {
        load.abandon();
      }
      BookAudit.awaitRest(loaded, gateway, Duration.ofSeconds(30));
      assertThat(SiteSql.statuses(loaded)).containsOnlyKeys("settled");
      assertThat(loaded.number("SELECT count(*) FROM attempt WHERE outcome IS NULL"))
          .as("calls without an outcome, those that had not been made included").isZero();
      load.assertReplays(gateway.apiUrl());
      BookAudit.assertConsistent(loaded, gateway);
    }
  }

  /** Those that arrived. On a slow machine a call is not made in time, but after the start. */
  private static List<String> callsWithoutOutcome(Site site) {
    var arrived = SimulatorBook.of(site).entries().stream().map(SimulatorBook.Entry::reference)
        .collect(toSet());
    return SiteSql.rows(site, "SELECT reference FROM attempt WHERE outcome IS NULL").stream()
        .map(row -> TypeId.format(TypeId.ATTEMPT, UUID.fromString(row.getFirst()))).filter(arrived::contains)
        .toList();
  }

  /** Whoever sends requests to a node once it is ready must never be turned away by it. */
  @Test
  void node_isReady_fromTheTimeWhenAllItsRolesWork_untilItIsToldToStop() throws Exception {
    var environment = onSharedServers();
    environment.put("MILLRACE_PROCESSOR_GROUP", "ready");
    environment.put("MILLRACE_API_LEAVE_DELAY", "1s");
    String api = "http://127.0.0.1:" + environment.get("MILLRACE_API_PORT");
    String ready = "http://127.0.0.1:" + environment.get("MILLRACE_OPS_PORT") + "/health/ready";
    var process = GatewayProcess.launch(environment, directory.resolve("ready.log"));
    try {
      var before = new ArrayList<Http.Answer>();
      Await.until(Duration.ofSeconds(90), "ready", () -> look(ready, before) == 200);
      assertThat(Http.get(api + "/v1/balances").status()).as("asked for its key at the very first")
          .isEqualTo(401);
      assertThat(members("ready")).isEqualTo(1);
      assertThat(members("ready-retry")).isEqualTo(1);
      assertThat(before.removeLast().json().getString("status")).isEqualTo("up");
      assertThat(before).isNotEmpty().allSatisfy(answer -> {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.json().getString("status")).isEqualTo("starting");
        assertThat(answer.json().getJsonArray("starting")).isNotEmpty();
      });
      process.destroy();
      var after = new ArrayList<Http.Answer>();
      Await.until(Duration.ofSeconds(10), "it leaves", () -> look(ready, after) == 503);
      Await.until(Duration.ofSeconds(40), "it is gone", () -> look(ready, after) == 0);
      assertThat(after).filteredOn(answer -> answer.status() == 503)
          .allSatisfy(answer -> assertThat(answer.json().getString("status")).isEqualTo("leaving"));
      assertThat(after.subList(
          after.indexOf(after.stream().filter(a -> a.status() == 503).findFirst().orElseThrow()),
          after.size())).as("not ready again").allMatch(answer -> answer.status() == 503);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** The status of one look, which is noted; 0 when nobody answers. */
  private static int look(String url, List<Http.Answer> seen) {
    try {
      seen.add(Http.get(url));
      return seen.getLast().status();
    } catch (UncheckedIOException e) {
      return 0;
    }
  }

  /** How many members a group of consumers has to which it has given their partitions. */
  private static int members(String group) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + site.ports().kafka()))) {
      return (int) admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get().members()
          .stream().filter(member -> !member.assignment().topicPartitions().isEmpty()).count();
    }
  }

  /** What somebody gets who starts it for the first time, kills it, starts it again and ends it properly. */
  @Test
  void embedded_killedAndStartedAgain_keepsEverythingAndCleansUp() throws Exception {
    var environment = embedded();
    String api = "http://127.0.0.1:" + environment.get("MILLRACE_API_PORT");
    Path log = directory.resolve("first.log");
    var first = GatewayProcess.launch(environment, log);
    String paid;
    List<ProcessHandle> orphans;
    try {
      awaitBanner(first, log);
      assertThat(Files.readString(log)).contains("API        " + api, "demo key   " + DEMO_KEY,
          "Try a payment:",
          "Ctrl-C drains and stops.");
      paid = settledPayment(api, "before");
      orphans = first.descendants().toList();
      assertThat(orphans).as("Postgres and Redis").hasSizeGreaterThan(1);
    } finally {
      first.destroyForcibly().waitFor();
    }
    assertThat(orphans).as("what a killed parent leaves").anyMatch(ProcessHandle::isAlive);
    Path again = directory.resolve("second.log");
    var second = GatewayProcess.launch(environment, again);
    var children = new ArrayList<ProcessHandle>();
    try {
      awaitBanner(second, again);
      assertThat(orphans).noneMatch(ProcessHandle::isAlive);
      assertThat(Http.get(api + "/v1/payments/" + paid, DEMO_KEY).json().getString("status"))
          .isEqualTo("settled");
      assertThat(
          Http.send("POST", api + "/v1/payments", Http.create(DEMO_KEY, "before"), SteadyLoad.visa(1)).json()
              .getString("id"))
          .as("the same key after the crash").isEqualTo(paid);
      settledPayment(api, "after");
      second.descendants().forEach(children::add);
      second.destroy();
      assertThat(second.waitFor(40, TimeUnit.SECONDS)).as("ends on SIGTERM").isTrue();
      assertThat(second.exitValue()).isEqualTo(143);
    } finally {
      second.destroyForcibly();
    }
    assertThat(children).as("what SIGTERM leaves").noneMatch(ProcessHandle::isAlive);
  }

  private static String settledPayment(String api, String key) {
    var answer = Http.send("POST", api + "/v1/payments", Http.create(DEMO_KEY, key), SteadyLoad.visa(1));
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    String id = answer.json().getString("id");
    Await.until(Duration.ofSeconds(30), id + " is settled",
        () -> Http.get(api + "/v1/payments/" + id, DEMO_KEY).json().getString("status").equals("settled"));
    return id;
  }

  private static void awaitBanner(Process process, Path log) {
    Await.until(Duration.ofSeconds(90), "Millrace is running", () -> {
      if (!process.isAlive()) throw new AssertionError("ended:\n" + text(log));
      return text(log).contains("Ctrl-C drains and stops.");
    });
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All roles by default, on ports and in a directory of their own. */
  private Map<String, String> embedded() {
    var environment = new HashMap<String, String>();
    environment.put("MILLRACE_DATA_DIRECTORY", directory.resolve("data").toString());
    for (String name : List.of("API", "OPS", "SIMULATOR", "EMBEDDED_POSTGRES", "EMBEDDED_REDIS",
        "EMBEDDED_KAFKA", "EMBEDDED_KAFKA_CONTROLLER")) {
      environment.put("MILLRACE_" + name + "_PORT", Integer.toString(TestServers.freePort()));
    }
    return environment;
  }

  /** Everything right for a start on the shared servers; the simulator and the API have free ports. */
  private Map<String, String> onSharedServers() {
    var ports = site.ports();
    var environment = new HashMap<>(embedded());
    environment.put("MILLRACE_ROLES", "simulator,api,relay,processor,settlement,ops");
    environment.put("MILLRACE_POSTGRES_URI",
        "postgresql://127.0.0.1:" + ports.postgres() + "/" + SiteSql.text(site, "SELECT current_database()"));
    environment.put("MILLRACE_REDIS_URI", "redis://127.0.0.1:" + ports.redis());
    environment.put("MILLRACE_KAFKA_BOOTSTRAP", "127.0.0.1:" + ports.kafka());
    environment.put("MILLRACE_KAFKA_TOPIC", site.topic());
    return environment;
  }

  private List<String> failedStart(Map<String, String> environment) throws Exception {
    Path log = directory.resolve("failed.log");
    var process = GatewayProcess.launch(environment, log);
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    var lines = Files.readAllLines(log);
    assertThat(process.exitValue()).as("%s", lines).isEqualTo(1);
    return lines;
  }
}
