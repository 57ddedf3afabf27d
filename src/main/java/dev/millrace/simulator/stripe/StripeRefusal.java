package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.JsonText;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.DirectAnswer;
import org.jspecify.annotations.Nullable;

/**
 * A request that was not carried out, as Stripe says it.
 *
 * @see <a href="https://docs.stripe.com/api/errors">Stripe's error object</a>
 */
public record StripeRefusal(int status, String type, @Nullable String code, String message,
    @Nullable String param)
    implements
      DirectAnswer {

  public static StripeRefusal invalid(@Nullable String code, String message, @Nullable String param) {
    return new StripeRefusal(400, "invalid_request_error", code, message, param);
  }

  static StripeRefusal missing(String param) {
    return invalid("parameter_missing", "Missing required param: " + param + ".", param);
  }

  public static StripeRefusal notFound(String method, String path) {
    return new StripeRefusal(404, "invalid_request_error", null,
        "Unrecognized request URL (" + method + ": " + path + ").",
        null);
  }

  static StripeRefusal noSuchIntent(String id) {
    return missingResource("payment_intent", id, "intent");
  }

  /** {@code kind}: what there is none of, as in {@code refund}. */
  static StripeRefusal missingResource(String kind, String id, String param) {
    return new StripeRefusal(404, "invalid_request_error", "resource_missing",
        "No such " + kind + ": '" + id + "'",
        param);
  }

  public static StripeRefusal noSuchReference(String reference) {
    return new StripeRefusal(404, "invalid_request_error", "resource_missing",
        "No payment_intent has the millrace_reference '" + reference + "'", "reference");
  }

  static StripeRefusal unauthorized() {
    return new StripeRefusal(401, "invalid_request_error", null,
        "Invalid API Key provided. Send the provider's key as Authorization: Bearer <key>.", null);
  }

  static StripeRefusal differentParameters() {
    return new StripeRefusal(400, "idempotency_error", null,
        "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        null);
  }

  static StripeRefusal keyInUse() {
    return new StripeRefusal(409, "idempotency_error", "idempotency_key_in_use",
        "There is currently another in-progress request using this Idempotency Key. Try again later.", null);
  }

  /** Charged nothing; saved under its key like every answer after execution began. */
  static StripeRefusal internalError() {
    return new StripeRefusal(500, "api_error", null, "An unknown error occurred on the provider's side.",
        null);
  }

  /** Turned away unread. */
  static StripeRefusal throttled() {
    return new StripeRefusal(429, "invalid_request_error", "rate_limit",
        "Request rate limit exceeded. Try again later.", null);
  }

  /** Charged nothing and not saved. */
  public static StripeRefusal overloaded(String why) {
    return new StripeRefusal(503, "api_error", null, why, null);
  }

  @Override
  public Answer answer() {
    return answer(null);
  }

  /** With the PaymentIntent the error is about, as JSON, if there is one. */
  Answer answer(@Nullable String intent) {
    var out = new StringBuilder(256).append("{\"error\":{");
    if (code != null) {
      JsonText.string(out.append("\"code\":"), code).append(',');
    }
    JsonText.string(out.append("\"message\":"), message);
    if (param != null) {
      JsonText.string(out.append(",\"param\":"), param);
    }
    if (intent != null) {
      out.append(",\"payment_intent\":").append(intent);
    }
    return new Answer(status, out.append(",\"type\":\"").append(type).append("\"}}").toString());
  }
}
