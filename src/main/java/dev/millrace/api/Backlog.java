package dev.millrace.api;

import dev.millrace.journal.WorkCounters;
import dev.millrace.platform.Database;
import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many payments are accepted and not yet at rest, over all nodes, and whether that is too many. Read from
 * the work counters ten times a second, so a burst may overshoot the limit by what one tenth of a second
 * accepts.
 */
final class Backlog {
  private static final Logger LOG = LoggerFactory.getLogger(Backlog.class);
  private static final long EVERY_MS = 100;

  private final Vertx vertx;
  private final WorkCounters work;
  private final int limit;
  private final QueueMeter meter;
  private volatile long open;
  private volatile boolean full;

  /** {@code limit} 0 switches it off. */
  Backlog(Vertx vertx, Database database, int limit, String instance, MeterRegistry registry) {
    this.vertx = vertx;
    this.work = new WorkCounters(database);
    this.limit = limit;
    this.meter = new QueueMeter(registry, "unsettled", instance, limit, this, b -> b.open);
  }

  void start() { read(); }

  private void read() {
    work.counts().onComplete(result -> {
      if (result.succeeded()) {
        open = result.result().getOrDefault("open", 0L);
        full = limit > 0 && open >= limit;
      } else {
        LOG.debug("backlog_unknown error=\"{}\"", result.cause().getMessage());
      }
      vertx.setTimer(EVERY_MS, id -> read());
    });
  }

  boolean full() { return full; }

  void reject() { meter.reject(); }
}
