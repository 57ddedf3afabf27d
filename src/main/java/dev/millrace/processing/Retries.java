package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.deadletter.Failure;
import dev.millrace.deadletter.Origin;
import dev.millrace.journal.WorkRecord;
import dev.millrace.platform.Seal;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
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
 * Where payments wait for another try: one topic a window, so that a waiting record never blocks a fresh one,
 * each wait lengthened by a random part of itself. After the last window that its handler may use comes the
 * dead letter. What only waits for its turn at a provider waits in the first window, then in the second until
 * the turn comes, and uses up none.
 */
final class Retries {
  private static final Logger LOG = LoggerFactory.getLogger(Retries.class);

  /**
   * Where turns are waited for in the end: a provider that is back should not have to wait long for its work.
   */
  private static final int TURNS_WINDOW = 1;

  private final Vertx vertx;
  private final Producer<String, byte[]> producer;
  private final DeadLetterStore letters;
  private final String prefix;
  private final List<Duration> windows;
  private final RetryKind.Limits limits;
  private final int jitterPercent;
  private final RandomGenerator random;
  private final Runnable sent;
  private final Seal seal;
  private final MeterRegistry registry;

  /** {@code sent} runs when Kafka has one more. */
  Retries(Vertx vertx, Producer<String, byte[]> producer, DeadLetterStore letters, String prefix,
      List<Duration> windows, RetryKind.Limits limits, int jitterPercent, RandomGenerator random,
      Runnable sent, Seal seal, MeterRegistry registry) {
    this.sent = sent;
    this.seal = seal;
    this.vertx = vertx;
    this.producer = producer;
    this.letters = letters;
    this.prefix = prefix;
    this.windows = windows;
    this.limits = limits;
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
  Future<Void> first(UUID payment, RetryKind handler, String error, String traceparent) {
    return wait(new RetryTask(payment, handler, 0, 0, 1, 0, List.of(Failure.now(error)), traceparent));
  }

  /** The same for what a step came to; nothing when there is nothing to wait for. */
  Future<Void> first(UUID payment, FollowUp.@Nullable Waits waits, String traceparent) {
    if (waits == null) return Future.succeededFuture();
    return waits.turn()
        ? wait(new RetryTask(payment, waits.handler(), RetryTask.NO_WINDOW, 1, 0, 0, List.of(), traceparent))
        : first(payment, waits.handler(), waits.reason(), traceparent);
  }

  /** What is to be looked at again after this try; nothing when there is nothing to wait for. */
  Future<Void> next(RetryTask tried, FollowUp.@Nullable Waits waits, Origin origin) {
    if (waits == null) return Future.succeededFuture();
    return waits.turn()
        ? wait(new RetryTask(tried.payment(), waits.handler(), tried.window(), tried.turns() + 1,
            tried.attempts(), 0, tried.failures(), tried.traceparent()))
        : next(tried, waits.handler(), waits.reason(), origin);
  }

  /** Puts it into the window after the last one that it used up, or among the dead letters. */
  Future<Void> next(RetryTask failed, RetryKind handler, String error, Origin origin) {
    var failures = Failure.with(failed.failures(), Failure.now(error));
    int window = failed.window() + 1;
    int attempts = failed.attempts() + 1;
    return window < limits.of(handler)
        ? wait(new RetryTask(failed.payment(), handler, window, 0, attempts, 0, failures,
            failed.traceparent()))
        : letters.bury(new DeadLetterStore.Letter(failed.payment(), handler.wire(), attempts, failures,
            failed.traceparent(), origin, true));
  }

  /**
   * How long the task has still to wait. However much the clock of whoever sent it differs from ours, not
   * longer than its window lasts.
   */
  long waitMs(RetryTask task) {
    long windowMs = windows.get(place(task)).toMillis();
    return Math.clamp(task.dueMs() - System.currentTimeMillis(), 0,
        windowMs + windowMs * jitterPercent / 100);
  }

  /** In which window it waits. */
  private int place(RetryTask task) {
    int window = task.turns() == 0 ? task.window() : Math.min(task.turns() - 1, TURNS_WINDOW);
    return Math.clamp(window, 0, windows.size() - 1);
  }

  private Future<Void> wait(RetryTask task) {
    int place = place(task);
    long waitMs = windows.get(place).toMillis();
    long jitterMs = jitterPercent == 0 ? 0 : random.nextLong(waitMs * jitterPercent / 100 + 1);
    registry.counter("millrace.retries", "window", windows.get(place).toSeconds() + "s", "handler",
        task.handler().wire(), "waits_for", task.turns() == 0 ? "try" : "turn").increment();
    var due = task.due(System.currentTimeMillis() + waitMs + jitterMs);
    String key = task.payment().toString();
    byte[] value = due.encode();
    var record = new ProducerRecord<>(topics(prefix, windows).get(place), key, value);
    record.headers().add(WorkRecord.SEAL, seal.of(Seal.Purpose.RETRY, key, value));
    return send(record);
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
    }, false).compose(v -> acknowledged.future()).onSuccess(v -> sent.run()).recover(failure -> {
      LOG.warn("retry_not_scheduled error=\"{}\"", failure.getMessage());
      return vertx.timer(1, TimeUnit.SECONDS).compose(v -> send(record));
    });
  }
}
