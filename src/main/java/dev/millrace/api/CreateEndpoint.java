package dev.millrace.api;

import dev.millrace.api.Call.Answer;
import dev.millrace.api.Credentials.Credential;
import dev.millrace.idempotency.Answers;
import dev.millrace.idempotency.Answers.Known;
import dev.millrace.idempotency.Fingerprint;
import dev.millrace.idempotency.IdempotencyKey;
import dev.millrace.idempotency.KeyRecords;
import dev.millrace.idempotency.KeyRecords.KeyRecord;
import dev.millrace.journal.AcceptWriter;
import dev.millrace.journal.AcceptWriter.NewPayment;
import dev.millrace.journal.EventJson;
import dev.millrace.journal.PaymentRow;
import dev.millrace.journal.Reads;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/payments}: capacity, body, idempotency, group commit, 202. Nothing is answered before it is
 * committed, and one key never makes two payments: the unique row in Postgres decides.
 */
final class CreateEndpoint {
  private static final String ROUTE = "/v1/payments";
  private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,6})(?=$|[,;\\s])");
  private static final int WAIT_SECONDS_MAX = 30;
  /** How long after the longest wait a key may still count as in flight. */
  private static final long WAIT_MARGIN_MS = 5_000;
  private static final Map<String, String> REPLAYED = Map.of("Idempotent-Replayed", "true");

  private final BodyReader bodies;
  private final AcceptWriter writer;
  private final Answers answers;
  private final KeyRecords records;
  private final Reads reads;
  private final OutcomeWatch watch;
  private final Backlog backlog;
  private final MerchantShare share;
  private final Fingerprint fingerprint = new Fingerprint();

  CreateEndpoint(BodyReader bodies, AcceptWriter writer, Answers answers, KeyRecords records, Reads reads,
      OutcomeWatch watch, Backlog backlog, MerchantShare share) {
    this.bodies = bodies;
    this.writer = writer;
    this.answers = answers;
    this.records = records;
    this.reads = reads;
    this.watch = watch;
    this.backlog = backlog;
    this.share = share;
  }

  Future<Answer> create(Call call) {
    Problem full = refusedForCapacity(call.credential());
    if (full != null) return Future.failedFuture(new Refusal(full));
    if (call.request().query() != null) new Query(call.context().queryParams(), Set.of()).check();
    var key = IdempotencyKey.parse(call.request().headers().getAll("Idempotency-Key"));
    if (key.problem() != null) {
      return refuse(Problem.invalid("idempotency_key_invalid",
          "The header Idempotency-Key " + key.problem() + ".", "Idempotency-Key"));
    }
    if (key.key() == null) {
      return refuse(Problem.invalid("idempotency_key_missing",
          "Send a header Idempotency-Key with a value of your own for this payment, a UUID for example, and the same on each retry.",
          "Idempotency-Key"));
    }
    if (CardNumbers.cardIn(key.key())) {
      return refuse(Problem.invalid("card_number_refused",
          "The header Idempotency-Key holds what looks like a card number. Use a UUID.", "Idempotency-Key"));
    }
    String name = key.key();
    return bodies.read(call.request())
        .compose(body -> execute(call, name, CreatePayment.parse(body.getBytes())));
  }

  private static <T> Future<T> refuse(Problem problem) { return Future.failedFuture(new Refusal(problem)); }

  /** Asked before the body is read, so that a refusal costs next to nothing. */
  private @Nullable Problem refusedForCapacity(Credential credential) {
    if (writer.full()) {
      writer.countRejection();
      return Problem.retry(503, "api_error", "queue_full",
          "Too many payments wait for their commit. Send it again after `Retry-After` seconds.", 1);
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

  /** One creation under its key. */
  private record Creation(Call call, String key, Buffer fingerprint, PaymentEvent.Initiated asked,
      String data, long waitMs) {
    UUID merchant() { return call.credential().merchant(); }

    boolean livemode() { return call.credential().livemode(); }
  }

  private Future<Answer> execute(Call call, String key, PaymentEvent.Initiated asked) {
    String data = EventJson.write(asked);
    var creation = new Creation(call, key, fingerprint.of("POST", ROUTE, data), asked, data, waitMs(call));
    return answers.claim(creation.merchant(), creation.livemode(), key, creation.fingerprint)
        .compose(known -> switch (known) {
          case Known.Unclaimed _ -> accept(creation);
          case Known.Answered a when a.sameFingerprint() ->
            Future.succeededFuture(new Answer(a.status(), a.body(), REPLAYED));
          case Known.Answered _, Known.Claimed _ -> fromRecord(creation, false);
        });
  }

  private static long waitMs(Call call) {
    String prefer = call.request().getHeader("Prefer");
    if (prefer == null) return 0;
    var m = WAIT.matcher(prefer);
    return m.find() ? Math.min(WAIT_SECONDS_MAX, Integer.parseInt(m.group(1))) * 1000L : 0;
  }

  private Future<Answer> accept(Creation c) {
    UUID id = TypeId.next();
    var row = PaymentRow.accepted(id, c.merchant(), c.livemode(), c.asked, c.call.traceparent());
    Buffer body = PaymentJson.payment(row);
    long waitUntilMs = c.waitMs == 0 ? 0 : c.waitMs + WAIT_MARGIN_MS;
    var payment = new NewPayment(id, c.merchant(), c.livemode(), c.key, c.fingerprint, body, waitUntilMs,
        c.asked.amount(),
        c.asked.currency(), c.asked.reference(), c.call.traceparent(), c.data);
    share.enter(c.merchant());
    return writer.accept(payment).onComplete(done -> share.leave(c.merchant())).transform(result -> {
      if (result.failed()) {
        answers.release(c.merchant(), c.livemode(), c.key);
        return result.cause() instanceof Unavailable u && !u.outcomeUnknown() && writer.full()
            ? refuse(Problem.retry(503, "api_error", "queue_full",
                "Too many payments wait for their commit. Send it again after `Retry-After` seconds.", 1))
            : Future.failedFuture(result.cause());
      }
      return switch (result.result()) {
        case ACCEPTED -> accepted(c, id, body);
        case DUPLICATE -> fromRecord(c, true);
        case LOST -> {
          answers.release(c.merchant(), c.livemode(), c.key);
          yield refuse(Gate.storageUnavailable());
        }
      };
    });
  }

  private Future<Answer> accepted(Creation c, UUID id, Buffer body) {
    var headers = Map.of("Location", ROUTE + "/" + TypeId.format(TypeId.PAYMENT, id));
    if (c.waitMs == 0) {
      // Not put into Redis: few requests are ever repeated, and the first repetition does it.
      return Future.succeededFuture(new Answer(202, body, headers));
    }
    answers.hold(c.merchant(), c.livemode(), c.key, c.fingerprint, c.waitMs + WAIT_MARGIN_MS);
    return watch.await(id, c.waitMs).compose(row -> {
      int status = row == null ? 202 : 201;
      Buffer answer = row == null ? body : PaymentJson.payment(row);
      // The key's answer becomes the one given here, unless somebody may already have been given the stored one.
      return records.replace(c.merchant(), c.livemode(), c.key, status, answer).otherwise(false)
          .map(replaced -> {
            int given = replaced ? status : 202;
            Buffer bytes = replaced ? answer : body;
            if (replaced) answers.store(c.merchant(), c.livemode(), c.key, c.fingerprint, given, bytes);
            return new Answer(given, bytes, headers);
          });
    });
  }

  /** The key was used before: what Postgres has of it decides the answer. */
  private Future<Answer> fromRecord(Creation c, boolean mustExist) {
    return records.find(c.merchant(), c.livemode(), c.key).compose(found -> {
      if (found == null) {
        return mustExist
            ? Future.failedFuture("an idempotency key vanished between its conflict and its look-up")
            : inUse();
      }
      if (!found.fingerprint().equals(c.fingerprint)) return reused(c, found);
      if (found.waiting()) return inUse();
      answers.store(c.merchant(), c.livemode(), c.key, c.fingerprint, found.status(), found.answer());
      return Future.succeededFuture(new Answer(found.status(), found.answer(), REPLAYED));
    });
  }

  private static Future<Answer> inUse() {
    return refuse(Problem.retry(409, "idempotency_error", "idempotency_key_in_use",
        "A request with this Idempotency-Key is still being executed. Send it again after `Retry-After` seconds to get its answer.",
        1));
  }

  private Future<Answer> reused(Creation c, KeyRecord found) {
    return reads.payment(c.merchant(), c.livemode(), found.payment()).compose(payment -> {
      var before = new JsonObject(payment == null ? "{}" : EventJson.write(payment.asked()));
      var now = new JsonObject(c.data);
      var differing = new TreeSet<String>();
      before.fieldNames().forEach(f -> {
        if (!Objects.equals(before.getValue(f), now.getValue(f))) differing.add(f);
      });
      now.fieldNames().forEach(f -> { if (!before.containsKey(f)) differing.add(f); });
      return refuse(Problem.of(422, "idempotency_error", "idempotency_key_reused",
          "This Idempotency-Key was used for another request; it differs in: " + String.join(", ", differing)
              + ". Use a new key for a new payment, or send the same body again."));
    });
  }
}
