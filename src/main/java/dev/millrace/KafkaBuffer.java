package dev.millrace;

import dev.millrace.platform.QueueMeter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.NoSuchElementException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Metric;

/** Shows what a Kafka producer holds for want of an acknowledgement, as queue {@code kafka-buffer}, in bytes. */
final class KafkaBuffer {
  private KafkaBuffer() {}

  /** {@code bytes}: the producer's {@code buffer.memory}. */
  static void show(MeterRegistry registry, String instance, Producer<?, ?> producer, int bytes) {
    Metric free = metric(producer, "buffer-available-bytes");
    QueueMeter.show(registry, "kafka-buffer", instance, bytes, () -> bytes - number(free),
        metric(producer, "buffer-exhausted-total"), KafkaBuffer::number);
  }

  private static double number(Metric metric) { return ((Number) metric.metricValue()).doubleValue(); }

  private static Metric metric(Producer<?, ?> producer, String name) {
    for (var entry : producer.metrics().entrySet()) {
      if (entry.getKey().group().equals("producer-metrics") && entry.getKey().name().equals(name))
        return entry.getValue();
    }
    throw new NoSuchElementException("Kafka's producer has no metric " + name);
  }
}
