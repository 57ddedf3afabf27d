package dev.millrace.documents;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The names of the alerts: what log lines have after {@code alert=}, and what conflicts and concerns are made
 * with, or is raised by its name.
 */
final class Alerts {
  private static final Pattern NAME = Pattern
      .compile(
          "alert=([a-z_]+)|(?:new (?:[A-Za-z]+\\.)*(?:Conflict|Concern)\\(|\\b(?:raise|alert)\\(payment,)\\s*\"([a-z_]+)\"");

  private Alerts() {}

  static TreeSet<String> ofTheCode() {
    var names = new TreeSet<String>();
    try (var files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList())
        NAME.matcher(Files.readString(file)).results()
            .forEach(m -> names.add(m.group(1) == null ? m.group(2) : m.group(1)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return names;
  }
}
