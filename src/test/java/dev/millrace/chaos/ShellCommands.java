package dev.millrace.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Programs of the operating system, by which faults are made. */
final class ShellCommands {
  private ShellCommands() {}

  /** Runs it to its end; fails with what it said when it fails. */
  static void run(String... command) {
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) throw new AssertionError(String.join(" ", command) + ": " + said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the machine has this program. */
  static boolean has(String program) {
    for (String folder : System.getenv("PATH").split(":"))
      if (java.nio.file.Files.isExecutable(java.nio.file.Path.of(folder, program))) return true;
    return false;
  }

  /** Sends a signal by its name; to one that has ended in the meantime it does nothing. */
  static void signal(String name, long pid) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(pid))
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
