package dev.millrace.provider;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What providers publish of themselves: see {@code src/test/resources/provider/README.md}. */
public final class Fixture {
  private Fixture() {}

  /** {@code name}: {@code adyen/chargeback} for example. */
  public static JsonObject json(String name) {
    try {
      return new JsonObject(Buffer.buffer(
          Files.readAllBytes(Path.of("src/test/resources/provider").resolve(name + ".json"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
