package dev.millrace.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One Java process that the harness started, and stops: SIGTERM, a bounded wait, then a kill by its pid. */
final class Node implements AutoCloseable {
  private static final int STOP_SECONDS_MAX = 40;
  private static final int LOG_LINES_SHOWN = 30;
  /** The flags of the gateway's own build, for the ceiling too: what is compared runs alike. */
  private static final List<String> FLAGS = List.of("-Xmx512m", "-XX:+UseParallelGC",
      "-XX:+UseTransparentHugePages",
      "--sun-misc-unsafe-memory-access=allow",
      "-Dio.netty.noUnsafe=false", "--enable-native-access=ALL-UNNAMED", "-Dmillrace.exit-with-parent=true");

  final String name;
  private final Path log;
  private final Process process;

  /** Runs `command` (main class and arguments) in `directory`, its output going to `log`. */
  Node(String name, String classpath, List<String> command, Map<String, String> environment, Path directory,
      Path log) {
    this.name = name;
    this.log = log;
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(FLAGS);
    line.addAll(List.of("-Djava.io.tmpdir=" + directory, "-cp", classpath));
    line.addAll(command);
    var builder = new ProcessBuilder(line).directory(directory.toFile()).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().keySet().removeIf(variable -> variable.startsWith("MILLRACE_"));
    builder.environment().putAll(environment);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new IllegalStateException("cannot start " + name, e);
    }
  }

  long pid() {
    return process.pid();
  }

  /** Fails, with the end of its log, if the process is no longer there. */
  void check() {
    if (!process.isAlive()) {
      throw new IllegalStateException(
          name + " died with exit code " + process.exitValue() + "; the end of its log:\n"
              + logTail());
    }
  }

  private String logTail() {
    try {
      var lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
    } catch (IOException e) {
      return "(unreadable: " + log + ")";
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
        System.err.println(name + " did not stop within " + STOP_SECONDS_MAX + " s of SIGTERM: killed");
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
