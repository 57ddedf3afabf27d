package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.endtoend.EventTopic;
import dev.millrace.endtoend.Seals;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What may happen to Kafka and to what it holds. */
final class KafkaFaults {
  private KafkaFaults() {}

  static List<Scenario> all() {
    return List.of(Scenario.of("kafka killed", KafkaFaults::killed),
        Scenario.of("kafka hung", run -> ServerFaults.hang(run, run.deployment.kafka(), 7)),
        Scenario.of("kafka leader lost", KafkaFaults::leaderLost).in(Deployment.Plan.THREE_BROKERS)
            .within(Duration.ofSeconds(45)),
        Scenario.of("kafka rebalance storm", KafkaFaults::rebalances),
        Scenario.of("kafka offsets rewound", KafkaFaults::rewound),
        Scenario.of("kafka poison records", KafkaFaults::poison),
        Scenario.of("kafka duplicate records", KafkaFaults::duplicates));
  }

  private static void killed(ScenarioRun run) {
    run.load(2);
    run.deployment.kafka().kill();
    run.broke();
    run.load(4);
    run.awaitAccepted(20);
    run.assertNothingRefused();
    run.deployment.kafka().start();
    run.load(1);
  }

  /** One broker after the other, each as leader of some partitions. */
  private static void leaderLost(ScenarioRun run) {
    for (int i = 0; i < 2; i++) {
      int partition = run.dice.nextInt(8);
      run.load(2);
      int leader = leader(run, partition);
      Machine broker = run.deployment.brokers.get(leader - 1);
      broker.kill();
      run.broke();
      Await.until(Duration.ofSeconds(30), "another leads the partition",
          () -> leader(run, partition) != leader);
      run.load(4);
      broker.start();
      run.load(3);
    }
  }

  /** The broker that leads a partition of the events, from 1; 0 while there is none. */
  private static int leader(ScenarioRun run, int partition) {
    String brokers = String.join(",",
        run.deployment.brokers.stream().map(b -> "127.0.0.1:" + b.port()).toList());
    try (var admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
      var leader = admin.describeTopics(List.of(run.site().topic())).allTopicNames().get()
          .get(run.site().topic()).partitions().get(partition).leader();
      return leader == null ? 0 : Math.max(0, leader.id());
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A stranger joins the group and leaves it, again and again. */
  private static void rebalances(ScenarioRun run) {
    for (int i = 0; i < 6; i++) {
      try (var stranger = new KafkaConsumer<>(
          Map.<String, Object>of("bootstrap.servers", bootstrap(run), "group.id",
              run.site().group(), "enable.auto.commit", "false", "session.timeout.ms", "3000",
              "heartbeat.interval.ms", "500",
              "auto.offset.reset",
              "earliest"),
          new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        stranger.subscribe(List.of(run.site().topic()));
        Await.until(Duration.ofSeconds(15), "the stranger has partitions", () -> {
          stranger.poll(Duration.ofMillis(200));
          return !stranger.assignment().isEmpty();
        });
        run.broke();
      }
      run.load(Duration.ofMillis(300));
    }
    run.load(1);
  }

  /** The groups forget how far they had come. */
  private static void rewound(ScenarioRun run) throws ExecutionException, InterruptedException {
    run.load(3);
    run.deployment.nodes().forEach(GatewayProcess::kill);
    try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap(run)))) {
      for (String group : List.of(run.site().group(), run.site().group() + "-retry")) {
        var zero = new HashMap<TopicPartition, OffsetAndMetadata>();
        var known = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        assertThat(known.values()).as("offsets of %s", group).anyMatch(offset -> offset.offset() > 0);
        known.keySet().forEach(partition -> zero.put(partition, new OffsetAndMetadata(0)));
        Await.until(Duration.ofSeconds(15), "nobody is in the group " + group,
            () -> rewind(admin, group, zero));
        run.broke();
      }
    }
    run.deployment.nodes().parallelStream().forEach(GatewayProcess::start);
    run.load(2);
  }

  private static boolean rewind(Admin admin, String group, Map<TopicPartition, OffsetAndMetadata> offsets) {
    try {
      admin.alterConsumerGroupOffsets(group, offsets).all().get();
      return true;
    } catch (ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Records that nobody can read, or wrote: they must end among the dead letters, and hold up nothing. */
  private static void poison(ScenarioRun run) {
    run.load(1);
    var records = new ArrayList<ProducerRecord<String, byte[]>>();
    for (int i = 0; i < 10; i++) {
      byte[] value = new byte[run.dice.nextInt(200)];
      run.dice.nextBytes(value);
      var record = new ProducerRecord<>(run.site().topic(), "poison-" + i, value);
      if (i % 2 == 0)
        record.headers().add("ce_type", "payment.initiated".getBytes(StandardCharsets.US_ASCII));
      records.add(i % 3 == 0 ? Seals.sealed(run.site(), record) : record);
    }
    long before = poisoned(run);
    EventTopic.send(run.site(), records);
    records.forEach(r -> run.broke());
    Await.until(Duration.ofSeconds(15), "each is among the dead letters",
        () -> poisoned(run) == before + records.size());
    run.awaitAccepted(20);
  }

  private static long poisoned(ScenarioRun run) {
    return run.site().number("SELECT count(*) FROM dead_letter WHERE task IN ('poison', 'forged')");
  }

  /** Everything that there is comes once more, in another order. */
  private static void duplicates(ScenarioRun run) {
    run.load(2);
    var again = new ArrayList<ProducerRecord<String, byte[]>>();
    for (var record : EventTopic.records(run.site()))
      again.add(new ProducerRecord<>(record.topic(), null, record.key(), record.value(), record.headers()));
    java.util.Collections.shuffle(again, run.dice);
    EventTopic.send(run.site(), again.subList(0, Math.min(again.size(), 3_000)));
    run.broke();
    run.awaitAccepted(20);
  }

  private static String bootstrap(ScenarioRun run) { return "127.0.0.1:" + run.deployment.kafka().port(); }
}
