package dev.millrace.load;

import io.netty.buffer.ByteBuf;

/**
 * Reads the lines of one stream of server-sent events, however they were cut up, as cheaply as it can: of a
 * line it keeps only the first bytes. A frame is what has an id and data, and ends at the empty line.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">The
 *      WHATWG on parsing an event stream</a>
 */
final class EventLines {
  /** Hears of each frame: the hash of its id, and the line of its data, valid only while it is called. */
  interface Frames {
    void frame(long idHash, byte[] data, int dataLength);
  }

  private final Frames frames;
  private final byte[] line;
  private final byte[] data;
  private int kept;
  private int dataLength;
  private long idHash;
  private boolean hasId;
  private boolean begun;

  /** `bytesKept` of each line, 128 at least for the ids, as many as are needed of the data. */
  EventLines(Frames frames, int bytesKept) {
    this.frames = frames;
    line = new byte[bytesKept];
    data = new byte[bytesKept];
  }

  /** Whether the `retry:` that opens a stream has come. */
  boolean begun() {
    return begun;
  }

  void feed(ByteBuf bytes, int from, int to) {
    int at = from;
    while (at < to) {
      int newline = bytes.indexOf(at, to, (byte) '\n');
      int end = newline < 0 ? to : newline;
      int keep = Math.min(end - at, line.length - kept);
      bytes.getBytes(at, line, kept, keep);
      kept += keep;
      if (newline < 0) {
        return;
      }
      ended();
      at = newline + 1;
    }
  }

  private void ended() {
    int length = kept > 0 && line[kept - 1] == '\r' ? kept - 1 : kept;
    kept = 0;
    if (length == 0) {
      frameEnded();
    } else if (is("id:", length)) {
      int value = length > 3 && line[3] == ' ' ? 4 : 3;
      idHash = SeenIds.hash(line, value, length);
      hasId = true;
    } else if (is("data:", length)) {
      dataLength = length;
      System.arraycopy(line, 0, data, 0, length);
    } else if (is("retry:", length)) {
      begun = true;
    }
  }

  private boolean is(String field, int length) {
    if (length < field.length()) {
      return false;
    }
    for (int i = 0; i < field.length(); i++) {
      if (line[i] != field.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void frameEnded() {
    if (hasId && dataLength > 0) {
      frames.frame(idHash, data, dataLength);
    }
    hasId = false;
    dataLength = 0;
  }
}
