package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.api.StreamFeed.Frame;
import dev.millrace.identity.MerchantStore;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.EventReads.Page;
import dev.millrace.journal.EventReads.Wanted;
import dev.millrace.journal.EventRow;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /v1/events/stream}: server-sent events of the caller's, without a gap and in the journal's
 * order, from any cursor on, on any node. While anybody listens the journal's tail is read once for all
 * clients of this event loop; an event is written once and its bytes go to everybody. A client first reads
 * from Postgres what it has missed, in pages and a few clients at a time, until it meets what is kept of the
 * tail in memory. Owned by one event loop.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">HTML, server-sent events</a>
 */
final class EventStream {
  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
  private static final Set<String> QUERY = Set.of("after", "types", "payment");
  private static final int TAIL_MAX = 2_000;
  private static final int PAGE_MAX = 64;
  /** How many clients may read from Postgres at once. */
  private static final int CATCHING_UP_MAX = 8;
  private static final long LOOK_MS = 1_000;
  private static final long KEYS_MS = 5_000;
  private static final long RETRY_MS = 500;
  private static final long NO_TIMER = -1;

  /** Sizes and times. {@code retryMs}: what clients are told to wait before they connect again. */
  record Limits(int clientsMax, int merchantClientsMax, long heartbeatMs, long retryMs,
      int clientBytesMax, int recentBytesMax, long stallMs) {}

  private final Vertx vertx;
  private final EventReads reads;
  private final MerchantStore keys;
  private final Events events;
  private final Limits limits;
  private final AdaptiveInterval interval;
  private final QueueMeter meter;
  private final QueueMeter memory;
  private final Counter sent;
  private final Counter slow;
  private final Map<StreamFeed.Key, StreamFeed> feeds = new HashMap<>();
  /** Frames of all feeds, oldest first, to forget when there are too many bytes of them. */
  private final ArrayDeque<Frame> recent = new ArrayDeque<>();
  private final ArrayDeque<StreamClient> catchUps = new ArrayDeque<>();
  private @Nullable Cursor tail;
  private volatile long recentBytes;
  private int catchingUp;
  private volatile int clients;
  private boolean polling;
  private boolean woken;
  private long pause = NO_TIMER;
  private long looks = NO_TIMER;
  private long keysLookedMs = System.nanoTime() / 1_000_000;
  private @Nullable Cursor next;
  private boolean closed;

  /** {@code interval}: between two looks at the journal while somebody listens. */
  EventStream(Vertx vertx, EventReads reads, MerchantStore keys, Events events, Limits limits,
      AdaptiveInterval interval,
      String instance, MeterRegistry registry) {
    this.interval = interval;
    this.vertx = vertx;
    this.reads = reads;
    this.keys = keys;
    this.events = events;
    this.limits = limits;
    this.meter = new QueueMeter(registry, "streams", instance, limits.clientsMax, this, s -> s.clients);
    this.memory = new QueueMeter(registry, "stream-bytes", instance, limits.recentBytesMax, this,
        s -> s.recentBytes);
    this.sent = Counter.builder("millrace.stream.events").tag("instance", instance).register(registry);
    this.slow = Counter.builder("millrace.stream.slow.clients").tag("instance", instance).register(registry);
  }

  /** Opens a stream; from then on the response is this class's. */
  Future<Answer> open(ApiCall call) {
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
    refuseWhenFull(key);
    // Without a cursor from now on: from a place that is known before the client hears that it is connected.
    return (cursor == null ? reads.horizon() : events.from(cursor))
        .map(from -> begin(call, key, filter, from));
  }

  private void refuseWhenFull(StreamFeed.Key key) {
    Problem full = full(feeds.get(key));
    if (full == null) return;
    meter.reject();
    throw new ProblemException(full);
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

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private Answer begin(ApiCall call, StreamFeed.Key key, Events.Filter filter, Cursor from) {
    var response = call.context().response();
    // While the place was looked up, others came, and this one may have gone: nobody would tell us any more.
    if (response.closed()) return Answer.TAKEN;
    refuseWhenFull(key);
    response.setStatusCode(200).setChunked(true).setWriteQueueMaxSize(limits.clientBytesMax)
        .putHeader("Content-Type", "text/event-stream").putHeader("Cache-Control", "no-store")
        .putHeader("X-Accel-Buffering", "no").putHeader("Request-Id", call.requestId());
    if (call.request().method() == HttpMethod.HEAD) {
      response.end().onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
      return Answer.TAKEN;
    }
    StreamFeed feed = feeds.computeIfAbsent(key, StreamFeed::new);
    var client = new StreamClient(feed, response, call.credential().key(), filter, from);
    feed.clients.add(client);
    clients++;
    if (clients == 1) lookLater();
    response.closeHandler(v -> gone(client));
    response.exceptionHandler(e -> gone(client));
    client.write(Buffer.buffer("retry: " + limits.retryMs + "\n" + placed(from)));
    goOn(client);
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
    LOG.debug("stream_disconnected reason={}", why);
    gone(client);
    // What waits for it is not worth waiting for: it knows how far it came.
    client.response.reset();
  }

  private void disconnectSlow(StreamClient client, String why) {
    slow.increment();
    disconnect(client, why);
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
    woken = false;
    var asked = new ArrayList<>(feeds.values());
    var merchants = new HashSet<UUID>();
    asked.forEach(feed -> merchants.add(feed.key.merchant()));
    reads.tail(from, merchants, TAIL_MAX).map(page -> {
      publish(page, asked, from);
      return page;
    }).onComplete(result -> {
      if (result.failed()) LOG.warn("stream_tail_failed error=\"{}\"", result.cause().getMessage());
      // What has been published stays so, whatever failed afterwards.
      if (result.failed()) {
        again(tail, RETRY_MS);
        return;
      }
      long pauseMs = interval.next(!result.result().events().isEmpty());
      again(tail, result.result().more() || woken ? 0 : pauseMs);
    });
  }

  private void again(@Nullable Cursor from, long ms) {
    next = from;
    pause = vertx.setTimer(Math.max(1, ms), id -> {
      pause = NO_TIMER;
      poll(from);
    });
  }

  /** There may be new events: ends the pause, if it is one of the long ones. On the owning event loop. */
  void wake() {
    if (!interval.quicken()) return;
    if (vertx.cancelTimer(pause)) again(next, 0);
    else woken = true;
  }

  /** {@code asked}: the feeds whose events the page has, from {@code from} on. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void publish(Page page, List<StreamFeed> asked, Cursor from) {
    for (StreamFeed feed : asked) if (feed.covered() == null) feed.cover(from);
    var touched = new HashSet<StreamFeed>();
    for (EventRow event : page.events()) {
      StreamFeed feed = feeds.get(new StreamFeed.Key(event.merchant(), event.livemode()));
      if (feed == null || feed.covered() == null) continue;
      Buffer bytes = frame(event);
      if (bytes == null) {
        for (StreamClient client : Set.copyOf(feed.clients)) disconnect(client, "unreadable");
        continue;
      }
      Frame frame = feed.add(event, bytes);
      recent.add(frame);
      recentBytes += bytes.length();
      touched.add(feed);
    }
    tail = page.next();
    for (StreamFeed feed : touched) for (StreamClient client : Set.copyOf(feed.clients)) pump(client);
    forgetOldest();
    for (StreamFeed feed : asked) {
      var woken = new ArrayList<>(feed.waiting);
      feed.waiting.clear();
      woken.forEach(this::goOn);
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void forgetOldest() {
    while (recentBytes > limits.recentBytesMax && !recent.isEmpty()) {
      Frame oldest = recent.remove();
      recentBytes -= oldest.bytes().length();
      oldest.feed().forgetOldest(oldest);
    }
  }

  /** Null when it cannot be shown, being of a newer release perhaps: another node may be able to. */
  private @Nullable Buffer frame(EventRow event) {
    try {
      String json = events.json(event);
      return Buffer
          .buffer(
              "id: " + events.id(event.place()) + "\nevent: " + event.type() + "\ndata: " + json + "\n\n");
    } catch (RuntimeException e) {
      LOG.error("stream_event_unreadable type={} subject={} version={}", event.type(), event.subject(),
          event.version(), e);
      return null;
    }
  }

  /**
   * A client that is not live goes on with what is in memory, if that reaches back far enough, or with
   * Postgres.
   */
  private void goOn(StreamClient client) {
    if (client.closed) return;
    Cursor covered = client.feed.covered();
    // It may be ahead of the tail, having read a page or come from another node: what it has had comes here
    // yet.
    if (covered == null || tail == null || client.from.after(tail)) {
      client.feed.waiting.add(client);
    } else if (covered.after(client.from)) {
      catchUps.add(client);
      catchUp();
    } else {
      client.next = client.feed.after(client.from);
      client.live = true;
      pump(client);
    }
  }

  private void catchUp() {
    while (catchingUp < CATCHING_UP_MAX) {
      StreamClient client = catchUps.poll();
      if (client == null) return;
      catchingUp++;
      page(client);
    }
  }

  /** One page of what a client has missed. */
  private void page(StreamClient client) {
    // Read before the page is: a later snapshot sees all that was to be seen up to there.
    Cursor seen = tail == null ? Cursor.START : tail;
    StreamFeed.Key key = client.feed.key;
    reads
        .page(new Wanted(key.merchant(), key.livemode(), client.from, EventReads.END, client.filter.payment(),
            client.filter.types()), PAGE_MAX)
        .onComplete(result -> {
          catchingUp--;
          if (result.failed()) {
            LOG.warn("stream_page_failed error=\"{}\"", result.cause().getMessage());
            vertx.setTimer(RETRY_MS, id -> goOn(client));
          } else if (!client.closed) {
            give(client, result.result(), seen);
          }
          catchUp();
        });
  }

  /** Gives a client as much of a page as may wait for it; the rest is read again. */
  private void give(StreamClient client, Page page, Cursor seen) {
    var bytes = Buffer.buffer();
    int count = 0;
    for (EventRow event : page.events()) {
      if (count > 0 && bytes.length() >= limits.clientBytesMax / 2) break;
      Buffer frame = frame(event);
      if (frame == null) {
        disconnect(client, "unreadable");
        return;
      }
      bytes.appendBuffer(frame);
      count++;
    }
    if (count > 0) client.write(bytes);
    sent.increment(count);
    if (count < page.events().size()) client.from = page.events().get(count - 1).place();
    else client.from = !page.more() && seen.after(page.next()) ? seen : page.next();
    client.whenDrained(() -> goOn(client));
  }

  /** Gives a live client what it has not had, as far as it takes it; one write for all of it. */
  private void pump(StreamClient client) {
    if (client.closed || !client.live) return;
    StreamFeed feed = client.feed;
    if (client.next < feed.start()) {
      if (client.full()) {
        memory.reject();
        disconnectSlow(client, "behind");
      } else { // It takes what it gets: too much came at once for what is kept.
        client.live = false;
        goOn(client);
      }
      return;
    }
    if (client.full()) {
      client.whenDrained(() -> pump(client));
      return;
    }
    if (client.next == feed.end()) return;
    var batch = feed.batch(client.next, limits.clientBytesMax / 2, client.filter);
    client.next = batch.next();
    client.from = batch.until();
    if (batch.count() > 0) {
      client.write(batch.bytes());
      sent.increment(batch.count());
    }
    if (client.next < feed.end()) client.whenDrained(() -> pump(client));
  }

  /** As long as there are clients. */
  private void lookLater() {
    vertx.cancelTimer(looks);
    looks = vertx.setTimer(LOOK_MS, id -> {
      look();
      lookAtKeys();
      if (clients > 0) lookLater();
    });
  }

  private void look() {
    long now = System.nanoTime() / 1_000_000;
    for (StreamFeed feed : Set.copyOf(feeds.values())) {
      for (StreamClient client : Set.copyOf(feed.clients)) {
        if (client.stalled(now, limits.stallMs)) disconnectSlow(client, "stalled");
        else
          if (now - client.wroteAtMs >= limits.heartbeatMs && !client.full())
            client.write(heartbeat(client));
      }
    }
  }

  /** Whose key was revoked, or has expired, is let go. What is not known for a while changes nothing. */
  private void lookAtKeys() {
    long now = System.nanoTime() / 1_000_000;
    if (clients == 0 || now - keysLookedMs < KEYS_MS) return;
    keysLookedMs = now;
    var used = new HashSet<UUID>();
    for (StreamFeed feed : feeds.values()) for (StreamClient client : feed.clients) used.add(client.apiKey);
    keys.ended(used)
        .onSuccess(ended -> {
          for (StreamFeed feed : Set.copyOf(feeds.values()))
            for (StreamClient client : Set.copyOf(feed.clients))
              if (ended.contains(client.apiKey)) disconnect(client, "key_ended");
        }).onFailure(e -> LOG.debug("stream_keys_not_read error=\"{}\"", e.getMessage()));
  }

  /** An id without data: no event, but where a client resumes that is cut off before its next one. */
  private String placed(Cursor place) {
    return "id: " + events.id(place) + "\n\n";
  }

  /**
   * Who hears of few events, or none, still moves on, and does not come back with a cursor that has expired.
   */
  private Buffer heartbeat(StreamClient client) {
    Cursor place = client.live && client.next == client.feed.end() && tail != null ? tail : client.from;
    return Buffer.buffer(": heartbeat\n" + placed(place));
  }

  /** Lets everybody go, before a shutdown: they come back, to another node. */
  void close() {
    closed = true;
    for (StreamFeed feed : Set.copyOf(feeds.values())) {
      for (StreamClient client : Set.copyOf(feed.clients)) {
        gone(client);
        if (client.full()) client.response.reset();
        else client.response.end().onFailure(e -> LOG.debug("stream_end error=\"{}\"", e.getMessage()));
      }
    }
  }
}
