package dev.millrace.webhook;

import io.vertx.core.Vertx;
import io.vertx.core.net.TrustOptions;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts a server whose certificate the authorities vouch for, under the name that was asked for. For names
 * as the JDK knows them all of that is the JDK's; a host with an underscore it takes for no name and refuses,
 * whatever the certificate says, so those are compared here. Only a wildcard can cover them: authorities
 * write no underscore into a certificate.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9525#section-6.3">RFC 9525, matching the DNS domain name</a>
 */
final class HostTrust extends X509ExtendedTrustManager {
  private static final int DNS_NAME = 2;

  private final X509ExtendedTrustManager authorities;

  private HostTrust(X509ExtendedTrustManager authorities) { this.authorities = authorities; }

  /** {@code authorities}: who vouches; null for those that the JDK knows, which are read at once. */
  static TrustOptions of(Vertx vertx, @Nullable TrustOptions authorities) {
    try {
      var factory = authorities == null
          ? TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm())
          : authorities.getTrustManagerFactory(vertx);
      if (authorities == null) factory.init((KeyStore) null);
      for (TrustManager one : factory.getTrustManagers())
        if (one instanceof X509ExtendedTrustManager x509) return TrustOptions.wrap(new HostTrust(x509));
    } catch (Exception e) {
      throw new IllegalStateException("the certificates of the authorities cannot be read", e);
    }
    throw new IllegalStateException("there are no certificates of authorities");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    String host = engine.getPeerHost();
    if (host == null || host.indexOf('_') < 0) {
      authorities.checkServerTrusted(chain, authType, engine);
      return;
    }
    authorities.checkServerTrusted(chain, authType);
    if (!names(chain[0], host))
      throw new CertificateException("the certificate has no name that covers " + host);
  }

  private static boolean names(X509Certificate certificate, String host) throws CertificateException {
    Collection<List<?>> all = certificate.getSubjectAlternativeNames();
    return all != null && all.stream().filter(name -> name.get(0).equals(DNS_NAME))
        .anyMatch(name -> covers(String.valueOf(name.get(1)), host));
  }

  /** A name itself, or by {@code *} for its first label, and no other. */
  static boolean covers(String name, String host) {
    String asked = host.toLowerCase(Locale.ROOT);
    if (asked.endsWith(".")) asked = asked.substring(0, asked.length() - 1);
    String known = name.toLowerCase(Locale.ROOT);
    if (known.equals(asked)) return true;
    int dot = asked.indexOf('.');
    return dot > 0 && known.startsWith("*.") && known.indexOf('.', 2) > 0 && known.indexOf('*', 1) < 0
        && known.substring(1).equals(asked.substring(dot));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    authorities.checkServerTrusted(chain, authType, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
    authorities.checkServerTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
    authorities.checkClientTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() { return authorities.getAcceptedIssuers(); }
}
