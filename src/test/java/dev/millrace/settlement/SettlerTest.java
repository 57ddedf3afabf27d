package dev.millrace.settlement;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class SettlerTest {
  /** The newest migration that makes the index. */
  private static final String MIGRATION = "/db/migration/V10__dispute_changed.sql";
  private static final Pattern INDEX = Pattern
      .compile("CREATE INDEX journal_movement [^;]* IN \\(([^)]*)\\);");

  private static Set<String> names(String list) {
    return Arrays.stream(list.split(",")).map(String::strip).collect(Collectors.toSet());
  }

  private static String migration() {
    try (var in = SettlerTest.class.getResourceAsStream(MIGRATION)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * An event that moves money and is not in the index would make every look for it read the whole journal.
   */
  @Test
  void movements_areThoseThatTheIndexHas() {
    String indexed = INDEX.matcher(migration()).results().map((MatchResult m) -> m.group(1)).findFirst()
        .orElseThrow();
    assertThat(names(Settler.movements())).isEqualTo(names(indexed)).hasSize(14);
  }
}
