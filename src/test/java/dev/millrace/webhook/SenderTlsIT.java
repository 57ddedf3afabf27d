package dev.millrace.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Loop;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PfxOptions;
import io.vertx.core.net.TrustOptions;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls over TLS: to the address that was judged, under the name that was asked for. */
final class SenderTlsIT {
  private static final String PASSWORD = "secret";
  private final Loop loop = new Loop();
  private final List<String> hosts = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private PfxOptions identity;

  @BeforeEach
  void start() throws Exception {
    Path store = Files.createTempDirectory(Files.createDirectories(Path.of("target", "it")), "tls")
        .resolve("shop.p12");
    var keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-genkeypair",
        "-alias", "shop", "-keyalg", "EC", "-dname", "CN=shop", "-ext",
        "SAN=DNS:shop.example,DNS:*.shops.example", "-validity",
        "2",
        "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD)
        .redirectErrorStream(true).start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).as(new String(keytool.getInputStream().readAllBytes())).isZero();
    identity = new PfxOptions().setPath(store.toString()).setPassword(PASSWORD);
    server = MerchantServer.await(loop.vertx()
        .createHttpServer(new HttpServerOptions().setSsl(true).setSni(true).setKeyCertOptions(identity))
        .requestHandler(r -> {
          hosts.add(r.authority().host() + " " + r.connection().indicatedServerName());
          r.response().end();
        }).listen(0, "127.0.0.1"));
  }

  @AfterEach
  void close() { loop.close(); }

  private static Future<InetAddress> toUs(String host) {
    try {
      return Future.succeededFuture(InetAddress.getByName("127.0.0.1"));
    } catch (UnknownHostException e) {
      return Future.failedFuture(e);
    }
  }

  private Sender.Reply post(String host, TrustOptions trust) {
    Sender sender = loop.on(() -> new Sender(loop.vertx(), SenderTlsIT::toUs, new AddressPolicy(true),
        InstantSource.system(), 4, 5_000, trust));
    return loop
        .result(() -> sender.post(URI.create("https://" + host + ":" + server.actualPort() + "/"), Map.of(),
            Buffer.buffer("{}")));
  }

  @Test
  void post_underTheCertificatesName_succeeds_andIndicatesIt() {
    assertThat(post("shop.example", identity).status()).isEqualTo(200);
    assertThat(hosts).containsExactly("shop.example shop.example");
  }

  @Test
  void post_underAnotherName_isRefused() {
    var reply = post("other.example", identity);
    assertThat(reply.status()).isNull();
    assertThat(reply.error()).startsWith("connection: ");
    assertThat(hosts).isEmpty();
  }

  /** As the JDK has no name with an underscore, it indicates none. */
  @Test
  void post_toANameWithUnderscore_succeedsUnderAWildcard() {
    assertThat(post("my_shop.shops.example", identity).status()).isEqualTo(200);
    assertThat(hosts).containsExactly("my_shop.shops.example null");
  }

  @ParameterizedTest
  @ValueSource(strings = {"my_shop.other.example", "a.my_shop.shops.example", "shop_.example"})
  void post_toANameWithUnderscore_thatTheCertificateLacks_isRefused(String host) {
    assertThat(post(host, identity).error()).startsWith("connection: ");
    assertThat(hosts).isEmpty();
  }

  @Test
  void post_toANameWithUnderscore_whoseCertificateNobodyKnows_isRefused() {
    assertThat(post("my_shop.shops.example", null).status()).isNull();
    assertThat(hosts).isEmpty();
  }

  @Test
  void post_toACertificateThatNobodyKnows_isRefused() {
    assertThat(post("shop.example", null).status()).isNull();
    assertThat(hosts).isEmpty();
  }
}
