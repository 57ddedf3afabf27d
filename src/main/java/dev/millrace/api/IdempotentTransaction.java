package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.idempotency.Fingerprint;
import dev.millrace.idempotency.IdempotencyKey;
import dev.millrace.idempotency.KeyId;
import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.platform.CardNumbers;
import dev.millrace.platform.Database;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Does what a {@code POST} asks for once, however often it is repeated under its Idempotency-Key: the
 * operation, its key and its answer are one transaction, and a repetition gets the answer's bytes. For calls
 * that are few; payments have a quicker way ({@link CreateEndpoint}) by the same rules.
 */
final class IdempotentTransaction {
  static final Map<String, String> REPLAYED = Map.of("Idempotent-Replayed", "true");
  /** How long after the longest wait a key may still count as in flight. */
  static final long WAIT_MARGIN_MS = 5_000;
  /** What a key may have made, or been about, and its ids' prefix. */
  private static final Map<String, String> PREFIXES = Map.of("payment", TypeId.PAYMENT, "refund",
      TypeId.REFUND, "webhook_endpoint", TypeId.WEBHOOK_ENDPOINT, "webhook_delivery", TypeId.WEBHOOK_DELIVERY,
      "webhook_replay",
      TypeId.WEBHOOK_REPLAY);

  private final Database database;
  private final IdempotencyKeyStore records;
  private final Fingerprint fingerprints = new Fingerprint();
  private final KeyId keyIds = new KeyId();

  IdempotentTransaction(Database database, IdempotencyKeyStore records) {
    this.database = database;
    this.records = records;
  }

  static String prefix(String object) {
    String prefix = PREFIXES.get(object);
    if (prefix == null) throw new IllegalStateException("no such object: " + object);
    return prefix;
  }

  /** The request's key; throws a {@link ProblemException} when it has none that can be used. */
  static String key(ApiCall call) {
    var key = IdempotencyKey.parse(call.request().headers().getAll("Idempotency-Key"));
    if (key.problem() != null) {
      throw new ProblemException(Problem.invalid("idempotency_key_invalid",
          "The header Idempotency-Key " + key.problem() + ".", "Idempotency-Key"));
    }
    if (key.key() == null) {
      throw new ProblemException(Problem.invalid("idempotency_key_missing",
          "Send a header Idempotency-Key with a value of your own for this request, a UUID for example, and the same on each retry.",
          "Idempotency-Key"));
    }
    if (CardNumbers.in(key.key())) {
      throw new ProblemException(Problem.invalid("card_number_refused",
          "The header Idempotency-Key holds what looks like a card number. Use a UUID.", "Idempotency-Key"));
    }
    return key.key();
  }

  static Problem inUse() {
    return Problem.retry(409, "idempotency_error", "idempotency_key_in_use",
        "A request with this Idempotency-Key is still being executed. Send it again after `Retry-After` seconds to get its answer.",
        1);
  }

  /** {@code differing}: what of the request is not as it was. */
  static Problem reused(String differing) {
    return Problem.of(422, "idempotency_error", "idempotency_key_reused",
        "This Idempotency-Key was used for another request; it differs in: " + differing
            + ". Use a new key for a new request, or send the same one again.");
  }

  /** What a transaction does: statements, and the answer that goes with them. A failure undoes all of it. */
  interface Operation extends Function<Sql, Future<Answer>> {}

  /**
   * What is to be done once. {@code canonical}: equal for bodies that mean the same; {@code resource}: what
   * the operation makes or is about; {@code waitMs}: how long, after a 202, its first caller may still be
   * given another answer by {@link #replace}.
   */
  record Request(String key, String canonical, String object, UUID resource, long waitMs) {}

  /** Runs {@code operation} in a transaction with the key. */
  Future<Answer> run(ApiCall call, String key, String canonical, String object, UUID resource,
      Operation operation) {
    return run(call, new Request(key, canonical, object, resource, 0), sql -> Future.succeededFuture(),
        (sql, nothing) -> operation.apply(sql));
  }

  /**
   * Runs {@code operation} in a transaction with the key. {@code first} runs before anything is written, and
   * hands what it finds to the operation.
   */
  <T> Future<Answer> run(ApiCall call, Request request, Function<Sql, Future<T>> first,
      BiFunction<Sql, T, Future<Answer>> operation) {
    UUID keyId = keyId(call, request.key);
    Buffer fingerprint = fingerprints.of("POST", call.context().normalizedPath(), request.canonical);
    return replay(keyId, fingerprint).compose(known -> known != null
        ? Future.succeededFuture(known)
        : database
            .transaction(sql -> first.apply(sql)
                .compose(found -> claim(sql, call, request, keyId, fingerprint)
                    .compose(claimed -> claimed
                        ? operation.apply(sql, found)
                            .compose(answer -> keep(sql, keyId, answer, request.waitMs))
                        // Another request had the key first and has just been committed.
                        : Future.<@Nullable Answer>succeededFuture(null))))
            .compose(answer -> answer != null
                ? Future.succeededFuture(answer)
                : replay(keyId, fingerprint).compose(known2 -> known2 != null
                    ? Future.succeededFuture(known2)
                    : Future.failedFuture(new ProblemException(inUse())))));
  }

  /** Runs {@code statements} as an operation would, with no key. */
  Future<Void> warm(Function<Sql, Future<Void>> statements) {
    return database.transaction(statements);
  }

  private UUID keyId(ApiCall call, String key) {
    return keyIds.of(call.credential().merchant(), call.credential().livemode(), key);
  }

  private static Future<Boolean> claim(Sql sql, ApiCall call, Request r, UUID keyId,
      Buffer fingerprint) {
    return new IdempotencyKeyStore(sql).claim(new IdempotencyKeyStore.NewKey(keyId,
        call.credential().merchant(), call.credential().livemode(), r.key, fingerprint, r.object,
        r.resource));
  }

  private static Future<@Nullable Answer> keep(Sql sql, UUID keyId, Answer answer, long waitMs) {
    long open = answer.status() == 202 && waitMs > 0 ? waitMs + WAIT_MARGIN_MS : 0;
    return new IdempotencyKeyStore(sql).answer(keyId, answer.status(), answer.body(), open)
        .<@Nullable Answer>map(answer);
  }

  /**
   * Ends the time in which a first caller may be given another answer: by this one, unless it is too late.
   */
  Future<Boolean> replace(ApiCall call, String key, int status, Buffer body) {
    return records.replace(keyId(call, key), status, body).otherwise(false);
  }

  private Future<@Nullable Answer> replay(UUID keyId, Buffer fingerprint) {
    return records.find(keyId).compose(found -> {
      if (found == null) return Future.succeededFuture();
      if (!found.fingerprint().equals(fingerprint))
        return Future.failedFuture(new ProblemException(reused("path or body")));
      Buffer body = found.answer();
      if (body == null || found.waiting()) return Future.failedFuture(new ProblemException(inUse()));
      return Future.succeededFuture(new Answer(found.status(), body, REPLAYED));
    });
  }
}
