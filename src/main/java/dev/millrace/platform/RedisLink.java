package dev.millrace.platform;

import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Redis connection of one event loop that comes back by itself. Commands of one turn of the event loop,
 * and those that arrive while a batch is under way, go out together: a write, a read and a wake-up a batch
 * instead of a command. Redis only accelerates: a caller must have another way for every failure, and gets it
 * quickly: at once while the connection is away or {@code inFlightMax} commands are unanswered, after
 * {@code timeoutMs} otherwise. A batch fails as a whole.
 */
public final class RedisLink {
  private static final Logger LOG = LoggerFactory.getLogger(RedisLink.class);
  private static final long RETRY_MS = 250;

  private final Vertx vertx;
  private final ContextInternal owner;
  private final Redis redis;
  private final long timeoutMs;
  private final int inFlightMax;
  private final Runnable rejected;
  private @Nullable RedisConnection connection;
  private volatile boolean up;
  private volatile int inFlight;
  private List<Request> commands = new ArrayList<>();
  private List<Promise<@Nullable Response>> promises = new ArrayList<>();
  private boolean sending;
  private boolean flushDue;
  private boolean closed;
  private boolean reported;

  private RedisLink(Vertx vertx, RedisOptions options, long timeoutMs, int inFlightMax, Runnable rejected) {
    this.vertx = vertx;
    this.owner = (ContextInternal) vertx.getOrCreateContext();
    this.timeoutMs = timeoutMs;
    this.inFlightMax = inFlightMax;
    this.rejected = rejected;
    this.redis = Redis.createClient(vertx,
        options.setMaxWaitingHandlers(inFlightMax + 16).setMaxPoolSize(1).setMaxPoolWaiting(4));
  }

  /**
   * Starts connecting on the caller's event loop, to where {@code options} say. {@code rejected} runs for
   * each command refused as one too many.
   */
  public static RedisLink open(Vertx vertx, RedisOptions options, long timeoutMs, int inFlightMax,
      Runnable rejected) {
    var link = new RedisLink(vertx, options, timeoutMs, inFlightMax, rejected);
    link.connect();
    return link;
  }

  /** Whether a connection stands. May be asked from any thread. */
  public boolean up() { return up; }

  /** Commands sent and not answered. May be asked from any thread. */
  public int inFlight() {
    return inFlight;
  }

  /** Sends one command. The answer to a missing key is a succeeded future of null. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  public Future<@Nullable Response> send(Request request) {
    RedisConnection current = connection;
    if (current == null) return Future.failedFuture(Unavailable.notSent("redis: not connected"));
    if (inFlight >= inFlightMax) {
      rejected.run();
      return Future.failedFuture(Unavailable.notSent("redis: " + inFlightMax + " commands in flight"));
    }
    inFlight++;
    Promise<@Nullable Response> promise = owner.promise();
    commands.add(request);
    promises.add(promise);
    if (!sending && !flushDue) {
      // At the end of this turn of the event loop: what the turn still brings goes out with it.
      flushDue = true;
      owner.runOnContext(v -> {
        flushDue = false;
        flush();
      });
    }
    return promise.future();
  }

  private void flush() {
    RedisConnection current = connection;
    if (current == null) {
      fail(Unavailable.notSent("redis: connection lost"));
      return;
    }
    if (commands.isEmpty()) return;
    var batch = commands;
    var answers = promises;
    commands = new ArrayList<>(batch.size());
    promises = new ArrayList<>(batch.size());
    sending = true;
    current.batch(batch).timeout(timeoutMs, TimeUnit.MILLISECONDS)
        .onComplete(result -> answered(current, answers, result));
  }

  private void answered(RedisConnection current, List<Promise<@Nullable Response>> answers,
      AsyncResult<List<Response>> result) {
    sending = false;
    if (result.failed() && result.cause() instanceof TimeoutException)
      drop(current, "no answer for " + timeoutMs + " ms");
    flush();
    // In a later turn: the next batch is flushed only when this one has been read.
    owner.runOnContext(v -> settle(answers, result));
  }

  private void fail(Unavailable reason) {
    var waiting = promises;
    commands = new ArrayList<>();
    promises = new ArrayList<>();
    settle(waiting, Future.failedFuture(reason));
  }

  @SuppressWarnings("NonAtomicVolatileUpdate")
  private void settle(List<Promise<@Nullable Response>> answers, AsyncResult<List<Response>> result) {
    inFlight -= answers.size();
    for (int i = 0; i < answers.size(); i++) {
      if (result.succeeded()) answers.get(i).complete(result.result().get(i));
      else answers.get(i).fail(result.cause());
    }
  }

  private void connect() {
    if (closed) return;
    redis.connect().timeout(2_000, TimeUnit.MILLISECONDS).onSuccess(made -> {
      connection = made;
      up = true;
      reported = false;
      made.exceptionHandler(e -> drop(made, String.valueOf(e.getMessage())));
      made.endHandler(v -> drop(made, "closed by the server"));
    }).onFailure(e -> {
      if (!reported) LOG.warn("redis_connect_failed error=\"{}\"", e.getMessage());
      reported = true;
      vertx.setTimer(RETRY_MS, id -> connect());
    });
  }

  private void drop(RedisConnection which, String reason) {
    if (connection != which) return;
    LOG.warn("redis_connection_lost reason=\"{}\"", reason);
    connection = null;
    up = false;
    which.close().onComplete(done -> vertx.setTimer(RETRY_MS, id -> connect()));
  }

  public Future<Void> close() {
    closed = true;
    connection = null;
    up = false;
    return redis.close();
  }
}
