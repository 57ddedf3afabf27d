package dev.millrace.provider.adyen;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import io.vertx.core.json.JsonObject;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What Adyen's notifications say. {@code merchantReference} is that of the request it is about, the payment's
 * or the modification's own; {@code originalReference} the payment's pspReference.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Webhooks/1/overview">Adyen, standard webhooks</a>
 * @see <a href="https://docs.adyen.com/online-payments/capture/failure-reasons">Adyen, failed captures and
 *   refunds</a>
 */
final class AdyenEvents {
  private static final String ACTION = "modification.action";

  private final String merchantAccount;

  AdyenEvents(String merchantAccount) { this.merchantAccount = merchantAccount; }

  ProviderEvent read(JsonObject json) {
    AdyenItem item = AdyenItem.of(json);
    if (item == null)
      return new ProviderEvent.Unreadable(
          Objects.requireNonNullElse(JsonFields.text(json, "eventCode"), ""),
          "no eventCode, pspReference or success");
    // One endpoint may serve several merchant accounts: of the others we know nothing.
    String account = JsonFields.text(json, "merchantAccountCode");
    if (!merchantAccount.equals(account))
      return item.ours()
          ? item.notice("Told of another merchant account of Adyen's, " + account + ": " + item.event()
              + " by the name " + item.psp() + ". Look there.", false)
          : item.ignored();
    AdyenEventCodes.Row row = AdyenEventCodes.of(item.event());
    return row == null ? unknown(item) : read(item, row);
  }

  /** One that Adyen has made up since: a person looks whether it matters, if the payment is ours. */
  private static ProviderEvent unknown(AdyenItem item) {
    return new ProviderEvent.Notice(item.event(), item.ours() ? item.reference() : null,
        item.ours() ? item.original() : item.payment(),
        "Adyen sent an event that the connector does not know: look there what happened.", false);
  }

  private static ProviderEvent read(AdyenItem item, AdyenEventCodes.Row row) {
    if (!item.success() && row.reading().alwaysDone) return withoutSuccess(item);
    if (item.success() && row.reading().ofAnother() && item.ours() && item.original() == null)
      return item.notice("Adyen says: " + row.words()
          + ", under our reference, and does not name the payment: look there.", false);
    return switch (row.reading()) {
      case AUTHORISATION -> authorisation(item);
      case CAPTURE ->
        item.told(item.success() ? captured(item) : failed(item, Outcome.Declined.CAPTURE_REFUSED));
      case CAPTURE_FAILED -> item.told(failed(item, Outcome.Declined.CAPTURE_FAILED));
      case CANCELLATION -> cancellation(item);
      case EXPIRY -> item.told(new Outcome.Voided(item.payment(), true, amount(item)));
      case REFUND -> refund(item);
      case CANCELLATION_OR_REFUND -> cancellationOrRefund(item);
      case REFUND_FAILED -> refundFailed(item);
      case DISPUTE_OPENED -> AdyenDisputes.opened(item);
      case CHARGEBACK -> AdyenDisputes.chargeback(item);
      case DISPUTE_WON -> AdyenDisputes.moved(item, true);
      case DISPUTE_LOST -> AdyenDisputes.moved(item, false);
      case DISPUTE_ENDED -> AdyenDisputes.stage(item, words(item, row), true);
      case DISPUTE_STAGE -> AdyenDisputes.stage(item, words(item, row), false);
      case NOTICE -> item.notice(words(item, row), true);
      case ALERT -> item.notice("Adyen says: " + row.words() + ". The gateway orders no such thing.", false);
      case OTHERS -> item.ignored();
    };
  }

  /** Of what is only ever told as done. */
  private static ProviderEvent withoutSuccess(AdyenItem item) {
    return item.notice(
        "Adyen says: " + item.event() + ", without success. The connector knows no such event.", false);
  }

  private static String words(AdyenItem item, AdyenEventCodes.Row row) {
    String reason = Objects.requireNonNullElse(item.reason(), "");
    String status = item.disputeStatus();
    return "Adyen says: " + row.words() + (item.success() ? "" : ", without success")
        + (status.isEmpty() ? "" : ", dispute " + item.psp() + " is " + status)
        + (reason.isEmpty() ? "." : ": " + reason);
  }

  /** It is the payment's own: one that is not under our reference is of others. */
  private static ProviderEvent authorisation(AdyenItem item) {
    if (!item.ours()) return item.ignored();
    // On Adyen's page the payer may try again, and each try has a notification of its own.
    return item.told(item.success()
        ? authorised(item)
        : new Outcome.TryRefused(AdyenOutcomes.refused(item.psp(), null, item.reason())));
  }

  private static @Nullable Outcome authorised(AdyenItem item) {
    AdyenAmount amount = item.amount();
    return amount == null
        ? null
        : new Outcome.Approved(item.payment(), amount.minor(), amount.currency());
  }

  /**
   * A capture that the scheme rejected for a technical reason is done once more by Adyen, who says so in the
   * reason and calls it as before: it is another one for us, named by its time as well.
   */
  private static @Nullable Outcome captured(AdyenItem item) {
    AdyenAmount amount = item.amount();
    boolean again = recaptured(item.reason());
    return amount == null
        ? null
        : new Outcome.Charged(item.payment(), amount.minor(), amount.currency(),
            again ? Outcome.Charged.again(item.psp(), item.at()) : item.psp(), again);
  }

  static boolean recaptured(@Nullable String reason) {
    return "Transaction Recaptured".equals(reason) || "Transaction Auto-recaptured".equals(reason);
  }

  private static Outcome failed(AdyenItem item, String code) {
    return new Outcome.Declined(item.psp(), code, null, item.message(), false, amount(item), item.at());
  }

  private static Outcome.@Nullable Amount amount(AdyenItem item) {
    AdyenAmount amount = item.amount();
    return amount == null ? null : new Outcome.Amount(amount.minor(), amount.currency());
  }

  private static ProviderEvent cancellation(AdyenItem item) {
    return item
        .told(item.success()
            ? new Outcome.Voided(item.payment(), false)
            : failed(item, Outcome.Declined.CANCEL_FAILED));
  }

  private static ProviderEvent refund(AdyenItem item) {
    // One that was made at Adyen is not of a payment of ours when it names none.
    if (!item.ours() && item.original() == null) return item.ignored();
    if (!item.success()) return refundFailed(item, Outcome.Declined.REFUND_FAILED);
    AdyenAmount amount = item.amount();
    if (amount == null) return item.noAmount();
    return item.ours()
        ? item.told(new Outcome.Refunded(item.psp(), amount.minor(), amount.currency()))
        : new ProviderEvent.Unsolicited(item.event(), item.payment(),
            new UnsolicitedChange.Refunded(item.psp(), amount.minor(), amount.currency()));
  }

  private static ProviderEvent cancellationOrRefund(AdyenItem item) {
    return switch (Objects.requireNonNullElse(JsonFields.text(item.additional(), ACTION), "")) {
      case "refund" -> refund(item);
      case "cancel" -> cancellation(item);
      default -> item.success()
          ? item.notice("Adyen canceled or refunded the payment, and does not say which: look there.", false)
          : item.told(failed(item, Outcome.Declined.CANCEL_FAILED));
    };
  }

  private static ProviderEvent refundFailed(AdyenItem item) {
    return refundFailed(item, item.event().equals("REFUNDED_REVERSED")
        ? Outcome.Declined.REFUND_REVERSED
        : Outcome.Declined.REFUND_FAILED);
  }

  private static ProviderEvent refundFailed(AdyenItem item, String code) {
    if (item.ours()) return item.told(failed(item, code));
    return item.original() == null
        ? item.ignored()
        : new ProviderEvent.Unsolicited(item.event(), item.original(),
            new UnsolicitedChange.RefundFailed(item.psp(), code, item.message(), amount(item)));
  }
}
