package dev.millrace.provider.adyen;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.HttpWire.Answer;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.json.JsonObject;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What Adyen's answers mean for money.
 *
 * <table>
 * <caption>Status and body</caption>
 * <tr><th>answer</th><th>outcome</th></tr>
 * <tr><td>{@code Authorised}</td><td>charged; authorized with manual capture</td></tr>
 * <tr><td>{@code RedirectShopper} with a page to get</td><td>action required</td></tr>
 * <tr><td>{@code Pending}, {@code Received}, {@code received}</td><td>pending: a notification tells</td></tr>
 * <tr><td>{@code Refused}, {@code Error}, {@code Cancelled}</td><td>declined; {@link AdyenRefusal} tells whose fault it
 * is</td></tr>
 * <tr><td>400, 422 of the type {@code validation} or {@code configuration}</td><td>declined</td></tr>
 * <tr><td>401, 403</td><td>not executed: turned away before execution</td></tr>
 * <tr><td>error 704 (the key is in use), 5xx, no JSON, other</td><td>unknown</td></tr>
 * </table>
 *
 * @see <a href="https://docs.adyen.com/online-payments/build-your-integration/payment-result-codes">Adyen,
 *   result codes</a>
 * @see <a href="https://docs.adyen.com/development-resources/error-codes">Adyen, error codes</a>
 */
final class AdyenOutcomes {
  /** The request under this key is being carried out, or it was another one. */
  private static final String IN_PROGRESS = "704";
  private static final String SHOPPER_CANCELLED = "16";
  private static final Set<String> RECEIVED = Set.of("received", "Received");

  private AdyenOutcomes() {}

  static Outcome ofPayment(Answer answer, Order.Charge charge) {
    JsonObject json = answer.json();
    return answer.status() == 200 && json != null ? result(json, charge) : ofError(answer, json);
  }

  /**
   * The answer to what the payer brought back. That may be anything: where Adyen cannot read it, nothing is
   * said about the payment, which goes on waiting for its payer.
   */
  static Outcome ofDetails(Answer answer, Order.Complete complete) {
    Outcome outcome = ofPayment(answer, complete.charge());
    return outcome instanceof Outcome.Declined && answer.status() != 200
        ? stillOut(complete)
        : outcome;
  }

  /** The payment goes on waiting for its payer, on the page where it was sent before. */
  static Outcome stillOut(Order.Complete complete) {
    return new Outcome.ActionRequired(complete.providerReference(), "");
  }

  /** The answer to a capture, cancellation or refund, whose result comes by notification. */
  static Outcome ofModification(Answer answer) {
    JsonObject json = answer.json();
    if (json == null || (answer.status() != 200 && answer.status() != 201)) return ofError(answer, json);
    String reference = JsonFields.text(json, "pspReference");
    return reference == null
        || !RECEIVED.contains(Objects.requireNonNullElse(JsonFields.text(json, "status"), ""))
            ? new Outcome.Unknown("a modification without pspReference or status received")
            : new Outcome.Pending(reference);
  }

  private static Outcome result(JsonObject json, Order.Charge charge) {
    String code = JsonFields.text(json, "resultCode");
    String reference = JsonFields.text(json, "pspReference");
    if (code == null) return new Outcome.Unknown("an answer without resultCode");
    return switch (code) {
      case "Authorised" -> authorised(json, reference, charge);
      case "RedirectShopper" -> redirect(json, reference, charge);
      case "Pending", "Received" -> reference == null ? nameless(code) : new Outcome.Pending(reference);
      case "Refused", "Error" -> refused(reference, JsonFields.text(json, "refusalReasonCode"),
          JsonFields.text(json, "refusalReason"));
      case "Cancelled" -> refused(reference,
          Objects.requireNonNullElse(JsonFields.text(json, "refusalReasonCode"), SHOPPER_CANCELLED),
          JsonFields.text(json, "refusalReason"));
      default -> new Outcome.Unknown("result code " + code);
    };
  }

  private static Outcome nameless(String code) {
    return new Outcome.Unknown("result code " + code + " without pspReference");
  }

  /** Without an amount it is the one that was asked for: only a partial authorisation has another. */
  private static Outcome authorised(JsonObject json, @Nullable String reference, Order.Charge charge) {
    if (reference == null) return nameless("Authorised");
    AdyenAmount amount = json.containsKey("amount")
        ? AdyenAmount.read(JsonFields.object(json, "amount"))
        : new AdyenAmount(charge.amount(), charge.currency());
    if (amount == null) return new Outcome.Unknown("result code Authorised with an amount that is none");
    return charge.manualCapture()
        ? new Outcome.Authorized(reference, amount.minor(), amount.currency(), null)
        : new Outcome.Charged(reference, amount.minor(), amount.currency());
  }

  /** Before the payer has come back there may be no pspReference: until then the payment bears our own. */
  private static Outcome redirect(JsonObject json, @Nullable String reference, Order.Charge charge) {
    JsonObject action = JsonFields.at(json, "action");
    String url = JsonFields.text(action, "url");
    return url == null || !"redirect".equals(JsonFields.text(action, "type"))
        || !"GET".equals(Objects.requireNonNullElse(JsonFields.text(action, "method"), "GET"))
            ? new Outcome.Unknown("result code RedirectShopper without a page to go to")
            : new Outcome.ActionRequired(Objects.requireNonNullElse(reference, charge.reference()), url);
  }

  /** {@code code} and {@code reason} as Adyen words them, either may be missing. */
  static Outcome.Declined refused(@Nullable String reference, @Nullable String code,
      @Nullable String reason) {
    AdyenRefusal known = AdyenRefusal.of(code, reason);
    String words = reason != null && !reason.isEmpty()
        ? reason
        : known == null ? "The provider declined the payment." : known.reason();
    return new Outcome.Declined(reference, "card_declined",
        known != null ? known.declineCode() : code == null ? null : "refusal_" + code, words,
        known != null && known.elsewhere());
  }

  /** A refusal is one only in Adyen's own words. One that lies in how our account is set up is ours alone. */
  private static Outcome ofError(Answer answer, @Nullable JsonObject json) {
    if (json == null)
      return new Outcome.Unknown("status " + answer.status() + " with a body that is not JSON");
    String code = JsonFields.text(json, "errorCode");
    String type = JsonFields.text(json, "errorType");
    boolean configuration = "configuration".equals(type);
    return switch (answer.status()) {
      case 400, 422 ->
        code == null || IN_PROGRESS.equals(code) || !(configuration || "validation".equals(type))
            ? new Outcome.Unknown("status " + answer.status() + ", error " + code)
            : new Outcome.Declined(JsonFields.text(json, "pspReference"), "invalid_request", code,
                Objects.requireNonNullElse(JsonFields.text(json, "message"),
                    "The provider refused the request."),
                configuration);
      case 401, 403 -> new Outcome.NotExecuted("status " + answer.status());
      default -> new Outcome.Unknown("status " + answer.status());
    };
  }
}
