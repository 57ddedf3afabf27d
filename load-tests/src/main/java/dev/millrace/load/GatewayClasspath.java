package dev.millrace.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the gateway's classes are: what the root project has compiled, and the jars its build names. */
final class GatewayClasspath {
  private GatewayClasspath() {}

  /** `--classpath` if given. Else asks Maven, once until the root pom changes. */
  static String of(Options options) {
    if (!options.classpath().isEmpty()) {
      return options.classpath();
    }
    return of(Path.of(System.getProperty("load.root", "..")));
  }

  /** What a checkout has compiled. */
  static String of(Path checkout) {
    var root = checkout.toAbsolutePath().normalize();
    var classes = root.resolve("target/classes");
    if (!Files.isRegularFile(classes.resolve("dev/millrace/Millrace.class"))) {
      throw new IllegalStateException("the gateway is not compiled: run `mvn -q compile` in " + root);
    }
    try {
      var jars = root.resolve("load-tests/target/gateway.classpath");
      var pom = Files.getLastModifiedTime(root.resolve("pom.xml"));
      if (!Files.exists(jars) || Files.getLastModifiedTime(jars).compareTo(pom) < 0) {
        askMaven(root, jars);
      }
      return classes + ":" + Files.readString(jars).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void askMaven(Path root, Path jars) throws IOException {
    Files.createDirectories(jars.getParent());
    var maven = new ProcessBuilder("mvn", "-q", "-B", "dependency:build-classpath", "-DincludeScope=runtime",
        "-Dmdep.outputFile=" + jars).directory(root.toFile()).inheritIO().start();
    try {
      if (maven.waitFor() != 0) {
        throw new IllegalStateException("`mvn dependency:build-classpath` failed in " + root);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
