package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the image runs: the class path that Maven's profile {@code production} makes, started against servers
 * that it did not start itself.
 */
class ProductionClassPathIT {
  private static final Path PRODUCTION = Path.of("target", "production").toAbsolutePath();
  private static List<Path> jars;
  @TempDir
  private Path directory;

  /** Has Maven do what `mvn -Pproduction package` does after the compilation that these tests ran after. */
  @BeforeAll
  static void build() throws Exception {
    if (Files.exists(PRODUCTION)) {
      try (Stream<Path> stale = Files.walk(PRODUCTION)) {
        stale.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      }
    }
    var maven = new ProcessBuilder(Path.of(System.getProperty("maven.home"), "bin", "mvn").toString(), "-B",
        "-q", "-Pproduction", "jar:jar", "dependency:copy-dependencies");
    Path log = Path.of("target", "it", "production.log");
    Files.createDirectories(log.getParent());
    var building = maven.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(building.waitFor(5, TimeUnit.MINUTES)).as("Maven ends").isTrue();
    assertThat(building.exitValue()).as(Files.readString(log)).isZero();
    try (Stream<Path> made = Files.list(PRODUCTION)) {
      jars = made.filter(jar -> jar.toString().endsWith(".jar")).sorted().toList();
    }
  }

  private static List<String> entries(Path jar) {
    try (var file = new JarFile(jar.toFile())) {
      return file.stream().map(entry -> entry.getName()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void classPath_hasTheGatewayAndNothingForTryingOut() {
    var ours = jars.stream().filter(jar -> jar.getFileName().toString().startsWith("millrace-"))
        .flatMap(jar -> entries(jar).stream()).toList();
    assertThat(ours).contains("dev/millrace/Millrace.class", "openapi.yaml", "config/millrace.yaml")
        .noneMatch(name -> name.startsWith("dev/millrace/simulator/")
            || name.startsWith("dev/millrace/embedded/"));
    assertThat(jars.stream().map(jar -> jar.getFileName().toString()))
        .anyMatch(name -> name.startsWith("kafka-clients-"))
        .anyMatch(name -> name.startsWith("flyway-core-")).anyMatch(name -> name.startsWith("postgresql-"))
        .noneMatch(name -> name.startsWith("kafka_2.13-") || name.startsWith("kafka-server")
            || name.startsWith("scala-") || name.startsWith("rocksdbjni-") || name.startsWith("embedded-")
            || name.startsWith("commons-compress-") || name.startsWith("xz-")
            || name.startsWith("log4j-"));
  }

  @Test
  void gateway_onExternalServers_migratesAndTakesAPayment() throws Exception {
    try (var site = Site.on(TestServers.shared())) {
      var environment = environment(site, "api,relay,processor,settlement,notifier,ops");
      Path log = directory.resolve("gateway.log");
      var gateway = start(environment, log);
      try {
        String ops = "http://127.0.0.1:" + environment.get("MILLRACE_OPS_PORT");
        Await.until(Duration.ofSeconds(60), "the gateway is ready; its log is " + log, () -> {
          if (!gateway.isAlive()) throw new AssertionError("the gateway ended:\n" + text(log));
          return ready(ops + "/health/ready");
        });
        String key = Http.send("POST", ops + "/ops/merchants", Map.of("Content-Type", "application/json"),
            "{\"name\":\"Bookshop\",\"operator\":\"test\"}").json().getString("key");
        var payment = new JsonObject().put("amount", 1999).put("currency", "usd")
            .put("payment_method", "pm_card_visa").put("reference", "order-1");
        var answer = Http.send("POST",
            "http://127.0.0.1:" + environment.get("MILLRACE_API_PORT") + "/v1/payments",
            Http.create(key, "order-1"), payment.encode());
        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        assertThat(site.number("SELECT count(*) FROM payment")).isEqualTo(1);
        assertThat(text(log)).doesNotContain("NoClassDefFoundError", "ClassNotFoundException");
        gateway.destroy();
        assertThat(gateway.waitFor(40, TimeUnit.SECONDS)).as("ends on SIGTERM").isTrue();
        assertThat(gateway.exitValue()).isEqualTo(143);
      } finally {
        gateway.destroyForcibly();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"simulator,the simulator", "servers,the embedded servers"})
  void roleForTryingOut_isRefusedInOneLine(String role, String part) throws Exception {
    try (var site = Site.on(TestServers.shared())) {
      Path log = directory.resolve("refused.log");
      var refused = start(environment(site, role + ",api"), log);
      try {
        assertThat(refused.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
      } finally {
        refused.destroyForcibly();
      }
      assertThat(refused.exitValue()).as(text(log)).isEqualTo(1);
      assertThat(text(log).lines().filter(line -> line.startsWith("millrace: "))).hasSize(1)
          .allSatisfy(line -> assertThat(line).contains("production build does not contain " + part)
              .contains("take `" + role + "` out of `roles`"));
      assertThat(text(log)).doesNotContain("\tat ", "start_failed");
    }
  }

  @Test
  void rebuild_ofAnEmbeddedPostgres_isRefusedInOneLine() throws Exception {
    Path log = directory.resolve("rebuild.log");
    var environment = Map.of("MILLRACE_EMBEDDED_POSTGRES_PORT", Integer.toString(TestServers.freePort()),
        "MILLRACE_DATA_DIRECTORY", directory.toString());
    var refused = start(environment, log, "rebuild");
    try {
      assertThat(refused.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
    } finally {
      refused.destroyForcibly();
    }
    assertThat(refused.exitValue()).as(text(log)).isNotZero();
    assertThat(text(log)).contains("millrace: the production build does not contain the embedded servers")
        .doesNotContain("\tat ");
  }

  private Map<String, String> environment(Site site, String roles) {
    var environment = new HashMap<>(Map.of("MILLRACE_ROLES", roles, "MILLRACE_POSTGRES_MIGRATE", "true",
        "MILLRACE_POSTGRES_URI", site.postgresUri(site.ports().postgres()),
        "MILLRACE_REDIS_URI", site.redisUri(site.ports().redis()),
        "MILLRACE_KAFKA_BOOTSTRAP", "127.0.0.1:" + site.ports().kafka(),
        "MILLRACE_KAFKA_TOPIC", site.topic(), "MILLRACE_PROCESSOR_GROUP", site.group(),
        "MILLRACE_DATA_DIRECTORY", directory.toString()));
    environment.put("MILLRACE_KAFKA_RETRY_TOPIC", site.group() + ".retry");
    environment.put("MILLRACE_API_PORT", Integer.toString(TestServers.freePort()));
    environment.put("MILLRACE_OPS_PORT", Integer.toString(TestServers.freePort()));
    environment.put("MILLRACE_SIMULATOR_PORT", Integer.toString(site.simulatorPort()));
    return environment;
  }

  private static Process start(Map<String, String> environment, Path log, String... arguments)
      throws IOException {
    var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx512m", "-XX:+UseParallelGC", "--sun-misc-unsafe-memory-access=allow",
        "-Dio.netty.noUnsafe=false", "--enable-native-access=ALL-UNNAMED",
        "-Dmillrace.exit-with-parent=true", "-cp", PRODUCTION + File.separator + "*",
        "dev.millrace.Millrace"));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("MILLRACE_"));
    builder.environment().putAll(environment);
    return builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  private static boolean ready(String url) {
    try {
      return Http.get(url).status() == 200;
    } catch (UncheckedIOException e) { // Nobody listens yet.
      return false;
    }
  }

  private static String text(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
