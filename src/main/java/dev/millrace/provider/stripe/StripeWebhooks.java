package dev.millrace.provider.stripe;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.TimedSignature;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Webhooks as Stripe signs and words them.
 *
 * @see <a href="https://docs.stripe.com/webhooks#verify-manually">Stripe, verify webhook signatures
 *   manually</a>
 * @see <a href="https://docs.stripe.com/api/events/types">Stripe, types of events</a>
 */
public final class StripeWebhooks implements WebhookScheme {
  private static final Buffer ANSWER = Buffer.buffer("{\"received\":true}");

  private final String provider;
  private final String account;
  private final TimedSignature signature;

  /**
   * {@code secrets}: all that are active; {@code tolerance}: how far the signature's time may be off, both
   * ways.
   */
  public StripeWebhooks(String provider, String account, List<String> secrets, Duration tolerance) {
    this.provider = provider;
    this.account = account;
    this.signature = new TimedSignature("Stripe-Signature", secrets, tolerance);
  }

  @Override
  public String provider() { return provider; }

  @Override
  public String account() { return account; }

  @Override
  public @Nullable Buffer answer() { return ANSWER; }

  @Override
  public Verdict verify(MultiMap headers, byte[] body, Instant now) {
    return signature.verify(headers, body, now);
  }

  @Override
  public ProviderEvent read(Buffer body) {
    JsonObject event = JsonFields.object(body);
    if (event == null) return new ProviderEvent.Unreadable("", "the body is no JSON object");
    String type = Objects.requireNonNullElse(JsonFields.text(event, "type"), "");
    return switch (type) {
      case "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled",
          "payment_intent.amount_capturable_updated", "payment_intent.requires_action",
          "payment_intent.processing" ->
        about(type, event, object -> StripeEvents.intent(type, object));
      case "refund.created", "refund.updated", "refund.failed" ->
        about(type, event, object -> StripeEvents.refund(type, object, previousStatus(event)));
      case "charge.dispute.created", "charge.dispute.funds_withdrawn" ->
        about(type, event, object -> StripeEvents.disputeOpened(type, object));
      case "charge.dispute.closed" ->
        about(type, event, object -> StripeEvents.disputeClosed(type, object));
      default -> new ProviderEvent.Ignored(type);
    };
  }

  private interface Reading {
    ProviderEvent of(JsonObject object);
  }

  private static ProviderEvent about(String type, JsonObject event, Reading reading) {
    JsonObject object = JsonFields.object(JsonFields.at(event, "data"), "object");
    return object == null ? new ProviderEvent.Unreadable(type, "no data.object") : reading.of(object);
  }

  /** What the object's status was before, where the event says that it changed. */
  private static @Nullable String previousStatus(JsonObject event) {
    return JsonFields.text(JsonFields.at(event, "data", "previous_attributes"), "status");
  }
}
