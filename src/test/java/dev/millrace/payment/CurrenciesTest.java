package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Currency;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CurrenciesTest {
  /** Every word of three letters that the list knows. */
  private static Set<String> all() {
    var known = new TreeSet<String>();
    for (char a = 'a'; a <= 'z'; a++) {
      for (char b = 'a'; b <= 'z'; b++) {
        for (char c = 'a'; c <= 'z'; c++) {
          String code = "" + a + b + c;
          if (Currencies.known(code)) known.add(code);
        }
      }
    }
    return known;
  }

  @ParameterizedTest
  @CsvSource({"usd, 2", "eur, 2", "gbp, 2", "chf, 2", "jpy, 0", "krw, 0", "isk, 0", "clp, 0", "ugx, 0",
      "xof, 0",
      "kwd, 3", "bhd, 3", "tnd, 3", "jod, 3", "huf, 2", "twd, 2", "mga, 2", "xcg, 2", "zwg, 2"})
  void exponent_ofAKnownCurrency(String code, int exponent) {
    assertThat(Currencies.known(code)).isTrue();
    assertThat(Currencies.exponent(code)).isEqualTo(exponent);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "us", "usdd", "USD", "Usd", " usd", "xyz", "dem", "frf", "hrk", "zwl", "sll",
      "ang",
      "xau", "xdr", "xts", "xxx", "btc"})
  void exponent_ofAnUnknownOne_refused(String code) {
    assertThat(Currencies.known(code)).isFalse();
    assertThatThrownBy(() -> Currencies.exponent(code)).isInstanceOf(IllegalArgumentException.class)
        .hasMessage("not an ISO 4217 currency in lower case: " + code.toLowerCase(Locale.ROOT));
  }

  @Test
  void list_isAboutAsLongAsTheStandards() {
    assertThat(all()).hasSizeBetween(150, 165);
  }

  /** The runtime's own table: for every country the currency it uses today, with its decimals. */
  @Test
  void list_holdsTheCurrencyOfEveryCountry() {
    var wrong = new TreeMap<String, String>();
    for (String country : Locale.getISOCountries()) {
      Currency currency = Currency.getInstance(Locale.of("", country));
      if (currency == null) continue;
      String code = currency.getCurrencyCode().toLowerCase(Locale.ROOT);
      if (!Currencies.known(code)) wrong.put(code, "missing, used in " + country);
      else
        if (Currencies.exponent(code) != currency.getDefaultFractionDigits())
          wrong.put(code, "not " + currency.getDefaultFractionDigits());
    }
    // Left behind by the runtime's table, not by the list: since replaced by xcg and zwg.
    wrong.keySet().removeAll(Set.of("ang", "zwl"));
    assertThat(wrong).isEmpty();
  }

  @Test
  void list_holdsNothingThatTheRuntimeDoesNotKnow() {
    var unknown = new TreeSet<>(all());
    Currency.getAvailableCurrencies()
        .forEach(currency -> unknown.remove(currency.getCurrencyCode().toLowerCase(Locale.ROOT)));
    // Younger than some runtimes.
    unknown.removeAll(Set.of("xcg", "zwg"));
    assertThat(unknown).isEmpty();
  }

  /** Bulgaria pays in euro since 1 January 2026. */
  @Test
  void list_lev_isNoLongerActive() {
    assertThat(Currencies.known("bgn")).isFalse();
  }
}
