package dev.millrace.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.rebuild.Rebuild;
import dev.millrace.testing.TestDatabase;
import dev.millrace.testing.TestServers;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RebuildCommandIT {
  @ParameterizedTest
  @ValueSource(strings = {"rebild", "--replace", "rebuild --replace --replace", "rebuild --force",
      "rebuild x"})
  void arguments_thatAreNoCommand_areRefused(String line) {
    assertThat(RebuildCommand.run(line.split(" "), Map.of())).isEqualTo(Rebuild.IMPOSSIBLE);
  }

  @Test
  void rebuild_ofADatabaseOfOnesOwn_asItsOwner() {
    var environment = Map.of("MILLRACE_POSTGRES_URI", TestDatabase.create().uri());
    assertThat(RebuildCommand.run(new String[]{"rebuild"}, environment)).isEqualTo(Rebuild.EQUAL);
    assertThat(RebuildCommand.run(new String[]{"rebuild", "--replace"}, environment))
        .isEqualTo(Rebuild.EQUAL);
  }

  /**
   * No gateway runs, so Postgres is started for the command and stopped after it. Nothing was ever migrated
   * there.
   */
  @Test
  void rebuild_ofTheEmbeddedDatabase_startsItForTheWhile(@TempDir Path directory) {
    int port = TestServers.freePort();
    var environment = Map.of("MILLRACE_DATA_DIRECTORY", directory.toString(),
        "MILLRACE_EMBEDDED_POSTGRES_PORT", String.valueOf(port));
    for (int time = 0; time < 2; time++)
      assertThat(RebuildCommand.run(new String[]{"rebuild"}, environment)).isEqualTo(Rebuild.IMPOSSIBLE);
    assertThat(directory.resolve("postgres")).exists();
  }

  @Test
  void configuration_thatCannotBeRead_isRefused() {
    assertThat(RebuildCommand.run(new String[]{"rebuild"}, Map.of("MILLRACE_POSTGRES_URI", "x")))
        .isEqualTo(Rebuild.IMPOSSIBLE);
  }
}
