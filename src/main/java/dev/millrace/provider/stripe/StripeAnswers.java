package dev.millrace.provider.stripe;

import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * What Stripe's answers mean for money.
 *
 * <table>
 * <caption>Status and body of a charge</caption>
 * <tr><th>answer</th><th>outcome</th></tr>
 * <tr><td>200, intent {@code succeeded}</td><td>charged, by {@code amount_received}</td></tr>
 * <tr><td>402 {@code card_error}</td><td>declined</td></tr>
 * <tr><td>400, 404 {@code invalid_request_error}</td><td>declined: the same request would be refused again</td></tr>
 * <tr><td>401, 403, 429</td><td>not executed: turned away before execution</td></tr>
 * <tr><td>409 (the key is in use), 5xx, no JSON, other</td><td>unknown</td></tr>
 * </table>
 */
final class StripeAnswers {
  /** Status and body as they came. */
  record Raw(int status, Buffer body) {}

  private StripeAnswers() {}

  static Outcome ofCharge(Raw raw) {
    JsonObject json = parse(raw.body());
    if (json == null) return new Outcome.Unknown("status " + raw.status() + " with a body that is not JSON");
    return switch (raw.status()) {
      case 200 -> ofIntent(json);
      case 400, 402, 404 -> refused(raw.status(), json);
      case 401, 403, 429 -> new Outcome.NotExecuted("status " + raw.status());
      default -> new Outcome.Unknown("status " + raw.status());
    };
  }

  static Outcome ofSearch(Raw raw) {
    JsonObject json = parse(raw.body());
    if (raw.status() != 200 || json == null
        || !(json.getValue("data") instanceof io.vertx.core.json.JsonArray data)) {
      return new Outcome.Unknown("inquiry: status " + raw.status());
    }
    // One charge is proof; one that is not decided leaves all undecided; only then does a refusal count.
    Outcome best = new Outcome.Absent();
    for (Object item : data) {
      Outcome one = item instanceof JsonObject intent
          ? ofIntent(intent)
          : new Outcome.Unknown("inquiry: malformed list");
      if (one instanceof Outcome.Charged) return one;
      if (!(best instanceof Outcome.Unknown)) best = one;
    }
    return best;
  }

  /** A refusal is one only in Stripe's own words: anything else may come from whatever stands in between. */
  private static Outcome refused(int status, JsonObject json) {
    String type = text(error(json), "type");
    if ("idempotency_error".equals(type))
      return new Outcome.Unknown("our reference was used for another request");
    return "card_error".equals(type) || "invalid_request_error".equals(type)
        ? declined(json)
        : new Outcome.Unknown("status " + status + " without Stripe's error");
  }

  static Outcome ofIntent(JsonObject intent) {
    String id = text(intent, "id");
    String status = text(intent, "status");
    if (id == null || status == null) return new Outcome.Unknown("an intent without id or status");
    return switch (status) {
      case "succeeded" -> {
        String currency = text(intent, "currency");
        yield intent.getValue("amount_received") instanceof Number n && n.longValue() > 0 && currency != null
            ? new Outcome.Charged(id, n.longValue(), currency)
            : new Outcome.Unknown("a succeeded intent without amount_received or currency");
      }
      case "requires_payment_method", "canceled" -> {
        JsonObject error = intent.getValue("last_payment_error") instanceof JsonObject e
            ? e
            : new JsonObject();
        yield declined(id, error);
      }
      default -> new Outcome.Unknown("intent status " + status);
    };
  }

  private static Outcome declined(JsonObject json) {
    JsonObject error = error(json);
    String id = error.getValue("payment_intent") instanceof JsonObject intent ? text(intent, "id") : null;
    return declined(id, error);
  }

  private static Outcome declined(@Nullable String id, JsonObject error) {
    String code = text(error, "code");
    String message = text(error, "message");
    return new Outcome.Declined(id, code == null ? "card_declined" : code, text(error, "decline_code"),
        message == null ? "The provider declined the payment." : message);
  }

  private static JsonObject error(JsonObject json) {
    return json.getValue("error") instanceof JsonObject e ? e : new JsonObject();
  }

  /** All of it is stored, and Postgres holds no NUL in a text. */
  private static @Nullable String text(JsonObject json, String field) {
    return json.getValue(field) instanceof String s ? s.replace('\0', '?') : null;
  }

  private static @Nullable JsonObject parse(Buffer body) {
    try {
      Object json = Json.decodeValue(body);
      return json instanceof JsonObject object ? object : null;
    } catch (DecodeException e) {
      return null;
    }
  }
}
