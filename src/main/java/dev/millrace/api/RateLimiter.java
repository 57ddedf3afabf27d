package dev.millrace.api;

import dev.millrace.platform.RedisLink;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * Each merchant's requests a second: a token bucket in Redis that all nodes share, holding one second's
 * worth. While Redis is away every node keeps a bucket of its own with the full rate, so a merchant may get
 * the rate once per node but never loses service. Owned by one event loop.
 */
final class RateLimiter {
  private static final int LOCAL_MAX = 10_000;
  /** KEYS[1] bucket, ARGV[1] tokens a second. Answers {allowed, tokens left, ms until the next token}. */
  private static final String SCRIPT = """
    local rate = tonumber(ARGV[1])
    local t = redis.call('TIME')
    local now = t[1] * 1000 + t[2] / 1000
    local b = redis.call('HMGET', KEYS[1], 'n', 't')
    local n = tonumber(b[1]) or rate
    local last = tonumber(b[2]) or now
    n = math.min(rate, n + math.max(0, now - last) * rate / 1000)
    local ok = 0
    if n >= 1 then n = n - 1; ok = 1 end
    redis.call('HSET', KEYS[1], 'n', tostring(n), 't', tostring(now))
    redis.call('PEXPIRE', KEYS[1], 5000)
    return {ok, math.floor(n), math.ceil(math.max(0, 1 - n) * 1000 / rate)}""";

  /** Whether one more request is within the limit, how many are left and when (ms) the next will be. */
  record Verdict(boolean allowed, int rate, long left, long nextMs) {
    int retryAfterSeconds() { return (int) Math.max(1, (nextMs + 999) / 1000); }
  }

  private static final class Bucket {
    double tokens;
    long lastNanos = System.nanoTime();

    Bucket(int rate) { tokens = rate; }
  }

  private final RedisLink redis;
  private final Map<UUID, Bucket> local = new LinkedHashMap<>(64, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<UUID, Bucket> eldest) { return size() > LOCAL_MAX; }
  };

  RateLimiter(RedisLink redis) { this.redis = redis; }

  /** Takes one token of the merchant's bucket. Never fails. */
  Future<Verdict> take(UUID merchant, boolean livemode, int rate) {
    if (!redis.up()) return Future.succeededFuture(takeLocally(merchant, rate));
    var request = Request.cmd(Command.EVAL).arg(SCRIPT).arg("1")
        .arg("rl:" + (livemode ? "l:" : "t:") + merchant).arg(Integer.toString(rate));
    return redis.send(request).map(response -> {
      Response r = Objects.requireNonNull(response, "a script's answer");
      return new Verdict(r.get(0).toInteger() == 1, rate, r.get(1).toLong(), r.get(2).toLong());
    }).otherwise(failure -> takeLocally(merchant, rate));
  }

  private Verdict takeLocally(UUID merchant, int rate) {
    Bucket bucket = local.computeIfAbsent(merchant, m -> new Bucket(rate));
    long now = System.nanoTime();
    bucket.tokens = Math.min(rate, bucket.tokens + (now - bucket.lastNanos) * (double) rate / 1e9);
    bucket.lastNanos = now;
    boolean allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens--;
    return new Verdict(allowed, rate, (long) bucket.tokens,
        (long) Math.ceil(Math.max(0, 1 - bucket.tokens) * 1000 / rate));
  }
}
