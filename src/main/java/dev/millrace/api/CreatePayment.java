package dev.millrace.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.api.Problem.FieldError;
import dev.millrace.payment.Currencies;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.CardNumbers;
import dev.millrace.platform.HttpUrl;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The body of {@code POST /v1/payments}: read in one pass, every field checked, every fault reported at once.
 * A message never repeats a value: it might be a card number.
 */
final class CreatePayment {
  private static final JsonFactory JSON = new JsonFactory();
  static final long AMOUNT_MAX = 99_999_999_999L;
  private static final Pattern METHOD = Pattern.compile("(pm|tok|src|card)_[A-Za-z0-9_]{1,200}");
  private static final Set<String> METHOD_TYPES = Set.of("card", "ach");
  private static final Pattern BIN = Pattern.compile("[0-9]{6,8}");
  private static final int METADATA_MAX = 50;

  private final List<FieldError> errors = new ArrayList<>(0);
  private final Set<String> seen = new HashSet<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private long amount;
  private @Nullable String currency;
  private @Nullable String paymentMethod;
  private String capture = "automatic";
  private @Nullable String paymentMethodType;
  private @Nullable String paymentMethodBin;
  private @Nullable String reference;
  private @Nullable String description;
  private @Nullable String returnUrl;

  private CreatePayment() {}

  /**
   * Reads a body.
   *
   * @throws Refusal naming every field that is missing, unknown or wrong
   */
  static PaymentEvent.Initiated parse(byte[] body) {
    // The parser would guess UTF-16 and UTF-32 from their zero bytes and byte order marks.
    if (body.length >= 2 && ((body[0] <= 0 && body[0] != (byte) 0xEF) || body[1] == 0)) {
      throw new ProblemException(Problem.invalid("json_invalid",
          "The body is not valid UTF-8. Send one JSON object in UTF-8.", null));
    }
    var request = new CreatePayment();
    try (JsonParser parser = JSON.createParser(body)) {
      request.read(parser);
    } catch (JsonProcessingException e) {
      throw new ProblemException(Problem.invalid("json_invalid", "The body is not valid JSON" + place(e)
          + ". Send one JSON object in UTF-8.", null));
    } catch (IOException e) {
      throw new ProblemException(Problem.invalid("json_invalid",
          "The body is not valid UTF-8. Send one JSON object in UTF-8.", null));
    }
    return request.checked();
  }

  private static String place(JsonProcessingException e) {
    var at = e.getLocation();
    return at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
  }

  private void read(JsonParser p) throws IOException {
    if (p.nextToken() != JsonToken.START_OBJECT) throw new JsonParseException(p, "no object");
    for (String field = p.nextFieldName(); field != null; field = p.nextFieldName()) {
      p.nextToken();
      if (!seen.add(field)) {
        error(field, "parameter_duplicate",
            "`" + shown(field) + "` stands in the body more than once. Send it once.");
        p.skipChildren();
        continue;
      }
      switch (field) {
        case "amount" -> amount(p);
        case "currency" -> currency = text(p, field, 3);
        case "payment_method" -> paymentMethod = text(p, field, 210);
        case "capture" -> {
          String value = text(p, field, 20);
          if (value != null) capture = value;
        }
        case "payment_method_type" -> paymentMethodType = text(p, field, 20);
        case "payment_method_bin" -> paymentMethodBin = text(p, field, 8);
        case "reference" -> reference = text(p, field, 200);
        case "description" -> description = text(p, field, 1_000);
        case "return_url" -> returnUrl = url(p, field);
        case "metadata" -> metadata(p);
        default -> {
          error(field, "parameter_unknown",
              "`" + shown(field) + "` is not a parameter of this call. Remove it, or check its spelling.");
          p.skipChildren();
        }
      }
    }
    if (p.nextToken() != null) throw new JsonParseException(p, "more than one value");
  }

  /** A field's name as it may be repeated: short, printable, no card number. */
  private static String shown(String field) {
    String printable = CardNumbers.hidden(field).replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() > 60 ? printable.substring(0, 60) + "…" : printable;
  }

  private void error(String param, String code, String message) {
    if (errors.size() < 100) errors.add(new FieldError(shown(param), code, message));
  }

  private void amount(JsonParser p) throws IOException {
    if (p.currentToken() == JsonToken.VALUE_NUMBER_INT && p.getTextLength() <= 12) {
      amount = p.getLongValue();
      if (amount < 1 || amount > AMOUNT_MAX) {
        error("amount", "amount_out_of_range",
            "`amount` must be from 1 to 99999999999 minor units (cents, for usd).");
      }
    } else if (p.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      if (!cardNumber("amount", p.getText())) {
        error("amount", "amount_out_of_range",
            "`amount` must be from 1 to 99999999999 minor units (cents, for usd).");
      }
    } else {
      error("amount", "amount_invalid",
          "`amount` must be an integer in minor units (1999 for 19.99 usd), without quotes or decimals.");
      p.skipChildren();
    }
  }

  private boolean cardNumber(String param, String value) {
    if (!CardNumbers.in(value)) return false;
    cardNumber(param);
    return true;
  }

  private void cardNumber(String param) {
    error(param, "card_number_refused",
        "`" + shown(param) + "` holds what looks like a card number. Card numbers are"
            + " refused and not stored: send a token of your provider's in `payment_method`.");
  }

  private @Nullable String url(JsonParser p, String param) throws IOException {
    String value = text(p, param, 2_000);
    if (value == null || !CardNumbers.inUrl(value)) return value;
    cardNumber(param);
    return null;
  }

  private @Nullable String text(JsonParser p, String param, int lengthMax) throws IOException {
    if (p.currentToken() == JsonToken.VALUE_NULL) return null;
    if (p.currentToken() != JsonToken.VALUE_STRING) {
      if (!(p.currentToken() == JsonToken.VALUE_NUMBER_INT && cardNumber(param, p.getText()))) {
        error(param, "parameter_invalid", "`" + shown(param) + "` must be a string.");
      }
      p.skipChildren();
      return null;
    }
    String value = p.getText();
    if (cardNumber(param, value)) return null;
    if (value.isEmpty()) {
      error(param, "parameter_empty", "`" + shown(param) + "` is empty. Leave it out or give it a value.");
      return null;
    }
    if (value.length() > lengthMax) {
      error(param, "parameter_too_long", "`" + shown(param) + "` has " + value.length()
          + " characters; at most " + lengthMax + " are allowed.");
      return null;
    }
    if (value.indexOf('\0') >= 0) {
      error(param, "parameter_invalid", "`" + shown(param) + "` holds a NUL character. Remove it.");
      return null;
    }
    if (halfSurrogate(value)) {
      error(param, "parameter_invalid",
          "`" + shown(param) + "` holds half of a surrogate pair. Send valid Unicode.");
      return null;
    }
    return value;
  }

  private static boolean halfSurrogate(String value) {
    int i = 0;
    while (i < value.length()) {
      if (!Character.isSurrogate(value.charAt(i))) {
        i++;
      } else if (i + 1 < value.length() && Character.isSurrogatePair(value.charAt(i), value.charAt(i + 1))) {
        i += 2;
      } else {
        return true;
      }
    }
    return false;
  }

  private void metadata(JsonParser p) throws IOException {
    if (p.currentToken() == JsonToken.VALUE_NULL) return;
    if (p.currentToken() != JsonToken.START_OBJECT) {
      error("metadata", "parameter_invalid", "`metadata` must be an object of strings.");
      p.skipChildren();
      return;
    }
    for (String key = p.nextFieldName(); key != null; key = p.nextFieldName()) {
      p.nextToken();
      String param = "metadata." + key;
      if (key.isEmpty() || key.length() > 40 || key.indexOf('\0') >= 0 || halfSurrogate(key)) {
        error("metadata", "metadata_key_invalid",
            "A key of `metadata` must have 1 to 40 characters.");
        p.skipChildren();
      } else if (p.currentToken() == JsonToken.VALUE_STRING && CardNumbers.code(key, p.getText())) {
        error(param, "card_number_refused",
            "`" + shown(param) + "` is a card's code by its name. Those are refused and not stored.");
      } else if (!cardNumber(param, key)) {
        String value = text(p, param, 500);
        if (value != null && metadata.put(key, value) != null) {
          error(param, "parameter_duplicate",
              "`" + shown(param) + "` stands in the body more than once. Send it once.");
        }
      } else {
        p.skipChildren();
      }
    }
    if (metadata.size() > METADATA_MAX) {
      error("metadata", "metadata_too_large",
          "`metadata` has " + metadata.size() + " keys; at most " + METADATA_MAX + " are allowed.");
    }
  }

  private void missing(String param, String remedy) {
    if (!seen.contains(param) || errors.stream().noneMatch(e -> e.param().equals(param))) {
      error(param, "parameter_missing", "`" + param + "` is missing. " + remedy);
    }
  }

  private PaymentEvent.Initiated checked() {
    if (!seen.contains("amount")) missing("amount", "Send the amount in minor units, 1999 for 19.99 usd.");
    if (currency == null) {
      missing("currency", "Send a lower-case ISO 4217 code, usd for example.");
    } else if (!Currencies.known(currency)) {
      error("currency", "currency_unknown",
          "`currency` is not an active ISO 4217 code in lower case. Send usd, eur or jpy, for example.");
    }
    if (paymentMethod == null) {
      missing("payment_method", "Send a token of your provider's, pm_card_visa for example.");
    } else if (!METHOD.matcher(paymentMethod).matches()) {
      error("payment_method", "payment_method_invalid",
          "`payment_method` must be a token such as pm_card_visa: pm_, tok_, src_ or card_"
              + " and then letters, digits or underscores.");
    }
    if (!capture.equals("automatic") && !capture.equals("manual")) {
      error("capture", "capture_unsupported", "`capture` must be `automatic` or `manual`.");
    }
    if (paymentMethodType != null && !METHOD_TYPES.contains(paymentMethodType)) {
      error("payment_method_type", "parameter_invalid", "`payment_method_type` must be `card` or `ach`.");
    }
    if (paymentMethodBin != null && !BIN.matcher(paymentMethodBin).matches()) {
      error("payment_method_bin", "parameter_invalid",
          "`payment_method_bin` must be the first 6 to 8 digits of the card, as a string.");
    }
    if (returnUrl != null && HttpUrl.read(returnUrl) instanceof HttpUrl.Fault wrong) {
      error("return_url", "parameter_invalid", "`return_url` " + wrong.message());
    }
    if (!errors.isEmpty()) throw new ProblemException(Problem.invalid(errors));
    return new PaymentEvent.Initiated(amount, nonNull(currency), nonNull(paymentMethod), capture, reference,
        description, metadata, returnUrl, paymentMethodType, paymentMethodBin);
  }

  private static String nonNull(@Nullable String value) {
    if (value == null) throw new IllegalStateException("checked before");
    return value;
  }
}
