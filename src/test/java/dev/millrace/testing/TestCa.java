package dev.millrace.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A certificate authority of a test's own, and what it signs, as PEM files in one directory. */
public final class TestCa {
  private static final String PASSWORD = "secret";
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final Path directory;
  private final Path store;

  /** A certificate, with its CA behind it, and its key. */
  public record Identity(Path certificate, Path key) {}

  private TestCa(Path directory) {
    this.directory = directory;
    this.store = directory.resolve("ca.p12");
  }

  public static TestCa create() {
    try {
      var ca = new TestCa(
          Files.createTempDirectory(Files.createDirectories(Path.of("target", "it")), "ca").toAbsolutePath());
      ca.keytool("-genkeypair", "-alias", "ca", "-keyalg", "EC", "-dname", "CN=Test CA", "-ext",
          "bc:c=ca:true",
          "-validity", "2");
      ca.pem("ca", ca.directory.resolve("ca.pem"), null);
      return ca;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Its own certificate. */
  public Path certificate() {
    return directory.resolve("ca.pem");
  }

  /** {@code names}: as keytool's SAN takes them, {@code ip:127.0.0.1,dns:localhost} for example. */
  public Identity sign(String name, String names) {
    String alias = name + NUMBER.incrementAndGet();
    keytool("-genkeypair", "-alias", alias, "-keyalg", "EC", "-dname", "CN=" + alias, "-validity", "2",
        "-signer", "ca", "-ext", "SAN=" + names);
    var identity = new Identity(directory.resolve(alias + ".pem"), directory.resolve(alias + ".key"));
    pem(alias, identity.certificate, identity.key);
    return identity;
  }

  private void keytool(String... arguments) {
    var command = new ArrayList<>(
        List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
    command.addAll(List.of(arguments));
    command.addAll(List.of("-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD));
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0)
        throw new IllegalStateException(new String(process.getInputStream().readAllBytes()));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void pem(String alias, Path certificate, Path key) {
    try (InputStream in = Files.newInputStream(store)) {
      var keys = KeyStore.getInstance("PKCS12");
      keys.load(in, PASSWORD.toCharArray());
      var chain = new StringBuilder();
      for (Certificate one : keys.getCertificateChain(alias))
        chain.append(block("CERTIFICATE", one.getEncoded()));
      Files.writeString(certificate, chain);
      if (key == null) return;
      Files.createFile(key,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(key,
          block("PRIVATE KEY", keys.getKey(alias, PASSWORD.toCharArray()).getEncoded()));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String block(String what, byte[] bytes) {
    return "-----BEGIN " + what + "-----\n"
        + Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(bytes)
        + "\n-----END " + what + "-----\n";
  }
}
