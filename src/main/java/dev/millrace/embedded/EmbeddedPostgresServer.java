package dev.millrace.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * A Postgres 18 in a process of its own: superuser {@code postgres}, no password, database {@code millrace}.
 *
 * <p>As durable as a real one: a commit it acknowledged survives {@code kill -9} and loss of power. Data
 * stays in its directory over restarts of server and JVM. An orphan that a killed JVM left running on the
 * directory is stopped before the start.
 */
public final class EmbeddedPostgresServer implements EmbeddedServer {
  public static final String USER = "postgres";
  public static final String DATABASE = "millrace";

  private static final String PROGRAM = "postgres";
  /** Long, since a start after a crash replays the write-ahead log, at most max_wal_size of it. */
  private static final Duration START_BOUND = Duration.ofMinutes(3);
  private static final Duration INITDB_BOUND = Duration.ofMinutes(1);

  /** "Fast": sessions are cut, then a checkpoint; then "immediate": the next start recovers. */
  private static final List<DirectoryProcesses.Attempt> STOPPING = List.of(
      new DirectoryProcesses.Attempt("INT", Duration.ofSeconds(60)),
      new DirectoryProcesses.Attempt("QUIT", Duration.ofSeconds(10)));

  private static final List<String> SETTINGS = List.of("listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      // Durability, spelled out: this is what the embedded default promises.
      "fsync=on", "synchronous_commit=on", "full_page_writes=on",
      // Memory is taken only as it is used. Checkpoints far apart, as each makes the next write of every page
      // a full one, but not so far that WAL files are created under load for minutes instead of being used
      // again.
      "shared_buffers=1GB", "wal_buffers=16MB", "max_wal_size=2GB", "min_wal_size=1GB",
      "checkpoint_timeout=15min",
      // Dirty pages are written by the background writer, ahead of the connections that need room.
      "bgwriter_delay=20ms", "bgwriter_lru_maxpages=1000", "bgwriter_lru_multiplier=4", "io_method=sync",
      // A new WAL file is not filled with zeros first: that would hold up commits each time, and buys nothing
      // here.
      "wal_init_zero=off", "wal_compression=off", "jit=off", "autovacuum=on",
      // A node with all roles takes up to some forty, and several may be tried out on one server.
      "max_connections=200", "timezone=UTC", "log_timezone=UTC");

  private final DirectoryProcesses processes;
  private final int port;
  private @Nullable Writeback writeback;

  private EmbeddedPostgresServer(DirectoryProcesses processes, int port) {
    this.processes = processes;
    this.port = port;
  }

  /**
   * Starts it, after stopping whatever Postgres still runs on this directory: the caller must own the
   * directory.
   *
   * @param dataDirectory created if absent; the tables are in its subdirectory {@code data}
   * @throws EmbeddedServerException when it does not come up; the message holds the end of its log
   */
  public static EmbeddedPostgresServer start(Path dataDirectory, int port) {
    Path home = Directories.create(dataDirectory);
    stopOrphans(home);
    Path bin = Binaries.postgres(home).resolve("bin");
    Path data = home.resolve("data");
    if (!Files.exists(data)) {
      initialise(home, data, bin);
    }
    EmbeddedPostgresServer server = new EmbeddedPostgresServer(processesIn(home), port);
    try {
      ServerProcess.start(command(bin, data, port), data, home.resolve("postgres.log"))
          .awaitReady(START_BOUND, server::hasDatabase);
      server.writeback = Writeback.start(data.resolve("base"));
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

  /** The database's JDBC URL, for migrations and tests; the user is {@link #USER}. */
  public String jdbcUrl() {
    return jdbcUrl(DATABASE);
  }

  /** Fast shutdown: open sessions are cut, transactions in flight rolled back. */
  @Override
  public synchronized void stop() {
    if (writeback != null) writeback.close();
    processes.stop(STOPPING);
  }

  /**
   * Stops the Postgres that a killed JVM left on the directory, if there is one, and removes its lock file.
   */
  static void stopOrphans(Path dataDirectory) {
    Path home = Directories.create(dataDirectory);
    processesIn(home).stop(STOPPING);
    try {
      // Nobody holds it, but a stranger may have its process number by now, and Postgres would believe it.
      Files.deleteIfExists(home.resolve("data").resolve("postmaster.pid"));
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot remove the stale lock file of " + home + ": " + e, e);
    }
  }

  private static DirectoryProcesses processesIn(Path home) {
    return new DirectoryProcesses(PROGRAM, home.resolve("data"));
  }

  /**
   * Under another name first: a directory called {@code data} is a whole one, even after a kill in between.
   */
  private static void initialise(Path home, Path data, Path bin) {
    try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(home, "initdb-*")) {
      unfinished.forEach(Directories::deleteAsFarAsPossible);
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot read " + home + ": " + e, e);
    }
    Path unfinished = home.resolve("initdb-" + UUID.randomUUID());
    List<String> command = new ArrayList<>(asOtherThanRoot());
    command.addAll(
        List.of(bin.resolve("initdb").toString(), "-D", unfinished.toString(), "-U", USER, "-A", "trust",
            "-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions"));
    ServerProcess.run(command, home, home.resolve("initdb.log"), INITDB_BOUND);
    try {
      Files.move(unfinished, data, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot create " + data + ": " + e, e);
    }
  }

  private static List<String> command(Path bin, Path data, int port) {
    List<String> command = new ArrayList<>(asOtherThanRoot());
    command.addAll(
        List.of(bin.resolve(PROGRAM).toString(), "-D", data.toString(), "-p", Integer.toString(port)));
    for (String setting : SETTINGS) {
      command.add("-c");
      command.add(setting);
    }
    return command;
  }

  /**
   * Postgres refuses root, so root runs it in a user namespace of its own, where it is nobody. For the kernel
   * it stays root: it owns its files and takes root's signals.
   */
  private static List<String> asOtherThanRoot() {
    try {
      boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
      return root ? List.of("unshare", "-U") : List.of();
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot tell from /proc/self whether this is root: " + e, e);
    }
  }

  /** Whether it takes connections; creates the database on the way. */
  private boolean hasDatabase() {
    Properties properties = new Properties();
    properties.setProperty("user", USER);
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "30");
    properties.setProperty("sslmode", "disable");
    try (Connection connection = new Driver().connect(jdbcUrl("postgres"), properties);
        Statement statement = connection.createStatement()) {
      if (!exists(statement)) {
        statement.execute("CREATE DATABASE " + DATABASE);
      }
      return true;
    } catch (SQLException e) {
      String state = String.valueOf(e.getSQLState());
      if (state.startsWith("08") || state.startsWith("57P")) {
        return false; // It is still starting, or it ended, which the caller sees.
      }
      throw new EmbeddedServerException("cannot create the database " + DATABASE + ": " + e.getMessage(), e);
    }
  }

  private static boolean exists(Statement statement) throws SQLException {
    String query = "SELECT 1 FROM pg_database WHERE datname = '" + DATABASE + "'";
    try (ResultSet found = statement.executeQuery(query)) {
      return found.next();
    }
  }

  private String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }
}
