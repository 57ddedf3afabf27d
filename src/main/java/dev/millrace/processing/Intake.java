package dev.millrace.processing;

import io.micrometer.core.instrument.MeterRegistry;
import dev.millrace.platform.Drain;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.PacedLoop;
import dev.millrace.platform.QueueMeter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.common.TopicPartition;
import io.vertx.kafka.client.consumer.KafkaConsumer;
import io.vertx.kafka.client.consumer.KafkaConsumerRecord;
import io.vertx.kafka.client.consumer.OffsetAndMetadata;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes records from Kafka no faster than they are worked off. It goes on polling whatever happens, so that
 * it keeps its place in the group, without a break while records come, and pauses each partition of which it
 * holds records that cannot start yet: because {@code inFlightMax} are in hand, or because their time has not
 * come. An offset is committed once everything before it is durable elsewhere, so a crash repeats records and
 * never skips one. Owned by one event loop.
 */
final class Intake {
  private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
  /** Records of one poll; a partition that holds some is not polled again, so of each at most so many. */
  static final int POLL_MAX = 2_000;
  private static final long COMMIT_EVERY_MS = 500;
  private static final Duration POLL = Duration.ofMillis(100);
  /** After a pause: longer than a fetch takes that has nothing to wait for. */
  private static final Duration GLANCE = Duration.ofMillis(30);
  private static final long NO_TIMER = -1;

  /** One that waits; {@code fromNanos}: when it may start, by this process's own clock, which nobody sets. */
  private record Held(KafkaConsumerRecord<String, byte[]> record, long fromNanos) {}

  private static final class Partition {
    final OffsetTracker offsets = new OffsetTracker();
    final ArrayDeque<Held> held = new ArrayDeque<>();
    boolean paused;
  }

  private final Vertx vertx;
  private final KafkaConsumer<String, byte[]> consumer;
  private final String name;
  private final int inFlightMax;
  private final ToLongFunction<KafkaConsumerRecord<String, byte[]>> waitMs;
  private final Function<KafkaConsumerRecord<String, byte[]>, Future<Void>> work;
  private final AdaptiveInterval interval;
  private final QueueMeter meter;
  private final QueueMeter holding;
  private final Map<TopicPartition, Partition> partitions = new HashMap<>();
  private final Promise<Void> joined = Promise.promise();
  private volatile int inFlight;
  private volatile int held;
  private volatile int heldMax;
  private boolean closed;
  private boolean draining;
  private boolean assigned;
  private long commits = NO_TIMER;
  private long pause = NO_TIMER;
  private long due = NO_TIMER;

  /**
   * {@code waitMs}: how long a record that has just come must wait, or -1 when it needs no work; one for
   * which it throws does not wait, and the work decides. {@code work} completes when the record's effects are
   * durable and must not fail. {@code interval}: how long to pause between polls; not at all while it is the
   * shortest.
   */
  Intake(Vertx vertx, KafkaConsumer<String, byte[]> consumer, String name, int inFlightMax,
      ToLongFunction<KafkaConsumerRecord<String, byte[]>> waitMs,
      Function<KafkaConsumerRecord<String, byte[]>, Future<Void>> work, AdaptiveInterval interval,
      MeterRegistry registry) {
    this.vertx = vertx;
    this.consumer = consumer;
    this.name = name;
    this.inFlightMax = inFlightMax;
    this.waitMs = waitMs;
    this.work = work;
    this.interval = interval;
    this.meter = new QueueMeter(registry, name, "all", inFlightMax, this, i -> i.inFlight);
    this.holding = new QueueMeter(registry, name + "-held", "all", () -> heldMax, this, i -> i.held);
  }

  /** Completes with the first answer of the group, though it may have no partition to give. */
  Future<Void> joined() {
    return joined.future();
  }

  /** Begins; it will join the group as soon as the group takes it. */
  Future<Void> start(Set<String> topics) {
    consumer.partitionsRevokedHandler(this::revoked).partitionsAssignedHandler(gained -> {
      assigned = true;
      joined.tryComplete();
    });
    return consumer.subscribe(topics).onSuccess(v -> {
      poll();
    });
  }

  private void revoked(Set<TopicPartition> lost) {
    // Records in hand go on: their effects are idempotent, and the next owner repeats what was not committed.
    lost.forEach(partitions::remove);
    // Joining the group anew takes several polls.
    assigned = false;
    wake();
  }

  private void poll() {
    if (closed) return;
    consumer.poll(interval.seldom() ? GLANCE : POLL).onComplete(result -> {
      if (closed) return;
      if (result.failed()) {
        LOG.warn("kafka_poll_failed intake={} error=\"{}\"", name, result.cause().getMessage());
        vertx.setTimer(500, id -> poll());
        return;
      }
      var records = result.result();
      for (int i = 0; i < records.size(); i++) hold(records.recordAt(i));
      drain();
      long pauseMs = interval.next(records.size() > 0 || !assigned);
      if (!interval.seldom()) {
        poll();
        return;
      }
      pause = vertx.setTimer(PacedLoop.together(pauseMs), id -> {
        pause = NO_TIMER;
        poll();
      });
    });
  }

  /** There may be records: ends the pause. On the owning event loop. */
  void wake() {
    interval.quicken();
    if (!vertx.cancelTimer(pause)) return;
    pause = NO_TIMER;
    poll();
  }

  /** Once in a while, as long as there is something to commit. */
  private void commitLater() {
    if (closed || commits != NO_TIMER) return;
    commits = vertx.setTimer(COMMIT_EVERY_MS, id -> {
      commits = NO_TIMER;
      commit();
    });
  }

  private void hold(KafkaConsumerRecord<String, byte[]> record) {
    Partition partition = partitions.computeIfAbsent(new TopicPartition(record.topic(), record.partition()),
        p -> new Partition());
    long wait = waitOf(record);
    if (wait < 0) {
      partition.offsets.skip(record.offset());
      commitLater();
      return;
    }
    partition.offsets.begin(record.offset());
    partition.held.add(new Held(record, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait)));
  }

  private long waitOf(KafkaConsumerRecord<String, byte[]> record) {
    try {
      return waitMs.applyAsLong(record);
    } catch (RuntimeException e) {
      LOG.warn("record_wait_unknown intake={} topic={} partition={} offset={}", name, record.topic(),
          record.partition(), record.offset(), e);
      return 0;
    }
  }

  private void drain() {
    if (draining) return;
    draining = true;
    long now = System.nanoTime();
    boolean wait = false;
    long nextNanos = Long.MAX_VALUE;
    int left = 0;
    for (Partition partition : partitions.values()) {
      while (!partition.held.isEmpty() && inFlight < inFlightMax
          && partition.held.peek().fromNanos - now <= 0) {
        begin(partition, partition.held.poll().record);
      }
      if (!partition.held.isEmpty()) {
        wait = true;
        nextNanos = Math.min(nextNanos, partition.held.element().fromNanos - now);
      }
      left += partition.held.size();
    }
    held = left;
    heldMax = POLL_MAX * partitions.size();
    if (wait && inFlight >= inFlightMax) meter.reject();
    balance();
    draining = false;
    if (wait && inFlight < inFlightMax) drainIn(nextNanos);
  }

  /** When the time of the next one has come; one timer, however often it is looked. */
  private void drainIn(long nanos) {
    vertx.cancelTimer(due);
    due = vertx.setTimer(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, id -> drain());
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void begin(Partition partition, KafkaConsumerRecord<String, byte[]> record) {
    inFlight++;
    Future<Void> done;
    try {
      done = work.apply(record);
    } catch (RuntimeException e) {
      done = Future.failedFuture(e);
    }
    done.onComplete(result -> {
      inFlight--;
      if (result.succeeded()) {
        partition.offsets.end(record.offset());
        commitLater();
      } else {
        // A defect: the offset stays, so that the record comes again after a restart instead of being lost.
        LOG.error("alert=record_failed intake={} topic={} partition={} offset={}", name, record.topic(),
            record.partition(),
            record.offset(), result.cause());
      }
      drain();
    });
  }

  private void balance() {
    var pause = new HashSet<TopicPartition>();
    var resume = new HashSet<TopicPartition>();
    partitions.forEach((which, partition) -> {
      boolean full = !partition.held.isEmpty();
      if (full == partition.paused) return;
      partition.paused = full;
      (full ? pause : resume).add(which);
    });
    // A partition that was taken away in between cannot be paused: its next owner decides.
    pause.forEach(which -> holding.reject());
    if (!pause.isEmpty())
      consumer.pause(pause).onFailure(e -> LOG.debug("pause intake={} error=\"{}\"", name, e.getMessage()));
    if (resume.isEmpty()) return;
    consumer.resume(resume)
        .onFailure(e -> LOG.debug("resume intake={} error=\"{}\"", name, e.getMessage()));
    wake();
  }

  private Future<Void> commit() {
    var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
    partitions.forEach((which, partition) -> {
      long offset = partition.offsets.commitable();
      if (offset >= 0) offsets.put(which, new OffsetAndMetadata(offset, ""));
    });
    if (offsets.isEmpty()) return Future.succeededFuture();
    return consumer.commit(offsets).<Void>mapEmpty().onFailure(e -> {
      LOG.warn("kafka_commit_failed intake={} error=\"{}\"", name, e.getMessage());
      offsets.keySet().forEach(which -> {
        Partition partition = partitions.get(which);
        if (partition != null) partition.offsets.forget();
      });
      commitLater();
    });
  }

  /** Takes no more, waits up to {@code ms} for what is in hand, commits and leaves the group. */
  Future<Void> close(long ms) {
    closed = true;
    for (long timer : new long[]{commits, pause, due}) vertx.cancelTimer(timer);
    partitions.values().forEach(p -> {
      while (!p.held.isEmpty()) p.held.poll();
    });
    return Drain.of(vertx, () -> inFlight, ms).compose(left -> {
      // Their offsets are not committed: whoever gets the partition takes them up again.
      if (left > 0) LOG.warn("drain_incomplete in_flight={}", left);
      return commit();
    }).transform(v -> consumer.close());
  }
}
