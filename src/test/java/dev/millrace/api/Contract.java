package dev.millrace.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.millrace.testing.Http;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.OpenAPIContract;
import io.vertx.openapi.contract.Operation;
import io.vertx.openapi.contract.Parameter;
import io.vertx.openapi.validation.RequestValidator;
import io.vertx.openapi.validation.ResponseValidator;
import io.vertx.openapi.validation.ValidatableResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The contract as a judge of real requests and answers. */
final class Contract implements AutoCloseable {
  private static final String YAML = "application/yaml";
  private static final String EVENTS = "text/event-stream";
  private static final String PAGE = "text/html; charset=utf-8";
  /** Media types that the validators do not know, and stand-ins that they treat alike. */
  private static final Map<String, String> STAND_INS = Map.of("application/problem+json",
      "application/vnd.problem+json", YAML, "application/json", EVENTS, "application/json", PAGE,
      "application/json");
  /** Headers of HTTP itself, which OpenAPI leaves out. */
  private static final Set<String> OF_HTTP = Set.of("content-type", "content-length", "connection", "date",
      "transfer-encoding");
  private static final int JUDGE_S_MAX = 20;

  private final Vertx vertx = Vertx.vertx();
  private final OpenAPIContract contract;
  private final ResponseValidator answers;
  private final HttpServer requests;

  /** {@code mutation} may change the contract's text before it is read. */
  Contract(UnaryOperator<String> mutation) {
    contract = await(OpenAPIContract.from(vertx, json(mutation.apply(text()))));
    answers = ResponseValidator.create(vertx, contract);
    var validator = RequestValidator.create(vertx, contract);
    requests = await(
        vertx.createHttpServer().requestHandler(r -> judge(validator, r)).listen(0, "127.0.0.1"));
  }

  static String text() {
    try (var in = Contract.class.getResourceAsStream("/openapi.yaml")) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonObject json(String yaml) {
    String known = yaml;
    for (var standIn : STAND_INS.entrySet())
      known = known.replace(standIn.getKey() + ":\n", standIn.getValue() + ":\n");
    try {
      return new JsonObject(new ObjectMapper(new YAMLFactory()).readTree(known).toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void judge(RequestValidator validator, HttpServerRequest request) {
    validator.validate(request).onSuccess(v -> request.response().end())
        .onFailure(e -> request.response().setStatusCode(422).end(String.valueOf(e.getMessage())));
  }

  OpenAPIContract parsed() { return contract; }

  Operation operation(HttpMethod method, String path) {
    var operation = contract.findOperation(path.split("\\?", 2)[0], method);
    if (operation == null) throw new AssertionError("not in the contract: " + method + " " + path);
    return operation;
  }

  /** The headers of an answer, their names in lower case. */
  static Map<String, String> lowerCase(Http.Answer answer) {
    var headers = new HashMap<String, String>();
    answer.headers().map().forEach((name, values) -> headers.put(name, String.join(", ", values)));
    return headers;
  }

  /** What is wrong with a request by the contract, or an empty text. */
  String faultsOfRequest(String method, String path, Map<String, String> headers, String body) {
    var verdict = Http.send(method, "http://127.0.0.1:" + requests.actualPort() + path, headers, body);
    return verdict.status() == 200 ? "" : method + " " + path + ": " + verdict.body();
  }

  /** What is wrong with an answer by the contract, or an empty text. {@code headers} in lower case. */
  String faultsOfAnswer(Operation operation, int status, Map<String, String> headers, byte[] body) {
    var documented = operation.getResponse(status);
    if (documented == null) return operation.getOperationId() + ": status " + status + " is not documented";
    var names = documented.getHeaders().stream().map(Parameter::getName)
        .collect(Collectors.toMap(n -> n.toLowerCase(Locale.ROOT), n -> n));
    var named = new HashMap<String, String>();
    for (var header : headers.entrySet()) {
      if (OF_HTTP.contains(header.getKey())) continue;
      if (!names.containsKey(header.getKey()))
        return operation.getOperationId() + " " + status + ": header " + header.getKey()
            + " is not documented";
      // The validator takes a value that begins with a quote for JSON.
      String value = header.getValue();
      named.put(names.get(header.getKey()), value.startsWith("\"") ? Json.encode(value) : value);
    }
    String type = headers.getOrDefault("content-type", "");
    boolean text = type.equals(YAML) || type.equals(EVENTS) || type.equals(PAGE);
    var judged = Buffer
        .buffer(text ? Json.encode(new String(body, UTF_8)).getBytes(UTF_8) : body);
    var answer = ValidatableResponse.create(status, named, judged, STAND_INS.getOrDefault(type, type));
    try {
      await(answers.validate(answer, operation.getOperationId()));
      return "";
    } catch (AssertionError e) {
      return operation.getOperationId() + " " + status + ": " + e.getCause().getMessage() + " in "
          + new String(body, UTF_8);
    }
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(JUDGE_S_MAX, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    await(vertx.close());
  }
}
