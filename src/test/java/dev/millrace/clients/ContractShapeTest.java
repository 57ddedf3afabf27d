package dev.millrace.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code openapi.yaml} has nothing that generators of clients are known to get wrong. What that is, and why,
 * stands in {@code src/test/clients}.
 */
class ContractShapeTest {
  private static final Path CONTRACT = Path.of("src", "main", "resources", "openapi.yaml");

  private static List<String> faults(String yaml) throws IOException {
    var contract = new ObjectMapper(new YAMLFactory()).readTree(yaml);
    var faults = new ArrayList<String>();
    if (contract.has("webhooks")) faults.add("webhooks: write a callback");
    if (contract.at("/components/schemas").has("Error")) faults.add("Error: give the schema another name");
    find(contract.at("/components/schemas"), "", faults);
    return faults;
  }

  private static void find(JsonNode node, String path, List<String> faults) {
    if (node.has("allOf")) faults.add(path + ": write out what `allOf` extends");
    if (node.path("maximum").asLong() > Integer.MAX_VALUE && !node.path("format").asText().equals("int64"))
      faults.add(path + ": a number of this size is `int64`");
    for (var property : node.path("properties").properties()) {
      String at = path + "/properties/" + property.getKey();
      if (property.getValue().path("type").asText().equals("null"))
        faults.add(at + ": give it a type beside `null`");
      if (property.getValue().has("default")) faults.add(at + ": say the default in the description");
    }
    if (node.isObject())
      node.properties().forEach(part -> find(part.getValue(), path + "/" + part.getKey(), faults));
    for (int i = 0; node.isArray() && i < node.size(); i++) find(node.get(i), path + "/" + i, faults);
  }

  @Test
  void contract_hasNothingThatClientsGetWrong() throws IOException {
    assertThat(faults(Files.readString(CONTRACT))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"{webhooks: {}}|webhooks: write a callback",
      "{components: {schemas: {Error: {}}}}|Error: give the schema another name",
      "{components: {schemas: {A: {allOf: []}}}}|/A: write out what `allOf` extends",
      "{components: {schemas: {A: {maximum: 2147483648}}}}|/A: a number of this size is `int64`",
      "{components: {schemas: {A: {properties: {b: {type: 'null'}}}}}}"
          + "|/A/properties/b: give it a type beside `null`",
      "{components: {schemas: {A: {properties: {b: {default: 1}}}}}}"
          + "|/A/properties/b: say the default in the description"})
  void contract_thatClientsGetWrong_isNoticed(String yaml, String fault) throws IOException {
    assertThat(faults(yaml)).containsExactly(fault);
  }
}
