package dev.millrace.testing;

import dev.millrace.platform.Config;
import dev.millrace.platform.Database;
import dev.millrace.platform.Migrations;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Servers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A migrated database of one test's own on the shared Postgres. */
public final class TestDatabase {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final String OWNER = "postgres";
  /** To the database that was asked last: a test has one, and Postgres has room for few connections. */
  private static StandingConnection questions = new StandingConnection("");

  private final Servers servers;

  private TestDatabase(Servers servers) { this.servers = servers; }

  public static TestDatabase create() {
    return new TestDatabase(created("own_" + NUMBER.incrementAndGet(), " TEMPLATE " + Template.name()));
  }

  /** Migrated once a JVM; a database is a copy of it, which takes a tenth of the time. */
  private static final class Template {
    private static final String NAME = "migrated";

    static {
      Migrations.run(created(NAME, "").jdbcUrl(), OWNER, OWNER, "millrace", "millrace");
    }

    static String name() { return NAME; }
  }

  private static Servers created(String name, String how) {
    String at = "127.0.0.1:" + TestServers.shared().ports().postgres() + "/";
    try (var connection = DriverManager.getConnection("jdbc:postgresql://" + at + "postgres", OWNER, OWNER);
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name + how);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return new Servers(Config.load(Map.of("MILLRACE_POSTGRES_URI", "postgresql://" + at + name)));
  }

  /** A connection as the gateway's hot paths have it, standing. */
  public PgLink link(Loop loop, String name) {
    Vertx vertx = loop.vertx();
    return loop.result(() -> {
      PgLink link = servers.batchLink(vertx, name, new SimpleMeterRegistry());
      return link.whenUp(5_000).compose(v -> Future.succeededFuture(link));
    });
  }

  /** A pool as the gateway's reads have it. */
  public Pool pool(Loop loop) {
    return servers.readPool(loop.vertx());
  }

  /** Reads on such a pool. */
  public Database reads(Loop loop) {
    return new Database(pool(loop), 10_000, servers.poolCapacity("test", new SimpleMeterRegistry()));
  }

  /** For processes and verticles that take it from a configuration. */
  public String uri() {
    return servers.jdbcUrl().substring("jdbc:".length());
  }

  /** For commands that connect by themselves. */
  public String jdbcUrl() { return servers.jdbcUrl(); }

  /** As the schema's owner, who may do everything. */
  public Connection owner() throws SQLException {
    return DriverManager.getConnection(servers.jdbcUrl(), OWNER, OWNER);
  }

  /** As the service's role. */
  public Connection service() throws SQLException {
    return DriverManager.getConnection(servers.jdbcUrl(), "millrace", "millrace");
  }

  /** One number out of the database. */
  public long number(String sql) {
    synchronized (TestDatabase.class) {
      if (!questions.url().equals(servers.jdbcUrl())) {
        questions.close();
        questions = new StandingConnection(servers.jdbcUrl());
      }
      return questions.number(sql);
    }
  }
}
