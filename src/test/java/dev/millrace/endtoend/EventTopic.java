package dev.millrace.endtoend;

import dev.millrace.testing.Await;
import dev.millrace.testing.Site;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A site's event topic, as any consumer or producer of Kafka sees it. */
public final class EventTopic {
  private EventTopic() {}

  /** The versions of each subject in the order of their records, repeats included. */
  public static Map<String, List<Integer>> versions(Site site) {
    var versions = new LinkedHashMap<String, List<Integer>>();
    for (var record : records(site)) {
      // What was put there by somebody else is no event.
      if (record.headers().lastHeader("ce_version") == null) continue;
      versions.computeIfAbsent(record.key(), k -> new ArrayList<>())
          .add(Integer.valueOf(
              new String(record.headers().lastHeader("ce_version").value(), StandardCharsets.US_ASCII)));
    }
    return versions;
  }

  /** Everything in it. */
  public static List<ConsumerRecord<String, byte[]>> records(Site site) {
    return records(site, site.topic()::equals);
  }

  /** Everything in all of the site's topics, those of the retry windows too. */
  public static List<ConsumerRecord<String, byte[]>> all(Site site) {
    return records(site, topic -> topic.startsWith(site.group() + "."));
  }

  private static List<ConsumerRecord<String, byte[]>> records(Site site, Predicate<String> topics) {
    try (var consumer = new KafkaConsumer<>(bootstrap(site), new StringDeserializer(),
        new ByteArrayDeserializer())) {
      var partitions = consumer.listTopics().entrySet().stream().filter(t -> topics.test(t.getKey()))
          .flatMap(t -> t.getValue().stream()).map(p -> new TopicPartition(p.topic(), p.partition()))
          .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var end = consumer.endOffsets(partitions);
      var records = new ArrayList<ConsumerRecord<String, byte[]>>();
      while (partitions.stream().anyMatch(p -> consumer.position(p) < end.get(p))) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
      return records;
    }
  }

  /** Waits until so many processors share the partitions: before that, records may go to two of them. */
  public static void awaitShared(Site site, int processors) {
    try (var admin = Admin.create(bootstrap(site))) {
      for (String group : List.of(site.group(), site.group() + "-retry"))
        Await.until(Duration.ofSeconds(20), processors + " processors share " + group,
            () -> shared(admin, group, processors));
    }
  }

  private static boolean shared(Admin admin, String group, int processors) {
    try {
      var described = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
      return described.groupState() == GroupState.STABLE && described.members().size() == processors;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Puts records among the site's events. */
  public static void send(Site site, List<ProducerRecord<String, byte[]>> records) {
    try (var producer = new KafkaProducer<>(bootstrap(site), new StringSerializer(),
        new ByteArraySerializer())) {
      for (var record : records) producer.send(record).get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How many records the site's processors have not committed yet. */
  static long uncommitted(Site site) {
    try (var consumer = new KafkaConsumer<>(bootstrap(site), new StringDeserializer(),
        new ByteArrayDeserializer()); var admin = Admin.create(bootstrap(site))) {
      var committed = admin.listConsumerGroupOffsets(site.group()).partitionsToOffsetAndMetadata().get();
      var partitions = consumer.partitionsFor(site.topic()).stream()
          .map(p -> new TopicPartition(p.topic(), p.partition())).toList();
      long sum = 0;
      for (var end : consumer.endOffsets(partitions).entrySet()) {
        var offset = committed.get(end.getKey());
        sum += end.getValue() - (offset == null ? 0 : offset.offset());
      }
      return sum;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, Object> bootstrap(Site site) {
    return Map.of("bootstrap.servers", "127.0.0.1:" + site.ports().kafka());
  }
}
