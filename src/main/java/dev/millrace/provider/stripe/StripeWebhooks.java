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
    StripeEventTypes.Row row = StripeEventTypes.of(type);
    if (row == null) return unknown(type, event);
    return switch (row.reading()) {
      case INTENT -> about(type, event, object -> StripeEvents.intent(type, object));
      case REFUND -> about(type, event, object -> StripeEvents.refund(type, object));
      case DISPUTE -> about(type, event,
          object -> StripeEvents.dispute(type, object, JsonFields.amount(event, "created")));
      case NOTICE -> about(type, event,
          object -> StripeEvents.notice(type, object, "Stripe says: " + row.words() + ".", true));
      case ELSEWHERE, OTHERS -> new ProviderEvent.Ignored(type);
    };
  }

  /** One that Stripe has made up since: a person looks whether it matters, if it names a payment. */
  private static ProviderEvent unknown(String type, JsonObject event) {
    JsonObject object = JsonFields.object(JsonFields.at(event, "data"), "object");
    return object == null
        ? new ProviderEvent.Ignored(type)
        : StripeEvents.notice(type, object,
            "Stripe sent an event that the connector does not know: look there what happened.", false);
  }

  private interface Reading {
    ProviderEvent of(JsonObject object);
  }

  private static ProviderEvent about(String type, JsonObject event, Reading reading) {
    JsonObject object = JsonFields.object(JsonFields.at(event, "data"), "object");
    return object == null ? new ProviderEvent.Unreadable(type, "no data.object") : reading.of(object);
  }
}
