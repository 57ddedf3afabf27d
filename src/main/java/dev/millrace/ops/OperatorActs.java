package dev.millrace.ops;

import dev.millrace.audit.AuditLog;
import dev.millrace.idempotency.Fingerprint;
import dev.millrace.identity.MerchantStore;
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
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What operators may do: release or block a payment in review, make merchants and keys. Every act is audited.
 */
final class OperatorActs {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final PaymentReads payments;
  private final AppendWriter journal;
  private final UnresolvedPayments unresolved;
  private final MerchantStore merchants;
  private final AuditLog audit;

  OperatorActs(Database database, AppendWriter journal) {
    this.payments = new PaymentReads(database);
    this.journal = journal;
    this.unresolved = new UnresolvedPayments(database);
    this.merchants = new MerchantStore(database);
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

  /** Makes a merchant and its first key. The key is in this answer and nowhere else. */
  Future<JsonObject> createMerchant(String name, boolean livemode, @Nullable Integer rate, String operator) {
    UUID id = TypeId.next();
    String merchant = TypeId.format(TypeId.MERCHANT, id);
    return audit.write(operator, "create_merchant", merchant,
        new JsonObject().put("name", name).put("livemode", livemode).put("rate", rate))
        .compose(v -> merchants.create(id, name))
        .compose(v -> createKey(merchant, livemode, rate, operator)).map(key -> key.put("name", name));
  }

  /** Makes one more key of a merchant. */
  Future<JsonObject> createKey(String merchant, boolean livemode, @Nullable Integer rate, String operator) {
    UUID id = TypeId.parse(TypeId.MERCHANT, merchant);
    if (id == null)
      return Future.failedFuture(new OperatorRefusal(404, "no such merchant: an id looks like mer_…"));
    var secret = new byte[24];
    RANDOM.nextBytes(secret);
    String key = (livemode ? "sk_live_" : "sk_test_")
        + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    return audit.write(operator, "create_key", merchant,
        new JsonObject().put("livemode", livemode).put("rate", rate))
        .compose(v -> merchants.createKey(new Fingerprint().of(key), id, livemode, rate))
        .compose(made -> made
            ? Future.succeededFuture(new JsonObject().put("merchant", merchant).put("livemode", livemode)
                .put("key", key).put("rate", rate))
            : Future.failedFuture(new OperatorRefusal(404, "no such merchant")));
  }

  /** Ends a key; nodes that remember it let it in for some seconds more. */
  Future<JsonObject> revokeKey(String key, String operator) {
    return merchants.revoke(new Fingerprint().of(key))
        .compose(owner -> {
          if (owner == null)
            return Future.failedFuture(new OperatorRefusal(404, "no such key, or revoked before"));
          String merchant = TypeId.format(TypeId.MERCHANT, owner);
          return audit.write(operator, "revoke_key", merchant, new JsonObject())
              .map(v -> new JsonObject().put("merchant", merchant).put("revoked", true));
        });
  }
}
