package dev.millrace.api;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventRow;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One merchant's recent events in one mode, numbered, for all clients that listen to them. Every event of the merchant
 * behind {@link #covered()} is here, until it is forgotten. Owned by one event loop.
 */
final class StreamFeed {
  /** Whose events. */
  record Key(UUID merchant, boolean livemode) {}

  /** One event, as it is sent. */
  record Frame(StreamFeed feed, Cursor place, String type, UUID subject, Buffer bytes) {}

  /** Some frames in one piece, the place up to which they reach, and the number of the one after them. */
  record Batch(Buffer bytes, int count, Cursor until, long next) {}

  final Key key;
  final Set<StreamClient> clients = new HashSet<>();
  /** Clients that came before the tail was read for this feed. */
  final Set<StreamClient> waiting = new HashSet<>();
  private final ArrayDeque<Frame> frames = new ArrayDeque<>();
  private @Nullable Cursor covered;
  private long start;
  private @Nullable Batch last;
  private long lastFrom = -1;

  StreamFeed(Key key) { this.key = key; }

  /** Behind which place every event is here; null as long as the tail has not been read for it. */
  @Nullable
  Cursor covered() { return covered; }

  void cover(Cursor from) { covered = from; }

  /** The number of the first frame that is here. */
  long start() { return start; }

  /** The number of the next frame to come. */
  long end() { return start + frames.size(); }

  Frame add(EventRow event, Buffer bytes) {
    var frame = new Frame(this, event.place(), event.type(), event.subject(), bytes);
    frames.add(frame);
    return frame;
  }

  void forgetOldest(Frame frame) {
    if (frames.peek() != frame) return; // the feed has been forgotten as a whole
    frames.remove();
    start++;
    covered = frame.place;
  }

  void forget() {
    frames.clear();
    last = null;
  }

  /** The number of the first frame behind a place. */
  long after(Cursor place) {
    long number = start;
    for (Frame frame : frames) {
      if (frame.place.after(place)) break;
      number++;
    }
    return number;
  }

  /** What a client gets next: frames from a number on that its filter lets through, of about so many bytes. */
  Batch batch(long from, int bytesMax, Events.Filter filter) {
    boolean all = filter.types() == null && filter.payment() == null;
    // Clients that keep up ask for the same.
    if (all && last != null && lastFrom == from && last.next == end()) return last;
    var bytes = Buffer.buffer();
    int count = 0;
    long number = start;
    Cursor until = Cursor.START;
    for (Frame frame : frames) {
      if (number >= from) {
        if (number > from && bytes.length() >= bytesMax) break;
        until = frame.place;
        if (all || filter.matches(frame.type, frame.subject)) {
          bytes.appendBuffer(frame.bytes);
          count++;
        }
      }
      number++;
    }
    var batch = new Batch(bytes, count, until, number);
    if (all) {
      last = batch;
      lastFrom = from;
    }
    return batch;
  }

  /** In a later turn of the event loop. */
  void later(Runnable work) {
    Vertx.currentContext().runOnContext(v -> work.run());
  }
}
