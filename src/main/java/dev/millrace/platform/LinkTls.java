package dev.millrace.platform;

import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;

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
    var tls = new LinkTls(file(config, ca, true), file(config, certificate, true), file(config, key, false));
    if (tls.certificate.isEmpty() != tls.key.isEmpty())
      throw new ConfigException(
          "`" + certificate + "` and `" + key + "` belong together: give both or neither");
    return tls;
  }

  private static String file(Config config, String setting, boolean certificates) {
    String path = config.text(setting);
    if (path.isEmpty()) return path;
    try {
      if (certificates) first(path);
      else if (!Files.isReadable(Path.of(path))) throw new IOException(path);
      return path;
    } catch (IOException e) {
      throw new ConfigException("`" + setting + "` is " + path + ", which cannot be read: give a PEM file");
    } catch (CertificateException e) {
      throw new ConfigException(
          "`" + setting + "` is " + path + ", which holds no certificate: give a PEM file with one");
    }
  }

  private static Certificate first(String path) throws IOException, CertificateException {
    try (InputStream in = Files.newInputStream(Path.of(path))) {
      var found = CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (found.isEmpty()) throw new CertificateException("it holds none");
      return found.iterator().next();
    }
  }

  /** Of our own key, by its certificate: {@code RSA}, {@code EC} or {@code EdDSA}. */
  String keyAlgorithm() {
    try {
      return first(certificate).getPublicKey().getAlgorithm();
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException(certificate + " could be read at the start: " + e, e);
    }
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

  /** For a client that has options of its own for this. */
  public ClientSSLOptions client() {
    var options = new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS");
    if (!ca.isEmpty()) options.setTrustOptions(new PemTrustOptions().addCertPath(ca));
    if (!certificate.isEmpty())
      options.setKeyCertOptions(new PemKeyCertOptions().addCertPath(certificate).addKeyPath(key));
    return options;
  }
}
