package dev.millrace.documents;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What there is in the repository for documents to name: files, classes, settings, events, meters, routes,
 * words.
 */
final class Repository {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Pattern METER = Pattern.compile("\"(millrace\\.[a-z.]+)\"");
  private static final Pattern ROUTE = Pattern.compile("\"(/[a-z][A-Za-z0-9_/:{}.-]*)\"");
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_]+");
  private static final Pattern PROPERTY = Pattern.compile("millrace\\.[a-z.-]*[a-z]");
  /** What builds and running programs make. */
  private static final Set<String> MADE = Set.of("target", ".git", ".millrace", ".idea");

  private final Set<Path> files = new HashSet<>();
  private final Set<Path> folders = new HashSet<>();
  private final Set<String> classes = new HashSet<>();
  private final Set<String> words = new HashSet<>();
  private final Set<String> meters = new HashSet<>();
  private final Set<String> routes = new HashSet<>();
  private final Set<String> properties = new HashSet<>();
  private final Set<String> settings = new TreeSet<>();
  private final Set<String> sections = new HashSet<>();
  private final Set<String> variables = new HashSet<>(Set.of("MILLRACE_CONFIG"));

  Repository() {
    try {
      Files.walkFileTree(Path.of(""), new SimpleFileVisitor<>() {
        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
          if (MADE.contains(folder.getFileName().toString())) return FileVisitResult.SKIP_SUBTREE;
          folders.add(folder);
          return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
          files.add(file);
          look(file);
          return FileVisitResult.CONTINUE;
        }
      });
      settings("", YAML.readTree(Path.of("config/millrace.yaml").toFile()));
      YAML.readTree(Path.of("src/main/resources/openapi.yaml").toFile()).get("paths").fieldNames()
          .forEachRemaining(path -> routes.add(route(path)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String key : settings)
      variables.add("MILLRACE_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'));
  }

  private void look(Path file) throws IOException {
    String name = file.getFileName().toString();
    boolean java = name.endsWith(".java");
    if (java) classes.add(name.substring(0, name.length() - 5));
    boolean source = file.startsWith("src") || file.startsWith("load-tests") || file.startsWith("config");
    if (!(java || source && name.matches(".*\\.(sql|yaml|avsc|xml)") || name.equals("pom.xml"))) return;
    // What tests say of the documents proves nothing.
    if (file.startsWith("src/test/java/dev/millrace/documents")) return;
    String text = Files.readString(file);
    WORD.matcher(text).results().forEach(m -> words.add(m.group()));
    PROPERTY.matcher(text).results().forEach(m -> properties.add(m.group()));
    if (!java || !file.startsWith("src/main")) return;
    METER.matcher(text).results().forEach(m -> meters.add(m.group(1).replace('.', '_')));
    ROUTE.matcher(text).results().forEach(m -> routes.add(route(m.group(1))));
  }

  private void settings(String prefix, JsonNode node) {
    for (var field : node.properties()) {
      String key = prefix + field.getKey();
      if (field.getValue().isObject()) {
        sections.add(key);
        settings(key + ".", field.getValue());
      } else {
        settings.add(key);
        // Every account has each of the defaults.
        if (prefix.equals("provider.defaults."))
          for (String account : List.of("<account>", "stripe", "adyen", "bank"))
            settings.add("provider." + account + "." + field.getKey());
      }
    }
  }

  /** A route with a star for each of its parameters. */
  static String route(String path) {
    return path.replaceAll("[?].*", "").replaceAll(":[a-z_]+|\\{[a-z_]+}|<[a-z_]+>", "*");
  }

  boolean hasPath(Path path) {
    return files.contains(path) || folders.contains(path);
  }

  /** Whether a file or folder has this path, in which each star stands for a part of a name. */
  boolean hasPathLike(Path path) {
    if (!path.toString().contains("*")) return hasPath(path);
    var pattern = Pattern.compile(path.toString().replace(".", "\\.").replace("*", "[^/]*"));
    return files.stream().anyMatch(f -> pattern.matcher(f.toString()).matches())
        || folders.stream().anyMatch(f -> pattern.matcher(f.toString()).matches());
  }

  boolean hasClass(String name) { return classes.contains(name); }

  boolean hasWord(String word) { return words.contains(word); }

  /** Whether a meter of this name is exported, with an ending that Prometheus adds or without. */
  boolean hasMetric(String name) {
    return meters.contains(name) || meters.contains(name.replaceAll("_(total|seconds|count|sum|max)$", ""));
  }

  /** The meters' names as they are exported, without such endings. */
  Set<String> meters() { return meters; }

  boolean hasRoute(String path) { return routes.contains(route(path)); }

  boolean hasProperty(String name) { return properties.contains(name); }

  boolean hasSetting(String key) { return settings.contains(key) || sections.contains(key); }

  boolean hasVariable(String name) { return variables.contains(name); }

  /** The first parts of the settings' names. */
  Set<String> settingsBegin() {
    return settings.stream().map(k -> k.split("\\.")[0]).collect(Collectors.toSet());
  }

  boolean hasEvent(String type) {
    return hasPathLike(Path.of("src/main/avro", type + ".avsc"));
  }
}
