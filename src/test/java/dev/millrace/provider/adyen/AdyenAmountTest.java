package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.CurrencyList;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AdyenAmountTest {
  private static JsonObject adyens(Object value, Object currency) {
    return new JsonObject().put("value", value).put("currency", currency);
  }

  /** Ours, Adyen's; the four of which Adyen says that its table leads. */
  @ParameterizedTest
  @CsvSource({"usd,1999,1999", "eur,1,1", "jpy,500,500", "kwd,1234,1234", "clp,500,50000", "isk,1,100",
      "cve,50000,500", "idr,1500000,15000", "vnd,7,7", "eur,99999999999,99999999999", "isk,5000,500000",
      "ugx,5000,5000", "ugx,5050,5050", "mga,100000,100000", "kwd,1005,1005", "lyd,1005,1005", "iqd,1,1",
      "clp,99999999999,9999999999900"})
  void amount_goesOutAndComesBack(String currency, long ours, long adyens) {
    var json = AdyenAmount.write(ours, currency);
    assertThat(json).isEqualTo(adyens(adyens, currency.toUpperCase(Locale.ROOT)));
    assertThat(AdyenAmount.read(json)).isEqualTo(new AdyenAmount(ours, currency));
  }

  @ParameterizedTest
  @CsvSource({"cve,50", "cve,101", "idr,1", "idr,150050"})
  void write_fractionOfAdyensUnit_isNull(String currency, long ours) {
    assertThat(AdyenAmount.write(ours, currency)).isNull();
  }

  /** With the loss of nothing, or not at all. */
  @Test
  void everyCurrency_roundTrips_orIsRefused() {
    var refused = new ArrayList<String>();
    for (String currency : CurrencyList.all()) {
      Long smallest = AdyenAmount.UNITS.smallest(currency);
      if (smallest == null) refused.add(currency);
      for (long ours : new long[]{1, 2, 5, 10, 99, 100, 1_005, 5_050, 100_000, 99_999_999_999L}) {
        var json = AdyenAmount.write(ours, currency);
        assertThat(json != null).as(ours + " " + currency)
            .isEqualTo(smallest != null && ours % smallest == 0);
        if (json != null) assertThat(AdyenAmount.read(json)).isEqualTo(new AdyenAmount(ours, currency));
      }
    }
    assertThat(refused).containsExactly("bif", "uyi");
  }

  @Test
  void read_fractionOfOurUnit_isNull() {
    assertThat(AdyenAmount.read(adyens(150, "CLP"))).isNull();
    assertThat(AdyenAmount.read(adyens(99, "ISK"))).isNull();
  }

  @Test
  void read_largerThanALong_isNull() {
    assertThat(AdyenAmount.read(adyens(Long.MAX_VALUE / 50, "IDR"))).isNull();
    assertThat(AdyenAmount.read(adyens(Long.MAX_VALUE, "EUR"))).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"value\":1}", "{\"currency\":\"EUR\"}",
      "{\"value\":0,\"currency\":\"EUR\"}",
      "{\"value\":-1,\"currency\":\"EUR\"}", "{\"value\":1.5,\"currency\":\"EUR\"}",
      "{\"value\":\"1\",\"currency\":\"EUR\"}", "{\"value\":1,\"currency\":\"XYZ\"}",
      "{\"value\":1,\"currency\":7}"})
  void read_whatIsNoAmount_isNull(String json) {
    assertThat(AdyenAmount.read(new JsonObject(json))).isNull();
    assertThat(AdyenAmount.read(null)).isNull();
  }
}
