package dev.millrace.conformance;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What providers publish of their interfaces, from the directory that {@link #PROPERTY} names. */
final class Contracts {
  static final String PROPERTY = "millrace.contracts";
  static final String WHY = "-Dmillrace.contracts names no directory with the providers' published files:"
      + " see src/test/java/dev/millrace/conformance/README.md";

  private Contracts() {}

  private static JsonObject json(String name) {
    Path file = Path.of(System.getProperty(PROPERTY)).resolve(name);
    try {
      return new JsonObject(Buffer.buffer(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adyen's Checkout API, version 71. */
  static OpenApi checkout() {
    return new OpenApi(json("adyen-checkout-v71.json"));
  }

  /** Adyen's standard webhooks. */
  static OpenApi webhooks() {
    return new OpenApi(json("adyen-webhooks-v1.json"));
  }

  /** An example of each of Stripe's objects, by its name. */
  static Map<String, JsonObject> stripeObjects() {
    var objects = new LinkedHashMap<String, JsonObject>();
    json("stripe-fixtures3.json").getJsonObject("resources").forEach(e -> objects.put(e.getKey(),
        (JsonObject) e.getValue()));
    return objects;
  }
}
