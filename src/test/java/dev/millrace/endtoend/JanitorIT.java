package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Nothing is published here, as if Kafka had lost it all: only the janitor finds what is open. The provider answers in another currency. */
class JanitorIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final long REVIEWED = 1_000_000;
  private static HttpServer provider;
  private static Site site;
  private static GatewayProcess gateway;
  private static String merchant;

  @BeforeAll
  static void start() throws IOException {
    byte[] answer = ("{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"succeeded\",\"amount\":1999,"
        + "\"amount_received\":1999,\"currency\":\"eur\"}").getBytes(StandardCharsets.UTF_8);
    provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    provider.createContext("/", exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    provider.start();
    site = Site.on(TestServers.shared());
    gateway = site.start("api,processor,ops",
        Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe", "MILLRACE_ROUTING_RULES", "card -> stripe",
            "MILLRACE_PROVIDER_STRIPE_URL", "http://127.0.0.1:" + provider.getAddress().getPort(),
            "MILLRACE_PROVIDER_STRIPE_WEBHOOK_SECRETS", "whsec_own", "MILLRACE_PROCESSOR_JANITOR_AGE", "1s",
            "MILLRACE_PROCESSOR_JANITOR_INTERVAL", "200ms"));
    merchant = gateway.merchantKey();
  }

  @AfterAll
  static void stop() {
    site.close();
    provider.stop(0);
  }

  private static String pay(long amount) {
    return Http.send("POST", gateway.apiUrl() + "/v1/payments",
        Http.create(merchant, UUID.randomUUID().toString()), SteadyLoad.body(amount, "usd", "pm_card_visa"))
        .json()
        .getString("id");
  }

  private static void await(String payment, String status) {
    Await.until(SOON, payment + " is " + status,
        () -> Http.get(gateway.apiUrl() + "/v1/payments/" + payment, merchant).json().getString("status")
            .equals(status));
  }

  private static List<JsonObject> letters(String payment) {
    return Http.get(gateway.opsUrl() + "/ops/dead-letters?payment=" + payment).json().getJsonArray("data")
        .stream().map(JsonObject.class::cast).toList();
  }

  /** Has the janitor take up everything that it knows to be open, now. */
  private static void hurry() {
    try (var connection = site.database(); var statement = connection.createStatement()) {
      statement.execute("UPDATE unresolved SET next_try = now()");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long tries(String payment) {
    return site
        .number("SELECT tries FROM unresolved WHERE payment_id = '" + MerchantLife.uuid(payment) + "'");
  }

  @Test
  void payment_thatIsStuck_isADeadLetter_once() {
    String id = pay(1_999);
    await(id, "unknown");
    Await.until(SOON, "a dead letter", () -> !letters(id).isEmpty());
    long before = tries(id);
    Await.until(SOON, "it is looked at again and again", () -> {
      hurry();
      return tries(id) >= before + 3;
    });
    assertThat(letters(id)).hasSize(1);
    var letter = letters(id).getFirst();
    assertThat(letter.getString("error")).isEqualTo("currency_mismatch: in eur instead of usd");
    assertThat(letter.getString("status")).isEqualTo("open");
  }

  @Test
  void payment_thatIsReleased_isFound() {
    String id = pay(REVIEWED);
    await(id, "in_review");
    Await.until(SOON, "the janitor has passed it", () -> site.number(
        "SELECT count(*) FROM unresolved WHERE payment_id = '" + MerchantLife.uuid(id) + "'") == 0);
    var released = Http.send("POST", gateway.opsUrl() + "/ops/payments/" + id + "/release", Map.of(),
        "{\"operator\":\"ann\"}");
    assertThat(released.status()).as(released.body()).isEqualTo(200);
    assertThat(tries(id)).as("it is watched").isZero();
    hurry();
    await(id, "unknown");
  }
}
