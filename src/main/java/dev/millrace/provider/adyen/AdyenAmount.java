package dev.millrace.provider.adyen;

import dev.millrace.payment.Currencies;
import dev.millrace.provider.JsonFields;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.Map;
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
  /** Decimals where Adyen's differ. */
  private static final Map<String, Integer> DECIMALS = Map.of("clp", 2, "cve", 0, "idr", 0, "isk", 2);

  /** Null where Adyen's unit is larger than the amount's last digits, as with half a rupiah. */
  static @Nullable JsonObject write(long minor, String currency) {
    Long value = shifted(minor, more(currency));
    return value == null
        ? null
        : new JsonObject().put("currency", currency.toUpperCase(Locale.ROOT)).put("value", value);
  }

  /** Null when it is no amount of a known currency. */
  static @Nullable AdyenAmount read(@Nullable JsonObject json) {
    if (json == null) return null;
    Long value = JsonFields.amount(json, "value");
    String code = JsonFields.text(json, "currency");
    String currency = code == null ? "" : code.toLowerCase(Locale.ROOT);
    if (value == null || !Currencies.known(currency)) return null;
    Long minor = shifted(value, -more(currency));
    return minor == null ? null : new AdyenAmount(minor, currency);
  }

  /** How many decimals more than ISO 4217 Adyen has. */
  private static int more(String currency) {
    int iso = Currencies.exponent(currency);
    return DECIMALS.getOrDefault(currency, iso) - iso;
  }

  private static @Nullable Long shifted(long amount, int decimals) {
    long factor = 1;
    for (int i = Math.abs(decimals); i > 0; i--) factor *= 10;
    if (decimals < 0) return amount % factor == 0 ? Long.valueOf(amount / factor) : null;
    return amount > Long.MAX_VALUE / factor ? null : Long.valueOf(amount * factor);
  }
}
