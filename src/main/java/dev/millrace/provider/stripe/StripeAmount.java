package dev.millrace.provider.stripe;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.MinorUnits;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * An amount in ISO 4217's minor units, from and to Stripe's, whose units are other ones in some currencies.
 *
 * @param currency in lower case
 * @see <a href="https://docs.stripe.com/currencies#minor-units">Stripe, supported currencies: minor units</a>
 * @see <a href="https://docs.stripe.com/currencies#special-cases">Stripe, supported currencies: special
 *   cases</a>
 */
record StripeAmount(long minor, String currency) {
  private static final int SHOWN_CHARS_MAX = 40;
  /**
   * Stripe's zero-decimal and three-decimal currencies and its special cases. The krona and the Ugandan
   * shilling have no fractions, yet are written with two decimals that are zeros; UGX stands in both of
   * Stripe's lists, and the special case is what its API does. Of a currency with three decimals the last
   * digit must be 0. That HUF and TWD are paid out in whole units only does not concern payments.
   */
  static final MinorUnits UNITS = new MinorUnits("""
    0     bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf
    2/100 isk ugx
    3/10  bhd jod kwd omr tnd""");

  /** Null where Stripe cannot take the amount. */
  static @Nullable Long write(long minor, String currency) {
    return UNITS.fromIso(minor, currency);
  }

  /** Why {@link #read} gives none: what stands there, as far as it is short. */
  static String unusable(JsonObject json, String field) {
    return "an amount that cannot be booked, `" + field + "` " + shown(json, field) + " in `currency` "
        + shown(json, "currency");
  }

  private static String shown(JsonObject json, String field) {
    String value = String.valueOf(json.getValue(field)).replace('\0', '?');
    return value.length() <= SHOWN_CHARS_MAX ? value : value.substring(0, SHOWN_CHARS_MAX) + "…";
  }

  /** The object's amount of this name, in the object's currency; null when it is no amount. */
  static @Nullable StripeAmount read(JsonObject json, String field) {
    Long value = JsonFields.amount(json, field);
    String currency = JsonFields.text(json, "currency");
    if (value == null || currency == null) return null;
    Long minor = UNITS.toIso(value, currency);
    return minor == null ? null : new StripeAmount(minor, currency);
  }
}
