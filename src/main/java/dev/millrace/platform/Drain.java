package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/** Waits, while something is being closed, for what it has in hand. */
public final class Drain {
  private static final long LOOK_MS = 20;

  private Drain() {}

  /**
   * Completes when nothing is {@code inHand} any more, at the latest after {@code ms} milliseconds, with how
   * much is left. Never fails.
   */
  public static Future<Integer> of(Vertx vertx, IntSupplier inHand, long ms) {
    return until(vertx, inHand, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms));
  }

  private static Future<Integer> until(Vertx vertx, IntSupplier inHand, long endNanos) {
    int left = inHand.getAsInt();
    if (left == 0 || System.nanoTime() - endNanos >= 0) return Future.succeededFuture(left);
    return vertx.timer(LOOK_MS, TimeUnit.MILLISECONDS).compose(v -> until(vertx, inHand, endNanos));
  }
}
