package dev.millrace.chaos;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** A server in a process of its own, which signals kill, hang and wake, and which can be started again. */
final class Machine {
  private static final Duration UP = Duration.ofSeconds(40);

  private final String name;
  private final String mainClass;
  private final Map<String, String> environment;
  private final Path log;
  private final int port;
  private final BooleanSupplier answers;
  private Process process;

  /**
   * {@code mainClass} runs it in this environment; {@code answers} says whether it is up, if listening is not
   * enough.
   */
  Machine(String name, String mainClass, Map<String, String> environment, Path log, int port,
      BooleanSupplier answers) {
    this.name = name;
    this.mainClass = mainClass;
    this.environment = Map.copyOf(environment);
    this.log = log;
    this.port = port;
    this.answers = answers;
  }

  int port() { return port; }

  /** Of all its processes, the JVM's first. */
  List<Long> pids() {
    return processes().stream().map(ProcessHandle::pid).toList();
  }

  /** Starts it and waits until it takes connections. */
  void start() {
    if (process != null && process.isAlive()) {
      if (listens()) return;
      kill();
    }
    process = GatewayProcess.launch(environment, log, mainClass);
    Await.until(UP, name + " takes connections; its log is " + log, this::listens);
  }

  private boolean listens() {
    if (!process.isAlive()) throw new AssertionError(name + " ended; its log is " + log);
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected() && answers.getAsBoolean();
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGKILL to all of it. */
  void kill() {
    // The JVM first, so that it does not see the others die.
    var all = processes();
    all.forEach(ProcessHandle::destroyForcibly);
    Await.until(UP, name + " is dead", () -> all.stream().noneMatch(ProcessHandle::isAlive));
  }

  /** Postgres's immediate shutdown: as if the machine had lost its power, with recovery at the next start. */
  void crash() {
    process.descendants().filter(p -> p.parent().map(q -> q.pid() == process.pid()).orElse(false))
        .forEach(p -> ShellCommands.signal("QUIT", p.pid()));
    kill();
  }

  /** SIGSTOP to all of it: connections stand, and nothing comes back. */
  void hang() {
    processes().forEach(p -> ShellCommands.signal("STOP", p.pid()));
  }

  void wake() {
    if (process != null && process.isAlive())
      processes().reversed().forEach(p -> ShellCommands.signal("CONT", p.pid()));
  }

  private List<ProcessHandle> processes() {
    var all = new ArrayList<ProcessHandle>();
    all.add(process.toHandle());
    process.descendants().forEach(all::add);
    return all;
  }
}
