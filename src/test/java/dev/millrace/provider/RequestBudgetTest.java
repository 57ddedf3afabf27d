package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RequestBudgetTest {
  private static final long SECOND = 1_000_000_000;

  private long nowNanos = 17;

  private RequestBudget budget(int callsPerSecond) {
    return new RequestBudget(callsPerSecond, () -> nowNanos);
  }

  private static int takeAll(RequestBudget budget, int max) {
    int taken = 0;
    while (taken < max && budget.take(100)) taken++;
    return taken;
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,1", "3,1", "7,1", "20,1", "40,2", "100,5", "10000,500"})
  void budget_fresh_holdsATwentiethOrOneCall(int callsPerSecond, int held) {
    var budget = budget(callsPerSecond);
    assertThat(budget.waitNanos(100)).isZero();
    assertThat(takeAll(budget, 1_000_000)).isEqualTo(held);
    assertThat(budget.waitNanos(100)).isPositive();
    assertThat(budget.take(100)).isFalse();
  }

  @Test
  void budget_empty_fillsEvenly() {
    var budget = budget(100);
    takeAll(budget, 100);
    assertThat(budget.waitNanos(100)).isEqualTo(SECOND / 100);
    nowNanos += SECOND / 100 - 1;
    assertThat(budget.take(100)).isFalse();
    assertThat(budget.waitNanos(100)).isEqualTo(1);
    nowNanos += 1;
    assertThat(takeAll(budget, 100)).isEqualTo(1);
    nowNanos += 3 * SECOND / 100;
    assertThat(takeAll(budget, 100)).isEqualTo(3);
  }

  /** What nobody used, during an outage for example, is not saved up for a storm. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 40, 100, 10_000})
  void budget_afterALongPause_theFirstSecondHasATwentiethMore(int callsPerSecond) {
    var budget = budget(callsPerSecond);
    takeAll(budget, 1_000_000);
    nowNanos += 3_600 * SECOND;
    int taken = 0;
    for (int ms = 0; ms < 1_000; ms++) {
      taken += takeAll(budget, 1_000_000);
      nowNanos += SECOND / 1_000;
    }
    assertThat(taken).isBetween(callsPerSecond, callsPerSecond + Math.max(1, callsPerSecond / 20));
  }

  /** A part of the budget is that part of the rate, and of what is held. */
  @Test
  void budget_inPart_isThatPartOfTheRate() {
    var budget = budget(1_000);
    int taken = 0;
    for (int ms = 0; ms < 1_000; ms++) {
      while (budget.take(10)) taken++;
      nowNanos += SECOND / 1_000;
    }
    assertThat(taken).isBetween(100, 105);
  }

  /** The part of a small budget is less than one call holds: it is waited for, not lost. */
  @Test
  void budget_inPartOfOneCall_isWaitedFor() {
    var budget = budget(10);
    assertThat(budget.take(10)).isTrue();
    assertThat(budget.waitNanos(10)).isEqualTo(SECOND);
    nowNanos += SECOND - 1;
    assertThat(budget.take(10)).isFalse();
    nowNanos += 1;
    assertThat(budget.take(10)).isTrue();
  }

  /** Being refused costs nothing. */
  @Test
  void take_inVain_doesNotPutTheNextOff() {
    var budget = budget(1);
    assertThat(budget.take(100)).isTrue();
    for (int i = 0; i < 1_000; i++) assertThat(budget.take(100)).isFalse();
    nowNanos += SECOND;
    assertThat(budget.take(100)).isTrue();
  }

  /** The clock of a JVM may begin anywhere, and run over. */
  @Test
  void clock_thatRunsOver_isNoEnd() {
    nowNanos = Long.MAX_VALUE - SECOND / 2;
    var budget = budget(10);
    assertThat(takeAll(budget, 100)).isEqualTo(1);
    for (int i = 0; i < 20; i++) {
      nowNanos += SECOND / 10;
      assertThat(takeAll(budget, 100)).as("after %s tenths", i).isEqualTo(1);
    }
  }

  @Test
  void calls_inAnyOrderOfTime_neverPassTheRate() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var budget = budget(400);
    long begun = nowNanos;
    int taken = 0;
    for (int i = 0; i < 20_000; i++) {
      nowNanos += random.nextInt((int) (SECOND / 100));
      taken += takeAll(budget, 1 + random.nextInt(3));
      long most = 20 + (nowNanos - begun) * 400 / SECOND;
      assertThat(taken).as("seed %s", seed).isLessThanOrEqualTo((int) most);
    }
    assertThat(taken).as("seed %s", seed).isGreaterThan((int) ((nowNanos - begun) * 300 / SECOND));
  }
}
