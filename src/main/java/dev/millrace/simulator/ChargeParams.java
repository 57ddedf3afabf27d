package dev.millrace.simulator;

import dev.millrace.simulator.Entry.Extras;
import java.util.Currency;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The checked parameters of {@code POST /v1/payment_intents}.
 *
 * @param amount
 *          in minor units, as asked for
 * @see <a href="https://docs.stripe.com/api/payment_intents/create">Stripe: create a PaymentIntent</a>
 */
record ChargeParams(long amount, String currency, PaymentMethod method, @Nullable String reference,
    @Nullable Extras extras) implements Checked {

  private static final long AMOUNT_MAX = 999_999_999_999L;
  private static final int METADATA_MAX = 50;
  private static final int METADATA_NAME_CHARS_MAX = 40;
  private static final int METADATA_VALUE_CHARS_MAX = 500;
  private static final int DESCRIPTION_CHARS_MAX = 1_000;
  private static final Set<String> READ = Set.of("amount", "currency", "payment_method", "confirm",
      "capture_method", "description");
  private static final Set<String> IGNORED = Set.of("statement_descriptor", "statement_descriptor_suffix",
      "confirmation_method", "off_session", "return_url", "receipt_email", "error_on_requires_action");
  private static final Map<String, String> CURRENCIES = currencies();

  static Checked check(Form form) {
    var metadata = new Metadata();
    form.forEach(metadata::take);
    if (metadata.refusal != null) {
      return metadata.refusal;
    }
    String amount = form.get("amount");
    if (amount == null || amount.isEmpty()) {
      return Refusal.missing("amount");
    }
    long minor = wholeNumber(amount);
    if (minor < 0) {
      return Refusal.invalid("parameter_invalid_integer", "Invalid integer: " + amount, "amount");
    }
    if (minor == 0) {
      return Refusal.invalid("parameter_invalid_integer", "This value must be greater than or equal to 1.",
          "amount");
    }
    if (minor > AMOUNT_MAX) {
      return Refusal.invalid("amount_too_large", "Amount must be no more than " + AMOUNT_MAX + ".", "amount");
    }
    return checkRest(form, minor, metadata);
  }

  private static Checked checkRest(Form form, long amount, Metadata metadata) {
    String currency = form.get("currency");
    if (currency == null || currency.isEmpty()) {
      return Refusal.missing("currency");
    }
    String known = CURRENCIES.get(currency.toLowerCase(Locale.ROOT));
    if (known == null) {
      return Refusal.invalid(null, "Invalid currency: " + currency + ".", "currency");
    }
    String capture = form.get("capture_method");
    if (capture != null && !capture.equals("automatic")) {
      return Refusal.invalid(null, "Invalid capture_method: must be automatic.", "capture_method");
    }
    if (!"true".equals(form.get("confirm"))) {
      return Refusal.invalid(null, "Invalid confirm: this provider only takes payments with confirm=true.",
          "confirm");
    }
    String description = form.get("description");
    if (description != null && description.length() > DESCRIPTION_CHARS_MAX) {
      return Refusal.invalid("parameter_invalid_string_too_long",
          "Invalid string: description is longer than "
              + DESCRIPTION_CHARS_MAX + " characters.",
          "description");
    }
    String method = form.get("payment_method");
    if (method == null || method.isEmpty()) {
      return Refusal.missing("payment_method");
    }
    PaymentMethod paymentMethod = PaymentMethod.of(method);
    if (paymentMethod == null) {
      return Refusal.invalid("resource_missing", "No such PaymentMethod: '" + method + "'", "payment_method");
    }
    return new ChargeParams(amount, known, paymentMethod, metadata.reference, metadata.extras(description));
  }

  /** The number, or -1 if the text is not one; any number of digits is one. */
  private static long wholeNumber(String text) {
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = Math.min(number * 10 + digit, AMOUNT_MAX + 1);
    }
    return number;
  }

  private static Map<String, String> currencies() {
    var known = new HashMap<String, String>();
    for (Currency currency : Currency.getAvailableCurrencies()) {
      String code = currency.getCurrencyCode().toLowerCase(Locale.ROOT);
      known.put(code, code);
    }
    return Map.copyOf(known);
  }

  /** Gathers the metadata and finds the first field that is unknown or too long. */
  private static final class Metadata {
    private @Nullable String reference;
    private @Nullable StringBuilder others;
    private @Nullable Refusal refusal;
    private int count;

    void take(String name, String value) {
      if (READ.contains(name) || refusal != null) {
        return;
      }
      if (name.startsWith("metadata[") && name.endsWith("]")) {
        takeMetadata(name, name.substring("metadata[".length(), name.length() - 1), value);
      } else
        if (!IGNORED.contains(name) && !name.startsWith("payment_method_types[")
            && !name.startsWith("automatic_payment_methods[")) {
              refusal = Refusal.invalid("parameter_unknown", "Received unknown parameter: " + name, name);
            }
    }

    private void takeMetadata(String param, String name, String value) {
      if (++count > METADATA_MAX) {
        refusal = Refusal.invalid(null, "Metadata can have at most " + METADATA_MAX + " keys.", "metadata");
      } else if (name.isEmpty() || name.length() > METADATA_NAME_CHARS_MAX) {
        refusal = Refusal.invalid(null,
            "Metadata keys must have from 1 to " + METADATA_NAME_CHARS_MAX + " characters.", param);
      } else if (value.length() > METADATA_VALUE_CHARS_MAX) {
        refusal = Refusal.invalid(null,
            "Metadata values can have up to " + METADATA_VALUE_CHARS_MAX + " characters.", param);
      } else if (name.equals(Entry.REFERENCE_FIELD) && !value.isEmpty()) {
        reference = value;
      } else if (!value.isEmpty()) { // An empty value unsets, as at Stripe.
        others = others == null ? new StringBuilder() : others.append(',');
        JsonText.string(others, name).append(':');
        JsonText.string(others, value);
      }
    }

    @Nullable
    Extras extras(@Nullable String description) {
      String text = description == null || description.isEmpty() ? null : description;
      return text == null && others == null
          ? null
          : new Extras(text, others == null ? "" : others.toString());
    }
  }
}
