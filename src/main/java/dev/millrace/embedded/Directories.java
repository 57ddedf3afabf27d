package dev.millrace.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What the servers need done to their directories. */
final class Directories {
  private Directories() {}

  /** Creates the directory where absent; returns it absolute and free of links, as {@code /proc} names it. */
  static Path create(Path directory) {
    try {
      return Files.createDirectories(directory).toRealPath();
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot create the directory " + directory + ": " + e, e);
    }
  }

  /** Deletes a directory nobody needs any more; what resists stays, for it harms nobody. */
  static void deleteAsFarAsPossible(Path directory) {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(directory)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    } catch (IOException e) {
      return;
    }
    for (Path path : deepestFirst) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        // It stays.
      }
    }
  }
}
