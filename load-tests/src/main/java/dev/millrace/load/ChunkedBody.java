package dev.millrace.load;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Takes the chunked body out of one endless HTTP/1.1 response, however the bytes were cut up, and hands its
 * pieces on as they arrive. Anything but a 200 with a chunked body is an {@link IllegalStateException}.
 */
final class ChunkedBody {
  private static final int HEAD_BYTES_MAX = 8192;

  private enum State {
    HEAD, SIZE, EXTENSION, DATA, DATA_END, ENDED
  }

  private final EventLines body;
  private final StringBuilder head = new StringBuilder();
  private State state = State.HEAD;
  private long left;

  ChunkedBody(EventLines body) {
    this.body = body;
  }

  /** Reads every readable byte of `bytes` without moving its indices. */
  void feed(ByteBuf bytes) {
    int at = bytes.readerIndex();
    int end = bytes.writerIndex();
    while (at < end) {
      if (state == State.DATA) {
        int taken = (int) Math.min(left, end - at);
        body.feed(bytes, at, at + taken);
        at += taken;
        left -= taken;
        state = left == 0 ? State.DATA_END : State.DATA;
      } else {
        framing(bytes.getByte(at++));
      }
    }
  }

  boolean ended() {
    return state == State.ENDED;
  }

  /** One byte that is not the body's. */
  private void framing(byte one) {
    switch (state) {
      case HEAD -> head(one);
      case SIZE, EXTENSION -> size(one);
      case DATA_END -> state = one == '\n' ? State.SIZE : State.DATA_END;
      case ENDED -> {
      }
      case DATA -> throw new AssertionError("the body's byte");
    }
  }

  private void head(byte one) {
    head.append((char) one);
    if (one == '\n' && (head.indexOf("\r\n\r\n", Math.max(0, head.length() - 4)) >= 0)) {
      var text = head.toString().toLowerCase(Locale.ROOT);
      if (!text.startsWith("http/1.1 200 ") || !text.contains("\r\ntransfer-encoding: chunked\r\n")) {
        throw new IllegalStateException("not a stream: " + head.toString().replace("\r\n", " | "));
      }
      state = State.SIZE;
    } else if (head.length() == HEAD_BYTES_MAX) {
      throw new IllegalStateException("response head of more than " + HEAD_BYTES_MAX + " bytes");
    }
  }

  private void size(byte one) {
    int digit = Character.digit(one, 16);
    if (one == '\n') {
      state = left == 0 ? State.ENDED : State.DATA;
    } else if (state == State.SIZE && digit >= 0 && left < Integer.MAX_VALUE) {
      left = left * 16 + digit;
    } else if (one == ';' || one == '\r' || state == State.EXTENSION) {
      state = State.EXTENSION;
    } else {
      throw new IllegalStateException(
          "no chunk size: " + new String(new byte[]{one}, StandardCharsets.US_ASCII));
    }
  }
}
