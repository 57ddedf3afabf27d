package dev.millrace.fraud;

import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Counts in Redis, in fixed windows: one key a counter and window, {@code millrace:velocity:{key}:{window
 * number}}, that expires by itself. Windows are aligned to the epoch, so up to twice a limit can pass around
 * the boundary of two windows: the price of one {@code INCR} a counter.
 *
 * <p>At least once: a payment that is delivered again is counted again. The counts feed thresholds, not the
 * ledger.
 */
public final class RedisVelocityCounters implements VelocityCounters {
  private static final String PREFIX = "millrace:velocity:";

  private final Function<Request, Future<Response>> redis;
  private final InstantSource clock;
  private final long timeoutMs;

  /**
   * @param redis sends one command; commands sent in one turn of the event loop are pipelined
   * @param timeout the longest wait for one answer of Redis, after which the increment fails
   */
  public RedisVelocityCounters(Function<Request, Future<Response>> redis, InstantSource clock,
      Duration timeout) {
    this.redis = redis;
    this.clock = clock;
    this.timeoutMs = timeout.toMillis();
  }

  @Override
  public Future<long[]> increment(List<Counter> counters) {
    long nowSeconds = clock.instant().getEpochSecond();
    List<Future<Long>> counts = new ArrayList<>(counters.size());
    for (Counter counter : counters) {
      counts.add(increment(counter, nowSeconds));
    }
    return Future.join(counts).map(all -> {
      long[] answers = new long[counts.size()];
      for (int i = 0; i < answers.length; i++) {
        answers[i] = counts.get(i).result();
      }
      return answers;
    });
  }

  private Future<Long> increment(Counter counter, long nowSeconds) {
    String key = PREFIX + counter.key() + ':' + Math.floorDiv(nowSeconds, counter.windowSeconds());
    return send(Request.cmd(Command.INCR).arg(key)).compose(answer -> {
      long count = answer.toLong();
      return count == 1 ? expire(key, counter.windowSeconds()).map(count) : Future.succeededFuture(count);
    });
  }

  /** Only the increment that created the key sets its life, so a busy key costs one command. */
  private Future<Response> expire(String key, long windowSeconds) {
    return send(Request.cmd(Command.EXPIRE).arg(key).arg(windowSeconds).arg("NX"));
  }

  private Future<Response> send(Request request) {
    return redis.apply(request).timeout(timeoutMs, TimeUnit.MILLISECONDS);
  }
}
