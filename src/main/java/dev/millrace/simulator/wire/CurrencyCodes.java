package dev.millrace.simulator.wire;

import java.util.Collection;
import java.util.Collections;
import java.util.Currency;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The currencies of ISO 4217 as the JDK has them, in lower case, one instance each. */
public final class CurrencyCodes {
  private static final Map<String, String> KNOWN = known();

  private CurrencyCodes() {}

  /** The code in lower case; null if there is no such currency. */
  public static @Nullable String known(String code) {
    return KNOWN.get(code.toLowerCase(Locale.ROOT));
  }

  static Collection<String> all() {
    return Collections.unmodifiableCollection(KNOWN.values());
  }

  /** Decimals of the minor unit of a known currency; gold and the like have none. */
  static int decimals(String code) {
    return Math.max(0, Currency.getInstance(code.toUpperCase(Locale.ROOT)).getDefaultFractionDigits());
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
