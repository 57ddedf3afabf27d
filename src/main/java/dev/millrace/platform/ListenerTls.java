package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTPS of a listener, by PEM files: its certificate and key, and the CA of the certificates that its callers
 * must show where there is one. HTTP/1.1 and HTTP/2, by ALPN, over TLS 1.2 and 1.3. Files that change are
 * taken without a restart, once they belong together; connections that stand go on with the old ones.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9325">RFC 9325, recommendations for TLS</a>
 */
public final class ListenerTls {
  private static final Logger LOG = LoggerFactory.getLogger(ListenerTls.class);
  private static final long LOOK_MS = 5_000;
  private static final Set<String> PROTOCOLS = Set.of("TLSv1.2", "TLSv1.3");

  private final String certificateSetting;
  private final String keySetting;
  private final String clientCaSetting;
  private final String certificate;
  private final String key;
  private final String clientCa;
  private volatile String taken;

  /** By the names of the three settings; empty: none. Files that do not belong together are refused. */
  public ListenerTls(Config config, String certificate, String key, String clientCa) {
    this.certificateSetting = certificate;
    this.keySetting = key;
    this.clientCaSetting = clientCa;
    this.certificate = config.text(certificate);
    this.key = config.text(key);
    this.clientCa = config.text(clientCa);
    if (!on() && !this.clientCa.isEmpty())
      throw new ConfigException("`" + clientCa + "` needs `" + certificate + "`: nobody shows a certificate"
          + " without TLS");
    // Before they are read: what changes meanwhile is read again.
    this.taken = stamp();
    check();
  }

  /** Whether the listener speaks TLS. */
  public boolean on() { return !certificate.isEmpty(); }

  private void check() {
    PemFiles.pair(certificateSetting, certificate, keySetting, key);
    if (!clientCa.isEmpty()) PemFiles.certificate(clientCaSetting, clientCa);
  }

  private ServerSSLOptions options() {
    var options = new ServerSSLOptions().setUseAlpn(true).setEnabledSecureTransportProtocols(PROTOCOLS)
        .setApplicationLayerProtocols(List.of("h2", "http/1.1"))
        .setKeyCertOptions(new PemKeyCertOptions().addCertPath(certificate).addKeyPath(key));
    return clientCa.isEmpty()
        ? options
        : options.setTrustOptions(new PemTrustOptions().addCertPath(clientCa))
            .setClientAuth(ClientAuth.REQUIRED);
  }

  /** Has a listener that is to be made speak TLS, if any was configured. */
  public HttpServerOptions with(HttpServerOptions listener) {
    if (!on()) return listener;
    ServerSSLOptions ssl = options();
    listener.setSsl(true).setUseAlpn(true).setKeyCertOptions(ssl.getKeyCertOptions())
        .setEnabledSecureTransportProtocols(PROTOCOLS);
    if (!clientCa.isEmpty())
      listener.setTrustOptions(ssl.getTrustOptions()).setClientAuth(ClientAuth.REQUIRED);
    return listener;
  }

  /** Takes changed files from now on, for a listener that was made {@link #with} this; runs until closed. */
  public PacedLoop reloading(Vertx vertx, HttpServer server) {
    var loop = new PacedLoop(vertx, "tls_not_reloaded", LOOK_MS,
        () -> vertx.executeBlocking(this::changed, false).compose(changed -> changed == null
            ? Future.succeededFuture(LOOK_MS)
            : server.updateSSLOptions(changed.options, true).map(v -> {
              taken = changed.stamp;
              LOG.info("tls_reloaded certificate={}", certificateSetting);
              return LOOK_MS;
            })));
    if (on()) loop.start(LOOK_MS);
    return loop;
  }

  private record Changed(String stamp, ServerSSLOptions options) {}

  /** The files as they are, unless they are what was taken; refuses those that do not belong together. */
  private @Nullable Changed changed() {
    String now = stamp();
    if (now.equals(taken)) return null;
    check();
    return new Changed(now, options());
  }

  /** Of the files as they are; another one when one of them has changed. */
  private String stamp() {
    var stamp = new StringBuilder();
    for (String path : List.of(certificate, key, clientCa)) {
      try {
        if (!path.isEmpty())
          stamp.append(Files.getLastModifiedTime(Path.of(path))).append('/')
              .append(Files.size(Path.of(path)));
      } catch (IOException e) {
        stamp.append("gone"); // Which the check says of it.
      }
      stamp.append(';');
    }
    return stamp.toString();
  }
}
