package dev.millrace.load;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;

/**
 * A merchant's webhook receiver in the harness's own process: answers 200 at once, remembers each webhook-id,
 * verifies nothing. One event loop, whose CPU counts as the generator's. Public methods are called from
 * outside the event loop and wait for it.
 */
final class WebhookSink implements AutoCloseable {
  private final Vertx vertx = EventLoops.vertx(1);
  private final Context context = vertx.getOrCreateContext();
  private final URI address;

  // Only the event loop touches what follows.
  private final SeenIds seen = new SeenIds();
  private DeliveryCounts arrivals = new DeliveryCounts();
  private long duplicates;
  private long untimed;

  WebhookSink(int port) {
    address = URI.create("http://127.0.0.1:" + port + "/events");
    EventLoops.await("receiving webhooks on port " + port,
        vertx.createHttpServer().requestHandler(this::receive).listen(port, "127.0.0.1"));
  }

  URI address() {
    return address;
  }

  private void receive(HttpServerRequest request) {
    request.bodyHandler(body -> {
      received(request.getHeader("webhook-id"), body);
      request.response().end();
    });
  }

  private void received(String id, Buffer body) {
    arrivals.arrived();
    if (id == null || !seen.add(SeenIds.hash(id))) {
      duplicates++;
      return;
    }
    var json = body.getBytes();
    long timestamp = EventTime.millis(json, 0, json.length);
    if (timestamp == EventTime.NONE) {
      untimed++;
    } else {
      arrivals.delayed(System.currentTimeMillis() - timestamp);
    }
  }

  /** What has arrived since the last cut; begins the next count. */
  DeliveryCounts cut() {
    return EventLoops.on(context, () -> {
      var past = arrivals.end();
      arrivals = new DeliveryCounts();
      return past;
    });
  }

  /** Different events received since the beginning. */
  long distinct() {
    return EventLoops.on(context, () -> (long) seen.size());
  }

  /** Deliveries of an event that had arrived before, or without a webhook-id, since the beginning. */
  long duplicates() {
    return EventLoops.on(context, () -> duplicates);
  }

  /** Events whose JSON has no timestamp that can be read, since the beginning. */
  long untimed() {
    return EventLoops.on(context, () -> untimed);
  }

  @Override
  public void close() {
    EventLoops.close(vertx);
  }
}
