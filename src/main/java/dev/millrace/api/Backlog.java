package dev.millrace.api;

import dev.millrace.journal.WorkCounters;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Database;
import dev.millrace.platform.PacedLoop;
import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many payments are accepted and not yet at rest, over all nodes, and whether that is too many. Read from
 * the work counters ten times a second while anything happens, so a burst may overshoot the limit by what one
 * tenth of a second accepts; and seldom while nothing does.
 */
final class Backlog {
  static final long EVERY_MS = 100;
  private static final Logger LOG = LoggerFactory.getLogger(Backlog.class);

  private final WorkCounters work;
  private final int limit;
  private final QueueMeter meter;
  private final AdaptiveInterval interval;
  private final PacedLoop loop;
  private Map<String, Long> last = Map.of();
  private volatile long open;
  private volatile boolean full;

  /** {@code limit} 0 switches it off; {@code interval}: between two readings. */
  Backlog(Vertx vertx, Database database, int limit, AdaptiveInterval interval, String instance,
      MeterRegistry registry) {
    this.interval = interval;
    this.loop = new PacedLoop(vertx, "backlog_failed", EVERY_MS, this::read);
    this.work = new WorkCounters(database);
    this.limit = limit;
    this.meter = new QueueMeter(registry, "unsettled", instance, limit, this, b -> b.open);
  }

  void start() { loop.start(0); }

  /** Something was committed, here or elsewhere. On the owning event loop. */
  void wake() {
    if (interval.quicken()) loop.wake();
  }

  private Future<Long> read() {
    return work.counts().map(counts -> {
      open = counts.getOrDefault("open", 0L);
      full = limit > 0 && open >= limit;
      boolean changed = !counts.equals(last);
      last = counts;
      return interval.next(changed);
    }).otherwise(failure -> {
      // It is said elsewhere that Postgres is away, and not ten times a second.
      LOG.debug("backlog_unknown error=\"{}\"", failure.getMessage());
      return EVERY_MS;
    });
  }

  void close() { loop.stop(); }

  boolean full() { return full; }

  void reject() { meter.reject(); }
}
