package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.identity.Credentials.Credential;
import dev.millrace.idempotency.AnswerCache;
import dev.millrace.idempotency.Fingerprint;
import dev.millrace.idempotency.KeyId;
import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.idempotency.IdempotencyKeyStore.KeyRecord;
import dev.millrace.journal.AcceptWriter;
import dev.millrace.journal.AcceptWriter.NewPayment;
import dev.millrace.journal.EventJson;
import dev.millrace.journal.PaymentReads;
import dev.millrace.journal.PaymentRow;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.Database;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/payments}: capacity, body, idempotency, group commit, 202. Nothing is answered before it is
 * committed, and one key never makes two payments: the unique row in Postgres decides.
 */
final class CreateEndpoint {
  private static final String ROUTE = "/v1/payments";
  private static final String PAYMENT = "payment";

  private final BodyReader bodies;
  private final AcceptWriter writer;
  private final AnswerCache answers;
  private final IdempotencyKeyStore records;
  private final PaymentReads payments;
  private final OutcomeWatch<PaymentRow> watch;
  private final Backlog backlog;
  private final MerchantShare share;
  private final Fingerprint fingerprint = new Fingerprint();
  private final KeyId keyIds = new KeyId();
  /** Keys of the payments that this event loop is writing. */
  private final Set<UUID> executing = new HashSet<>();

  CreateEndpoint(BodyReader bodies, AcceptWriter writer, AnswerCache answers, IdempotencyKeyStore records,
      Database database,
      OutcomeWatch<PaymentRow> watch, Backlog backlog, MerchantShare share) {
    this.bodies = bodies;
    this.writer = writer;
    this.answers = answers;
    this.records = records;
    this.payments = new PaymentReads(database);
    this.watch = watch;
    this.backlog = backlog;
    this.share = share;
  }

  Future<Answer> create(ApiCall call) {
    Problem full = refusedForCapacity(call.credential());
    if (full != null) return Future.failedFuture(new ProblemException(full));
    if (call.request().query() != null) new Query(call.context().queryParams(), Set.of()).check();
    String name = IdempotentTransaction.key(call);
    return bodies.read(call.request())
        .compose(body -> execute(call, name, CreatePayment.parse(body.getBytes())));
  }

  private static <T> Future<T> refuse(Problem problem) {
    return Future.failedFuture(new ProblemException(problem));
  }

  /** Asked before the body is read, so that a refusal costs next to nothing. */
  private @Nullable Problem refusedForCapacity(Credential credential) {
    if (writer.full()) {
      writer.countRejection();
      return queueFull();
    }
    if (backlog.full()) {
      backlog.reject();
      return Problem.retry(503, "api_error", "backlog_full",
          "Too many accepted payments are not settled yet. Send it again after `Retry-After` seconds.", 1);
    }
    if (share.full(credential.merchant())) {
      share.reject();
      return Problem.retry(429, "rate_limit_error", "merchant_share_full",
          "Your payments fill your share of the queue. Send it again after `Retry-After` seconds.", 1);
    }
    return null;
  }

  private static Problem queueFull() {
    return Problem.retry(503, "api_error", "queue_full",
        "Too many payments wait for their commit. Send it again after `Retry-After` seconds.", 1);
  }

  /** One creation under its key. */
  private record Creation(ApiCall call, UUID keyId, String key, Buffer fingerprint,
      PaymentEvent.Initiated asked,
      String data, long waitMs) {
    UUID merchant() { return call.credential().merchant(); }

    boolean livemode() { return call.credential().livemode(); }
  }

  private Future<Answer> execute(ApiCall call, String key, PaymentEvent.Initiated asked) {
    String data = EventJson.write(asked);
    UUID keyId = keyIds.of(call.credential().merchant(), call.credential().livemode(), key);
    return accept(
        new Creation(call, keyId, key, fingerprint.of("POST", ROUTE, data), asked, data, call.waitMs()));
  }

  /**
   * Hands the payment to the group commit and asks Redis for its key at the same time. What Redis knows
   * counts only while the payment still waits for its turn; from then on Postgres decides.
   */
  private Future<Answer> accept(Creation c) {
    if (!executing.add(c.keyId)) return inUse();
    share.enter(c.merchant());
    UUID id = TypeId.next();
    long waitMs = c.waitMs == 0 ? 0 : c.waitMs + IdempotentTransaction.WAIT_MARGIN_MS;
    var submission = writer
        .accept(new NewPayment(id, c.keyId, c.merchant(), c.livemode(), c.key, c.fingerprint,
            waitMs, c.asked.amount(), c.asked.currency(), c.asked.reference(), c.call.traceparent(),
            c.data));
    Promise<Answer> answer = Promise.promise();
    submission.result().onComplete(result -> {
      leave(c);
      written(c, id, result).onComplete(answer);
    });
    if (!submission.result().isComplete()) {
      answers.find(c.keyId, c.fingerprint).onSuccess(known -> {
        if (known == null || !submission.withdraw()) return;
        leave(c);
        (known.sameFingerprint()
            ? Future.succeededFuture(new Answer(known.status(), known.body(), IdempotentTransaction.REPLAYED))
            : fromRecord(c)).onComplete(answer);
      });
    }
    return answer.future();
  }

  private void leave(Creation c) {
    executing.remove(c.keyId);
    share.leave(c.merchant());
  }

  private Future<Answer> written(Creation c, UUID id, AsyncResult<AcceptWriter.Result> result) {
    if (result.failed()) {
      return result.cause() instanceof Unavailable u && !u.outcomeUnknown() && writer.full()
          ? refuse(queueFull())
          : Future.failedFuture(result.cause());
    }
    return switch (result.result()) {
      case ACCEPTED -> {
        FaultPoint.reach("payment", "before_answer");
        yield accepted(c, id);
      }
      case DUPLICATE -> fromRecord(c);
      case LOST -> refuse(Gate.storageUnavailable());
    };
  }

  private Future<Answer> accepted(Creation c, UUID id) {
    Buffer body = acceptedBody(c, id, c.asked, c.call.traceparent(), PaymentJson.FORM);
    var headers = Map.of("Location", ROUTE + "/" + TypeId.format(TypeId.PAYMENT, id));
    // Not put into Redis: few requests are ever repeated, and the first repetition does it.
    if (c.waitMs == 0) return Future.succeededFuture(new Answer(202, body, headers));
    boolean waits = !watch.full();
    return watch.await(id, c.waitMs).compose(row -> {
      int status = row == null ? 202 : 201;
      Buffer answer = row == null ? body : PaymentJson.payment(row);
      // The key's answer becomes the one given here, unless somebody may already have been given the stored
      // one.
      return records.replace(c.keyId, status, answer).otherwise(false)
          .map(replaced -> replaced ? new Answer(status, answer, headers) : new Answer(202, body, headers))
          .map(given -> waits ? given.waited(c.waitMs) : given);
    });
  }

  /** The key was used before: what Postgres has of it decides the answer. */
  private Future<Answer> fromRecord(Creation c) {
    return records.find(c.keyId).compose(found -> {
      // Postgres said that it exists: it has expired since, or this request waited for one that was rolled
      // back.
      if (found == null) return inUse();
      if (!found.fingerprint().equals(c.fingerprint)) return reused(c, found);
      if (found.waiting()) return inUse();
      return answerOf(c, found).map(body -> {
        answers.keep(c.keyId, c.fingerprint, found.status(), body);
        return new Answer(found.status(), body, IdempotentTransaction.REPLAYED);
      });
    });
  }

  /** The answer as kept, or as it was made of the payment's first event: the same bytes as the first time. */
  private Future<Buffer> answerOf(Creation c, KeyRecord found) {
    if (found.answer() != null) return Future.succeededFuture(found.answer());
    return payments.payment(c.merchant(), c.livemode(), found.resource()).map(payment -> {
      if (payment == null) throw new IllegalStateException("an idempotency key without its payment");
      return acceptedBody(c, payment.id(), payment.asked(), payment.traceparent(), found.form());
    });
  }

  /**
   * The 202's body: a function of the payment's first event alone, so that a repetition gets the same bytes.
   */
  private static Buffer acceptedBody(Creation c, UUID id, PaymentEvent.Initiated asked, String traceparent,
      int form) {
    return PaymentJson.accepted(PaymentRow.accepted(id, c.merchant(), c.livemode(), asked, traceparent),
        form);
  }

  private static Future<Answer> inUse() { return refuse(IdempotentTransaction.inUse()); }

  private Future<Answer> reused(Creation c, KeyRecord found) {
    if (!found.object().equals(PAYMENT)) return refuse(IdempotentTransaction.reused("path"));
    return payments.payment(c.merchant(), c.livemode(), found.resource()).compose(payment -> {
      var before = new JsonObject(payment == null ? "{}" : EventJson.write(payment.asked()));
      var now = new JsonObject(c.data);
      var differing = new TreeSet<String>();
      before.fieldNames().forEach(f -> {
        if (!Objects.equals(before.getValue(f), now.getValue(f))) differing.add(f);
      });
      now.fieldNames().forEach(f -> { if (!before.containsKey(f)) differing.add(f); });
      // The key of a capture or a cancellation is about a payment too.
      return refuse(
          IdempotentTransaction.reused(differing.isEmpty() ? "path" : String.join(", ", differing)));
    });
  }
}
