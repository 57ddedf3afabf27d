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
import java.util.Random;
import java.util.Set;

/** Real Postgres, Redis and Kafka, started once a JVM on free ports and stopped with it. */
public final class TestServers {
  private static TestServers shared;
  /** Ports below those that the system gives to outgoing connections: what is free stays so. */
  private static final int PORTS_FROM = 12_000;
  private static final int PORTS = 18_000;
  private static final Set<Integer> HANDED_OUT = new HashSet<>();
  private static final Random DICE = new Random();

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
      var ports = freePorts();
      return new TestServers(EmbeddedServers.start(directory, ports, EnumSet.allOf(Kind.class)), ports);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A port that nobody listens on, and that no other caller in this JVM was given. */
  public static synchronized int freePort() {
    while (HANDED_OUT.size() < PORTS) {
      int port = PORTS_FROM + DICE.nextInt(PORTS);
      if (HANDED_OUT.add(port) && free(port)) return port;
    }
    throw new IllegalStateException("all ports were handed out");
  }

  private static boolean free(int port) {
    try (var socket = new ServerSocket(port)) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  /** Such ports for one of each server. */
  public static EmbeddedServers.Ports freePorts() {
    return new EmbeddedServers.Ports(freePort(), freePort(), freePort(), freePort());
  }

  /** To stop and start kinds of it. */
  public EmbeddedServers servers() { return servers; }

  public EmbeddedServers.Ports ports() { return ports; }
}
