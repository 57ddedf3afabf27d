package dev.millrace.simulator;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.simulator.Entry.Extras;
import java.io.IOException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry as a line of the book file, both ways. What is read back builds the same answers, byte for byte.
 */
final class EntryLine {
  private static final JsonFactory JSON = new JsonFactory();
  private final Map<String, String> currencies = new HashMap<>();

  /** Appends the entry's line, newline included. */
  static void write(StringBuilder out, Entry entry) {
    out.append("{\"n\":").append(entry.ordinal());
    if (entry.metadataReference() != null) {
      JsonText.string(out.append(",\"reference\":"), entry.metadataReference());
    }
    if (entry.key() != null) {
      JsonText.string(out.append(",\"key\":"), entry.key());
    }
    out.append(",\"payment_method\":\"").append(entry.method().id());
    out.append("\",\"status\":\"").append(entry.status());
    out.append("\",\"currency\":\"").append(entry.currency());
    out.append("\",\"amount\":").append(entry.amount());
    out.append(",\"created\":").append(entry.created());
    out.append(",\"fingerprint\":\"").append(HexFormat.of().toHexDigits(entry.fingerprint())).append('"');
    Extras extras = entry.extras();
    if (extras != null) {
      if (extras.description() != null) {
        JsonText.string(out.append(",\"description\":"), extras.description());
      }
      out.append(",\"metadata\":{").append(extras.metadata()).append('}');
    }
    out.append("}\n");
  }

  /**
   * Reads the line of the entry with the given ordinal.
   *
   * @throws IOException
   *           saying what is wrong with the line
   */
  Entry read(byte[] line, int offset, int length, int ordinal) throws IOException {
    try (JsonParser json = JSON.createParser(line, offset, length)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not a JSON object");
      }
      var fields = new Fields();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        fields.read(name, json);
      }
      if (json.currentToken() != JsonToken.END_OBJECT || json.nextToken() != null) {
        throw new IOException("text after the entry");
      }
      return fields.entry(ordinal, currencies);
    } catch (NumberFormatException e) {
      throw new IOException("fingerprint is not hexadecimal", e);
    }
  }

  /** The fields of one line as they are met. */
  private static final class Fields {
    private int ordinal = -1;
    private long amount = -1;
    private long created;
    private long fingerprint;
    private @Nullable String reference;
    private @Nullable String key;
    private @Nullable String method;
    private @Nullable String status;
    private @Nullable String currency;
    private @Nullable String description;
    private @Nullable String metadata;

    void read(String name, JsonParser json) throws IOException {
      switch (name) {
        case "n" -> ordinal = json.getIntValue();
        case "reference" -> reference = json.getText();
        case "key" -> key = json.getText();
        case "payment_method" -> method = json.getText();
        case "status" -> status = json.getText();
        case "currency" -> currency = json.getText();
        case "amount" -> amount = json.getLongValue();
        case "created" -> created = json.getLongValue();
        case "fingerprint" -> fingerprint = HexFormat.fromHexDigitsToLong(json.getText());
        case "description" -> description = json.getText();
        case "metadata" -> metadata = members(json);
        default -> throw new IOException("unknown field " + name);
      }
    }

    private static String members(JsonParser json) throws IOException {
      if (json.currentToken() != JsonToken.START_OBJECT) {
        throw new IOException("metadata is not an object");
      }
      var out = new StringBuilder();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        JsonText.string(out.append(out.isEmpty() ? "" : ","), json.currentName()).append(':');
        json.nextToken();
        JsonText.string(out, json.getText());
      }
      return out.toString();
    }

    Entry entry(int expected, Map<String, String> currencies) throws IOException {
      if (ordinal != expected) {
        throw new IOException("n is " + ordinal + " where " + expected + " follows");
      }
      if (method == null || currency == null || amount < 0) {
        throw new IOException("payment_method, currency or amount is missing");
      }
      PaymentMethod known = PaymentMethod.of(method);
      if (known == null) {
        throw new IOException("payment method " + method + " is unknown");
      }
      String sharedKey = key != null && key.equals(reference) ? reference : key;
      Extras extras = metadata == null ? null : new Extras(description, metadata);
      var entry = new Entry(expected, reference, sharedKey, known,
          currencies.computeIfAbsent(currency, c -> c), amount, created, fingerprint, extras);
      if (!entry.status().equals(status)) {
        throw new IOException("status is " + status + " where " + method + " gives " + entry.status());
      }
      return entry;
    }
  }
}
