package dev.millrace.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class SeenIdsTest {
  private final SeenIds seen = new SeenIds();

  @Test
  void add_onceEach() {
    for (int i = 0; i < 300_000; i++) {
      assertTrue(seen.add(SeenIds.hash(id(i))), id(i));
    }
    for (int i = 0; i < 300_000; i += 7) {
      assertFalse(seen.add(SeenIds.hash(id(i))), id(i));
    }
    assertEquals(300_000, seen.size());
  }

  @Test
  void hash_sameOfBytesAndOfText() {
    for (int i = 0; i < 1_000; i++) {
      var bytes = ("id: " + id(i) + "\r").getBytes(StandardCharsets.US_ASCII);
      assertEquals(SeenIds.hash(id(i)), SeenIds.hash(bytes, 4, bytes.length - 1));
    }
  }

  private static String id(int number) {
    return "evt_01jd3w5ynkfxmrx1v0" + String.format("%08d", number);
  }
}
