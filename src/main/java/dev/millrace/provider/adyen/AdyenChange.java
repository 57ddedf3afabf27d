package dev.millrace.provider.adyen;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.json.JsonObject;
import java.util.Objects;

/**
 * Webhooks of Adyen's that are no notifications of items: {@code {type, createdAt, data: {pspReference}}}. A
 * payer's bank tells by one that the account has other details now, which are not kept here.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Webhooks/1/post/ACH_NOTIFICATION_OF_CHANGE">Adyen, ACH
 *   notification of change</a>
 */
final class AdyenChange {
  private AdyenChange() {}

  static boolean is(JsonObject json) {
    return JsonFields.text(json, "type") != null && !json.containsKey("notificationItems");
  }

  /** The same when it is repeated. */
  static String id(JsonObject json) {
    return text(JsonFields.at(json, "data"), "pspReference") + ":" + text(json, "type") + ":"
        + text(json, "createdAt");
  }

  static ProviderEvent read(JsonObject json) {
    String type = text(json, "type");
    String payment = text(JsonFields.at(json, "data"), "pspReference");
    if (payment.isEmpty()) return new ProviderEvent.Ignored(type);
    return type.endsWith(".notificationOfChange")
        ? new ProviderEvent.Notice(type, null, payment,
            "Adyen says: the payer's bank account has other details"
                + " now, which the Customer Area shows.",
            true)
        : new ProviderEvent.Notice(type, null, payment,
            "Adyen sent an event that the connector does not know: look there what happened.", false);
  }

  private static String text(JsonObject json, String field) {
    return Objects.requireNonNullElse(JsonFields.text(json, field), "");
  }
}
