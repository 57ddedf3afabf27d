package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.FaultProxy.Way;
import dev.millrace.chaos.Deployment.Part;
import dev.millrace.endtoend.SiteSql;
import dev.millrace.testing.FaultProxy;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** What may happen to Postgres, Redis and the network: dead, hung, full, slow, cut off, one-way. */
final class ServerFaults {
  /** Connections of a pool, as the gateway's default is. */
  private static final int POOL_SIZE = 8;

  private ServerFaults() {}

  static List<Scenario> all() {
    var all = new ArrayList<Scenario>(List.of(Scenario.of("redis flushed", ServerFaults::redisFlushed),
        Scenario.of("redis killed, back empty", ServerFaults::redisKilled),
        Scenario.of("redis hung", run -> hang(run, run.deployment.redis, 5)),
        Scenario.of("redis out of memory", ServerFaults::redisFull),
        Scenario.of("postgres immediate restart", ServerFaults::postgresCrash),
        Scenario.of("postgres away", ServerFaults::postgresAway),
        Scenario.of("postgres hung", run -> hang(run, run.deployment.postgres, 7)),
        Scenario.of("postgres commit answers lost", ServerFaults::commitAnswersLost),
        Scenario.of("postgres deadlock storm", ServerFaults::deadlocks),
        Scenario.of("postgres connections exhausted", ServerFaults::connectionsExhausted),
        Scenario.of("postgres pool exhausted", ServerFaults::poolExhausted),
        Scenario.of("postgres disk full", ServerFaults::diskFull).in(Deployment.Plan.SMALL_DISK)
            .within(Duration.ofSeconds(45))
            .with(Scenario.Tool.MOUNT),
        Scenario.of("postgres fsync slow", run -> fsync(run, "delay_enter=100000"))
            .with(Scenario.Tool.STRACE),
        Scenario.of("postgres fsync fails", run -> fsync(run, "error=EIO")).with(Scenario.Tool.STRACE),
        Scenario.of("network slow", ServerFaults::slowNetwork)));
    for (Part part : Part.values())
      all.add(Scenario.of("one-way loss between a node and " + part.name().toLowerCase(java.util.Locale.ROOT),
          run -> oneWay(run, part)));
    return all;
  }

  private static void redis(ScenarioRun run, String command) {
    try (var socket = new Socket("127.0.0.1", run.deployment.redis.port())) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
      String said = new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
      if (!said.startsWith("+OK")) throw new AssertionError(command + ": " + said);
      run.broke();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void redisFlushed(ScenarioRun run) {
    for (int i = 0; i < 20; i++) {
      redis(run, "FLUSHALL");
      run.load(Duration.ofMillis(200));
    }
  }

  private static void redisKilled(ScenarioRun run) {
    run.load(2);
    run.deployment.redis.kill();
    run.broke();
    run.load(3);
    for (var node : run.deployment.nodes())
      assertThat(Http.get(node.opsUrl() + "/health/ready").json().getString("status")).isEqualTo("degraded");
    run.awaitAccepted(20);
    run.deployment.redis.start();
    run.load(2);
    run.assertNothingRefused();
  }

  private static void redisFull(ScenarioRun run) {
    redis(run, "CONFIG SET maxmemory-policy noeviction");
    redis(run, "CONFIG SET maxmemory 1");
    run.load(4);
    run.awaitAccepted(20);
    redis(run, "CONFIG SET maxmemory 0");
    run.load(1);
  }

  /** Stopped, for longer than any time-out; nothing is refused, and nothing comes back. */
  static void hang(ScenarioRun run, Machine machine, int seconds) {
    run.load(2);
    machine.hang();
    run.broke();
    run.load(seconds);
    machine.wake();
    run.awaitAccepted(20);
  }

  private static void postgresCrash(ScenarioRun run) {
    for (int i = 0; i < 2; i++) {
      run.load(2);
      run.deployment.postgres.crash();
      run.broke();
      run.deployment.postgres.start();
      run.awaitAccepted(10);
    }
  }

  private static void postgresAway(ScenarioRun run) {
    run.load(2);
    run.deployment.postgres.kill();
    run.broke();
    run.load(5);
    for (var node : run.deployment.nodes()) {
      assertThat(Http.get(node.opsUrl() + "/health/ready").status()).as("ready without Postgres")
          .isEqualTo(503);
      assertThat(Http.get(node.opsUrl() + "/health/live").status()).as("live without Postgres")
          .isEqualTo(200);
      assertThat(Http.get(node.apiUrl() + "/v1/payments", run.driver.merchantKey()).code())
          .isEqualTo("storage_unavailable");
    }
    assertWebhooksRefusedForNow(run.deployment.node("a"));
    run.deployment.postgres.start();
    run.awaitAccepted(20);
    assertThat(run.driver.errors()).as("failures without a time to come back").isEmpty();
  }

  /** Nothing is judged while it cannot be kept: the provider sends it again. */
  private static void assertWebhooksRefusedForNow(GatewayProcess node) {
    var answer = Http.send("POST", node.apiUrl() + Site.WEBHOOK_PATH,
        Map.of("Content-Type", "application/json"), "{}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    assertThat(answer.code()).isEqualTo("storage_unavailable");
    assertThat(answer.header("Retry-After")).isNotNull();
  }

  /** The commit is durable, and its answer never comes: the connection is cut instead. */
  private static void commitAnswersLost(ScenarioRun run) {
    for (int i = 0; i < 8; i++) {
      for (FaultProxy way : run.deployment.ways(Part.POSTGRES)) {
        long before = way.disturbed();
        way.loseAnswers();
        run.load(Duration.ofMillis(100));
        run.awaitInjected("an answer is lost", before, way::disturbed);
        way.cut();
        way.heal();
        run.load(Duration.ofMillis(400));
      }
    }
    run.awaitAccepted(20);
  }

  /**
   * Others lock the gateway's rows in every order: it is the gateway's transactions that Postgres breaks, or
   * waits for.
   */
  private static void deadlocks(ScenarioRun run) throws Exception {
    long before = broken(run);
    var brokenRivals = new AtomicInteger();
    var over = new AtomicBoolean();
    try (var rivals = Executors.newVirtualThreadPerTaskExecutor()) {
      var all = new ArrayList<Future<?>>();
      for (String order : List.of("ASC", "DESC", "ASC", "DESC"))
        all.add(rivals.submit(() -> {
          while (!over.get()) if (!rival(run, order)) brokenRivals.incrementAndGet();
        }));
      try {
        run.load(6);
        run.awaitInjected("Postgres breaks a transaction of the gateway's", before,
            () -> broken(run) - brokenRivals.get());
      } finally {
        over.set(true);
      }
      for (var rival : all) rival.get();
    }
    run.awaitAccepted(20);
  }

  /** False when Postgres broke it. */
  private static boolean rival(ScenarioRun run, String order) {
    try (var connection = run.site().database(); var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (String table : order.equals("ASC") ? List.of("payment", "work") : List.of("work", "payment")) {
        String key = table.equals("payment") ? "id" : "writer";
        statement.execute("SELECT FROM " + table + " WHERE " + key + " IN (SELECT " + key + " FROM " + table
            + " ORDER BY " + key + " DESC LIMIT 40) ORDER BY " + key + " " + order + " FOR UPDATE");
      }
      connection.rollback();
      return true;
    } catch (SQLException e) {
      if (!"40P01".equals(e.getSQLState())) throw new IllegalStateException(e);
      return false;
    }
  }

  private static long broken(ScenarioRun run) {
    return run.site().number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
  }

  /** All connections end, and no new one is let in for a while. */
  private static void connectionsExhausted(ScenarioRun run) {
    run.load(1);
    String user = SiteSql.text(run.site(),
        "SELECT usename FROM pg_stat_activity WHERE datname = current_database()"
            + " AND usename <> 'postgres' LIMIT 1");
    sql(run, "ALTER ROLE \"" + user + "\" CONNECTION LIMIT 0");
    SiteSql.rows(run.site(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + user + "'");
    run.broke();
    run.load(4);
    sql(run, "ALTER ROLE \"" + user + "\" CONNECTION LIMIT -1");
    run.awaitAccepted(20);
  }

  /** Every statement that looks up a payment waits, until all connections of the pools wait. */
  private static void poolExhausted(ScenarioRun run) throws Exception {
    run.load(1);
    try (var connection = run.site().database(); var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      lock(statement);
      run.load(5);
      run.awaitInjected("a pool is full", 0, () -> pools(run));
      connection.rollback();
    }
    run.awaitAccepted(20);
  }

  /** One of those who hold a part of it may want another part: then Postgres breaks one of the two. */
  private static void lock(Statement statement) throws SQLException {
    for (int tries = 0;; tries++) {
      try {
        statement.execute("LOCK TABLE attempt, operation, merchant IN ACCESS EXCLUSIVE MODE");
        return;
      } catch (SQLException e) {
        if (!"40P01".equals(e.getSQLState()) || tries == 20) throw e;
        statement.getConnection().rollback();
      }
    }
  }

  /** Pools all of whose connections are taken. */
  private static long pools(ScenarioRun run) {
    return run.deployment.nodes().stream()
        .flatMap(node -> Http.get(node.opsUrl() + "/metrics").body().lines())
        .filter(line -> line.startsWith("millrace_queue_depth{") && line.contains("queue=\"pool\""))
        .filter(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))) >= POOL_SIZE).count();
  }

  private static void sql(ScenarioRun run, String sql) {
    try (var connection = run.site().database(); var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Not one page more; what comes after a Postgres that gave up starts it again, when there is room. */
  private static void diskFull(ScenarioRun run) throws IOException {
    run.load(1);
    long refused = run.driver.refused();
    Path ballast = run.deployment.postgresDisk().resolve("ballast");
    var store = Files.getFileStore(run.deployment.postgresDisk());
    try (var out = Files.newOutputStream(ballast)) {
      byte[] chunk = new byte[1 << 16];
      while (store.getUsableSpace() > 0) out.write(chunk);
    } catch (IOException e) {
      // Full.
      if (store.getUsableSpace() > 1 << 16) throw e;
    }
    run.awaitInjected("Postgres takes nothing more", refused, run.driver::refused);
    run.load(6);
    Files.delete(ballast);
    run.deployment.postgres.start();
    run.awaitAccepted(20);
  }

  /** Every process of Postgres is traced, and its flushes are slow, or fail. */
  private static void fsync(ScenarioRun run, String injection) throws Exception {
    run.load(1);
    Path trace = Files.createTempFile("millrace-strace", ".log");
    var command = new ArrayList<String>(List.of("strace", "-f", "-qq", "-o", trace.toString(), "-e",
        "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:" + injection));
    run.deployment.postgres.pids().stream().skip(1)
        .forEach(pid -> command.addAll(List.of("-p", Long.toString(pid))));
    var strace = new ProcessBuilder(command).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    try {
      run.load(5);
    } finally {
      strace.destroy();
      strace.waitFor();
    }
    long injected = Files.readAllLines(trace).stream().filter(line -> line.contains("INJECTED")
        || line.contains("DELAYED")).count();
    Files.delete(trace);
    assertThat(injected).as("flushes that were disturbed").isPositive();
    for (long i = 0; i < injected; i++) run.broke();
    run.deployment.postgres.start();
    run.awaitAccepted(20);
  }

  private static void slowNetwork(ScenarioRun run) {
    for (Part part : Part.values())
      for (FaultProxy way : run.deployment.ways(part)) way.delay(20 + run.dice.nextInt(60));
    run.load(6);
    for (Part part : Part.values())
      for (FaultProxy way : run.deployment.ways(part))
        run.awaitInjected("the way to " + part + " is slow", 0, way::disturbed);
    run.awaitAccepted(5);
  }

  /** First nothing gets there, then nothing comes back. */
  private static void oneWay(ScenarioRun run, Part part) {
    FaultProxy way = run.deployment.way(run.someNode(), part);
    for (Way direction : Way.values()) {
      run.load(1);
      long before = way.disturbed();
      way.hold(direction);
      run.load(5);
      run.awaitInjected("something is held up", before, way::disturbed);
      way.cut();
      way.heal();
    }
    run.awaitAccepted(20);
  }
}
