package dev.millrace.journal;

import dev.millrace.journal.Follower.Batch;
import dev.millrace.payment.EventType;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.QueueMeter;
import dev.millrace.platform.Seal;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
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
 * Publishes the journal to Kafka: every event at least once, in commit order, so in order per payment. One
 * relay is active at a time, by a fenced lease. It reads below the snapshot horizon in
 * {@code (xid, position)} order, so a position taken by a transaction that commits late is never skipped, and
 * marks its place only after Kafka has acknowledged (acks=all). At most one batch is in flight: that is its
 * bound.
 */
public final class Relay {
  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
  private static final String READ = "SELECT " + JournalRow.COLUMNS + """
     FROM journal
    WHERE (xid, position) > ($1::text::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY journal.xid, journal.position LIMIT $3::int""";
  /**
   * So many events in one batch are a busy time, in which {@link #BUSY_POLLS} intervals pass before the next.
   */
  private static final int BUSY = 100;
  private static final int BUSY_POLLS = 5;
  private static final byte[] SPEC = bytes("1.0");
  private static final byte[] SOURCE = bytes("/millrace");
  private static final byte[] CONTENT = bytes("application/avro");

  /** Of its own: what else blocks must not hold up the journal. */
  private final WorkerExecutor worker;
  private final PgLink pg;
  private final CursorStore cursor;
  private final Follower<JournalRow> follower;
  private final Supplier<Producer<String, byte[]>> producers;
  private @Nullable Producer<String, byte[]> producer;
  private final String topic;
  private final int batchMax;
  private final Runnable told;
  private final Counter published;
  private final QueueMeter meter;
  private final EventContract contract = new EventContract();
  private final Seal seal;
  private volatile int inHand;

  /**
   * {@code producers} makes a producer with {@link #producerSettings}; the relay closes what it was given.
   * {@code told} runs after each batch that Kafka has. {@code seal} is the relay's alone.
   */
  public Relay(Vertx vertx, PgLink pg, Lease lease, Supplier<Producer<String, byte[]>> producers,
      String topic, int batchMax, AdaptiveInterval interval, Runnable told, Seal seal,
      MeterRegistry registry) {
    this.seal = seal;
    this.worker = vertx.createSharedWorkerExecutor("millrace-relay", 1);
    this.pg = pg;
    this.cursor = new CursorStore("relay", pg);
    this.producers = producers;
    this.topic = topic;
    this.batchMax = batchMax;
    this.told = told;
    this.published = Counter.builder("millrace.relay.published").register(registry);
    this.meter = new QueueMeter(registry, "relay", "all", batchMax, this, r -> r.inHand);
    this.follower = new Follower<>(vertx, lease, "relay", "millrace.relay.lag.seconds", interval,
        new Publishing(), registry);
  }

  public void start() { follower.start(); }

  /** There may be events to publish. On the relay's event loop. */
  public void wake() { follower.wake(); }

  private final class Publishing implements Follower.Task<JournalRow> {
    @Override
    public Future<Cursor> begin(long epoch) {
      return cursor.read().onSuccess(place -> LOG.info("relay_active epoch={} xid={} position={}", epoch,
          place.xidText(), place.position()));
    }

    @Override
    public Future<Batch<JournalRow>> read(Cursor after) {
      return pg.query(READ, Tuple.of(after.xidText(), after.position(), batchMax)).map(rows -> {
        var batch = new ArrayList<JournalRow>(rows.size());
        rows.forEach(row -> batch.add(JournalRow.of(row)));
        return new Batch<>(batch, batch.isEmpty() ? after : batch.getLast().place(),
            batch.size() == batchMax);
      });
    }

    @Override
    public OffsetDateTime written(JournalRow row) { return row.recorded(); }

    @Override
    public Future<Boolean> handle(Batch<JournalRow> batch, long epoch) {
      if (batch.rows().isEmpty()) return Future.succeededFuture(false);
      inHand = batch.rows().size();
      if (batch.more()) meter.reject();
      FaultPoint.reach("relay", "before_publish");
      return publish(batch.rows()).compose(v -> mark(batch, epoch)).onComplete(done -> inHand = 0).map(false);
    }

    /** In a busy time longer than in a quiet one: many events in one batch cost less each. */
    @Override
    public long pauseMs(int events, long intervalMs) {
      return events < BUSY ? intervalMs : BUSY_POLLS * intervalMs;
    }
  }

  /**
   * Sends the batch and completes once Kafka has acknowledged all of it. On a worker: encoding costs, and
   * flushing blocks. The flush makes it one request to each broker instead of one every few records.
   *
   * <p>A record that is given up must take with it all that were sent after it: they would arrive without it,
   * and its repetition after them. So with the first failure the producer is closed, in its own thread,
   * before it sends another.
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
    }).onSuccess(v -> {
      published.increment(batch.size());
      told.run();
    });
  }

  private Future<Void> mark(Batch<JournalRow> batch, long epoch) {
    FaultPoint.reach("relay", "published");
    return cursor.mark(epoch, batch.end(), batch.rows().size()).compose(held -> {
      if (!held) return Future.failedFuture("the lease went to another relay");
      FaultPoint.reach("relay", "marked");
      return Future.succeededFuture();
    });
  }

  private ProducerRecord<String, byte[]> record(JournalRow row) {
    EventType type = EventType.ofWire(row.type());
    if (type == null) throw new IllegalStateException("unknown event type in the journal: " + row.type());
    String subject = PublicEvent.subjectId(type, row.subject());
    byte[] value = contract.encode(type, row);
    String version = Integer.toString(row.version());
    var headers = new RecordHeaders();
    headers.add("ce_specversion", SPEC).add("ce_id", bytes(subject + "." + row.version()))
        .add("ce_source", SOURCE)
        .add("ce_type", bytes(row.type())).add("ce_subject", bytes(subject))
        .add("ce_time", bytes(DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(row.recorded())))
        .add("ce_version", bytes(version))
        .add("content-type", CONTENT).add("traceparent", bytes(row.traceparent()));
    if (WorkRecord.asks(row.type(), version))
      headers.add(WorkRecord.SEAL, seal.of(Seal.Purpose.EVENT,
          WorkRecord.name(subject, row.type(), version, row.traceparent()), value));
    return new ProducerRecord<>(topic, null, subject, value, headers);
  }

  private static byte[] bytes(String text) { return text.getBytes(StandardCharsets.UTF_8); }

  /** The producer settings that the relay's promise needs. */
  public static Map<String, String> producerSettings() {
    return Map.of("key.serializer", "org.apache.kafka.common.serialization.StringSerializer",
        "value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer",
        "acks", "all", "enable.idempotence", "true", "linger.ms", "1000", "batch.size", "262144",
        "max.block.ms", "2000", "request.timeout.ms", "5000", "delivery.timeout.ms", "10000");
  }

  /** Finishes the batch in hand and stops. */
  public Future<Void> close() {
    return follower.close().compose(v -> worker.executeBlocking(() -> {
      if (producer != null) producer.close(Duration.ZERO);
      return null;
    })).<Void>mapEmpty().eventually(worker::close);
  }
}
