package dev.millrace.testing;

import dev.millrace.embedded.EmbeddedServers;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Site;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;

/**
 * One Millrace installation under test: a database, topics, consumer groups and a simulator book of its own
 * on real servers, with any number of gateway nodes as processes of their own. Closing it ends the processes.
 */
public final class Site implements AutoCloseable {
  /** Where every gateway takes the provider's webhooks. */
  public static final String WEBHOOK_PATH = "/webhooks/stripe/default";
  private static final AtomicInteger NUMBER = new AtomicInteger();

  /** What others wait for. */
  public interface Lock extends AutoCloseable {
    @Override
    void close();
  }

  private final EmbeddedServers.Ports ports;
  private final Map<String, String> environment = new HashMap<>();
  private final List<GatewayProcess> processes = new ArrayList<>();
  private final String database;
  private final int simulatorPort = TestServers.freePort();
  private final int redisDatabase;
  private final StandingConnection questions;

  private Site(EmbeddedServers.Ports ports) {
    int number = NUMBER.incrementAndGet();
    this.ports = ports;
    this.database = "site_" + number;
    this.redisDatabase = number % 16;
    this.questions = new StandingConnection(jdbcUrl(database));
    try (var connection = DriverManager.getConnection(jdbcUrl("postgres"), "postgres", "postgres");
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + database);
      environment.put("MILLRACE_DATA_DIRECTORY",
          Files.createTempDirectory(Path.of("target", "it"), database).toString());
    } catch (SQLException | java.io.IOException e) {
      throw new IllegalStateException(e);
    }
    environment.put("MILLRACE_POSTGRES_URI", postgresUri(ports.postgres()));
    environment.put("MILLRACE_REDIS_URI", redisUri(ports.redis()));
    environment.put("MILLRACE_KAFKA_BOOTSTRAP", "127.0.0.1:" + ports.kafka());
    environment.put("MILLRACE_KAFKA_TOPIC", database + ".events");
    environment.put("MILLRACE_KAFKA_RETRY_TOPIC", database + ".retry");
    environment.put("MILLRACE_PROCESSOR_GROUP", database);
    environment.put("MILLRACE_KAFKA_PARTITIONS", "8");
    environment.put("MILLRACE_SIMULATOR_PORT", Integer.toString(simulatorPort));
    environment.put("MILLRACE_SIMULATOR_WEBHOOK_URL", "");
  }

  public static Site on(TestServers servers) { return at(servers.ports()); }

  /** On servers that listen on these ports. */
  public static Site at(EmbeddedServers.Ports ports) {
    return new Site(ports);
  }

  /** Its database by this port, which leads to its Postgres. */
  public String postgresUri(int port) {
    return "postgresql://127.0.0.1:" + port + "/" + database;
  }

  /** Its database by this port, which leads to its Redis. */
  public String redisUri(int port) {
    return "redis://127.0.0.1:" + port + "/" + redisDatabase;
  }

  private String jdbcUrl(String name) {
    return "jdbc:postgresql://127.0.0.1:" + ports.postgres() + "/" + name;
  }

  /** The database as its owner, who may read everything. */
  public Connection database() throws SQLException {
    return DriverManager.getConnection(jdbcUrl(database), "postgres", "postgres");
  }

  /** One number out of the database. */
  public long number(String sql) { return questions.number(sql); }

  /** What {@code reader} makes of the rows of a query. */
  public <T> T query(String sql, StandingConnection.Reader<T> reader) {
    return questions.query(sql, reader);
  }

  /** Runs a statement in a transaction that keeps its locks until it is closed, then undoes it. */
  public Lock lock(String sql) {
    try {
      Connection connection = database();
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement.execute(sql);
      }
      return () -> {
        try (connection) {
          connection.rollback();
        } catch (SQLException e) {
          throw new IllegalStateException(e);
        }
      };
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /**
   * Lets nobody else use a table until it is closed. Takes a transaction id, so readers of the journal stop
   * there.
   */
  public Lock lockTable(String table) {
    return lock("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
  }

  /**
   * Starts a node with these roles (comma-separated) and waits until it is ready. {@code more} overrides
   * settings.
   */
  public GatewayProcess start(String roles, Map<String, String> more) {
    if (Launcher.recordsFirst()) record();
    return start(roles, more, Launcher::start);
  }

  /**
   * A gateway with every role, which accepts a payment, settles it and ends: what it loaded, later ones load
   * faster.
   */
  private void record() {
    try (var first = new Site(ports)) {
      var gateway = first.start("simulator,api,relay,processor,settlement,notifier,ops", Map.of(),
          Launcher::startRecording);
      var answer = Http.send("POST", gateway.apiUrl() + "/v1/payments",
          Http.create(gateway.merchantKey(), "first", "Prefer", "wait=10"),
          "{\"amount\":100,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}");
      if (answer.status() >= 300) throw new AssertionError(answer.status() + " " + answer.body());
      // As it ends it writes the cache: twenty seconds of processor time.
      gateway.terminate(Duration.ofMinutes(5));
    }
    Launcher.useRecording();
  }

  private GatewayProcess start(String roles, Map<String, String> more,
      BiFunction<Map<String, String>, Path, Process> launch) {
    var all = new HashMap<>(environment);
    all.put("MILLRACE_ROLES", roles);
    all.put("MILLRACE_NODE", "node-" + (processes.size() + 1));
    all.put("MILLRACE_API_PORT", Integer.toString(TestServers.freePort()));
    all.put("MILLRACE_OPS_PORT", Integer.toString(TestServers.freePort()));
    // All tests come from one address.
    all.put("MILLRACE_API_WRONG_KEYS_PER_MINUTE", "100000");
    all.putAll(more);
    var process = GatewayProcess.start(all, database + "-" + (processes.size() + 1), launch);
    processes.add(process);
    return process;
  }

  /**
   * A simulator in a process of its own, which answers; {@code settings}: for instance where its webhooks go.
   */
  public GatewayProcess startSimulator(Map<String, String> settings) {
    var simulator = start("simulator", settings);
    Await.until(Duration.ofSeconds(30), "the simulator answers", () -> {
      try {
        return Http.get(simulatorUrl() + "/book/summary").status() == 200;
      } catch (UncheckedIOException notYet) {
        return false;
      }
    });
    return simulator;
  }

  /** The setting by which a simulator sends its webhooks to the node whose API has this port. */
  public static Map<String, String> webhooksTo(int apiPort) {
    return Map.of("MILLRACE_SIMULATOR_WEBHOOK_URL", "http://127.0.0.1:" + apiPort);
  }

  /** A node with every role but the servers. */
  public GatewayProcess startAll() {
    return start("simulator,api,relay,processor,settlement,ops", Map.of());
  }

  public int simulatorPort() { return simulatorPort; }

  public String simulatorUrl() { return "http://127.0.0.1:" + simulatorPort; }

  public EmbeddedServers.Ports ports() { return ports; }

  public int redisDatabase() { return redisDatabase; }

  /** The consumer group of its processors. */
  public String group() { return database; }

  public String topic() { return database + ".events"; }

  @Override
  public void close() {
    processes.forEach(GatewayProcess::kill);
    questions.close();
  }
}
