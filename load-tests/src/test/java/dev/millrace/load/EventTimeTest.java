package dev.millrace.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class EventTimeTest {
  @Test
  void millis_firstTimestamp() {
    long expected = Instant.parse("2026-11-21T12:34:56.789Z").toEpochMilli();
    assertEquals(expected, millis("""
      {"type":"payment.settled","timestamp":"2026-11-21T12:34:56.789Z","data":{"timestamp":"x"}}"""));
    assertEquals(expected, millis("{\"timestamp\":\"2026-11-21T12:34:56.789999Z\"}"));
    assertEquals(expected - 789, millis("{\"timestamp\":\"2026-11-21T12:34:56Z\"}"));
  }

  @Test
  void millis_none() {
    assertEquals(EventTime.NONE, millis("{\"type\":\"payment.settled\"}"));
    assertEquals(EventTime.NONE, millis("{\"timestamp\":\"yesterday\"}"));
    assertEquals(EventTime.NONE, millis("{\"timestamp\":\"2026-11-21T12:34:56.789Z"));
    assertEquals(EventTime.NONE, millis("{\"timestamp\":\""));
    assertEquals(EventTime.NONE, millis(""));
  }

  private static long millis(String json) {
    // Between other bytes: those outside must not be read.
    var bytes = (" " + json + "\"timestamp\":\"2020-01-01T00:00:00Z\"").getBytes(StandardCharsets.US_ASCII);
    return EventTime.millis(bytes, 1, 1 + json.length());
  }
}
