package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Merchants speak ISO 4217's minor units, each provider its own, and what the one side orders is what the
 * other books. The card's first digits choose the provider.
 */
class CurrencyUnitsIT {
  private static final String AT_STRIPE = ",\"payment_method_bin\":\"411111\"";
  private static final String AT_ADYEN = ",\"payment_method_bin\":\"522222\"";
  private static final String AT_STRIPE_THEN_ADYEN = ",\"payment_method_bin\":\"633333\"";
  private static final String MANUAL = ",\"capture\":\"manual\"";
  private static MerchantLife life;

  @BeforeAll
  static void start() {
    life = MerchantLife.on(Site.on(TestServers.shared()), Map.of("MILLRACE_ROUTING_RULES",
        "bin:4111 -> stripe,bin:5222 -> adyen,bin:6333 -> stripe adyen,card -> short,ach -> bank"));
  }

  /** After all of it, every krona is where the provider's book says it is. */
  @AfterAll
  static void audit() {
    try {
      life.assertConsistent();
    } finally {
      life.site.close();
    }
  }

  private static String at(String provider) { return provider.equals("stripe") ? AT_STRIPE : AT_ADYEN; }

  /** The book's line of the payment's charge. */
  private static SimulatorBook.Entry booked(String id) {
    String reference = life.reference(id, "charge");
    return SimulatorBook.of(life.site).entries().stream().filter(e -> e.reference().equals(reference))
        .findFirst().orElseThrow();
  }

  /** What the provider says itself of a payment at Stripe. */
  private static JsonObject atStripe(String id) {
    var answer = Http.send("GET", life.site.simulatorUrl() + "/v1/payment_intents/"
        + life.payment(id).getString("provider_reference"),
        Map.of("Authorization", "Bearer sk_test_simulator"), "");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  @ParameterizedTest
  @CsvSource({"isk,5000,500000", "ugx,5000,500000", "ugx,5050,505000", "mga,100000,1000", "kwd,5050,5050",
      "jpy,5000,5000", "clp,5000,5000", "idr,150050,150050"})
  void charge_atStripe_isWhatStripeReads(String currency, long amount, long stripes) {
    String id = life.pay("pm_card_visa", currency, amount, AT_STRIPE);
    var payment = life.await(id, "settled");
    assertThat(payment.getLong("amount_charged")).isEqualTo(amount);
    assertThat(atStripe(id).getLong("amount_received")).isEqualTo(stripes);
    assertThat(booked(id).captured()).isEqualTo(amount);
  }

  @ParameterizedTest
  @CsvSource({"stripe,isk,5000,2000", "stripe,ugx,5050,50", "stripe,mga,100000,20000", "stripe,kwd,5050,10",
      "adyen,isk,5000,2000", "adyen,ugx,5000,50", "adyen,mga,100000,2050", "adyen,kwd,1005,5",
      "adyen,clp,5000,1", "adyen,idr,150000,5000"})
  void part_isCaptured_refunded_andDisputed(String provider, String currency, long amount, long part) {
    String id = life.pay("pm_card_visa", currency, amount, at(provider) + MANUAL);
    assertThat(life.await(id, "authorized").getLong("amount_authorized")).isEqualTo(amount);
    assertThat(booked(id).authorized()).isEqualTo(amount);
    life.ask(id, "capture", "{\"amount\":" + (amount - part) + "}");
    assertThat(life.await(id, "settled").getLong("amount_captured")).isEqualTo(amount - part);
    var refund = life.ask(id, "refunds", "{\"amount\":" + part + "}");
    life.refunded(id, refund.getString("id"), "succeeded");
    assertThat(life.payment(id).getLong("amount_refunded")).isEqualTo(part);
    assertThat(booked(id).captured()).isEqualTo(amount - part);
    assertThat(booked(id).refunded()).isEqualTo(part);
  }

  @ParameterizedTest
  @CsvSource({"stripe,isk,5000", "stripe,ugx,5050", "stripe,mga,100000", "stripe,kwd,5050", "adyen,isk,5000",
      "adyen,mga,100000", "adyen,kwd,1005"})
  void dispute_isOfWhatWasCharged(String provider, String currency, long amount) {
    String id = life.pay("pm_sim_dispute_lost", currency, amount, at(provider));
    life.await(id, "charged_back");
    assertThat(booked(id).disputed()).isEqualTo(amount);
  }

  @ParameterizedTest
  @CsvSource({"kwd,1005,multiples of 10", "mga,100050,multiples of 100", "lyd,5000,no unit"})
  void charge_thatStripeCannotTake_isDeclinedUnsent(String currency, long amount, String why) {
    String id = life.pay("pm_card_visa", currency, amount, AT_STRIPE);
    var failure = life.await(id, "declined").getJsonObject("failure");
    assertThat(failure.getString("code")).isEqualTo("amount_not_representable");
    assertThat(failure.getString("message")).contains(currency, why);
    String reference = life.reference(id, "charge");
    assertThat(SimulatorBook.of(life.site).entries()).noneMatch(e -> e.reference().equals(reference));
  }

  @Test
  void charge_thatStripeCannotTake_isTakenByTheNextAccount() {
    String id = life.pay("pm_card_visa", "kwd", 1_005, AT_STRIPE_THEN_ADYEN);
    assertThat(life.await(id, "settled").getString("provider")).isEqualTo("adyen");
    assertThat(booked(id).captured()).isEqualTo(1_005);
  }

  /** Nothing is lost by it: another part can be asked for. */
  @Test
  void part_thatStripeCannotTake_failsUnsent() {
    String id = life.pay("pm_card_visa", "kwd", 5_050, AT_STRIPE + MANUAL);
    life.await(id, "authorized");
    life.ask(id, "capture", "{\"amount\":1005}");
    Await.until(MerchantLife.SOON, "the capture failed", () -> life.types(id).contains("capture_failed"));
    life.ask(id, "capture", "{\"amount\":1000}");
    life.await(id, "settled");
    var refund = life.ask(id, "refunds", "{\"amount\":5}");
    assertThat(
        life.refunded(id, refund.getString("id"), "failed").getJsonObject("failure").getString("code"))
        .isEqualTo("amount_not_representable");
    refund = life.ask(id, "refunds", "{\"amount\":10}");
    life.refunded(id, refund.getString("id"), "succeeded");
    assertThat(booked(id).operations()).as("in the book: one capture, one refund").isEqualTo(2);
  }
}
