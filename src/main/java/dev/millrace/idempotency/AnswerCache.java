package dev.millrace.idempotency;

import dev.millrace.platform.RedisLink;
import dev.millrace.platform.Capacity;
import dev.millrace.platform.Seal;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fast path of idempotency: answers of repeated requests, in Redis from the first repetition on. Only an
 * accelerator: it saves Postgres the look-up of a repeated key, and whatever it says or fails to say, the
 * unique row in Postgres decides who has the key. All keys that are asked for in one turn of the event loop,
 * or while Redis answers, go out as one {@code MGET}. Owned by one event loop.
 *
 * <p>A value is its {@link Seal}, 8 bytes for the Unix time in milliseconds until which it counts, 32 for the
 * fingerprint, three digits for the status and the body. A key is named by its {@link KeyId}. What is not
 * sealed, or another key's, or too old, is not believed: Postgres is asked.
 */
public final class AnswerCache {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerCache.class);
  private static final int UNTIL = Long.BYTES;
  private static final int STATUS = UNTIL + 32;
  private static final int BODY = STATUS + 3;

  /** What a key was answered. {@code sameFingerprint}: whether it was the same request. */
  public record Known(boolean sameFingerprint, int status, Buffer body) {}

  private record Question(UUID keyId, Buffer fingerprint, Promise<@Nullable Known> promise) {}

  private final ContextInternal owner;
  private final RedisLink redis;
  private final Seal seal;
  private final long keepMs;
  private final Capacity room;
  private final Counter failures;
  private final Counter forged;
  private List<Question> gathered = new ArrayList<>();
  private boolean asking;

  /** {@code keepMs}: how long an answer is kept; {@code room}: for keys that are being asked for. */
  public AnswerCache(Vertx vertx, RedisLink redis, Seal seal, long keepMs, Capacity room,
      MeterRegistry registry) {
    this.owner = (ContextInternal) vertx.getOrCreateContext();
    this.redis = redis;
    this.seal = seal;
    this.keepMs = keepMs;
    this.room = room;
    this.failures = Counter.builder("millrace.idempotency.redis.failures").register(registry);
    this.forged = Counter.builder("millrace.idempotency.redis.forged").register(registry);
  }

  private static String name(UUID keyId) { return "ik:" + keyId; }

  /**
   * What the key was answered, or null when Redis does not know, does not answer or is asked too much. Never
   * fails.
   */
  public Future<@Nullable Known> find(UUID keyId, Buffer fingerprint) {
    if (!redis.up() || !room.take()) return Future.succeededFuture();
    Promise<@Nullable Known> promise = owner.promise();
    gathered.add(new Question(keyId, fingerprint, promise));
    if (!asking) {
      asking = true;
      owner.runOnContext(v -> ask());
    }
    return promise.future();
  }

  private void ask() {
    var questions = gathered;
    gathered = new ArrayList<>(questions.size());
    var request = Request.cmd(Command.MGET);
    for (var question : questions) request.arg(name(question.keyId));
    redis.send(request).onComplete(result -> {
      if (gathered.isEmpty()) asking = false;
      else ask();
      answer(questions, result);
    });
  }

  private void answer(List<Question> questions, AsyncResult<@Nullable Response> result) {
    Response values = result.result();
    if (values == null) failures.increment();
    room.give(questions.size());
    for (int i = 0; i < questions.size(); i++) {
      var question = questions.get(i);
      known(question, values == null ? null : values.get(i)).onComplete(question.promise);
    }
  }

  private Future<@Nullable Known> known(Question question, @Nullable Response response) {
    if (response == null) return Future.succeededFuture();
    byte[] stored = response.toBuffer().getBytes();
    int length = Math.min(stored.length, Seal.LENGTH);
    byte[] value = Arrays.copyOfRange(stored, length, stored.length);
    return seal.holds(Arrays.copyOf(stored, length), Seal.Purpose.ANSWER, name(question.keyId), value)
        .otherwise(false).map(own -> {
          if (own) return read(Buffer.buffer(value), question.fingerprint);
          forged.increment();
          LOG.error("alert=answer_forged name={}", name(question.keyId));
          return null;
        });
  }

  /** Null when its time is over: Redis has forgotten it, or should have. */
  private static @Nullable Known read(Buffer value, Buffer fingerprint) {
    return value.getLong(0) < System.currentTimeMillis()
        ? null
        : new Known(value.getBuffer(UNTIL, STATUS).equals(fingerprint),
            Integer.parseInt(value.getString(STATUS, BODY)), value.getBuffer(BODY, value.length()));
  }

  /** Keeps the answer of a request that was repeated. */
  public void keep(UUID keyId, Buffer fingerprint, int status, Buffer body) {
    if (!redis.up()) return;
    byte[] value = Buffer.buffer(BODY + body.length()).appendLong(System.currentTimeMillis() + keepMs)
        .appendBuffer(fingerprint).appendString(Integer.toString(status)).appendBuffer(body).getBytes();
    Buffer sealed = Buffer.buffer(seal.of(Seal.Purpose.ANSWER, name(keyId), value)).appendBytes(value);
    redis.send(Request.cmd(Command.SET).arg(name(keyId)).arg(sealed).arg("PX").arg(keepMs))
        .onFailure(failure -> failures.increment());
  }
}
