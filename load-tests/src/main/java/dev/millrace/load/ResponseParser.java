package dev.millrace.load;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Finds the end of one HTTP/1.1 response, however it was cut into chunks, and gives its status. Reads the
 * status line, `Content-Length` and `Retry-After` and nothing else. One response at a time: bytes after its
 * end are an error, as nothing is pipelined. Errors are {@link IllegalStateException}s; the connection is of
 * no use after one.
 */
final class ResponseParser {
  /** What {@link #feed} answers while the response has not ended. */
  static final int INCOMPLETE = 0;

  private static final byte[] CONTENT_LENGTH = "content-length:"
      .getBytes(StandardCharsets.US_ASCII);
  private static final byte[] RETRY_AFTER = "retry-after:".getBytes(StandardCharsets.US_ASCII);
  private static final int RESPONSE_BYTES_MAX = 16_384;

  private final byte[] bytes = new byte[RESPONSE_BYTES_MAX];
  private int length;
  private int end;
  private int retryAfter;
  private int lastRetryAfter;

  /** Takes every readable byte of `chunk`; answers the status once the response is whole. */
  int feed(ByteBuf chunk) {
    int arrived = chunk.readableBytes();
    if (length + arrived > bytes.length) {
      throw new IllegalStateException("response of more than " + RESPONSE_BYTES_MAX + " bytes");
    }
    chunk.readBytes(bytes, length, arrived);
    length += arrived;
    if (end == 0) {
      end = findEnd();
    }
    if (end == 0 || length < end) {
      return INCOMPLETE;
    }
    if (length > end) {
      throw new IllegalStateException("bytes after the end of a response");
    }
    lastRetryAfter = retryAfter;
    reset();
    return number(9, 12);
  }

  /** The seconds in `Retry-After` of the last whole response, 0 if it had none. */
  int retryAfterSeconds() {
    return lastRetryAfter;
  }

  void reset() {
    length = 0;
    end = 0;
    retryAfter = 0;
  }

  private int findEnd() {
    int contentLength = -1;
    int line = 0;
    for (int i = 0; i < length; i++) {
      if (bytes[i] != '\n') {
        continue;
      }
      if (i - line <= 1) {
        return i + 1 + bodyLength(line, contentLength);
      }
      if (begins(CONTENT_LENGTH, line, i)) {
        contentLength = number(line + CONTENT_LENGTH.length, i);
      } else if (begins(RETRY_AFTER, line, i)) {
        retryAfter = number(line + RETRY_AFTER.length, i);
      }
      line = i + 1;
    }
    return 0;
  }

  private int bodyLength(int headLength, int contentLength) {
    if (headLength < 12 || bytes[0] != 'H') {
      throw new IllegalStateException("no HTTP status line");
    }
    int status = number(9, 12);
    if (contentLength < 0 && status != 204) {
      throw new IllegalStateException("response " + status + " without Content-Length");
    }
    return Math.max(0, contentLength);
  }

  private boolean begins(byte[] name, int from, int to) {
    if (to - from < name.length) {
      return false;
    }
    for (int i = 0; i < name.length; i++) {
      // Lower case by bit: leaves '-' and ':' as they are.
      if ((bytes[from + i] | 0x20) != name[i]) {
        return false;
      }
    }
    return true;
  }

  private int number(int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      int digit = bytes[i] - '0';
      if (digit >= 0 && digit <= 9 && number <= RESPONSE_BYTES_MAX) {
        number = number * 10 + digit;
      } else if (bytes[i] != ' ' && bytes[i] != '\r') {
        throw new IllegalStateException("not a number, or too large a one, in a response head");
      }
    }
    return number;
  }
}
