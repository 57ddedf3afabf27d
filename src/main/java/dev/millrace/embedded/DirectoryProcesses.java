package dev.millrace.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The live processes of one program that work in one data directory: a server of this JVM, or the orphan of
 * one that was killed.
 *
 * <p>Both servers change into their data directory and stay there, so name and working directory identify
 * them. A pid file does not: its process may be long gone and its number be another's by now.
 *
 * @param program   the executable's name, at most 15 characters (what the kernel keeps)
 * @param directory the data directory, absolute and free of links
 */
record DirectoryProcesses(String program, Path directory) {

  /** One try at stopping: a signal by its name without SIG, and how long to wait for its effect. */
  record Attempt(String signal, Duration patience) {}

  private static final Duration KILL_WAIT = Duration.ofSeconds(10);

  boolean none() {
    return pids().isEmpty();
  }

  /**
   * Makes the attempts in order until no process is left, and kills what outlives them all. The attempts'
   * signals go to the topmost processes only, which see to their children; the last kill goes to each.
   */
  void stop(List<Attempt> attempts) {
    for (Attempt attempt : attempts) {
      Set<Long> pids = pids();
      if (pids.isEmpty()) {
        return;
      }
      signal(attempt.signal, pids.stream().filter(pid -> !pids.contains(parentOf(pid))).toList());
      if (goneWithin(attempt.patience, pids)) {
        return;
      }
    }
    Set<Long> pids = pids();
    signal("KILL", List.copyOf(pids));
    if (!goneWithin(KILL_WAIT, pids)) {
      throw new EmbeddedServerException(
          program + " in " + directory + " cannot be stopped, not even killed: pids "
              + pids() + "; look at its state with ps");
    }
  }

  /** First the known ones, which is cheap to ask often; then whatever they have started since. */
  private boolean goneWithin(Duration wait, Set<Long> pids) {
    return BoundedWait.until(wait, () -> pids.stream().noneMatch(this::contains) && none());
  }

  private Set<Long> pids() {
    return ProcessHandle.allProcesses().map(ProcessHandle::pid).filter(this::contains)
        .collect(Collectors.toUnmodifiableSet());
  }

  private boolean contains(long pid) {
    Path process = Path.of("/proc", Long.toString(pid));
    try {
      if (!Files.readString(process.resolve("comm")).stripTrailing().equals(program)) {
        return false;
      }
      String workingDirectory = Files.readSymbolicLink(process.resolve("cwd")).toString();
      // Deleted: somebody removed the directory under a live server, which still holds its port.
      return workingDirectory.equals(directory.toString())
          || workingDirectory.equals(directory + " (deleted)");
    } catch (IOException e) {
      return false; // It is gone (a zombie too has no working directory), or it is another user's.
    }
  }

  private static long parentOf(long pid) {
    return ProcessHandle.of(pid).flatMap(ProcessHandle::parent).map(ProcessHandle::pid).orElse(-1L);
  }

  /** By the shell's own kill: Java sends no SIGINT or SIGQUIT, and procps is not on every machine. */
  private static void signal(String name, List<Long> pids) {
    for (long pid : pids) {
      try {
        Process kill = new ProcessBuilder("/bin/sh", "-c", "kill -s " + name + " " + pid)
            .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        BoundedWait.until(KILL_WAIT, () -> !kill.isAlive());
      } catch (IOException e) {
        throw new EmbeddedServerException("cannot signal process " + pid + ": " + e, e);
      }
    }
  }
}
