package dev.millrace.provider.adyen;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.JsonFields;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What Adyen's notifications say. {@code merchantReference} is that of the request it is about, the payment's
 * or the modification's own; {@code originalReference} the payment's pspReference.
 *
 * <p>Disputes, by the money: the notification of a chargeback announces that it will be taken, the chargeback
 * takes it, either opens the dispute; both bear the dispute's one pspReference. A chargeback that cannot be
 * defended any more says so by its {@code disputeStatus} and is lost, as is a pre-arbitration lost. A
 * reversal brings the money back: won. A second chargeback takes it again and for good: lost, under a name of
 * its own, because the first was won.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Webhooks/1/overview">Adyen, standard webhooks</a>
 * @see <a href="https://docs.adyen.com/risk-management/disputes-api/dispute-notifications">Adyen, dispute
 *   webhooks</a>
 */
final class AdyenEvents {
  /**
   * The metadata by which an authorisation says whether it was a charge: {@code automatic} or {@code manual}.
   */
  static final String CAPTURE = "millrace_capture";
  private static final Set<String> LOST = Set.of("Lost", "Accepted", "Expired");

  private final String merchantAccount;

  AdyenEvents(String merchantAccount) { this.merchantAccount = merchantAccount; }

  /** Whether it is a reference that we gave. */
  static boolean ours(String reference) {
    return TypeId.parse(TypeId.ATTEMPT, reference) != null;
  }

  /**
   * One item, in words. {@code original}: the payment's pspReference, where it is another's than the item's
   * own.
   */
  private record Item(String event, String psp, @Nullable String original, String reference, boolean success,
      @Nullable String reason, @Nullable AdyenAmount amount, JsonObject additional) {
    /** The payment's name at Adyen. */
    String payment() { return original == null ? psp : original; }

    boolean disputeIn(Set<String> states) {
      return states.contains(Objects.requireNonNullElse(JsonFields.text(additional, "disputeStatus"), ""));
    }
  }

  ProviderEvent read(JsonObject json) {
    String event = Objects.requireNonNullElse(JsonFields.text(json, "eventCode"), "");
    String psp = JsonFields.text(json, "pspReference");
    String success = String.valueOf(json.getValue("success"));
    if (event.isEmpty() || psp == null || !(success.equals("true") || success.equals("false")))
      return new ProviderEvent.Unreadable(event, "no eventCode, pspReference or success");
    // One endpoint may serve several merchant accounts: of the others we know nothing.
    if (!merchantAccount.equals(JsonFields.text(json, "merchantAccountCode")))
      return new ProviderEvent.Ignored(event);
    String original = JsonFields.text(json, "originalReference");
    return read(new Item(event, psp, original == null || original.isEmpty() ? null : original,
        Objects.requireNonNullElse(JsonFields.text(json, "merchantReference"), ""), success.equals("true"),
        JsonFields.text(json, "reason"), AdyenAmount.read(JsonFields.object(json, "amount")),
        JsonFields.at(json, "additionalData")));
  }

  private static ProviderEvent read(Item item) {
    return switch (item.event) {
      case "AUTHORISATION" -> told(item, item.success ? authorised(item) : refused(item));
      case "CAPTURE" ->
        told(item, item.success ? charged(item) : failed(item, Outcome.Declined.CAPTURE_FAILED));
      case "CAPTURE_FAILED" -> failure(item, Outcome.Declined.CAPTURE_FAILED);
      case "CANCELLATION", "TECHNICAL_CANCEL" ->
        told(item, item.success ? new Outcome.Voided(item.payment(), false) : failed(item, "cancel_failed"));
      case "EXPIRE" ->
        item.success
            ? told(item, new Outcome.Voided(item.payment(), true))
            : new ProviderEvent.Ignored(item.event);
      case "REFUND" -> refund(item);
      case "REFUND_FAILED" -> failure(item, "refund_failed");
      case "REFUNDED_REVERSED" -> failure(item, "refund_reversed");
      default -> item.success ? dispute(item) : new ProviderEvent.Ignored(item.event);
    };
  }

  /** Others may use the same merchant account: what is not under a reference of ours is theirs. */
  private static ProviderEvent told(Item item, @Nullable Outcome outcome) {
    if (!ours(item.reference)) return new ProviderEvent.Ignored(item.event);
    return outcome == null
        ? noAmount(item)
        : new ProviderEvent.AttemptOutcome(item.event, item.reference, outcome);
  }

  private static ProviderEvent noAmount(Item item) {
    return new ProviderEvent.Unreadable(item.event, "an amount that is none");
  }

  /** Without the metadata it says only that an inquiry is worth while. */
  private static @Nullable Outcome authorised(Item item) {
    if (item.amount == null) return null;
    return switch (Objects.requireNonNullElse(JsonFields.text(item.additional, "metadata." + CAPTURE), "")) {
      case "automatic" -> charged(item);
      case "manual" ->
        new Outcome.Authorized(item.payment(), item.amount.minor(), item.amount.currency(), null);
      default -> new Outcome.Unknown("authorised, but not said whether it was captured");
    };
  }

  private static Outcome refused(Item item) {
    return AdyenOutcomes.refused(item.psp, null, item.reason);
  }

  private static @Nullable Outcome charged(Item item) {
    return item.amount == null
        ? null
        : new Outcome.Charged(item.payment(), item.amount.minor(), item.amount.currency());
  }

  private static Outcome failed(Item item, String code) {
    String reason = item.reason == null ? "" : item.reason;
    return new Outcome.Declined(item.psp, code, null,
        reason.isEmpty() ? "The provider says: " + item.event + "." : reason);
  }

  /**
   * What was done, or seemed so, came to nothing. Of a refund that others made, nothing of ours can tell
   * that.
   */
  private static ProviderEvent failure(Item item, String code) {
    if (!item.success) return new ProviderEvent.Ignored(item.event);
    return ours(item.reference) || item.event.startsWith("CAPTURE")
        ? told(item, failed(item, code))
        : new ProviderEvent.Unreadable(item.event,
            "the refund " + item.psp + " of " + item.payment() + ", made at Adyen, failed afterwards");
  }

  private static ProviderEvent refund(Item item) {
    if (!item.success)
      return ours(item.reference)
          ? told(item, failed(item, "refund_failed"))
          : new ProviderEvent.Ignored(item.event);
    if (item.amount == null) return noAmount(item);
    if (ours(item.reference))
      return told(item, new Outcome.Refunded(item.psp, item.amount.minor(), item.amount.currency()));
    return item.original == null
        ? new ProviderEvent.Ignored(item.event)
        : new ProviderEvent.Unsolicited(item.event, item.original,
            new UnsolicitedChange.Refunded(item.psp, item.amount.minor(), item.amount.currency()));
  }

  private static ProviderEvent dispute(Item item) {
    return switch (item.event) {
      case "NOTIFICATION_OF_CHARGEBACK" -> opened(item);
      case "CHARGEBACK" -> item.disputeIn(LOST) ? closed(item, item.psp, false) : opened(item);
      case "CHARGEBACK_REVERSED", "PREARBITRATION_WON", "ARBITRATION_WON", "SCHEME_ARBITRATION_WON" ->
        closed(item, item.psp, true);
      case "PREARBITRATION_LOST", "ARBITRATION_LOST", "SCHEME_ARBITRATION_LOST" ->
        closed(item, item.psp, false);
      case "SECOND_CHARGEBACK" -> closed(item, item.psp + "/2", false);
      case "DISPUTE_DEFENSE_PERIOD_ENDED" ->
        item.disputeIn(LOST) ? closed(item, item.psp, false) : new ProviderEvent.Ignored(item.event);
      case "ISSUER_RESPONSE_TIMEFRAME_EXPIRED" ->
        item.disputeIn(Set.of("Won")) ? closed(item, item.psp, true) : new ProviderEvent.Ignored(item.event);
      default -> new ProviderEvent.Ignored(item.event);
    };
  }

  private static ProviderEvent opened(Item item) {
    return item.original == null || item.amount == null
        ? unnamed(item)
        : new ProviderEvent.Unsolicited(item.event, item.original,
            new UnsolicitedChange.DisputeOpened(item.psp, item.amount.minor(),
                item.amount.currency(), item.reason, defensePeriodEnd(item.additional)));
  }

  private static ProviderEvent closed(Item item, String dispute, boolean won) {
    return item.original == null || item.amount == null
        ? unnamed(item)
        : new ProviderEvent.Unsolicited(item.event, item.original,
            new UnsolicitedChange.DisputeClosed(dispute, won,
                item.amount.minor(), item.amount.currency(), item.reason));
  }

  /** Adyen sends the payment's name with a dispute only where that is switched on. */
  private static ProviderEvent unnamed(Item item) {
    return new ProviderEvent.Unreadable(item.event,
        "a dispute without originalReference or amount: switch on sending"
            + " it in Adyen's Customer Area");
  }

  private static @Nullable Long defensePeriodEnd(JsonObject additional) {
    String end = JsonFields.text(additional, "defensePeriodEndsAt");
    if (end == null) return null;
    try {
      return OffsetDateTime.parse(end).toEpochSecond();
    } catch (DateTimeException e) {
      return null; // Said in another way: the dispute counts without it.
    }
  }
}
