package dev.millrace.journal;

import dev.millrace.payment.EventType;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the journal to Kafka: every event at least once, in commit order, so in order per payment. One relay is
 * active at a time, by a fenced lease. It reads below the snapshot horizon in {@code (xid, position)} order, so a
 * position taken by a transaction that commits late is never skipped, and marks its place only after Kafka has
 * acknowledged (acks=all). At most one batch is in flight: that is its bound.
 */
public final class Relay {
  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
  private static final String CURSOR = "SELECT xid::text, position FROM journal_cursor WHERE name = 'relay'";
  private static final String READ = "SELECT " + JournalRow.COLUMNS + """
     FROM journal
    WHERE (xid, position) > ($1::text::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY journal.xid, journal.position LIMIT $3::int""";
  /** Fenced: writes nothing when the lease's epoch has moved on. */
  private static final String MARK = """
    UPDATE journal_cursor SET xid = $1::text::xid8, position = $2::bigint, passed = passed + $3::bigint
     WHERE name = 'relay' AND EXISTS (SELECT FROM lease WHERE name = 'relay' AND epoch = $4::bigint FOR SHARE)
    RETURNING 1""";
  private static final long RETRY_MS = 500;
  /** So many events in one batch are a busy time, in which {@link #BUSY_POLLS} intervals pass before the next. */
  private static final int BUSY = 100;
  private static final int BUSY_POLLS = 5;
  private static final byte[] SPEC = bytes("1.0");
  private static final byte[] SOURCE = bytes("/millrace");
  private static final byte[] CONTENT = bytes("application/avro");

  private final Vertx vertx;
  /** Of its own: what else blocks must not hold up the journal. */
  private final WorkerExecutor worker;
  private final PgLink pg;
  private final Lease lease;
  private final Supplier<Producer<String, byte[]>> producers;
  private @Nullable Producer<String, byte[]> producer;
  private final String topic;
  private final int batchMax;
  private final long pollMs;
  private final Counter published;
  private final QueueMeter meter;
  private final EventContract contract = new EventContract();
  private volatile double lagSeconds;
  private volatile int inHand;
  private String xid = "0";
  private long position;
  private long readingEpoch = -1;
  private boolean closed;
  private Future<Void> step = Future.succeededFuture();

  /** {@code producers} makes a producer with {@link #producerSettings}; the relay closes what it was given. */
  public Relay(Vertx vertx, PgLink pg, Lease lease, Supplier<Producer<String, byte[]>> producers,
      String topic,
      int batchMax,
      long pollMs, MeterRegistry registry) {
    this.vertx = vertx;
    this.worker = vertx.createSharedWorkerExecutor("millrace-relay", 1);
    this.pg = pg;
    this.lease = lease;
    this.producers = producers;
    this.topic = topic;
    this.batchMax = batchMax;
    this.pollMs = pollMs;
    this.published = Counter.builder("millrace.relay.published").register(registry);
    this.meter = new QueueMeter(registry, "relay", "all", batchMax, this, r -> r.inHand);
    Gauge.builder("millrace.relay.lag.seconds", this, r -> r.lagSeconds).register(registry);
  }

  public void start() { next(0); }

  private void next(long delayMs) {
    if (closed) return;
    vertx.setTimer(Math.max(1, delayMs), id -> {
      if (closed) return;
      step = run().recover(failure -> {
        LOG.warn("relay_step_failed error=\"{}\"", failure.getMessage());
        readingEpoch = -1;
        next(RETRY_MS);
        return Future.succeededFuture();
      });
    });
  }

  private Future<Void> run() {
    if (!lease.held()) {
      readingEpoch = -1;
      lagSeconds = 0;
      next(pollMs * 10);
      return Future.succeededFuture();
    }
    long epoch = lease.epoch();
    Future<Void> placed = epoch == readingEpoch ? Future.succeededFuture() : loadCursor(epoch);
    return placed.compose(v -> pg.query(READ, Tuple.of(xid, position, batchMax))).compose(rows -> {
      if (rows.size() == 0) {
        lagSeconds = 0;
        next(pollMs);
        return Future.succeededFuture();
      }
      var batch = new ArrayList<JournalRow>(rows.size());
      rows.forEach(row -> batch.add(JournalRow.of(row)));
      inHand = batch.size();
      if (inHand == batchMax) meter.reject();
      lagSeconds = Math.max(0,
          (System.currentTimeMillis() - batch.getFirst().recorded().toInstant().toEpochMilli()) / 1000.0);
      FaultPoint.reach("relay", "before_publish");
      return publish(batch).compose(v -> mark(batch, epoch)).onComplete(done -> inHand = 0)
          .onSuccess(v -> next(pauseMs(batch.size())));
    });
  }

  /** None after a full batch. In a busy time longer than in a quiet one: many events in one batch cost less each. */
  private long pauseMs(int events) {
    if (events == batchMax) return 0;
    return events < BUSY ? pollMs : BUSY_POLLS * pollMs;
  }

  private Future<Void> loadCursor(long epoch) {
    return pg.query(CURSOR, Tuple.tuple()).map(rows -> {
      var row = rows.iterator().next();
      xid = row.getString(0);
      position = row.getLong(1);
      readingEpoch = epoch;
      LOG.info("relay_active epoch={} xid={} position={}", epoch, xid, position);
      return null;
    });
  }

  /**
   * Sends the batch and completes once Kafka has acknowledged all of it. On a worker: encoding costs, and flushing
   * blocks. The flush makes it one request to each broker instead of one every few records.
   *
   * <p>A record that is given up must take with it all that were sent after it: they would arrive without it, and its
   * repetition after them. So with the first failure the producer is closed, in its own thread, before it sends another.
   */
  private Future<Void> publish(List<JournalRow> batch) {
    return worker.<Void>executeBlocking(() -> {
      Producer<String, byte[]> open = producer == null ? producers.get() : producer;
      producer = open;
      try {
        var sent = new ArrayList<java.util.concurrent.Future<?>>(batch.size());
        for (JournalRow row : batch) {
          sent.add(open.send(record(row), (written, failure) -> {
            if (failure != null) open.close(Duration.ZERO);
          }));
        }
        open.flush();
        for (java.util.concurrent.Future<?> one : sent) one.get();
        return null;
      } catch (Exception e) {
        open.close(Duration.ZERO);
        producer = null;
        throw e;
      }
    }).onSuccess(v -> published.increment(batch.size()));
  }

  private Future<Void> mark(List<JournalRow> batch, long epoch) {
    JournalRow last = batch.getLast();
    FaultPoint.reach("relay", "published");
    return pg.query(MARK, Tuple.of(last.xid(), last.position(), batch.size(), epoch)).compose(rows -> {
      if (rows.size() == 0) return Future.failedFuture("the lease went to another relay");
      FaultPoint.reach("relay", "marked");
      xid = last.xid();
      position = last.position();
      return Future.succeededFuture();
    });
  }

  private ProducerRecord<String, byte[]> record(JournalRow row) {
    EventType type = EventType.ofWire(row.type());
    if (type == null) throw new IllegalStateException("unknown event type in the journal: " + row.type());
    String subject = PublicEvent.subjectId(type, row.subject());
    var headers = new RecordHeaders();
    headers.add("ce_specversion", SPEC).add("ce_id", bytes(subject + "." + row.version()))
        .add("ce_source", SOURCE)
        .add("ce_type", bytes(row.type())).add("ce_subject", bytes(subject))
        .add("ce_time", bytes(DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(row.recorded())))
        .add("ce_version", bytes(Integer.toString(row.version())))
        .add("content-type", CONTENT).add("traceparent", bytes(row.traceparent()));
    return new ProducerRecord<>(topic, null, subject, contract.encode(type, row), headers);
  }

  private static byte[] bytes(String text) { return text.getBytes(StandardCharsets.UTF_8); }

  /** The producer settings that the relay's promise needs. */
  public static Map<String, String> producerSettings(String bootstrap) {
    return Map.of("bootstrap.servers", bootstrap,
        "key.serializer", "org.apache.kafka.common.serialization.StringSerializer",
        "value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer",
        "acks", "all", "enable.idempotence", "true", "linger.ms", "1000", "batch.size", "262144",
        "max.block.ms", "2000", "request.timeout.ms", "5000", "delivery.timeout.ms", "10000");
  }

  /** Finishes the batch in hand and stops. */
  public Future<Void> close() {
    closed = true;
    return step.compose(v -> worker.executeBlocking(() -> {
      if (producer != null) producer.close(Duration.ZERO);
      return null;
    })).<Void>mapEmpty().eventually(worker::close);
  }
}
