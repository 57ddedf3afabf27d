package dev.millrace.deadletter;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class FailureTest {
  private static Failure failure(int n) {
    return new Failure(Instant.ofEpochSecond(n), "error " + n);
  }

  private static List<Failure> failures(int n) {
    return IntStream.rangeClosed(1, n).mapToObj(FailureTest::failure).toList();
  }

  @Test
  void failures_areTheLastTen_inTheirOrder() {
    assertThat(Failure.with(List.of(), failure(1))).containsExactly(failure(1));
    assertThat(Failure.with(failures(9), failure(10))).isEqualTo(failures(10));
    assertThat(Failure.with(failures(10), failure(11))).isEqualTo(failures(11).subList(1, 11));
    assertThat(Failure.with(failures(30), failure(31))).isEqualTo(failures(31).subList(21, 31));
  }

  @Test
  void error_isShortenedAndStorable() {
    assertThat(new Failure(null, "x".repeat(500)).error()).isEqualTo("x".repeat(500));
    assertThat(new Failure(null, "x".repeat(501)).error()).isEqualTo("x".repeat(499) + "…");
    assertThat(new Failure(null, "a\0b").error()).isEqualTo("a?b");
  }

  @Test
  void json_comesBack_andIsBoundedToo() {
    assertThat(Failure.of(Failure.json(failures(3)))).isEqualTo(failures(3));
    assertThat(Failure.of(Failure.json(failures(12)))).isEqualTo(failures(12).subList(2, 12));
    assertThat(Failure.of(new JsonArray("[{\"at\":null}]"))).containsExactly(new Failure(null, ""));
  }
}
