package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Holds {@code openapi.yaml} itself to what it says: its routes, codes and examples, and that it refuses what
 * is wrong.
 */
class OpenApiFileIT {
  private static final List<HttpMethod> METHODS = List.of(HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT,
      HttpMethod.PATCH, HttpMethod.DELETE);
  private static final String PROVIDERS = "/webhooks/{provider}/{account}";
  private static final String RETURN = "/return/{id}/{token}";
  private static final Contract CONTRACT = new Contract(UnaryOperator.identity());

  @AfterAll
  static void close() {
    CONTRACT.close();
  }

  @Test
  void routes_ofTheFile_areThoseOfTheRouter() throws IOException {
    var documented = new TreeSet<String>();
    for (var operation : CONTRACT.parsed().operations())
      documented.add(operation.getHttpMethod() + " " + operation.getOpenAPIPath());
    for (String path : CONTRACT.parsed().getPaths().stream().map(p -> p.getName()).toList()) {
      for (HttpMethod method : METHODS) {
        int status = Http.send(method.name(), ApiSite.url(real(path)), Map.of(), null).status();
        int served = path.equals("/openapi.yaml")
            ? 200
            : path.equals(PROVIDERS) ? 400 : path.equals(RETURN) ? 404 : 401;
        assertThat(status).as(method + " " + path)
            .isEqualTo(documented.contains(method + " " + path) ? served : 405);
      }
    }
    // From outside nobody can see a route that the file does not know: the source tells. Providers have a
    // door of their own beside the router.
    documented.remove("POST " + PROVIDERS);
    assertThat(routesOfTheSource()).isEqualTo(documented);
  }

  /** There is nothing for an account that is not configured. */
  private static String real(String path) {
    return path.equals(PROVIDERS) ? "/webhooks/stripe/default" : path.replaceAll("[{}]", "");
  }

  private static Set<String> routesOfTheSource() throws IOException {
    var source = Files.readString(Path.of("src/main/java/dev/millrace/api/ApiVerticle.java"));
    var routes = new TreeSet<String>();
    var matcher = Pattern.compile("router\\s*\\.(get|post|put|patch|delete|route)\\(\"([^\"]+)\"")
        .matcher(source);
    while (matcher.find())
      routes.add(matcher.group(1).toUpperCase(Locale.ROOT) + " "
          + matcher.group(2).replaceAll(":(\\w+)", "{$1}"));
    return routes;
  }

  /** Every code that the source answers with stands in the contract, both in its schema and in its table. */
  @Test
  void codes_ofTheSource_areDocumented() throws IOException {
    var codes = new TreeSet<String>();
    var pattern = Pattern
        .compile("(?<!missing\\(|fault\\()\"([a-z]+(?:_[a-z]+)+)\",\\s*(?:\"[`A-Z(]|message)");
    try (var files = Files.list(Path.of("src/main/java/dev/millrace/api"))) {
      for (Path file : files.toList())
        pattern.matcher(Files.readString(file)).results().forEach(m -> codes.add(m.group(1)));
    }
    assertThat(codes).contains("parameter_unknown", "queue_full", "key_invalid").hasSizeGreaterThan(20);
    var schema = Contract.json(Contract.text()).getJsonObject("components").getJsonObject("schemas")
        .getJsonObject("ErrorCode").getJsonArray("enum");
    for (String code : codes) {
      assertThat(schema.contains(code)).as(code).isTrue();
      assertThat(Contract.text()).contains("| `" + code + "` |");
    }
  }

  /** Else an operation's answers would be held by no class of tests. */
  @Test
  void operations_ofTheFile_areHeldByOneClassEach() {
    for (var operation : CONTRACT.parsed().operations())
      assertThat(ContractCalls.ALL.stream().filter(tags -> tags.containsAll(operation.getTags())))
          .as(operation.getOperationId()).hasSize(1);
  }

  /** What this test is good for: it must see a field too many, one too few and a header too many. */
  @Test
  void contract_thatDoesNotFit_isNoticed() {
    var merchant = TestMerchant.create();
    String paid = merchant.pay(TestMerchant.VISA).json().getString("id");
    merchant.awaitStatus(paid, "settled");
    var payment = merchant.get("/v1/payments/" + paid);
    var mutations = Map.<String, UnaryOperator<String>>of(
        "a field that the schema lacks",
        text -> text.replace("        trace_id: {$ref: '#/components/schemas/TraceId'}\n"
            + "        created:", "        created:"),
        "a required field that is missing",
        text -> text.replace("required: [id, object, amount, currency, status,",
            "required: [id, nonsense, object, amount, currency, status,"),
        "another type", text -> text.replace("livemode: {type: boolean", "livemode: {type: string"),
        "another status", text -> text.replace("declined, settled, processing]\n", "declined, processing]\n"),
        "a header that is not documented",
        text -> text.replace("            Request-Id: ", "            X-Request-Id: "));
    assertNoticed(HttpMethod.GET, "/v1/payments/" + paid, payment, mutations);
  }

  @Test
  void contract_thatDoesNotFitWebhooks_isNoticed() {
    var merchant = TestMerchant.create();
    var created = merchant.send("POST", "/v1/webhook_endpoints",
        "{\"url\":\"https://shop.example/\",\"enabled_events\":[\"*\"],\"headers\":{\"a\":\"b\"}}");
    var tested = merchant.send("POST",
        "/v1/webhook_endpoints/" + created.json().getString("id") + "/test", null);
    String event = "/v1/events/" + tested.json().getString("id");
    Await.until(Duration.ofSeconds(10), event, () -> merchant.get(event).status() == 200);
    assertNoticed(HttpMethod.POST, "/v1/webhook_endpoints", created, Map.of(
        "a secret too many",
        text -> text.replace("schemas/WebhookEndpointWithSecret'", "schemas/WebhookEndpoint'"),
        "a field that the schema lacks",
        text -> text.replace("        failing_since:\n", "        other:\n"),
        "a header's value of another type", text -> text.replace(
            "additionalProperties: {type: string, minLength: 1, maxLength: 500, pattern",
            "additionalProperties: {type: integer, pattern")));
    assertNoticed(HttpMethod.GET, event, merchant.get(event), Map.of(
        "an event type too few",
        text -> text.replace("disabled, webhook_endpoint.test]\n", "disabled, webhook_endpoint.other]\n"),
        "data of no kind",
        text -> text.replace("            - $ref: '#/components/schemas/EndpointOfEvent'\n", "")));
  }

  private static void assertNoticed(HttpMethod method, String path, Http.Answer answer,
      Map<String, UnaryOperator<String>> mutations) {
    mutations.forEach((what, mutation) -> {
      assertThat(mutation.apply(Contract.text())).as(what).isNotEqualTo(Contract.text());
      try (var mutated = new Contract(mutation)) {
        assertThat(mutated.faultsOfAnswer(mutated.operation(method, path), answer.status(),
            Contract.lowerCase(answer), answer.bytes())).as(what).isNotEmpty();
      }
    });
  }

  /** Written out twice: generators of clients lose what may be null where one schema extends another. */
  @ParameterizedTest
  @CsvSource({"WebhookEndpoint,WebhookEndpointWithSecret,secret",
      "WebhookDelivery,WebhookDeliveryWithLog,attempts_log"})
  void schema_ofMore_hasOneFieldMoreThanThatOfLess(String less, String more, String field) {
    var schemas = Contract.json(Contract.text()).getJsonObject("components").getJsonObject("schemas");
    var extended = schemas.getJsonObject(more);
    extended.remove("description");
    assertThat(extended.getJsonObject("properties").remove(field)).isNotNull();
    assertThat(extended.getJsonArray("required").remove(field)).isTrue();
    assertThat(extended).isEqualTo(schemas.getJsonObject(less));
  }

  /** The examples are what a merchant copies. */
  @Test
  void examples_ofTheFile_fitTheirSchemas() {
    var raw = Contract.json(Contract.text());
    int seen = 0;
    for (var operation : CONTRACT.parsed().operations()) {
      var responses = raw.getJsonObject("paths").getJsonObject(operation.getOpenAPIPath())
          .getJsonObject(operation.getHttpMethod().name().toLowerCase(Locale.ROOT))
          .getJsonObject("responses");
      for (String status : responses.fieldNames()) {
        var content = resolved(raw, responses.getJsonObject(status)).getJsonObject("content",
            new JsonObject());
        for (String type : content.fieldNames()) {
          var examples = content.getJsonObject(type).getJsonObject("examples", new JsonObject());
          var schema = operation.getResponse(Integer.parseInt(status)).getContent().get(type).getSchema();
          for (String name : examples.fieldNames()) {
            seen++;
            var result = CONTRACT.parsed().getSchemaRepository().validator(schema)
                .validate(resolved(raw, examples.getJsonObject(name)).getValue("value"));
            assertThat(result.getValid()).as(operation.getOperationId() + " " + status + " " + name + ": "
                + result.getErrors()).isTrue();
          }
        }
      }
    }
    assertThat(seen).isGreaterThan(10);
  }

  private static JsonObject resolved(JsonObject raw, JsonObject object) {
    String ref = object.getString("$ref");
    if (ref == null) return object;
    JsonObject at = raw;
    for (String part : ref.substring(2).split("/")) at = at.getJsonObject(part);
    return at;
  }
}
