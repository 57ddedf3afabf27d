package dev.millrace.simulator.book;

import com.fasterxml.jackson.core.JsonParser;
import dev.millrace.simulator.book.Entry.Extras;
import java.io.IOException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An entry as a line of the book file, both ways. */
final class EntryFormat {
  private final Map<String, String> currencies = new HashMap<>();
  private final Map<Terms, Terms> terms = new HashMap<>(Map.of(Terms.STRIPE, Terms.STRIPE));
  private int entries;

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
    out.append("\",\"status\":\"").append(entry.opening().text());
    out.append("\",\"currency\":\"").append(entry.currency());
    out.append("\",\"amount\":").append(entry.amount());
    out.append(",\"created\":").append(entry.created());
    out.append(",\"fingerprint\":\"").append(HexFormat.of().toHexDigits(entry.fingerprint())).append('"');
    if (entry.terms() != Terms.STRIPE) {
      terms(out, entry.terms());
    }
    Extras extras = entry.extras();
    if (extras != null) {
      if (extras.description() != null) {
        JsonText.string(out.append(",\"description\":"), extras.description());
      }
      out.append(",\"metadata\":{").append(extras.metadata()).append('}');
    }
    out.append("}\n");
  }

  private static void terms(StringBuilder out, Terms terms) {
    out.append(",\"wire\":\"").append(terms.wire().text()).append('"');
    if (terms.manual()) {
      out.append(",\"manual\":true");
    }
    if (terms.bankAccount()) {
      out.append(",\"bank_account\":true");
    }
    if (terms.account() != null) {
      JsonText.string(out.append(",\"account\":"), terms.account());
    }
    if (terms.returnUrl() != null) {
      JsonText.string(out.append(",\"return_url\":"), terms.returnUrl());
    }
    if (terms.page() != null) {
      JsonText.string(out.append(",\"page\":"), terms.page());
    }
  }

  /** Reads the line of the next entry, whose first field name is the current token. */
  Entry read(JsonParser json) throws IOException {
    var fields = new Fields();
    LineFormat.fields(json, fields::read);
    return fields.entry(entries++, currencies, terms);
  }

  /** How many have been read. */
  int count() {
    return entries;
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
    private Wire wire = Wire.STRIPE;
    private boolean manual;
    private boolean bankAccount;
    private @Nullable String account;
    private @Nullable String returnUrl;
    private @Nullable String page;

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
        case "metadata" -> metadata = LineFormat.members(json);
        case "wire" -> wire = wire(json.getText());
        case "manual" -> manual = json.getBooleanValue();
        case "bank_account" -> bankAccount = json.getBooleanValue();
        case "account" -> account = json.getText();
        case "return_url" -> returnUrl = json.getText();
        case "page" -> page = json.getText();
        default -> throw new IOException("unknown field " + name);
      }
    }

    private static Wire wire(String text) throws IOException {
      for (Wire wire : Wire.values()) {
        if (wire.text().equals(text)) {
          return wire;
        }
      }
      throw new IOException("wire " + text + " is unknown");
    }

    Entry entry(int expected, Map<String, String> currencies, Map<Terms, Terms> known) throws IOException {
      if (ordinal != expected) {
        throw new IOException("n is " + ordinal + " where " + expected + " follows");
      }
      if (method == null || currency == null || amount < 0) {
        throw new IOException("payment_method, currency or amount is missing");
      }
      PaymentMethod paymentMethod = PaymentMethod.of(method);
      if (paymentMethod == null) {
        throw new IOException("payment method " + method + " is unknown");
      }
      String sharedKey = key != null && key.equals(reference) ? reference : key;
      Extras extras = metadata == null ? null : new Extras(description, metadata);
      var agreed = new Terms(wire, manual, bankAccount, account, returnUrl, page);
      var entry = new Entry(expected, reference, sharedKey, paymentMethod,
          currencies.computeIfAbsent(currency, c -> c), amount, created, fingerprint, extras,
          page != null ? agreed : known.computeIfAbsent(agreed, t -> t));
      String expectedStatus = entry.opening().text();
      if (!expectedStatus.equals(status)) {
        throw new IOException("status is " + status + " where " + method + " gives " + expectedStatus);
      }
      return entry;
    }
  }
}
