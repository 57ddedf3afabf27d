package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does one step after another, never two at once, each after the pause that the one before has asked for. A
 * step that fails is a line in the log, and the next comes all the same. Owned by one event loop.
 */
public final class PacedLoop {
  private static final Logger LOG = LoggerFactory.getLogger(PacedLoop.class);

  private static final long BEAT_MS = 500;
  /** No timer: a step is in hand, or it has not begun. */
  private static final long NONE = -1;

  private final Vertx vertx;
  private final String failureEvent;
  private final long retryMs;
  private final Supplier<Future<Long>> work;
  private boolean closed;
  private boolean woken;
  private long timer = NONE;
  private Future<Void> step = Future.succeededFuture();

  /**
   * {@code work} does one step and answers after how many milliseconds the next is due; after one that failed
   * it is {@code retryMs}. {@code failureEvent} names a failure in the log.
   */
  public PacedLoop(Vertx vertx, String failureEvent, long retryMs, Supplier<Future<Long>> work) {
    this.vertx = vertx;
    this.failureEvent = failureEvent;
    this.retryMs = retryMs;
    this.work = work;
  }

  /** Begins, {@code delayMs} from now. */
  public void start(long delayMs) {
    if (closed) return;
    timer = vertx.setTimer(Math.max(1, together(delayMs)), id -> {
      timer = NONE;
      if (!closed) step = step();
    });
  }

  /**
   * A pause of a second or more, made shorter by less than {@value #BEAT_MS} ms, to end when others of this
   * process do: waking up a process that sleeps costs more than what most steps have to do.
   */
  public static long together(long delayMs) {
    if (delayMs < 2 * BEAT_MS) return delayMs;
    long nowMs = System.nanoTime() / 1_000_000;
    return delayMs - Math.floorMod(nowMs + delayMs, BEAT_MS);
  }

  /**
   * Has the next step come at once instead of after its pause: if one is in hand, after that one, which may
   * have begun too early to see what there is to be done.
   */
  public void wake() {
    if (timer == NONE) woken = true;
    else if (vertx.cancelTimer(timer)) start(0);
  }

  /** Never fails. */
  private Future<Void> step() {
    woken = false;
    return Future.succeededFuture().compose(v -> work.get()).transform(result -> {
      if (result.failed()) LOG.warn("{} error=\"{}\"", failureEvent, result.cause().getMessage());
      start(result.failed() ? retryMs : woken ? 0 : result.result());
      return Future.succeededFuture();
    });
  }

  /** Begins no other step, without waiting for the one in hand. */
  public void stop() { closed = true; }

  /** Finishes the step in hand and stops. */
  public Future<Void> close() {
    stop();
    return step;
  }
}
