package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the formatter does not hold: the length of comments, and that a class name is given once. */
final class TidyTest {
  private static final int COLUMNS_MAX = 110;

  private static List<Path> sources() {
    var files = new ArrayList<Path>();
    for (String root : List.of("src/main/java", "src/test/java", "load-tests/src")) {
      try (Stream<Path> all = Files.walk(Path.of(root))) {
        all.filter(f -> f.toString().endsWith(".java")).sorted().forEach(files::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return files;
  }

  /** The lines of comments that are too long, by number. Rows of tables and addresses cannot be broken. */
  static List<Integer> tooLong(List<String> lines) {
    var found = new ArrayList<Integer>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      String text = line.strip();
      boolean comment = text.startsWith("//") || text.startsWith("/*") || text.startsWith("* ")
          || text.startsWith("#");
      boolean unbreakable = text.startsWith("* <tr>") || text.contains("://");
      if (comment && !unbreakable && line.codePointCount(0, line.length()) > COLUMNS_MAX) found.add(i + 1);
    }
    return found;
  }

  @Test
  void comment_keepsToTheLineLength() throws IOException {
    var found = new ArrayList<String>();
    for (Path file : sources())
      tooLong(Files.readAllLines(file)).forEach(line -> found.add(file + ":" + line));
    try (Stream<Path> settings = Files.walk(Path.of("config"))) {
      for (Path file : settings.filter(f -> f.toString().endsWith(".yaml")).sorted().toList())
        tooLong(Files.readAllLines(file)).forEach(line -> found.add(file + ":" + line));
    }
    assertThat(found).isEmpty();
  }

  @Test
  void comment_tooLong_isFound() {
    String words = "word ".repeat(30);
    assertThat(tooLong(List.of("// " + words, "  /** " + words + "*/", "   * " + words, "x = 1; // short",
        " * <tr><td>" + words, " * https://example.com/" + words.replace(' ', '-'))))
        .containsExactly(1, 2, 3);
  }

  @Test
  void className_isGivenOnce() {
    Map<String, List<Path>> named = sources().stream()
        .collect(Collectors.groupingBy(f -> f.getFileName().toString().replace(".java", "")));
    named.remove("package-info");
    named.values().removeIf(files -> files.size() == 1);
    assertThat(named).isEmpty();
  }
}
