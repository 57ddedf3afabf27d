package dev.millrace.api;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventRow;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One merchant's recent events in one mode, numbered, for all clients that listen to them. Every event of the
 * merchant behind {@link #covered()} is here, until it is forgotten. Owned by one event loop.
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
  /** Clients whose place the tail has not reached yet. */
  final Set<StreamClient> waiting = new HashSet<>();
  /** A ring: frame {@code n} stands at {@code n} modulo its length, which is a power of two. */
  private @Nullable Frame[] ring = new Frame[64];
  private @Nullable Cursor covered;
  private long start;
  private long end;
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
  long end() { return end; }

  private Frame at(long number) {
    return Objects.requireNonNull(ring[(int) (number & (ring.length - 1))]);
  }

  private static void put(@Nullable Frame[] into, long number, @Nullable Frame frame) {
    into[(int) (number & (into.length - 1))] = frame;
  }

  Frame add(EventRow event, Buffer bytes) {
    var frame = new Frame(this, event.place(), event.type(), event.subject(), bytes);
    if (end - start == ring.length) {
      var wider = new Frame[2 * ring.length];
      for (long number = start; number < end; number++) put(wider, number, at(number));
      ring = wider;
    }
    put(ring, end++, frame);
    return frame;
  }

  void forgetOldest(Frame frame) {
    if (start == end || at(start) != frame) return; // the feed has been forgotten as a whole
    put(ring, start++, null);
    covered = frame.place;
  }

  void forget() {
    ring = new Frame[1];
    start = end;
    last = null;
  }

  /** The number of the first frame behind a place. */
  long after(Cursor place) {
    long low = start;
    long high = end;
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (at(middle).place.after(place)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /**
   * What a client gets next: frames from a number on that its filter lets through, of about so many bytes.
   */
  Batch batch(long from, int bytesMax, Events.Filter filter) {
    boolean all = filter.types() == null && filter.payment() == null;
    // Clients that keep up ask for the same.
    if (all && last != null && lastFrom == from && last.next == end()) return last;
    var bytes = Buffer.buffer();
    int count = 0;
    long number = from;
    Cursor until = Cursor.START;
    for (; number < end && (number == from || bytes.length() < bytesMax); number++) {
      Frame frame = at(number);
      until = frame.place;
      if (all || filter.matches(frame.type, frame.subject)) {
        bytes.appendBuffer(frame.bytes);
        count++;
      }
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
