package dev.millrace.testing;

import dev.millrace.platform.TypeId;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A site of a class's own with one gateway and one merchant, started before its tests and ended after them;
 * and what such tests do again and again: pay, wait for a status, read events, metrics and dead letters.
 */
public final class GatewayFixture implements BeforeAllCallback, AfterAllCallback {
  private final String roles;
  private final Map<String, String> settings;
  private boolean simulator;
  private boolean webhooks;
  private Site site;
  private GatewayProcess gateway;
  private String merchant;

  private GatewayFixture(String roles, Map<String, String> settings) {
    this.roles = roles;
    this.settings = settings;
  }

  /** A gateway with these roles (comma-separated) and settings. */
  public static GatewayFixture of(String roles, Map<String, String> settings) {
    return new GatewayFixture(roles, settings);
  }

  /** With a simulator as a process of its own; {@code webhooks}: which tells the gateway what happens. */
  public GatewayFixture withSimulator(boolean webhooks) {
    this.simulator = true;
    this.webhooks = webhooks;
    return this;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    site = Site.on(TestServers.shared());
    int port = TestServers.freePort();
    if (simulator) site.startSimulator(webhooks ? Site.webhooksTo(port) : Map.of());
    var all = new HashMap<>(settings);
    all.put("MILLRACE_API_PORT", Integer.toString(port));
    gateway = site.start(roles, all);
    merchant = gateway.merchantKey();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    // Null when the start of it failed.
    if (site != null) site.close();
  }

  public Site site() { return site; }

  public GatewayProcess gateway() { return gateway; }

  /** The merchant's key. */
  public String merchant() { return merchant; }

  /** Creates a payment, under a key of its own; answers its id. */
  public String pay(String body) {
    var answer = Http.send("POST", gateway.apiUrl() + "/v1/payments",
        Http.create(merchant, UUID.randomUUID().toString()), body);
    if (answer.status() != 202) throw new AssertionError(answer.status() + " " + answer.body());
    return answer.json().getString("id");
  }

  public JsonObject payment(String id) {
    return Http.get(gateway.apiUrl() + "/v1/payments/" + id, merchant).json();
  }

  /** Waits until the payment has this status, and answers it. */
  public JsonObject awaitStatus(String id, String status, Duration bound) {
    try {
      Await.until(bound, id + " is " + status, () -> payment(id).getString("status").equals(status));
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + ", but " + payment(id).encode() + " " + types(id), e);
    }
    return payment(id);
  }

  /** The types of the payment's events, in the order of its versions. */
  public List<String> types(String id) {
    return site.query("SELECT type FROM journal WHERE subject = '" + uuid(id) + "' ORDER BY version",
        rows -> {
          var types = new ArrayList<String>();
          while (rows.next()) types.add(rows.getString(1));
          return types;
        });
  }

  /** A payment's id as the database has it. */
  public static UUID uuid(String payment) {
    return Objects.requireNonNull(TypeId.parse(TypeId.PAYMENT, payment));
  }

  /** Those that {@code query}, {@code payment=…} or {@code task=…}, finds. */
  public List<JsonObject> deadLetters(String query) {
    return deadLetters(gateway, query);
  }

  /** The same at another node. */
  public static List<JsonObject> deadLetters(GatewayProcess node, String query) {
    return Http.get(node.opsUrl() + "/ops/dead-letters?" + query).json().getJsonArray("data").stream()
        .map(JsonObject.class::cast).toList();
  }

  /** The sum of the gateway's metrics whose lines begin so, that is, over all tags that are not named. */
  public double metric(String beginning) {
    return metric(gateway, beginning);
  }

  /** The same of another node. */
  public static double metric(GatewayProcess node, String beginning) {
    return Http.get(node.opsUrl() + "/metrics").body().lines()
        .filter(l -> l.startsWith(beginning) && " {".indexOf(l.charAt(beginning.length())) >= 0)
        .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1))).sum();
  }
}
