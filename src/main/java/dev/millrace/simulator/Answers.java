package dev.millrace.simulator;

import dev.millrace.simulator.PaymentMethod.Decline;
import dev.millrace.simulator.PaymentMethod.Script;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything the provider says about an entry, built from the entry alone: asked twice, or after a restart,
 * it says the same bytes. Ids are the book's id and the entry's ordinal, so they need no memory and cannot
 * collide between books.
 *
 * @see <a href="https://docs.stripe.com/api/payment_intents/object">Stripe's PaymentIntent</a>
 */
final class Answers {
  private static final String INTENT = "pi_";
  private static final String API_VERSION = "2025-03-31.basil";
  private static final int ORDINAL_CHARS = 10;
  private static final String MALFORMED = "<html><body>502 upstream sent half an ans";
  private final String bookId;

  Answers(String bookId) {
    this.bookId = bookId;
  }

  String intentId(Entry entry) {
    return INTENT + suffix(entry.ordinal());
  }

  /** The ordinal in a PaymentIntent's id, or -1 if this book never gives out such an id. */
  int ordinalOf(String intentId) {
    int digits = INTENT.length() + bookId.length();
    if (intentId.length() != digits + ORDINAL_CHARS || !intentId.startsWith(INTENT + bookId)) {
      return -1;
    }
    try {
      int ordinal = Integer.parseInt(intentId, digits, intentId.length(), 36);
      return ordinal >= 0 && intentId.equals(INTENT + suffix(ordinal)) ? ordinal : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** The answer to the request that made the entry, first time and replayed. */
  Answer created(Entry entry) {
    if (entry.method().script() == Script.MALFORMED) {
      return new Answer(200, MALFORMED);
    }
    var out = new StringBuilder(1600);
    Decline decline = entry.method().decline();
    if (decline == null) {
      intent(out, entry);
      return new Answer(200, out.toString());
    }
    error(out.append("{\"error\":"), entry, decline, true);
    return new Answer(402, out.append('}').toString());
  }

  Answer found(Entry entry) {
    var out = new StringBuilder(1200);
    intent(out, entry);
    return new Answer(200, out.toString());
  }

  Answer searched(List<Entry> found, boolean more) {
    var out = new StringBuilder(128 + 1200 * found.size());
    out.append("{\"object\":\"search_result\",\"data\":[");
    for (int i = 0; i < found.size(); i++) {
      intent(i == 0 ? out : out.append(','), found.get(i));
    }
    out.append("],\"has_more\":").append(more);
    return new Answer(200,
        out.append(",\"next_page\":null,\"url\":\"/v1/payment_intents/search\"}").toString());
  }

  /**
   * What the entry's webhook says, the same id and bytes each time it is sent.
   *
   * @see <a href="https://docs.stripe.com/api/events/object">Stripe's Event</a>
   */
  String event(Entry entry) {
    var out = new StringBuilder(1600);
    out.append("{\"id\":\"evt_").append(suffix(entry.ordinal()));
    out.append("\",\"object\":\"event\",\"api_version\":\"" + API_VERSION + "\",\"created\":")
        .append(entry.created());
    intent(out.append(",\"data\":{\"object\":"), entry);
    out.append("},\"livemode\":false,\"pending_webhooks\":1,\"request\":{\"id\":null,\"idempotency_key\":");
    JsonText.string(out, entry.key());
    out.append("},\"type\":\"payment_intent.").append(entry.succeeded() ? "succeeded" : "payment_failed");
    return out.append("\"}").toString();
  }

  /** Appends the entry's line of {@code GET /book}. */
  void bookLine(StringBuilder out, Entry entry) {
    String reference = entry.reference();
    JsonText.string(out.append("{\"reference\":"), reference == null ? intentId(entry) : reference);
    out.append(",\"provider_id\":\"").append(intentId(entry));
    out.append("\",\"amount\":").append(entry.amount());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"amount_captured\":").append(entry.captured());
    out.append(",\"amount_refunded\":0,\"status\":\"").append(entry.status());
    out.append("\",\"payment_method\":\"").append(entry.method().id());
    out.append("\",\"created\":").append(entry.created()).append("}\n");
  }

  private void intent(StringBuilder out, Entry entry) {
    String suffix = suffix(entry.ordinal());
    Decline decline = entry.method().decline();
    out.append("{\"id\":\"").append(INTENT).append(suffix);
    out.append("\",\"object\":\"payment_intent\",\"amount\":").append(entry.amount());
    out.append(",\"amount_capturable\":0,\"amount_details\":{\"tip\":{}},\"amount_received\":")
        .append(entry.captured());
    out.append(",\"application\":null,\"application_fee_amount\":null,\"automatic_payment_methods\":null,"
        + "\"canceled_at\":null,\"cancellation_reason\":null,\"capture_method\":\"automatic\",");
    out.append("\"client_secret\":\"").append(INTENT).append(suffix).append("_secret_")
        .append(secret(entry));
    out.append("\",\"confirmation_method\":\"automatic\",\"created\":").append(entry.created());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"customer\":null,\"description\":");
    JsonText.string(out, description(entry));
    out.append(",\"last_payment_error\":");
    if (decline == null) {
      out.append("null");
    } else {
      error(out, entry, decline, false);
    }
    out.append(",\"latest_charge\":\"ch_").append(suffix).append("\",\"livemode\":false,\"metadata\":");
    entry.metadata(out);
    out.append(",\"next_action\":null,\"on_behalf_of\":null,\"payment_method\":");
    // A declined PaymentMethod is taken off the intent: it waits for another one.
    if (decline == null) {
      out.append('"').append(entry.method().id()).append('"');
    } else {
      out.append("null");
    }
    out.append(",\"payment_method_options\":{},\"payment_method_types\":[\"card\"],\"processing\":null,"
        + "\"receipt_email\":null,\"review\":null,\"setup_future_usage\":null,\"shipping\":null,"
        + "\"source\":null,\"statement_descriptor\":null,\"statement_descriptor_suffix\":null,\"status\":\"");
    out.append(decline == null ? "succeeded" : "requires_payment_method");
    out.append("\",\"transfer_data\":null,\"transfer_group\":null}");
  }

  private void error(StringBuilder out, Entry entry, Decline decline, boolean withIntent) {
    out.append("{\"charge\":\"ch_").append(suffix(entry.ordinal()));
    out.append("\",\"code\":\"").append(decline.code()).append('"');
    if (decline.declineCode() != null) {
      out.append(",\"decline_code\":\"").append(decline.declineCode()).append('"');
    }
    out.append(",\"doc_url\":\"https://stripe.com/docs/error-codes/")
        .append(decline.code().replace('_', '-'));
    JsonText.string(out.append("\",\"message\":"), decline.message());
    if (withIntent) {
      intent(out.append(",\"payment_intent\":"), entry);
    }
    out.append(",\"payment_method\":{\"id\":\"").append(entry.method().id());
    out.append("\",\"object\":\"payment_method\",\"type\":\"card\"},\"type\":\"card_error\"}");
  }

  private static @Nullable String description(Entry entry) {
    return entry.extras() == null ? null : entry.extras().description();
  }

  private String suffix(int ordinal) {
    String digits = Integer.toString(ordinal, 36);
    return bookId + "0".repeat(ORDINAL_CHARS - digits.length()) + digits;
  }

  /** Nobody pays with it; it only has to look like one and stay the same. */
  private String secret(Entry entry) {
    return Long.toString((bookId.hashCode() * 31L + entry.ordinal()) * 0x9e3779b97f4a7c15L & Long.MAX_VALUE,
        36);
  }
}
