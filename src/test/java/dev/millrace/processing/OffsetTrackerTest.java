package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class OffsetTrackerTest {
  private final OffsetTracker offsets = new OffsetTracker();

  @Test
  void commitable_nothingSeen_isNone() {
    assertThat(offsets.commitable()).isEqualTo(-1);
  }

  @Test
  void commitable_recordInHand_isThatRecord() {
    offsets.begin(5);
    assertThat(offsets.commitable()).isEqualTo(5);
    assertThat(offsets.commitable()).as("said before").isEqualTo(-1);
  }

  @Test
  void commitable_allDone_isBehindTheLast() {
    offsets.begin(5);
    offsets.begin(6);
    offsets.end(5);
    offsets.end(6);
    assertThat(offsets.commitable()).isEqualTo(7);
  }

  @Test
  void commitable_doneOutOfOrder_isTheOldestInHand() {
    for (int i = 0; i < 4; i++) offsets.begin(i);
    offsets.end(3);
    offsets.end(1);
    assertThat(offsets.commitable()).isZero();
    offsets.end(0);
    assertThat(offsets.commitable()).isEqualTo(2);
    offsets.end(2);
    assertThat(offsets.commitable()).isEqualTo(4);
  }

  @Test
  void commitable_skipped_isPassedOnceNothingBeforeIsInHand() {
    offsets.begin(0);
    offsets.skip(1);
    offsets.skip(2);
    assertThat(offsets.commitable()).isZero();
    offsets.end(0);
    assertThat(offsets.commitable()).isEqualTo(3);
    offsets.skip(9);
    assertThat(offsets.commitable()).as("after a gap that compaction left").isEqualTo(10);
  }

  @Test
  void commitable_afterAFailedCommit_isSaidAgain() {
    offsets.skip(4);
    assertThat(offsets.commitable()).isEqualTo(5);
    offsets.forget();
    assertThat(offsets.commitable()).isEqualTo(5);
    assertThat(offsets.commitable()).isEqualTo(-1);
  }

  /** In any order: nothing in hand is ever passed, and in the end everything is. */
  @Test
  void commitable_randomOrder_neverPassesARecordInHand() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      var tracker = new OffsetTracker();
      var inHand = new TreeSet<Long>();
      long next = 0;
      long committed = -1;
      while (next < 100 || !inHand.isEmpty()) {
        int step = random.nextInt(3);
        if (step == 0 && next < 100) {
          inHand.add(next);
          tracker.begin(next++);
        } else if (step == 1 && next < 100) {
          tracker.skip(next++);
        } else if (!inHand.isEmpty()) {
          long done = new ArrayList<>(inHand).get(random.nextInt(inHand.size()));
          inHand.remove(done);
          tracker.end(done);
        }
        long commitable = tracker.commitable();
        if (commitable < 0) continue;
        assertThat(commitable).as("seed %d", seed).isGreaterThan(committed)
            .isLessThanOrEqualTo(inHand.isEmpty() ? next : inHand.first());
        committed = commitable;
      }
      assertThat(committed).as("seed %d", seed).isEqualTo(100);
    }
  }
}
