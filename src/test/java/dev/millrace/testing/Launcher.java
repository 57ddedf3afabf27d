package dev.millrace.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;

/**
 * Starts programs as Millrace is started, quickly, as the tests start many: compiled by C1 alone, and with
 * the classes that a first gateway loaded and linked (an AOT cache of the JVM). A cache takes jars only, so
 * the gateway's classes are packed into one. Without a cache a start takes more than twice as long, and
 * nothing else is different.
 */
final class Launcher {
  private static final String MILLRACE = "dev.millrace.Millrace";
  private static final Path FOLDER = Path.of("target", "it");
  private static final long PID = ProcessHandle.current().pid();
  private static final Path CACHE = FOLDER.resolve("classes-" + PID + ".aot").toAbsolutePath();
  private static final AtomicBoolean RECORDING = new AtomicBoolean();
  private static final String CLASS_PATH = classPath();
  private static volatile boolean recorded;

  private Launcher() {}

  /** The gateway's classes in a jar, then the libraries. */
  private static String classPath() {
    try {
      Files.createDirectories(FOLDER);
      Path jar = FOLDER.resolve("classes-" + PID + ".jar").toAbsolutePath();
      jar.toFile().deleteOnExit();
      CACHE.toFile().deleteOnExit();
      var path = new ArrayList<>(List.of(jar.toString()));
      for (String entry : entries()) {
        if (!Files.isDirectory(Path.of(entry))) path.add(entry);
        else if (Files.exists(Path.of(entry, "dev", "millrace", "Millrace.class"))) pack(Path.of(entry), jar);
      }
      return String.join(File.pathSeparator, path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> entries() {
    return List.of(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  /** What only tests have: for their own programs. */
  private static String folders() {
    return entries().stream().filter(entry -> Files.isDirectory(Path.of(entry)))
        .collect(Collectors.joining(File.pathSeparator, File.pathSeparator, ""));
  }

  private static void pack(Path classes, Path jar) throws IOException {
    try (var out = new JarOutputStream(Files.newOutputStream(jar)); var files = Files.walk(classes)) {
      for (Path file : files.filter(f -> !f.equals(classes)).toList()) {
        String name = classes.relativize(file).toString();
        // Folders too: who looks for resources in one asks for it by name.
        out.putNextEntry(new JarEntry(Files.isDirectory(file) ? name + "/" : name));
        if (!Files.isDirectory(file)) Files.copy(file, out);
      }
    }
  }

  /** Starts Millrace, or another main class with its arguments. */
  static Process start(Map<String, String> environment, Path log, String... program) {
    return start(environment, log, recorded ? List.of("-XX:AOTCache=" + CACHE) : List.of(), program);
  }

  /** Whether the caller is the first that asks: then a gateway is to be started for the recording. */
  static boolean recordsFirst() {
    return RECORDING.compareAndSet(false, true);
  }

  /** Starts Millrace so that it writes the cache when it ends. */
  static Process startRecording(Map<String, String> environment, Path log) {
    return start(environment, log, List.of("-XX:AOTCacheOutput=" + CACHE));
  }

  /** The gateway that recorded has ended: from now on all use its cache, if it wrote one. */
  static void useRecording() {
    recorded = Files.exists(CACHE);
  }

  private static Process start(Map<String, String> environment, Path log, List<String> cacheOptions,
      String... program) {
    var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx512m", "-XX:+UseSerialGC", "--sun-misc-unsafe-memory-access=allow", "-Dio.netty.noUnsafe=false",
        "--enable-native-access=ALL-UNNAMED", "-ea:dev.millrace...", "-XX:TieredStopAtLevel=1",
        "-Dmillrace.exit-with-parent=true"));
    boolean millrace = program.length == 0 || program[0].equals(MILLRACE);
    if (millrace) command.addAll(cacheOptions);
    command.addAll(List.of("-cp", millrace ? CLASS_PATH : CLASS_PATH + folders()));
    command.addAll(program.length == 0 ? List.of(MILLRACE) : Arrays.asList(program));
    var builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("MILLRACE_"));
    builder.environment().putAll(environment);
    try {
      return builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
