package dev.millrace.provider.bank;

import dev.millrace.provider.JsonFields;
import dev.millrace.provider.HttpWire.Answer;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the bank's answers mean for money. A debit counts as soon as it is accepted: that it comes back is
 * told by webhook, for two banking days or, where the payer did not authorize it, sixty days.
 *
 * <table>
 * <caption>Status and body</caption>
 * <tr><th>answer</th><th>outcome</th></tr>
 * <tr><td>debit {@code accepted} or {@code returned}</td><td>charged</td></tr>
 * <tr><td>debit {@code canceled}</td><td>voided</td></tr>
 * <tr><td>credit {@code accepted}</td><td>refunded</td></tr>
 * <tr><td>400, 404, 422 with the bank's error</td><td>declined; {@code processor_unavailable} elsewhere perhaps not</td></tr>
 * <tr><td>401, 403</td><td>not executed: turned away before execution</td></tr>
 * <tr><td>the key in use or used for another request, 5xx, no JSON, other</td><td>unknown</td></tr>
 * </table>
 */
final class BankOutcomes {
  private static final String UNAVAILABLE = "processor_unavailable";
  private static final String KEY_REUSED = "idempotency_key_reused";

  private BankOutcomes() {}

  static Outcome ofDebit(Answer answer) { return of(answer, BankOutcomes::debit); }

  /** A cancellation's answer is the debit, canceled. */
  static Outcome ofCancel(Answer answer) {
    Outcome outcome = ofDebit(answer);
    return outcome instanceof Outcome.Charged
        ? new Outcome.Unknown("status " + answer.status() + ", and the debit is as it was")
        : outcome;
  }

  static Outcome ofCredit(Answer answer) { return of(answer, BankOutcomes::credit); }

  private static Outcome of(Answer answer, Function<JsonObject, Outcome> meaning) {
    JsonObject json = answer.json();
    if (json == null)
      return new Outcome.Unknown("status " + answer.status() + " with a body that is not JSON");
    return switch (answer.status()) {
      case 200, 201 -> meaning.apply(json);
      case 400, 404, 422 -> refused(answer.status(), JsonFields.at(json, "error"));
      case 401, 403 -> new Outcome.NotExecuted("status " + answer.status());
      default -> new Outcome.Unknown("status " + answer.status());
    };
  }

  /** A refusal is one only in the bank's own words. */
  private static Outcome refused(int status, JsonObject error) {
    String code = JsonFields.text(error, "code");
    String message = JsonFields.text(error, "message");
    if (code == null || message == null)
      return new Outcome.Unknown("status " + status + " without the bank's error");
    return code.equals(KEY_REUSED)
        ? new Outcome.Unknown("our reference was used for another request")
        : new Outcome.Declined(null, code, null, message, code.equals(UNAVAILABLE));
  }

  /** The debit with this id, of which a cancellation is asked. */
  static Outcome ofInquiredCancel(Answer answer) {
    JsonObject json = answer.json();
    if (answer.status() != 200 || json == null) return inquiry(answer);
    return "accepted".equals(JsonFields.text(json, "status")) ? new Outcome.Absent() : debit(json);
  }

  static Outcome ofDebits(Answer answer, String reference) {
    return found(answer, reference, BankOutcomes::debit);
  }

  static Outcome ofCredits(Answer answer, String reference) {
    return found(answer, reference, BankOutcomes::credit);
  }

  /** There is one of a reference; should there be more, one that moved money counts. */
  private static Outcome found(Answer answer, String reference, Function<JsonObject, Outcome> meaning) {
    JsonObject json = answer.json();
    List<JsonObject> list = json == null ? null : JsonFields.objects(json, "data");
    if (answer.status() != 200 || list == null) return inquiry(answer);
    Outcome best = new Outcome.Absent();
    for (JsonObject one : list) {
      if (!reference.equals(JsonFields.text(one, "reference")))
        return new Outcome.Unknown("inquiry: a list of other references");
      Outcome outcome = meaning.apply(one);
      if (outcome instanceof Outcome.Charged || outcome instanceof Outcome.Refunded) return outcome;
      if (!(best instanceof Outcome.Unknown)) best = outcome;
    }
    return best;
  }

  private static Outcome inquiry(Answer answer) {
    return new Outcome.Unknown("inquiry: status " + answer.status());
  }

  static Outcome debit(JsonObject debit) {
    String id = JsonFields.text(debit, "id");
    String status = JsonFields.text(debit, "status");
    if (id == null || status == null) return new Outcome.Unknown("a debit without id or status");
    return switch (status) {
      case "accepted", "returned" ->
        moved(debit, (amount, currency) -> new Outcome.Charged(id, amount, currency));
      case "canceled" -> new Outcome.Voided(id, false);
      default -> new Outcome.Unknown("debit status " + status);
    };
  }

  static Outcome credit(JsonObject credit) {
    String id = JsonFields.text(credit, "id");
    String status = JsonFields.text(credit, "status");
    if (id == null || status == null) return new Outcome.Unknown("a credit without id or status");
    return status.equals("accepted")
        ? moved(credit, (amount, currency) -> new Outcome.Refunded(id, amount, currency))
        : new Outcome.Unknown("credit status " + status);
  }

  private interface Money {
    Outcome of(long amount, String currency);
  }

  private static Outcome moved(JsonObject json, Money money) {
    Long amount = JsonFields.amount(json, "amount");
    @Nullable
    String currency = JsonFields.text(json, "currency");
    return amount == null || currency == null
        ? new Outcome.Unknown("no amount or currency")
        : money.of(amount, currency);
  }
}
