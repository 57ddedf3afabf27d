package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.JsonText;
import dev.millrace.simulator.wire.Form;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the {@code metadata[...]} of a form and finds the first field that is unknown or too long.
 *
 * @see <a href="https://docs.stripe.com/api/metadata">Stripe: metadata</a>
 */
final class FormMetadata implements BiConsumer<String, String> {
  private static final int ENTRIES_MAX = 50;
  private static final int NAME_CHARS_MAX = 40;
  private static final int VALUE_CHARS_MAX = 500;

  private final Set<String> known;
  private @Nullable String reference;
  private @Nullable StringBuilder others;
  private final @Nullable StringBuilder all;
  private @Nullable StripeRefusal refusal;
  private int count;

  private FormMetadata(Set<String> known, boolean whole) {
    this.known = known;
    this.all = whole ? new StringBuilder() : null;
  }

  /** {@code known}: the fields beside metadata; one that ends in {@code [} stands for all that begin so. */
  static FormMetadata of(Form form, Set<String> known) {
    var metadata = new FormMetadata(known, false);
    form.forEach(metadata);
    return metadata;
  }

  /** The same, with {@link #all} of it together. */
  static FormMetadata whole(Form form, Set<String> known) {
    var metadata = new FormMetadata(known, true);
    form.forEach(metadata);
    return metadata;
  }

  @Override
  public void accept(String name, String value) {
    if (refusal != null || known.contains(name)) {
      return;
    }
    int bracket = name.indexOf('[');
    if (name.startsWith("metadata[") && name.endsWith("]")) {
      take(name, name.substring(bracket + 1, name.length() - 1), value);
    } else if (bracket < 0 || !known.contains(name.substring(0, bracket + 1))) {
      refusal = StripeRefusal.invalid("parameter_unknown", "Received unknown parameter: " + name, name);
    }
  }

  private void take(String param, String name, String value) {
    if (++count > ENTRIES_MAX) {
      refusal = StripeRefusal.invalid(null, "Metadata can have at most " + ENTRIES_MAX + " keys.",
          "metadata");
    } else if (name.isEmpty() || name.length() > NAME_CHARS_MAX) {
      refusal = StripeRefusal.invalid(null,
          "Metadata keys must have from 1 to " + NAME_CHARS_MAX + " characters.", param);
    } else if (value.length() > VALUE_CHARS_MAX) {
      refusal = StripeRefusal.invalid(null,
          "Metadata values can have up to " + VALUE_CHARS_MAX + " characters.", param);
    } else {
      if (all != null) {
        member(all, name, value);
      }
      if (name.equals(Entry.REFERENCE_FIELD) && !value.isEmpty()) {
        reference = value;
      } else if (!value.isEmpty()) {
        // An empty value unsets a name, as at Stripe; a new payment has nothing to unset.
        others = member(others == null ? new StringBuilder() : others, name, value);
      }
    }
  }

  private static StringBuilder member(StringBuilder members, String name, String value) {
    StringBuilder out = members.isEmpty() ? members : members.append(',');
    JsonText.string(out, name).append(':');
    return JsonText.string(out, value);
  }

  /** What is wrong with the form; null if nothing is. */
  @Nullable
  StripeRefusal refusal() {
    return refusal;
  }

  /** The caller's {@code metadata[millrace_reference]}. */
  @Nullable
  String reference() {
    return reference;
  }

  /** The metadata beside the reference that has a value, as escaped JSON members; null if there is none. */
  @Nullable
  String others() {
    return others == null ? null : others.toString();
  }

  /** All of it, empty values and the reference too; null if there is none, or it was not asked for. */
  @Nullable
  String all() {
    return all == null || all.isEmpty() ? null : all.toString();
  }
}
