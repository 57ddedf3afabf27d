package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.journal.Append;
import dev.millrace.journal.AppendStatement;
import dev.millrace.journal.OperationReads;
import dev.millrace.journal.OperationRow;
import dev.millrace.journal.PaymentReads.History;
import dev.millrace.journal.PaymentReads;
import dev.millrace.payment.Commands;
import dev.millrace.payment.Commands.Decision;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Operation.Kind;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Database;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.Sql;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Captures, cancellations and refunds: what is asked is decided by the payment's history, and its event, its
 * key and its answer are one transaction, which has the payment for itself. So of two that exclude each other
 * the second one is refused, and nothing of it is stored. Carrying it out at the provider is the processor's.
 */
final class OperationEndpoints {
  static final List<String> REFUND_REASONS = List.of("duplicate", "fraudulent", "requested_by_customer");
  /** Fixed words also because `expired` is the gateway's own reason, by which an authorization runs out. */
  static final List<String> CANCEL_REASONS = List.of("duplicate", "fraudulent", "requested_by_customer",
      "abandoned");
  private static final String NO_REASON = "requested_by_merchant";
  private static final int COUNTERS = 8;
  private static final Set<String> LIST = Set.of("limit", "starting_after");
  private static final String NO_SUCH_REFUND = "This payment has no such refund. GET /v1/payments/{id}/refunds lists them.";

  private final BodyReader bodies;
  private final IdempotentTransaction once;
  private final PerPaymentQueue turns;
  private final PaymentReads payments;
  private final OperationReads operations;
  private final OutcomeWatch<OperationRow> watch;
  private final String writer;

  /**
   * {@code once} has connections for transactions; {@code writer} is the first part of the work counters'
   * names, which nobody else may use.
   */
  OperationEndpoints(BodyReader bodies, IdempotentTransaction once, PerPaymentQueue turns, Database database,
      OutcomeWatch<OperationRow> watch, String writer) {
    this.bodies = bodies;
    this.once = once;
    this.turns = turns;
    this.payments = new PaymentReads(database);
    this.operations = new OperationReads(database);
    this.watch = watch;
    this.writer = writer;
  }

  /** What is asked of a payment. {@code id}: of the operation, if one comes of it. */
  private record Asked(ApiCall call, Kind kind, UUID payment, UUID id, @Nullable Long amount,
      @Nullable String reason) {

    Decision decide(Payment p) {
      String name = OperationJson.id(kind, id);
      return switch (kind) {
        case CAPTURE -> Commands.capture(p, name, amount);
        case CANCEL -> Commands.cancel(p, name, reason == null ? NO_REASON : reason);
        case REFUND -> Commands.refund(p, name, amount, reason);
        case REVERSAL -> throw new IllegalStateException("no merchant asks for a reversal");
      };
    }

    Map<String, String> location() {
      String path = "/v1/payments/" + TypeId.format(TypeId.PAYMENT, payment);
      return Map.of("Location",
          kind == Kind.REFUND ? path + "/refunds/" + OperationJson.id(kind, id) : path);
    }
  }

  /** {@code POST /v1/payments/{id}/capture}. */
  Future<Answer> capture(ApiCall call) {
    return ask(call, Kind.CAPTURE, Set.of("amount"), List.of());
  }

  /** {@code POST /v1/payments/{id}/cancel}. */
  Future<Answer> cancel(ApiCall call) {
    return ask(call, Kind.CANCEL, Set.of("reason"), CANCEL_REASONS);
  }

  /** {@code POST /v1/payments/{id}/refunds}. */
  Future<Answer> refund(ApiCall call) {
    return ask(call, Kind.REFUND, Set.of("amount", "reason"), REFUND_REASONS);
  }

  private Future<Answer> ask(ApiCall call, Kind kind, Set<String> fields, List<String> reasons) {
    if (call.request().query() != null) new Query(call.context().queryParams(), Set.of()).check();
    String key = IdempotentTransaction.key(call);
    UUID payment = ReadEndpoints.paymentId(call);
    return bodies.readOptional(call.request()).compose(body -> {
      var f = BodyFields.of(body, fields);
      Long amount = fields.contains("amount") ? f.amount("amount") : null;
      String reason = fields.contains("reason") ? f.choice("reason", reasons) : null;
      f.check();
      var asked = new Asked(call, kind, payment, TypeId.next(), amount, reason);
      var request = new IdempotentTransaction.Request(key, f.canonical(),
          kind == Kind.REFUND ? "refund" : "payment",
          kind == Kind.REFUND ? asked.id : payment, call.waitMs());
      return turns.run(payment,
          () -> once.run(call, request, sql -> PaymentReads.lockedHistory(sql, payment),
              (sql, history) -> carryOut(sql, asked, history)))
          .onSuccess(answer -> FaultPoint.reach("operation", "before_answer"))
          .compose(answer -> await(asked, request, answer));
    });
  }

  private Future<Answer> carryOut(Sql sql, Asked asked, @Nullable History history) {
    var who = asked.call.credential();
    if (history == null || !history.merchant().equals(who.merchant()) || history.livemode() != who.livemode())
      return ReadEndpoints.noSuchPayment();
    Payment payment = Payment.of(history.events());
    return switch (asked.decide(payment)) {
      case Decision.Forbidden f -> refuse(Problem.of(409, "invalid_request_error", f.code(), f.message()));
      case Decision.Excessive e ->
        refuse(Problem.invalid("amount_too_large", "`amount` " + e.message(), "amount"));
      case Decision.Accepted a -> append(sql, history, payment, a.event(), "merchant", writer)
          .compose(v -> answer(sql, asked, a.event()));
    };
  }

  /**
   * Runs an operation's statements, for a payment that is none: what is asked first of a node that has just
   * come does not wait for a connection, for plans and for classes.
   */
  Future<Void> warm() {
    UUID nobody = new UUID(0, 0);
    var event = new PaymentEvent.RefundRequested(TypeId.format(TypeId.REFUND, nobody), 1, null,
        Status.SETTLED);
    var append = new Append(nobody, nobody, 1, Status.SETTLED, List.of(event), "gateway",
        Trace.continued(null), List.of(), null);
    return once.warm(sql -> PaymentReads.lockedHistory(sql, nobody)
        .compose(none -> sql.query(AppendStatement.SQL,
            AppendStatement.parameters(List.of(append), counter(writer, nobody))))
        .compose(none -> new OperationReads(sql).one(nobody, nobody))
        .compose(none -> new PaymentReads(sql).payment(nobody))
        .<Void>mapEmpty());
  }

  private static Future<Answer> refuse(Problem problem) {
    return Future.failedFuture(new ProblemException(problem));
  }

  /** Appends to a payment that the transaction has for itself. */
  static Future<Void> append(Sql sql, History history, Payment payment, PaymentEvent event,
      String actor, String writer) {
    var append = new Append(history.id(), history.merchant(), payment.version(), payment.status(),
        List.of(event), actor, history.traceparent(), List.of(), null);
    return sql
        .query(AppendStatement.SQL,
            AppendStatement.parameters(List.of(append), counter(writer, history.id())))
        .compose(rows -> rows.size() == 1
            ? Future.succeededFuture()
            : Future.failedFuture(new IllegalStateException(
                "the journal of a locked payment and its version disagree: " + history.id())));
  }

  /** A counter's row is locked until the commit: several, that transactions do not wait for each other. */
  private static String counter(String writer, UUID payment) {
    return writer + "-" + Math.floorMod(payment.hashCode(), COUNTERS);
  }

  private static Future<Answer> answer(Sql sql, Asked asked, PaymentEvent event) {
    if (asked.kind == Kind.REFUND)
      return new OperationReads(sql).one(asked.payment, asked.id).map(
          row -> new Answer(202, OperationJson.of(Objects.requireNonNull(row)).toBuffer(), asked.location()));
    // What no provider knows of is canceled at once.
    int status = event instanceof PaymentEvent.Voided ? 200 : 202;
    return new PaymentReads(sql).payment(asked.payment)
        .map(row -> new Answer(status, PaymentJson.payment(Objects.requireNonNull(row)), asked.location()));
  }

  /**
   * Waits for the operation's end, if the caller would rather; a repetition has its answer already. One that
   * the provider has taken and decides later is answered as accepted, and at once: it may take days.
   */
  private Future<Answer> await(Asked asked, IdempotentTransaction.Request request, Answer accepted) {
    if (request.waitMs() == 0 || accepted.replayed() || accepted.status() != 202)
      return Future.succeededFuture(accepted);
    boolean waits = !watch.full();
    return watch.await(asked.id, request.waitMs()).compose(row -> row == null || open(row.state())
        ? Future.succeededFuture(accepted)
        : ended(asked, row)).compose(answer -> once
            // The key's answer becomes this one, unless somebody may already have been given the stored one.
            .replace(asked.call, request.key(), answer.status(), answer.body())
            .map(replaced -> replaced ? answer : accepted))
        .map(answer -> waits ? answer.waited(request.waitMs()) : answer);
  }

  /** Ends the waiting of those that wait for an operation's end. */
  void release() { watch.release(); }

  private static boolean open(Operation.State state) {
    return switch (state) {
      case REQUESTED, SUBMITTED, UNKNOWN -> true;
      case SUCCEEDED, FAILED -> false;
    };
  }

  private Future<Answer> ended(Asked asked, OperationRow row) {
    if (asked.kind == Kind.REFUND)
      return Future.succeededFuture(new Answer(201, OperationJson.of(row).toBuffer(), asked.location()));
    return payments.payment(asked.payment)
        .map(p -> new Answer(200, PaymentJson.payment(Objects.requireNonNull(p)), asked.location()));
  }

  /** {@code GET /v1/payments/{id}/refunds}: newest first. */
  Future<Answer> refunds(ApiCall call) {
    return list(call, Kind.REFUND);
  }

  /** {@code GET /v1/payments/{id}/operations}: captures, cancellations and refunds, newest first. */
  Future<Answer> operations(ApiCall call) {
    return list(call, null);
  }

  private Future<Answer> list(ApiCall call, @Nullable Kind kind) {
    Query q = new Query(call.context().queryParams(), LIST);
    UUID payment = ReadEndpoints.paymentId(call);
    int limit = q.limit();
    UUID after = kind == null
        ? q.id("starting_after", List.of(TypeId.CAPTURE, TypeId.CANCELLATION, TypeId.REFUND, TypeId.REVERSAL),
            "an operation's id (cap_…, can_…, re_… or rev_…), the last one of the page before")
        : q.id("starting_after", TypeId.REFUND, "a refund's id (re_…), the last one of the page before");
    q.check();
    return owned(call, payment).compose(v -> placed(payment, kind, after))
        .compose(v -> operations.of(payment, kind, after, limit)).map(rows -> {
          boolean more = rows.size() > limit;
          return Answer.of(200,
              OperationJson.list(more ? rows.subList(0, limit) : rows, more).toBuffer());
        });
  }

  private Future<Void> placed(UUID payment, @Nullable Kind kind, @Nullable UUID after) {
    if (after == null) return Future.succeededFuture();
    return Query.place("starting_after",
        operations.one(payment, after)
            .map(row -> row != null && (kind == null || row.kind() == kind) ? row : null),
        kind == null ? "operation of this payment" : "refund of this payment");
  }

  private Future<Void> owned(ApiCall call, UUID payment) {
    return payments.payment(call.credential().merchant(), call.credential().livemode(), payment)
        .compose(row -> row == null ? ReadEndpoints.noSuchPayment() : Future.succeededFuture());
  }

  /** {@code GET /v1/payments/{id}/refunds/{refund}}. */
  Future<Answer> readRefund(ApiCall call) {
    new Query(call.context().queryParams(), Set.of()).check();
    UUID payment = ReadEndpoints.paymentId(call);
    UUID id = TypeId.parse(TypeId.REFUND, call.context().pathParam("refund"));
    return owned(call, payment)
        .compose(v -> id == null ? Future.succeededFuture() : operations.one(payment, id))
        .compose(row -> {
          if (row == null || row.kind() != Kind.REFUND) return refuse(Problem.notFound(NO_SUCH_REFUND));
          Buffer body = OperationJson.of(row).toBuffer();
          return Future.succeededFuture(Answer.of(200, body));
        });
  }
}
