package dev.millrace.provider.stripe;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.HttpWire.Answer;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.json.JsonObject;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What Stripe's answers mean for money.
 *
 * <table>
 * <caption>Status and body</caption>
 * <tr><th>answer</th><th>outcome</th></tr>
 * <tr><td>200</td><td>as {@link StripeIntents} or {@link StripeRefunds} says</td></tr>
 * <tr><td>402 {@code card_error}</td><td>declined; {@link StripeDecline} tells whose fault it is</td></tr>
 * <tr><td>400, 404 {@code invalid_request_error}</td><td>declined: the same request would be refused again</td></tr>
 * <tr><td>401, 403</td><td>not executed: turned away before execution</td></tr>
 * <tr><td>409 (the key is in use), 5xx, no JSON, other</td><td>unknown</td></tr>
 * </table>
 *
 * @see <a href="https://docs.stripe.com/api/errors">Stripe API, errors</a>
 * @see <a href="https://docs.stripe.com/error-low-level">Stripe, advanced error handling</a>
 */
final class StripeOutcomes {
  private static final String UNEXPECTED_STATE = "payment_intent_unexpected_state";

  private StripeOutcomes() {}

  static Outcome ofCharge(Answer answer) { return of(answer, StripeIntents::ofCharge); }

  static Outcome ofCapture(Answer answer) { return ofOperation(answer, StripeIntents::ofCapture); }

  static Outcome ofCancel(Answer answer) { return ofOperation(answer, StripeIntents::ofCancel); }

  static Outcome ofRefund(Answer answer) { return of(answer, StripeRefunds::of); }

  private static Outcome of(Answer answer, Function<JsonObject, Outcome> meaning) {
    JsonObject json = answer.json();
    if (json == null)
      return new Outcome.Unknown("status " + answer.status() + " with a body that is not JSON");
    return switch (answer.status()) {
      case 200 -> meaning.apply(json);
      case 400, 402, 404 -> refused(answer.status(), json);
      case 401, 403 -> new Outcome.NotExecuted("status " + answer.status());
      default -> new Outcome.Unknown("status " + answer.status());
    };
  }

  private static Outcome ofOperation(Answer answer, Function<JsonObject, Outcome> meaning) {
    Outcome outcome = of(answer, meaning);
    if (outcome instanceof Outcome.Absent)
      return new Outcome.Unknown("status 200, and the intent is as it was");
    JsonObject json = answer.json();
    if (!(outcome instanceof Outcome.Declined) || json == null) return outcome;
    JsonObject error = JsonFields.at(json, "error");
    if (!UNEXPECTED_STATE.equals(JsonFields.text(error, "code"))) return outcome;
    // Refused because it is done already, be it by a call whose answer was lost: then it is done.
    Outcome now = meaning.apply(JsonFields.at(error, "payment_intent"));
    return now instanceof Outcome.Charged || now instanceof Outcome.Voided ? now : outcome;
  }

  /** The answer to an inquiry that finds one intent. */
  static Outcome ofRetrieval(Answer answer, Function<JsonObject, Outcome> meaning) {
    JsonObject json = answer.json();
    return answer.status() != 200 || json == null
        ? new Outcome.Unknown("inquiry: status " + answer.status())
        : meaning.apply(json);
  }

  /**
   * The answer to a search by our reference. There is one intent of it; should there be more, the one that
   * moved money counts, then one that may still do so, and a refusal only when all are refused.
   */
  static Outcome ofSearch(Answer answer) {
    JsonObject json = answer.json();
    if (answer.status() != 200 || json == null || !json.containsKey("data"))
      return new Outcome.Unknown("inquiry: status " + answer.status());
    List<JsonObject> intents = JsonFields.objects(json, "data");
    if (intents == null) return new Outcome.Unknown("inquiry: malformed list");
    return intents.stream().map(StripeIntents::ofCharge).max(Comparator.comparingInt(StripeOutcomes::weight))
        .orElseGet(Outcome.Absent::new);
  }

  private static int weight(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged _ -> 6;
      case Outcome.Authorized _ -> 5;
      case Outcome.Unknown _ -> 4;
      case Outcome.Pending _ -> 3;
      case Outcome.ActionRequired _ -> 2;
      case Outcome.Voided _, Outcome.Declined _, Outcome.TryRefused _ -> 1;
      case Outcome.Approved _, Outcome.Refunded _, Outcome.NotExecuted _, Outcome.Deferred _,
          Outcome.Absent _ ->
        0;
    };
  }

  /** A refusal is one only in Stripe's own words: anything else may come from whatever stands in between. */
  private static Outcome refused(int status, JsonObject json) {
    JsonObject error = JsonFields.at(json, "error");
    String type = JsonFields.text(error, "type");
    if ("idempotency_error".equals(type))
      return new Outcome.Unknown("our reference was used for another request");
    return "card_error".equals(type) || "invalid_request_error".equals(type)
        ? declined(JsonFields.text(JsonFields.at(error, "payment_intent"), "id"), error)
        : new Outcome.Unknown("status " + status + " without Stripe's error");
  }

  static Outcome declined(@Nullable String id, JsonObject error) {
    String code = JsonFields.text(error, "code");
    String declineCode = JsonFields.text(error, "decline_code");
    String message = JsonFields.text(error, "message");
    return new Outcome.Declined(id, code == null ? "card_declined" : code, declineCode,
        message == null ? "The provider declined the payment." : message,
        StripeDecline.elsewhere(code, declineCode));
  }
}
