package dev.millrace.api;

import dev.millrace.journal.OperationRow;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Operation.Kind;
import dev.millrace.platform.TypeId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The refund object of the API, and captures, cancellations and reversals, which look alike. */
final class OperationJson {
  private OperationJson() {}

  static String prefix(Kind kind) {
    return switch (kind) {
      case CAPTURE -> TypeId.CAPTURE;
      case CANCEL -> TypeId.CANCELLATION;
      case REFUND -> TypeId.REFUND;
      case REVERSAL -> TypeId.REVERSAL;
    };
  }

  static String object(Kind kind) {
    return switch (kind) {
      case CAPTURE -> "capture";
      case CANCEL -> "cancellation";
      case REFUND -> "refund";
      case REVERSAL -> "reversal";
    };
  }

  /**
   * How far the provider's call has come is told by the timeline: to the merchant it has ended, or it has
   * not.
   */
  static String status(Operation.State state) {
    return switch (state) {
      case REQUESTED, SUBMITTED, UNKNOWN -> "pending";
      case SUCCEEDED -> "succeeded";
      case FAILED -> "failed";
    };
  }

  static String id(Kind kind, UUID id) { return TypeId.format(prefix(kind), id); }

  static JsonObject of(OperationRow o) {
    return new JsonObject().put("id", id(o.kind(), o.id())).put("object", object(o.kind()))
        .put("payment", TypeId.format(TypeId.PAYMENT, o.payment()))
        .put("amount", o.kind() == Kind.CANCEL ? null : o.amount()).put("currency", o.currency())
        .put("reason", o.reason()).put("status", status(o.state()))
        .put("failure",
            o.failureCode() == null
                ? null
                : new JsonObject().put("code", o.failureCode()).put("message", o.failureMessage()))
        .put("provider_reference", o.providerReference()).put("created", o.created().toEpochSecond())
        .put("updated", o.updated().toEpochSecond());
  }

  static JsonObject list(List<OperationRow> page, boolean more) {
    var data = new JsonArray();
    page.forEach(o -> data.add(of(o)));
    @Nullable
    String next = more ? id(page.getLast().kind(), page.getLast().id()) : null;
    return new JsonObject().put("object", "list").put("data", data).put("has_more", more).put("next", next);
  }
}
