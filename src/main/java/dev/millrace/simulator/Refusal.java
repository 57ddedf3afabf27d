package dev.millrace.simulator;

import org.jspecify.annotations.Nullable;

/**
 * A request that was not carried out, as Stripe says it.
 *
 * @see <a href="https://docs.stripe.com/api/errors">Stripe's error object</a>
 */
record Refusal(int status, String type, @Nullable String code, String message, @Nullable String param)
    implements
      Refused {

  static Refusal invalid(@Nullable String code, String message, @Nullable String param) {
    return new Refusal(400, "invalid_request_error", code, message, param);
  }

  static Refusal missing(String param) {
    return invalid("parameter_missing", "Missing required param: " + param + ".", param);
  }

  static Refusal notFound(String method, String path) {
    return new Refusal(404, "invalid_request_error", null,
        "Unrecognized request URL (" + method + ": " + path + ").",
        null);
  }

  static Refusal noSuchIntent(String id) {
    return missingResource("payment_intent", id, "intent");
  }

  /** {@code kind}: what there is none of, as in {@code refund}. */
  static Refusal missingResource(String kind, String id, String param) {
    return new Refusal(404, "invalid_request_error", "resource_missing", "No such " + kind + ": '" + id + "'",
        param);
  }

  static Refusal noSuchReference(String reference) {
    return new Refusal(404, "invalid_request_error", "resource_missing",
        "No payment_intent has the millrace_reference '" + reference + "'", "reference");
  }

  static Refusal unauthorized() {
    return new Refusal(401, "invalid_request_error", null,
        "Invalid API Key provided. Send the provider's key as Authorization: Bearer <key>.", null);
  }

  static Refusal differentParameters() {
    return new Refusal(400, "idempotency_error", null,
        "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        null);
  }

  static Refusal keyInUse() {
    return new Refusal(409, "idempotency_error", "idempotency_key_in_use",
        "There is currently another in-progress request using this Idempotency Key. Try again later.", null);
  }

  static Refusal tooLarge(int bytesMax) {
    return new Refusal(413, "invalid_request_error", null,
        "The request body is larger than " + bytesMax + " bytes.",
        null);
  }

  /** Charged nothing; saved under its key like every answer after execution began. */
  static Refusal internalError() {
    return new Refusal(500, "api_error", null, "An unknown error occurred on the provider's side.", null);
  }

  /** Turned away unread. */
  static Refusal throttled() {
    return new Refusal(429, "invalid_request_error", "rate_limit",
        "Request rate limit exceeded. Try again later.", null);
  }

  /** Charged nothing and not saved. */
  static Refusal overloaded(String why) {
    return new Refusal(503, "api_error", null, why, null);
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
