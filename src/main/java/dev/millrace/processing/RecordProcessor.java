package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.deadletter.Failure;
import dev.millrace.deadletter.Origin;
import dev.millrace.journal.EventContract;
import dev.millrace.journal.EventContract.InitiatedPayment;
import dev.millrace.journal.WorkRecord;
import dev.millrace.platform.Seal;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.consumer.KafkaConsumerRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of each record of Kafka: its payment is driven on, and what does not come to rest waits in a
 * retry window. What trying again cannot mend, and a record that cannot be read, is a dead letter at once and
 * uses up no window. Kafka only carries: what no relay or processor of this installation has sealed is not
 * believed, whatever it says, and is a dead letter.
 */
final class RecordProcessor {
  private static final Logger LOG = LoggerFactory.getLogger(RecordProcessor.class);

  /** What a record of the event topic is about. */
  private sealed interface About {
    /** A new payment, with everything that a first step needs. */
    record New(UUID id, InitiatedPayment payment) implements About {}

    record Begun(UUID id) implements About {}

    record Unreadable(String error) implements About {}
  }

  private final Vertx vertx;
  private final PaymentFlow flow;
  private final Retries retries;
  private final DeadLetterStore letters;
  private final EventContract contract = new EventContract();
  private final Seal seal;
  private boolean closing;

  RecordProcessor(Vertx vertx, PaymentFlow flow, Retries retries, DeadLetterStore letters, Seal seal) {
    this.seal = seal;
    this.vertx = vertx;
    this.flow = flow;
    this.retries = retries;
    this.letters = letters;
  }

  /** Null when there is none, or one without a value, which Kafka permits. */
  private static byte @Nullable [] bytes(KafkaConsumerRecord<String, byte[]> record, String name) {
    var header = record.record().headers().lastHeader(name);
    return header == null ? null : header.value();
  }

  private static @Nullable String header(KafkaConsumerRecord<String, byte[]> record, String name) {
    byte[] value = bytes(record, name);
    return value == null ? null : new String(value, StandardCharsets.US_ASCII);
  }

  /** Only what asks for work is for us; a record without a type is for the dead letters. */
  static long freshWaitMs(KafkaConsumerRecord<String, byte[]> record) {
    String type = header(record, "ce_type");
    return type == null || WorkRecord.asks(type, header(record, "ce_version")) ? 0 : -1;
  }

  private About about(@Nullable String type, @Nullable String key, byte @Nullable [] value) {
    if (type != null && !WorkRecord.isNew(type)) {
      UUID id = key == null ? null : TypeId.parse(TypeId.PAYMENT, key);
      return id == null ? new About.Unreadable("a key that is no payment") : new About.Begun(id);
    }
    try {
      var payment = contract.decodeInitiated(Objects.requireNonNull(value, "no value"));
      return new About.New(
          Objects.requireNonNull(TypeId.parse(TypeId.PAYMENT, payment.paymentId()), "payment_id"), payment);
    } catch (IOException | RuntimeException e) {
      return new About.Unreadable("unreadable payment.initiated: " + e.getMessage());
    }
  }

  /**
   * A record of the event topic. Completes when its effects are durable; one that cannot be begun is a dead
   * letter.
   */
  Future<Void> fresh(KafkaConsumerRecord<String, byte[]> record) {
    String name = WorkRecord.name(record.key(), header(record, "ce_type"), header(record, "ce_version"),
        header(record, "traceparent"));
    return sealed(record, Seal.Purpose.EVENT, name).compose(own -> {
      if (!own) return forged(record);
      try {
        return begin(record);
      } catch (RuntimeException e) {
        LOG.error("record_not_begun topic={} partition={} offset={}", record.topic(), record.partition(),
            record.offset(), e);
        return poison(record, "cannot be begun: " + e);
      }
    });
  }

  /** Whether we wrote it. Never fails: a key that is new here is asked for until Postgres answers. */
  private Future<Boolean> sealed(KafkaConsumerRecord<String, byte[]> record, Seal.Purpose purpose,
      String name) {
    byte[] value = record.value() == null ? new byte[0] : record.value();
    return seal.holds(bytes(record, WorkRecord.SEAL), purpose, name, value)
        .recover(failure -> vertx.timer(500, TimeUnit.MILLISECONDS)
            .compose(v -> sealed(record, purpose, name)));
  }

  private Future<Void> begin(KafkaConsumerRecord<String, byte[]> record) {
    String type = header(record, "ce_type");
    String trace = header(record, "traceparent");
    return switch (about(type, record.key(), record.value())) {
      case About.New n ->
        first(n.id, RetryKind.CHARGE, flow.begin(n.payment), n.payment.traceparent(), record);
      case About.Begun b -> first(b.id,
          WorkRecord.isOperation(type) ? RetryKind.OPERATION : RetryKind.CHARGE,
          flow.resume(b.id),
          trace == null ? Trace.continued(null) : trace, record);
      case About.Unreadable u -> poison(record, u.error);
    };
  }

  private Future<Void> poison(KafkaConsumerRecord<String, byte[]> record, String error) {
    return bury(record, DeadLetterStore.POISON, error);
  }

  private Future<Void> forged(KafkaConsumerRecord<String, byte[]> record) {
    return bury(record, DeadLetterStore.FORGED,
        "not sealed by this installation: whoever wrote it, nothing was done for it");
  }

  /** Of no payment: it may name one that it is not about. */
  private Future<Void> bury(KafkaConsumerRecord<String, byte[]> record, String task, String error) {
    return letters.bury(new DeadLetterStore.Letter(null, task, 1, List.of(Failure.now(error)),
        Objects.requireNonNullElse(header(record, "traceparent"), ""), Origin.of(record)));
  }

  /** {@code handler}: what is at work when the step fails without saying so. */
  private Future<Void> first(UUID id, RetryKind handler, Future<FollowUp> step, String traceparent,
      KafkaConsumerRecord<String, byte[]> record) {
    return patient(id, step).transform(result -> {
      if (result.failed())
        return retries.first(id, handler, message(id, result.cause()), traceparent);
      FollowUp next = result.result();
      return buried(id, next, 1, List.of(), traceparent, record)
          .compose(v -> retries.first(id, next.waits(), traceparent));
    });
  }

  /** Writes a dead letter if a person must look at the payment. */
  private Future<Void> buried(UUID id, FollowUp next, int attempts, List<Failure> failures,
      String traceparent,
      KafkaConsumerRecord<String, byte[]> record) {
    return next.stuck().isEmpty()
        ? Future.succeededFuture()
        : letters.bury(new DeadLetterStore.Letter(id, next.stuck().getFirst().handler().wire(), attempts,
            Failure.with(failures, Failure.now(next.problem())), traceparent, Origin.of(record)));
  }

  /** How long a record of a retry topic must still wait; one that cannot be read, not at all. */
  long retryWaitMs(KafkaConsumerRecord<String, byte[]> record) {
    var task = task(record.value());
    return task == null ? 0 : retries.waitMs(task);
  }

  private static @Nullable RetryTask task(byte @Nullable [] value) {
    return value == null ? null : RetryTask.decode(value);
  }

  /** A record of a retry topic. Completes when its effects are durable. */
  Future<Void> retry(KafkaConsumerRecord<String, byte[]> record) {
    return sealed(record, Seal.Purpose.RETRY, String.valueOf(record.key()))
        .compose(own -> own ? again(record) : forged(record));
  }

  private Future<Void> again(KafkaConsumerRecord<String, byte[]> record) {
    var task = task(record.value());
    if (task == null) return poison(record, "unreadable retry task");
    UUID id = task.payment();
    return patient(id, flow.resume(id)).transform(result -> {
      if (result.failed())
        return retries.next(task, task.handler(), message(id, result.cause()), Origin.of(record));
      FollowUp next = result.result();
      return buried(id, next, task.attempts() + 1, task.failures(), task.traceparent(), record)
          .compose(v -> retries.next(task, next.waits(), Origin.of(record)));
    });
  }

  private static String message(UUID id, Throwable failure) {
    LOG.error("payment_step_failed payment={}", TypeId.format(TypeId.PAYMENT, id), failure);
    return String.valueOf(failure.getMessage());
  }

  /** While Postgres is away the payment waits where it is: that is no failure of the payment's. */
  private Future<FollowUp> patient(UUID id, Future<FollowUp> step) {
    return step.recover(failure -> {
      if (!(failure instanceof Unavailable) || closing) return Future.failedFuture(failure);
      return vertx.timer(500, TimeUnit.MILLISECONDS).compose(v -> patient(id, flow.resume(id)));
    });
  }

  /** Which payment a kept record is about, read anew; fails with what is wrong with it. */
  UUID payment(Origin kept) {
    if (!kept.whole())
      throw new IllegalArgumentException("of its " + kept.size() + " bytes only " + kept.value().length()
          + " were kept: it must be sent again from " + kept.source());
    byte[] value = kept.value().getBytes();
    String type = kept.headers().get("ce_type");
    var task = type == null ? RetryTask.decode(value) : null;
    if (task != null) return task.payment();
    return switch (about(type, kept.key(), value)) {
      case About.New n -> n.id;
      case About.Begun b -> b.id;
      case About.Unreadable u -> throw new IllegalArgumentException(u.error);
    };
  }

  /** From now on nothing is waited for. */
  void close() { closing = true; }
}
