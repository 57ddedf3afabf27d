package dev.millrace.testing;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** One real event loop, and calls onto it from the test's thread, each with a bound. */
public final class Loop implements AutoCloseable {
  private static final long BOUND_S = 15;

  private final Vertx vertx;
  private final ContextInternal context;

  /** Daemon threads: a test that hangs its loop must not hang the JVM. */
  public Loop() {
    this(Vertx.vertx(new VertxOptions().setUseDaemonThread(true)));
  }

  private Loop(Vertx vertx) {
    this.vertx = vertx;
    this.context = ((VertxInternal) vertx).createEventLoopContext();
  }

  public Vertx vertx() { return vertx; }

  public Context context() { return context; }

  /** Runs {@code work} on the loop and answers what it returns. */
  public <T> T on(Supplier<T> work) {
    var result = new CompletableFuture<T>();
    context.runOnContext(v -> {
      try {
        result.complete(work.get());
      } catch (Throwable e) {
        result.completeExceptionally(e);
      }
    });
    return await(result);
  }

  /** Runs {@code work} on the loop. */
  public void run(Runnable work) {
    on(() -> {
      work.run();
      return null;
    });
  }

  /** Runs {@code work} on the loop and waits for the future that it returns. */
  public <T> T result(Supplier<Future<T>> work) {
    return result(on(work));
  }

  /** Waits for a future; throws the failure it ended with. */
  public static <T> T result(Future<T> future) {
    return await(future.toCompletionStage().toCompletableFuture());
  }

  /** Waits for a future that must fail and answers its failure. */
  public static Throwable failure(Future<?> future) {
    try {
      Object value = future.toCompletionStage().toCompletableFuture().get(BOUND_S, TimeUnit.SECONDS);
      throw new AssertionError("did not fail but gave " + value);
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("no end within " + BOUND_S + " s", e);
    }
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(BOUND_S, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) throw failure;
      if (e.getCause() instanceof Error failure) throw failure;
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("no end within " + BOUND_S + " s", e);
    }
  }

  @Override
  public void close() { vertx.close(); }
}
