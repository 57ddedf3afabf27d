package dev.millrace.embedded;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;

/** Embedded servers under a JVM of their own, for the cases where that one is killed or is in the way. */
final class ServersInAnotherJvm {
  private static final String READY = "ready";

  private final Process jvm;

  private ServersInAnotherJvm(Process jvm) {
    this.jvm = jvm;
  }

  /** Returns when all servers of the other JVM are up. */
  static ServersInAnotherJvm start(Path directory, EmbeddedServers.Ports ports) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process jvm = new ProcessBuilder(
        List.of(java, "-Xmx256m", "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED", "-cp",
            System.getProperty("java.class.path"), ServersInAnotherJvm.class.getName(), directory.toString(),
            Integer.toString(ports.postgres()), Integer.toString(ports.redis()),
            Integer.toString(ports.kafka()),
            Integer.toString(ports.kafkaController())))
        .redirectError(new File("/dev/null")).start();
    BufferedReader output = new BufferedReader(
        new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.equals(READY)) {
        return new ServersInAnotherJvm(jvm);
      }
    }
    throw new IOException("the other JVM ended without its servers ready");
  }

  long pid() {
    return jvm.pid();
  }

  /** Kills that JVM the hard way; its Postgres and Redis stay. */
  void kill() throws InterruptedException {
    jvm.destroyForcibly().waitFor();
  }

  /** The other JVM's program: starts the servers and waits for its end. */
  public static void main(String[] arguments) throws Exception {
    EmbeddedServers.Ports ports = new EmbeddedServers.Ports(Integer.parseInt(arguments[1]),
        Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4]));
    EmbeddedServers.start(Path.of(arguments[0]), ports, EnumSet.allOf(EmbeddedServers.Kind.class));
    System.out.println(READY);
    System.in.read(); // Returns when the JVM that started this one is gone.
    Runtime.getRuntime().halt(1);
  }
}
