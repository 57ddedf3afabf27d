package dev.millrace.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WritebackTest {
  @TempDir
  Path tables;

  @Test
  void writesOutWhatHasChangedOfLate() throws IOException {
    Path database = Files.createDirectory(tables.resolve("16384"));
    Path old = Files.write(database.resolve("1"), new byte[8192]);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofMinutes(1))));
    Files.write(database.resolve("2"), new byte[8192]);
    try (var writeback = Writeback.start(tables)) {
      assertEquals(1, writeback.startWriting());
      Files.write(old, new byte[8192]);
      assertEquals(2, writeback.startWriting());
    }
  }

  @Test
  void saysThatThereAreNoTables() {
    try (var writeback = Writeback.start(tables.resolve("none"))) {
      assertThrows(NoSuchFileException.class, writeback::startWriting);
    }
  }
}
