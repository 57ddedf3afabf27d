package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class AdaptiveIntervalTest {
  private long nowMs = -5_000;

  private AdaptiveInterval interval(long shortestMs, long longestMs) {
    return new AdaptiveInterval(shortestMs, longestMs, () -> TimeUnit.MILLISECONDS.toNanos(nowMs));
  }

  /** A look after each interval, as a loop has them; answers the interval after the last. */
  private long look(AdaptiveInterval interval, long ms, boolean found) {
    nowMs += ms;
    return interval.next(found);
  }

  @Test
  void interval_isTheShortest_forHalfASecondAfterTheLastFind_thenDoublesUpToTheLongest() {
    var interval = interval(20, 300);
    assertThat(look(interval, 0, true)).isEqualTo(20);
    assertThat(look(interval, AdaptiveInterval.AWAKE_MS - 1, false)).isEqualTo(20);
    assertThat(interval.seldom()).isFalse();
    assertThat(look(interval, 1, false)).isEqualTo(40);
    assertThat(interval.seldom()).isTrue();
    assertThat(look(interval, 40, false)).isEqualTo(80);
    assertThat(look(interval, 80, false)).isEqualTo(160);
    assertThat(look(interval, 160, false)).isEqualTo(300);
    assertThat(look(interval, 300, false)).isEqualTo(300);
    assertThat(look(interval, 300, true)).isEqualTo(20);
    assertThat(interval.seldom()).isFalse();
  }

  @Test
  void interval_thatIsQuickened_isTheShortestAgain_andSaysWhetherItWasNot() {
    var interval = interval(50, 1_000);
    assertThat(interval.quicken()).as("it is at the beginning").isFalse();
    look(interval, AdaptiveInterval.AWAKE_MS, false);
    assertThat(interval.quicken()).isTrue();
    assertThat(interval.quicken()).isFalse();
    assertThat(look(interval, AdaptiveInterval.AWAKE_MS - 1, false)).isEqualTo(50);
    assertThat(look(interval, 1, false)).isEqualTo(100);
  }

  @Test
  void interval_whoseLongestIsNotLonger_isFixed() {
    var interval = interval(50, 1);
    assertThat(interval.longestMs()).isEqualTo(50);
    assertThat(look(interval, 10 * AdaptiveInterval.AWAKE_MS, false)).isEqualTo(50);
    assertThat(interval.seldom()).isFalse();
    assertThat(interval.quicken()).isFalse();
  }

  /** Whoever was woken must still be awake when something is said that is not passed on any more. */
  @Test
  void awakeness_outlastsTheSilenceAfterAWakeUp() {
    assertThat(AdaptiveInterval.AWAKE_MS).isGreaterThanOrEqualTo(3 * WakeUps.GAP_MS);
  }
}
