package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestCa;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTPS of the API and of the ops port, the latter for callers with a certificate alone. */
class HttpsIT {
  private static final TestCa CA = TestCa.create();
  private static final TestCa OTHERS = TestCa.create();
  private static final TestCa.Identity FIRST = CA.sign("first", "ip:127.0.0.1");
  private static Site site;
  private static GatewayProcess node;
  private static String key;
  private static Path certificate;
  private static Path secret;

  @BeforeAll
  static void start() throws IOException {
    site = Site.on(TestServers.shared());
    Path files = Files.createTempDirectory(Path.of("target", "it"), "https").toAbsolutePath();
    certificate = files.resolve("api.pem");
    secret = files.resolve("api.key");
    serve(FIRST);
    var plain = site.start("ops", Map.of());
    key = plain.merchantKey();
    plain.kill();
    var settings = new HashMap<>(Map.of("MILLRACE_API_TLS_CERTIFICATE", certificate.toString(),
        "MILLRACE_API_TLS_KEY", secret.toString(), "MILLRACE_API_REQUEST_TIMEOUT", "1s"));
    settings.put("MILLRACE_OPS_TLS_CERTIFICATE", FIRST.certificate().toString());
    settings.put("MILLRACE_OPS_TLS_KEY", FIRST.key().toString());
    settings.put("MILLRACE_OPS_TLS_CLIENT_CA", CA.certificate().toString());
    node = site.start("api,ops", settings);
  }

  private static void serve(TestCa.Identity identity) throws IOException {
    Files.copy(identity.key(), secret, StandardCopyOption.REPLACE_EXISTING);
    Files.copy(identity.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
  }

  @AfterAll
  static void stop() { site.close(); }

  private static SSLContext context(TestCa trusted, TestCa.Identity shown, String protocol) {
    try (InputStream ca = Files.newInputStream(trusted.certificate())) {
      var factory = CertificateFactory.getInstance("X.509");
      var trust = KeyStore.getInstance("PKCS12");
      trust.load(null, null);
      trust.setCertificateEntry("ca", factory.generateCertificate(ca));
      var trusting = TrustManagerFactory.getInstance("PKIX");
      trusting.init(trust);
      var context = SSLContext.getInstance(protocol);
      context.init(shown == null ? null : showing(shown), trusting.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyManager[] showing(TestCa.Identity identity) throws IOException, GeneralSecurityException {
    String pem = Files.readString(identity.key()).replaceAll("-----[A-Z ]+-----", "");
    var own = KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem)));
    try (InputStream in = Files.newInputStream(identity.certificate())) {
      var chain = CertificateFactory.getInstance("X.509").generateCertificates(in)
          .toArray(new Certificate[0]);
      var store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("own", own, new char[0], chain);
      var managers = KeyManagerFactory.getInstance("PKIX");
      managers.init(store, new char[0]);
      return managers.getKeyManagers();
    }
  }

  private static HttpClient client(SSLContext context, HttpClient.Version version) {
    return HttpClient.newBuilder().sslContext(context).version(version)
        .connectTimeout(Duration.ofSeconds(5)).build();
  }

  private static HttpClient trusting() { return client(context(CA, null, "TLS"), HttpClient.Version.HTTP_2); }

  private static String api(String path) { return node.apiUrl().replace("http:", "https:") + path; }

  private static String ops(String path) { return node.opsUrl().replace("http:", "https:") + path; }

  private static HttpResponse<String> get(HttpClient client, String url) throws IOException {
    try {
      return client.send(HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(10))
          .header("Authorization", "Bearer " + key).build(), BodyHandlers.ofString());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void api_speaksBothVersions_asAsked(HttpClient.Version version) throws Exception {
    var client = client(context(CA, null, "TLS"), version);
    var read = get(client, api("/v1/balances"));
    assertThat(read.statusCode()).as(read.body()).isEqualTo(200);
    assertThat(read.version()).isEqualTo(version);
    assertThat(read.headers().firstValue("Cache-Control")).hasValue("no-store");
    var headers = Http.create(key, "https-" + version);
    var request = HttpRequest.newBuilder(URI.create(api("/v1/payments")))
        .POST(BodyPublishers.ofString(TestMerchant.VISA));
    headers.forEach(request::header);
    var paid = client.send(request.build(), BodyHandlers.ofString());
    assertThat(paid.statusCode()).as(paid.body()).isEqualTo(202);
    // More than is taken: of HTTP/2 the stream alone is given up.
    var large = HttpRequest.newBuilder(URI.create(api("/v1/payments")))
        .POST(BodyPublishers.ofString(" ".repeat(200_000)));
    Http.create(key, "large-" + version).forEach(large::header);
    assertThat(client.send(large.build(), BodyHandlers.ofString()).statusCode()).isEqualTo(413);
    assertThat(get(client, api("/v1/balances")).statusCode()).isEqualTo(200);
    assertThat(get(client, api("/nothing")).statusCode()).isEqualTo(404);
  }

  @Test
  void api_isNotSpokenToByWhoDoesNotTrustItsCa_norWithoutTls() {
    assertThatThrownBy(() -> get(client(context(OTHERS, null, "TLS"), HttpClient.Version.HTTP_2),
        api("/openapi.yaml"))).isInstanceOf(SSLException.class);
    assertThatThrownBy(() -> get(HttpClient.newHttpClient(), api("/openapi.yaml").replace("https:", "http:")))
        .isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})
  void api_takesNoOldProtocol(String protocol) throws IOException {
    var address = URI.create(api("/"));
    try (var socket = (SSLSocket) context(CA, null, "TLS").getSocketFactory().createSocket("127.0.0.1",
        address.getPort())) {
      socket.setEnabledProtocols(new String[]{protocol});
      if (protocol.equals("TLSv1") || protocol.equals("TLSv1.1"))
        assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
      else
        socket.startHandshake();
    }
  }

  @Test
  void ops_asksForACertificateOfItsCa() throws IOException {
    var known = client(context(CA, CA.sign("ann", "dns:ann"), "TLS"), HttpClient.Version.HTTP_2);
    assertThat(get(known, ops("/ops/work")).statusCode()).isEqualTo(200);
    assertThat(get(known, ops("/metrics")).body())
        .containsPattern("millrace_tls_expiry_seconds\\{certificate=\"api.tls-certificate\"} 1[0-9.E]+")
        .contains("certificate=\"ops.tls-certificate\"", "certificate=\"ops.tls-client-ca\"");
    for (TestCa.Identity shown : new TestCa.Identity[]{null, OTHERS.sign("eve", "dns:eve")})
      assertThatThrownBy(() -> get(client(context(CA, shown, "TLS"), HttpClient.Version.HTTP_2),
          ops("/ops/work"))).isInstanceOf(IOException.class);
  }

  private static String served() throws IOException {
    var address = URI.create(api("/"));
    try (var socket = (SSLSocket) context(CA, null, "TLS").getSocketFactory().createSocket("127.0.0.1",
        address.getPort())) {
      socket.startHandshake();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSubjectX500Principal()
          .getName();
    }
  }

  /** A new certificate is taken without a restart, and not before its key is there. */
  @Test
  void files_thatChange_areTaken_onceTheyBelongTogether() throws IOException {
    String before = served();
    var second = CA.sign("second", "ip:127.0.0.1");
    var standing = trusting();
    assertThat(get(standing, api("/openapi.yaml")).statusCode()).isEqualTo(200);
    Files.copy(second.certificate(), certificate, StandardCopyOption.REPLACE_EXISTING);
    Await.until(Duration.ofSeconds(15), "it was looked at",
        () -> node.logText().contains("tls_not_reloaded"));
    assertThat(served()).isEqualTo(before);
    serve(second);
    Await.until(Duration.ofSeconds(15), "the new one is served", () -> {
      try {
        return !served().equals(before);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
    assertThat(served()).contains("second");
    assertThat(node.logText()).contains("tls_reloaded certificate=api.tls-certificate");
    assertThat(get(standing, api("/openapi.yaml")).statusCode()).isEqualTo(200);
  }
}
