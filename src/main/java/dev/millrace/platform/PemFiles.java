package dev.millrace.platform;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * Certificates and keys in PEM files (RFC 7468), as settings name them. Each read says in the setting's own
 * words what is wrong.
 */
final class PemFiles {
  private static final Pattern KEY = Pattern
      .compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
  private static final byte[] SAMPLE = "millrace".getBytes(StandardCharsets.US_ASCII);

  private PemFiles() {}

  /** The first certificate of the file. */
  static X509Certificate certificate(String setting, String path) {
    try (InputStream in = Files.newInputStream(Path.of(path))) {
      var found = CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (found.isEmpty()) throw new CertificateException("it holds none");
      return (X509Certificate) found.iterator().next();
    } catch (IOException e) {
      throw unreadable(setting, path);
    } catch (CertificateException e) {
      throw new ConfigException(
          "`" + setting + "` is " + path + ", which holds no certificate: give a PEM file with one");
    }
  }

  /** Refuses one without the other, and a key that is none, or not the certificate's. Both may be empty. */
  static void pair(String certificateSetting, String certificatePath, String keySetting, String keyPath) {
    if (certificatePath.isEmpty() != keyPath.isEmpty())
      throw new ConfigException(
          "`" + certificateSetting + "` and `" + keySetting + "` belong together: give both or neither");
    if (keyPath.isEmpty()) return;
    PublicKey open = certificate(certificateSetting, certificatePath).getPublicKey();
    var found = KEY.matcher(text(keySetting, keyPath));
    if (!found.find()) throw wrongKey(keySetting, keyPath, "holds no private key in PKCS#8");
    try {
      PrivateKey secret = KeyFactory.getInstance(open.getAlgorithm()).generatePrivate(
          new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(found.group(1))));
      if (!belong(open, secret))
        throw wrongKey(keySetting, keyPath, "is not the key of `" + certificateSetting + "`");
    } catch (GeneralSecurityException e) {
      throw wrongKey(keySetting, keyPath, "is not the key of `" + certificateSetting + "`");
    }
  }

  /** All that stands in the file. */
  static String text(String setting, String path) {
    try {
      return Files.readString(Path.of(path));
    } catch (IOException e) {
      throw unreadable(setting, path);
    }
  }

  private static boolean belong(PublicKey open, PrivateKey secret) throws GeneralSecurityException {
    String algorithm = switch (open.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      default -> open.getAlgorithm();
    };
    var signing = Signature.getInstance(algorithm);
    signing.initSign(secret);
    signing.update(SAMPLE);
    var verifying = Signature.getInstance(algorithm);
    verifying.initVerify(open);
    verifying.update(SAMPLE);
    return verifying.verify(signing.sign());
  }

  private static ConfigException unreadable(String setting, String path) {
    return new ConfigException("`" + setting + "` is " + path + ", which cannot be read: give a PEM file");
  }

  private static ConfigException wrongKey(String setting, String path, String what) {
    return new ConfigException("`" + setting + "` is " + path + ", which " + what);
  }
}
