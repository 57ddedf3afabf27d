package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * A merchant who does everything that can be done with a payment, at a gateway with accounts over all three
 * wires. The currency chooses: usd goes to Stripe, eur to Adyen, gbp to Stripe and then to Adyen, chf to a
 * second account at Stripe with short lifetimes, ACH to the bank. Fees are taken of everything.
 */
public final class MerchantLife {
  static final Duration SOON = Duration.ofSeconds(20);
  public static final Map<String, String> SETTINGS = Map.ofEntries(
      Map.entry("MILLRACE_PROVIDER_ACCOUNTS", "stripe,adyen,bank,short=stripe"),
      Map.entry("MILLRACE_ROUTING_RULES",
          "ach -> bank,usd -> stripe,eur -> adyen,gbp -> stripe adyen,chf -> short"),
      Map.entry("MILLRACE_FEES_RULES", "provider * * card 290bp+30 return,gateway * * * 55bp+1 keep"),
      Map.entry("MILLRACE_PROVIDER_DEFAULTS_TIMEOUT", "800ms"),
      Map.entry("MILLRACE_PROVIDER_DEFAULTS_ABSENCE_AFTER", "2s"),
      Map.entry("MILLRACE_PROVIDER_DEFAULTS_BREAKER_CALLS_MIN", "1000"),
      Map.entry("MILLRACE_PROVIDER_SHORT_ACTION_LIFETIME", "1s"),
      Map.entry("MILLRACE_PROVIDER_SHORT_AUTHORIZATION_LIFETIME", "1s"),
      Map.entry("MILLRACE_PROCESSOR_RETRY_WINDOWS", "300ms,500ms,1s,2s,4s,8s"),
      Map.entry("MILLRACE_PROCESSOR_JANITOR_AGE", "5s"),
      Map.entry("MILLRACE_PROCESSOR_JANITOR_INTERVAL", "1s"),
      Map.entry("MILLRACE_INBOX_PARK_WINDOWS", "300ms,500ms,1s,2s,4s"),
      Map.entry("MILLRACE_SETTLEMENT_INTERVAL", "100ms"));

  final Site site;
  final GatewayProcess gateway;
  private final String merchant;

  private MerchantLife(Site site, GatewayProcess gateway) {
    this.site = site;
    this.gateway = gateway;
    this.merchant = gateway.merchantKey();
  }

  /** A simulator that tells the gateway by webhooks, and a gateway with every role. */
  static MerchantLife on(Site site, Map<String, String> more) {
    int port = TestServers.freePort();
    var all = new HashMap<>(SETTINGS);
    all.put("MILLRACE_API_PORT", Integer.toString(port));
    all.putAll(more);
    var simulator = new HashMap<>(SETTINGS);
    simulator.putAll(Site.webhooksTo(port));
    site.startSimulator(simulator);
    return new MerchantLife(site, site.start("api,relay,processor,settlement,ops", all));
  }

  Http.Answer post(String path, String body) { return post(path, UUID.randomUUID().toString(), body); }

  Http.Answer post(String path, String key, String body) {
    return Http.send("POST", gateway.apiUrl() + path, Http.create(merchant, key), body);
  }

  Map<String, String> headers(String key) { return Http.create(merchant, key); }

  Http.Answer get(String path) { return Http.get(gateway.apiUrl() + path, merchant); }

  /** A payment's id. {@code more}: further members of the body, each with a comma before it. */
  String pay(String method, String currency, long amount, String more) {
    var answer = post("/v1/payments", "{\"amount\":" + amount + ",\"currency\":\"" + currency
        + "\",\"payment_method\":\"" + method + "\"" + more + "}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return answer.json().getString("id");
  }

  String authorize(String method, String currency, long amount) {
    String id = pay(method, currency, amount, ",\"capture\":\"manual\"");
    await(id, "authorized");
    return id;
  }

  String charge(String method, String currency, long amount) {
    String id = pay(method, currency, amount, "");
    await(id, "settled");
    return id;
  }

  JsonObject payment(String id) { return get("/v1/payments/" + id).json(); }

  JsonObject await(String id, String status) {
    var last = new JsonObject[1];
    try {
      Await.until(SOON, id + " is " + status, () -> {
        last[0] = payment(id);
        return last[0].getString("status").equals(status);
      });
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "; it is " + last[0] + " after " + types(id) + "; attempts "
          + attempts(id), e);
    }
    return last[0];
  }

  /** Asks for it and expects to be taken at the word. */
  JsonObject ask(String id, String what, String body) {
    var answer = post("/v1/payments/" + id + "/" + what, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return answer.json();
  }

  /** Asks for it and expects 409; answers the problem's detail. */
  String refused(String id, String what, String body, String code) {
    var answer = post("/v1/payments/" + id + "/" + what, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(409);
    assertThat(answer.code()).isEqualTo(code);
    return answer.json().getString("detail");
  }

  /** How the refund ended. */
  JsonObject refunded(String id, String refund, String status) {
    var last = new JsonObject[1];
    Await.until(SOON, refund + " is " + status, () -> {
      last[0] = get("/v1/payments/" + id + "/refunds/" + refund).json();
      return last[0].getString("status").equals(status);
    });
    return last[0];
  }

  static UUID uuid(String payment) {
    return Objects.requireNonNull(TypeId.parse(TypeId.PAYMENT, payment));
  }

  /** Its events, without their common beginning. */
  List<String> types(String id) {
    return SiteSql.rows(site, "SELECT type FROM journal WHERE subject = '" + uuid(id) + "' ORDER BY version")
        .stream()
        .map(row -> row.getFirst().replace("payment.", "")).toList();
  }

  /** Kind, provider and outcome of its calls. */
  List<List<String>> attempts(String id) {
    return SiteSql.rows(site,
        "SELECT kind, provider, outcome, detail FROM attempt WHERE payment_id = '" + uuid(id)
            + "' ORDER BY started, number");
  }

  /** Our reference of its last call of this kind. */
  String reference(String id, String kind) {
    return TypeId.format(TypeId.ATTEMPT, UUID.fromString(SiteSql.text(site,
        "SELECT reference FROM attempt WHERE payment_id = '" + uuid(id) + "' AND kind = '" + kind
            + "' ORDER BY started DESC LIMIT 1")));
  }

  /** Has the simulator do something of its own accord. */
  void simulate(String path, JsonObject body) {
    var answer = Http.send("POST", site.simulatorUrl() + path, Map.of(), body.encode());
    if (answer.status() != 200) throw new AssertionError(answer.status() + " " + answer.body());
  }

  /**
   * The payer does, or refuses, what the provider's page wants; answers where the browser is sent in the end.
   */
  String act(String url, String outcome) {
    var page = Http.send("POST", url, Map.of("Content-Type", "application/x-www-form-urlencoded"),
        "outcome=" + outcome);
    assertThat(page.status()).as(page.body()).isEqualTo(303);
    var back = Http.get(page.header("Location"));
    assertThat(back.status()).as(back.body()).isEqualTo(303);
    return back.header("Location");
  }

  void assertConsistent() {
    BookAudit.awaitRest(site, gateway, SOON);
    Await.until(SOON, "no operation is open and everything is settled", () -> site.number("""
      SELECT (SELECT count(*) FROM operation WHERE status IN ('requested', 'submitted', 'unknown'))
           + (SELECT count(*) FROM (SELECT FROM posting WHERE account LIKE 'merchant\\_pending:%'
                                        OR account LIKE 'provider\\_receivable:%'
                                     GROUP BY account, currency HAVING sum(amount) <> 0) p)""") == 0);
    BookAudit.assertConsistent(site, gateway);
  }
}
