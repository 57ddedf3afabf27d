package dev.millrace.platform;

import io.vertx.core.net.ClientOptionsBase;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
  /** Of the link {@code name}, {@code redis} for example; files that cannot be read are refused. */
  public static LinkTls of(Config config, String name) {
    var tls = new LinkTls(file(config, name + ".tls-ca", true),
        file(config, name + ".tls-certificate", true), file(config, name + ".tls-key", false));
    if (tls.certificate.isEmpty() != tls.key.isEmpty())
      throw new ConfigException("`" + name + ".tls-certificate` and `" + name
          + ".tls-key` belong together: give both or neither");
    return tls;
  }

  private static String file(Config config, String setting, boolean certificates) {
    String path = config.text(setting);
    if (path.isEmpty()) return path;
    try (InputStream in = Files.newInputStream(Path.of(path))) {
      if (certificates && CertificateFactory.getInstance("X.509").generateCertificates(in).isEmpty())
        throw new CertificateException("it holds none");
      return path;
    } catch (IOException e) {
      throw new ConfigException("`" + setting + "` is " + path + ", which cannot be read: give a PEM file");
    } catch (CertificateException e) {
      throw new ConfigException(
          "`" + setting + "` is " + path + ", which holds no certificate: give a PEM file with one");
    }
  }

  /** Whether anything of it was configured. */
  public boolean configured() {
    return !ca.isEmpty() || !certificate.isEmpty();
  }

  /** Turns it on for a client. */
  public void on(ClientOptionsBase options) {
    options.setSsl(true);
    if (!ca.isEmpty()) options.setTrustOptions(new PemTrustOptions().addCertPath(ca));
    if (!certificate.isEmpty())
      options.setKeyCertOptions(new PemKeyCertOptions().addCertPath(certificate).addKeyPath(key));
  }
}
