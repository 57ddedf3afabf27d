package dev.millrace.api;

import dev.millrace.journal.Cursor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open event stream: how far it has come, and what its connection still holds. Owned by one event loop.
 */
final class StreamClient {
  private static final Logger LOG = LoggerFactory.getLogger(StreamClient.class);

  final StreamFeed feed;
  final HttpServerResponse response;
  /** The id of the key that it was opened with. */
  final UUID apiKey;
  final Events.Filter filter;
  /** The place up to which it has been given everything. */
  Cursor from;
  /** Once it is live: the number of the feed's next frame for it. */
  long next;
  boolean live;
  boolean closed;
  long wroteAtMs = nowMs();
  /** Since when its connection takes nothing, 0 when it does. */
  long fullSinceMs;

  StreamClient(StreamFeed feed, HttpServerResponse response, UUID apiKey, Events.Filter filter,
      Cursor from) {
    this.feed = feed;
    this.response = response;
    this.apiKey = apiKey;
    this.filter = filter;
    this.from = from;
  }

  private static long nowMs() { return System.nanoTime() / 1_000_000; }

  boolean full() { return response.writeQueueFull(); }

  void write(Buffer bytes) {
    wroteAtMs = nowMs();
    response.write(bytes).onFailure(e -> LOG.debug("stream_write error=\"{}\"", e.getMessage()));
  }

  /** Whether its connection has taken nothing for longer than {@code ms}; asked now and then. */
  boolean stalled(long now, long ms) {
    if (!full()) fullSinceMs = 0;
    else if (fullSinceMs == 0) fullSinceMs = now;
    return fullSinceMs > 0 && now - fullSinceMs > ms;
  }

  /** Runs {@code then} once the connection takes more; in this turn or a later one. */
  void whenDrained(Runnable then) {
    if (!full()) {
      fullSinceMs = 0;
      response.drainHandler(null);
      feed.later(then);
      return;
    }
    if (fullSinceMs == 0) fullSinceMs = nowMs();
    response.drainHandler(v -> {
      fullSinceMs = 0;
      response.drainHandler(null);
      then.run();
    });
  }
}
