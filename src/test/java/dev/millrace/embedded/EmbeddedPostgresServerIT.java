package dev.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@ConcurrentTests
class EmbeddedPostgresServerIT {
  @TempDir
  private Path directory;

  @AfterEach
  void leavesNoProcess() throws IOException {
    assertThat(processes().none()).isTrue();
  }

  @Test
  void start_newDirectory_isDurableAndLocal() throws Exception {
    EmbeddedPostgresServer server = EmbeddedPostgresServer.start(directory, TestServers.freePort());
    try (Connection connection = connect(server)) {
      assertThat(string(connection, "SHOW fsync")).isEqualTo("on");
      assertThat(string(connection, "SHOW synchronous_commit")).isEqualTo("on");
      assertThat(string(connection, "SHOW full_page_writes")).isEqualTo("on");
      assertThat(string(connection, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(string(connection, "SHOW server_version")).startsWith("18.");
      assertThat(string(connection, "SHOW server_encoding")).isEqualTo("UTF8");
    } finally {
      server.stop();
    }
  }

  @Test
  void start_afterStop_keepsData() throws Exception {
    int port = TestServers.freePort();
    EmbeddedPostgresServer first = EmbeddedPostgresServer.start(directory, port);
    try (Connection connection = connect(first); Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE kept AS SELECT 42 AS answer");
      first.stop(); // With the session open: it is cut.
    }
    first.stop();
    EmbeddedPostgresServer second = EmbeddedPostgresServer.start(directory, port);
    try (Connection connection = connect(second)) {
      assertThat(string(connection, "SELECT answer FROM kept")).isEqualTo("42");
    } finally {
      second.stop();
    }
  }

  @Test
  void start_pidFileNamesAStranger_removesIt() throws Exception {
    int port = TestServers.freePort();
    EmbeddedPostgresServer.start(directory, port).stop();
    Path data = directory.resolve("data");
    String stranger = ProcessHandle.current().pid() + "\n" + data.toRealPath() + "\n";
    Files.writeString(data.resolve("postmaster.pid"), stranger);
    EmbeddedPostgresServer server = EmbeddedPostgresServer.start(directory, port);
    try (Connection connection = connect(server)) {
      assertThat(string(connection, "SELECT 1")).isEqualTo("1");
    } finally {
      server.stop();
    }
  }

  @Test
  void start_hungOrphan_isKilled() throws Exception {
    int port = TestServers.freePort();
    EmbeddedPostgresServer.start(directory, port);
    signal("STOP", postmaster());
    DirectoryProcesses hung = processes();
    hung.stop(List.of(new DirectoryProcesses.Attempt("INT", Duration.ofMillis(200))));
    assertThat(hung.none()).isTrue();
    EmbeddedPostgresServer.start(directory, port).stop();
  }

  @Test
  void start_ownSession_soCtrlCDoesNotReachIt() throws Exception {
    EmbeddedPostgresServer server = EmbeddedPostgresServer.start(directory, TestServers.freePort());
    try {
      String stat = Files.readString(Path.of("/proc", postmaster(), "stat"));
      String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      assertThat(afterName[2]).as("process group").isEqualTo(postmaster());
      assertThat(afterName[3]).as("session").isEqualTo(postmaster());
    } finally {
      server.stop();
    }
  }

  @Test
  void start_damagedDirectory_failsWithTheLog() throws Exception {
    int port = TestServers.freePort();
    EmbeddedPostgresServer.start(directory, port).stop();
    Files.delete(directory.resolve("data/global/pg_control"));
    assertThatThrownBy(() -> EmbeddedPostgresServer.start(directory, port))
        .isInstanceOf(EmbeddedServerException.class).hasMessageContaining("postgres ended while starting")
        .hasMessageContaining("postgres.log").hasMessageContaining("pg_control");
  }

  private DirectoryProcesses processes() throws IOException {
    return new DirectoryProcesses("postgres", directory.toRealPath().resolve("data"));
  }

  private String postmaster() throws IOException {
    return Files.readAllLines(directory.resolve("data/postmaster.pid")).getFirst();
  }

  private static void signal(String name, String pid) throws Exception {
    assertThat(new ProcessBuilder("/bin/sh", "-c", "kill -s " + name + " " + pid).start().waitFor()).isZero();
  }

  private static Connection connect(EmbeddedPostgresServer server) throws SQLException {
    return DriverManager.getConnection(server.jdbcUrl(), EmbeddedPostgresServer.USER, "");
  }

  private static String string(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      assertThat(result.next()).isTrue();
      return result.getString(1);
    }
  }
}
