package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Nothing is published here, as if Kafka had lost it all: only the janitor finds what is open. The provider
 * answers in another currency.
 */
class JanitorIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final long REVIEWED = 1_000_000;
  @RegisterExtension
  @Order(1)
  static final WrongCurrencyProvider PROVIDER = new WrongCurrencyProvider();
  @RegisterExtension
  @Order(2)
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,processor,ops", PROVIDER.settings(
      Map.of("MILLRACE_PROCESSOR_JANITOR_AGE", "1s", "MILLRACE_PROCESSOR_JANITOR_INTERVAL", "200ms")));

  private static String pay(long amount) {
    return FIXTURE.pay(SteadyLoad.body(amount, "usd", "pm_card_visa"));
  }

  private static void await(String payment, String status) { FIXTURE.awaitStatus(payment, status, SOON); }

  private static List<JsonObject> letters(String payment) {
    return FIXTURE.deadLetters("payment=" + payment);
  }

  /** Has the janitor take up everything that it knows to be open, now. */
  private static void hurry() {
    SiteSql.run(FIXTURE.site(), "UPDATE unresolved SET next_try = now()");
  }

  private static long tries(String payment) {
    return FIXTURE.site()
        .number("SELECT tries FROM unresolved WHERE payment_id = '" + GatewayFixture.uuid(payment) + "'");
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
    Await.until(SOON, "the janitor has passed it", () -> FIXTURE.site().number(
        "SELECT count(*) FROM unresolved WHERE payment_id = '" + GatewayFixture.uuid(id) + "'") == 0);
    var released = Http.send("POST", FIXTURE.gateway().opsUrl() + "/ops/payments/" + id + "/release",
        Map.of(),
        "{\"operator\":\"ann\"}");
    assertThat(released.status()).as(released.body()).isEqualTo(200);
    assertThat(tries(id)).as("it is watched").isZero();
    hurry();
    await(id, "unknown");
  }
}
