package dev.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.TestServers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@ConcurrentTests
class EmbeddedKafkaServerIT {
  private static final String TOPIC = "payments";

  @TempDir
  private Path directory;

  @Test
  void start_afterStop_keepsTopicsRecordsAndOffsets() throws Exception {
    int port = TestServers.freePort();
    int controllerPort = TestServers.freePort();
    EmbeddedKafkaServer first = EmbeddedKafkaServer.start(directory, port, controllerPort);
    try {
      create(first);
      send(first, "before");
      assertThat(receive(first, 1)).containsExactly("before");
    } finally {
      first.stop();
      first.stop();
    }
    EmbeddedKafkaServer second = EmbeddedKafkaServer.start(directory, port, controllerPort);
    try {
      assertThat(partitions(second)).isEqualTo(8);
      send(second, "after");
      assertThat(receive(second, 1)).as("the group's offset is kept").containsExactly("after");
    } finally {
      second.stop();
    }
  }

  @Test
  void stop_clientsConnected_theyGoOnAfterTheStart() throws Exception {
    int port = TestServers.freePort();
    int controllerPort = TestServers.freePort();
    EmbeddedKafkaServer server = EmbeddedKafkaServer.start(directory, port, controllerPort);
    try (KafkaProducer<String, String> producer = producer(server)) {
      create(server);
      producer.send(new ProducerRecord<>(TOPIC, "before")).get(30, TimeUnit.SECONDS);
      server.stop();
      // The producer may have forgotten the topic with its only broker: then the call itself waits for the
      // server.
      var sentIntoTheOutage = CompletableFuture
          .supplyAsync(() -> producer.send(new ProducerRecord<>(TOPIC, "meanwhile")));
      server = EmbeddedKafkaServer.start(directory, port, controllerPort);
      sentIntoTheOutage.get(30, TimeUnit.SECONDS).get(30, TimeUnit.SECONDS);
      assertThat(receive(server, 2)).containsExactlyInAnyOrder("before", "meanwhile");
    } finally {
      server.stop();
    }
  }

  private static void create(EmbeddedKafkaServer server) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", server.bootstrapServers()))) {
      NewTopic topic = new NewTopic(TOPIC, Optional.empty(), Optional.empty());
      admin.createTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
    }
  }

  private static int partitions(EmbeddedKafkaServer server) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", server.bootstrapServers()))) {
      var described = admin.describeTopics(List.of(TOPIC)).allTopicNames().get(30, TimeUnit.SECONDS);
      return described.get(TOPIC).partitions().size();
    }
  }

  private static KafkaProducer<String, String> producer(EmbeddedKafkaServer server) {
    Map<String, Object> settings = Map.of("bootstrap.servers", server.bootstrapServers(), "acks", "all");
    return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
  }

  private static void send(EmbeddedKafkaServer server, String value) throws Exception {
    try (KafkaProducer<String, String> producer = producer(server)) {
      producer.send(new ProducerRecord<>(TOPIC, value)).get(30, TimeUnit.SECONDS);
    }
  }

  /** Reads on from the group's offset until the count is reached, for 30 s at most, and commits. */
  private static List<String> receive(EmbeddedKafkaServer server, int count) {
    Map<String, Object> settings = Map.of("bootstrap.servers", server.bootstrapServers(), "group.id",
        "readers",
        "auto.offset.reset", "earliest", "enable.auto.commit", "false");
    List<String> values = new ArrayList<>();
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(TOPIC));
      BoundedWait.until(Duration.ofSeconds(30), () -> {
        for (ConsumerRecord<String, String> received : consumer.poll(Duration.ofMillis(100))) {
          values.add(received.value());
        }
        return values.size() >= count;
      });
      consumer.commitSync(Duration.ofSeconds(10));
    }
    return values;
  }
}
