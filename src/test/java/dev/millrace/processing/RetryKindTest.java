package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RetryKindTest {
  private static RetryKind.Limits limits(String charge, String operation) {
    return RetryKind.Limits.of(Config.load(Map.of("MILLRACE_PROCESSOR_RETRY_WINDOWS", "1s,2s,3s",
        "MILLRACE_PROCESSOR_CHARGE_WINDOWS_MAX", charge, "MILLRACE_PROCESSOR_OPERATION_WINDOWS_MAX",
        operation)));
  }

  @Test
  void limit_isEachHandlersOwn() {
    assertThat(limits("2", "3").of(RetryKind.CHARGE)).isEqualTo(2);
    assertThat(limits("2", "3").of(RetryKind.OPERATION)).isEqualTo(3);
  }

  @Test
  void limit_ofZero_isAllWindows() {
    assertThat(limits("0", "0")).isEqualTo(new RetryKind.Limits(3, 3));
    assertThat(RetryKind.Limits.of(Config.load(Map.of()))).isEqualTo(new RetryKind.Limits(5, 5));
  }

  @Test
  void limit_aboveTheWindows_isRefused() {
    assertThatThrownBy(() -> limits("4", "0")).isInstanceOf(ConfigException.class)
        .hasMessage("`processor.charge-windows-max` must be 0, for all, to 3, which is how many"
            + " `processor.retry-windows` there are, not 4");
    assertThatThrownBy(() -> limits("3", "5")).isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("`processor.operation-windows-max` must be 0, for all, to 3");
  }
}
