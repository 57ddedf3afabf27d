package dev.millrace.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/**
 * Starts programs as Millrace is started, quickly, as tests start many: compiled by C1 alone, and with the classes that the
 * first gateway had loaded once it was ready, mapped from an archive (class data sharing), which wants them in jars.
 */
final class Launcher {
  private static final Path FOLDER = Path.of("target", "it");
  private static final long PID = ProcessHandle.current().pid();
  private static final Path ARCHIVE = FOLDER.resolve("classes-" + PID + ".jsa").toAbsolutePath();
  private static final String CLASS_PATH = classPath();
  private static volatile boolean trained;

  private Launcher() {}

  /** The gateway's classes in a jar, then the libraries, and at the end what only tests have. */
  private static String classPath() {
    try {
      Files.createDirectories(FOLDER);
      Path jar = FOLDER.resolve("classes-" + PID + ".jar").toAbsolutePath();
      jar.toFile().deleteOnExit();
      ARCHIVE.toFile().deleteOnExit();
      var path = new ArrayList<>(List.of(jar.toString()));
      var folders = new ArrayList<String>();
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
        if (!Files.isDirectory(Path.of(entry))) path.add(entry);
        else if (Files.exists(Path.of(entry, "dev", "millrace", "Millrace.class"))) pack(Path.of(entry), jar);
        else folders.add(entry);
      }
      path.addAll(folders);
      return String.join(File.pathSeparator, path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  static Process start(Map<String, String> environment, Path log, String... program) {
    var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx512m", "--sun-misc-unsafe-memory-access=allow", "-Dio.netty.noUnsafe=false",
        "--enable-native-access=ALL-UNNAMED", "-ea:dev.millrace...", "-XX:TieredStopAtLevel=1",
        trained ? "-XX:SharedArchiveFile=" + ARCHIVE : "-XX:+RecordDynamicDumpInfo",
        "-Dmillrace.exit-with-parent=true", "-cp", CLASS_PATH));
    command.addAll(program.length == 0 ? List.of("dev.millrace.Millrace") : List.of(program));
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

  /**
   * What this gateway has loaded is mapped by those to come. True when it was asked: then it must be started again, as a JVM
   * whose classes were dumped crashes at its next lambda (25.0.3). Without an archive all are only slower.
   */
  static synchronized boolean learnFrom(Process gateway) {
    if (trained) return false;
    try {
      Path fresh = Path.of(ARCHIVE + ".new");
      var dump = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
          Long.toString(gateway.pid()), "VM.cds", "dynamic_dump", fresh.toString()).redirectErrorStream(true)
          .redirectOutput(FOLDER.resolve("classes-" + PID + ".log").toFile()).start();
      if (dump.waitFor() == 0 && Files.exists(fresh)) {
        Files.move(fresh, ARCHIVE, StandardCopyOption.ATOMIC_MOVE);
        trained = true;
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
