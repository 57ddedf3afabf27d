package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The CycloneDX bill of materials, which {@code mvn package} makes. */
class BillOfMaterialsIT {
  private static final Path BOM = Path.of("target/sbom.json");

  @Test
  void bill_namesEveryLibraryWithVersionAndHash() throws IOException {
    assumeThat(BOM).as("made by the phase package").exists();
    var bom = new JsonObject(Files.readString(BOM));
    assertThat(bom.getString("bomFormat")).isEqualTo("CycloneDX");
    assertThat(bom.getJsonObject("metadata").getJsonObject("component").getString("name"))
        .isEqualTo("millrace");
    var components = bom.getJsonArray("components").stream().map(c -> (JsonObject) c).toList();
    assertThat(components).hasSizeGreaterThan(60).allSatisfy(c -> {
      assertThat(c.getString("version")).isNotEmpty();
      assertThat(c.getString("purl")).startsWith("pkg:maven/");
      assertThat(c.getJsonArray("hashes")).isNotEmpty();
    });
    assertThat(components.stream().map(c -> c.getString("name"))).contains("vertx-core", "netty-codec-http",
        "kafka-clients", "postgresql", "logback-classic").doesNotContain("junit-jupiter", "assertj-core");
  }
}
