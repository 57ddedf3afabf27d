package dev.millrace.simulator.adyen;

import dev.millrace.simulator.book.Entry.Extras;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.PaymentMethod.Rail;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.book.Terms;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.ChargeParams;
import dev.millrace.simulator.wire.CheckResult;
import dev.millrace.simulator.wire.CurrencyCodes;
import dev.millrace.simulator.wire.Instruction;
import dev.millrace.simulator.wire.JsonBody;
import dev.millrace.simulator.wire.ReturnUrl;
import dev.millrace.simulator.wire.WireUnits;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Checks the parameters of Adyen's calls, in Adyen's words. What a payment is asked for beside these is taken
 * and has no effect.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Checkout/71/post/payments">Adyen: /payments</a>
 * @see <a href="https://docs.adyen.com/development-resources/currency-codes">Adyen: currency codes and minor
 *   units</a>
 */
final class AdyenForms {
  static final WireUnits UNITS = new WireUnits(
      "cve djf gnf idr jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf", "clp isk",
      "bhd iqd jod kwd lyd omr tnd");
  private static final int TEXT_CHARS_MAX = 80;
  private static final int URL_CHARS_MAX = 1_024;

  private AdyenForms() {}

  /** {@code page}: the address this provider was called by. */
  static CheckResult payment(JsonBody body, String page) {
    AdyenError missing = missing(body, "merchantAccount", "reference");
    if (missing != null) {
      return missing;
    }
    AdyenError amount = amountError(body);
    if (amount != null) {
      return amount;
    }
    String returnUrl = body.text("returnUrl");
    if (returnUrl != null && !ReturnUrl.valid(returnUrl, URL_CHARS_MAX)) {
      return AdyenError.invalid("702", "Field 'returnUrl' is not valid.");
    }
    if (!"scheme".equals(body.text("paymentMethod.type"))) {
      return AdyenError.invalid("140", "Field 'paymentMethod.type' must be scheme.");
    }
    String token = body.text("paymentMethod.storedPaymentMethodId");
    PaymentMethod method = token == null ? null : PaymentMethod.of(token);
    if (method == null) {
      return AdyenError.invalid("803", "PaymentDetail not found");
    }
    if (method.rail() == Rail.ACH) {
      return new AdyenError(422, "905_1",
          "Could not find an acquirer account for the provided txvariant (ach), "
              + "currency (" + body.text("amount.currency") + "), and action (AUTH).",
          "configuration", false);
    }
    String metadata = body.members("metadata");
    var terms = new Terms(Wire.ADYEN, manual(body), false, body.text("merchantAccount"), returnUrl, page)
        .keptFor(method);
    return new ChargeParams(amount(body), currency(body), method, body.text("reference"),
        metadata.isEmpty() ? null : new Extras(null, metadata), terms);
  }

  /** A delay of hours is longer than any test: it waits for a capture as a manual one does. */
  private static boolean manual(JsonBody body) {
    Long hours = body.whole("captureDelayHours");
    return "true".equals(body.text("additionalData.manualCapture")) || (hours != null && hours > 0);
  }

  /** A capture or a refund: {@code kind} says which. */
  static CheckResult modification(JsonBody body, Kind kind, Entry entry) {
    AdyenError refusal = refusal(body, entry);
    AdyenError amount = refusal != null ? refusal : amountError(body);
    return amount != null
        ? amount
        : Instruction.of(entry.ordinal(), kind, body.text("reference")).amount(amount(body))
            .currency(currency(body));
  }

  /** A cancellation or a reversal, always of the whole payment: {@code kind} says which. */
  static CheckResult whole(JsonBody body, Kind kind, Entry entry) {
    AdyenError refusal = refusal(body, entry);
    return refusal != null ? refusal : Instruction.of(entry.ordinal(), kind, body.text("reference"));
  }

  private static @Nullable AdyenError refusal(JsonBody body, Entry entry) {
    AdyenError missing = missing(body, "merchantAccount");
    if (missing != null) {
      return missing;
    }
    String reference = body.text("reference");
    if (reference != null && reference.length() > TEXT_CHARS_MAX) {
      return AdyenError.invalid("702", "Field 'reference' is too long.");
    }
    return Objects.equals(body.text("merchantAccount"), entry.terms().account())
        ? null
        : AdyenError.merchantAccount();
  }

  private static @Nullable AdyenError missing(JsonBody body, String... fields) {
    for (String field : fields) {
      String text = body.text(field);
      if (text == null) {
        return AdyenError.missing(field);
      }
      if (text.length() > TEXT_CHARS_MAX) {
        return AdyenError.invalid("702", "Field '" + field + "' is too long.");
      }
    }
    return null;
  }

  private static @Nullable AdyenError amountError(JsonBody body) {
    if (!body.has("amount")) {
      return AdyenError.invalid("100", "No amount specified");
    }
    Long value = body.whole("amount.value");
    if (value == null || value < 1) {
      return AdyenError.invalid("137", "Invalid amount specified");
    }
    String currency = body.text("amount.currency");
    String known = currency == null ? null : CurrencyCodes.known(currency);
    if (known == null || !UNITS.has(known) || !upper(known).equals(currency)) {
      return AdyenError.invalid("138", "Unsupported currency specified");
    }
    // Also a fraction of a krona: the book has none.
    Long minor = UNITS.booked(value, known);
    return minor == null || minor > Entry.AMOUNT_MAX
        ? AdyenError.invalid("137", "Invalid amount specified")
        : null;
  }

  private static long amount(JsonBody body) {
    Long value = body.whole("amount.value");
    Long minor = value == null ? null : UNITS.booked(value, currency(body));
    return minor == null ? 0 : minor;
  }

  private static String currency(JsonBody body) {
    String currency = body.text("amount.currency");
    String known = currency == null ? null : CurrencyCodes.known(currency);
    return known == null ? "" : known;
  }

  static String upper(String currency) {
    return currency.toUpperCase(Locale.ROOT);
  }
}
