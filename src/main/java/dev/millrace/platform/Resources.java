package dev.millrace.platform;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a verticle has opened, closed in the reverse order: one after the other, each when the one before has
 * been closed. One that cannot be closed is a line in the log and keeps none of the others open. Owned by one
 * event loop.
 */
public final class Resources {
  private static final Logger LOG = LoggerFactory.getLogger(Resources.class);

  private final ArrayDeque<Supplier<? extends Future<?>>> open = new ArrayDeque<>();

  /** Remembers how to close what was {@code opened}, and answers it. */
  public <T> T add(T opened, Function<? super T, ? extends Future<?>> close) {
    add(() -> close.apply(opened));
    return opened;
  }

  /** One more step of closing. */
  public void add(Supplier<? extends Future<?>> close) { open.push(close); }

  /** One more step of closing, for what is over at once. */
  public void onClose(Runnable step) {
    open.push(() -> {
      step.run();
      return Future.succeededFuture();
    });
  }

  /**
   * Closes all of it, each step on the caller's event loop, wherever the one before has ended. Never fails;
   * whoever asks again finds nothing left to close.
   */
  public Future<Void> close() { return close(Vertx.currentContext()); }

  private Future<Void> close(@Nullable Context context) {
    var step = open.poll();
    if (step == null) return Future.succeededFuture();
    return run(context, step).transform(closed -> {
      if (closed.failed()) LOG.warn("close_step_failed error=\"{}\"", closed.cause().getMessage());
      return close(context);
    });
  }

  private static Future<Void> run(@Nullable Context context, Supplier<? extends Future<?>> step) {
    Promise<Void> begun = Promise.promise();
    if (context == null || context == Vertx.currentContext()) begun.complete();
    else context.runOnContext(begun::complete);
    return begun.future().compose(v -> step.get().<Void>mapEmpty());
  }
}
