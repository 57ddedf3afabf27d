package dev.millrace.ops;

import dev.millrace.audit.AuditLog;
import dev.millrace.deadletter.DeadLetterActs;
import dev.millrace.journal.Append;
import dev.millrace.journal.AppendStatement;
import dev.millrace.journal.PaymentReads;
import dev.millrace.journal.PaymentReads.History;
import dev.millrace.ledger.Suspense;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.LateCharge;
import dev.millrace.payment.PaymentEvent.LateChargeRetried;
import dev.millrace.platform.Database;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a person can mend of one payment. An act, its event and its line in the audit are one transaction,
 * which has the payment for itself: asked twice, also at once, it is done once.
 */
final class PaymentActs {
  private final Database database;
  private final DeadLetterActs letters;
  private final String writer;

  /** {@code writer} names the work counter. */
  PaymentActs(Database database, DeadLetterActs letters, String writer) {
    this.database = database;
    this.letters = letters;
    this.writer = writer;
  }

  /** What of a payment stands in suspense. */
  Future<JsonObject> suspense(UUID payment) {
    return new PaymentReads(database).history(payment).compose(PaymentActs::present).map(history -> {
      Payment p = Payment.of(history.events());
      var data = new JsonArray();
      for (Suspense.Part part : Suspense.of(history.events(), merchant(history)))
        data.add(new JsonObject().put("amount", Math.abs(part.amount())).put("currency", p.asked().currency())
            .put("direction", part.amount() > 0 ? "debit" : "credit").put("provider", part.provider())
            .put("late_charge", part.lateCharge()));
      return new JsonObject().put("object", "list").put("data", data);
    });
  }

  private static String merchant(History history) {
    return TypeId.format(TypeId.MERCHANT, history.merchant());
  }

  private static Future<History> present(@Nullable History history) {
    return history == null
        ? Future.failedFuture(new OperatorRefusal(404, "no such payment"))
        : Future.succeededFuture(history);
  }

  /** Runs {@code act} where nobody else moves the payment. A refusal that it throws undoes all of it. */
  private Future<JsonObject> alone(UUID payment, BiFunction<Sql, History, Future<JsonObject>> act) {
    return database.transaction(sql -> PaymentReads.lockedHistory(sql, payment).compose(PaymentActs::present)
        .compose(history -> act.apply(sql, history)));
  }

  private Future<Void> append(Sql sql, History history, PaymentEvent event, String operator, String act,
      JsonObject audited) {
    Payment p = Payment.of(history.events());
    var append = new Append(history.id(), history.merchant(), p.version(), p.status(), List.of(event),
        "operator:" + operator, history.traceparent(), List.of(), null);
    return sql.query(AppendStatement.SQL, AppendStatement.parameters(List.of(append), writer))
        .compose(rows -> rows.size() == 1
            ? new AuditLog(sql).write(operator, act, TypeId.format(TypeId.PAYMENT, history.id()), audited)
            : Future.failedFuture(new IllegalStateException(
                "the journal of a locked payment and its version disagree: " + history.id())));
  }

  /** Moves what of a payment stands in suspense. */
  Future<JsonObject> correct(UUID payment, Corrections.Order order) {
    return alone(payment, (sql, history) -> {
      var decision = Corrections.decide(payment, merchant(history), history.events(), order);
      var c = decision.event();
      var answer = new JsonObject().put("id", c.correction()).put("object", "correction")
          .put("payment", TypeId.format(TypeId.PAYMENT, payment)).put("amount", c.amount())
          .put("currency", c.currency()).put("debit", c.debit()).put("credit", c.credit())
          .put("provider", c.provider()).put("late_charge", c.lateCharge()).put("operator", c.operator())
          .put("reason", c.reason());
      if (decision.known()) return Future.succeededFuture(answer);
      var audited = answer.copy();
      audited.remove("object");
      audited.remove("payment");
      audited.remove("operator");
      return append(sql, history, c, c.operator(), "correct_payment", audited).map(answer);
    });
  }

  /**
   * Orders anew that a late charge is given back, where that was refused. While one is under way it is that
   * one.
   */
  Future<JsonObject> returnLateCharge(UUID payment, String lateCharge, String operator, String reason) {
    return alone(payment, (sql, history) -> {
      Payment p = Payment.of(history.events());
      var tries = p.returnsOf(lateCharge);
      if (tries.isEmpty())
        throw new OperatorRefusal(404, "this payment has no late charge " + lateCharge
            + ": its timeline shows those that it has, with their operations");
      // Told anew when its return came to nothing; it stands in suspense under the last of them.
      LateCharge charge = (LateCharge) history.events().stream()
          .filter(
              e -> e instanceof LateCharge l && tries.stream().anyMatch(t -> t.id().equals(l.operation())))
          .reduce((a, b) -> b).orElseThrow();
      Operation last = tries.getLast();
      if (last.open()) return Future.succeededFuture(answer(payment, charge, last));
      if (last.state() == Operation.State.SUCCEEDED)
        throw new OperatorRefusal(409, "the late charge went back by " + last.id());
      checkWhole(charge, Suspense.of(history.events(), merchant(history)));
      var event = new LateChargeRetried(TypeId.format(TypeId.REVERSAL, TypeId.next()), charge.operation(),
          charge.provider(),
          charge.providerReference(), charge.amount(), charge.currency(), charge.held(), operator, reason,
          p.status());
      var answer = answer(payment, charge, p.after(event).returnsOf(charge.operation()).getLast());
      return append(sql, history, event, operator, "return_late_charge",
          new JsonObject().put("late_charge", charge.operation()).put("operation", event.operation()).put(
              "reason",
              reason))
          .map(answer);
    });
  }

  /** What was corrected out of suspense has another owner: it must not go back to the payer as well. */
  private static void checkWhole(LateCharge charge, List<Suspense.Part> parts) {
    long stands = 0;
    for (Suspense.Part part : parts)
      if (charge.operation().equals(part.lateCharge())) stands = -part.amount();
    if (!charge.held() && stands != charge.amount())
      throw new OperatorRefusal(409, "of the late charge of " + charge.amount() + " only " + stands
          + " stands in suspense, the rest was corrected: it cannot go back to the payer as well");
  }

  static JsonObject answer(UUID payment, LateCharge charge, Operation operation) {
    return new JsonObject().put("id", operation.id()).put("object", "reversal")
        .put("payment", TypeId.format(TypeId.PAYMENT, payment)).put("late_charge", charge.operation())
        .put("status", operation.state().wire()).put("amount", charge.amount())
        .put("currency", charge.currency()).put("held", charge.held()).put("provider", charge.provider())
        .put("reason", operation.reason());
  }

  /** Orders that the providers are asked about all that was called for a payment. */
  Future<JsonObject> readAgain(UUID payment, String key, String operator, String reason) {
    return new PaymentReads(database).history(payment).compose(PaymentActs::present)
        .compose(history -> letters.readAgain(payment, history.traceparent(), key, operator, reason));
  }
}
