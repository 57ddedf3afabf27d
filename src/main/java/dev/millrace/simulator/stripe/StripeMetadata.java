package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.JsonText;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a payment: what it began with and what its captures added, as Stripe merges it; an empty
 * value takes a name away.
 *
 * @see <a href="https://docs.stripe.com/api/metadata">Stripe: metadata</a>
 */
final class StripeMetadata {
  private StripeMetadata() {}

  /** Appends the payment's metadata. */
  static void of(StringBuilder out, PaymentState state) {
    Entry entry = state.entry();
    String rest = entry.extras() == null ? "" : entry.extras().metadata();
    Movement capture = state.first(Kind.CAPTURE);
    if (capture == null || capture.metadata() == null) {
      object(out, entry.metadataReference(), rest);
      return;
    }
    var whole = new StringBuilder();
    object(whole, entry.metadataReference(), rest);
    Map<String, String> merged = strings(whole.toString());
    merged.putAll(strings("{" + capture.metadata() + "}"));
    merged.values().removeIf(String::isEmpty);
    out.append('{');
    String comma = "";
    for (var member : merged.entrySet()) {
      JsonText.string(out.append(comma), member.getKey()).append(':');
      JsonText.string(out, member.getValue());
      comma = ",";
    }
    out.append('}');
  }

  /** Appends a metadata object: the reference first, then the rest as it came. */
  static void object(StringBuilder out, @Nullable String reference, @Nullable String rest) {
    out.append('{');
    if (reference != null) {
      JsonText.string(out.append('"').append(Entry.REFERENCE_FIELD).append("\":"), reference);
    }
    if (rest != null && !rest.isEmpty()) {
      out.append(reference != null ? "," : "").append(rest);
    }
    out.append('}');
  }

  private static Map<String, String> strings(String object) {
    var strings = new LinkedHashMap<String, String>();
    new JsonObject(object).forEach(member -> strings.put(member.getKey(), String.valueOf(member.getValue())));
    return strings;
  }
}
