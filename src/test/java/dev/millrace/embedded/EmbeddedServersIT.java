package dev.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.embedded.EmbeddedServers.Kind;
import dev.millrace.embedded.EmbeddedServers.Ports;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@ConcurrentTests
class EmbeddedServersIT {
  @TempDir
  private Path directory;

  @AfterEach
  void leavesNoProcess() throws IOException {
    assertThat(workingUnder(directory.toRealPath())).isEmpty();
  }

  @Test
  void start_jvmKilled_replacesItsServersAndKeepsData() throws Exception {
    Ports ports = TestServers.freePorts();
    ServersInAnotherJvm killed = ServersInAnotherJvm.start(directory, ports);
    execute(ports.postgres(), "CREATE TABLE kept AS SELECT 42 AS answer");
    long orphan = postmaster();
    killed.kill();
    assertThat(ProcessHandle.of(orphan)).as("the orphan").isPresent();

    EmbeddedServers servers = EmbeddedServers.start(directory, ports, EnumSet.allOf(Kind.class));
    try {
      assertThat(answer(servers.postgres())).isEqualTo(42);
      assertThat(postmaster()).isNotEqualTo(orphan);
      assertThat(workingUnder(directory.resolve("redis").toRealPath())).hasSize(1);
      Set<Long> postgres = workingUnder(directory.resolve("postgres").toRealPath());
      assertThat(postgres).contains(postmaster()).doesNotContain(orphan);
      // A worker that has ended since has no parent any more.
      assertThat(postgres.stream().map(EmbeddedServersIT::parentOf).filter(pid -> pid != 0)
          .filter(parent -> !postgres.contains(parent))).as("parents of postmasters").hasSize(1);
    } finally {
      servers.stop();
    }
  }

  @Test
  void start_otherProcessHasTheDirectory_namesIt() throws Exception {
    ServersInAnotherJvm other = ServersInAnotherJvm.start(directory, TestServers.freePorts());
    try {
      Ports ports = TestServers.freePorts();
      assertThatThrownBy(() -> EmbeddedServers.start(directory, ports, EnumSet.of(Kind.REDIS)))
          .isInstanceOf(EmbeddedServerException.class)
          .hasMessage("the directory " + directory.toRealPath() + " is in use by process " + other.pid()
              + ": stop that process, or give this one a directory of its own");
    } finally {
      other.kill();
      EmbeddedServers.start(directory, TestServers.freePorts(), EnumSet.of(Kind.POSTGRES, Kind.REDIS)).stop();
    }
  }

  @Test
  void start_twiceInOneJvm_isRefused() throws Exception {
    Ports ports = TestServers.freePorts();
    EmbeddedServers servers = EmbeddedServers.start(directory, ports, EnumSet.of(Kind.REDIS));
    try {
      assertThatThrownBy(() -> EmbeddedServers.start(directory, ports, EnumSet.of(Kind.REDIS)))
          .isInstanceOf(EmbeddedServerException.class)
          .hasMessageContaining("in use by process " + ProcessHandle.current().pid());
    } finally {
      servers.stop();
    }
    EmbeddedServers.start(directory, ports, EnumSet.of(Kind.REDIS)).stop();
  }

  @Test
  void start_portTaken_saysByWhomAndWhatToDo() throws Exception {
    Ports ports = TestServers.freePorts();
    try (ServerSocket taken = new ServerSocket(ports.postgres(), 1, InetAddress.ofLiteral("127.0.0.1"))) {
      assertThatThrownBy(() -> EmbeddedServers.start(directory, ports, EnumSet.allOf(Kind.class)))
          .isInstanceOf(EmbeddedServerException.class)
          .hasMessage(
              "port " + taken.getLocalPort() + " (embedded.postgres-port) is taken by another process (pid "
                  + ProcessHandle.current().pid() + " java): free it or set MILLRACE_EMBEDDED_POSTGRES_PORT");
    }
  }

  @Test
  void start_oneKindFails_stopsTheOthers() throws Exception {
    Files.createDirectories(directory.resolve("kafka"));
    Files.writeString(directory.resolve("kafka/meta.properties"),
        "version=1\nnode.id=7\ncluster.id=another\n");
    Ports ports = TestServers.freePorts();
    assertThatThrownBy(() -> EmbeddedServers.start(directory, ports, EnumSet.allOf(Kind.class)))
        .isInstanceOf(EmbeddedServerException.class).hasMessageContaining("Kafka does not start");
    assertThat(workingUnder(directory.toRealPath())).isEmpty();
    EmbeddedServers.start(directory, ports, EnumSet.of(Kind.REDIS)).stop(); // The lock is free again.
  }

  @Test
  void stop_oneKind_leavesTheOthersAndCanStartAgain() throws Exception {
    Ports ports = TestServers.freePorts();
    EmbeddedServers servers = EmbeddedServers.start(directory, ports, EnumSet.of(Kind.POSTGRES, Kind.REDIS));
    try {
      execute(ports.postgres(), "CREATE TABLE kept AS SELECT 42 AS answer");
      servers.stop(Kind.POSTGRES);
      assertThatIllegalStateException().isThrownBy(servers::postgres).withMessage("POSTGRES is not running");
      assertThat(servers.redis().port()).isEqualTo(ports.redis());
      servers.start(Kind.POSTGRES);
      assertThat(answer(servers.postgres())).isEqualTo(42);
    } finally {
      servers.stop();
      servers.stop();
    }
  }

  /** Whatever their names: processes whose working directory is this one or below it. */
  private static Set<Long> workingUnder(Path directory) {
    Stream<Long> pids = ProcessHandle.allProcesses().map(ProcessHandle::pid);
    return Set.copyOf(pids.filter(pid -> workingDirectory(pid).startsWith(directory)).toList());
  }

  private static Path workingDirectory(long pid) {
    try {
      return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd"));
    } catch (IOException e) {
      return Path.of("gone");
    }
  }

  private static long parentOf(long pid) {
    return ProcessHandle.of(pid).flatMap(ProcessHandle::parent).map(ProcessHandle::pid).orElse(0L);
  }

  private long postmaster() throws IOException {
    return Long.parseLong(Files.readAllLines(directory.resolve("postgres/data/postmaster.pid")).getFirst());
  }

  private static void execute(int port, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/millrace",
        EmbeddedPostgresServer.USER, ""); Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static int answer(EmbeddedPostgresServer server) throws SQLException {
    try (
        Connection connection = DriverManager.getConnection(server.jdbcUrl(), EmbeddedPostgresServer.USER,
            "");
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SELECT answer FROM kept")) {
      assertThat(result.next()).isTrue();
      return result.getInt(1);
    }
  }
}
