package dev.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedRedisServerIT {
  @TempDir
  private Path directory;

  @AfterEach
  void leavesNoProcess() throws IOException {
    assertThat(new DirectoryProcesses("redis-server", directory.toRealPath()).none()).isTrue();
  }

  @Test
  void start_afterStop_samePortAndEmpty() throws Exception {
    int port = TestServers.freePort();
    EmbeddedRedisServer first = EmbeddedRedisServer.start(directory, port);
    assertThat(Files.exists(directory.resolve("redis.pid"))).isTrue();
    assertThat(talk(port, "SET key value")).isEqualTo("+OK\r\n");
    first.stop();
    first.stop();
    EmbeddedRedisServer second = EmbeddedRedisServer.start(directory, port);
    try {
      assertThat(talk(port, "EXISTS key")).isEqualTo(":0\r\n");
    } finally {
      second.stop();
    }
  }

  @Test
  void start_boundsItsMemory() throws Exception {
    EmbeddedRedisServer server = EmbeddedRedisServer.start(directory, TestServers.freePort());
    try {
      assertThat(talk(server.port(), "CONFIG GET maxmemory-policy")).contains("volatile-ttl");
      assertThat(talk(server.port(), "CONFIG GET maxmemory")).contains(Integer.toString(512 << 20));
      assertThat(talk(server.port(), "CONFIG GET bind")).endsWith("$9\r\n127.0.0.1\r\n");
    } finally {
      server.stop();
    }
  }

  @Test
  void start_orphanOfAnotherRun_replacesIt() throws Exception {
    int port = TestServers.freePort();
    EmbeddedRedisServer.start(directory, port);
    EmbeddedRedisServer second = EmbeddedRedisServer.start(directory, port);
    try {
      assertThat(talk(port, "PING")).isEqualTo("+PONG\r\n");
    } finally {
      second.stop();
    }
  }

  /** One inline command; QUIT behind it makes the server end the answer. */
  private static String talk(int port, String command) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write((command + "\r\nQUIT\r\n").getBytes(StandardCharsets.US_ASCII));
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return answers.substring(0, answers.lastIndexOf("+OK\r\n"));
    }
  }
}
