package dev.millrace.idempotency;

import dev.millrace.platform.RedisLink;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The fast path of idempotency: a claim while a request is executed, its answer afterwards, both in Redis. Only an
 * accelerator: it saves Postgres the look-up of a repeated key and tells nodes of each other's requests in flight.
 * Whatever it says or fails to say, the unique row in Postgres decides who has the key.
 *
 * <p>A value is one byte for the state ({@code P} claimed, {@code D} done), 32 for the fingerprint and, when done,
 * three digits for the status and the body.
 */
public final class Answers {
  private static final int FINGERPRINT = 32;
  private static final Buffer CLAIMED = Buffer.buffer("P");
  private static final Buffer DONE = Buffer.buffer("D");

  /** What Redis knows of a key. */
  public sealed interface Known {
    /** Nothing: the caller has claimed it (or Redis does not answer). */
    record Unclaimed() implements Known {}

    /** Somebody executes it, or died doing so. */
    record Claimed(boolean sameFingerprint) implements Known {}

    /** It has been answered. */
    record Answered(boolean sameFingerprint, int status, Buffer body) implements Known {}
  }

  private static final Known UNCLAIMED = new Known.Unclaimed();

  private final RedisLink redis;
  private final String claimMs;
  private final String keepMs;
  private final Counter failures;

  /** {@code claimMs}: how long a claim outlives its claimant; {@code keepMs}: how long an answer is kept. */
  public Answers(RedisLink redis, long claimMs, long keepMs, MeterRegistry registry) {
    this.redis = redis;
    this.claimMs = Long.toString(claimMs);
    this.keepMs = Long.toString(keepMs);
    this.failures = Counter.builder("millrace.idempotency.redis.failures").register(registry);
  }

  private static String name(UUID merchant, boolean livemode, String key) {
    return (livemode ? "ik:l:" : "ik:t:") + merchant + ":" + key;
  }

  /** Claims the key for this request, or says what is known of it. Never fails: without Redis it is unclaimed. */
  public Future<Known> claim(UUID merchant, boolean livemode, String key, Buffer fingerprint) {
    if (!redis.up()) return Future.succeededFuture(UNCLAIMED);
    var request = Request.cmd(Command.SET).arg(name(merchant, livemode, key))
        .arg(CLAIMED.copy().appendBuffer(fingerprint))
        .arg("NX").arg("GET").arg("PX").arg(claimMs);
    return redis.send(request).map(response -> known(response, fingerprint)).otherwise(failure -> {
      failures.increment();
      return UNCLAIMED;
    });
  }

  private static Known known(@Nullable Response response, Buffer fingerprint) {
    if (response == null) return UNCLAIMED;
    Buffer value = response.toBuffer();
    if (value.length() < 1 + FINGERPRINT) return UNCLAIMED;
    boolean same = value.getBuffer(1, 1 + FINGERPRINT).equals(fingerprint);
    if (value.getByte(0) == 'P') return new Known.Claimed(same);
    int at = 1 + FINGERPRINT;
    return new Known.Answered(same, Integer.parseInt(value.getString(at, at + 3)),
        value.getBuffer(at + 3, value.length()));
  }

  /** Keeps the answer of an executed request. */
  public void store(UUID merchant, boolean livemode, String key, Buffer fingerprint, int status,
      Buffer body) {
    if (!redis.up()) return;
    var value = Buffer.buffer(FINGERPRINT + 4 + body.length()).appendBuffer(DONE).appendBuffer(fingerprint)
        .appendString(Integer.toString(status)).appendBuffer(body);
    redis.send(Request.cmd(Command.SET).arg(name(merchant, livemode, key)).arg(value).arg("PX").arg(keepMs))
        .onFailure(failure -> failures.increment());
  }

  /** Lengthens the claim of a request that goes on for {@code ms} more. */
  public void hold(UUID merchant, boolean livemode, String key, Buffer fingerprint, long ms) {
    if (!redis.up()) return;
    redis.send(Request.cmd(Command.SET).arg(name(merchant, livemode, key))
        .arg(CLAIMED.copy().appendBuffer(fingerprint))
        .arg("PX").arg(Long.toString(ms))).onFailure(failure -> failures.increment());
  }

  /** Gives up the claim of a request that was refused before execution. */
  public void release(UUID merchant, boolean livemode, String key) {
    if (!redis.up()) return;
    redis.send(Request.cmd(Command.DEL).arg(name(merchant, livemode, key)))
        .onFailure(failure -> failures.increment());
  }
}
