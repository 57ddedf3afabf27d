package dev.millrace.conformance;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** A description in OpenAPI 3.1: its schemas, and its examples. Not for several threads at once. */
final class OpenApi {
  private static final String BASE = "https://contract.invalid/api";

  private final JsonObject document;
  private final SchemaRepository repository = SchemaRepository.create(new JsonSchemaOptions().setBaseUri(BASE)
      .setDraft(Draft.DRAFT202012).setOutputFormat(OutputFormat.Basic));

  OpenApi(JsonObject document) {
    this.document = document;
    // The repository writes into what it is given.
    repository.dereference(BASE, JsonSchema.of(document.copy()));
  }

  /** What is wrong with {@code value} by a schema of the description; empty when it is valid. */
  List<String> errors(JsonObject schema, Object value) {
    OutputUnit result = repository.validator(JsonSchema.of(absolute(schema))).validate(value);
    if (result.getValid()) return List.of();
    var errors = new TreeSet<String>();
    for (OutputUnit error : result.getErrors())
      errors.add(error.getInstanceLocation() + ": " + error.getError());
    return List.copyOf(errors);
  }

  private static JsonObject absolute(JsonObject schema) {
    return new JsonObject().put("$ref", BASE + schema.getString("$ref"));
  }

  private JsonObject operation(String path, String method) {
    JsonObject paths = document.getJsonObject("paths").getJsonObject(path);
    JsonObject operation = paths == null ? null : paths.getJsonObject(method);
    if (operation == null) throw new AssertionError("no " + method + " " + path + " is published");
    return operation;
  }

  /** The schema of a request's body. */
  JsonObject requestSchema(String path, String method) {
    return operation(path, method).getJsonObject("requestBody").getJsonObject("content")
        .getJsonObject("application/json").getJsonObject("schema");
  }

  /** The schema of an answer's body. A status that is not published has the one of a refusal. */
  JsonObject responseSchema(String path, String method, int status) {
    JsonObject responses = operation(path, method).getJsonObject("responses");
    JsonObject response = responses.getJsonObject(String.valueOf(status));
    if (response == null && status < 400) throw new AssertionError("no status " + status + " of " + path);
    return (response == null ? responses.getJsonObject("422") : response).getJsonObject("content")
        .getJsonObject("application/json").getJsonObject("schema");
  }

  /** The names of the webhooks, {@code CAPTURE} for example. */
  List<String> webhooks() {
    return document.getJsonObject("webhooks").fieldNames().stream().map(name -> name.substring(1)).toList();
  }

  private JsonObject webhook(String name) {
    JsonObject webhook = document.getJsonObject("webhooks").getJsonObject("/" + name);
    if (webhook == null) throw new AssertionError("no webhook " + name + " is published");
    return webhook.getJsonObject("post").getJsonObject("requestBody").getJsonObject("content")
        .getJsonObject("application/json");
  }

  JsonObject webhookSchema(String name) { return webhook(name).getJsonObject("schema"); }

  /** The examples of all webhooks, by their own names. */
  Map<String, JsonObject> webhookExamples() {
    var examples = new LinkedHashMap<String, JsonObject>();
    for (String name : webhooks()) {
      JsonObject of = webhook(name).getJsonObject("examples", new JsonObject());
      for (String example : of.fieldNames()) {
        String ref = of.getJsonObject(example).getString("$ref");
        examples.put(example, document.getJsonObject("components").getJsonObject("examples")
            .getJsonObject(ref.substring(ref.lastIndexOf('/') + 1)).getJsonObject("value").copy());
      }
    }
    return examples;
  }

  /** All event codes that an item may have. */
  List<String> eventCodes() {
    var codes = new TreeSet<>(webhooks());
    JsonObject schemas = document.getJsonObject("components").getJsonObject("schemas");
    for (String name : schemas.fieldNames()) {
      JsonObject code = schemas.getJsonObject(name).getJsonObject("properties", new JsonObject())
          .getJsonObject("eventCode");
      if (code != null) for (Object one : code.getJsonArray("enum", new JsonArray())) codes.add((String) one);
    }
    return new ArrayList<>(codes);
  }
}
