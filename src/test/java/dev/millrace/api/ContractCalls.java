package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import io.vertx.core.http.HttpMethod;
import io.vertx.openapi.contract.Operation;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/**
 * Real calls, held against {@code openapi.yaml}, and which of the answers that stand there they had. Closing
 * it asserts that those of some tags were all had: else a status could stay in the file that no call answers
 * any more.
 */
final class ContractCalls implements AutoCloseable {
  /** The tags of what each class of tests holds. */
  static final Set<String> PAYMENTS = Set.of("Payments", "Payers", "Ledger", "Idempotency", "Contract");
  static final Set<String> DISPUTES = Set.of("Disputes");
  static final Set<String> EVENTS = Set.of("Events");
  static final Set<String> WEBHOOKS = Set.of("Webhooks");
  static final Set<String> PROVIDERS = Set.of("Providers");
  static final List<Set<String>> ALL = List.of(PAYMENTS, DISPUTES, EVENTS, WEBHOOKS, PROVIDERS);
  static final String TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  /** What takes a fault of ours or of the storage's to be answered. */
  private static final Set<Integer> NOT_PROVOKED = Set.of(500, 503);
  private static final AtomicInteger KEYS = new AtomicInteger();

  private final Contract contract = new Contract(UnaryOperator.identity());
  private final Set<String> tags;
  private final Set<String> provoked = new TreeSet<>();

  ContractCalls(Set<String> tags) {
    this.tags = tags;
  }

  private boolean ours(Operation operation) { return operation.getTags().stream().anyMatch(tags::contains); }

  @Override
  public void close() {
    var documented = new TreeSet<String>();
    for (var operation : contract.parsed().operations())
      for (int status = 200; status < 600; status++)
        if (ours(operation) && operation.getResponse(status) != null && !NOT_PROVOKED.contains(status))
          documented.add(operation.getOperationId() + " " + status);
    contract.close();
    assertThat(provoked).isEqualTo(documented);
  }

  /** {@code headers} in lower case. */
  void assertFits(HttpMethod method, String path, int status, Map<String, String> headers, byte[] body) {
    var operation = contract.operation(method, path);
    assertThat(contract.faultsOfAnswer(operation, status, headers, body)).isEmpty();
    if (ours(operation)) provoked.add(operation.getOperationId() + " " + status);
  }

  Http.Answer assertCall(int status, HttpMethod method, String path, Map<String, String> headers,
      String body) {
    var answer = Http.send(method.name(), ApiSite.url(path), headers, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertFits(method, path, status, Contract.lowerCase(answer), answer.bytes());
    return answer;
  }

  /**
   * A request that is refused for what the contract does not say, or not at all, must be valid by the
   * contract.
   */
  Http.Answer assertValidCall(int status, HttpMethod method, String path, Map<String, String> headers,
      String body) {
    assertThat(faultsOfRequest(method.name(), path, headers, body)).isEmpty();
    return assertCall(status, method, path, headers, body);
  }

  /** A request that is wrong by the contract, and refused. */
  void assertInvalidCall(HttpMethod method, String path, Map<String, String> headers, String body) {
    assertThat(faultsOfRequest(method.name(), path, headers, body)).as(body).isNotEmpty();
    assertCall(400, method, path, headers, body);
  }

  String faultsOfRequest(String method, String path, Map<String, String> headers, String body) {
    return contract.faultsOfRequest(method, path, headers, body);
  }

  static Map<String, String> authorized(TestMerchant merchant) {
    return Map.of("Authorization", "Bearer " + merchant.key(), "traceparent", TRACEPARENT);
  }

  /** The headers of a call with a body, a key of its own included. */
  static Map<String, String> writing(TestMerchant merchant) {
    return Http.create(merchant.key(), "contract-call-" + KEYS.incrementAndGet(), "traceparent", TRACEPARENT);
  }

  /** A call that reads: answered, with one parameter too many, without a key and with a wrong one. */
  void assertRead(TestMerchant merchant, String path) {
    assertValidCall(200, HttpMethod.GET, path, authorized(merchant), null);
    assertCall(400, HttpMethod.GET, path + (path.contains("?") ? "&" : "?") + "nonsense=1",
        authorized(merchant), null);
    assertUnauthorized(HttpMethod.GET, path, null);
  }

  void assertUnauthorized(HttpMethod method, String path, String body) {
    var headers = new HashMap<>(writing(new TestMerchant("", "sk_test_nobody")));
    assertValidCall(401, method, path, headers, body);
    headers.remove("Authorization");
    assertValidCall(401, method, path, headers, body);
  }

  /** A call over the rate, and one with a key that may not, whatever else it is. */
  void assertLimited(HttpMethod method, String path, String body) {
    assertCall(403, method, path, writing(TestMerchant.withoutScopes()), body);
    var limited = TestMerchant.withRate(1);
    var answer = new AtomicReference<Http.Answer>();
    Await.until(Duration.ofSeconds(10), "429", () -> {
      answer.set(Http.send(method.name(), ApiSite.url(path), writing(limited), body));
      assertFits(method, path, answer.get().status(), Contract.lowerCase(answer.get()), answer.get().bytes());
      return answer.get().status() == 429;
    });
  }

  /** A call with a body that is too long, too slow, or of another type. */
  void assertBodyRefused(HttpMethod method, String path, TestMerchant merchant) {
    assertCall(413, method, path, writing(merchant), "{}" + " ".repeat(65_536));
    var text = new HashMap<>(writing(merchant));
    text.put("Content-Type", "text/plain");
    assertThat(faultsOfRequest(method.name(), path, text, "{}")).isNotEmpty();
    assertCall(415, method, path, text, "{}");
    try (var http = new RawHttp()) {
      var answer = http.send(RawHttp.head(method + " " + path, merchant,
          "Idempotency-Key: slow\r\nContent-Type: application/json\r\nContent-Length: 9\r\n")).answer();
      assertThat(answer.status()).isEqualTo(408);
      assertFits(method, path, 408, answer.headers(), answer.bytes());
    }
  }
}
