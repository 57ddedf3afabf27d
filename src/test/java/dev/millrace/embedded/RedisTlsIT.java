package dev.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.RedisLink;
import dev.millrace.platform.Servers;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestCa;
import dev.millrace.testing.TestServers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A Redis that takes TLS alone, asks for a certificate and a password: who gets in, and who must not. */
class RedisTlsIT {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final TestCa CA = TestCa.create();
  private static final TestCa.Identity NODE = CA.sign("node", "dns:node");
  private static final List<Process> PROCESSES = new ArrayList<>();
  private static int strict;
  private static int misnamed;
  private static int open;

  private final Loop loop = new Loop();

  @BeforeAll
  static void start() throws IOException {
    strict = redis(CA.sign("redis", "ip:127.0.0.1,dns:localhost"), true);
    open = redis(CA.sign("redis2", "ip:127.0.0.1"), false);
    misnamed = redis(CA.sign("other", "dns:redis.example"), false);
  }

  private static int redis(TestCa.Identity identity, boolean clients) throws IOException {
    Path home = Files.createTempDirectory(Path.of("target", "it"), "redis-tls").toAbsolutePath();
    int port = TestServers.freePort();
    PROCESSES.add(new ProcessBuilder(Binaries.redis(home).toString(), "--bind", "127.0.0.1", "--port", "0",
        "--tls-port", Integer.toString(port), "--tls-cert-file", identity.certificate().toString(),
        "--tls-key-file", identity.key().toString(), "--tls-ca-cert-file", CA.certificate().toString(),
        "--tls-auth-clients", clients ? "yes" : "no", "--requirepass", "s3cret", "--dir", home.toString(),
        "--save", "").redirectErrorStream(true).redirectOutput(home.resolve("redis.log").toFile()).start());
    return port;
  }

  @AfterAll
  static void stop() { PROCESSES.forEach(Process::destroy); }

  @AfterEach
  void close() { loop.close(); }

  private static Map<String, String> trusting() {
    return new HashMap<>(Map.of("MILLRACE_REDIS_TLS_CA", CA.certificate().toString()));
  }

  private static Map<String, String> showing() {
    var settings = trusting();
    settings.put("MILLRACE_REDIS_TLS_CERTIFICATE", NODE.certificate().toString());
    settings.put("MILLRACE_REDIS_TLS_KEY", NODE.key().toString());
    return settings;
  }

  private RedisLink link(String uri, Map<String, String> settings) {
    var all = new HashMap<>(settings);
    all.put("MILLRACE_REDIS_URI", uri);
    var servers = new Servers(Config.load(all));
    return loop.on(() -> servers.redisLink(loop.vertx(), "test", new SimpleMeterRegistry()));
  }

  private void assertIn(String uri, Map<String, String> settings) {
    RedisLink link = link(uri, settings);
    Await.until(SOON, uri + " is up", link::up);
    assertThat(loop.result(() -> link.send(Request.cmd(Command.PING))).toString()).isEqualTo("PONG");
    loop.result(link::close);
  }

  private void assertOut(String uri, Map<String, String> settings) throws InterruptedException {
    RedisLink link = link(uri, settings);
    TimeUnit.MILLISECONDS.sleep(1_500);
    assertThat(link.up()).isFalse();
    loop.result(link::close);
  }

  @Test
  void node_withItsCertificateAndThePassword_isIn() {
    assertIn("rediss://:s3cret@127.0.0.1:" + strict, showing());
    assertIn("rediss://default:s3cret@localhost:" + strict + "/3", showing());
    assertIn("REDISS://:s3cret@127.0.0.1:" + strict, showing());
    assertIn("rediss://:s3cret@127.0.0.1:" + open, trusting());
  }

  @Test
  void node_withoutACertificate_orWithoutThePassword_isOut() throws InterruptedException {
    assertOut("rediss://:s3cret@127.0.0.1:" + strict, trusting());
    assertOut("rediss://:wrong@127.0.0.1:" + strict, showing());
    assertOut("redis://:s3cret@127.0.0.1:" + strict, Map.of());
  }

  /** Signed by nobody that is trusted, or for another name: it may be anybody. */
  @Test
  void server_thatIsNotTheOne_isNotSpokenTo() throws InterruptedException {
    assertOut("rediss://:s3cret@127.0.0.1:" + open, Map.of());
    assertOut("rediss://:s3cret@127.0.0.1:" + open,
        Map.of("MILLRACE_REDIS_TLS_CA", TestCa.create().certificate().toString()));
    assertOut("rediss://:s3cret@127.0.0.1:" + misnamed, trusting());
  }

  @Test
  void files_thatAreWrong_areNamed() throws IOException {
    Path empty = Files.createTempFile(Path.of("target", "it"), "empty", ".pem");
    for (var wrong : Map.of("MILLRACE_REDIS_TLS_CA", "/no/such/file", "MILLRACE_REDIS_TLS_CERTIFICATE",
        CA.certificate().toString(), "MILLRACE_REDIS_TLS_KEY", NODE.key().toString()).entrySet())
      assertThatThrownBy(() -> link("rediss://127.0.0.1:1", Map.of(wrong.getKey(), wrong.getValue())))
          .isInstanceOf(ConfigException.class).hasMessageContaining("`redis.tls-");
    assertThatThrownBy(() -> link("rediss://127.0.0.1:1", Map.of("MILLRACE_REDIS_TLS_CA", empty.toString())))
        .hasMessageContaining("holds no certificate");
    assertThatThrownBy(() -> link("redis://127.0.0.1:1", trusting()))
        .hasMessageContaining("make it rediss://");
  }
}
