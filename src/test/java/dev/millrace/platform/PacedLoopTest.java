package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PacedLoopTest {
  private static final Duration BOUND = Duration.ofSeconds(15);
  private static final long NEVER_MS = Duration.ofHours(1).toMillis();

  private final Loop loop = new Loop();
  private final AtomicInteger steps = new AtomicInteger();

  @AfterEach
  void close() { loop.close(); }

  private PacedLoop start(long retryMs, Supplier<Future<Long>> work) {
    return loop.on(() -> {
      var paced = new PacedLoop(loop.vertx(), "step_failed", retryMs, () -> {
        steps.incrementAndGet();
        return work.get();
      });
      paced.start(0);
      return paced;
    });
  }

  @Test
  void step_comesAfterThePauseThatTheOneBeforeAskedFor() {
    start(NEVER_MS, () -> Future.succeededFuture(steps.get() < 3 ? 0 : NEVER_MS));
    Await.until(BOUND, "three steps at once", () -> steps.get() == 3);
    loop.run(() -> {});
    assertThat(steps).hasValue(3);
  }

  @Test
  void step_thatFailsOrThrows_isFollowedByAnother() {
    start(1, () -> {
      if (steps.get() == 1) return Future.failedFuture("no");
      if (steps.get() == 2) throw new IllegalStateException("no");
      return Future.succeededFuture(NEVER_MS);
    });
    Await.until(BOUND, "the third step", () -> steps.get() == 3);
  }

  @Test
  void wake_endsThePause() {
    var paced = start(1, () -> Future.succeededFuture(NEVER_MS));
    Await.until(BOUND, "a step", () -> steps.get() == 1);
    loop.run(paced::wake);
    Await.until(BOUND, "another", () -> steps.get() == 2);
    Loop.result(loop.vertx().timer(20));
    assertThat(steps).as("and none more").hasValue(2);
  }

  /** What it is woken for may have come after the step in hand had looked. */
  @Test
  void wake_duringAStep_hasOneMoreFollowAtOnce() {
    var inHand = new AtomicReference<Promise<Long>>();
    var paced = start(1, () -> {
      inHand.set(Promise.promise());
      return inHand.get().future();
    });
    Await.until(BOUND, "a step", () -> inHand.get() != null);
    loop.run(paced::wake);
    loop.run(paced::wake);
    assertThat(steps).hasValue(1);
    loop.run(() -> inHand.get().complete(NEVER_MS));
    Await.until(BOUND, "another", () -> steps.get() == 2);
    loop.run(() -> inHand.get().complete(NEVER_MS));
    Loop.result(loop.vertx().timer(20));
    assertThat(steps).as("and none more").hasValue(2);
  }

  @Test
  void wake_ofOneThatIsClosed_beginsNothing() {
    var paced = start(1, () -> Future.succeededFuture(NEVER_MS));
    Await.until(BOUND, "a step", () -> steps.get() == 1);
    loop.run(() -> {
      paced.stop();
      paced.wake();
    });
    Loop.result(loop.vertx().timer(20));
    assertThat(steps).hasValue(1);
  }

  @Test
  void pause_ofASecondOrMore_isShortenedByLessThanHalfASecond_toABeatThatAllHaveInCommon() {
    assertThat(PacedLoop.together(999)).isEqualTo(999);
    for (long delayMs : new long[]{1_000, 1_499, 2_000, 86_400_000}) {
      long before = System.nanoTime() / 1_000_000;
      long pauseMs = PacedLoop.together(delayMs);
      long after = System.nanoTime() / 1_000_000;
      assertThat(pauseMs).isBetween(delayMs - 499, delayMs);
      assertThat(Math.floorMod(-(before + pauseMs), 500)).as("how far before a beat it ends, at most")
          .isLessThanOrEqualTo((int) (after - before));
    }
  }

  @Test
  void close_waitsForTheStepInHand_andNoneFollows() {
    var inHand = new AtomicReference<Promise<Long>>();
    var paced = start(1, () -> {
      inHand.set(Promise.promise());
      return inHand.get().future();
    });
    Await.until(BOUND, "a step", () -> inHand.get() != null);
    Future<Void> closed = loop.on(paced::close);
    assertThat(closed.isComplete()).isFalse();
    loop.run(() -> inHand.get().complete(0L));
    Loop.result(closed);
    Loop.result(loop.vertx().timer(20));
    assertThat(steps).hasValue(1);
  }
}
