package dev.millrace.ops;

import dev.millrace.audit.AuditLog;
import dev.millrace.journal.Append;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.PaymentReads;
import dev.millrace.journal.UnresolvedPayments;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Database;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;

/**
 * What operators decide of a payment in review: released or blocked. Every act is audited.
 */
final class OperatorActs {
  private final PaymentReads payments;
  private final AppendWriter journal;
  private final UnresolvedPayments unresolved;
  private final AuditLog audit;

  OperatorActs(Database database, AppendWriter journal) {
    this.payments = new PaymentReads(database);
    this.journal = journal;
    this.unresolved = new UnresolvedPayments(database);
    this.audit = new AuditLog(database);
  }

  /** Moves a payment in review to screening passed ({@code release}) or to blocked. */
  Future<JsonObject> decide(String id, String operator, boolean release) {
    UUID payment = TypeId.parse(TypeId.PAYMENT, id);
    if (payment == null)
      return Future.failedFuture(new OperatorRefusal(404, "no such payment: an id looks like pay_…"));
    return payments.payment(payment).compose(row -> {
      if (row == null) return Future.failedFuture(new OperatorRefusal(404, "no such payment"));
      if (row.status() != Status.IN_REVIEW) {
        return Future.failedFuture(new OperatorRefusal(409, "the payment is " + row.status().wire()
            + "; only one that is in_review can be released or blocked"));
      }
      PaymentEvent event = release
          ? new PaymentEvent.Screened("clear", null, 0, true, operator)
          : new PaymentEvent.Blocked(null, 0, operator);
      var append = new Append(payment, row.merchant(), row.version(), row.status(), List.of(event),
          "operator:" + operator, row.traceparent(), List.of(), null);
      return audit.write(operator, release ? "release" : "block", id,
          new JsonObject().put("version", row.version()))
          // The janitor passed it while it waited for the decision: should the record of its release be lost,
          // nobody else would find it.
          .compose(v -> release ? unresolved.watch(payment) : Future.succeededFuture())
          .compose(v -> journal.append(append)).compose(appended -> appended
              ? Future.succeededFuture(new JsonObject().put("id", id).put("status", append.to().wire())
                  .put("version", append.version()))
              : Future
                  .failedFuture(
                      new OperatorRefusal(409, "somebody else decided in the same moment; look again")));
    });
  }
}
