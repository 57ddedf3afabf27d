package dev.millrace.simulator.wire;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * In which units a wire says amounts, by its provider's published table; the book has all amounts in ISO
 * 4217's minor units, so that those of different wires can be added up. Nothing here comes from the gateway:
 * what the two make of the same number is compared by tests.
 */
public final class WireUnits {
  /** As ISO 4217 has them. */
  public static final WireUnits ISO = new WireUnits();

  /** {@code wire}: decimals of the wire's unit; {@code iso}: of ISO 4217's. */
  private record Decimals(int wire, int iso) {}

  private final Map<String, Decimals> currencies = new HashMap<>();

  private WireUnits() {
    for (String code : CurrencyCodes.all()) {
      int iso = CurrencyCodes.decimals(code);
      currencies.put(code, new Decimals(iso, iso));
    }
  }

  /**
   * Of a provider's table: the currencies that have no decimals there, two and three. All others have two;
   * where ISO 4217 says otherwise of such a one, the provider does not have it.
   */
  public WireUnits(String none, String two, String three) {
    for (String code : CurrencyCodes.all()) {
      int iso = CurrencyCodes.decimals(code);
      if (iso == 2) {
        currencies.put(code, new Decimals(2, iso));
      }
    }
    name(none, 0);
    name(two, 2);
    name(three, 3);
  }

  private void name(String codes, int decimals) {
    for (String code : codes.split(" ", -1)) {
      currencies.put(code, new Decimals(decimals, CurrencyCodes.decimals(code)));
    }
  }

  /** Whether the provider has the currency. */
  public boolean has(String currency) {
    return currencies.containsKey(currency);
  }

  /** What the wire's number is in the book; null where it is a fraction there, or does not fit a long. */
  public @Nullable Long booked(long value, String currency) {
    Decimals decimals = of(currency);
    if (decimals.wire == decimals.iso) {
      return value;
    }
    try {
      return BigDecimal.valueOf(value, decimals.wire).movePointRight(decimals.iso).longValueExact();
    } catch (ArithmeticException e) {
      return null; // The wire's own error says it.
    }
  }

  /**
   * How the wire says what is in the book. Only a book of before the wire had this table has amounts that it
   * cannot say exactly: they are rounded down.
   */
  public long told(long minor, String currency) {
    Decimals decimals = of(currency);
    return decimals.wire == decimals.iso
        ? minor
        : BigDecimal.valueOf(minor, decimals.iso).movePointRight(decimals.wire)
            .setScale(0, RoundingMode.DOWN).longValue();
  }

  /** The least amount in the book that the wire can say; it says the multiples of it. */
  public long least(String currency) {
    Decimals decimals = of(currency);
    return Math.max(1, BigDecimal.ONE.movePointRight(decimals.iso - decimals.wire).longValue());
  }

  private Decimals of(String currency) {
    Decimals decimals = currencies.get(currency);
    if (decimals != null) {
      return decimals;
    }
    int iso = CurrencyCodes.decimals(currency);
    return new Decimals(iso, iso);
  }
}
