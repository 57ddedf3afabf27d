package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayFixture;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What trying again cannot mend, before a provider that refuses or answers in the wrong currency: no window
 * is used.
 */
class PermanentRefusalIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  @RegisterExtension
  @Order(1)
  static final WrongCurrencyProvider PROVIDER = new WrongCurrencyProvider();
  @RegisterExtension
  @Order(2)
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,relay,processor,ops", PROVIDER.settings(
      Map.of("MILLRACE_PROCESSOR_RETRY_WINDOWS", "10m", "MILLRACE_PROCESSOR_JANITOR_AGE", "10m")));

  private static String pay(long amount) {
    return FIXTURE.pay(SteadyLoad.body(amount, "usd", "pm_card_visa"));
  }

  private static List<JsonObject> letters(String payment) {
    return FIXTURE.deadLetters("payment=" + payment);
  }

  private static void assertGivenUpAtOnce(String payment, String error) {
    Await.until(SOON, "a dead letter", () -> !letters(payment).isEmpty());
    var letter = letters(payment).getFirst();
    assertThat(letter.getString("task")).isEqualTo("charge");
    assertThat(letter.getInteger("attempts")).isEqualTo(1);
    assertThat(letter.getString("error")).isEqualTo(error);
    assertNoWindowUsed();
  }

  private static void assertNoWindowUsed() {
    assertThat(Http.get(FIXTURE.gateway().opsUrl() + "/metrics").body())
        .doesNotContain("millrace_retries_total{");
  }

  @Test
  void charge_inAnotherCurrency_isUnknownAndADeadLetterAtOnce() {
    String id = pay(1_999);
    assertGivenUpAtOnce(id, "currency_mismatch: in eur instead of usd");
    assertThat(FIXTURE.payment(id).getString("status")).isEqualTo("unknown");
  }

  @Test
  void charge_refusedAsABadRequest_isDeclined() {
    String id = pay(WrongCurrencyProvider.BAD_REQUEST);
    FIXTURE.awaitStatus(id, "declined", SOON);
    assertThat(letters(id)).isEmpty();
    assertNoWindowUsed();
  }

  @Test
  void record_ofNoPayment_isADeadLetterAtOnce() {
    String id = TypeId.format(TypeId.PAYMENT, TypeId.next());
    var record = new ProducerRecord<>(FIXTURE.site().topic(), 0, id, new byte[0]);
    record.headers().add("ce_type", "payment.capture_requested".getBytes(StandardCharsets.US_ASCII));
    EventTopic.send(FIXTURE.site(), List.of(Seals.sealed(FIXTURE.site(), record)));
    assertGivenUpAtOnce(id, "no such payment: " + id);
  }
}
