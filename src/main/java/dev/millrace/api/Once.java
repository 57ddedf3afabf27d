package dev.millrace.api;

import dev.millrace.api.Call.Answer;
import dev.millrace.idempotency.Fingerprint;
import dev.millrace.idempotency.IdempotencyKey;
import dev.millrace.idempotency.KeyId;
import dev.millrace.idempotency.KeyRecords;
import dev.millrace.journal.Reads;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Tuple;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Does what a {@code POST} asks for once, however often it is repeated under its Idempotency-Key: the operation, its key
 * and its answer are one transaction, and a repetition gets the answer's bytes. For calls that are few; payments have a
 * quicker way ({@link CreateEndpoint}) by the same rules.
 */
final class Once {
  static final Map<String, String> REPLAYED = Map.of("Idempotent-Replayed", "true");
  private static final String CLAIM = """
    INSERT INTO idempotency_key (id, merchant, livemode, key, fingerprint, object, resource, status)
    VALUES ($1::uuid, $2::uuid, $3::bool, $4::text, $5::bytea, $6::text, $7::uuid, 0) ON CONFLICT DO NOTHING RETURNING 1""";
  private static final String KEEP = "UPDATE idempotency_key SET status = $2::int, answer = $3::bytea WHERE id = $1::uuid";
  /** What else than a payment a key may have made, and its ids' prefix. */
  private static final Map<String, String> PREFIXES = Map.of("payment", TypeId.PAYMENT, "webhook_endpoint",
      TypeId.WEBHOOK_ENDPOINT, "webhook_delivery", TypeId.WEBHOOK_DELIVERY, "webhook_replay",
      TypeId.WEBHOOK_REPLAY);

  private final Reads reads;
  private final KeyRecords records;
  private final Fingerprint fingerprints = new Fingerprint();
  private final KeyId keyIds = new KeyId();

  Once(Reads reads, KeyRecords records) {
    this.reads = reads;
    this.records = records;
  }

  static String prefix(String object) {
    String prefix = PREFIXES.get(object);
    if (prefix == null) throw new IllegalStateException("no such object: " + object);
    return prefix;
  }

  /** The request's key; throws a {@link Refusal} when it has none that can be used. */
  static String key(Call call) {
    var key = IdempotencyKey.parse(call.request().headers().getAll("Idempotency-Key"));
    if (key.problem() != null) {
      throw new Refusal(Problem.invalid("idempotency_key_invalid",
          "The header Idempotency-Key " + key.problem() + ".", "Idempotency-Key"));
    }
    if (key.key() == null) {
      throw new Refusal(Problem.invalid("idempotency_key_missing",
          "Send a header Idempotency-Key with a value of your own for this request, a UUID for example, and the same on each retry.",
          "Idempotency-Key"));
    }
    if (CardNumbers.cardIn(key.key())) {
      throw new Refusal(Problem.invalid("card_number_refused",
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
  interface Operation extends Function<Reads.Statements, Future<Answer>> {}

  /**
   * Runs {@code operation} in a transaction with the key. {@code canonical}: equal for bodies that mean the same;
   * {@code resource}: what the operation makes or is about.
   */
  Future<Answer> run(Call call, String key, String canonical, String object, UUID resource,
      Operation operation) {
    var who = call.credential();
    UUID keyId = keyIds.of(who.merchant(), who.livemode(), key);
    Buffer fingerprint = fingerprints.of("POST", call.context().normalizedPath(), canonical);
    return replay(keyId, fingerprint).compose(known -> known != null
        ? Future.succeededFuture(known)
        : reads.transaction(sql -> sql.run(CLAIM, Tuple.of(keyId, who.merchant(), who.livemode(),
            key, fingerprint, object).addValue(resource)).compose(claimed -> claimed.size() == 0
                // Another request had the key first and has just been committed.
                ? Future.<@Nullable Answer>succeededFuture(null)
                : operation.apply(sql)
                    .compose(answer -> sql.run(KEEP, Tuple.of(keyId, answer.status(), answer.body()))
                        .<@Nullable Answer>map(answer))))
            .compose(answer -> answer != null
                ? Future.succeededFuture(answer)
                : replay(keyId, fingerprint).compose(known2 -> known2 != null
                    ? Future.succeededFuture(known2)
                    : Future.failedFuture(new Refusal(inUse())))));
  }

  private Future<@Nullable Answer> replay(UUID keyId, Buffer fingerprint) {
    return records.find(keyId).compose(found -> {
      if (found == null) return Future.succeededFuture();
      if (!found.fingerprint().equals(fingerprint))
        return Future
            .failedFuture(new Refusal(reused(found.object().equals("payment") ? "path" : "path or body")));
      Buffer body = found.answer();
      if (body == null) return Future.failedFuture(new Refusal(inUse()));
      return Future.succeededFuture(new Answer(found.status(), body, REPLAYED));
    });
  }
}
