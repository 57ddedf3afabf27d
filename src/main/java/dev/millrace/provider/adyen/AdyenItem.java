package dev.millrace.provider.adyen;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.JsonFields;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One item of a notification, in words.
 *
 * @param psp what Adyen calls what it is about: a payment, a modification, a dispute
 * @param original the payment's pspReference, where it is another's than the item's own
 * @param reference that of the request it is about: a modification's own where it has one, else the payment's
 * @param amount null when it is none, or none above zero
 * @param at when it happened, Unix seconds; null where it is not said
 */
record AdyenItem(String event, String psp, @Nullable String original, String reference, boolean success,
    @Nullable String reason, @Nullable AdyenAmount amount, JsonObject additional, @Nullable Long at) {

  /** Null when it has no eventCode, pspReference or success. */
  static @Nullable AdyenItem of(JsonObject json) {
    String event = Objects.requireNonNullElse(JsonFields.text(json, "eventCode"), "");
    String psp = JsonFields.text(json, "pspReference");
    String success = String.valueOf(json.getValue("success"));
    if (event.isEmpty() || psp == null || !(success.equals("true") || success.equals("false"))) return null;
    String original = JsonFields.text(json, "originalReference");
    return new AdyenItem(event, psp, original == null || original.isEmpty() ? null : original,
        Objects.requireNonNullElse(JsonFields.text(json, "merchantReference"), ""), success.equals("true"),
        JsonFields.text(json, "reason"), AdyenAmount.read(JsonFields.object(json, "amount")),
        JsonFields.at(json, "additionalData"), seconds(JsonFields.text(json, "eventDate")));
  }

  /** Unix seconds of a time in RFC 3339's form; null where it is none: what is told counts without it. */
  static @Nullable Long seconds(@Nullable String time) {
    if (time == null) return null;
    try {
      return OffsetDateTime.parse(time).toEpochSecond();
    } catch (DateTimeException e) {
      return null;
    }
  }

  /** Whether it is a reference that we gave. */
  static boolean ours(String reference) {
    return TypeId.parse(TypeId.ATTEMPT, reference) != null;
  }

  boolean ours() { return ours(reference); }

  /** The payment's name at Adyen, of a payment or of a modification. */
  String payment() {
    return original == null ? psp : original;
  }

  /** Empty where it is not said. */
  String disputeStatus() {
    return Objects.requireNonNullElse(JsonFields.text(additional, "disputeStatus"), "");
  }

  /** The reason given, else the event's name. */
  String message() {
    return reason == null || reason.isEmpty() ? "The provider says: " + event + "." : reason;
  }

  ProviderEvent ignored() { return new ProviderEvent.Ignored(event); }

  ProviderEvent noAmount() {
    return new ProviderEvent.Unreadable(event,
        "an amount that cannot be booked: none above zero, of a currency that is not known, or with a fraction"
            + " of its minor unit. The record shows it",
        ours() ? reference : payment());
  }

  /**
   * What became of the call under its reference. What was done to a payment under another reference than ours
   * was done past us: if the payment is ours after all, a person has to know.
   */
  ProviderEvent told(@Nullable Outcome outcome) {
    if (ours())
      return outcome == null ? noAmount() : new ProviderEvent.AttemptOutcome(event, reference, outcome);
    return success
        ? notice("Done at Adyen, and not over the gateway: " + event + " under the name " + psp + ".", false)
        : ignored();
  }

  /** What nobody ordered, of the payment that it names. */
  ProviderEvent unsolicited(UnsolicitedChange change) {
    return new ProviderEvent.Unsolicited(event, ours() ? reference : null, original, change);
  }

  /** Ignored when it bears no name that can be a payment's of ours. */
  ProviderEvent notice(String detail, boolean expected) {
    return ours() || original != null
        ? new ProviderEvent.Notice(event, ours() ? reference : null, original, detail, expected)
        : ignored();
  }
}
