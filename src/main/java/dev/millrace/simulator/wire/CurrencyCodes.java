package dev.millrace.simulator.wire;

import java.util.Currency;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The currencies of ISO 4217, in lower case, one instance each. */
public final class CurrencyCodes {
  private static final Map<String, String> KNOWN = known();

  private CurrencyCodes() {}

  /** The code in lower case; null if there is no such currency. */
  public static @Nullable String known(String code) {
    return KNOWN.get(code.toLowerCase(Locale.ROOT));
  }

  private static Map<String, String> known() {
    var known = new HashMap<String, String>();
    for (Currency currency : Currency.getAvailableCurrencies()) {
      String code = currency.getCurrencyCode().toLowerCase(Locale.ROOT);
      known.put(code, code);
    }
    return Map.copyOf(known);
  }
}
