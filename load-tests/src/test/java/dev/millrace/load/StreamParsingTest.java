package dev.millrace.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StreamParsingTest {
  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n";
  private static final String EVENTS = "retry: 1000\n\n: heartbeat\n\nid: evt_a\nevent: payment.initiated\n"
      + "data: {\"timestamp\":\"2026-11-21T12:34:56.789Z\",\"id\": \"evt_x\"}\n\n: heartbeat\n\n"
      + "id:evt_b\r\nevent: payment.settled\r\ndata: {\"a\":1}\r\n\r\ndata: without an id\n\n";
  private static final List<String> FRAMES = List.of(
      SeenIds.hash("evt_a") + " data: {\"timestamp\":\"2026-11-21T12:34:56.789Z\",\"id\": \"evt_x\"}",
      SeenIds.hash("evt_b") + " data: {\"a\":1}");

  private final List<String> frames = new ArrayList<>();
  private EventLines lines;
  private ChunkedBody body;

  private void begin(int bytesKept) {
    frames.clear();
    lines = new EventLines((id, data, length) -> frames.add(
        id + " " + new String(data, 0, length, StandardCharsets.US_ASCII)), bytesKept);
    body = new ChunkedBody(lines);
  }

  @Test
  void feed_cutAtEveryByte() {
    var response = HEAD + chunked(EVENTS, EVENTS.length());
    for (int cut = 1; cut < response.length(); cut++) {
      begin(1024);
      feed(response.substring(0, cut));
      feed(response.substring(cut));
      assertEquals(FRAMES, frames, "cut at " + cut);
    }
  }

  @Test
  void feed_everySizeOfChunk() {
    for (int size = 1; size <= EVENTS.length(); size++) {
      begin(1024);
      feed(HEAD + chunked(EVENTS, size));
      assertEquals(FRAMES, frames, "chunks of " + size);
    }
  }

  @Test
  void begun_onceRetryHasCome() {
    begin(1024);
    feed(HEAD);
    assertFalse(lines.begun());
    feed("c\r\nretry: 1000\n\r\n");
    assertTrue(lines.begun());
  }

  @Test
  void feed_longLines() {
    begin(8);
    feed(HEAD + chunked("id: evt_12345\ndata: " + "x".repeat(500) + "\n\n", 33));
    assertEquals(List.of(SeenIds.hash("evt_") + " data: xx"), frames);
  }

  @Test
  void feed_idWithoutData_isNoFrame() {
    begin(1024);
    feed(HEAD + chunked("retry: 2000\nid: evt_a\n\n: heartbeat\nid: evt_b\n\nid: evt_c\ndata: {}\n\n", 7));
    assertEquals(List.of(SeenIds.hash("evt_c") + " data: {}"), frames);
  }

  @Test
  void feed_refused() {
    begin(128);
    var failure = assertThrows(IllegalStateException.class,
        () -> feed("HTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\n{}"));
    assertEquals("not a stream: HTTP/1.1 410 Gone | Content-Length: 2 |  | ", failure.getMessage());
  }

  @Test
  void feed_noChunkSize() {
    begin(128);
    feed(HEAD + "2\r\nab\r\n");
    var failure = assertThrows(IllegalStateException.class, () -> feed("x"));
    assertEquals("no chunk size: x", failure.getMessage());
  }

  @Test
  void feed_afterTheEnd() {
    begin(128);
    feed(HEAD + chunked("id: a\ndata: b\n\n", 3) + "0\r\n\r\n");
    assertEquals(1, frames.size());
    assertTrue(body.ended());
  }

  private void feed(String text) {
    body.feed(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  private static String chunked(String text, int size) {
    var chunked = new StringBuilder();
    for (int at = 0; at < text.length(); at += size) {
      var chunk = text.substring(at, Math.min(text.length(), at + size));
      chunked.append(Integer.toHexString(chunk.length())).append("\r\n").append(chunk).append("\r\n");
    }
    return chunked.toString();
  }
}
