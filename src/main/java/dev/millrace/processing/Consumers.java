package dev.millrace.processing;

import dev.millrace.platform.Config;
import dev.millrace.platform.Servers;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.consumer.KafkaConsumer;
import java.util.HashMap;
import java.util.Map;

/**
 * The consumers of the processor, by the configuration: they commit by hand, and begin with the oldest
 * record. A fetch comes back with so many bytes, or with what there is after so long. A partition that is
 * resumed must wait for the fetch under way, so fresh payments' is short; retries can wait, and have no need
 * of fifty fetches a second. Nobody has while nothing comes: then the {@link Intake} polls seldom.
 */
final class Consumers {
  private final Vertx vertx;
  private final Config config;
  private final Servers servers;

  Consumers(Vertx vertx, Config config, Servers servers) {
    this.vertx = vertx;
    this.config = config;
    this.servers = servers;
  }

  /** For payments that were just accepted. */
  KafkaConsumer<String, byte[]> fresh() {
    return consumer(config.text("processor.group"), 32_768, 20);
  }

  /** For the retry windows. */
  KafkaConsumer<String, byte[]> retries() {
    return consumer(config.text("processor.group") + "-retry", 1, 200);
  }

  private KafkaConsumer<String, byte[]> consumer(String group, int bytes, int waitMs) {
    var settings = new HashMap<>(servers.kafka());
    settings.putAll(Map.of("group.id", group,
        "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer",
        "value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer",
        "enable.auto.commit", "false", "auto.offset.reset", "earliest", "max.poll.records",
        Integer.toString(Intake.POLL_MAX), "max.poll.interval.ms", "60000"));
    long sessionMs = config.millis("processor.session-timeout");
    settings.put("session.timeout.ms", Long.toString(sessionMs));
    settings.put("heartbeat.interval.ms", Long.toString(Math.max(1, sessionMs / 4)));
    // Of the group's, too: so often a thread wakes up to see whether a heartbeat is due.
    settings.put("retry.backoff.ms", "1000");
    settings.put("fetch.min.bytes", Integer.toString(bytes));
    settings.put("fetch.max.wait.ms", Integer.toString(waitMs));
    return KafkaConsumer.create(vertx, settings);
  }
}
