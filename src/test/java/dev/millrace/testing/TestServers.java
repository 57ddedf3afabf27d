package dev.millrace.testing;

import dev.millrace.embedded.EmbeddedServers;
import dev.millrace.embedded.EmbeddedServers.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/** Real Postgres, Redis and Kafka, started once a JVM on free ports and stopped with it. */
public final class TestServers {
  private static TestServers shared;
  private static final Set<Integer> HANDED_OUT = new HashSet<>();

  private final EmbeddedServers servers;
  private final EmbeddedServers.Ports ports;

  private TestServers(EmbeddedServers servers, EmbeddedServers.Ports ports) {
    this.servers = servers;
    this.ports = ports;
  }

  public static synchronized TestServers shared() {
    if (shared == null) {
      shared = start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> shared.servers.stop()));
    }
    return shared;
  }

  /** Servers of the caller's own, for tests that stop them. The caller stops them for good. */
  public static TestServers start() {
    try {
      Path directory = Files.createTempDirectory(Files.createDirectories(Path.of("target", "it")), "servers");
      var ports = new EmbeddedServers.Ports(freePort(), freePort(), freePort(), freePort());
      return new TestServers(EmbeddedServers.start(directory, ports, EnumSet.allOf(Kind.class)), ports);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A port that nobody listens on, and that no other caller in this JVM was given. */
  public static synchronized int freePort() {
    while (true) {
      try (var socket = new ServerSocket(0)) {
        if (HANDED_OUT.add(socket.getLocalPort())) return socket.getLocalPort();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** To stop and start kinds of it. */
  public EmbeddedServers servers() { return servers; }

  public EmbeddedServers.Ports ports() { return ports; }
}
