package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SourceLimitTest {
  private static final int PER_MINUTE = 3;
  /** The clock is monotonic, not the time of day: it may well begin below zero. */
  private long nowMs = -50_000;
  private final SourceLimit limit = new SourceLimit(PER_MINUTE, () -> nowMs);

  /** How many of so many are allowed. */
  private long allowed(String source, int tries) {
    return IntStream.range(0, tries).filter(i -> limit.take(source)).count();
  }

  @Test
  void take_upToTheLimit_thenNoMore() {
    for (int i = 0; i < PER_MINUTE; i++) assertThat(limit.take("a")).isTrue();
    for (int i = 0; i < 10; i++) assertThat(limit.take("a")).isFalse();
  }

  @Test
  void take_aMinuteLater_beginsAfresh() {
    assertThat(allowed("a", 10)).isEqualTo(PER_MINUTE);
    nowMs += 59_999;
    assertThat(limit.take("a")).isFalse();
    nowMs += 1;
    assertThat(allowed("a", 10)).isEqualTo(PER_MINUTE);
  }

  /** The minute begins with the first, not with the last: who goes on trying is heard again. */
  @Test
  void take_whoNeverStops_isAllowedAgainAMinuteAfterTheFirst() {
    long taken = 0;
    for (int s = 0; s < 120; s++) {
      taken += allowed("a", 1);
      nowMs += 1_000;
    }
    assertThat(taken).isEqualTo(2 * PER_MINUTE);
  }

  @Test
  void take_sourcesDoNotShare() {
    assertThat(allowed("a", 10)).isEqualTo(PER_MINUTE);
    assertThat(allowed("b", 10)).isEqualTo(PER_MINUTE);
    assertThat(limit.take("a")).isFalse();
  }

  /** What is remembered is bounded; who is still there is not forgotten for others. */
  @Test
  void take_moreSourcesThanAreRemembered_forgetsTheOneLongestAway() {
    assertThat(allowed("there", 10)).isEqualTo(PER_MINUTE);
    assertThat(allowed("away", 10)).isEqualTo(PER_MINUTE);
    for (int i = 0; i < 10_000; i++) {
      limit.take("source " + i);
      assertThat(limit.take("there")).isFalse();
    }
    assertThat(limit.take("away")).isTrue();
  }
}
