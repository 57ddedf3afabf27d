package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class FollowUpTest {
  private static final FollowUp STUCK = FollowUp.stuck(RetryKind.OPERATION, "refunded twice");
  private static final FollowUp AGAIN = FollowUp.again(RetryKind.CHARGE, "timeout");
  private static final FollowUp LATER = FollowUp.later(RetryKind.OPERATION);

  @Test
  void done_addsNothing() {
    for (FollowUp next : List.of(STUCK, AGAIN, LATER, FollowUp.DONE)) {
      assertThat(FollowUp.DONE.and(next)).isEqualTo(next);
      assertThat(next.and(FollowUp.DONE)).isEqualTo(next);
    }
  }

  @Test
  void stuckAndWaiting_doNotHideEachOther() {
    for (FollowUp both : List.of(STUCK.and(AGAIN), AGAIN.and(STUCK))) {
      assertThat(both.problem()).isEqualTo("refunded twice");
      assertThat(both.waits()).isEqualTo(AGAIN.waits());
    }
  }

  @Test
  void failedTry_outweighsATurnThatHasNotCome() {
    assertThat(LATER.and(AGAIN).waits()).isEqualTo(AGAIN.waits());
    assertThat(AGAIN.and(LATER).waits()).isEqualTo(AGAIN.waits());
  }

  @Test
  void problem_namesEachOnce() {
    assertThat(
        STUCK.and(FollowUp.stuck(RetryKind.CHARGE, "charged after it was declined")).and(STUCK).problem())
        .isEqualTo("refunded twice; charged after it was declined");
    assertThat(AGAIN.problem()).isEmpty();
  }
}
