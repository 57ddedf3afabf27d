package dev.millrace.processing;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Tuple;
import dev.millrace.journal.Reads;
import dev.millrace.platform.TypeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where payments wait for another try: one topic a window, so that a waiting record never blocks a fresh one, each
 * wait lengthened by a random part of itself. After the last window comes the dead letter, a row in Postgres.
 */
final class Retries {
  private static final Logger LOG = LoggerFactory.getLogger(Retries.class);
  private static final String BURY = """
    INSERT INTO dead_letter (payment_id, task, attempts, error, traceparent, record, source)
    VALUES ($1::uuid, $2::text, $3::int, $4::text, $5::text, $6::text, $7::text) ON CONFLICT (source) DO NOTHING""";

  private final Vertx vertx;
  private final Producer<String, byte[]> producer;
  private final Reads reads;
  private final String prefix;
  private final List<Duration> windows;
  private final int jitterPercent;
  private final RandomGenerator random;
  private final MeterRegistry registry;

  Retries(Vertx vertx, Producer<String, byte[]> producer, Reads reads, String prefix, List<Duration> windows,
      int jitterPercent,
      RandomGenerator random, MeterRegistry registry) {
    this.vertx = vertx;
    this.producer = producer;
    this.reads = reads;
    this.prefix = prefix;
    this.windows = windows;
    this.jitterPercent = jitterPercent;
    this.random = random;
    this.registry = registry;
  }

  /** The topic of each window, {@code payments.retry.2s} for example. */
  static List<String> topics(String prefix, List<Duration> windows) {
    var names = new ArrayList<String>();
    for (Duration w : windows)
      names.add(prefix + "." + (w.toMillis() % 1000 == 0 ? w.toSeconds() + "s" : w.toMillis() + "ms"));
    return names;
  }

  Set<String> topics() { return new HashSet<>(topics(prefix, windows)); }

  /** Puts the payment into the first window. Completes when that is durable. */
  Future<Void> first(UUID payment, String error, String traceparent, String source) {
    return wait(payment, 0, 1, error, traceparent, source);
  }

  /** Puts it into the window after the one it came from, or among the dead letters. */
  Future<Void> next(RetryTask failed, String error, String source) {
    return wait(failed.payment(), failed.window() + 1, failed.attempts() + 1, error, failed.traceparent(),
        source);
  }

  private Future<Void> wait(UUID payment, int window, int attempts, String error, String traceparent,
      String source) {
    if (window >= windows.size()) {
      return bury(payment, "resume", attempts, error, traceparent, TypeId.format(TypeId.PAYMENT, payment),
          source);
    }
    long waitMs = windows.get(window).toMillis();
    long dueMs = System.currentTimeMillis() + waitMs
        + (jitterPercent == 0 ? 0 : random.nextLong(waitMs * jitterPercent / 100 + 1));
    var task = new RetryTask(payment, window, attempts, dueMs, error, traceparent);
    registry.counter("millrace.retries", "window", windows.get(window).toSeconds() + "s").increment();
    return send(new ProducerRecord<>(topics(prefix, windows).get(window), payment.toString(), task.encode()));
  }

  private Future<Void> send(ProducerRecord<String, byte[]> record) {
    Promise<Void> acknowledged = Promise.promise();
    return vertx.<Void>executeBlocking(() -> {
      var reported = producer.send(record, (metadata, failure) -> {
        if (failure == null) acknowledged.complete();
        else acknowledged.fail(failure);
      });
      producer.flush();
      if (reported.isCancelled()) throw new IllegalStateException("Kafka's producer was closed");
      return null;
    }, false).compose(v -> acknowledged.future()).recover(failure -> {
      LOG.warn("retry_not_scheduled error=\"{}\"", failure.getMessage());
      return vertx.timer(1, TimeUnit.SECONDS).compose(v -> send(record));
    });
  }

  /** Writes a dead letter; repeating it for the same source record changes nothing. Waits until Postgres takes it. */
  Future<Void> bury(@Nullable UUID payment, String task, int attempts, String error, String traceparent,
      String record, String source) {
    LOG.error("alert=dead_letter task={} payment={} attempts={} error=\"{}\"", task,
        payment == null ? "-" : TypeId.format(TypeId.PAYMENT, payment), attempts, error);
    registry.counter("millrace.dead.letters", "task", task).increment();
    var row = Tuple.tuple().addValue(payment).addValue(task).addValue(attempts).addValue(storable(error))
        .addValue(storable(traceparent)).addValue(storable(record)).addValue(source);
    return bury(row);
  }

  /** Postgres holds no NUL in a text. */
  private static String storable(String text) {
    return text.replace('\0', '?');
  }

  private Future<Void> bury(Tuple row) {
    return reads.query(BURY, row).<Void>mapEmpty().recover(failure -> {
      LOG.warn("dead_letter_not_written error=\"{}\"", failure.getMessage());
      return vertx.timer(1, TimeUnit.SECONDS).compose(v -> bury(row));
    });
  }
}
