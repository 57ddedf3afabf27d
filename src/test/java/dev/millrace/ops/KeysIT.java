package dev.millrace.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Merchants' keys: what they are bound to, and how they end. */
class KeysIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int RATE = 90_000;
  private static Site site;
  private static GatewayProcess gateway;
  private static String merchant;

  @BeforeAll
  static void start() {
    site = Site.on(TestServers.shared());
    gateway = site.start("api,ops",
        Map.of("MILLRACE_API_TRUSTED_PROXIES", "127.0.0.1", "MILLRACE_API_RATE", Integer.toString(RATE)));
    merchant = ops("/ops/merchants", "{\"name\":\"Keys\",\"operator\":\"ada\"}").getString("merchant");
  }

  @AfterAll
  static void stop() { site.close(); }

  private static Http.Answer post(String path, String body) {
    return Http.send("POST", gateway.opsUrl() + path, Map.of("Content-Type", "application/json"), body);
  }

  private static JsonObject ops(String path, String body) {
    var answer = post(path, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  private static JsonObject made(String settings) {
    return ops("/ops/merchants/" + merchant + "/keys", "{\"operator\":\"ada\"" + settings + "}");
  }

  private static Http.Answer get(JsonObject key, String from) {
    return Http.send("GET", gateway.apiUrl() + "/v1/payments",
        Map.of("Authorization", "Bearer " + key.getString("key"), "X-Forwarded-For", from), "");
  }

  private static int status(JsonObject key) { return get(key, "198.51.100.9").status(); }

  private static JsonObject listed(JsonObject key) {
    JsonArray all = Http.get(gateway.opsUrl() + "/ops/merchants/" + merchant + "/keys").json()
        .getJsonArray("data");
    return all.stream().map(JsonObject.class::cast)
        .filter(one -> one.getString("id").equals(key.getString("id"))).findFirst().orElseThrow();
  }

  @Test
  void key_isListedByWhatItIs_andNowhereItself() {
    var key = made(
        ",\"key_name\":\"shop\",\"rate\":70,\"networks\":[\"198.51.100.0/24\"],\"expires_in\":600");
    assertThat(key.getString("key")).startsWith("sk_test_").hasSize(40).startsWith(key.getString("prefix"));
    assertThat(TypeId.parse(TypeId.KEY, key.getString("id"))).isNotNull();
    var read = listed(key);
    assertThat(read.getString("prefix")).hasSize(12);
    assertThat(read.getString("key_name")).isEqualTo("shop");
    assertThat(read.getInteger("rate")).isEqualTo(70);
    assertThat(read.getJsonArray("networks")).containsExactly("198.51.100.0/24");
    assertThat(read.getLong("expires") - read.getLong("created")).isBetween(599L, 601L);
    assertThat(read.getValue("last_used")).isNull();
    assertThat(read.getValue("revoked")).isNull();
    assertThat(read.containsKey("key")).isFalse();
    var refused = made(",\"networks\":[\"203.0.113.1\"]");
    assertThat(status(refused)).isEqualTo(401);
    assertThat(status(key)).isEqualTo(200);
    Await.until(SOON, "its use is noted", () -> listed(key).getLong("last_used") != null);
    assertThat(listed(refused).getValue("last_used")).as("it let nobody in").isNull();
    assertThat(listed(key).getLong("last_used")).isBetween(read.getLong("created"),
        Instant.now().getEpochSecond());
    assertThat(site.number("SELECT count(*) FROM api_key k WHERE k::text LIKE '%" + key.getString("key")
        + "%'")).isZero();
    assertThat(site.number("SELECT count(*) FROM audit a WHERE a::text LIKE '%" + key.getString("key")
        + "%'")).isZero();
    assertThat(site.number("SELECT count(*) FROM audit WHERE act = 'create_key' AND operator = 'ada'"
        + " AND data ->> 'id' = '" + key.getString("id") + "'")).isEqualTo(1);
  }

  @Test
  void networks_areWhereItMayBeUsedFrom() {
    var key = made(",\"networks\":[\"10.0.0.0/8\",\"192.0.2.7\",\"2001:db8::/32\"]");
    for (String from : new String[]{"10.1.2.3", "192.0.2.7", "2001:db8:1::5", "1.1.1.1, 10.9.9.9"})
      assertThat(get(key, from).status()).as(from).isEqualTo(200);
    for (String from : new String[]{"11.1.2.3", "192.0.2.8", "2001:db9::1", "10.1.2.3, 11.0.0.1",
        "nowhere"}) {
      var answer = get(key, from);
      assertThat(answer.status()).as(from).isEqualTo(401);
      assertThat(answer.json().getJsonObject("error").getString("code")).isEqualTo("key_invalid");
    }
  }

  @Test
  void key_thatHasExpired_letsNobodyIn() {
    var key = made(",\"expires_in\":2");
    assertThat(status(key)).isEqualTo(200);
    Await.until(SOON, "it has expired", () -> status(key) == 401);
    assertThat(Instant.now().getEpochSecond()).isGreaterThanOrEqualTo(key.getLong("expires"));
    assertThat(post("/ops/keys/" + key.getString("id") + "/roll", "{\"operator\":\"ada\"}").status())
        .isEqualTo(409);
  }

  @Test
  void rolledKey_worksAsLongAsItOverlaps() {
    var old = made(
        ",\"key_name\":\"till\",\"scopes\":{\"payments\":\"read\"},\"rate\":700,\"networks\":[\"198.51.100.0/24\"]");
    var next = ops("/ops/keys/" + old.getString("id") + "/roll", "{\"overlap\":3,\"operator\":\"ada\"}");
    for (String field : new String[]{"key_name", "rate", "networks", "livemode", "merchant", "scopes"})
      assertThat(next.getValue(field)).as(field).isEqualTo(old.getValue(field));
    assertThat(next.getValue("expires")).isNull();
    assertThat(next.getString("key")).isNotEqualTo(old.getString("key"));
    assertThat(next.getJsonObject("rolled").getString("id")).isEqualTo(old.getString("id"));
    assertThat(status(old)).isEqualTo(200);
    assertThat(status(next)).isEqualTo(200);
    Await.until(SOON, "the old one has ended", () -> status(old) == 401);
    assertThat(status(next)).isEqualTo(200);
    assertThat(site.number("SELECT count(*) FROM audit WHERE act = 'roll_key' AND data ->> 'rolled' = '"
        + old.getString("id") + "' AND data ->> 'id' = '" + next.getString("id") + "'")).isEqualTo(1);
    // An overlap never makes a key last longer.
    var brief = made(",\"expires_in\":60");
    ops("/ops/keys/" + brief.getString("id") + "/roll", "{\"operator\":\"ada\"}");
    assertThat(listed(brief).getLong("expires")).isEqualTo(brief.getLong("expires"));
  }

  @Test
  void revokedKey_endsItsStreams_andNoOthers() throws IOException, InterruptedException {
    var key = made("");
    var other = made("");
    try (var client = HttpClient.newHttpClient()) {
      var ended = read(client, key);
      var goesOn = read(client, other);
      ops("/ops/keys/" + key.getString("id") + "/revoke", "{\"operator\":\"ada\"}");
      Await.until(SOON, "its stream has ended", ended::isDone);
      assertThat(goesOn.isDone()).isFalse();
      Await.until(SOON, "it lets nobody in", () -> status(key) == 401);
      assertThat(status(other)).isEqualTo(200);
      assertThat(listed(key).getLong("revoked")).isNotNull();
      assertThat(post("/ops/keys/" + key.getString("id") + "/revoke", "{\"operator\":\"ada\"}").status())
          .isEqualTo(404);
      assertThat(ops("/ops/keys/revoke", "{\"key\":\"" + other.getString("key") + "\",\"operator\":\"ada\"}")
          .getString("id")).isEqualTo(other.getString("id"));
      Await.until(SOON, "the other one's has ended too", goesOn::isDone);
    }
  }

  /** Done when the stream is over, by whatever end. */
  private static CompletableFuture<Void> read(HttpClient client, JsonObject key)
      throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(gateway.apiUrl() + "/v1/events/stream"))
        .header("Authorization", "Bearer " + key.getString("key")).build();
    var answer = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    assertThat(answer.statusCode()).isEqualTo(200);
    return CompletableFuture.runAsync(() -> {
      try (var body = answer.body()) {
        while (body.read() >= 0) Thread.onSpinWait();
      } catch (IOException e) {
        // It was cut off.
      }
    });
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    {"payments":"read"}                     | 200 403 403 403 403 403
    {"payments":"write"}                    | 200 400 403 403 403 403
    {"refunds":"write","payments":"none"}   | 403 403 404 403 403 403
    {"refunds":"read"}                      | 403 403 403 403 403 403
    {"disputes":"read","balances":"read"}   | 403 403 403 200 200 403
    {"webhooks":"write","events":"write"}   | 403 403 403 403 403 200
    {}                                      | 403 403 403 403 403 403
    """)
  void restrictedKey_mayDoWhatItsScopesSay(String scopes, String statuses) {
    var key = made(",\"scopes\":" + scopes);
    assertThat(key.getString("key")).startsWith("rk_test_");
    assertThat(listed(key).getJsonObject("scopes")).hasSize(6);
    var asked = new String[]{"GET /v1/payments", "POST /v1/payments",
        "POST /v1/payments/pay_01jd3w5ynkfxmrx1v0a9s2e4zg/refunds", "GET /v1/disputes", "GET /v1/balances",
        "GET /v1/webhook_endpoints"};
    var expected = statuses.split(" ");
    for (int i = 0; i < asked.length; i++) {
      String[] call = asked[i].split(" ");
      var answer = Http.send(call[0], gateway.apiUrl() + call[1],
          Http.create(key.getString("key"), "scoped-" + key.getString("id")),
          call[0].equals("POST") ? "{}" : null);
      assertThat(answer.status()).as("%s %s", asked[i], answer.body())
          .isEqualTo(Integer.parseInt(expected[i]));
      if (answer.status() == 403)
        assertThat(answer.json().getJsonObject("error").getString("code")).isEqualTo("scope_missing");
    }
  }

  @Test
  void keyWithoutARateOfItsOwn_hasTheOneForAll() {
    assertThat(get(made(""), "198.51.100.9").header("RateLimit-Policy")).contains("q=" + RATE);
    assertThat(get(made(",\"rate\":5"), "198.51.100.9").header("RateLimit-Policy")).contains("q=5;");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    ,"rate":0                  | rate
    ,"rate":1.5                | rate
    ,"networks":"10.0.0.0/8"   | networks
    ,"networks":["10.0.0.0/33"] | networks
    ,"networks":["shop.example"] | networks
    ,"networks":[7]            | networks
    ,"networks":[""]           | networks
    ,"expires_in":0            | expires_in
    ,"expires_in":-5           | expires_in
    ,"expires_in":"60"         | expires_in
    ,"expires_in":99999999     | expires_in
    ,"key_name":""             | key_name
    ,"key_name":"4242424242424242" | key_name
    ,"livemode":"yes"          | livemode
    ,"scopes":["payments"]     | scopes
    ,"scopes":"all"            | scopes
    ,"scopes":{"payment":"read"} | scopes
    ,"scopes":{"payments":"all"} | payments
    ,"scopes":{"payments":true} | payments
    ,"scope":{}                | scope
    """)
  void settingThatIsWrong_isNamed_andNothingIsMade(String settings, String field) {
    long before = site.number("SELECT count(*) FROM api_key");
    var answer = post("/ops/merchants/" + merchant + "/keys", "{\"operator\":\"ada\"" + settings + "}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.json().getString("error")).contains("`" + field + "`");
    assertThat(site.number("SELECT count(*) FROM api_key")).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"/ops/merchants/mer_01jd3w5ynkfxmrx1v0a9s2e4zg/keys", "/ops/merchants/nobody/keys",
      "/ops/keys/key_01jd3w5ynkfxmrx1v0a9s2e4zg/revoke", "/ops/keys/key_01jd3w5ynkfxmrx1v0a9s2e4zg/roll",
      "/ops/keys/nothing/roll", "/ops/keys/nothing/revoke"})
  void whatIsNotThere_isNotFound(String path) {
    assertThat(post(path, "{\"operator\":\"ada\"}").status()).isEqualTo(404);
    if (path.endsWith("/keys")) assertThat(Http.get(gateway.opsUrl() + path).status()).isEqualTo(404);
  }
}
