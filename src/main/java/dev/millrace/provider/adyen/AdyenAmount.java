package dev.millrace.provider.adyen;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.MinorUnits;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An amount in ISO 4217's minor units, from and to Adyen's, whose minor units of some currencies have other
 * decimals.
 *
 * @param currency in lower case
 * @see <a href="https://docs.adyen.com/development-resources/currency-codes">Adyen, currency codes and minor
 *   units</a>
 */
record AdyenAmount(long minor, String currency) {
  /**
   * Adyen's table, but for the currencies that have two decimals there and in ISO 4217. In clp, cve, idr and
   * isk it differs from the standard; bif and uyi do not stand in it.
   */
  static final MinorUnits UNITS = new MinorUnits("""
    0 cve djf gnf idr jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf
    2 clp isk
    3 bhd iqd jod kwd lyd omr tnd""");

  /** Null where Adyen cannot take the amount, as with half a rupiah. */
  static @Nullable JsonObject write(long minor, String currency) {
    Long value = UNITS.fromIso(minor, currency);
    return value == null
        ? null
        : new JsonObject().put("currency", currency.toUpperCase(Locale.ROOT)).put("value", value);
  }

  /** Null when it is no amount of a known currency. */
  static @Nullable AdyenAmount read(@Nullable JsonObject json) {
    if (json == null) return null;
    Long value = JsonFields.amount(json, "value");
    String code = JsonFields.text(json, "currency");
    if (value == null || code == null) return null;
    String currency = code.toLowerCase(Locale.ROOT);
    Long minor = UNITS.toIso(value, currency);
    return minor == null ? null : new AdyenAmount(minor, currency);
  }
}
