package dev.millrace.platform;

import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.util.HashMap;
import java.util.Map;

/**
 * How a link to a server is protected, by the configuration keys {@code <link>.tls-ca},
 * {@code .tls-certificate} and {@code .tls-key}: PEM files, each empty for none. The server's certificate is
 * verified against the CA, or those that the JDK trusts, and its name against the host that was asked for;
 * our own is shown where there is one.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6125">RFC 6125, whose names</a>
 */
public record LinkTls(String ca, String certificate, String key) {
  /** By the names of the three settings; files that cannot be read are refused. */
  static LinkTls of(Config config, String ca, String certificate, String key) {
    var tls = new LinkTls(config.text(ca), config.text(certificate), config.text(key));
    if (!tls.ca.isEmpty()) PemFiles.certificate(ca, tls.ca);
    PemFiles.pair(certificate, tls.certificate, key, tls.key);
    return tls;
  }

  /** Of our own key, by its certificate: {@code RSA}, {@code EC} or {@code EdDSA}. */
  String keyAlgorithm() {
    return PemFiles.certificate("tls-certificate", certificate).getPublicKey().getAlgorithm();
  }

  /** Whether anything of it was configured. */
  public boolean configured() {
    return !ca.isEmpty() || !certificate.isEmpty();
  }

  /** The same for a plain connection. */
  public NetClientOptions net() {
    ClientSSLOptions ssl = client();
    var options = new NetClientOptions().setSsl(true)
        .setHostnameVerificationAlgorithm(ssl.getHostnameVerificationAlgorithm());
    if (ssl.getTrustOptions() != null) options.setTrustOptions(ssl.getTrustOptions());
    if (ssl.getKeyCertOptions() != null) options.setKeyCertOptions(ssl.getKeyCertOptions());
    return options;
  }

  /**
   * For a client of Kafka, which takes the PEM text itself.
   *
   * @see <a href="https://kafka.apache.org/documentation/#security_ssl">Kafka, encryption using SSL</a>
   */
  Map<String, String> kafka() {
    var settings = new HashMap<>(Map.of("ssl.endpoint.identification.algorithm", "https"));
    if (!ca.isEmpty()) {
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.certificates", PemFiles.text("kafka.tls-ca", ca));
    }
    if (!certificate.isEmpty()) {
      settings.put("ssl.keystore.type", "PEM");
      settings.put("ssl.keystore.certificate.chain", PemFiles.text("kafka.tls-certificate", certificate));
      settings.put("ssl.keystore.key", PemFiles.text("kafka.tls-key", key));
    }
    return settings;
  }

  /** For a client that has options of its own for this. */
  public ClientSSLOptions client() {
    var options = new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS");
    if (!ca.isEmpty()) options.setTrustOptions(new PemTrustOptions().addCertPath(ca));
    if (!certificate.isEmpty())
      options.setKeyCertOptions(new PemKeyCertOptions().addCertPath(certificate).addKeyPath(key));
    return options;
  }
}
