package dev.millrace.provider;

import dev.millrace.payment.Currencies;
import dev.millrace.provider.Provider.Outcome;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The units in which a provider counts money, by its own published table, from and to ISO 4217's minor units.
 * An amount is converted exactly or not at all: nothing is ever rounded.
 *
 * <p>A line of the table has how many decimals its currencies have at the provider and, behind a stroke,
 * of how many of the provider's units every amount sent there must be a multiple: {@code 2/100 isk ugx}.
 * Currencies that the table does not name have two decimals, as at most providers. Where ISO 4217 says
 * otherwise of such a one, the provider has published no unit for it, and no amount of it is converted.
 */
public final class MinorUnits {
  private record Unit(int decimals, long multiple) {}

  private static final Unit UNNAMED = new Unit(2, 1);
  private final Map<String, Unit> named = new HashMap<>();

  /** {@code table}: its lines, currencies in lower case. */
  public MinorUnits(String table) {
    table.lines().forEach(line -> {
      String[] words = line.trim().split("\\s+");
      String[] unit = words[0].split("/");
      for (int i = 1; i < words.length; i++)
        named.put(words[i],
            new Unit(Integer.parseInt(unit[0]), unit.length == 1 ? 1 : Long.parseLong(unit[1])));
    });
  }

  /** The provider's units; null where it cannot take the amount, or has published no unit. */
  public @Nullable Long fromIso(long minor, String currency) {
    Unit unit = unit(currency);
    Long value = unit == null ? null : shifted(minor, more(unit, currency));
    return unit == null || value == null || value % unit.multiple != 0 ? null : value;
  }

  /** ISO 4217's minor units; null where it is no whole number of them, or no unit is published. */
  public @Nullable Long toIso(long value, String currency) {
    Unit unit = unit(currency);
    return unit == null ? null : shifted(value, -more(unit, currency));
  }

  /**
   * The smallest amount that the provider takes, in ISO 4217's minor units; all others are multiples of it.
   * Null where the provider has published no unit.
   */
  public @Nullable Long smallest(String currency) {
    Unit unit = unit(currency);
    if (unit == null) return null;
    int more = more(unit, currency);
    return more < 0 ? unit.multiple * power(-more) : unit.multiple / divisor(unit.multiple, power(more));
  }

  /** The outcome of an order that is not sent, because {@link #fromIso} is null. */
  public Outcome.Declined notSent(long minor, String currency) {
    Long smallest = smallest(currency);
    String why = smallest == null
        ? "This provider has published no unit for amounts in " + currency
            + ": route the currency to another account."
        : "This provider takes amounts in " + currency + " in multiples of " + smallest
            + " minor units only, and the amount is " + minor
            + ": ask for a multiple, or route the currency to another account.";
    return new Outcome.Declined(null, "amount_not_representable", null, why + " The order was not sent.",
        true);
  }

  private @Nullable Unit unit(String currency) {
    if (!Currencies.known(currency)) return null;
    Unit unit = named.get(currency);
    return unit != null ? unit : Currencies.exponent(currency) == UNNAMED.decimals ? UNNAMED : null;
  }

  /** How many decimals more than ISO 4217 the provider has. */
  private static int more(Unit unit, String currency) {
    return unit.decimals - Currencies.exponent(currency);
  }

  private static @Nullable Long shifted(long amount, int decimals) {
    long factor = power(Math.abs(decimals));
    if (decimals < 0) return amount % factor == 0 ? Long.valueOf(amount / factor) : null;
    return amount > Long.MAX_VALUE / factor ? null : Long.valueOf(amount * factor);
  }

  /** The greatest common one. */
  private static long divisor(long a, long b) {
    return b == 0 ? a : divisor(b, a % b);
  }

  private static long power(int exponent) {
    long power = 1;
    for (int i = exponent; i > 0; i--) power *= 10;
    return power;
  }
}
