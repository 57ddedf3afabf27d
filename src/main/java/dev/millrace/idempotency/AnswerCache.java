package dev.millrace.idempotency;

import dev.millrace.platform.RedisLink;
import dev.millrace.platform.Capacity;
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
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The fast path of idempotency: answers of repeated requests, in Redis from the first repetition on. Only an
 * accelerator: it saves Postgres the look-up of a repeated key, and whatever it says or fails to say, the
 * unique row in Postgres decides who has the key. All keys that are asked for in one turn of the event loop,
 * or while Redis answers, go out as one {@code MGET}. Owned by one event loop.
 *
 * <p>A value is 32 bytes for the fingerprint, three digits for the status and the body. A key is named by its
 * {@link KeyId}.
 */
public final class AnswerCache {
  private static final int FINGERPRINT = 32;

  /** What a key was answered. {@code sameFingerprint}: whether it was the same request. */
  public record Known(boolean sameFingerprint, int status, Buffer body) {}

  private record Question(UUID keyId, Buffer fingerprint, Promise<@Nullable Known> promise) {}

  private final ContextInternal owner;
  private final RedisLink redis;
  private final String keepMs;
  private final Capacity room;
  private final Counter failures;
  private List<Question> gathered = new ArrayList<>();
  private boolean asking;

  /** {@code keepMs}: how long an answer is kept; {@code room}: for keys that are being asked for. */
  public AnswerCache(Vertx vertx, RedisLink redis, long keepMs, Capacity room, MeterRegistry registry) {
    this.owner = (ContextInternal) vertx.getOrCreateContext();
    this.redis = redis;
    this.keepMs = Long.toString(keepMs);
    this.room = room;
    this.failures = Counter.builder("millrace.idempotency.redis.failures").register(registry);
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
      question.promise.complete(values == null ? null : known(values.get(i), question.fingerprint));
    }
  }

  private static @Nullable Known known(@Nullable Response response, Buffer fingerprint) {
    if (response == null) return null;
    Buffer value = response.toBuffer();
    int at = FINGERPRINT + 3;
    return value.length() < at
        ? null
        : new Known(value.getBuffer(0, FINGERPRINT).equals(fingerprint),
            Integer.parseInt(value.getString(FINGERPRINT, at)), value.getBuffer(at, value.length()));
  }

  /** Keeps the answer of a request that was repeated. */
  public void keep(UUID keyId, Buffer fingerprint, int status, Buffer body) {
    if (!redis.up()) return;
    var value = Buffer.buffer(FINGERPRINT + 3 + body.length()).appendBuffer(fingerprint)
        .appendString(Integer.toString(status)).appendBuffer(body);
    redis.send(Request.cmd(Command.SET).arg(name(keyId)).arg(value).arg("PX").arg(keepMs))
        .onFailure(failure -> failures.increment());
  }
}
