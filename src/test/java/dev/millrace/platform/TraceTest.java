package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TraceTest {
  private static final String VALID = "00-([0-9a-f]{32})-([0-9a-f]{16})-01";
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String HEADER = "00-" + TRACE + "-b7ad6b7169203331-01";

  /** What has the form of a trace may be a card's number all the same. */
  @Test
  void header_withACardNumber_isNotContinued() {
    String id = "4242424242424242abcdefabcdefabcd";
    assertThat(Trace.id(Trace.continued("00-" + id + "-b7ad6b7169203331-01"))).hasSize(32).isNotEqualTo(id);
    String span = "00-" + TRACE + "-4242424242424242-01";
    assertThat(Trace.continued(span)).doesNotContain("4242424242424242");
  }

  @Test
  void header_valid_isContinuedWithASpanOfOurOwn() {
    String continued = Trace.continued(HEADER);
    assertThat(continued).matches(VALID).startsWith("00-" + TRACE + "-").isNotEqualTo(HEADER);
    assertThat(Trace.id(continued)).isEqualTo(TRACE);
  }

  @Test
  void header_notSampled_isContinued() {
    assertThat(Trace.id(Trace.continued("00-" + TRACE + "-b7ad6b7169203331-00"))).isEqualTo(TRACE);
  }

  /** What W3C Trace Context 3.2.2 calls invalid. */
  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "00", "00-" + TRACE, "00-" + TRACE + "-b7ad6b7169203331",
      "00-" + TRACE + "-b7ad6b7169203331-1", "00-" + TRACE + "-b7ad6b7169203331-01-extra",
      "00-" + TRACE + "-b7ad6b7169203331-01 ", "ff-" + TRACE + "-b7ad6b7169203331-01",
      "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
      "00-" + TRACE + "-B7AD6B7169203331-01", "00_" + TRACE + "_b7ad6b7169203331_01",
      "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-" + TRACE + "-0000000000000000-01",
      "00-" + TRACE + "-b7ad6b716920333g-01"})
  void header_absentOrBroken_beginsANewTrace(String header) {
    String begun = Trace.continued(header);
    assertThat(begun).matches(VALID);
    assertThat(Trace.id(begun)).isNotEqualTo(TRACE).isNotEqualTo("0".repeat(32));
  }

  @Test
  void traces_begun_differ() {
    assertThat(Trace.id(Trace.continued(null))).isNotEqualTo(Trace.id(Trace.continued(null)));
  }

  @Test
  void spans_continued_differAndAreNeverZero() {
    var first = Trace.continued(HEADER);
    var second = Trace.continued(HEADER);
    assertThat(first.substring(36, 52)).isNotEqualTo(second.substring(36, 52)).isNotEqualTo("0".repeat(16));
  }

  @Test
  void id_ofNoTraceparent_isEmpty() {
    assertThat(Trace.id("")).isEmpty();
    assertThat(Trace.id(HEADER)).isEqualTo(TRACE);
  }
}
