package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class OutcomeWatchTest {
  /** What is confirmed will be settled by itself, and is an outcome all the same. */
  @ParameterizedTest
  @EnumSource(Status.class)
  void status_isWaitedFor_whileSomethingHappensByItself(Status status) {
    assertThat(OutcomeWatch.decided(status)).isEqualTo(status.atRest() || status == Status.CONFIRMED);
  }
}
