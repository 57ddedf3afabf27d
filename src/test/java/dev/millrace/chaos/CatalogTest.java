package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The scenarios there are. */
final class CatalogTest {
  @Test
  void scenarios_areAsManyAsTheChangelogSays() throws IOException {
    var said = Pattern.compile("a crash matrix of (\\d+) scenarios")
        .matcher(Files.readString(Path.of("src/site/markdown/changelog.md")));
    assertThat(said.find()).isTrue();
    assertThat(Catalog.all()).hasSize(Integer.parseInt(said.group(1)));
  }

  @Test
  void names_areGivenOnce() {
    assertThat(Catalog.all().stream().map(Scenario::name)).doesNotHaveDuplicates();
  }
}
