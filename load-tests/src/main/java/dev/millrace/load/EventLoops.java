package dev.millrace.load;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.transport.Transport;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Vert.x as the harness uses it: so many event loops, on the native transport where there is one. */
final class EventLoops {
  private static final int ANSWER_SECONDS_MAX = 60;

  private EventLoops() {}

  static Vertx vertx(int loops) {
    return Vertx.builder().with(new VertxOptions().setEventLoopPoolSize(loops)).withTransport(transport())
        .build();
  }

  /** By name: the native one Vert.x would choose depends on what else is on the class path. */
  static Transport transport() {
    return Transport.EPOLL != null && Transport.EPOLL.available() ? Transport.EPOLL : Transport.NIO;
  }

  /** Waits at most a minute; whatever goes wrong is an {@link IllegalStateException} that says `what` did. */
  static <T> T await(String what, Future<T> future) {
    try {
      return future.await(ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException(what + ": no answer within " + ANSWER_SECONDS_MAX + " s", e);
    } catch (Exception e) { // the future's own failure, whatever its type
      throw new IllegalStateException(what + ": " + e.getMessage(), e);
    }
  }

  /** Runs `action` on the event loop of `context` and waits for what it gives. */
  static <T> T on(Context context, Callable<T> action) {
    return await("an event loop of the harness", Future.<T>future(promise -> context.runOnContext(v -> {
      try {
        promise.complete(action.call());
      } catch (Exception e) {
        promise.fail(e);
      }
    })));
  }

  static void close(Vertx vertx) {
    await("closing Vert.x", vertx.close());
  }
}
