package dev.millrace.provider.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.CurrencyList;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class StripeAmountTest {
  private static JsonObject object(Object amount, Object currency) {
    return new JsonObject().put("amount", amount).put("currency", currency);
  }

  /** Ours, Stripe's; by Stripe's page of currencies. */
  @ParameterizedTest
  @CsvSource({"usd,1999,1999", "eur,1,1", "jpy,500,500", "clp,500,500", "xpf,7,7", "isk,5000,500000",
      "isk,1,100", "ugx,5000,500000", "ugx,5050,505000", "mga,100000,1000", "mga,100,1", "kwd,5050,5050",
      "bhd,10,10", "jod,20,20", "omr,30,30", "tnd,1000,1000", "huf,1999,1999", "twd,1999,1999", "idr,150,150",
      "cve,150,150", "eur,99999999999,99999999999", "isk,99999999999,9999999999900"})
  void amount_goesOutAndComesBack(String currency, long ours, long stripes) {
    assertThat(StripeAmount.write(ours, currency)).isEqualTo(stripes);
    assertThat(StripeAmount.read(object(stripes, currency), "amount"))
        .isEqualTo(new StripeAmount(ours, currency));
  }

  @ParameterizedTest
  @CsvSource({"mga,1", "mga,50", "mga,100050", "bhd,1", "jod,5", "kwd,1005", "omr,999", "tnd,1234",
      "iqd,1000", "lyd,1000", "uyi,1000"})
  void write_whatStripeCannotTake_isNull(String currency, long ours) {
    assertThat(StripeAmount.write(ours, currency)).isNull();
  }

  /** With the loss of nothing, or not at all. */
  @Test
  void everyCurrency_roundTrips_orIsRefused() {
    var refused = new ArrayList<String>();
    for (String currency : CurrencyList.all()) {
      Long smallest = StripeAmount.UNITS.smallest(currency);
      if (smallest == null) refused.add(currency);
      for (long ours : new long[]{1, 2, 5, 10, 99, 100, 1_005, 5_050, 100_000, 99_999_999_999L}) {
        Long stripes = StripeAmount.write(ours, currency);
        assertThat(stripes != null).as(ours + " " + currency)
            .isEqualTo(smallest != null && ours % smallest == 0);
        if (stripes != null)
          assertThat(StripeAmount.read(object(stripes, currency), "amount")).as(ours + " " + currency)
              .isEqualTo(new StripeAmount(ours, currency));
      }
    }
    assertThat(refused).containsExactly("iqd", "lyd", "uyi");
  }

  @Test
  void read_fractionOfOurUnit_isNull() {
    assertThat(StripeAmount.read(object(5_050, "isk"), "amount")).isNull();
    assertThat(StripeAmount.read(object(99, "ugx"), "amount")).isNull();
  }

  /** Stripe never has one; were it to say so, then so it is. */
  @Test
  void read_threeDecimalsNotEndingInZero_isBelieved() {
    assertThat(StripeAmount.read(object(1_005, "kwd"), "amount")).isEqualTo(new StripeAmount(1_005, "kwd"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"amount\":1}", "{\"currency\":\"eur\"}",
      "{\"amount\":0,\"currency\":\"eur\"}", "{\"amount\":-1,\"currency\":\"eur\"}",
      "{\"amount\":1.5,\"currency\":\"eur\"}", "{\"amount\":\"1\",\"currency\":\"eur\"}",
      "{\"amount\":1,\"currency\":\"xyz\"}", "{\"amount\":1,\"currency\":7}",
      "{\"amount\":1000,\"currency\":\"lyd\"}"})
  void read_whatIsNoAmount_isNull(String json) {
    assertThat(StripeAmount.read(new JsonObject(json), "amount")).isNull();
  }
}
