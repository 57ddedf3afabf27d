package dev.millrace.api;

import dev.millrace.api.Call.Answer;
import dev.millrace.api.StreamFeed.Frame;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.EventReads.Page;
import dev.millrace.journal.EventReads.Wanted;
import dev.millrace.journal.EventRow;
import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /v1/events/stream}: server-sent events of the caller's, without a gap and in the journal's order, from any
 * cursor on, on any node. While anybody listens the journal's tail is read once for all clients of this event loop; an
 * event is written once and its bytes go to everybody. A client first reads from Postgres what it has missed, in pages
 * and a few clients at a time, until it meets what is kept of the tail in memory. Owned by one event loop.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">HTML, server-sent events</a>
 */
final class EventStream {
  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
  private static final Set<String> QUERY = Set.of("after", "types", "payment");
  private static final int TAIL_MAX = 2_000;
  private static final int PAGE_MAX = 200;
  /** How many clients may read from Postgres at once. */
  private static final int CATCHING_UP_MAX = 8;
  private static final long LOOK_MS = 1_000;
  private static final long RETRY_MS = 500;

  /** Sizes and times. {@code retryMs}: what clients are told to wait before they connect again. */
  record Limits(int clientsMax, int merchantClientsMax, long pollMs, long heartbeatMs, long retryMs,
      int clientBytesMax, int recentBytesMax, long stallMs) {}

  private final Vertx vertx;
  private final EventReads reads;
  private final Events events;
  private final Limits limits;
  private final QueueMeter meter;
  private final Counter sent;
  private final Counter slow;
  private final Map<StreamFeed.Key, StreamFeed> feeds = new HashMap<>();
  /** Frames of all feeds, oldest first, to forget when there are too many bytes of them. */
  private final ArrayDeque<Frame> recent = new ArrayDeque<>();
  private final ArrayDeque<StreamClient> catchUps = new ArrayDeque<>();
  private @Nullable Cursor tail;
  private long recentBytes;
  private int catchingUp;
  private volatile int clients;
  private boolean polling;
  private boolean closed;

  EventStream(Vertx vertx, EventReads reads, Events events, Limits limits, String instance,
      MeterRegistry registry) {
    this.vertx = vertx;
    this.reads = reads;
    this.events = events;
    this.limits = limits;
    this.meter = new QueueMeter(registry, "streams", instance, limits.clientsMax, this, s -> s.clients);
    this.sent = Counter.builder("millrace.stream.events").tag("instance", instance).register(registry);
    this.slow = Counter.builder("millrace.stream.slow.clients").tag("instance", instance).register(registry);
    vertx.setPeriodic(LOOK_MS, id -> look());
  }

  /** Opens a stream; from then on the response is this class's. */
  Future<Answer> open(Call call) {
    Query q = new Query(call.context().queryParams(), QUERY);
    String after = q.text("after");
    Events.Filter filter = Events.filter(q);
    q.check();
    // A browser repeats the URL when it connects again, and says in the header how far it had come.
    String last = call.request().getHeader("Last-Event-ID");
    Cursor cursor = last != null && !last.isEmpty()
        ? events.cursor("Last-Event-ID", last)
        : after == null ? null : events.cursor("after", after);
    var key = new StreamFeed.Key(call.credential().merchant(), call.credential().livemode());
    StreamFeed feed = feeds.get(key);
    Problem full = full(feed);
    if (full != null) {
      meter.reject();
      return Future.failedFuture(new Refusal(full));
    }
    if (cursor == null) return Future.succeededFuture(begin(call, key, filter, null));
    return events.from(cursor).map(from -> begin(call, key, filter, from));
  }

  private @Nullable Problem full(@Nullable StreamFeed feed) {
    if (closed || clients >= limits.clientsMax) {
      return Problem.retry(503, "api_error", "streams_full",
          "This node serves as many event streams as it can. Connect again after `Retry-After` seconds.", 2);
    }
    if (feed != null && feed.clients.size() >= limits.merchantClientsMax) {
      return Problem.retry(429, "rate_limit_error", "merchant_share_full",
          "You have " + limits.merchantClientsMax
              + " event streams open here, as many as one merchant may. Close some, or connect again later.",
          2);
    }
    return null;
  }

  /** {@code from} null: from now on. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private Answer begin(Call call, StreamFeed.Key key, Events.Filter filter, @Nullable Cursor from) {
    StreamFeed feed = feeds.computeIfAbsent(key, StreamFeed::new);
    var response = call.context().response();
    response.setStatusCode(200).setChunked(true).setWriteQueueMaxSize(limits.clientBytesMax)
        .putHeader("Content-Type", "text/event-stream").putHeader("Cache-Control", "no-store")
        .putHeader("X-Accel-Buffering", "no").putHeader("Request-Id", call.requestId());
    var client = new StreamClient(feed, response, filter, from);
    feed.clients.add(client);
    clients++;
    response.closeHandler(v -> gone(client));
    response.exceptionHandler(e -> gone(client));
    client.write(Buffer.buffer("retry: " + limits.retryMs + "\n\n"));
    if (feed.covered() == null) feed.waiting.add(client);
    else goOn(client);
    if (!polling) {
      polling = true;
      poll(tail);
    }
    return Answer.TAKEN;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void gone(StreamClient client) {
    if (client.closed) return;
    client.closed = true;
    clients--;
    StreamFeed feed = client.feed;
    feed.clients.remove(client);
    feed.waiting.remove(client);
    catchUps.remove(client);
    if (feed.clients.isEmpty()) {
      feeds.remove(feed.key);
      feed.forget();
    }
  }

  private void disconnect(StreamClient client, String why) {
    if (client.closed) return;
    slow.increment();
    LOG.debug("stream_disconnected reason={}", why);
    gone(client);
    // What waits for a slow client is not worth waiting for: it knows how far it came.
    client.response.reset();
  }

  /** Reads what has come since, for all feeds that there are now. Null: begins at this moment. */
  private void poll(@Nullable Cursor from) {
    if (closed || feeds.isEmpty()) {
      polling = false;
      tail = null;
      return;
    }
    if (from == null) {
      reads.horizon().onComplete(result -> again(result.succeeded() ? result.result() : null,
          result.succeeded() ? 0 : RETRY_MS));
      return;
    }
    tail = from;
    var asked = new ArrayList<>(feeds.values());
    var merchants = new HashSet<UUID>();
    asked.forEach(feed -> merchants.add(feed.key.merchant()));
    reads.tail(from, merchants, TAIL_MAX).onComplete(result -> {
      if (result.failed()) {
        LOG.warn("stream_tail_failed error=\"{}\"", result.cause().getMessage());
        again(from, RETRY_MS);
        return;
      }
      Page page = result.result();
      for (StreamFeed feed : asked) if (feed.covered() == null) feed.cover(from);
      publish(page);
      tail = page.next();
      for (StreamFeed feed : asked) {
        var woken = new ArrayList<>(feed.waiting);
        feed.waiting.clear();
        woken.forEach(this::goOn);
      }
      again(page.next(), page.more() ? 0 : limits.pollMs);
    });
  }

  private void again(@Nullable Cursor from, long ms) {
    vertx.setTimer(Math.max(1, ms), id -> poll(from));
  }

  private void publish(Page page) {
    var touched = new HashSet<StreamFeed>();
    for (EventRow event : page.events()) {
      StreamFeed feed = feeds.get(new StreamFeed.Key(event.merchant(), event.livemode()));
      if (feed == null || feed.covered() == null) continue;
      Frame frame = feed.add(event, frame(event));
      recent.add(frame);
      recentBytes += frame.bytes().length();
      touched.add(feed);
    }
    while (recentBytes > limits.recentBytesMax && !recent.isEmpty()) {
      Frame oldest = recent.remove();
      recentBytes -= oldest.bytes().length();
      oldest.feed().forgetOldest(oldest);
    }
    for (StreamFeed feed : touched) for (StreamClient client : Set.copyOf(feed.clients)) pump(client);
  }

  private Buffer frame(EventRow event) {
    String json = events.json(event);
    return Buffer.buffer("id: " + events.id(event) + "\nevent: " + event.type() + "\ndata: " + json + "\n\n");
  }

  /** A client that is not live goes on with what is in memory, if that reaches back far enough, or with Postgres. */
  private void goOn(StreamClient client) {
    if (client.closed) return;
    Cursor covered = client.feed.covered();
    if (covered == null) {
      client.feed.waiting.add(client);
      return;
    }
    if (client.from == null) {
      client.next = client.feed.end();
    } else if (!covered.after(client.from)) {
      client.next = client.feed.after(client.from);
    } else {
      catchUps.add(client);
      catchUp();
      return;
    }
    client.live = true;
    pump(client);
  }

  private void catchUp() {
    while (catchingUp < CATCHING_UP_MAX) {
      StreamClient client = catchUps.poll();
      if (client == null) return;
      catchingUp++;
      page(client).onComplete(done -> {
        catchingUp--;
        catchUp();
      });
    }
  }

  /** One page of what a client has missed. */
  private Future<Void> page(StreamClient client) {
    Cursor from = client.from == null ? Cursor.START : client.from;
    // Read before the page is: a later snapshot sees all that was to be seen up to there.
    Cursor seen = tail == null ? Cursor.START : tail;
    StreamFeed.Key key = client.feed.key;
    return reads
        .page(new Wanted(key.merchant(), key.livemode(), from, EventReads.END, client.filter.payment(),
            client.filter.types()), PAGE_MAX)
        .transform(result -> {
          if (client.closed) return Future.succeededFuture();
          if (result.failed()) {
            LOG.warn("stream_page_failed error=\"{}\"", result.cause().getMessage());
            vertx.setTimer(RETRY_MS, id -> goOn(client));
            return Future.succeededFuture();
          }
          Page page = result.result();
          var bytes = Buffer.buffer();
          page.events().forEach(event -> bytes.appendBuffer(frame(event)));
          if (bytes.length() > 0) client.write(bytes);
          sent.increment(page.events().size());
          client.from = !page.more() && seen.after(page.next()) ? seen : page.next();
          client.whenDrained(() -> goOn(client));
          return Future.succeededFuture();
        });
  }

  /** Gives a live client what it has not had, as far as it takes it; one write for all of it. */
  private void pump(StreamClient client) {
    if (client.closed || !client.live) return;
    StreamFeed feed = client.feed;
    if (client.next < feed.start()) {
      disconnect(client, "behind");
      return;
    }
    if (client.full()) {
      client.whenDrained(() -> pump(client));
      return;
    }
    if (client.next == feed.end()) return;
    var batch = feed.batch(client.next, limits.clientBytesMax / 2, client.filter);
    client.next = batch.next();
    if (batch.count() > 0) {
      client.write(batch.bytes());
      sent.increment(batch.count());
    }
    if (client.next < feed.end()) client.whenDrained(() -> pump(client));
  }

  private void look() {
    long now = System.nanoTime() / 1_000_000;
    for (StreamFeed feed : Set.copyOf(feeds.values())) {
      for (StreamClient client : Set.copyOf(feed.clients)) {
        if (client.fullSinceMs > 0 && now - client.fullSinceMs > limits.stallMs)
          disconnect(client, "stalled");
        else
          if (now - client.wroteAtMs >= limits.heartbeatMs && !client.full())
            client.write(Buffer.buffer(": heartbeat\n\n"));
      }
    }
  }

  /** Lets everybody go, before a shutdown: they come back, to another node. */
  void close() {
    closed = true;
    for (StreamFeed feed : Set.copyOf(feeds.values())) {
      for (StreamClient client : Set.copyOf(feed.clients)) {
        gone(client);
        client.response.end().onFailure(e -> LOG.debug("stream_end error=\"{}\"", e.getMessage()));
      }
    }
  }
}
