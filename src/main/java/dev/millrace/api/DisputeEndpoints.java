package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.journal.DisputeReads;
import dev.millrace.journal.DisputeReads.DisputeRow;
import dev.millrace.journal.PaymentReads;
import dev.millrace.platform.Database;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The caller's disputes: objects of their own, of which a payment may have several. */
final class DisputeEndpoints {
  private static final Set<String> LIST = Set.of("limit", "starting_after", "status", "payment");
  private static final Set<String> OF_PAYMENT = Set.of("limit", "starting_after", "status");
  private static final Set<String> STATUSES = Set.of("open", "won", "lost");

  private final DisputeReads disputes;
  private final PaymentReads payments;

  DisputeEndpoints(Database database) {
    this.disputes = new DisputeReads(database);
    this.payments = new PaymentReads(database);
  }

  /** {@code GET /v1/disputes}: newest first. */
  Future<Answer> list(ApiCall call) {
    var q = new Query(call.context().queryParams(), LIST);
    UUID payment = q.id("payment", TypeId.PAYMENT, "a payment's id (pay_…)");
    return page(call, q, payment);
  }

  /** {@code GET /v1/payments/{id}/disputes}: newest first. */
  Future<Answer> ofPayment(ApiCall call) {
    var q = new Query(call.context().queryParams(), OF_PAYMENT);
    UUID payment = ReadEndpoints.paymentId(call);
    return payments.payment(call.credential().merchant(), call.credential().livemode(), payment)
        .compose(row -> row == null ? ReadEndpoints.noSuchPayment() : page(call, q, payment));
  }

  private Future<Answer> page(ApiCall call, Query q, @Nullable UUID payment) {
    var filter = new DisputeReads.Filter(payment,
        q.choice("status", STATUSES::contains, "must be `open`, `won` or `lost`."),
        q.id("starting_after", TypeId.DISPUTE, "a dispute's id (dp_…), the last one of the page before"),
        q.limit());
    q.check();
    return known(call, q, filter.after())
        .compose(v -> disputes.list(call.credential().merchant(), call.credential().livemode(), filter))
        .map(rows -> {
          boolean more = rows.size() > filter.limit();
          return Answer.of(200, list(more ? rows.subList(0, filter.limit()) : rows, more).toBuffer());
        });
  }

  /** A page after something that is not there would look like the end. */
  private Future<Void> known(ApiCall call, Query q, @Nullable UUID after) {
    return after == null
        ? Future.succeededFuture()
        : disputes.one(call.credential().merchant(), call.credential().livemode(), after).map(row -> {
          if (row == null) {
            q.fault("starting_after", "`starting_after` names no dispute of yours in this mode.");
            q.check();
          }
          return null;
        });
  }

  /** {@code GET /v1/disputes/{id}}. */
  Future<Answer> read(ApiCall call) {
    new Query(call.context().queryParams(), Set.of()).check();
    UUID id = TypeId.parse(TypeId.DISPUTE, call.context().pathParam("id"));
    Future<@Nullable DisputeRow> found = id == null
        ? Future.succeededFuture(null)
        : disputes.one(call.credential().merchant(), call.credential().livemode(), id);
    return found.compose(row -> row == null
        ? Future.failedFuture(new ProblemException(Problem.notFound(
            "There is no such dispute in this mode. GET /v1/disputes lists yours.")))
        : Future.succeededFuture(Answer.of(200, json(row).toBuffer())));
  }

  private static JsonObject list(List<DisputeRow> page, boolean more) {
    var data = new JsonArray();
    page.forEach(d -> data.add(json(d)));
    return new JsonObject().put("object", "list").put("data", data).put("has_more", more).put("next",
        more ? TypeId.format(TypeId.DISPUTE, page.getLast().id()) : null);
  }

  private static JsonObject json(DisputeRow d) {
    var movements = new JsonArray();
    for (var m : d.movements())
      movements.add(new JsonObject().put("event", m.event()).put("account", m.account())
          .put("direction", m.amount() > 0 ? "debit" : "credit").put("amount", Math.abs(m.amount()))
          .put("created", m.recorded().toEpochSecond()));
    return new JsonObject().put("id", TypeId.format(TypeId.DISPUTE, d.id())).put("object", "dispute")
        .put("payment", TypeId.format(TypeId.PAYMENT, d.payment())).put("amount", d.amount())
        .put("currency", d.currency()).put("reason", d.reason()).put("status", d.status())
        .put("evidence_due", d.evidenceDue() == null ? null : d.evidenceDue().toEpochSecond())
        .put("provider", d.provider()).put("provider_reference", d.providerReference())
        .put("livemode", d.livemode()).put("balance_movements", movements).put("version", d.version())
        .put("created", d.created().toEpochSecond()).put("updated", d.updated().toEpochSecond());
  }
}
