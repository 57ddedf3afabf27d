package dev.millrace.platform;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.NoSuchElementException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Metric;
import org.jspecify.annotations.Nullable;

/**
 * Shows what a Kafka producer holds for want of an acknowledgement, as queue {@code kafka-buffer}, in bytes.
 * One that takes the place of another is shown in its stead.
 */
public final class KafkaBuffer {
  private volatile @Nullable Metric free;
  private volatile @Nullable Metric exhausted;

  /** {@code bytes}: the producers' {@code buffer.memory}. */
  public KafkaBuffer(MeterRegistry registry, String instance, int bytes) {
    QueueMeter.show(registry, "kafka-buffer", instance, bytes, () -> bytes - number(free, bytes), this,
        buffer -> number(buffer.exhausted, 0));
  }

  /** Shows this one from now on. */
  public <K, V> Producer<K, V> of(Producer<K, V> producer) {
    free = metric(producer, "buffer-available-bytes");
    exhausted = metric(producer, "buffer-exhausted-total");
    return producer;
  }

  private static double number(@Nullable Metric metric, double otherwise) {
    return metric == null ? otherwise : ((Number) metric.metricValue()).doubleValue();
  }

  private static Metric metric(Producer<?, ?> producer, String name) {
    for (var entry : producer.metrics().entrySet()) {
      if (entry.getKey().group().equals("producer-metrics") && entry.getKey().name().equals(name))
        return entry.getValue();
    }
    throw new NoSuchElementException("Kafka's producer has no metric " + name);
  }
}
