package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Relay;
import dev.millrace.testing.Await;
import dev.millrace.testing.TestServers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.Test;

/** What the metrics say of a producer whose memory is full. */
final class KafkaBufferIT {
  private static final String TOPIC = "kafka-buffer-it-" + System.nanoTime();
  private static final String BOOTSTRAP = "127.0.0.1:" + TestServers.shared().ports().kafka();
  /** One batch, so that a second partition's finds no memory. */
  private static final int BYTES = 262_144;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double depth() {
    return registry.get("millrace.queue.depth").tag("queue", "kafka-buffer").gauge().value();
  }

  /** A record is acknowledged a moment before its memory is given back. */
  private void awaitEmpty() {
    Await.until(Duration.ofSeconds(5), "all memory is given back", () -> depth() == 0);
  }

  private double rejected() { return registry.get("millrace.queue.rejected").functionCounter().count(); }

  private static Future<RecordMetadata> send(Producer<String, byte[]> producer, int partition) {
    return producer.send(new ProducerRecord<>(TOPIC, partition, "k", new byte[10]));
  }

  @Test
  void producer_full_refusesAfterAWhile_andGoesOn() throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP))) {
      admin.createTopics(List.of(new NewTopic(TOPIC, 2, (short) 1))).all().get();
    }
    var settings = new HashMap<String, Object>(Relay.producerSettings());
    settings.put("bootstrap.servers", BOOTSTRAP);
    settings.putAll(
        Map.of("buffer.memory", Integer.toString(BYTES), "linger.ms", "5000", "delivery.timeout.ms", "60000",
            "max.block.ms", "500"));
    try (var producer = new KafkaProducer<String, byte[]>(settings)) {
      new KafkaBuffer(registry, "relay", BYTES).of(producer);
      assertThat(depth()).isZero();
      send(producer, 0).get();
      send(producer, 1).get();
      awaitEmpty();
      assertThat(rejected()).isZero();
      var accepted = new AtomicReference<Future<RecordMetadata>>();
      Await.until(Duration.ofSeconds(20), "the second finds no memory", () -> refused(producer, accepted));
      assertThat(rejected()).isPositive();
      assertThat(accepted.get().get().partition()).as("what has memory is sent").isZero();
      awaitEmpty();
      assertThat(send(producer, 1).get().partition()).isEqualTo(1);
    }
  }

  /**
   * One record that takes all memory, and one more; the producer may be so quick that it finds room all the
   * same.
   */
  private boolean refused(Producer<String, byte[]> producer,
      AtomicReference<Future<RecordMetadata>> accepted) {
    accepted.set(send(producer, 0));
    boolean full = depth() == BYTES;
    var second = send(producer, 1);
    boolean refused = second.isDone() && second.state() == Future.State.FAILED
        && second.exceptionNow() instanceof BufferExhaustedException;
    producer.flush();
    return full && refused;
  }
}
