package dev.millrace.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.param.WebhookEndpointCreateParams;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.provider.adyen.AdyenWebhooks;
import dev.millrace.provider.stripe.StripeWebhooks;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Every published example of an event is read, and no published event is unknown. */
@EnabledIfSystemProperty(named = Contracts.PROPERTY, matches = ".+", disabledReason = Contracts.WHY)
final class ExamplesConformanceTest {
  private static final String REFERENCE = Orders.reference();
  private static final String ACCOUNT = "YOUR_MERCHANT_ACCOUNT";

  private final WebhookScheme adyen = new AdyenWebhooks("adyen", "default", ACCOUNT, List.of("00"));
  private final WebhookScheme stripe = new StripeWebhooks("stripe", "default", List.of("whsec_1"),
      Duration.ofSeconds(300));

  /** The amount that an event says has moved, as {@code 1000 eur}; null where none has. */
  private static String moved(ProviderEvent event) {
    return switch (event) {
      case ProviderEvent.AttemptOutcome told -> switch (told.outcome()) {
        case Outcome.Charged c -> c.amount() + " " + c.currency();
        case Outcome.Approved a -> a.amount() + " " + a.currency();
        case Outcome.Authorized a -> a.amount() + " " + a.currency();
        case Outcome.Refunded r -> r.amount() + " " + r.currency();
        default -> null;
      };
      case ProviderEvent.Unsolicited unsolicited -> switch (unsolicited.fact()) {
        case UnsolicitedChange.DisputeOpened d -> d.amount() + " " + d.currency();
        case UnsolicitedChange.DisputeClosed d -> d.amount() + " " + d.currency();
        case UnsolicitedChange.Refunded r -> r.amount() + " " + r.currency();
        case UnsolicitedChange.Returned r -> r.amount() + " " + r.currency();
        case UnsolicitedChange.ReturnReversed r -> r.amount() + " " + r.currency();
        case UnsolicitedChange.RefundFailed _, UnsolicitedChange.DisputeUnanswered _ -> null;
      };
      case ProviderEvent.Notice _, ProviderEvent.Ignored _, ProviderEvent.Unreadable _ -> null;
    };
  }

  private static void assertKnown(ProviderEvent event, Object of) {
    assertThat(event).as("%s", of).isNotInstanceOf(ProviderEvent.Unreadable.class);
    if (event instanceof ProviderEvent.Notice notice)
      assertThat(notice.detail()).as("%s", of).doesNotContain("does not know");
  }

  private static final Set<String> MOVE_MONEY = Set.of("AUTHORISATION", "CAPTURE", "REFUND_WITH_DATA",
      "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK", "CHARGEBACK_REVERSED", "SECOND_CHARGEBACK",
      "PREARBITRATION_WON",
      "PREARBITRATION_LOST", "DISPUTE_DEFENSE_PERIOD_ENDED", "ISSUER_RESPONSE_TIMEFRAME_EXPIRED");

  private static JsonObject item(JsonObject notification) {
    return notification.getJsonArray("notificationItems").getJsonObject(0)
        .getJsonObject("NotificationRequestItem");
  }

  private static void put(JsonObject item, String name, String value) {
    item.put("additionalData", item.getJsonObject("additionalData", new JsonObject()).put(name, value));
  }

  @Test
  void adyen_everyExample() {
    var moving = new HashMap<String, String>();
    Contracts.webhooks().webhookExamples().forEach((name, example) -> {
      assertKnown(adyen.read(example.toBuffer()), example);
      // Those that are no notification of items name the payment alone.
      if (!example.containsKey("notificationItems")) return;
      JsonObject item = item(example).put("merchantReference", REFERENCE);
      ProviderEvent event = adyen.read(example.toBuffer());
      assertKnown(event, example);
      assertThat(event.type()).isEqualTo(item.getString("eventCode"));
      JsonObject amount = item.getJsonObject("amount");
      String moved = moved(event);
      if (moved == null) return;
      assertThat(moved).isEqualToIgnoringCase(amount.getLong("value") + " " + amount.getString("currency"));
      moving.put(event.type(), moved);
    });
    assertThat(moving).containsOnlyKeys(MOVE_MONEY);
  }

  @Test
  void adyen_everyEventCode() {
    OpenApi webhooks = Contracts.webhooks();
    JsonObject example = webhooks.webhookExamples().get("chargeback");
    JsonObject item = item(example).put("merchantReference", REFERENCE);
    for (String success : List.of("true", "false")) {
      for (String code : webhooks.eventCodes()) {
        ProviderEvent event = adyen.read(new JsonObject().put("notificationItems", new JsonArray().add(
            new JsonObject().put("NotificationRequestItem",
                item.put("eventCode", code).put("success", success))))
            .toBuffer());
        assertThat(event).as(code).isNotInstanceOf(ProviderEvent.Unreadable.class);
        if (event instanceof ProviderEvent.Notice notice)
          assertThat(notice.detail()).as(code).doesNotContain("event that the connector does not know");
      }
    }
  }

  /** The object that an event of this type carries; null where it is not about payments. */
  private static String carries(String type) {
    if (type.startsWith("charge.dispute.")) return "dispute";
    if (type.equals("charge.refund.updated") || type.startsWith("refund.")) return "refund";
    if (type.startsWith("charge.")) return "charge";
    if (type.startsWith("payment_intent.")) return "payment_intent";
    if (type.startsWith("radar.early_fraud_warning.")) return "radar.early_fraud_warning";
    return type.startsWith("review.") ? "review" : null;
  }

  private ProviderEvent read(String type, JsonObject object) {
    return stripe.read(new JsonObject().put("id", "evt_1").put("object", "event").put("type", type)
        .put("data", new JsonObject().put("object", object)).toBuffer());
  }

  @Test
  void stripe_everyType_withItsObject() {
    Map<String, JsonObject> objects = Contracts.stripeObjects();
    for (String type : StripeModels.values(WebhookEndpointCreateParams.EnabledEvent.class)) {
      String name = carries(type);
      if (name == null) {
        // Whatever its object names: it is not about payments of ours.
        for (JsonObject any : objects.values())
          if (!type.equals("*")) assertThat(read(type, any)).isEqualTo(new ProviderEvent.Ignored(type));
        continue;
      }
      JsonObject published = objects.get(name);
      assertThat(published).as("an example of %s", name).isNotNull();
      assertKnown(read(type, published), type);
      assertKnown(read(type, ours(published)), type);
    }
  }

  /** The same, of a payment of ours. */
  private static JsonObject ours(JsonObject published) {
    var object = published.copy();
    if (object.containsKey("payment_intent")) object.put("payment_intent", "pi_1");
    if (object.containsKey("metadata"))
      object.put("metadata", new JsonObject().put("millrace_reference", REFERENCE));
    return object;
  }

  @Test
  void stripe_everyAmount() {
    Map<String, JsonObject> objects = Contracts.stripeObjects();
    JsonObject intent = ours(objects.get("payment_intent"));
    long amount = intent.getLong("amount");
    String expected = amount + " " + intent.getString("currency");
    assertThat(moved(read("payment_intent.succeeded", intent.put("status", "succeeded")
        .put("amount_received", amount)))).isEqualTo(expected);
    assertThat(moved(read("payment_intent.amount_capturable_updated", intent.put("status", "requires_capture")
        .put("amount_capturable", amount)))).isEqualTo(expected);
    JsonObject refund = objects.get("refund");
    for (JsonObject one : List.of(ours(refund), refund.copy().put("payment_intent", "pi_1")))
      assertThat(moved(read("refund.updated", one)))
          .isEqualTo(refund.getLong("amount") + " " + refund.getString("currency"));
    JsonObject dispute = ours(objects.get("dispute"));
    for (String status : List.of("needs_response", "under_review", "won", "lost"))
      assertThat(moved(read("charge.dispute.closed", dispute.put("status", status))))
          .isEqualTo(dispute.getLong("amount") + " " + dispute.getString("currency"));
  }
}
