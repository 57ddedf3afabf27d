package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Provider.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MinorUnitsTest {
  /** Of nobody: fewer decimals than ISO 4217, more, and multiples of either. */
  private static final MinorUnits UNITS = new MinorUnits("""
    0     mga jpy
    0/5   mru
    2/100 isk
    2/50  ugx
    2     clp
    3/10  kwd""");

  @ParameterizedTest
  @CsvSource({"usd,1999,1999,1", "jpy,500,500,1", "mga,100000,1000,100", "mru,1500,15,500",
      "isk,5000,500000,1",
      "ugx,3,300,1", "clp,7,700,1", "kwd,5050,5050,10"})
  void amount_goesOutAndComesBack(String currency, long iso, long theirs, long smallest) {
    assertThat(UNITS.fromIso(iso, currency)).isEqualTo(theirs);
    assertThat(UNITS.toIso(theirs, currency)).isEqualTo(iso);
    assertThat(UNITS.smallest(currency)).isEqualTo(smallest);
    assertThat(UNITS.fromIso(smallest, currency)).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({"mga,100050", "mga,1", "mru,1600", "kwd,1005", "kwd,5"})
  void fromIso_whatTheProviderCannotTake_isNull(String currency, long iso) {
    assertThat(UNITS.fromIso(iso, currency)).isNull();
  }

  /** What comes back is believed, be it a multiple or not, as long as it is whole. */
  @Test
  void toIso_isExactOrNull() {
    assertThat(UNITS.toIso(1_005, "kwd")).isEqualTo(1_005);
    assertThat(UNITS.toIso(5_050, "isk")).isNull();
    assertThat(UNITS.toIso(Long.MAX_VALUE / 50, "mga")).isNull();
    assertThat(UNITS.fromIso(Long.MAX_VALUE / 50, "clp")).isNull();
    assertThat(UNITS.fromIso(Long.MAX_VALUE, "usd")).isEqualTo(Long.MAX_VALUE);
  }

  /** No list names them, and two decimals would be a guess. */
  @Test
  void currency_withoutAPublishedUnit_isNotConverted() {
    for (String currency : new String[]{"lyd", "bif", "xyz", "USD", ""}) {
      assertThat(UNITS.fromIso(1_000, currency)).as(currency).isNull();
      assertThat(UNITS.toIso(1_000, currency)).as(currency).isNull();
      assertThat(UNITS.smallest(currency)).as(currency).isNull();
    }
  }

  @Test
  void notSent_saysWhyAndWhatToDo() {
    assertThat(UNITS.notSent(1_005, "kwd")).isEqualTo(new Outcome.Declined(null, "amount_not_representable",
        null,
        "This provider takes amounts in kwd in multiples of 10 minor units only, and the amount is 1005:"
            + " ask for a multiple, or route the currency to another account. The order was not sent.",
        true));
    assertThat(UNITS.notSent(5, "lyd")).isEqualTo(new Outcome.Declined(null, "amount_not_representable", null,
        "This provider has published no unit for amounts in lyd: route the currency to another account."
            + " The order was not sent.",
        true));
  }
}
