package dev.millrace.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A server's process in a session of its own, so that the terminal's Ctrl-C does not reach it before its
 * clients have drained. Its output goes to a log file; the run before's is kept with {@code .1} behind its
 * name.
 */
final class ServerProcess {
  private static final int TAIL_LINES = 8;

  private final Process process;
  private final Path log;

  private ServerProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  static ServerProcess start(List<String> command, Path directory, Path log) {
    List<String> inOwnSession = new ArrayList<>(List.of("setsid"));
    inOwnSession.addAll(command);
    return new ServerProcess(launch(inOwnSession, directory, log), log);
  }

  /** Runs a command to its end, of which the exit status must be 0. */
  static void run(List<String> command, Path directory, Path log, Duration bound) {
    ServerProcess running = new ServerProcess(launch(command, directory, log), log);
    if (!BoundedWait.until(bound, () -> !running.process.isAlive())) {
      running.process.destroyForcibly();
      throw running.failure("took longer than " + bound.toSeconds() + " s");
    }
    if (running.process.exitValue() != 0) {
      throw running.failure("failed");
    }
  }

  /**
   * Waits until the server is ready; throws, with its last words, when it ends instead or the bound passes.
   */
  void awaitReady(Duration bound, BooleanSupplier ready) {
    boolean decided = BoundedWait.until(bound, () -> !process.isAlive() || ready.getAsBoolean());
    if (!process.isAlive()) {
      throw failure("ended while starting");
    }
    if (!decided) {
      throw failure("was not ready within " + bound.toSeconds() + " s");
    }
  }

  private static Process launch(List<String> command, Path directory, Path log) {
    try {
      if (Files.exists(log)) {
        Files.move(log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
      }
      ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
          .redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true)
          .redirectOutput(log.toFile());
      builder.environment().keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
      builder.environment().put("LC_ALL", "C");
      return builder.start();
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot run " + String.join(" ", command) + ": " + e.getMessage(), e);
    }
  }

  private EmbeddedServerException failure(String what) {
    String name = log.getFileName().toString().replace(".log", "");
    return new EmbeddedServerException(name + " " + what + "; its log " + log + " ends:\n" + tail());
  }

  private String tail() {
    try {
      List<String> lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException e) {
      return "(unreadable: " + e + ")";
    }
  }
}
