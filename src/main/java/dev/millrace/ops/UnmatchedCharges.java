package dev.millrace.ops;

import dev.millrace.audit.AuditLog;
import dev.millrace.deadletter.DeadLetterActs;
import dev.millrace.deadletter.DeadLetterActs.WebhookLetter;
import dev.millrace.identity.MerchantStore;
import dev.millrace.journal.Append;
import dev.millrace.journal.AppendStatement;
import dev.millrace.journal.AttemptOutcome;
import dev.millrace.journal.AttemptStore;
import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.journal.PaymentForCharge;
import dev.millrace.journal.PaymentReads;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Declined;
import dev.millrace.payment.PaymentEvent.Initiated;
import dev.millrace.payment.PaymentEvent.LateCharge;
import dev.millrace.payment.Status;
import dev.millrace.platform.Database;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.Sql;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.pgclient.PgException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Gives back a charge of which a provider told, and that no payment here has though it bears a reference of
 * ours: what is left when an older backup was restored, say. A payment is made for it, which ends at once as
 * declined, so that the charge is a late one like any other: posted, given back by an operation with its
 * retries, and told. All of it, the letter's end and the line in the audit are one transaction.
 */
final class UnmatchedCharges {
  /** The failure code of such a payment. */
  static final String CODE = "charge_without_payment";

  private static final String UNIQUE_VIOLATION = "23505";

  /**
   * {@code merchant} and {@code livemode}: whose it is. {@code held}: whether it is only held, where the
   * provider's word does not say; null where it does.
   */
  record Order(String operator, String reason, UUID merchant, boolean livemode, @Nullable Boolean held) {}

  /** What the provider told. {@code reference}: ours. */
  private record Charge(UUID reference, String provider, String name, long amount, String currency,
      boolean held) {}

  private final Database database;
  private final Map<String, WebhookScheme> schemes;
  private final String writer;

  /** {@code schemes}: by {@code provider/account}; {@code writer} names the work counter. */
  UnmatchedCharges(Database database, Map<String, WebhookScheme> schemes, String writer) {
    this.database = database;
    this.schemes = schemes;
    this.writer = writer;
  }

  /** Answers the operation that gives it back. Asked again, it answers the same one. */
  Future<JsonObject> giveBack(long letter, Order order) {
    return database.transaction(sql -> DeadLetterActs.lockedWebhook(sql, letter).compose(webhook -> {
      if (webhook == null)
        throw new OperatorRefusal(404, "no such dead letter of a provider's webhook");
      Charge told = charge(webhook, order);
      if (webhook.status().equals("closed") && webhook.payment() != null)
        return known(sql, webhook, webhook.payment(), TypeId.format(TypeId.ATTEMPT, told.reference), order);
      if (!webhook.status().equals("open")) throw closed(webhook);
      return new AttemptStore(sql).known(List.of(told.reference)).compose(known -> {
        for (KnownCall call : known.values())
          throw new OperatorRefusal(409, "the charge has a payment by now, "
              + TypeId.format(TypeId.PAYMENT, call.payment()) + ": replay the letter");
        return new MerchantStore(sql).exists(order.merchant);
      }).compose(exists -> {
        if (!exists) throw new OperatorRefusal(404, "no such merchant: `merchant` names none");
        return book(sql, letter, told, order);
      });
    }));
  }

  /** What was ordered before. */
  private static Future<JsonObject> known(Sql sql, WebhookLetter webhook, UUID payment, String attempt,
      Order order) {
    return new PaymentReads(sql).history(payment).map(history -> {
      if (history != null
          && !(history.merchant().equals(order.merchant) && history.livemode() == order.livemode))
        throw new OperatorRefusal(409, "it was given back for another merchant, or in the other mode: "
            + TypeId.format(TypeId.PAYMENT, payment));
      List<PaymentEvent> events = history == null ? List.of() : history.events();
      LateCharge charge = (LateCharge) events.stream()
          .filter(e -> e instanceof LateCharge l && l.attempt().equals(attempt)).findFirst()
          .orElseThrow(() -> closed(webhook));
      return PaymentActs.answer(payment, charge,
          Payment.of(events).returnsOf(charge.operation()).getLast());
    });
  }

  private static OperatorRefusal closed(WebhookLetter webhook) {
    return new OperatorRefusal(409, "the dead letter is " + webhook.status()
        + "; a charge is given back by one that is open");
  }

  private Charge charge(WebhookLetter webhook, Order order) {
    WebhookScheme scheme = schemes.get(webhook.scheme());
    if (scheme == null)
      throw new OperatorRefusal(409, "no account " + webhook.scheme() + " is configured: its webhooks cannot"
          + " be read");
    if (!(scheme.read(webhook.body()) instanceof ProviderEvent.AttemptOutcome event))
      throw notOfACharge();
    UUID reference = TypeId.parse(TypeId.ATTEMPT, event.reference());
    if (reference == null) throw notOfACharge();
    String provider = scheme.provider();
    return switch (event.outcome()) {
      case Outcome.Charged c -> new Charge(reference, provider, c.providerReference(), c.amount(),
          c.currency(), heldAsSaid(order, false));
      case Outcome.Authorized a -> new Charge(reference, provider, a.providerReference(), a.amount(),
          a.currency(), heldAsSaid(order, true));
      case Outcome.Approved a -> new Charge(reference, provider, a.providerReference(), a.amount(),
          a.currency(), heldByOrder(order));
      case Outcome.Decisive _, Outcome.NoWord _ -> throw notOfACharge();
    };
  }

  private static boolean heldAsSaid(Order order, boolean held) {
    if (order.held != null && order.held != held)
      throw new OperatorRefusal(409, "`held` is " + order.held + ", and the provider says that it is "
          + (held ? "held" : "charged") + ": leave it out");
    return held;
  }

  /** Of what was asked for, which would tell, nothing is here. */
  private static boolean heldByOrder(Order order) {
    if (order.held != null) return order.held;
    throw new OperatorRefusal(400, "`held` must be true or false: this provider's word for a hold and for a"
        + " charge is the same. Look there whether it was captured");
  }

  private static OperatorRefusal notOfACharge() {
    return new OperatorRefusal(409, "the webhook tells of no charge or hold under a reference of ours: there"
        + " is nothing to give back. Close the letter with what was done");
  }

  private Future<JsonObject> book(Sql sql, long letter, Charge told, Order order) {
    UUID id = TypeId.next();
    String payment = TypeId.format(TypeId.PAYMENT, id);
    String attempt = TypeId.format(TypeId.ATTEMPT, told.reference);
    String actor = "operator:" + order.operator;
    var asked = new Initiated(told.amount, told.currency, "pm_unknown", told.held ? "manual" : "automatic",
        null, "Told by " + told.provider + " as " + told.name + ", without a payment.", Map.of(), null);
    var first = new PaymentForCharge(id, order.merchant, order.livemode, told.amount, told.currency, asked,
        told.reference, told.provider,
        actor, Trace.continued(null));
    var charge = new LateCharge(TypeId.format(TypeId.REVERSAL, TypeId.next()), told.provider, attempt,
        told.name, told.amount, told.currency, told.held, "no payment here has it: " + order.reason,
        Status.DECLINED);
    List<PaymentEvent> events = List.of(new Declined(told.provider, attempt, told.name, CODE, null,
        "The provider had charged or held it without a payment here; it is given back."), charge);
    var append = new Append(id, order.merchant, 1, Status.INITIATED, events, actor, first.traceparent(),
        List.of(first.call()
            .ended(told.held ? AttemptOutcome.AUTHORIZED : AttemptOutcome.CHARGED, told.name, null)),
        null);
    return first.insert(sql, writer).recover(UnmatchedCharges::refused)
        .compose(v -> sql.query(AppendStatement.SQL, AppendStatement.parameters(List.of(append), writer)))
        .compose(v -> DeadLetterActs.close(sql, letter, order.operator, "given back as " + payment, id))
        .compose(v -> new AuditLog(sql).write(order.operator, "give_back_charge", payment,
            new JsonObject().put("dead_letter", letter).put("reason", order.reason).put("attempt", attempt)
                .put("late_charge", charge.operation())))
        .map(v -> PaymentActs.answer(id, charge,
            Payment.of(List.of(asked, events.getFirst(), charge)).returnsOf(charge.operation()).getLast()));
  }

  /** Another letter tells of the same charge, and was first. */
  private static Future<Void> refused(Throwable failure) {
    return Future.failedFuture(failure instanceof PgException p && UNIQUE_VIOLATION.equals(p.getSqlState())
        ? new OperatorRefusal(409, "the charge was given a payment in the same moment: look again")
        : failure);
  }
}
