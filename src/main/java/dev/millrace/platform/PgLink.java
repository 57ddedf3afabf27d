package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Postgres connection of one event loop, for the hot paths: pipelined, with prepared statements, and back
 * by itself after a loss. While it is away, or too many statements are without an answer, every call fails at
 * once with {@link Unavailable}. Owned by the context that made it; calls from another are a defect.
 */
public final class PgLink implements Sql {
  /** lock_not_available, query_canceled. */
  private static final Set<String> UNDONE = Set.of("55P03", "57014");
  private static final Logger LOG = LoggerFactory.getLogger(PgLink.class);
  private static final long RETRY_MS_MIN = 50;
  private static final long RETRY_MS_MAX = 1_000;

  private record Channel(String name, Consumer<@Nullable String> handler) {}

  private final Vertx vertx;
  private final ContextInternal owner;
  private final PgConnectOptions options;
  private final String name;
  private final long timeoutMs;
  private final Capacity room;
  private final List<Promise<Void>> waiting = new ArrayList<>();
  private Runnable answered = () -> {};
  private @Nullable Channel channel;
  private @Nullable PgConnection connection;
  private volatile boolean up;
  private boolean closed;
  private long retryMs = RETRY_MS_MIN;

  private PgLink(Vertx vertx, PgConnectOptions options, String name, long timeoutMs, Capacity room) {
    this.vertx = vertx;
    this.owner = (ContextInternal) vertx.getOrCreateContext();
    this.options = options;
    this.name = name;
    this.timeoutMs = timeoutMs;
    this.room = room;
  }

  /**
   * Starts connecting, and keeps trying, on the caller's context. {@code timeoutMs}: how long a statement may
   * take; {@code room}: for those without an answer.
   */
  public static PgLink open(Vertx vertx, PgConnectOptions options, String name, long timeoutMs,
      Capacity room) {
    var link = new PgLink(vertx, new PgConnectOptions(options).setCachePreparedStatements(true), name,
        timeoutMs, room);
    link.connect();
    return link;
  }

  /** Whether a connection stands. May be asked from any thread. */
  public boolean up() { return up; }

  /**
   * Completes when a connection stands: at once, or after at most {@code ms}, failing with
   * {@link Unavailable}.
   */
  public Future<Void> whenUp(long ms) {
    if (up) return Future.succeededFuture();
    Promise<Void> promise = Promise.promise();
    waiting.add(promise);
    return promise.future().timeout(ms, TimeUnit.MILLISECONDS)
        .recover(e -> Future.failedFuture(Unavailable.notSent("postgres: no connection for " + ms + " ms")));
  }

  @Override
  public Future<RowSet<Row>> query(String sql, Tuple parameters) {
    assert owner.inThread() : "PgLink " + name + " called from another thread";
    PgConnection current = connection;
    if (current == null) return Future.failedFuture(Unavailable.notSent("postgres: not connected"));
    if (!room.take())
      return Future.failedFuture(Unavailable.notSent("postgres: too many statements without an answer"));
    return current.preparedQuery(sql).execute(parameters).timeout(timeoutMs, TimeUnit.MILLISECONDS)
        .onComplete(done -> room.give()).onSuccess(rows -> answered.run())
        .recover(failure -> Future.failedFuture(translate(current, failure)));
  }

  /** Runs {@code done} after each statement that succeeded, so after its commit. */
  public PgLink afterEach(Runnable done) {
    answered = done;
    return this;
  }

  /**
   * Hears what is notified on a channel (LISTEN), on this connection and each that takes its place.
   * {@code handler} gets what was said, or null when a connection has come: some may have been missed.
   */
  void listen(String name, Consumer<@Nullable String> handler) {
    channel = new Channel(name, handler);
    if (connection != null) listen(connection, channel);
  }

  private void listen(PgConnection on, Channel to) {
    on.notificationHandler(said -> to.handler.accept(said.getPayload()));
    on.query("LISTEN " + to.name).execute().onSuccess(v -> to.handler.accept(null)).onFailure(e -> {
      // Without it nothing would be heard until the connection is lost some day.
      LOG.warn("postgres_listen_failed link={} error=\"{}\"", name, e.getMessage());
      lost(on);
      on.close().onFailure(f -> LOG.debug("postgres {}: close: {}", name, f.getMessage()));
    });
  }

  private Throwable translate(PgConnection used, Throwable failure) {
    if (failure instanceof PgException e && !serverGone(e)) return e;
    if (failure instanceof TimeoutException) {
      // What is behind a statement that hangs would hang too: start afresh.
      lost(used);
      used.close().onFailure(e -> LOG.debug("postgres {}: close after timeout: {}", name, e.getMessage()));
      return Unavailable.lost("postgres: no answer for " + timeoutMs + " ms");
    }
    // The connection is going down, told or not: what comes next must wait for a new one.
    lost(used);
    return Unavailable.lost("postgres: " + failure.getMessage());
  }

  /**
   * Shutdown, crash or start-up of the server (class 57P), connection trouble (08), no space or memory (53).
   */
  static boolean serverGone(PgException e) {
    String state = e.getSqlState();
    return state != null && (state.startsWith("57P") || state.startsWith("08") || state.startsWith("53"));
  }

  /**
   * Whether the server undid what was sent for the sake of others or of time: a deadlock or a conflict (class
   * 40), a lock or a statement that took too long. The same may well succeed the next time.
   */
  public static boolean undone(Throwable failure) {
    return failure instanceof PgException e && e.getSqlState() != null
        && (e.getSqlState().startsWith("40") || UNDONE.contains(e.getSqlState()));
  }

  private void connect() {
    if (closed) return;
    PgConnection.connect(vertx, options).onSuccess(this::connected).onFailure(e -> {
      if (retryMs == RETRY_MS_MIN)
        LOG.warn("postgres_connect_failed link={} error=\"{}\"", name, e.getMessage());
      vertx.setTimer(retryMs, id -> connect());
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    });
  }

  private void connected(PgConnection made) {
    if (closed) {
      made.close().onFailure(e -> LOG.debug("postgres {}: close: {}", name, e.getMessage()));
      return;
    }
    connection = made;
    up = true;
    retryMs = RETRY_MS_MIN;
    made.exceptionHandler(
        e -> LOG.warn("postgres_connection_error link={} error=\"{}\"", name, e.getMessage()));
    made.closeHandler(v -> lost(made));
    if (channel != null) listen(made, channel);
    var woken = List.copyOf(waiting);
    waiting.clear();
    woken.forEach(promise -> promise.tryComplete());
  }

  private void lost(PgConnection which) {
    if (connection != which) return;
    connection = null;
    up = false;
    if (!closed) {
      LOG.warn("postgres_connection_lost link={}", name);
      vertx.setTimer(retryMs, id -> connect());
    }
  }

  /** Closes the connection for good. */
  public Future<Void> close() {
    closed = true;
    PgConnection current = connection;
    connection = null;
    up = false;
    return current == null ? Future.succeededFuture() : current.close();
  }
}
