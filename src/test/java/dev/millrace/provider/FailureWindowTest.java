package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FailureWindowTest {
  private long nowMs = 1_000_000;
  /** 30 s in ten slices of 3 s; over 50 % of at least 20 calls. */
  private final FailureWindow window = window(30_000, 20, 50);

  private FailureWindow window(long windowMs, int callsMin, int failuresPercent) {
    return new FailureWindow(windowMs, callsMin, failuresPercent, () -> nowMs);
  }

  private void record(int successes, int failures) {
    for (int i = 0; i < successes; i++) window.record(false);
    for (int i = 0; i < failures; i++) window.record(true);
  }

  @Test
  void window_empty_isNotTripped() {
    assertThat(window.tripped()).isFalse();
  }

  @Test
  void failures_ofTooFewCalls_doNotTrip() {
    record(0, 19);
    assertThat(window.tripped()).isFalse();
    record(0, 1);
    assertThat(window.tripped()).isTrue();
  }

  @Test
  void failures_exactlyTheShare_doNotTrip() {
    record(10, 10);
    assertThat(window.tripped()).isFalse();
    record(0, 1);
    assertThat(window.tripped()).isTrue();
  }

  /** What the breaker's own counter cannot: four failures of five calls, always a success in between. */
  @Test
  void failures_withSuccessesInBetween_trip() {
    for (int i = 0; i < 4; i++) record(1, 4);
    assertThat(window.tripped()).isTrue();
  }

  @Test
  void failures_old_areForgotten() {
    record(0, 20);
    nowMs += 26_999;
    assertThat(window.tripped()).as("still in the window").isTrue();
    nowMs += 3_001;
    assertThat(window.tripped()).as("past it").isFalse();
    record(0, 19);
    assertThat(window.tripped()).as("counts from nothing again").isFalse();
  }

  @Test
  void failures_leaveSliceBySlice() {
    for (int slice = 0; slice < 10; slice++) {
      record(0, 2);
      nowMs += 3_000;
    }
    // Ten slices were filled; the oldest has just been dropped.
    assertThat(window.tripped()).isFalse();
    record(0, 2);
    assertThat(window.tripped()).isTrue();
  }

  @Test
  void window_longUnused_isEmpty() {
    record(0, 100);
    nowMs += 365L * 24 * 3600 * 1000;
    assertThat(window.tripped()).isFalse();
  }

  @Test
  void clear_forgetsEverything() {
    record(0, 100);
    window.clear();
    assertThat(window.tripped()).isFalse();
  }

  @Test
  void window_shorterThanItsSlices_works() {
    var tiny = window(1, 1, 50);
    tiny.record(true);
    assertThat(tiny.tripped()).isTrue();
    nowMs += 10;
    assertThat(tiny.tripped()).isFalse();
  }

  @Test
  void clock_belowZero_works() {
    nowMs = -45_000;
    var window = window(30_000, 1, 50);
    window.record(true);
    assertThat(window.tripped()).isTrue();
    nowMs = -10_000;
    assertThat(window.tripped()).isFalse();
    window.record(true);
    nowMs = 1_000;
    assertThat(window.tripped()).isTrue();
  }

  private record Call(long slice, boolean failed) {}

  /** Against the plain definition: the calls of this slice and the nine before. */
  @Test
  void window_random_agreesWithItsDefinition() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var calls = new ArrayDeque<Call>();
    for (int i = 0; i < 50_000; i++) {
      nowMs += random.nextInt(10) == 0 ? random.nextInt(6_000) : random.nextInt(100);
      boolean failed = random.nextInt(100) < 55;
      window.record(failed);
      calls.add(new Call(nowMs / 3_000, failed));
      while (calls.peek().slice <= nowMs / 3_000 - 10) calls.poll();
      long bad = calls.stream().filter(Call::failed).count();
      assertThat(window.tripped()).as("seed %d step %d", seed, i)
          .isEqualTo(calls.size() >= 20 && bad * 100 > calls.size() * 50L);
    }
  }
}
