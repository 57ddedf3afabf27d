package dev.millrace.fraud;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.embedded.RedisServer;

final class RedisVelocityCountersIT {
  private static final VelocityCounters.Counter MINUTE = new VelocityCounters.Counter("m:live:acct_1", 60);
  private static final VelocityCounters.Counter HOUR = new VelocityCounters.Counter("h:live:acct_1", 3600);

  private static RedisServer server;
  private static Vertx vertx;
  private static RedisConnection redis;

  private Instant now = Instant.parse("2030-01-01T10:00:59Z");
  private final VelocityCounters counters = counters(request -> redis.send(request), Duration.ofSeconds(5));

  @BeforeAll
  static void start() throws Exception {
    int port = freePort();
    server = RedisServer.builder().port(port).bind("127.0.0.1").setting("save \"\"").build();
    server.start();
    vertx = Vertx.vertx();
    redis = await(Redis.createClient(vertx, "redis://127.0.0.1:" + port).connect());
  }

  @AfterAll
  static void stop() throws Exception {
    await(vertx.close());
    server.stop();
  }

  @BeforeEach
  void empty() throws Exception {
    await(redis.send(Request.cmd(Command.FLUSHALL)));
  }

  @Test
  void increment_countsEachCounterInTheOrderAsked() throws Exception {
    assertThat(await(counters.increment(List.of(MINUTE, HOUR)))).containsExactly(1, 1);
    assertThat(await(counters.increment(List.of(HOUR)))).containsExactly(2);
    assertThat(await(counters.increment(List.of(MINUTE, HOUR)))).containsExactly(2, 3);
  }

  @Test
  void increment_nextWindow_startsAgain() throws Exception {
    await(counters.increment(List.of(MINUTE, HOUR)));
    now = now.plusSeconds(1);
    assertThat(await(counters.increment(List.of(MINUTE, HOUR)))).containsExactly(1, 2);
    now = now.plusSeconds(59);
    assertThat(await(counters.increment(List.of(MINUTE, HOUR)))).containsExactly(2, 3);
  }

  @Test
  void increment_keyExpiresWithTheWindow() throws Exception {
    await(counters.increment(List.of(MINUTE)));
    String key = "millrace:velocity:m:live:acct_1:" + now.getEpochSecond() / 60;
    assertThat(await(redis.send(Request.cmd(Command.TTL).arg(key))).toLong()).isBetween(50L, 60L);
  }

  @Test
  void increment_secondOfTheWindow_doesNotProlongIt() throws Exception {
    await(counters.increment(List.of(MINUTE)));
    String key = "millrace:velocity:m:live:acct_1:" + now.getEpochSecond() / 60;
    await(redis.send(Request.cmd(Command.EXPIRE).arg(key).arg(10)));
    await(counters.increment(List.of(MINUTE)));
    assertThat(await(redis.send(Request.cmd(Command.TTL).arg(key))).toLong()).isBetween(1L, 10L);
  }

  @Test
  void increment_redisSilent_failsAfterTheTimeout() {
    var silent = counters(request -> Promise.<Response>promise().future(), Duration.ofMillis(20));
    assertThat(silent.increment(List.of(MINUTE)).toCompletionStage().toCompletableFuture()).failsWithin(
        Duration.ofSeconds(5)).withThrowableThat().havingCause()
        .isInstanceOf(java.util.concurrent.TimeoutException.class);
  }

  @Test
  void screening_redisRefuses_clearedWithVelocityUnknown() throws Exception {
    await(redis
        .send(Request.cmd(Command.SET).arg("millrace:velocity:v:test:acct_1:" + now.getEpochSecond() / 60)
            .arg("not a number")));
    Screener screener = Screener.load("""
      {review_at_score: 1, block_at_score: 1, velocity: {v: {by: merchant, window_s: 60}},
       rules: [{name: a, when: velocity.v > 0, decision: block}]}
      """, "rules.yaml", counters);
    Candidate candidate = Candidates.payment().build();
    assertThat(await(screener.screen(candidate))).isEqualTo(new Screening(Decision.CLEAR, null, 0, false));
    now = now.plusSeconds(60);
    assertThat(await(screener.screen(candidate))).isEqualTo(new Screening(Decision.BLOCK, "a", 0, true));
  }

  private VelocityCounters counters(Function<Request, Future<Response>> send, Duration timeout) {
    return new RedisVelocityCounters(send, () -> now, timeout);
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
