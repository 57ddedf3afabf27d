package dev.millrace.provider.adyen;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Disputes, by the money: the notification of a chargeback announces that it will be taken, the chargeback
 * takes it, either opens the dispute. A chargeback that cannot be defended any more says so by its
 * {@code disputeStatus} and is lost. A reversal brings the money back: won. A second chargeback takes it
 * again: lost after all. All of them bear the dispute's one pspReference, and the payment's
 * {@code merchantReference}, which is ours.
 *
 * @see <a href="https://docs.adyen.com/risk-management/disputes-api/dispute-notifications">Adyen, dispute
 *   webhooks</a>
 * @see <a
 *   href="https://docs.adyen.com/risk-management/understanding-disputes/dispute-process-and-flow">Adyen,
 *     dispute flow</a>
 */
final class AdyenDisputes {
  private static final String EXPIRED = "Expired";
  private static final Set<String> LOST = Set.of("Lost", "Accepted", EXPIRED);
  private static final String WON = "Won";

  private AdyenDisputes() {}

  static ProviderEvent opened(AdyenItem item) {
    AdyenAmount amount = item.amount();
    return unsolicited(item, amount == null
        ? null
        : new UnsolicitedChange.DisputeOpened(item.psp(), amount.minor(), amount.currency(), item.reason(),
            defensePeriodEnd(item.additional()), item.at()));
  }

  static ProviderEvent chargeback(AdyenItem item) {
    return LOST.contains(item.disputeStatus()) ? closed(item, false, false) : opened(item);
  }

  /** The money comes back, or is taken again: so much as it says. */
  static ProviderEvent moved(AdyenItem item, boolean won) {
    return closed(item, won, true);
  }

  private static ProviderEvent closed(AdyenItem item, boolean won, boolean moves) {
    AdyenAmount amount = item.amount();
    return unsolicited(item, amount == null
        ? null
        : new UnsolicitedChange.DisputeClosed(item.psp(), won, amount.minor(), amount.currency(),
            item.reason(), item.at(), moves));
  }

  /** {@code ended}: it is over, and without a status (as with payments in Brazil) a person must see how. */
  static ProviderEvent stage(AdyenItem item, String words, boolean ended) {
    String status = item.disputeStatus();
    if (status.equals(EXPIRED)) return unanswered(item);
    if (LOST.contains(status)) return closed(item, false, false);
    return status.equals(WON) ? closed(item, true, false) : item.notice(words, !ended || !status.isEmpty());
  }

  /** Also an inquiry of the issuer's, which takes no money, has this status. */
  private static ProviderEvent unanswered(AdyenItem item) {
    AdyenAmount amount = item.amount();
    return unsolicited(item, amount == null
        ? null
        : new UnsolicitedChange.DisputeUnanswered(item.psp(), amount.minor(), amount.currency(), item.at()));
  }

  /**
   * Adyen sends the payment's name with some of them only where that is switched on; our reference names it
   * as well.
   */
  private static ProviderEvent unsolicited(AdyenItem item, @Nullable UnsolicitedChange change) {
    if (item.original() == null && !item.ours()) return item.ignored();
    return change == null ? item.noAmount() : item.unsolicited(change);
  }

  private static @Nullable Long defensePeriodEnd(JsonObject additional) {
    return AdyenItem.seconds(JsonFields.text(additional, "defensePeriodEndsAt"));
  }
}
