package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * No library on the class path is one with a flaw that is known and mended: those of
 * {@code minimum-versions.csv}, with what was wrong before. There are no advisories to ask at a build without
 * a network, so the list is kept by hand: whoever hears of a flaw adds its line.
 *
 * @see <a href="https://osv.dev">OSV, and</a>
 * @see <a href="https://github.com/advisories">GitHub's advisories, where the identifiers are explained</a>
 */
class MinimumVersionsTest {
  private static final Path LIST = Path.of("src/test/resources/minimum-versions.csv");
  private static final Pattern REASON = Pattern
      .compile("(CVE-\\d{4}-\\d{4,}|GHSA(-[a-z0-9]{4}){3}|of one version with).*");
  /** In a repository a jar lies at group/artifact/version/artifact-version.jar. */
  private static final Pattern JAR = Pattern.compile(".*/repository/(.+)/([^/]+)/([^/]+)/[^/]+[.]jar");

  /** {@code artifact} may end with a star. */
  private record Minimum(String artifact, String version, String reason) {
    boolean is(String name) {
      return artifact.endsWith("*")
          ? name.startsWith(artifact.substring(0, artifact.length() - 1))
          : name.equals(artifact);
    }
  }

  private static List<Minimum> minimums() throws IOException {
    return Files.readAllLines(LIST).stream().skip(1).map(line -> line.split(";"))
        .map(cells -> new Minimum(cells[0], cells[1], cells[2])).toList();
  }

  /** Versions of what is on the class path by {@code group:artifact}. */
  private static TreeMap<String, String> libraries() {
    var libraries = new TreeMap<String, String>();
    for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
      var jar = JAR.matcher(entry.replace('\\', '/'));
      if (jar.matches()) libraries.put(jar.group(1).replace('/', '.') + ":" + jar.group(2), jar.group(3));
    }
    return libraries;
  }

  /** Below, by the numbers of the two versions. */
  static boolean below(String version, String minimum) {
    int[] is = numbers(version);
    int[] least = numbers(minimum);
    return Arrays.compare(is, least) < 0;
  }

  private static int[] numbers(String version) {
    return Stream.of(version.split("[.-]")).takeWhile(part -> part.matches("\\d{1,9}"))
        .mapToInt(Integer::parseInt).toArray();
  }

  private static List<String> flawed(List<Minimum> minimums, TreeMap<String, String> libraries) {
    var flawed = new ArrayList<String>();
    for (Minimum m : minimums)
      libraries.forEach((name, version) -> {
        if (m.is(name) && below(version, m.version))
          flawed.add(name + " " + version + " is below " + m.version + ": " + m.reason);
      });
    return flawed;
  }

  @Test
  void library_withAFlawThatIsMended_isNotUsed() throws IOException {
    var libraries = libraries();
    assertThat(libraries).as("libraries on the class path").hasSizeGreaterThan(60);
    assertThat(flawed(minimums(), libraries)).isEmpty();
  }

  /** A line that names nothing that is here protects from nothing, and one without a flaw is an opinion. */
  @Test
  void minimum_isOfALibraryThatIsHere_forAReason() throws IOException {
    var libraries = libraries();
    for (Minimum m : minimums()) {
      assertThat(libraries.keySet()).as("%s", m).anyMatch(m::is);
      assertThat(m.reason).as("%s", m).matches(REASON);
      assertThat(numbers(m.version)).as("%s", m).isNotEmpty();
    }
  }

  @Test
  void library_belowItsMinimum_isFound() throws IOException {
    var old = libraries();
    old.put("io.netty:netty-codec-http", "4.2.17.Final");
    old.put("com.ongres.scram:scram-client", "3.1");
    assertThat(flawed(minimums(), old)).hasSize(2).allMatch(line -> line.contains("CVE-"));
    assertThat(below("4.2.18.Final", "4.2.18")).isFalse();
    assertThat(below("4.2.9.Final", "4.2.18")).isTrue();
    assertThat(below("1.12.2", "1.9")).isFalse();
  }
}
