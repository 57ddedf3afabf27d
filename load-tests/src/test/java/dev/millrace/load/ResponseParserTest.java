package dev.millrace.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ResponseParserTest {
  private static final byte[] ACCEPTED = bytes(
      "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\ncontent-length: 12\r\nX-Id: 7\r\n\r\n{\"id\":\"a\\n\"}");
  private final ResponseParser parser = new ResponseParser();

  @Test
  void feed_cutAtEveryByte() {
    for (int cut = 1; cut < ACCEPTED.length; cut++) {
      assertEquals(ResponseParser.INCOMPLETE, feed(ACCEPTED, 0, cut), "cut at " + cut);
      assertEquals(202, feed(ACCEPTED, cut, ACCEPTED.length), "cut at " + cut);
    }
  }

  @Test
  void feed_byteByByte() {
    for (int i = 0; i < ACCEPTED.length - 1; i++) {
      assertEquals(ResponseParser.INCOMPLETE, feed(ACCEPTED, i, i + 1), "byte " + i);
    }
    assertEquals(202, feed(ACCEPTED, ACCEPTED.length - 1, ACCEPTED.length));
  }

  @Test
  void feed_nothingInTheBody() {
    assertEquals(503,
        feed("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"));
    assertEquals(204, feed("HTTP/1.1 204 No Content\r\n\r\n"));
  }

  @Test
  void retryAfter_isOfTheLastResponse() {
    feed("HTTP/1.1 503 Service Unavailable\r\nretry-after: 17\r\nContent-Length: 0\r\n\r\n");
    assertEquals(17, parser.retryAfterSeconds());
    feed("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    assertEquals(0, parser.retryAfterSeconds());
  }

  @Test
  void feed_withoutLength() {
    var failure = assertThrows(IllegalStateException.class,
        () -> feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assertEquals("response 200 without Content-Length", failure.getMessage());
  }

  @Test
  void feed_bytesAfterTheEnd() {
    var failure = assertThrows(IllegalStateException.class,
        () -> feed("HTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\nab"));
    assertEquals("bytes after the end of a response", failure.getMessage());
  }

  @Test
  void feed_larger() {
    var failure = assertThrows(IllegalStateException.class, () -> feed("x".repeat(16_385)));
    assertEquals("response of more than 16384 bytes", failure.getMessage());
  }

  private int feed(String text) {
    return feed(bytes(text), 0, text.length());
  }

  private int feed(byte[] bytes, int from, int to) {
    return parser.feed(Unpooled.wrappedBuffer(bytes, from, to - from));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
