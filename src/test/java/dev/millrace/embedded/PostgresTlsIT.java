package dev.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.Migrations;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Servers;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestCa;
import dev.millrace.testing.TestServers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A Postgres that takes TLS alone, with SCRAM, and of one role a certificate besides: who gets in, by the
 * connections of the service and by those of the migrations, and who must not.
 */
class PostgresTlsIT {
  private static final TestCa CA = TestCa.create();
  private static final TestCa.Identity NODE = CA.sign("node", "dns:node");
  private static EmbeddedPostgresServer server;
  private static Path home;

  private final Loop loop = new Loop();

  @BeforeAll
  static void start() throws IOException, SQLException {
    home = Files.createTempDirectory(Path.of("target", "it"), "pg-tls").toAbsolutePath();
    server = EmbeddedPostgresServer.start(home, TestServers.freePort());
    serve(CA.sign("postgres", "ip:127.0.0.1,dns:localhost"));
  }

  /** From then on; the first connection here is still without TLS. */
  private static void serve(TestCa.Identity identity) throws IOException, SQLException {
    Path data = home.resolve("data");
    for (var file : Map.of("server.crt", identity.certificate(), "server.key", identity.key(), "ca.crt",
        CA.certificate()).entrySet()) {
      Path to = data.resolve(file.getKey());
      Files.deleteIfExists(to);
      Files.copy(file.getValue(), to);
      Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rw-------"));
    }
    try (var connection = DriverManager.getConnection(server.jdbcUrl() + "?sslmode=disable", "postgres", "");
        var statement = connection.createStatement()) {
      for (String set : new String[]{"ssl = on", "ssl_ca_file = 'ca.crt'"})
        statement.execute("ALTER SYSTEM SET " + set);
      statement.execute("ALTER ROLE postgres PASSWORD 'postgres'");
      Files.writeString(data.resolve("pg_hba.conf"), """
        hostssl all   millrace 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
        hostssl all   postgres 127.0.0.1/32 scram-sha-256
        local   all   all                   reject
        """);
      statement.execute("SELECT pg_reload_conf()");
    }
  }

  @AfterAll
  static void stop() { server.stop(); }

  @AfterEach
  void close() { loop.close(); }

  private static Map<String, String> settings(String host) {
    return new HashMap<>(Map.of("MILLRACE_POSTGRES_URI", "postgresql://" + host + ":" + server.port()
        + "/millrace", "MILLRACE_POSTGRES_SSLMODE", "verify-full", "MILLRACE_POSTGRES_TLS_CA",
        CA.certificate().toString(), "MILLRACE_POSTGRES_TLS_CERTIFICATE", NODE.certificate().toString(),
        "MILLRACE_POSTGRES_TLS_KEY", NODE.key().toString()));
  }

  private PgLink link(Map<String, String> settings) {
    var servers = new Servers(Config.load(settings));
    return loop.on(() -> servers.link(loop.vertx(), "test", new SimpleMeterRegistry()));
  }

  private void assertOut(Map<String, String> settings) throws InterruptedException {
    PgLink link = link(settings);
    TimeUnit.MILLISECONDS.sleep(1_500);
    assertThat(link.up()).isFalse();
    loop.result(link::close);
    // The migrations' way as well, but that their role needs no certificate.
    String url = new Servers(Config.load(settings)).jdbcUrl();
    assertThatThrownBy(() -> DriverManager.getConnection(url, "millrace", "millrace").close())
        .isInstanceOf(SQLException.class);
  }

  @Test
  void node_withItsCertificateAndThePassword_isIn() throws SQLException, InterruptedException {
    for (String host : new String[]{"127.0.0.1", "localhost"}) {
      var servers = new Servers(Config.load(settings(host)));
      Migrations.run(servers.jdbcUrl(), "postgres", "postgres", "millrace", "millrace");
      Migrations.requireDurable(servers.jdbcUrl(), "millrace", "millrace");
      PgLink link = link(settings(host));
      Await.until(Duration.ofSeconds(10), host + " is up", link::up);
      var row = loop.result(() -> link.query("SELECT ssl, client_dn IS NOT NULL FROM pg_stat_ssl"
          + " WHERE pid = pg_backend_pid()", Tuple.tuple())).iterator().next();
      assertThat(row.getBoolean(0)).isTrue();
      assertThat(row.getBoolean(1)).isTrue();
      loop.result(link::close);
    }
    var whole = settings("127.0.0.1");
    whole.put("MILLRACE_POSTGRES_PASSWORD", "wrong");
    PgLink refused = link(whole);
    TimeUnit.MILLISECONDS.sleep(1_500);
    assertThat(refused.up()).isFalse();
    loop.result(refused::close);
  }

  @Test
  void node_withoutTls_orWithoutACertificate_isOut() throws InterruptedException {
    var plain = settings("127.0.0.1");
    plain.put("MILLRACE_POSTGRES_SSLMODE", "disable");
    for (String file : new String[]{"CA", "CERTIFICATE", "KEY"})
      plain.put("MILLRACE_POSTGRES_TLS_" + file, "");
    assertOut(plain);
    var nameless = settings("127.0.0.1");
    for (String file : new String[]{"CERTIFICATE", "KEY"}) nameless.put("MILLRACE_POSTGRES_TLS_" + file, "");
    assertOut(nameless);
  }

  /** Signed by nobody that is trusted: it may be anybody. */
  @Test
  void server_thatIsNotTheOne_isNotSpokenTo() throws InterruptedException {
    var other = settings("127.0.0.1");
    other.put("MILLRACE_POSTGRES_TLS_CA", TestCa.create().certificate().toString());
    assertOut(other);
    var jdks = settings("127.0.0.1");
    jdks.put("MILLRACE_POSTGRES_TLS_CA", "");
    assertOut(jdks);
    // By a name that is not in its certificate.
    assertOut(settings("127.0.0.2"));
  }

  @Test
  void settings_thatContradict_areNamed() {
    var off = settings("127.0.0.1");
    off.put("MILLRACE_POSTGRES_SSLMODE", "disable");
    assertThatThrownBy(() -> link(off)).isInstanceOf(ConfigException.class)
        .hasMessageContaining("`postgres.sslmode` is disable");
    off.put("MILLRACE_POSTGRES_SSLMODE", "require");
    assertThatThrownBy(() -> link(off)).hasMessageContaining("must be disable or verify-full");
    off.put("MILLRACE_POSTGRES_SSLMODE", "verify-full");
    off.put("MILLRACE_POSTGRES_TLS_KEY", "");
    assertThatThrownBy(() -> link(off)).hasMessageContaining("belong together");
  }
}
