package dev.millrace.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A Redis 7 in a process of its own, in memory only: Redis accelerates Millrace and holds nothing that
 * Postgres does not, so each start begins empty.
 *
 * <p>At 512 MB it drops the keys nearest to their expiry ({@code volatile-ttl}): those have the least of
 * their use left, whereas least-recently-used would drop a key of a day (an idempotency key is written once
 * and seldom read) before one of seconds. What has no expiry is never dropped silently: writing more of it
 * fails.
 */
public final class EmbeddedRedisServer implements EmbeddedServer {
  private static final String PROGRAM = "redis-server";
  private static final Duration START_BOUND = Duration.ofSeconds(30);
  private static final int PING_TIMEOUT_MS = 1_000;
  private static final byte[] PING = "PING\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] PONG = "+PONG\r\n".getBytes(StandardCharsets.US_ASCII);

  private static final List<DirectoryProcesses.Attempt> STOPPING = List
      .of(new DirectoryProcesses.Attempt("TERM", Duration.ofSeconds(10)));

  private final DirectoryProcesses processes;
  private final int port;

  private EmbeddedRedisServer(DirectoryProcesses processes, int port) {
    this.processes = processes;
    this.port = port;
  }

  /**
   * Starts it, after stopping whatever Redis still runs in this directory: the caller must own the directory.
   *
   * @param dataDirectory created if absent; holds the log and {@code redis.pid}
   * @throws EmbeddedServerException when it does not come up; the message holds the end of its log
   */
  public static EmbeddedRedisServer start(Path dataDirectory, int port) {
    Path home = Directories.create(dataDirectory);
    stopOrphans(home);
    List<String> command = List.of(Binaries.redis(home).toString(), "--bind", "127.0.0.1", "--port",
        Integer.toString(port), "--dir", home.toString(), "--pidfile", home.resolve("redis.pid").toString(),
        "--daemonize", "no", "--save", "", "--appendonly", "no", "--maxmemory", "512mb", "--maxmemory-policy",
        "volatile-ttl");
    EmbeddedRedisServer server = new EmbeddedRedisServer(new DirectoryProcesses(PROGRAM, home), port);
    try {
      ServerProcess.start(command, home, home.resolve("redis.log")).awaitReady(START_BOUND, server::answers);
    } catch (EmbeddedServerException e) {
      server.stop();
      throw e;
    }
    return server;
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public synchronized void stop() {
    processes.stop(STOPPING);
  }

  /** Stops the Redis that a killed JVM left in the directory, if there is one. */
  static void stopOrphans(Path dataDirectory) {
    new DirectoryProcesses(PROGRAM, Directories.create(dataDirectory)).stop(STOPPING);
  }

  private boolean answers() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), PING_TIMEOUT_MS);
      socket.setSoTimeout(PING_TIMEOUT_MS);
      socket.getOutputStream().write(PING);
      return Arrays.equals(socket.getInputStream().readNBytes(PONG.length), PONG);
    } catch (IOException e) {
      return false; // It is still starting, or it ended, which the caller sees.
    }
  }
}
