package dev.millrace.simulator.adyen;

import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.DirectAnswer;
import io.vertx.core.json.JsonObject;

/**
 * A request that was not carried out, as Adyen says it.
 *
 * @param transientError
 *          whether the same request may be sent again under the same key
 * @see <a href="https://docs.adyen.com/development-resources/error-codes">Adyen: error codes</a>
 * @see <a href="https://docs.adyen.com/development-resources/api-idempotency">Adyen: API idempotency</a>
 */
record AdyenError(int status, String errorCode, String message, String errorType, boolean transientError)
    implements
      DirectAnswer {

  static AdyenError invalid(String errorCode, String message) {
    return new AdyenError(422, errorCode, message, "validation", false);
  }

  static AdyenError missing(String field) {
    return invalid("130", "Required field '" + field + "' is not provided.");
  }

  static AdyenError unreadable() {
    return new AdyenError(400, "702", "The request body is not a JSON object.", "validation", false);
  }

  static AdyenError unauthorized() {
    return new AdyenError(401, "000", "HTTP Status Response - Unauthorized", "security", false);
  }

  static AdyenError merchantAccount() {
    return new AdyenError(403, "901", "Invalid Merchant Account", "security", false);
  }

  static AdyenError notFound() {
    return new AdyenError(404, "002", "Not found", "validation", false);
  }

  static AdyenError noSuchPayment() {
    return invalid("167", "Original pspReference required for this operation");
  }

  /** Another request had this key. */
  static AdyenError alreadyProcessed() {
    return invalid("704", "request already processed or in progress");
  }

  static AdyenError inProgress() {
    return new AdyenError(409, "704", "request already processed or in progress", "validation", true);
  }

  static AdyenError internal(int status, String message) {
    return new AdyenError(status, "905", message, "internal", true);
  }

  static AdyenError throttled() {
    return new AdyenError(429, "000", "HTTP Status Response - Too Many Requests", "internal", true);
  }

  @Override
  public Answer answer() {
    return new Answer(status, new JsonObject().put("status", status).put("errorCode", errorCode)
        .put("message", message).put("errorType", errorType).encode(), transientError);
  }
}
