package dev.millrace.simulator.adyen;

import dev.millrace.simulator.adyen.AdyenNotifications.Item;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * What Adyen's notifications say of a dispute, from its announcement on. The chargeback takes the money, its
 * reversal gives it back, a second chargeback takes it again, and a case won before arbitration gives it back
 * for good. All have the dispute's one pspReference.
 *
 * @see <a
 *   href="https://docs.adyen.com/risk-management/understanding-disputes/dispute-process-and-flow">Adyen:
 *     dispute flow</a>
 * @see <a href="https://docs.adyen.com/risk-management/disputes-api/dispute-notifications">Adyen: dispute
 *   webhooks</a>
 */
final class AdyenDisputeStages {
  private static final long DEFENSE_S = 14 * 24 * 3600;

  private AdyenDisputeStages() {}

  /** {@code then}: the payment just after the movement, which opens or decides a dispute. */
  static List<Item> items(Movement movement, PaymentState then, AdyenIds ids) {
    return switch (movement.kind()) {
      case DISPUTE -> List.of(opened("NOTIFICATION_OF_CHARGEBACK", movement, then, ids),
          opened("CHARGEBACK", movement, then, ids));
      case DISPUTE_WON -> List.of(decided(won(movement, then) == 1
          ? "CHARGEBACK_REVERSED"
          : "PREARBITRATION_WON", "Won", movement, then, ids));
      default -> List.of(decided(switch ((int) won(movement, then)) {
        case 0 -> "DISPUTE_DEFENSE_PERIOD_ENDED";
        case 1 -> "SECOND_CHARGEBACK";
        default -> "PREARBITRATION_LOST";
      }, "Lost", movement, then, ids));
    };
  }

  /** How often the dispute has been decided for the merchant by then. */
  private static long won(Movement decision, PaymentState then) {
    return then.movements().stream().filter(m -> m.is(Kind.DISPUTE_WON) && m.about() == decision.about())
        .count();
  }

  private static Item opened(String eventCode, Movement dispute, PaymentState then, AdyenIds ids) {
    Item item = item(eventCode, dispute.number(), "Undefended", then, ids);
    item.additional().put("defensePeriodEndsAt", AdyenNotifications.date(dispute.created() + DEFENSE_S))
        .put("defendable", "true");
    return item;
  }

  private static Item decided(String eventCode, String status, Movement decision, PaymentState then,
      AdyenIds ids) {
    return item(eventCode, decision.about(), status, then, ids);
  }

  private static Item item(String eventCode, int dispute, String status, PaymentState then, AdyenIds ids) {
    return new Item(eventCode, ids.movement(dispute), then.entry().reference(), true,
        "Other Fraud-Card Absent Environment", ids.payment(then),
        new JsonObject().put("chargebackReasonCode", "10.4").put("chargebackSchemeCode", "visa")
            .put("modificationMerchantReferences", "").put("disputeStatus", status));
  }
}
