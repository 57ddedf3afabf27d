package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class NextTest {
  private static final Next STUCK = Next.stuck(Handler.OPERATION, "refunded twice");
  private static final Next AGAIN = Next.again(Handler.CHARGE, "timeout");
  private static final Next LATER = Next.later(Handler.OPERATION);

  @Test
  void done_addsNothing() {
    for (Next next : List.of(STUCK, AGAIN, LATER, Next.DONE)) {
      assertThat(Next.DONE.and(next)).isEqualTo(next);
      assertThat(next.and(Next.DONE)).isEqualTo(next);
    }
  }

  @Test
  void stuckAndWaiting_doNotHideEachOther() {
    for (Next both : List.of(STUCK.and(AGAIN), AGAIN.and(STUCK))) {
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
    assertThat(STUCK.and(Next.stuck(Handler.CHARGE, "charged after it was declined")).and(STUCK).problem())
        .isEqualTo("refunded twice; charged after it was declined");
    assertThat(AGAIN.problem()).isEmpty();
  }
}
