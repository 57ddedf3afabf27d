package dev.millrace.simulator.bank;

import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.DirectAnswer;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/** A request that was not carried out, as the bank says it: {@code {"error":{"code","message"}}}. */
record BankError(int status, String code, String message) implements DirectAnswer {

  static BankError invalid(String message) {
    return new BankError(400, "invalid_request", message);
  }

  /** Well understood, and not done. */
  static BankError refused(String code, String message) {
    return new BankError(422, code, message);
  }

  static BankError notFound(String what) {
    return new BankError(404, "not_found", what);
  }

  static BankError unauthorized() {
    return new BankError(401, "unauthorized", "Send the key as Authorization: Bearer <key>.");
  }

  /** Why a debit was declined: by its account, or by nobody being there. */
  static BankError declined(PaymentMethod.Decline decline) {
    return decline.code().equals("processing_error")
        ? refused("processor_unavailable", "The processor is not available.")
        : refused("debit_refused", decline.message());
  }

  static BankError of(@Nullable Fault fault) {
    return switch (fault) {
      case NOT_CANCELABLE -> refused("not_cancelable", "The debit cannot be canceled any more.");
      case RETURNED -> refused("debit_returned", "The debit has been returned.");
      case NOT_REFUNDABLE -> refused("debit_canceled", "The debit has been canceled.");
      case ALREADY_REFUNDED -> refused("already_credited", "The debit has been credited already.");
      case BEYOND_REFUNDABLE -> refused("amount_too_large", "More than is left of the debit.");
      case null, default -> refused("refused", "The bank refuses this.");
    };
  }

  @Override
  public Answer answer() {
    return new Answer(status, new JsonObject()
        .put("error", new JsonObject().put("code", code).put("message", message)).encode());
  }
}
