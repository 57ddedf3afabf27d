package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RequestBudgetTest {
  private static final long SECOND = 1_000_000_000;

  private long nowNanos = 17;

  private RequestBudget budget(int callsPerSecond) {
    return new RequestBudget(callsPerSecond, () -> nowNanos);
  }

  private static int takeAll(RequestBudget budget, int max) {
    int taken = 0;
    while (taken < max && budget.take()) taken++;
    return taken;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100, 10_000})
  void budget_fresh_holdsOneSecondsWorth(int callsPerSecond) {
    var budget = budget(callsPerSecond);
    assertThat(budget.waitNanos()).isZero();
    assertThat(takeAll(budget, 1_000_000)).isEqualTo(callsPerSecond);
    assertThat(budget.waitNanos()).isPositive();
    assertThat(budget.take()).isFalse();
  }

  @Test
  void budget_empty_fillsEvenly() {
    var budget = budget(10);
    takeAll(budget, 100);
    assertThat(budget.waitNanos()).isEqualTo(SECOND / 10);
    nowNanos += SECOND / 10 - 1;
    assertThat(budget.take()).isFalse();
    assertThat(budget.waitNanos()).isEqualTo(1);
    nowNanos += 1;
    assertThat(takeAll(budget, 100)).isEqualTo(1);
    nowNanos += SECOND / 2;
    assertThat(takeAll(budget, 100)).isEqualTo(5);
  }

  /** What nobody used is not saved up for a storm. */
  @Test
  void budget_afterALongPause_holdsNoMoreThanOneSecondsWorth() {
    var budget = budget(10);
    takeAll(budget, 100);
    nowNanos += 3_600 * SECOND;
    assertThat(takeAll(budget, 100)).isEqualTo(10);
  }

  /** Being refused costs nothing. */
  @Test
  void take_inVain_doesNotPutTheNextOff() {
    var budget = budget(1);
    assertThat(budget.take()).isTrue();
    for (int i = 0; i < 1_000; i++) assertThat(budget.take()).isFalse();
    nowNanos += SECOND;
    assertThat(budget.take()).isTrue();
  }

  /** The clock of a JVM may begin anywhere, and run over. */
  @Test
  void clock_thatRunsOver_isNoEnd() {
    nowNanos = Long.MAX_VALUE - SECOND / 2;
    var budget = budget(10);
    assertThat(takeAll(budget, 100)).isEqualTo(10);
    for (int i = 0; i < 20; i++) {
      nowNanos += SECOND / 10;
      assertThat(takeAll(budget, 100)).as("after %s tenths", i).isEqualTo(1);
    }
  }

  @Test
  void calls_inAnyOrderOfTime_neverPassTheRate() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var budget = budget(50);
    long begun = nowNanos;
    int taken = 0;
    for (int i = 0; i < 20_000; i++) {
      nowNanos += random.nextInt((int) (SECOND / 100));
      if (budget.take()) taken++;
      long most = 50 + (nowNanos - begun) * 50 / SECOND;
      assertThat(taken).as("seed %s", seed).isLessThanOrEqualTo((int) most);
    }
    assertThat(taken).isGreaterThan((int) ((nowNanos - begun) * 50 / SECOND) - 50);
  }
}
